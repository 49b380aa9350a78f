/* SPDX-License-Identifier: Apache-2.0 */
/* What the gateway says by itself, made once and shared by all requests; and the reply that an
 * outcome becomes. */
#pragma once

#include <stdbool.h>

#include "api/http.h"
#include "gateway/runner.h"

enum notice {
    NOTICE_READY,
    NOTICE_STARTING,
    NOTICE_ONLY_GET,
    NOTICE_ONLY_POST,
    NOTICE_TOO_LARGE,
    NOTICE_TOO_MANY,
    NOTICE_BAD_CONTEXT,
    NOTICE_BAD_FRAMING,
    NOTICE_STOPPING,
    NOTICE_COUNT,
};

struct notices {
    struct MHD_Response *responses[NOTICE_COUNT];
};

/* -1 with ERR_MEMORY. */
int notices_init(struct notices *n, struct err *err) ATTR_CHECK;
void notices_fini(struct notices *n);

unsigned notice_status(enum notice id);

/* The reply to an event, to be destroyed, and its status. emulates: as AWS's emulator; last: the
 * connection ends with it. NULL: no memory. */
struct MHD_Response *reply_new(const struct outcome *o, const char *request_id, bool emulates,
                               bool last, unsigned *out_status);

/* SPDX-License-Identifier: Apache-2.0 */
/* The documents that the Runtime API answers with, made once and shared by all requests. */
#pragma once

#include <microhttpd.h>

#include "base/err.h"

enum reply_id {
    REPLY_ACCEPTED,
    REPLY_PONG,
    REPLY_BAD_ID,
    REPLY_BAD_NONCE,
    REPLY_BAD_MODE,
    REPLY_TOO_LARGE,
    REPLY_NOT_FOUND,
    REPLY_ONLY_GET,
    REPLY_ONLY_POST,
    REPLY_COUNT,
};

struct reply_set {
    struct MHD_Response *responses[REPLY_COUNT];
};

/* -1 with ERR_MEMORY. */
int reply_set_init(struct reply_set *set, struct err *err) ATTR_CHECK;
void reply_set_fini(struct reply_set *set);

unsigned reply_status(enum reply_id id);

/* 403 InvalidStateTransition; the caller destroys it. NULL when memory is short. */
struct MHD_Response *reply_new_transition(const char *from, const char *to);

/* The whole 400 TruncatedHTTPRequest as bytes on the wire: sent by hand, since the HTTP server
 * closes a connection that broke inside a body without a word. */
void reply_send_truncated(int fd);

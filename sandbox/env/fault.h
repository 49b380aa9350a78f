/* SPDX-License-Identifier: Apache-2.0 */
/* Why an invocation or an init failed, and the words Lambda has for it: error type and the payload
 * that the caller gets, byte for byte. */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "jail/jail.h"

enum fault_kind {
    FAULT_KIND_NONE,
    FAULT_KIND_TIMEOUT,      /* the function's timeout; code: milliseconds */
    FAULT_KIND_EXIT,         /* code: exit status, 0 included */
    FAULT_KIND_SIGNAL,       /* code: signal number */
    FAULT_KIND_OOM,          /* killed by the kernel for memory */
    FAULT_KIND_NO_BOOTSTRAP, /* none in /var/task and /opt */
    FAULT_KIND_EXEC,         /* code: errno of exec, path: of the bootstrap inside */
    FAULT_KIND_TOO_LARGE,    /* answer over ENV_RESPONSE_MAX */
    FAULT_KIND_TRUNCATED,    /* the connection broke inside the answer */
    FAULT_KIND_BAD_MODE,     /* unknown response mode header */
    FAULT_KIND_COUNT
};

struct fault {
    enum fault_kind kind;
    int code;
    const char *path;
};

/* "Runtime.ExitError"; lives for ever. */
const char *fault_error_type(const struct fault *f);

/* Appends the error document for the caller. */
void fault_payload(const struct fault *f, const char *request_id, struct buf *out);

/* What the end of the program means. path: the bootstrap inside the jail. */
struct fault fault_from_exit(const struct jail_exit *e, const char *path);

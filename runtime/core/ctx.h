/* SPDX-License-Identifier: Apache-2.0 */
/* One invocation: what stands behind a handler's lambda_ctx. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "core/failure.h"
#include "core/stream.h"
#include "lambda.h"
#include "rapi/rapi.h"

/* Functions that handlers call stay visible in an executable that hides everything else. */
#define CTX_EXPORT __attribute__((visibility("default")))

struct lambda_ctx {
    struct arena *arena;
    const struct rapi_event *event; /* NULL during init and shutdown */
    int64_t hook_deadline_ms;       /* until when a hook may run; 0: nobody says */
    unsigned *progress;             /* in a worker: counts events, for its parent; else NULL */
    struct failure failure;
    struct buf reply;
    struct stream stream;
    bool replied;          /* reply is the handler's own */
    bool reply_lost;       /* the handler's last answer could not be kept */
    unsigned char *marks;  /* per record: lambda_fail_record was called */
    size_t nrecords;       /* 0: the event has no partial failures */
    bool partial_failures; /* the setting */
};

void ctx_init(struct lambda_ctx *ctx, struct arena *arena, bool partial_failures);
void ctx_fini(struct lambda_ctx *ctx);

/* Starts an invocation: forgets everything of the one before. event NULL: a hook. */
void ctx_begin(struct lambda_ctx *ctx, const struct rapi_event *event);

/* Gives back what a large answer took. */
void ctx_end(struct lambda_ctx *ctx);

/* The request id for the log, NULL outside of an invocation. */
const char *ctx_request_id(const struct lambda_ctx *ctx);

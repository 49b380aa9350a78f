/* SPDX-License-Identifier: Apache-2.0 */
/* What stands behind lambda_stream_open and lambda_stream_write, and how the loop ends a stream. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "rapi/stream.h"

/* From here on Lambda may have ended an answer by its own limit (200 MB as of 2025; accounts
 * differ, so that it is not enforced here). */
#define STREAM_LARGE (200ull << 20)

struct lambda_ctx;

/* One invocation's stream; reset by ctx_begin. */
struct stream {
    struct rapi_stream out;
    struct rapi *rapi; /* set by the loop; NULL: hooks only */
    bool barred;       /* the handler's answer is made by the runtime */
    bool refused;      /* something that belongs to the answer could not be taken */
    bool large;        /* STREAM_LARGE was passed and a warning given */
    pid_t owner;       /* a child that the handler forks has no answer */
};

static inline void stream_reset(struct stream *s)
{
    s->out.state = RAPI_STREAM_NONE;
    s->barred = s->refused = s->large = false;
}

static inline bool stream_is_open(const struct stream *s)
{
    return s->out.state != RAPI_STREAM_NONE;
}

/* Whether bytes are on their way: an error must be told behind them. */
static inline bool stream_is_started(const struct stream *s)
{
    return s->out.state == RAPI_STREAM_STARTED || s->out.state == RAPI_STREAM_BROKEN;
}

/* Ends an open stream, good. -1 as rapi_respond. */
int stream_finish(struct lambda_ctx *ctx, struct err *err) ATTR_CHECK;

/* Ends a started stream with ctx->failure, whose error document this is; one that does not fit into
 * trailers is replaced by a shorter one. -1 as rapi_fail. */
int stream_fail(struct lambda_ctx *ctx, const char *category, const char *document, size_t len,
                struct err *err) ATTR_CHECK;

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/stream.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/utf8.h"
#include "core/ctx.h"
#include "core/log.h"
#include "core/prelude.h"

#define ERROR_TYPE   "Runtime.StreamError"
#define TYPE_TRAILER "Lambda-Runtime-Function-Error-Type: "
#define BODY_TRAILER "Lambda-Runtime-Function-Error-Body: "

/* Bytes of an error document that fits into the trailers whatever its category. */
#define DOCUMENT_MAX                                                             \
    ((RAPI_STREAM_TRAILERS_MAX - sizeof TYPE_TRAILER - sizeof BODY_TRAILER - 8 - \
      FAILURE_CATEGORY_MAX) /                                                    \
     4 * 3)

/* Why a stream cannot begin, NULL when it can. */
static const char *find_obstacle(const struct lambda_ctx *ctx)
{
    if (!ctx->event || !ctx->stream.rapi)
        return "a hook has no answer to stream";
    if (ctx->stream.barred)
        return "the runtime makes the answer of this handler (which records failed): it cannot be "
               "streamed";
    if (ctx->replied)
        return "the handler has called lambda_reply";
    return stream_is_open(&ctx->stream) ? "the answer is streamed already" : NULL;
}

CTX_EXPORT int lambda_stream_begin(lambda_ctx *ctx, const struct lambda_stream_head *head,
                                   size_t head_size)
{
    struct stream *s = &ctx->stream;
    struct lambda_stream_head known;
    struct err err;
    AUTO_BUF struct buf prelude;
    buf_init(&prelude, PRELUDE_MAX);
    const char *obstacle = find_obstacle(ctx);
    if (obstacle)
        return failure_set(&ctx->failure, ERROR_TYPE, "lambda_stream_open: %s", obstacle);
    if (prelude_take_head(head, head_size, &known, &ctx->failure) != 0 ||
        prelude_print(&known, &prelude, &ctx->failure) != 0)
        return -1;
    if (rapi_stream_open(&s->out, s->rapi, ctx->event, prelude_content_type(&known), &prelude,
                         &err) != 0)
        return failure_set(&ctx->failure, ERROR_TYPE, "%s", err.msg);
    s->owner = getpid();
    ctx->reply_lost = false;
    return 0;
}

/* A write that fails is never taken for done, even if the handler does not look. */
static int refuse_write(struct lambda_ctx *ctx, const char *reason)
{
    ctx->stream.refused = true;
    return failure_set(&ctx->failure, ERROR_TYPE, "lambda_stream_write: %s", reason);
}

CTX_EXPORT int lambda_stream_write(lambda_ctx *ctx, const void *bytes, size_t len)
{
    struct stream *s = &ctx->stream;
    struct err err;
    if (!stream_is_open(s))
        return refuse_write(ctx, "there is no stream: call lambda_stream_open before");
    if (getpid() != s->owner)
        return refuse_write(ctx, "a forked process cannot write to the stream of its parent");
    if (rapi_stream_write(&s->out, bytes, len, &err) != 0)
        return refuse_write(ctx, err.msg);
    if (s->out.sent > STREAM_LARGE && !s->large) {
        s->large = true;
        log_line(LAMBDA_WARN, ctx_request_id(ctx),
                 "the streamed answer has passed %llu bytes: Lambda's own limit is 200 MB unless "
                 "the account has another",
                 STREAM_LARGE);
    }
    return 0;
}

int stream_finish(struct lambda_ctx *ctx, struct err *err)
{
    return rapi_stream_end(&ctx->stream.out, "", err);
}

/* The document in fewer words. NULL when there is no memory for it. */
static const char *shorten(const struct lambda_ctx *ctx, struct buf *out)
{
    static const size_t lengths[] = {2000, 1000, 300, 100, 0};
    struct failure f = ctx->failure;
    struct err err;
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        if (strlen(f.message) > lengths[i])
            f.message[utf8_valid_prefix(f.message, lengths[i])] = '\0';
        buf_reset(out);
        if (failure_print(&f, lengths[i] ? ctx_request_id(ctx) : NULL, out, &err) != 0)
            return NULL;
        if (out->len <= DOCUMENT_MAX)
            return out->ptr;
    }
    return NULL;
}

int stream_fail(struct lambda_ctx *ctx, const char *category, const char *document, size_t len,
                struct err *err)
{
    char trailers[RAPI_STREAM_TRAILERS_MAX];
    AUTO_BUF struct buf shorter;
    buf_init(&shorter, FAILURE_DOCUMENT_MAX);
    if (len > DOCUMENT_MAX) {
        document = shorten(ctx, &shorter);
        len = shorter.len;
    }
    int at = snprintf(trailers, sizeof trailers, TYPE_TRAILER "%s\r\n", category);
    if (document) {
        at += snprintf(trailers + at, sizeof trailers - (size_t)at, BODY_TRAILER);
        at += (int)base64_encode(document, len, trailers + at);
        snprintf(trailers + at, sizeof trailers - (size_t)at, "\r\n");
    }
    return rapi_stream_end(&ctx->stream.out, trailers, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ctx.h"

#include <malloc.h>
#include <string.h>
#include <time.h>

#include "core/log.h"

#define CTX_REPLY_KEPT (64u << 10) /* bytes of answer memory that stay for the next invocation */

void ctx_init(struct lambda_ctx *ctx, struct arena *arena, bool partial_failures)
{
    *ctx = (struct lambda_ctx){.arena = arena, .partial_failures = partial_failures};
    buf_init(&ctx->reply, RAPI_BODY_MAX);
}

void ctx_fini(struct lambda_ctx *ctx)
{
    buf_free(&ctx->reply);
}

void ctx_begin(struct lambda_ctx *ctx, const struct rapi_event *event)
{
    ctx->event = event;
    log_set_origin(event ? event->tenant_id.ptr : NULL, event ? event->trace_id.ptr : NULL);
    ctx->failure.set = false;
    ctx->replied = ctx->reply_lost = false;
    ctx->marks = NULL;
    ctx->nrecords = 0;
    stream_reset(&ctx->stream);
    buf_reset(&ctx->reply);
}

void ctx_end(struct lambda_ctx *ctx)
{
    if (ctx->reply.cap > CTX_REPLY_KEPT) {
        buf_free(&ctx->reply);
        malloc_trim(0); /* from the second one on the C library would keep it for a third */
    }
    log_set_origin(NULL, NULL);
    ctx->event = NULL;
}

const char *ctx_request_id(const struct lambda_ctx *ctx)
{
    return ctx->event ? ctx->event->request_id.ptr : NULL;
}

CTX_EXPORT void *lambda_alloc(lambda_ctx *ctx, size_t size)
{
    void *p = arena_alloc(ctx->arena, size);
    return p ? memset(p, 0, size) : NULL;
}

CTX_EXPORT int lambda_error(lambda_ctx *ctx, const char *type, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    failure_setv(&ctx->failure, type, fmt, args);
    va_end(args);
    return -1;
}

CTX_EXPORT void lambda_log(lambda_ctx *ctx, enum lambda_level level, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    log_linev(level < LAMBDA_TRACE ? LAMBDA_TRACE : level, ctx_request_id(ctx), fmt, args);
    va_end(args);
}

CTX_EXPORT void lambda_log_fields(lambda_ctx *ctx, enum lambda_level level, const char *text,
                                  const struct lambda_kv *fields, size_t count)
{
    struct entry e = {.level = level < LAMBDA_TRACE ? LAMBDA_TRACE : level,
                      .request_id = ctx_request_id(ctx),
                      .text = text ? text : "",
                      .len = text ? strlen(text) : 0,
                      .fields = fields,
                      .nfields = count};
    log_entry(&e);
}

CTX_EXPORT int lambda_reply(lambda_ctx *ctx, const void *bytes, size_t len)
{
    ctx->stream.refused = stream_is_open(&ctx->stream);
    if (ctx->stream.refused)
        return failure_set(&ctx->failure, "Runtime.StreamError",
                           "lambda_reply: the answer is streamed, it cannot be replaced");
    buf_reset(&ctx->reply);
    ctx->replied = false;
    ctx->reply_lost = true;
    if (len > RAPI_BODY_MAX)
        return failure_set(&ctx->failure, "Function.ResponseSizeTooLarge",
                           "an answer of %zu bytes is larger than the maximum of %u", len,
                           RAPI_BODY_MAX);
    buf_add(&ctx->reply, bytes, len);
    if (ctx->reply.failed)
        return failure_set(&ctx->failure, "Function.OutOfMemory",
                           "no memory for an answer of %zu bytes", len);
    ctx->replied = true;
    ctx->reply_lost = false;
    return 0;
}

CTX_EXPORT void lambda_fail_record(lambda_ctx *ctx, size_t index)
{
    if (!ctx->nrecords)
        log_line(LAMBDA_WARN, ctx_request_id(ctx),
                 "lambda_fail_record(%zu) is ignored: this event has no partial failures", index);
    else if (index >= ctx->nrecords)
        log_line(LAMBDA_WARN, ctx_request_id(ctx),
                 "lambda_fail_record(%zu) is ignored: the event has %zu records", index,
                 ctx->nrecords);
    else
        ctx->marks[index] = 1;
}

static lambda_str text_of(const lambda_ctx *ctx, size_t offset)
{
    if (!ctx->event)
        return (lambda_str){NULL, 0};
    const struct rapi_text *t = (const void *)((const char *)ctx->event + offset);
    return (lambda_str){t->ptr, t->len};
}

static lambda_json json_of(const lambda_ctx *ctx, size_t offset)
{
    lambda_str text = text_of(ctx, offset);
    return (lambda_json){text.ptr, text.len};
}

CTX_EXPORT lambda_str lambda_request_id(const lambda_ctx *ctx)
{
    return text_of(ctx, offsetof(struct rapi_event, request_id));
}

CTX_EXPORT lambda_str lambda_function_arn(const lambda_ctx *ctx)
{
    return text_of(ctx, offsetof(struct rapi_event, function_arn));
}

CTX_EXPORT lambda_str lambda_trace_id(const lambda_ctx *ctx)
{
    return text_of(ctx, offsetof(struct rapi_event, trace_id));
}

CTX_EXPORT lambda_str lambda_tenant_id(const lambda_ctx *ctx)
{
    return text_of(ctx, offsetof(struct rapi_event, tenant_id));
}

CTX_EXPORT lambda_json lambda_client_context(const lambda_ctx *ctx)
{
    return json_of(ctx, offsetof(struct rapi_event, client_context));
}

CTX_EXPORT lambda_json lambda_cognito_identity(const lambda_ctx *ctx)
{
    return json_of(ctx, offsetof(struct rapi_event, cognito_identity));
}

CTX_EXPORT int64_t lambda_deadline_ms(const lambda_ctx *ctx)
{
    return ctx->event ? ctx->event->deadline_ms : ctx->hook_deadline_ms;
}

CTX_EXPORT int64_t lambda_remaining_ms(const lambda_ctx *ctx)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    int64_t deadline = lambda_deadline_ms(ctx);
    return deadline > now_ms ? deadline - now_ms : 0;
}

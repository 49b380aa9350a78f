/* SPDX-License-Identifier: Apache-2.0 */
#include "core/dispatch.h"

#include "base/scan.h"
#include "core/batch.h"
#include "core/describe.h"
#include "decode/decode.h"

#define DESCRIPTION_MAX 4000

/* A handler's failure without lambda_error still has words. */
static int check_result(struct lambda_ctx *ctx, int result)
{
    if (result == 0)
        return 0;
    if (ctx->failure.set)
        return -1;
    return failure_set(&ctx->failure, NULL, "the handler returned %d", result);
}

static int run_raw(const struct lambda_handler *h, struct lambda_ctx *ctx)
{
    lambda_str event = {ctx->event->body, ctx->event->body_len};
    int result = ((int (*)(lambda_ctx *, lambda_str))h->fn)(ctx, event);
    if (check_result(ctx, result) != 0)
        return -1;
    if (!ctx->replied)
        buf_adds(&ctx->reply, "null");
    return 0;
}

static int run_event(const struct lambda_handler *h, struct lambda_ctx *ctx)
{
    struct err err;
    void *event = arena_alloc(ctx->arena, h->type->size);
    if (!event)
        return failure_set(&ctx->failure, "Runtime.UnmarshalError", "no memory for the event");
    if (decode_document(h->type, ctx->event->body, ctx->event->body_len, event, ctx->arena, &err) !=
        0)
        return failure_set(&ctx->failure, "Runtime.UnmarshalError", "%s: %s",
                           h->event ? h->event : h->type->name, err.msg);
    if (batch_begin(h, event, ctx) != 0)
        return -1;
    int result = ((int (*)(lambda_ctx *, const void *))h->fn)(ctx, event);
    if (check_result(ctx, result) != 0)
        return -1;
    return batch_end(h, event, ctx);
}

/* Tells an event that is broken from one that is only unknown here. */
static int refuse(const struct lambda_module *table, struct lambda_ctx *ctx)
{
    const struct rapi_event *event = ctx->event;
    struct scan_fault fault;
    if (!scan_valid(event->body, event->body_len, &fault))
        return failure_set(&ctx->failure, "Runtime.UnmarshalError",
                           "the event is no JSON: line %zu, column %zu: %s", fault.line,
                           fault.column, fault.reason);
    AUTO_BUF struct buf words;
    buf_init(&words, DESCRIPTION_MAX);
    buf_adds(&words, "no handler takes this event: it is ");
    describe_event(event->body, event->body_len, &words);
    buf_adds(&words, "; this module takes: ");
    describe_module(table, &words);
    return failure_set(&ctx->failure, "Runtime.NoHandlerForEvent", "%s",
                       words.ptr ? words.ptr : "no handler takes this event");
}

typedef int (*run_fn)(const struct lambda_handler *h, struct lambda_ctx *ctx);

static const run_fn runs[] = {
    [LAMBDA_M_RAW] = run_raw,
    [LAMBDA_M_EVENT] = run_event,
    [LAMBDA_M_EACH] = batch_run_each,
    [LAMBDA_M_RESTORE] = NULL, /* and all hooks between */
};

static const struct {
    const char *name;
    bool reverse; /* what was set up last is taken down first */
} hooks[] = {
    [LAMBDA_M_INIT] = {"init", false},
    [LAMBDA_M_SHUTDOWN] = {"shutdown", true},
    [LAMBDA_M_SNAPSHOT] = {"before-snapshot", true},
    [LAMBDA_M_RESTORE] = {"after-restore", false},
};

int dispatch_event(const struct lambda_module *table, struct lambda_ctx *ctx)
{
    const struct rapi_event *event = ctx->event;
    for (size_t i = 0; i < table->nhandlers; i++) {
        const struct lambda_handler *h = &table->handlers[i];
        if (!runs[h->mode] || (h->match && !decode_match(h->match, event->body, event->body_len)))
            continue;
        ctx->stream.barred = h->mode == LAMBDA_M_EACH || h->partial != LAMBDA_P_NONE;
        int failed = runs[h->mode](h, ctx);
        if (!failed && ctx->stream.refused)
            return failure_set(&ctx->failure, "Runtime.StreamError",
                               "the answer is not whole: a lambda_stream_write failed, or a "
                               "lambda_reply after lambda_stream_open");
        if (!failed && (ctx->reply.failed || ctx->reply_lost))
            return failure_set(&ctx->failure, "Function.ResponseSizeTooLarge",
                               "the answer is larger than %u bytes, or memory is short",
                               RAPI_BODY_MAX);
        return failed;
    }
    return refuse(table, ctx);
}

int dispatch_hooks(const struct lambda_module *table, enum lambda_mode mode, struct lambda_ctx *ctx)
{
    for (size_t i = 0; i < table->nhandlers; i++) {
        size_t at = hooks[mode].reverse ? table->nhandlers - 1 - i : i;
        const struct lambda_handler *h = &table->handlers[at];
        if (h->mode != mode)
            continue;
        int result = ((int (*)(lambda_ctx *))h->fn)(ctx);
        if (result == 0)
            continue;
        if (!ctx->failure.set)
            failure_set(&ctx->failure, NULL, "the %s hook returned %d", hooks[mode].name, result);
        return -1;
    }
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/crash.h"
#include "core/dispatch.h"
#include "core/log.h"
#include "core/watch.h"
#include "decode/decode.h"
#include "rapi/restore.h"

#define LOOP_ARENA_KEPT (128u << 10) /* bytes of invocation memory that always stay */
#define TRACE_NAME      "_X_AMZN_TRACE_ID"
#define TRACE_MAX       1024

static const char no_document[] =
    "{\"errorMessage\":\"no memory to say what failed\",\"errorType\":\"Runtime.OutOfMemory\","
    "\"stackTrace\":[]}";

/* Where tracing libraries look for it. One place in memory that is written over: setenv would keep
 * every value there ever was. */
static void set_trace(const struct rapi_text *trace)
{
    static char entry[sizeof TRACE_NAME + TRACE_MAX + 1];
    if (!trace->ptr || trace->len > TRACE_MAX) {
        unsetenv(TRACE_NAME);
        return;
    }
    memcpy(entry, TRACE_NAME "=", sizeof TRACE_NAME);
    memcpy(entry + sizeof TRACE_NAME, trace->ptr, trace->len + 1);
    putenv(entry);
}

/* The error document and its category. The document is static when memory is short. */
static const char *print_failure(const struct failure *f, const char *request_id, struct buf *out,
                                 size_t *len)
{
    struct err err;
    if (failure_print(f, request_id, out, &err) != 0 || !out->ptr) {
        *len = sizeof no_document - 1;
        return no_document;
    }
    *len = out->len;
    return out->ptr;
}

static int post_failure(struct rapi *rapi, struct lambda_ctx *ctx, struct err *err)
{
    char category[FAILURE_CATEGORY_MAX + 1];
    AUTO_BUF struct buf text, cause;
    buf_init(&text, FAILURE_DOCUMENT_MAX);
    buf_init(&cause, FAILURE_CAUSE_MAX);
    size_t len;
    log_failure(LAMBDA_ERROR, ctx_request_id(ctx), &ctx->failure);
    const char *document = print_failure(&ctx->failure, ctx_request_id(ctx), &text, &len);
    failure_category(ctx->failure.type, category);
    if (stream_is_started(&ctx->stream))
        return stream_fail(ctx, category, document, len, err);
    rapi->cause = failure_print_cause(&ctx->failure, &cause);
    return rapi_fail(rapi, ctx->event, category, document, len, err);
}

typedef int (*post_fn)(struct rapi *rapi, const char *type, const void *body, size_t len,
                       struct err *err);

static void fail_start(struct rapi *rapi, const struct failure *f, post_fn post)
{
    char category[FAILURE_CATEGORY_MAX + 1];
    struct err err;
    AUTO_BUF struct buf text, cause;
    buf_init(&text, FAILURE_DOCUMENT_MAX);
    buf_init(&cause, FAILURE_CAUSE_MAX);
    size_t len;
    log_failure(LAMBDA_FATAL, NULL, f);
    const char *document = print_failure(f, NULL, &text, &len);
    failure_category(f->type, category);
    rapi->cause = failure_print_cause(f, &cause);
    if (post(rapi, category, document, len, &err) != 0)
        log_line(LAMBDA_ERROR, NULL, "%s", err.msg);
}

void loop_fail_init(struct rapi *rapi, const struct failure *f)
{
    fail_start(rapi, f, rapi_init_fail);
}

void loop_fail_restore(struct rapi *rapi, const struct failure *f)
{
    fail_start(rapi, f, restore_fail);
}

/* Once: what is wrong with one event is wrong with all. */
static void warn_of_odd(const struct rapi_event *event)
{
    static bool warned;
    if (event->odd && !warned)
        log_line(LAMBDA_WARN, event->request_id.ptr,
                 "the event's header Lambda-Runtime-%.100s is malformed and not used (said once)",
                 event->odd);
    warned |= event->odd != NULL;
}

static pid_t self; /* the process that runs the loop */

static int run_one(struct rapi *rapi, const struct lambda_module *table, struct lambda_ctx *ctx,
                   const struct rapi_event *event, struct err *err)
{
    ctx_begin(ctx, event);
    warn_of_odd(event);
    crash_set_request(event);
    if (!ctx->progress) /* where events run beside each other the trace is in the context alone */
        set_trace(&event->trace_id);
    watch_begin(event->deadline_ms);
    int failed = dispatch_event(table, ctx);
    watch_end();
    if (getpid() != self) /* a child that the handler forked came back: it has no answer to give */
        _exit(EXIT_SUCCESS);
    fflush(stdout); /* what the handler printed belongs to this invocation */
    if (failed)
        failed = post_failure(rapi, ctx, err);
    else if (stream_is_open(&ctx->stream))
        failed = stream_finish(ctx, err);
    else
        failed = rapi_respond(rapi, event, ctx->reply.ptr, ctx->reply.len, err);
    if (failed && !rapi_is_fatal(err)) {
        log_line(LAMBDA_ERROR, ctx_request_id(ctx), "the answer is lost: %s", err->msg);
        failed = 0;
    }
    crash_set_request(NULL);
    ctx_end(ctx);
    if (ctx->progress)
        ++*ctx->progress;
    return failed;
}

int loop_run(struct rapi *rapi, const struct lambda_module *table, struct lambda_ctx *ctx,
             struct err *err)
{
    size_t last = 0;
    ctx->stream.rapi = rapi;
    self = getpid();
    crash_set_request(NULL);
    for (;;) {
        struct rapi_event event;
        if (rapi_next(rapi, ctx->arena, DECODE_PAD, &event, err) != 0)
            return -1;
        if (event.stopped)
            return 0;
        int failed = run_one(rapi, table, ctx, &event, err);
        /* Memory that two invocations in a row needed stays: giving it back and touching it again
         * costs more than a large event's decoding. */
        size_t peak = ctx->arena->peak;
        size_t keep = peak < last ? peak : last;
        last = peak;
        arena_reset(ctx->arena);
        arena_trim(ctx->arena, keep > LOOP_ARENA_KEPT ? keep : LOOP_ARENA_KEPT);
        if (failed)
            return -1;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Uses memory in every way that a handler can, for a test that none of it stays. */
#include <lambda/sqs.h>
#include <string.h>

static int on_message(lambda_ctx *ctx, const struct lambda_sqs_message *m)
{
    char *copy = (char *)lambda_alloc(ctx, m->body.len + 100000);
    if (!copy)
        return lambda_error(ctx, "NoMemory", "for %zu bytes", m->body.len);
    memcpy(copy, m->body.ptr, m->body.len);
    return strcmp(copy, "fail") == 0 ? lambda_error(ctx, "BadMessage", "%s", copy) : 0;
}

static int allocate(lambda_ctx *ctx)
{
    for (size_t size = 1; size < 8u << 20; size *= 2) {
        char *p = (char *)lambda_alloc(ctx, size);
        if (!p)
            return lambda_error(ctx, "NoMemory", "for %zu bytes", size);
        memset(p, 1, size);
    }
    return 0;
}

static int stream(lambda_ctx *ctx, lambda_str event)
{
    if (lambda_stream_open(ctx, NULL) != 0)
        return -1;
    for (int i = 0; i < 3; i++)
        if (lambda_stream_write(ctx, event.ptr, event.len) != 0)
            return -1;
    return 0;
}

static int on_event(lambda_ctx *ctx, lambda_str event)
{
    if (event.ptr[0] == 'a')
        return allocate(ctx);
    if (event.ptr[0] == 's')
        return stream(ctx, event);
    if (event.ptr[0] == 'f')
        return lambda_error(ctx, "Failed", "as asked: %s", event.ptr);
    if (event.ptr[0] == 'l')
        lambda_log_kv(ctx, LAMBDA_INFO, event.ptr, LAMBDA_KV("text", event));
    return lambda_reply(ctx, event.ptr, event.len);
}

LAMBDA_MODULE(LAMBDA_SQS_EACH(on_message), LAMBDA_RAW(on_event));

/* SPDX-License-Identifier: Apache-2.0 */
/* Answers with as many bytes as the event, a number, says. */
#include <lambda.h>
#include <stdlib.h>
#include <string.h>

static int on_event(lambda_ctx *ctx, lambda_str event)
{
    size_t len = strtoul(event.ptr, NULL, 10);
    char *bytes = malloc(len + 1);
    if (!bytes)
        return lambda_error(ctx, "NoMemory", "no memory for %zu bytes", len);
    memset(bytes, 'x', len);
    int failed = lambda_reply(ctx, bytes, len);
    free(bytes);
    return failed;
}

LAMBDA_MODULE(LAMBDA_RAW(on_event));

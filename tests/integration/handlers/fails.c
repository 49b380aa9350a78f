/* SPDX-License-Identifier: Apache-2.0 */
/* Fails as the event says, and writes to all the places where output can go. */
#include <lambda.h>
#include <stdio.h>
#include <string.h>

static int on_event(lambda_ctx *ctx, lambda_str event)
{
    if (strcmp(event.ptr, "typed") == 0)
        return lambda_error(ctx, "EmptyBody", "nothing in \"%s\"\nat all", event.ptr);
    if (strcmp(event.ptr, "untyped") == 0)
        return 7;
    if (strcmp(event.ptr, "odd") == 0)
        return lambda_error(ctx, "my odd-type\r\nX-Injected: 1", "odd");
    if (strcmp(event.ptr, "large") == 0)
        return lambda_reply(ctx, event.ptr, 7u << 20);
    lambda_log(ctx, LAMBDA_DEBUG, "debug %s", event.ptr);
    lambda_log(ctx, LAMBDA_INFO, "info %s\nnext", event.ptr);
    printf("printed %s without a newline", event.ptr);
    return 0;
}

LAMBDA_MODULE(LAMBDA_RAW(on_event));

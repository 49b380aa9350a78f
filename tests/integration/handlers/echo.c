/* SPDX-License-Identifier: Apache-2.0 */
/* Answers with the event. */
#include <lambda.h>

static int on_event(lambda_ctx *ctx, lambda_str event)
{
    return lambda_reply(ctx, event.ptr, event.len);
}

static int on_other(lambda_ctx *ctx, lambda_str event)
{
    (void)event;
    return lambda_reply(ctx, "\"other\"", 7);
}

LAMBDA_MODULE(LAMBDA_RAW(on_event));
LAMBDA_MODULE_AS(other, LAMBDA_RAW(on_other));

/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of the event, as they came, are the answer. */
#include <lambda.h>

static int echo(lambda_ctx *ctx, lambda_str event)
{
    return lambda_reply(ctx, event.ptr, event.len);
}

LAMBDA_MODULE(LAMBDA_RAW(echo));

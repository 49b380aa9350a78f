/* SPDX-License-Identifier: Apache-2.0 */
/* Calls what is nowhere. */
#include <lambda.h>

int function_that_nobody_has(void);

static int on_event(lambda_ctx *ctx, lambda_str event)
{
    (void)ctx;
    (void)event;
    return function_that_nobody_has();
}

LAMBDA_MODULE(LAMBDA_RAW(on_event));

/* SPDX-License-Identifier: Apache-2.0 */
/* Is linked to a library that is not there at run time. */
#include <lambda.h>

int gone(void);

static int on_event(lambda_ctx *ctx, lambda_str event)
{
    (void)ctx;
    (void)event;
    return gone();
}

LAMBDA_MODULE(LAMBDA_RAW(on_event));

/* SPDX-License-Identifier: Apache-2.0 */
/* Says when it is started and ended. HOOKS_FAIL makes the start fail, HOOKS_SILENT without a word.
 */
#include <lambda.h>
#include <stdio.h>
#include <stdlib.h>

static int events;

static int on_init(lambda_ctx *ctx)
{
    if (getenv("HOOKS_SILENT"))
        return 3;
    if (getenv("HOOKS_FAIL"))
        return lambda_error(ctx, "NoDatabase", "nobody answers at %s", getenv("HOOKS_FAIL"));
    lambda_log(ctx, LAMBDA_INFO, "started");
    return 0;
}

static int on_event(lambda_ctx *ctx, lambda_str event)
{
    (void)ctx;
    (void)event;
    events++;
    return 0;
}

static int on_shutdown(lambda_ctx *ctx)
{
    (void)ctx;
    printf("ended after %d\n", events);
    return 0;
}

LAMBDA_MODULE(LAMBDA_INIT(on_init), LAMBDA_RAW(on_event), LAMBDA_SHUTDOWN(on_shutdown));

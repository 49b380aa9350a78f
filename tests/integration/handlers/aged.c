/* SPDX-License-Identifier: Apache-2.0 */
/* Modules of other releases, and one without handlers for events. */
#include <lambda.h>

static int on_init(lambda_ctx *ctx)
{
    (void)ctx;
    return 0;
}

static const struct lambda_handler handlers[] = {LAMBDA_INIT(on_init)};

#define MODULE(name, abi, size)                                                    \
    extern __attribute__((visibility("default"))) const struct lambda_module name; \
    const struct lambda_module name = {abi, size, sizeof *handlers, 1, handlers}

int function(lambda_ctx *ctx);

int function(lambda_ctx *ctx)
{
    return on_init(ctx);
}

extern const unsigned small;
const unsigned small = LAMBDA_ABI;

MODULE(other_abi, LAMBDA_ABI + 1, sizeof(struct lambda_module));
MODULE(other_size, LAMBDA_ABI, sizeof(struct lambda_module) + 8);
MODULE(no_events, LAMBDA_ABI, sizeof(struct lambda_module));

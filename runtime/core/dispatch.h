/* SPDX-License-Identifier: Apache-2.0 */
/* From an event to the handler that takes it, and from what the handler did to an answer. */
#pragma once

#include "core/ctx.h"
#include "core/module.h"

/* Calls the first handler of the module that matches ctx->event. 0: the answer is in ctx->reply.
 * -1: the invocation failed, ctx->failure says why. */
int dispatch_event(const struct lambda_module *table, struct lambda_ctx *ctx) ATTR_CHECK;

/* Calls the module's hooks of one mode in order, LAMBDA_M_SHUTDOWN and LAMBDA_M_SNAPSHOT in
 * reverse. Stops at the first that fails with -1 and ctx->failure. */
int dispatch_hooks(const struct lambda_module *table, enum lambda_mode mode,
                   struct lambda_ctx *ctx) ATTR_CHECK;

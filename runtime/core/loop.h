/* SPDX-License-Identifier: Apache-2.0 */
/* Event after event: ask, dispatch, answer. */
#pragma once

#include "core/ctx.h"
#include "core/module.h"

/* Runs until SIGTERM (0) or until the Runtime API is of no use any more (-1). */
int loop_run(struct rapi *rapi, const struct lambda_module *table, struct lambda_ctx *ctx,
             struct err *err) ATTR_CHECK;

/* Logs a failure of the start, or of a copy that was restored from a snapshot, and posts it to the
 * Runtime API. */
void loop_fail_init(struct rapi *rapi, const struct failure *f);
void loop_fail_restore(struct rapi *rapi, const struct failure *f);

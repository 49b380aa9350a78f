/* SPDX-License-Identifier: Apache-2.0 */
/* SnapStart: the process is started once, copied, and every copy goes on with events.
 *
 *   init hooks -> snapshot_pass: before-snapshot hooks | snapshot | after-restore hooks -> loop
 *
 * What the runtime itself has must not be in two copies: connections are closed (a copy opens its
 * own), nonces and request ids come with each event, timers are armed for each event, log lines
 * carry UTC and no time zone is kept, and there is no random number generator and no credential. */
#pragma once

#include <stdbool.h>

#include "core/ctx.h"

#define SNAPSHOT_EXIT_BEFORE 64 /* exit statuses, as Lambda's own runtimes have them */
#define SNAPSHOT_EXIT_AFTER  65

/* Passes through the snapshot. again: the process replaced itself in a restored copy, where nobody
 * takes another snapshot; only the hooks run. 0: go on, also after SIGTERM; otherwise the status to
 * exit with, and the failure is logged and posted. */
int snapshot_pass(struct rapi *rapi, const struct lambda_module *table, struct lambda_ctx *ctx,
                  bool again) ATTR_CHECK;

/* Runs the hooks alone: before the process is copied, and in the copy. -1: ctx->failure. */
int snapshot_run_before(const struct lambda_module *table, struct lambda_ctx *ctx) ATTR_CHECK;
int snapshot_run_after(const struct lambda_module *table, struct lambda_ctx *ctx) ATTR_CHECK;

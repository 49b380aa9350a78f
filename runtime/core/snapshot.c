/* SPDX-License-Identifier: Apache-2.0 */
#include "core/snapshot.h"

#include <stdio.h>

#include "core/dispatch.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/stop.h"
#include "rapi/restore.h"

#define BEFORE "Runtime.BeforeSnapshotError"
#define AFTER  "Runtime.AfterRestoreError"

static int run_hooks(const struct lambda_module *table, enum lambda_mode mode,
                     struct lambda_ctx *ctx)
{
    ctx_begin(ctx, NULL);
    int failed = dispatch_hooks(table, mode, ctx);
    fflush(stdout);
    arena_reset(ctx->arena);
    return failed;
}

int snapshot_run_before(const struct lambda_module *table, struct lambda_ctx *ctx)
{
    return run_hooks(table, LAMBDA_M_SNAPSHOT, ctx);
}

int snapshot_run_after(const struct lambda_module *table, struct lambda_ctx *ctx)
{
    return run_hooks(table, LAMBDA_M_RESTORE, ctx);
}

/* Lambda tells the two phases apart by the type; the hook's own one goes into the message. */
static const struct failure *name_phase(const char *type, const struct failure *f)
{
    static struct failure named;
    failure_set(&named, type, "%s: %s", f->type, f->message);
    return &named;
}

int snapshot_pass(struct rapi *rapi, const struct lambda_module *table, struct lambda_ctx *ctx,
                  bool again)
{
    struct failure failure;
    struct err err;
    bool stopped = false;
    if (snapshot_run_before(table, ctx) != 0) {
        loop_fail_init(rapi, name_phase(BEFORE, &ctx->failure));
        return SNAPSHOT_EXIT_BEFORE;
    }
    arena_trim(ctx->arena, 0); /* it would be in every copy */
    if (!again && restore_wait(rapi, &stopped, &err) != 0) {
        failure_set(&failure, BEFORE, "%s", err.msg);
        loop_fail_init(rapi, &failure);
        return SNAPSHOT_EXIT_BEFORE;
    }
    if (stopped)
        return 0;
    if (snapshot_run_after(table, ctx) != 0) {
        loop_fail_restore(rapi, name_phase(AFTER, &ctx->failure));
        return SNAPSHOT_EXIT_AFTER;
    }
    return 0;
}

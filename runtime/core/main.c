/* SPDX-License-Identifier: Apache-2.0 */
/* bootstrap: the program that AWS Lambda starts. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "core/crash.h"
#include "core/dispatch.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/module.h"
#include "core/respawn.h"
#include "core/settings.h"
#include "core/stop.h"

#define ARENA_MIN  (64u << 20)
#define USER_AGENT "aws-lambda-c/" CLAMBDA_VERSION

/* As much as the function may use, which is reserved and not taken. Less where the system does not
 * even promise memory that it does not have. */
static int reserve_arena(struct arena *arena, size_t memory_mb, struct err *err)
{
    size_t size = memory_mb << 20;
    while (arena_init(arena, size, err) != 0) {
        if (size <= ARENA_MIN)
            return -1;
        size /= 2;
    }
    return 0;
}

static void on_sigpipe(int sig)
{
    (void)sig;
}

/* Signals and streams, before any code of the user runs. SIGPIPE is caught and not ignored: what is
 * ignored stays so in the programs that a handler runs, whose pipes would never end. */
static int prepare_process(const struct settings *settings, int *stop_fd, struct err *err)
{
    struct sigaction pipe_action = {.sa_handler = on_sigpipe, .sa_flags = SA_RESTART};
    setvbuf(stdout, NULL, _IOLBF, 0);
    sigaction(SIGPIPE, &pipe_action, NULL);
    *stop_fd = stop_install(err);
    return *stop_fd < 0 ? -1 : crash_install(settings, USER_AGENT, err);
}

/* -1: the failure is posted. */
static int start(struct rapi *rapi, const struct settings *settings, struct module *module,
                 struct lambda_ctx *ctx)
{
    static struct failure failure;
    const struct failure *reported = &failure;
    if (module_load(module, settings, &failure) == 0) {
        ctx_begin(ctx, NULL);
        if (dispatch_hooks(module->table, LAMBDA_M_INIT, ctx) == 0)
            return 0;
        reported = &ctx->failure;
    }
    fflush(stdout);
    loop_fail_init(rapi, reported);
    return -1;
}

static void run_shutdown_hooks(const struct module *module, struct lambda_ctx *ctx)
{
    ctx_begin(ctx, NULL);
    if (dispatch_hooks(module->table, LAMBDA_M_SHUTDOWN, ctx) != 0)
        log_line(LAMBDA_ERROR, NULL, "%s: %s", ctx->failure.type, ctx->failure.message);
}

static int run(struct rapi *rapi, const struct settings *settings, struct arena *arena)
{
    static struct lambda_ctx ctx;
    struct module module = {0};
    struct err err;
    ctx_init(&ctx, arena, settings->partial_failures);
    if (start(rapi, settings, &module, &ctx) != 0)
        return -1;
    arena_reset(arena);
    if (loop_run(rapi, module.table, &ctx, &err) != 0) {
        log_line(LAMBDA_FATAL, NULL, "%s", err.msg);
        return -1;
    }
    crash_set_ending();
    run_shutdown_hooks(&module, &ctx);
    ctx_fini(&ctx);
    return 0;
}

int main(int argc, char **argv)
{
    (void)argc;
    static struct rapi rapi;
    struct settings settings;
    struct arena arena = {0};
    struct err err;
    int stop_fd = -1;
    if (respawn_save(argv, &err) != 0 || settings_read(&settings, &err) != 0) {
        fprintf(stderr, "bootstrap: %s\n", err.msg);
        return 1;
    }
    log_set_level(settings.log_level);
    if (settings.bad_log_level)
        log_line(LAMBDA_WARN, NULL,
                 "AWS_LAMBDA_LOG_LEVEL '%.40s' is none of TRACE, DEBUG, INFO, WARN, "
                 "ERROR, FATAL: INFO is taken",
                 settings.bad_log_level);
    if (prepare_process(&settings, &stop_fd, &err) != 0 ||
        reserve_arena(&arena, settings.memory_mb, &err) != 0 ||
        rapi_open(&rapi, settings.api, USER_AGENT, stop_fd, &err) != 0) {
        log_line(LAMBDA_FATAL, NULL, "%s", err.msg);
        return 1;
    }
    crash_set_connection(&rapi.conn.fd);
    int failed = run(&rapi, &settings, &arena);
    rapi_close(&rapi);
    arena_fini(&arena);
    return failed ? 1 : 0;
}

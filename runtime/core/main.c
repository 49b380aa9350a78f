/* SPDX-License-Identifier: Apache-2.0 */
/* bootstrap: the program that AWS Lambda starts. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/crash.h"
#include "core/dispatch.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/module.h"
#include "core/respawn.h"
#include "core/settings.h"
#include "core/snapshot.h"
#include "core/stop.h"
#include "core/workers.h"
#include "rapi/extension.h"

#define ARENA_MIN      (64u << 20)
#define EXTENSION_NAME "clambda-shutdown"
#define USER_AGENT     "aws-lambda-c/" CLAMBDA_VERSION

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
    respawn_take_term();
    return *stop_fd < 0 ? -1 : crash_install(settings, USER_AGENT, err);
}

/* What the system refuses to the runtime itself. */
static void fail_start(struct rapi *rapi, const struct err *err)
{
    static struct failure failure;
    failure_set(&failure, "Runtime.InitError", "%s", err->msg);
    loop_fail_init(rapi, &failure);
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

static bool has_hook(const struct lambda_module *table, enum lambda_mode mode)
{
    for (size_t i = 0; i < table->nhandlers; i++)
        if (table->handlers[i].mode == mode)
            return true;
    return false;
}

/* Without an extension Lambda kills without SIGTERM. A process that replaced itself is registered
 * already, and too late. */
static void ask_for_sigterm(struct rapi *rapi, const struct lambda_module *table,
                            struct conn *extension)
{
    struct err err;
    conn_init(extension, -1);
    if (!has_hook(table, LAMBDA_M_SHUTDOWN) || respawn_happened())
        return;
    if (extension_open(extension, rapi, EXTENSION_NAME, &err) != 0)
        log_line(LAMBDA_DEBUG, NULL, "%s: shutdown hooks run if SIGTERM comes all the same",
                 err.msg);
}

static void run_shutdown_hooks(const struct lambda_module *table, struct lambda_ctx *ctx)
{
    ctx_begin(ctx, NULL);
    ctx->hook_deadline_ms = stop_deadline_ms();
    if (dispatch_hooks(table, LAMBDA_M_SHUTDOWN, ctx) != 0)
        log_failure(LAMBDA_ERROR, NULL, &ctx->failure);
    fflush(stdout);
}

/* Managed Instances: -1 when no worker can be kept. */
static int run_workers(const struct workers_job *job, struct err *err)
{
    struct workers *busy = NULL;
    if (job->settings->bad_workers)
        log_line(LAMBDA_WARN, NULL,
                 "AWS_LAMBDA_MAX_CONCURRENCY '%.40s' is no number from 1 to %d, or to the MB of "
                 "memory: %u is taken",
                 job->settings->bad_workers, SETTINGS_WORKERS_MAX, job->settings->workers);
    if (snapshot_run_before(job->table, job->ctx) != 0) {
        loop_fail_init(job->rapi, &job->ctx->failure);
        return err_set(err, ERR_HANDLER, "a before-snapshot hook failed");
    }
    arena_trim(job->ctx->arena, 0);
    if (workers_run(job, &busy, err) != 0) {
        if (err->kind != ERR_CLOSED)
            fail_start(job->rapi, err);
        return -1;
    }
    crash_set_ending();
    run_shutdown_hooks(job->table, job->ctx);
    workers_end(busy);
    return 0;
}

static int run_alone(const struct workers_job *job, struct err *err)
{
    if (!stop_requested() && loop_run(job->rapi, job->table, job->ctx, err) != 0)
        return -1;
    crash_set_ending();
    run_shutdown_hooks(job->table, job->ctx);
    return 0;
}

/* Gives the exit status of the process. */
static int run(struct rapi *rapi, const struct settings *settings, struct arena *arena)
{
    static struct lambda_ctx ctx;
    struct module module = {0};
    struct conn extension;
    struct err err;
    ctx_init(&ctx, arena, settings->partial_failures);
    if (start(rapi, settings, &module, &ctx) != 0)
        return EXIT_FAILURE;
    arena_reset(arena);
    ask_for_sigterm(rapi, module.table, &extension);
    int status = settings->snap_start ? snapshot_pass(rapi, module.table, &ctx, respawn_happened())
                                      : EXIT_SUCCESS;
    const struct workers_job job = {settings, rapi, module.table, &ctx, extension.fd};
    if (status == EXIT_SUCCESS &&
        (settings->workers ? run_workers(&job, &err) : run_alone(&job, &err)) != 0) {
        log_line(LAMBDA_FATAL, NULL, "%s", err.msg);
        status = EXIT_FAILURE;
    }
    conn_close(&extension);
    ctx_fini(&ctx);
    return status;
}

/* On Lambda the address of the Runtime API is always there. Where it is not, a gateway beside this
 * program makes one of HTTP, and starts this program again. */
static void become_gateway(char **argv, struct err *err)
{
    static const char name[] = "gateway";
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - sizeof name);
    if (len < 0) {
        err_sys(err, "read /proc/self/exe (is /proc mounted?)");
        err_wrap(err, "AWS_LAMBDA_RUNTIME_API is not set, and the gateway beside this program, "
                      "which answers HTTP, is not found");
        return;
    }
    while (len > 0 && path[len - 1] != '/')
        len--;
    if (len <= 0)
        return;
    memcpy(path + len, name, sizeof name);
    argv[0] = path;
    execv(path, argv);
}

int main(int argc, char **argv)
{
    static struct rapi rapi;
    struct settings settings;
    struct arena arena = {0};
    struct err err;
    bool saved = respawn_save(argv, &err) == 0;
    if (!saved || settings_read(&settings, &err) != 0) {
        if (saved && argc > 0)
            become_gateway(argv, &err);
        fprintf(stderr, "bootstrap: %s\n", err.msg);
        return 1;
    }
    if (!settings.handler[0] && argc > 1) /* the command of an image */
        settings.handler = argv[1];
    log_begin(&settings);
    if (rapi_open(&rapi, settings.api, USER_AGENT, -1, &err) != 0) {
        log_line(LAMBDA_FATAL, NULL, "%s", err.msg);
        return 1;
    }
    if (prepare_process(&settings, &rapi.conn.wake_fd, &err) != 0 ||
        reserve_arena(&arena, settings.memory_mb, &err) != 0) {
        crash_set_ending();
        fail_start(&rapi, &err);
        return 1;
    }
    crash_set_connection(&rapi.conn.fd);
    int status = run(&rapi, &settings, &arena);
    crash_set_ending();
    rapi_close(&rapi);
    arena_fini(&arena);
    return status;
}

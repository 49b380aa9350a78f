/* SPDX-License-Identifier: Apache-2.0 */
/* gateway: the program that a container platform starts. Clients by HTTP on one side, the runtime
 * by the Runtime API on the other. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <uv.h>

#include "base/attr.h"
#include "gateway/front.h"
#include "gateway/limits.h"
#include "gateway/memory.h"
#include "gateway/options.h"
#include "gateway/runner.h"

#define EXIT_USAGE 2

struct gateway {
    uv_loop_t loop;
    uv_signal_t signals[2];
    uv_timer_t flush; /* for the last answers to be taken */
    struct front *front;
    struct runner *runner;
    bool ended; /* the runtime has */
};

/* Signals that come from here on find nobody, and must not look like a bad end. */
static void end(struct gateway *g)
{
    sigset_t both;
    sigemptyset(&both);
    sigaddset(&both, SIGTERM);
    sigaddset(&both, SIGINT);
    sigprocmask(SIG_BLOCK, &both, NULL);
    runner_close(g->runner);
    front_close(g->front);
    g->runner = NULL;
    g->front = NULL;
    for (size_t i = 0; i < ARRAY_LEN(g->signals); i++)
        uv_close((uv_handle_t *)&g->signals[i], NULL);
    uv_close((uv_handle_t *)&g->flush, NULL);
}

static void on_flushed(uv_timer_t *timer)
{
    end(timer->data);
}

static void on_stopped(void *cls)
{
    struct gateway *g = cls;
    g->ended = true;
    uv_timer_start(&g->flush, on_flushed, front_idle(g->front) ? 0 : GATEWAY_FLUSH_MS, 0);
}

static void on_idle(void *owner)
{
    struct gateway *g = owner;
    if (g->ended)
        uv_timer_start(&g->flush, on_flushed, 0, 0);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct gateway *g = handle->data;
    (void)number;
    if (!g->runner || g->ended)
        return;
    front_stop(g->front);
    runner_stop(g->runner);
}

/* PATH_MAX bytes. -1: it cannot be told. */
static int default_bootstrap(char *out, struct err *err)
{
    ssize_t len = readlink("/proc/self/exe", out, PATH_MAX - sizeof "bootstrap");
    if (len <= 0)
        return err_sys(err, "find the bootstrap beside this program (--bootstrap names one)");
    out[len] = '\0';
    strcpy(strrchr(out, '/') + 1, "bootstrap");
    return 0;
}

static int open_loop(struct gateway *g, struct err *err)
{
    static const int numbers[] = {SIGTERM, SIGINT};
    int rc = uv_loop_init(&g->loop);
    if (rc == 0)
        rc = uv_timer_init(&g->loop, &g->flush);
    g->flush.data = g;
    for (size_t i = 0; rc == 0 && i < ARRAY_LEN(numbers); i++) {
        rc = uv_signal_init(&g->loop, &g->signals[i]);
        g->signals[i].data = g;
        if (rc == 0)
            rc = uv_signal_start(&g->signals[i], on_signal, numbers[i]);
    }
    return rc == 0 ? 0 : err_set(err, ERR_SYSTEM, "start the event loop: %s", uv_strerror(rc));
}

/* With more than it has descriptors for, no newcomer could be let in at all. */
static unsigned most_connections(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur == RLIM_INFINITY)
        return GATEWAY_CONNECTIONS_MAX;
    if (files.rlim_cur <= GATEWAY_OWN_FILES)
        return 1;
    rlim_t most = files.rlim_cur - GATEWAY_OWN_FILES;
    return most < GATEWAY_CONNECTIONS_MAX ? (unsigned)most : GATEWAY_CONNECTIONS_MAX;
}

static int open_gateway(struct gateway *g, const struct options *options, const char *bootstrap,
                        struct err *err)
{
    const struct front_options front = {
        .loop = &g->loop,
        .port = options->port,
        .connections = most_connections(),
        .patience_ms = GATEWAY_PATIENCE_MS,
        .idle = on_idle,
        .owner = g,
    };
    if (open_loop(g, err) < 0)
        return -1;
    g->front = front_open(&front, err);
    if (!g->front)
        return -1;
    const struct runner_options runner = {
        .loop = &g->loop,
        .bootstrap = bootstrap,
        .handler = options->handler,
        .inherited = environ,
        .memory_mb = memory_limit("/sys/fs/cgroup"),
        .timeout_ms = options->timeout_ms,
        .hooks = &front_hooks,
        .owner = g->front,
        .stopped = on_stopped,
        .cls = g,
    };
    g->runner = runner_open(&runner, err);
    if (!g->runner)
        return -1;
    front_connect(g->front, g->runner);
    return runner_start(g->runner, err);
}

int main(int argc, char **argv)
{
    static struct gateway gateway;
    static char beside[PATH_MAX];
    struct options options;
    struct err err;
    (void)argc;
    if (options_read(&options, argv, getenv, &err) < 0) {
        fprintf(stderr, "gateway: %s\n", err.msg);
        return EXIT_USAGE;
    }
    if (options.help) {
        fputs(options_usage, stdout);
        return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    signal(SIGPIPE, SIG_IGN);
    if ((!options.bootstrap && default_bootstrap(beside, &err) < 0) ||
        open_gateway(&gateway, &options, options.bootstrap ? options.bootstrap : beside, &err) <
            0) {
        fprintf(stderr, "gateway: %s\n", err.msg);
        return EXIT_FAILURE;
    }
    fprintf(stderr, "gateway: listens on port %u\n", front_port(gateway.front));
    uv_run(&gateway.loop, UV_RUN_DEFAULT);
    uv_loop_close(&gateway.loop);
    return EXIT_SUCCESS;
}

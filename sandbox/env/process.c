/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "env/state.h"

#define READ_SIZE (64 << 10)
#define READ_TURN 4 /* reads of one pipe in one turn of the loop */

static void emit(void *owner, const char *text, size_t len)
{
    struct environment *e = owner;
    e->options.hooks->log(e->options.owner, ENVIRONMENT_LOG_FUNCTION, text, len);
}

/* Reads up to turns times; false when there is nothing more for now. */
static bool read_pipe(struct environment *e, int i, unsigned turns)
{
    static char bytes[READ_SIZE]; /* one loop, one thread: nobody reads while another does */
    while (e->output[i] && turns--) {
        ssize_t n = read(watch_fd(e->output[i]), bytes, sizeof bytes);
        if (n > 0) {
            lines_feed(&e->lines[i], bytes, (size_t)n, emit, e);
            continue;
        }
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return false;
        watch_close(e->output[i]);
        e->output[i] = NULL;
    }
    return e->output[i] != NULL;
}

static void on_stdout(void *cls)
{
    read_pipe(cls, 0, READ_TURN);
}

static void on_stderr(void *cls)
{
    read_pipe(cls, 1, READ_TURN);
}

void process_drain(struct environment *e, bool complete)
{
    /* what a pipe holds, and no endless stream if somebody still writes */
    unsigned turns = (1 << 20) / READ_SIZE + 2;
    for (int i = 0; i < 2; i++) {
        read_pipe(e, i, turns);
        if (complete)
            lines_flush(&e->lines[i], emit, e);
    }
}

static unsigned megabytes(uint64_t bytes)
{
    return (unsigned)((bytes + (1 << 20) - 1) >> 20);
}

bool process_sample(struct environment *e)
{
    struct jail_usage usage;
    struct err ignored;
    e->sampled_us = clock_now_us();
    if (jail_sample(e->jail, &usage, &ignored) < 0)
        return false;
    unsigned limit = e->options.settings->memory_mb, used = megabytes(usage.memory_peak_bytes);
    if (used > e->max_memory_mb)
        e->max_memory_mb = used < limit ? used : limit;
    return usage.oom;
}

static void on_tick(uv_timer_t *timer)
{
    struct environment *e = timer->data;
    if (process_sample(e)) {
        lifecycle_fail(e, &(struct fault){FAULT_KIND_OOM, 9, NULL});
        return;
    }
    struct init_error *init = &e->init_error;
    if (e->state == ENVIRONMENT_INIT && init->posted &&
        clock_now_us() - init->at_us > STATE_INIT_GRACE_US)
        lifecycle_fail(e, &(struct fault){FAULT_KIND_SIGNAL, 9, NULL});
}

void process_watch_memory(struct environment *e, bool on)
{
    if (on)
        uv_timer_start(&e->tick, on_tick, STATE_SAMPLE_MS, STATE_SAMPLE_MS);
    else
        uv_timer_stop(&e->tick);
}

static void on_oom(void *cls)
{
    struct environment *e = cls;
    uint64_t count;
    /* the notification comes with the shortage, the kill may follow: the samples see it */
    if (read(watch_fd(e->oom), &count, sizeof count) < 0)
        return;
    if ((e->state == ENVIRONMENT_INIT || e->state == ENVIRONMENT_BUSY) && process_sample(e))
        lifecycle_fail(e, &(struct fault){FAULT_KIND_OOM, 9, NULL});
}

static void on_exit_fd(void *cls)
{
    struct environment *e = cls;
    struct jail_exit how;
    struct err ignored;
    struct fault f = {FAULT_KIND_SIGNAL, 9, NULL};
    bool oom = process_sample(e);
    if (jail_wait(e->jail, &how, &ignored) == 0)
        f = fault_from_exit(&how, e->bootstrap);
    if (oom && f.kind != FAULT_KIND_EXEC)
        f = (struct fault){FAULT_KIND_OOM, 9, NULL};
    lifecycle_fail(e, &f);
}

static int listen_host(struct environment *e, struct err *err)
{
    if (e->listening || e->options.settings->own_network)
        return 0;
    /* one loopback address for each environment: the port stays Lambda's own */
    unsigned slot = jail_slot(e->jail);
    snprintf(e->address, sizeof e->address, "127.100.%u.%u", 1 + slot / 250 % 250, 1 + slot % 250);
    if (e->options.hooks->listen(e->options.owner, e, -1, e->address, &e->endpoint, err) < 0)
        return -1;
    e->listening = true;
    return 0;
}

static int build_vars(struct environment *e, struct err *err)
{
    const struct settings *s = e->options.settings;
    if (e->vars.envp)
        return 0;
    if (s->own_network)
        snprintf(e->api, sizeof e->api, "%s:%u", s->profile->api_address, s->profile->api_port);
    else
        snprintf(e->api, sizeof e->api, "%s:%u", e->address, e->endpoint.port);
    return vars_block_init(&e->vars, s, e->api, e->log_stream, err);
}

static int watch_process(struct environment *e, struct jail_io *io, struct err *err)
{
    struct uv_loop_s *loop = e->options.loop;
    if (e->oom == NULL && jail_oom_fd(e->jail) >= 0) {
        e->oom = watch_open(loop, jail_oom_fd(e->jail), false, on_oom, e, err);
        if (!e->oom)
            return -1;
    }
    e->output[0] = watch_open(loop, attr_take_fd(&io->stdout_fd), true, on_stdout, e, err);
    if (e->output[0])
        e->output[1] = watch_open(loop, attr_take_fd(&io->stderr_fd), true, on_stderr, e, err);
    if (e->output[1])
        e->exit = watch_open(loop, attr_take_fd(&io->exit_fd), true, on_exit_fd, e, err);
    return e->exit ? 0 : -1;
}

static void close_io(struct jail_io *io)
{
    attr_close(&io->stdout_fd);
    attr_close(&io->stderr_fd);
    attr_close(&io->exit_fd);
    attr_close(&io->listen_fd);
}

static int attach(struct environment *e, struct jail_io *io, struct err *err)
{
    if (watch_process(e, io, err) < 0)
        return -1;
    if (!e->options.settings->own_network)
        return 0;
    return e->options.hooks->listen(e->options.owner, e, attr_take_fd(&io->listen_fd), e->address,
                                    &e->endpoint, err);
}

static int spawn(struct environment *e, struct err *err)
{
    const char *const argv[] = {e->bootstrap, NULL};
    struct jail_program program = {.path = e->bootstrap,
                                   .argv = argv,
                                   .envp = (const char *const *)e->vars.envp,
                                   .cwd = "/var/task"};
    struct jail_io io = {-1, -1, -1, -1};
    int64_t begin = clock_now_us();
    if (jail_throttle(e->jail, false, err) < 0 || jail_spawn(e->jail, &program, &io, err) < 0)
        return -1;
    e->exec_at_us = jail_timing(e->jail).exec_at_us;
    e->timing.exec_us = e->exec_at_us - begin;
    e->timing.starts++;
    int status = attach(e, &io, err);
    close_io(&io);
    return status;
}

int process_start(struct environment *e, struct err *err)
{
    e->saw_oom = false;
    e->frozen = false;
    e->max_memory_mb = 0;
    e->early = (struct fault){0};
    e->init_error.posted = false;
    e->bootstrap = code_bootstrap(e->options.code);
    e->exec_at_us = clock_now_us();
    if (!e->bootstrap) {
        e->early.kind = FAULT_KIND_NO_BOOTSTRAP;
        return 0;
    }
    if (listen_host(e, err) < 0 || build_vars(e, err) < 0)
        return -1;
    if (spawn(e, err) < 0) {
        process_stop(e);
        return -1;
    }
    process_watch_memory(e, true);
    return 0;
}

void process_stop(struct environment *e)
{
    process_watch_memory(e, false);
    watch_close(e->exit);
    e->exit = NULL;
    jail_kill(e->jail);
    process_drain(e, true);
    for (int i = 0; i < 2; i++) {
        watch_close(e->output[i]);
        e->output[i] = NULL;
    }
    if (e->endpoint.channel.reset)
        e->endpoint.channel.reset(e->endpoint.channel.server);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/session.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <uv.h>

#include "api/server.h"
#include "cmd/command.h"
#include "cmd/failure.h"
#include "cmd/output.h"
#include "cmd/paths.h"
#include "env/watch.h"
#include "jail/jail.h"

#define RUNTIME_API_PORT 9001

struct session {
    uv_loop_t loop;
    const struct launch *launch;
    struct environment *environment;
    struct environment_timing timing;
    struct server *server;
    struct watch *signals;
    int signal_fd;
    char policy[PATH_MAX];
    const struct payloads *payloads;
    size_t next; /* payload */
    int code;
};

static void stop(struct session *s, int code)
{
    s->code = code;
    uv_stop(&s->loop);
}

static void stop_for(struct session *s, const struct err *err)
{
    if (err->kind != ERR_CLOSED)
        output_error(err);
    stop(s, failure_exit_code(err));
}

static int on_listen(void *owner, struct environment *e, int listen_fd, const char *address,
                     struct environment_endpoint *out, struct err *err)
{
    struct session *s = owner;
    struct server_options o = {
        .loop = &s->loop,
        .listen_fd = listen_fd,
        .address = address,
        .port = RUNTIME_API_PORT,
        .check_peer = listen_fd < 0,
        .peer = environment_uid(e),
        .events = &environment_events,
        .env = e,
    };
    server_close(s->server);
    s->server = server_open(&o, err);
    if (!s->server && listen_fd < 0 && err->sys == EADDRINUSE) {
        o.port = 0; /* somebody has Lambda's port on all addresses */
        s->server = server_open(&o, err);
    }
    if (!s->server)
        return -1;
    *out = (struct environment_endpoint){server_channel(s->server), server_port(s->server)};
    return 0;
}

static int print_answer(const struct session *s, const struct environment_answer *a,
                        struct err *err)
{
    AUTO_BUF struct buf line;
    buf_init(&line, 8 * (size_t)ENV_RESPONSE_MAX);
    if (s->payloads->count > 1) {
        output_answer_line(a->body, a->body_len, &line);
        if (buf_check(&line, "an answer", err) < 0)
            return -1;
        return output_write(STDOUT_FILENO, line.ptr, line.len, s->signal_fd, err);
    }
    if (output_write(STDOUT_FILENO, a->body, a->body_len, s->signal_fd, err) < 0)
        return -1;
    if (a->body_len && a->body[a->body_len - 1] == '\n')
        return 0;
    return output_write(STDOUT_FILENO, "\n", 1, s->signal_fd, err);
}

static void on_answer(void *owner, const struct environment_answer *answer)
{
    struct session *s = owner;
    struct err err = {0};
    if (answer->failed && s->code == EXIT_DONE)
        s->code = EXIT_FAILED;
    if (print_answer(s, answer, &err) < 0)
        stop_for(s, &err);
}

static void invoke_next(struct session *s)
{
    struct err err = {0};
    const struct payload *p = &s->payloads->items[s->next++];
    struct environment_event event = {.body = p->bytes, .body_len = p->len};
    if (environment_invoke(s->environment, &event, &err) < 0)
        stop_for(s, &err);
}

static void on_done(void *owner, const struct report *report)
{
    struct session *s = owner;
    (void)report;
    if (s->code > EXIT_FAILED || s->next == s->payloads->count)
        stop(s, s->code);
    else
        invoke_next(s);
}

static void on_failed(void *owner, const struct err *err)
{
    stop_for(owner, err);
}

static void on_log(void *owner, enum environment_log kind, const char *text, size_t len)
{
    struct session *s = owner;
    output_log(kind == ENVIRONMENT_LOG_PLATFORM ? OUTPUT_DIM : OUTPUT_PLAIN, text, len,
               s->signal_fd);
}

static const struct environment_hooks hooks = {
    .listen = on_listen,
    .answer = on_answer,
    .done = on_done,
    .failed = on_failed,
    .log = on_log,
};

static void on_signal(void *cls)
{
    stop(cls, EXIT_INTERRUPTED);
}

static int block_signals(struct session *s, struct err *err)
{
    sigset_t set = command_signals();
    /* a reader that is gone is an error of write, not a death */
    signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return err_sys(err, "block signals");
    s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (s->signal_fd < 0)
        return err_sys(err, "open a signalfd");
    s->signals = watch_open(&s->loop, s->signal_fd, false, on_signal, s, err);
    return s->signals ? 0 : -1;
}

static int build(struct session *s, struct err *err)
{
    if (block_signals(s, err) < 0 || paths_policy(s->policy, err) < 0)
        return -1;
    struct environment_options o = {
        .loop = &s->loop,
        .settings = &s->launch->settings,
        .code = &s->launch->function.code,
        .policy_path = s->policy,
        .hooks = &hooks,
        .owner = s,
    };
    s->environment = environment_open(&o, err);
    return s->environment ? 0 : -1;
}

/* One line each: nobody shall take a run without limits for one with them. */
static void tell_relaxed(const struct session *s)
{
    for (int i = 0; i < JAIL_LIMIT_COUNT; i++) {
        const struct jail_hold *hold = environment_hold(s->environment, (enum jail_limit)i);
        if (!hold->mechanism)
            output_note("warning: %s (--relax %s): %s", limit_missing[i], limit_names[i],
                        hold->why);
    }
}

struct session *session_open(const struct launch *launch, struct err *err)
{
    struct session *s = calloc(1, sizeof *s);
    if (!s) {
        err_set(err, ERR_MEMORY, "no memory for a session");
        return NULL;
    }
    s->signal_fd = -1;
    s->launch = launch;
    int status = uv_loop_init(&s->loop);
    if (status < 0) {
        err_set(err, ERR_SYSTEM, "open an event loop: %s", uv_strerror(status));
        free(s);
        return NULL;
    }
    if (build(s, err) == 0) {
        tell_relaxed(s);
        return s;
    }
    struct err ignored = {0};
    sigset_t set = command_signals();
    session_close(s, &ignored);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    return NULL;
}

int session_interrupt_fd(const struct session *s)
{
    return s->signal_fd;
}

int session_run(struct session *s, const struct payloads *payloads)
{
    struct err err = {0};
    s->payloads = payloads;
    s->code = EXIT_DONE;
    if (environment_start(s->environment, &err) < 0) {
        stop_for(s, &err);
        return s->code;
    }
    invoke_next(s);
    if (s->code <= EXIT_FAILED)
        uv_run(&s->loop, UV_RUN_DEFAULT);
    s->timing = environment_timing(s->environment);
    return s->code;
}

struct environment_timing session_timing(const struct session *s)
{
    return s->timing;
}

bool session_reaches_metadata(const struct session *s)
{
    return environment_reaches_metadata(s->environment);
}

/* What runs that were killed have left; that it cannot be removed is no fault of this one. */
static void sweep(void)
{
    struct err ignored;
    if (jail_sweep(&ignored) < 0)
        return;
}

int session_close(struct session *s, struct err *err)
{
    if (!s)
        return 0;
    err->kind = ERR_NONE;
    environment_close(s->environment, err);
    sweep();
    server_close(s->server);
    watch_close(s->signals);
    /* only handles that are being closed are left */
    uv_run(&s->loop, UV_RUN_DEFAULT);
    uv_loop_close(&s->loop);
    if (s->signal_fd >= 0)
        close(s->signal_fd);
    free(s);
    return err->kind == ERR_NONE ? 0 : -1;
}

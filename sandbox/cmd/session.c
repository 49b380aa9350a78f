/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/session.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launch/command.h"
#include "launch/failure.h"
#include "launch/instance.h"
#include "launch/output.h"
#include "launch/record.h"
#include "launch/runloop.h"

struct session {
    struct runloop loop;
    struct instance *instance;
    struct environment *environment; /* of the instance */
    struct environment_timing timing;
    struct record_lane *lane; /* NULL: nothing is recorded */
    const struct payloads *payloads;
    size_t next; /* payload */
    int code;
};

static void stop(struct session *s, int code)
{
    s->code = code;
    uv_stop(&s->loop.loop);
}

static void stop_for(struct session *s, const struct err *err)
{
    if (err->kind != ERR_CLOSED)
        output_error(err);
    stop(s, failure_exit_code(err));
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
        return output_write(STDOUT_FILENO, line.ptr, line.len, s->loop.signal_fd, err);
    }
    if (output_write(STDOUT_FILENO, a->body, a->body_len, s->loop.signal_fd, err) < 0)
        return -1;
    if (a->body_len && a->body[a->body_len - 1] == '\n')
        return 0;
    return output_write(STDOUT_FILENO, "\n", 1, s->loop.signal_fd, err);
}

static void on_answer(void *owner, const struct environment_answer *answer)
{
    struct session *s = owner;
    struct err err = {0};
    if (answer->failed && s->code == EXIT_DONE)
        s->code = EXIT_FAILED;
    record_lane_answer(s->lane, answer);
    if (print_answer(s, answer, &err) < 0)
        stop_for(s, &err);
}

static void invoke_next(struct session *s)
{
    struct err err = {0};
    const struct payload *p = &s->payloads->items[s->next++];
    struct environment_event event = {.body = p->bytes, .body_len = p->len};
    record_lane_begin(s->lane, &event);
    if (environment_invoke(s->environment, &event, &err) < 0)
        stop_for(s, &err);
}

static void on_done(void *owner, const struct report *report)
{
    struct session *s = owner;
    record_lane_done(s->lane, report, s->environment);
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
    record_lane_log(s->lane, kind, text, len);
    output_log(kind == ENVIRONMENT_LOG_PLATFORM ? OUTPUT_DIM : OUTPUT_PLAIN, text, len,
               s->loop.signal_fd);
}

static const struct environment_hooks hooks = {
    .answer = on_answer,
    .done = on_done,
    .failed = on_failed,
    .log = on_log,
};

static void on_signal(void *cls)
{
    stop(cls, EXIT_INTERRUPTED);
}

static int build(struct session *s, const struct launch *launch, struct err *err)
{
    struct instance_options o = {
        .loop = &s->loop.loop, .launch = launch, .hooks = &hooks, .owner = s};
    if (runloop_open(&s->loop, on_signal, s, err) < 0)
        return -1;
    s->instance = instance_open(&o, err);
    if (s->instance) {
        s->environment = instance_environment(s->instance);
        return 0;
    }
    runloop_close(&s->loop);
    runloop_unblock();
    return -1;
}

struct session *session_open(const struct launch *launch, struct err *err)
{
    struct session *s = calloc(1, sizeof *s);
    if (!s) {
        err_set(err, ERR_MEMORY, "no memory for a session");
        return NULL;
    }
    if (build(s, launch, err) == 0) {
        instance_tell_relaxed(s->instance);
        return s;
    }
    free(s);
    return NULL;
}

int session_interrupt_fd(const struct session *s)
{
    return s->loop.signal_fd;
}

int session_run(struct session *s, const struct payloads *payloads, struct record *record)
{
    struct err err = {0};
    s->payloads = payloads;
    s->code = EXIT_DONE;
    if (record_lane_open(record, &s->lane, &err) < 0 ||
        environment_start(s->environment, &err) < 0) {
        stop_for(s, &err);
        return s->code;
    }
    invoke_next(s);
    if (s->code <= EXIT_FAILED)
        uv_run(&s->loop.loop, UV_RUN_DEFAULT);
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

int session_close(struct session *s, struct err *err)
{
    if (!s)
        return 0;
    err->kind = ERR_NONE;
    instance_close(s->instance, err);
    instance_sweep();
    runloop_close(&s->loop);
    record_lane_close(s->lane);
    free(s);
    return err->kind == ERR_NONE ? 0 : -1;
}

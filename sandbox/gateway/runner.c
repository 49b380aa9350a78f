/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <uv.h>

#include "api/server.h"
#include "base/clock.h"
#include "env/fault.h"
#include "gateway/child.h"
#include "gateway/request.h"
#include "gateway/variables.h"

#define ADDRESS   "127.0.0.1"
#define ACCOUNT   "123456789012"
#define ARN_MAX   512
#define LATE_MS   20 /* a limit noticed later than this: the process stood still */
#define REHEAR_MS 50 /* then the runtime is heard once more */
#define TEXT_MAX  4096

enum state {
    STATE_DOWN,
    STATE_INIT,
    STATE_READY,
    STATE_BUSY,
    STATE_ANSWERED,
    STATE_ENDING, /* it was told to end, or killed */
};

struct runner {
    struct runner_options options;
    struct server *server;
    struct env_channel channel;
    struct variables variables;
    char log_stream[IDS_LOG_STREAM_SIZE], arn[ARN_MAX];
    enum state state;
    pid_t pid;
    bool exited; /* and what it has sent is heard */
    int status;
    bool had_event; /* since it was ready last: then it is started anew at once */
    bool truncated; /* its answer broke: has it ended? */
    bool stopping;
    struct queue queue;
    struct request *current;
    bool init_posted;
    struct buf init_error;
    struct fault fault; /* why it was killed in its init */
    int64_t started_ms, limit_due_ms, limit_ms;
    bool limit_heard;
    uv_timer_t limit, settle;
    uv_signal_t child;
    int handles; /* that uv has not closed yet */
};

static int64_t now_ms(void)
{
    return (int64_t)(uv_hrtime() / 1000000);
}

static void on_limit(uv_timer_t *timer);

static void limit_start(struct runner *r, int64_t ms)
{
    r->limit_heard = false;
    r->limit_ms = ms;
    r->limit_due_ms = now_ms() + ms;
    uv_update_time(r->options.loop);
    uv_timer_start(&r->limit, on_limit, (uint64_t)ms, 0);
}

/* ---- answers ------------------------------------------------------------------------------- */

static void answer(struct runner *r, struct request *request, const struct outcome *outcome)
{
    r->options.hooks->answer(r->options.owner, request, outcome);
}

static void refuse(struct runner *r, struct request *request)
{
    answer(r, request, &(struct outcome){.kind = OUTCOME_REFUSED});
}

static void answer_fault(struct runner *r, struct request *request, const struct fault *f)
{
    AUTO_BUF struct buf text;
    buf_init(&text, TEXT_MAX);
    fault_payload(f, request->id, &text);
    answer(r, request,
           &(struct outcome){
               .kind = f->kind == FAULT_KIND_TIMEOUT ? OUTCOME_TIMEOUT : OUTCOME_BROKEN,
               .body = text.ptr ? text.ptr : "",
               .len = text.len,
           });
}

/* What answers the event that the runtime has. */
static struct request *take_current(struct runner *r)
{
    struct request *request = r->current;
    r->current = NULL;
    r->truncated = false;
    r->state = STATE_ANSWERED;
    return request;
}

static struct request *take_first(struct runner *r)
{
    struct request *request = queue_pop(&r->queue);
    request->state = REQUEST_RUNNING;
    return request;
}

static void say(const struct fault *f, const char *when)
{
    AUTO_BUF struct buf text;
    buf_init(&text, TEXT_MAX);
    fault_payload(f, "-", &text);
    fprintf(stderr, "gateway: the runtime ended %s: %s\n", when, text.ptr ? text.ptr : "");
}

/* ---- the way of an event ------------------------------------------------------------------- */

static int start(struct runner *r, struct err *err)
{
    r->started_ms = now_ms();
    if (child_spawn(r->options.bootstrap, r->variables.envp, &r->pid, err) < 0)
        return -1;
    r->state = STATE_INIT;
    r->had_event = false;
    r->init_posted = false;
    r->fault = (struct fault){0};
    int64_t ms = r->options.timeout_ms;
    limit_start(r, ms > GATEWAY_INIT_MS ? ms : GATEWAY_INIT_MS);
    return 0;
}

static void start_or_say(struct runner *r)
{
    struct err err;
    if (start(r, &err) < 0)
        fprintf(stderr, "gateway: %s\n", err.msg);
}

static void deliver(struct runner *r, struct request *request)
{
    struct err err;
    struct env_invocation out = {
        .request_id = request->id,
        .deadline_ms = clock_wall_ms() + r->options.timeout_ms,
        .function_arn = r->arn,
        .trace_id = request->trace_id,
        .client_context = request->client_context,
        .content_type = request->content_type,
        .body = request->body.ptr,
        .body_len = request->body.len,
    };
    r->current = request;
    r->state = STATE_BUSY;
    r->had_event = true;
    limit_start(r, r->options.timeout_ms);
    if (r->channel.deliver(r->channel.server, &out, &err) == 0)
        return;
    fprintf(stderr, "gateway: %s\n", err.msg);
    refuse(r, take_current(r));
    uv_timer_stop(&r->limit);
    r->state = STATE_READY;
}

/* The first event goes to the runtime when that is free, and is a reason to start it. */
static void step(struct runner *r)
{
    while (r->queue.first && (r->state == STATE_DOWN || r->state == STATE_READY)) {
        struct request *first = r->queue.first;
        struct err err;
        if (first->late && r->options.hooks->gone(r->options.owner, first))
            refuse(r, take_first(r));
        else if (r->state == STATE_READY)
            deliver(r, take_first(r));
        else if (start(r, &err) < 0)
            answer_fault(r, take_first(r),
                         &(struct fault){FAULT_KIND_EXEC, err.sys, r->options.bootstrap});
    }
}

static void ask_to_end(struct runner *r)
{
    child_terminate(r->pid);
    r->state = STATE_ENDING;
    limit_start(r, GATEWAY_STOP_MS);
}

static void on_next(void *env)
{
    struct runner *r = env;
    if (r->exited || r->state == STATE_ENDING)
        return;
    if (r->state == STATE_BUSY)
        answer_fault(r, take_current(r), &(struct fault){.kind = FAULT_KIND_TRUNCATED});
    uv_timer_stop(&r->limit);
    r->state = STATE_READY;
    r->had_event = false;
    if (r->stopping)
        ask_to_end(r);
    else
        step(r);
}

static void on_answer(struct runner *r, const struct env_answer *a, enum outcome_kind kind)
{
    if (r->state == STATE_BUSY)
        answer(r, take_current(r), &(struct outcome){kind, a->content_type, a->body, a->body_len});
}

static void on_response(void *env, const struct env_answer *a)
{
    on_answer(env, a, OUTCOME_RESPONSE);
}

static void on_error(void *env, const struct env_answer *a)
{
    on_answer(env, a, OUTCOME_ERROR);
}

static void on_init_error(void *env, const struct env_answer *a)
{
    struct runner *r = env;
    if (r->state != STATE_INIT || r->init_posted)
        return;
    buf_reset(&r->init_error);
    buf_add(&r->init_error, a->body, a->body_len);
    r->init_posted = true;
    limit_start(r, GATEWAY_INIT_GRACE_MS);
}

/* An answer breaks off when its process ends: then that says more, and comes in a moment. */
static void on_broken(void *env, enum env_broken what, size_t size)
{
    static const enum fault_kind kinds[] = {
        [ENV_TOO_LARGE] = FAULT_KIND_TOO_LARGE,
        [ENV_TRUNCATED] = FAULT_KIND_TRUNCATED,
        [ENV_BAD_MODE] = FAULT_KIND_BAD_MODE,
    };
    struct runner *r = env;
    (void)size;
    if (r->state != STATE_BUSY)
        return;
    if (what == ENV_TRUNCATED) {
        r->truncated = true;
        limit_start(r, GATEWAY_INIT_GRACE_MS);
    } else {
        answer_fault(r, take_current(r), &(struct fault){.kind = kinds[what]});
    }
}

static const struct env_events events = {
    .next = on_next,
    .response = on_response,
    .error = on_error,
    .init_error = on_init_error,
    .broken_response = on_broken,
};

/* ---- limits and ends ----------------------------------------------------------------------- */

static void limit_reached(struct runner *r)
{
    const struct fault timeout = {FAULT_KIND_TIMEOUT, (int)r->limit_ms, NULL};
    if (r->state == STATE_BUSY && r->truncated) {
        answer_fault(r, take_current(r), &(struct fault){.kind = FAULT_KIND_TRUNCATED});
        limit_start(r, r->options.timeout_ms);
        return;
    }
    if (r->state == STATE_BUSY)
        answer_fault(r, take_current(r), &timeout);
    else if (r->state == STATE_ANSWERED)
        fprintf(stderr, "gateway: the runtime asked for no event after its answer: killed\n");
    if (r->state == STATE_INIT)
        r->fault = timeout;
    else
        r->state = STATE_ENDING;
    child_kill(r->pid);
}

/* While this process stood still (a container that has no CPU between requests) the runtime may
 * not have: what it has sent in time waits in the sockets. */
static void on_limit(uv_timer_t *timer)
{
    struct runner *r = timer->data;
    if (!r->pid || r->exited)
        return;
    if (!r->limit_heard && now_ms() - r->limit_due_ms > LATE_MS) {
        r->limit_heard = true;
        uv_timer_start(timer, on_limit, REHEAR_MS, 0);
        return;
    }
    limit_reached(r);
}

static struct fault fault_of(const struct runner *r)
{
    if (r->fault.kind)
        return r->fault;
    if (WIFSIGNALED(r->status))
        return (struct fault){FAULT_KIND_SIGNAL, WTERMSIG(r->status), NULL};
    return (struct fault){FAULT_KIND_EXIT, WEXITSTATUS(r->status), NULL};
}

/* The event that an init was for, if there is one, gets what became of it. */
static void init_failed(struct runner *r, const struct fault *f)
{
    say(f, "in its init");
    if (!r->queue.first)
        return;
    struct request *first = take_first(r);
    if (r->init_posted)
        answer(r, first,
               &(struct outcome){.kind = OUTCOME_ERROR,
                                 .body = r->init_error.ptr ? r->init_error.ptr : "",
                                 .len = r->init_error.len});
    else
        answer_fault(r, first, f);
}

static void on_settled(uv_timer_t *timer)
{
    struct runner *r = timer->data;
    const struct fault f = fault_of(r);
    enum state was = r->state;
    uv_timer_stop(&r->limit);
    r->channel.reset(r->channel.server);
    r->state = STATE_DOWN;
    r->pid = 0;
    r->exited = false;
    if (was == STATE_INIT) {
        init_failed(r, &f);
    } else if (was == STATE_BUSY) {
        say(&f, "while it had an event");
        answer_fault(r, take_current(r), &f);
        r->state = STATE_DOWN;
    } else if (was == STATE_READY) {
        say(&f, "while it waited");
    }
    if (r->stopping) {
        r->options.stopped(r->options.cls);
        return;
    }
    if (r->had_event)
        start_or_say(r);
    step(r);
}

static void on_child(uv_signal_t *handle, int number)
{
    struct runner *r = handle->data;
    (void)number;
    if (!child_reap(r->pid, &r->status))
        return;
    r->exited = true;
    uv_timer_start(&r->settle, on_settled, GATEWAY_SETTLE_MS, 0);
}

/* ---- its face ------------------------------------------------------------------------------ */

static int prepare_variables(struct runner *r, struct err *err)
{
    char api[32];
    snprintf(api, sizeof api, ADDRESS ":%u", server_port(r->server));
    if (ids_log_stream(clock_wall_ms(), r->log_stream, err) < 0)
        return -1;
    const struct variables_source source = {
        .inherited = r->options.inherited,
        .api = api,
        .handler = r->options.handler,
        .log_stream = r->log_stream,
        .memory_mb = r->options.memory_mb,
    };
    if (variables_init(&r->variables, &source, err) < 0)
        return -1;
    snprintf(r->arn, sizeof r->arn, "arn:aws:lambda:%s:" ACCOUNT ":function:%s",
             r->variables.region, r->variables.name);
    return 0;
}

static int open_handles(struct runner *r, struct err *err)
{
    uv_loop_t *loop = r->options.loop;
    uv_timer_init(loop, &r->limit); /* these two cannot fail */
    uv_timer_init(loop, &r->settle);
    r->handles = 2;
    r->limit.data = r->settle.data = r->child.data = r;
    int rc = uv_signal_init(loop, &r->child);
    r->handles += rc == 0;
    if (rc == 0)
        rc = uv_signal_start(&r->child, on_child, SIGCHLD);
    return rc == 0 ? 0 : err_set(err, ERR_SYSTEM, "watch the runtime: %s", uv_strerror(rc));
}

/* Others in the same container or pod must not take events. Where the kernel does not tell who they
 * are, as in a kernel of the platform's own, there is no other way than without. */
static int open_server(struct runner *r, struct err *err)
{
    struct server_options options = {.loop = r->options.loop,
                                     .listen_fd = -1,
                                     .address = ADDRESS,
                                     .check_peer = true,
                                     .peer = geteuid(),
                                     .or_root = true,
                                     .process = &r->pid,
                                     .events = &events,
                                     .env = r};
    r->server = server_open(&options, err);
    if (!r->server && err->kind == ERR_HOST) {
        fprintf(stderr, "gateway: this kernel does not tell who owns a connection: other users of "
                        "this container or pod can reach the Runtime API\n");
        options.check_peer = false;
        r->server = server_open(&options, err);
    }
    if (!r->server)
        return -1;
    r->channel = server_channel(r->server);
    return 0;
}

struct runner *runner_open(const struct runner_options *options, struct err *err)
{
    struct runner *r = calloc(1, sizeof *r);
    if (!r) {
        err_set(err, ERR_MEMORY, "no memory for the gateway");
        return NULL;
    }
    r->options = *options;
    buf_init(&r->init_error, ENV_RESPONSE_MAX);
    if (open_handles(r, err) < 0 || open_server(r, err) < 0 || prepare_variables(r, err) < 0) {
        runner_close(r);
        return NULL;
    }
    return r;
}

int runner_start(struct runner *r, struct err *err)
{
    return start(r, err);
}

bool runner_has_room(struct runner *r)
{
    if (r->queue.length < GATEWAY_QUEUE_MAX)
        return true;
    for (struct request *at = r->queue.first, *next; at; at = next) {
        next = at->next;
        if (!r->options.hooks->gone(r->options.owner, at))
            continue;
        queue_remove(&r->queue, at);
        refuse(r, at);
    }
    return r->queue.length < GATEWAY_QUEUE_MAX;
}

void runner_submit(struct runner *r, struct request *request)
{
    if (r->stopping) {
        refuse(r, request);
        return;
    }
    request->state = REQUEST_WAITING;
    request->late = r->state != STATE_READY || r->queue.first;
    queue_push(&r->queue, request);
    step(r);
}

void runner_withdraw(struct runner *r, struct request *request)
{
    queue_remove(&r->queue, request);
}

bool runner_ready(const struct runner *r)
{
    return r->state == STATE_READY || r->state == STATE_BUSY || r->state == STATE_ANSWERED;
}

void runner_nudge(struct runner *r)
{
    if (r->state == STATE_DOWN && !r->stopping && now_ms() - r->started_ms >= GATEWAY_RESTART_MS)
        start_or_say(r);
}

void runner_stop(struct runner *r)
{
    if (r->stopping) {
        if (r->pid && !r->exited)
            child_kill(r->pid);
        return;
    }
    r->stopping = true;
    while (r->queue.first)
        refuse(r, take_first(r));
    if (r->state == STATE_DOWN)
        r->options.stopped(r->options.cls);
    else if (!r->exited && (r->state == STATE_INIT || r->state == STATE_READY))
        ask_to_end(r);
}

static void on_closed(uv_handle_t *handle)
{
    struct runner *r = handle->data;
    if (--r->handles > 0)
        return;
    variables_fini(&r->variables);
    buf_free(&r->init_error);
    free(r);
}

void runner_close(struct runner *r)
{
    if (!r)
        return;
    server_close(r->server);
    if (r->pid && !r->exited)
        child_kill(r->pid);
    uv_handle_t *const handles[] = {(uv_handle_t *)&r->limit, (uv_handle_t *)&r->settle,
                                    (uv_handle_t *)&r->child};
    int open = r->handles;
    for (int i = 0; i < open; i++)
        uv_close(handles[i], on_closed);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "env/state.h"

void state_log(struct environment *e)
{
    if (e->text.len)
        e->options.hooks->log(e->options.owner, ENVIRONMENT_LOG_PLATFORM, e->text.ptr, e->text.len);
    buf_reset(&e->text);
}

void lifecycle_give_up(struct environment *e, const struct err *err)
{
    uv_timer_stop(&e->limit);
    process_stop(e);
    e->state = ENVIRONMENT_FAILED;
    e->options.hooks->failed(e->options.owner, err);
}

/* While this process stood still (Ctrl-Z, a reader of its output that pauses) the runtime did not:
 * what it has sent in time waits in the sockets, which the loop looks at after the timers. */
static void on_limit(uv_timer_t *timer)
{
    struct environment *e = timer->data;
    if (!e->limit_heard && clock_now_us() - e->limit_due_us > STATE_LATE_US) {
        e->limit_heard = true;
        uv_timer_start(timer, on_limit, STATE_LATE_GRACE_MS, 0);
        return;
    }
    lifecycle_limit(e);
}

static void limit_start(struct environment *e, int64_t ms)
{
    e->limit_heard = false;
    e->limit_due_us = clock_now_us() + ms * 1000;
    uv_update_time(e->options.loop);
    uv_timer_start(&e->limit, on_limit, (uint64_t)ms, 0);
}

int lifecycle_init(struct environment *e, enum loglines_phase phase, struct err *err)
{
    e->phase = phase;
    loglines_init_start(&e->loglines, clock_wall_ms(), phase, &e->text);
    state_log(e);
    if (process_start(e, err) < 0)
        return -1;
    e->state = ENVIRONMENT_INIT;
    if (e->early.kind) /* told by the loop, as every other failure */
        limit_start(e, 0);
    else if (phase == LOGLINES_PHASE_INIT)
        limit_start(e, STATE_INIT_LIMIT_MS);
    return 0;
}

/* The event's time starts to run. */
static void start_clock(struct environment *e)
{
    struct invocation *i = &e->invocation;
    int64_t timeout_ms = e->options.settings->timeout_ms;
    i->begun = true;
    i->begin_us = clock_now_us();
    i->deadline_ms = clock_wall_ms() + timeout_ms;
    limit_start(e, timeout_ms);
}

static void log_start(struct environment *e)
{
    loglines_start(&e->loglines, clock_wall_ms(), e->invocation.request_id, &e->text);
    state_log(e);
    e->invocation.started = true;
}

static int deliver(struct environment *e, struct err *err)
{
    struct invocation *i = &e->invocation;
    struct env_invocation out = {
        .request_id = i->request_id,
        .nonce = i->nonce,
        .deadline_ms = i->deadline_ms,
        .function_arn = e->arn,
        .trace_id = i->event.trace_id,
        .client_context = i->event.client_context,
        .cognito_identity = i->event.cognito_identity,
        .body = i->event.body,
        .body_len = i->event.body_len,
    };
    log_start(e);
    e->state = ENVIRONMENT_BUSY;
    i->deliver_us = clock_now_us();
    return e->endpoint.channel.deliver(e->endpoint.channel.server, &out, err);
}

static int freeze(struct environment *e, struct err *err)
{
    process_watch_memory(e, false);
    if (jail_freeze(e->jail, err) < 0)
        return -1;
    e->frozen = true;
    e->state = ENVIRONMENT_READY;
    return 0;
}

/* Before an event; one that follows at once has found it awake. */
static int thaw(struct environment *e, struct err *err)
{
    if (!e->frozen)
        return 0;
    if (jail_thaw(e->jail, err) < 0)
        return -1;
    e->frozen = false;
    process_watch_memory(e, true);
    return 0;
}

int lifecycle_begin(struct environment *e, struct err *err)
{
    struct invocation *i = &e->invocation;
    i->active = true;
    switch (e->state) {
    case ENVIRONMENT_INIT: /* the first next delivers it */
        return 0;
    case ENVIRONMENT_READY:
        if (thaw(e, err) < 0)
            return -1;
        start_clock(e);
        return deliver(e, err);
    case ENVIRONMENT_NONE:
        if (e->inside)
            start_clock(e);
        if (lifecycle_init(e, e->inside ? LOGLINES_PHASE_INVOKE : LOGLINES_PHASE_INIT, err) == 0)
            return 0;
        uv_timer_stop(&e->limit);
        return -1;
    case ENVIRONMENT_BUSY:
    case ENVIRONMENT_FAILED:
        break;
    }
    return err_set(err, ERR_USAGE, "the environment cannot take an event now");
}

/* The end of an event, whatever became of it: the environment is frozen or gone already, or waits
 * for the event that done gives it. */
static void finish(struct environment *e, int64_t duration_us)
{
    struct invocation *i = &e->invocation;
    struct report report = {
        .request_id = i->request_id,
        .duration_us = duration_us,
        .init_us = e->report_init_us,
        .memory_mb = e->options.settings->memory_mb,
        .max_memory_mb = e->saw_oom ? e->options.settings->memory_mb : e->max_memory_mb,
        .status = i->status,
        .error_type = i->error_type[0] ? i->error_type : NULL,
    };
    e->report_init_us = LOGLINES_NO_INIT;
    loglines_report(&e->loglines, clock_wall_ms(), &report, &e->text);
    state_log(e);
    i->active = false;
    e->options.hooks->done(e->options.owner, &report);
    struct err err = {0};
    if (e->state == ENVIRONMENT_READY && !e->frozen && freeze(e, &err) < 0)
        lifecycle_give_up(e, &err);
}

/* Whether the next event is there already. Memory is read between events all the same, but no more
 * often than while one runs. */
static bool goes_on(const struct environment *e)
{
    const struct environment_hooks *hooks = e->options.hooks;
    return hooks->waits && hooks->waits(e->options.owner);
}

static bool lost_memory(struct environment *e)
{
    if (!e->frozen && clock_now_us() - e->sampled_us < STATE_SAMPLE_MS * 1000)
        return false;
    return process_sample(e);
}

static void init_done(struct environment *e)
{
    struct err err = {0};
    e->timing.init_us = clock_now_us() - e->exec_at_us;
    if (e->phase == LOGLINES_PHASE_INIT) {
        uv_timer_stop(&e->limit);
        e->report_init_us = e->timing.init_us;
    }
    process_drain(e, false);
    int status = e->options.whole_cpu ? 0 : jail_throttle(e->jail, true, &err);
    if (status == 0 && !e->invocation.active) {
        status = freeze(e, &err);
    } else if (status == 0) {
        if (!e->invocation.begun)
            start_clock(e);
        status = deliver(e, &err);
    }
    if (status < 0)
        lifecycle_give_up(e, &err);
}

void lifecycle_next(struct environment *e)
{
    struct err err = {0};
    if (e->state == ENVIRONMENT_INIT) {
        init_done(e);
        return;
    }
    if (e->state != ENVIRONMENT_BUSY || !e->invocation.answered)
        return; /* without an answer the server gives it the same event again */
    int64_t duration_us = clock_now_us() - e->invocation.begin_us;
    uv_timer_stop(&e->limit);
    e->state = ENVIRONMENT_READY;
    if (!goes_on(e) && freeze(e, &err) < 0) {
        lifecycle_give_up(e, &err);
        return;
    }
    if (lost_memory(e)) {
        /* something inside was killed: the answer stands, the environment does not. Told by the
         * loop, since this is inside an event of the Runtime API. */
        e->state = ENVIRONMENT_BUSY;
        e->early = (struct fault){FAULT_KIND_OOM, 9, NULL};
        limit_start(e, 0);
        return;
    }
    process_drain(e, true);
    finish(e, duration_us);
}

static void set_error_type(struct invocation *i, const char *type)
{
    snprintf(i->error_type, sizeof i->error_type, "%s", type ? type : "");
}

static void tell(struct environment *e, const struct environment_answer *answer)
{
    struct invocation *i = &e->invocation;
    i->answered = true;
    if (i->deliver_us)
        e->timing.handler_us = clock_now_us() - i->deliver_us;
    e->options.hooks->answer(e->options.owner, answer);
}

void lifecycle_answered(struct environment *e, const struct env_answer *answer, bool failed)
{
    struct invocation *i = &e->invocation;
    if (e->state != ENVIRONMENT_BUSY || i->answered)
        return;
    i->status = failed ? LOGLINES_HANDLED : LOGLINES_SUCCESS;
    set_error_type(i, failed ? answer->error_type : NULL);
    tell(e, &(struct environment_answer){.request_id = i->request_id,
                                         .failed = failed,
                                         .content_type = answer->content_type,
                                         .body = answer->body,
                                         .body_len = answer->body_len});
}

static void tell_fault(struct environment *e, const struct fault *f)
{
    struct invocation *i = &e->invocation;
    fault_payload(f, i->request_id, &e->text);
    tell(e, &(struct environment_answer){.request_id = i->request_id,
                                         .failed = true,
                                         .body = e->text.ptr ? e->text.ptr : "",
                                         .body_len = e->text.len});
    buf_reset(&e->text);
}

void lifecycle_broken(struct environment *e, const struct fault *f)
{
    struct invocation *i = &e->invocation;
    if (e->state != ENVIRONMENT_BUSY || i->answered)
        return;
    i->status = LOGLINES_ERROR;
    set_error_type(i, fault_error_type(f));
    tell_fault(e, f);
}

/* The caller of an event whose init has failed gets what the runtime posted, or what became of it.
 */
static void answer_failed_init(struct environment *e, const struct fault *f)
{
    struct invocation *i = &e->invocation;
    log_start(e);
    if (!e->init_error.posted) {
        tell_fault(e, f);
        return;
    }
    tell(e,
         &(struct environment_answer){.request_id = i->request_id,
                                      .failed = true,
                                      .body = e->init_error.body.ptr ? e->init_error.body.ptr : "",
                                      .body_len = e->init_error.body.len});
}

/* What INIT_REPORT says: beyond the function's timeout nothing is known of an init. */
static void log_failed_init(struct environment *e, const struct fault *f, const char *type)
{
    bool late = f->kind == FAULT_KIND_TIMEOUT;
    bool ahead = e->phase == LOGLINES_PHASE_INIT;
    loglines_init_report(&e->loglines, clock_wall_ms(), e->phase, e->timing.init_us,
                         late && ahead ? LOGLINES_TIMEOUT : LOGLINES_ERROR,
                         late && !ahead ? "Runtime.Unknown" : type, &e->text);
    state_log(e);
}

static void set_fault(struct environment *e, const struct fault *f, const char *type)
{
    struct invocation *i = &e->invocation;
    i->status = f->kind == FAULT_KIND_TIMEOUT ? LOGLINES_TIMEOUT : LOGLINES_ERROR;
    set_error_type(i, type);
}

/* A timeout is reported as the limit, not as when it was noticed. */
static int64_t duration_of(const struct environment *e, const struct fault *f)
{
    if (f->kind == FAULT_KIND_TIMEOUT)
        return e->options.settings->timeout_ms * 1000;
    return clock_now_us() - e->invocation.begin_us;
}

static void init_failed(struct environment *e, const struct fault *f)
{
    struct err err = {0};
    const char *type = e->init_error.posted ? e->init_error.type : fault_error_type(f);
    e->timing.init_us = clock_now_us() - e->exec_at_us;
    log_failed_init(e, f, type);
    e->inside = true;
    if (e->phase == LOGLINES_PHASE_INVOKE) {
        uv_timer_stop(&e->limit);
        int64_t duration_us = duration_of(e, f);
        set_fault(e, f, type);
        answer_failed_init(e, f);
        finish(e, duration_us);
    } else if (e->invocation.active && lifecycle_begin(e, &err) < 0) {
        lifecycle_give_up(e, &err);
    }
}

void lifecycle_fail(struct environment *e, const struct fault *f)
{
    enum environment_state was = e->state;
    int64_t duration_us = duration_of(e, f);
    if (was == ENVIRONMENT_NONE || was == ENVIRONMENT_FAILED)
        return;
    if (was == ENVIRONMENT_BUSY || e->phase == LOGLINES_PHASE_INIT)
        uv_timer_stop(&e->limit);
    process_sample(e);
    process_stop(e);
    e->saw_oom = e->saw_oom || f->kind == FAULT_KIND_OOM;
    e->state = ENVIRONMENT_NONE;
    e->inside = true;
    if (was == ENVIRONMENT_INIT) {
        init_failed(e, f);
    } else if (was == ENVIRONMENT_BUSY) {
        set_fault(e, f, fault_error_type(f));
        if (!e->invocation.answered)
            tell_fault(e, f);
        finish(e, duration_us);
    }
}

void lifecycle_limit(struct environment *e)
{
    if (e->early.kind) {
        struct fault f = e->early;
        e->early = (struct fault){0};
        lifecycle_fail(e, &f);
        return;
    }
    lifecycle_fail(e,
                   &(struct fault){FAULT_KIND_TIMEOUT, (int)e->options.settings->timeout_ms, NULL});
}

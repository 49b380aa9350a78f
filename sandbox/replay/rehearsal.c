/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/rehearsal.h"

#include <stdlib.h>

#include <uv.h>

#include "launch/instance.h"

struct rehearsal {
    struct rehearsal_options options;
    struct simulation *simulation;
    struct simulation_call call;
    struct seat seat;
    uv_timer_t later; /* what an environment's own calls must not do */
    bool called;      /* call waits for its invocation */
    bool reset;       /* the environment's runtime has to go before the next one */
    bool over;
    struct err err; /* why it is over */
};

static void on_later(uv_timer_t *timer);

static void go_on_later(struct rehearsal *r)
{
    uv_timer_start(&r->later, on_later, 0, 0);
}

static void end(struct rehearsal *r, const struct err *why)
{
    if (why && r->err.kind == ERR_NONE)
        r->err = *why;
    r->over = true;
    go_on_later(r);
}

static int invoke(struct rehearsal *r, struct err *err)
{
    const struct environment_event event = {
        .body = r->call.event,
        .body_len = r->call.len,
        .request_id = r->call.request_id,
    };
    return seat_invoke(&r->seat, &event, err);
}

/* A call that the function does not get needs no environment. */
static int skip(struct rehearsal *r, struct err *err)
{
    const struct simulation_outcome nothing = {.failed = true};
    r->reset = r->reset || r->call.reset_after;
    return simulation_answer(r->simulation, &nothing, err);
}

/* Calls until the function runs, or its environment has to be reset before it can. */
static void step(struct rehearsal *r)
{
    struct err err = {0};
    int status;
    while ((status = simulation_next(r->simulation, &r->call, &err)) > 0 && !r->call.runs)
        if (skip(r, &err) < 0) {
            status = -1;
            break;
        }
    r->called = status > 0;
    if (status > 0 && r->reset)
        go_on_later(r);
    else if (status > 0 && invoke(r, &err) == 0)
        return;
    else
        end(r, status == 0 ? NULL : &err);
}

/* ---- what the seat tells -------------------------------------------------------------------- */

static int tell_invoked(struct rehearsal *r, struct err *err)
{
    struct seat_outcome outcome = r->seat.outcome;
    if (!r->options.invoked)
        return 0;
    outcome.entry.event = (struct trace_text){r->call.event, r->call.len};
    return r->options.invoked(r->options.owner, &outcome, err);
}

static int answer(struct rehearsal *r, struct err *err)
{
    const struct trace_entry *entry = &r->seat.outcome.entry;
    const struct simulation_outcome o = {
        .failed = entry->status != TRACE_STATUS_SUCCESS,
        .timed_out = entry->status == TRACE_STATUS_TIMEOUT,
        .answer = entry->answer.ptr,
        .answer_len = entry->answer.len,
    };
    r->called = false;
    r->reset = r->call.reset_after;
    return simulation_answer(r->simulation, &o, err);
}

static void on_done(void *owner, const struct err *err)
{
    struct rehearsal *r = owner;
    struct err failed = {0};
    if (r->over)
        return;
    if (err || tell_invoked(r, &failed) < 0 || answer(r, &failed) < 0)
        end(r, err ? err : &failed);
    else
        step(r);
}

/* Most often there is a next call, and a freeze in between would only cost time. */
static bool on_waits(void *owner)
{
    const struct rehearsal *r = owner;
    return !r->over && !r->call.reset_after;
}

static void on_failed(void *owner, const struct err *err)
{
    end(owner, err);
}

static const struct seat_hooks hooks = {on_done, on_waits, on_failed};

/* ---- its life ------------------------------------------------------------------------------- */

static void close_seat(struct rehearsal *r, struct err *err)
{
    seat_shut(&r->seat, err);
    seat_fini(&r->seat);
}

static void on_later(uv_timer_t *timer)
{
    struct rehearsal *r = timer->data;
    struct err err = {0};
    if (r->over) {
        close_seat(r, &err);
        if (r->err.kind == ERR_NONE)
            r->err = err;
        r->options.over(r->options.owner, r, r->err.kind == ERR_NONE ? NULL : &r->err);
        return;
    }
    if (r->reset && environment_reset(instance_environment(r->seat.instance), &err) < 0) {
        end(r, &err);
        return;
    }
    r->reset = false;
    if (!r->called)
        step(r);
    else if (invoke(r, &err) < 0)
        end(r, &err);
}

static int begin(struct rehearsal *r, struct err *err)
{
    const struct seat_options seat = {
        .loop = r->options.loop,
        .launch = r->options.launch,
        .whole_cpu = r->options.whole_cpu,
        .hooks = &hooks,
        .owner = r,
    };
    seat_init(&r->seat, &seat);
    r->simulation = simulation_new(&r->options.simulation, err);
    if (!r->simulation || seat_open(&r->seat, r->options.number, err) < 0)
        return -1;
    go_on_later(r);
    return 0;
}

struct rehearsal *rehearsal_open(const struct rehearsal_options *o, struct err *err)
{
    struct rehearsal *r = calloc(1, sizeof *r);
    struct err ignored = {0};
    if (!r) {
        err_set(err, ERR_MEMORY, "no memory for a simulation");
        return NULL;
    }
    r->options = *o;
    uv_timer_init(o->loop, &r->later);
    r->later.data = r;
    if (begin(r, err) == 0)
        return r;
    rehearsal_close(r, &ignored);
    return NULL;
}

const struct history *rehearsal_history(const struct rehearsal *r)
{
    return simulation_history(r->simulation);
}

const struct instance *rehearsal_instance(const struct rehearsal *r)
{
    return r->seat.instance;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void rehearsal_close(struct rehearsal *r, struct err *err)
{
    if (!r)
        return;
    close_seat(r, err);
    simulation_free(r->simulation);
    uv_close((uv_handle_t *)&r->later, on_closed);
}

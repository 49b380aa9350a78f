/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "launch/instance.h"
#include "replay/pin.h"
#include "replay/seat.h"

#define TEXTS_MAX ((size_t)128 << 20) /* of one event: what was given and what was recorded */
#define HELD_MAX  ((size_t)8 << 20)  /* of all events that run at once, unless one alone has more */
#define SPARE_MAX ((size_t)16 << 20) /* kept in the buffers of all slots between events */

struct slot {
    struct engine *engine;
    struct seat seats[ENGINE_SIDES_MAX];
    struct trace_entry entry;
    struct buf texts; /* of the entry */
    size_t number;    /* of the event; 0: idle */
    size_t ended;     /* sides that have had it */
    bool follows;     /* another environment is needed first */
};

/* The event that is read ahead. */
struct ahead {
    struct trace_entry entry;
    struct buf texts;
    bool there, ended;
    int64_t due_us; /* when the pace lets it go */
};

struct engine {
    struct engine_options options;
    struct slot *slots;
    struct pin pin;
    struct ahead ahead;
    uv_timer_t pace, later;
    int open_timers;
    size_t given, done;
    size_t held;           /* bytes of events that run */
    unsigned environments; /* made so far */
    int64_t start_us, first_ms;
    bool stopping;
    struct err err; /* why */
};

static void stop(struct engine *e, const struct err *why)
{
    if (!e->stopping)
        e->err = *why;
    e->stopping = true;
    uv_stop(&e->options.loop->loop);
}

void engine_interrupt(struct engine *e)
{
    struct err err;
    err_set(&err, ERR_CLOSED, "interrupted");
    stop(e, &err);
}

/* ---- texts that outlive their giver -------------------------------------------------------- */

static void list_texts(struct trace_entry *entry, struct trace_text *out[9])
{
    out[0] = &entry->event;
    out[1] = &entry->client_context;
    out[2] = &entry->cognito_identity;
    out[3] = &entry->trace_id;
    out[4] = &entry->answer;
    out[5] = &entry->error_type;
    out[6] = &entry->log;
    out[7] = &entry->request_id;
    out[8] = &entry->environment;
}

/* Copies all texts into one buffer, each with a NUL behind it. */
static int keep_texts(struct trace_entry *entry, struct buf *texts, struct err *err)
{
    struct trace_text *list[9];
    list_texts(entry, list);
    buf_reset(texts);
    for (size_t i = 0; i < ARRAY_LEN(list); i++) {
        if (!list[i]->ptr)
            continue;
        buf_add(texts, list[i]->ptr, list[i]->len);
        buf_addc(texts, '\0');
    }
    size_t source_at = texts->len;
    buf_adds(texts, entry->source ? entry->source : "");
    if (buf_check(texts, "an event and what was recorded of it", err) < 0)
        return -1;
    entry->source = texts->ptr + source_at;
    const char *at = texts->ptr;
    for (size_t i = 0; i < ARRAY_LEN(list); i++) {
        if (!list[i]->ptr)
            continue;
        list[i]->ptr = at;
        at += list[i]->len + 1;
    }
    return 0;
}

/* ---- reading ahead ------------------------------------------------------------------------- */

static int64_t due_us(const struct engine *e, const struct trace_entry *entry)
{
    if (e->options.pace <= 0 || entry->time_ms == TRACE_UNKNOWN)
        return 0;
    return e->start_us + (int64_t)((double)(entry->time_ms - e->first_ms) * 1000 / e->options.pace);
}

static void read_ahead(struct engine *e)
{
    struct err err = {0};
    if (e->ahead.there || e->ahead.ended || e->stopping || e->held > HELD_MAX)
        return;
    e->ahead.entry = trace_entry_none;
    int status = e->options.next(e->options.owner, &e->ahead.entry, &err);
    if (status > 0)
        status = keep_texts(&e->ahead.entry, &e->ahead.texts, &err) < 0 ? -1 : 1;
    if (status < 0) {
        stop(e, &err);
        return;
    }
    e->ahead.there = status > 0;
    e->ahead.ended = status == 0;
    if (!e->ahead.there)
        return;
    if (e->first_ms == TRACE_UNKNOWN && e->ahead.entry.time_ms != TRACE_UNKNOWN)
        e->first_ms = e->ahead.entry.time_ms;
    e->ahead.due_us = due_us(e, &e->ahead.entry);
}

static bool is_due(const struct engine *e)
{
    return e->ahead.there && (e->ahead.due_us == 0 || e->ahead.due_us <= clock_now_us());
}

static bool has_room(const struct engine *e)
{
    return e->held == 0 || e->held + e->ahead.texts.len <= HELD_MAX;
}

/* ---- one event in its slot ----------------------------------------------------------------- */

/* Which side is next: the first one changes from event to event. */
static struct seat *seat_next(struct slot *s)
{
    size_t nsides = s->engine->options.nsides;
    return &s->seats[(s->ended + s->number) % nsides];
}

/* Both sides of a slot run on one CPU, that of this thread: cores of one machine are not equally
 * busy, and wake each other at a cost that would be one side's. */
static void hold_cpu(const struct slot *s)
{
    const struct engine *e = s->engine;
    if (e->options.nsides > 1)
        pin_take(&e->pin, (unsigned)(s - e->slots));
}

static void invoke(struct slot *s)
{
    struct seat *seat = seat_next(s);
    struct engine *e = s->engine;
    struct err err = {0};
    const struct environment_event event = {
        .body = s->entry.event.ptr,
        .body_len = s->entry.event.len,
        .client_context = s->entry.client_context.ptr,
        .cognito_identity = s->entry.cognito_identity.ptr,
        .trace_id = s->entry.trace_id.ptr,
    };
    hold_cpu(s);
    if (seat_invoke(seat, &event, &err) < 0)
        stop(e, &err);
}

static void later(struct engine *e);

/* Now, or when the environment that the event needs is there. */
static void begin_side(struct slot *s)
{
    const struct seat *seat = seat_next(s);
    s->follows = s->engine->options.sides[seat - s->seats].cold && seat->position > 0;
    if (s->follows)
        later(s->engine);
    else
        invoke(s);
}

static void slot_begin(struct slot *s)
{
    struct engine *e = s->engine;
    struct buf texts = s->texts;
    s->entry = e->ahead.entry;
    s->texts = e->ahead.texts;
    e->ahead.texts = texts;
    e->ahead.there = false;
    s->number = ++e->given;
    s->ended = 0;
    e->held += s->texts.len;
    read_ahead(e);
    if (!e->stopping)
        begin_side(s);
}

static void on_pace(uv_timer_t *timer);

/* Gives events to idle slots as long as there are both. */
static void fill(struct engine *e)
{
    read_ahead(e);
    for (unsigned i = 0; i < e->options.jobs && !e->stopping && is_due(e) && has_room(e); i++)
        if (e->slots[i].number == 0)
            slot_begin(&e->slots[i]);
    if (e->stopping)
        return;
    if (e->ahead.there && !is_due(e)) {
        int64_t wait_us = e->ahead.due_us - clock_now_us();
        uv_update_time(&e->options.loop->loop);
        uv_timer_start(&e->pace, on_pace, wait_us > 0 ? (uint64_t)(wait_us + 999) / 1000 : 0, 0);
    } else if (e->ahead.ended && !e->ahead.there && e->done == e->given) {
        uv_stop(&e->options.loop->loop);
    }
}

static void on_pace(uv_timer_t *timer)
{
    fill(timer->data);
}

/* A large event's memory is not kept for each of many slots. */
static void release(const struct engine *e, struct buf *b)
{
    if (b->cap > SPARE_MAX / (e->options.jobs * (1 + 2 * e->options.nsides)))
        buf_free(b);
}

static void release_slot(struct slot *s)
{
    struct engine *e = s->engine;
    e->held -= s->texts.len;
    buf_reset(&s->texts);
    release(e, &s->texts);
    for (size_t i = 0; i < e->options.nsides; i++) {
        release(e, &s->seats[i].answer);
        release(e, &s->seats[i].log);
    }
}

/* The event has been to all sides. */
static void slot_end(struct slot *s)
{
    struct engine *e = s->engine;
    struct seat_outcome outcomes[ENGINE_SIDES_MAX];
    struct err err = {0};
    for (size_t i = 0; i < e->options.nsides; i++) {
        outcomes[i] = s->seats[i].outcome;
        outcomes[i].begin_us -= e->start_us;
        outcomes[i].end_us -= e->start_us;
    }
    const struct engine_result result = {s->number, &s->entry, outcomes};
    s->number = 0;
    e->done++;
    if (e->options.result(e->options.owner, &result, &err) < 0)
        stop(e, &err);
    release_slot(s);
}

/* ---- what an environment tells ------------------------------------------------------------- */

static void on_done(void *owner, const struct err *err)
{
    struct slot *s = owner;
    struct engine *e = s->engine;
    if (e->stopping)
        return;
    if (err) {
        stop(e, err);
    } else if (++s->ended < e->options.nsides) {
        begin_side(s);
    } else {
        slot_end(s);
        fill(e);
    }
}

/* Whether on_done will give this very environment the next event at once. */
static bool on_waits(void *owner)
{
    const struct slot *s = owner;
    const struct engine *e = s->engine;
    return !e->stopping && e->options.nsides == 1 && !e->options.sides[0].cold && is_due(e);
}

static void on_failed(void *owner, const struct err *err)
{
    const struct slot *s = owner;
    stop(s->engine, err);
}

static const struct seat_hooks hooks = {on_done, on_waits, on_failed};

/* ---- environments -------------------------------------------------------------------------- */

/* An environment may not be closed from inside its own calls: the loop does it. */
static void on_later(uv_timer_t *timer)
{
    struct engine *e = timer->data;
    struct err err = {0};
    for (unsigned i = 0; i < e->options.jobs && !e->stopping; i++) {
        struct slot *s = &e->slots[i];
        struct seat *seat = seat_next(s);
        if (!s->follows)
            continue;
        s->follows = false;
        seat_shut(seat, &err);
        if (err.kind != ERR_NONE || seat_open(seat, e->environments++, &err) < 0)
            stop(e, &err);
        else
            invoke(s);
    }
}

static void later(struct engine *e)
{
    uv_timer_start(&e->later, on_later, 0, 0);
}

static void init_seat(struct slot *s, size_t side)
{
    const struct engine_options *o = &s->engine->options;
    const struct seat_options seat = {
        .loop = &o->loop->loop,
        .launch = o->sides[side].launch,
        .whole_cpu = o->sides[side].whole_cpu,
        .hooks = &hooks,
        .owner = s,
    };
    seat_init(&s->seats[side], &seat);
}

static int open_slots(struct engine *e, struct err *err)
{
    e->slots = calloc(e->options.jobs, sizeof *e->slots);
    if (!e->slots)
        return err_set(err, ERR_MEMORY, "no memory for %u environments", e->options.jobs);
    for (unsigned i = 0; i < e->options.jobs; i++) {
        struct slot *s = &e->slots[i];
        s->engine = e;
        buf_init(&s->texts, TEXTS_MAX);
        for (size_t side = 0; side < e->options.nsides; side++)
            init_seat(s, side);
    }
    for (unsigned i = 0; i < e->options.jobs; i++)
        for (size_t side = 0; side < e->options.nsides; side++)
            if (seat_open(&e->slots[i].seats[side], e->environments++, err) < 0)
                return -1;
    instance_tell_relaxed(e->slots[0].seats[0].instance);
    return 0;
}

struct engine *engine_open(const struct engine_options *o, struct err *err)
{
    struct engine *e = calloc(1, sizeof *e);
    if (!e) {
        err_set(err, ERR_MEMORY, "no memory for a replay");
        return NULL;
    }
    struct err ignored = {0};
    e->options = *o;
    e->first_ms = TRACE_UNKNOWN;
    pin_init(&e->pin);
    buf_init(&e->ahead.texts, TEXTS_MAX);
    uv_timer_init(&o->loop->loop, &e->pace);
    uv_timer_init(&o->loop->loop, &e->later);
    e->pace.data = e->later.data = e;
    if (open_slots(e, err) == 0)
        return e;
    engine_close(e, &ignored);
    return NULL;
}

int engine_run(struct engine *e, struct err *err)
{
    e->start_us = clock_now_us();
    fill(e);
    if (!e->stopping && (e->ahead.there || e->done < e->given))
        uv_run(&e->options.loop->loop, UV_RUN_DEFAULT);
    if (!e->stopping)
        return 0;
    *err = e->err;
    return -1;
}

static void free_slots(struct engine *e, struct err *err)
{
    for (unsigned i = 0; e->slots && i < e->options.jobs; i++) {
        struct slot *s = &e->slots[i];
        for (size_t side = 0; side < e->options.nsides; side++) {
            seat_shut(&s->seats[side], err);
            seat_fini(&s->seats[side]);
        }
        buf_free(&s->texts);
    }
    free(e->slots);
    e->slots = NULL;
}

int engine_close(struct engine *e, struct err *err)
{
    if (!e)
        return 0;
    err->kind = ERR_NONE;
    e->stopping = true;
    pin_release(&e->pin);
    free_slots(e, err);
    instance_sweep();
    uv_close((uv_handle_t *)&e->pace, NULL);
    uv_close((uv_handle_t *)&e->later, NULL);
    uv_run(&e->options.loop->loop, UV_RUN_NOWAIT); /* they are closed */
    buf_free(&e->ahead.texts);
    free(e);
    return err->kind == ERR_NONE ? 0 : -1;
}

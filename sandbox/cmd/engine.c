/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/line.h"
#include "cmd/instance.h"
#include "cmd/pin.h"
#include "env/ids.h"
#include "trace/write.h"

#define TEXTS_MAX ((size_t)128 << 20) /* of one event: what was given and what was recorded */
#define HELD_MAX  ((size_t)8 << 20)  /* of all events that run at once, unless one alone has more */
#define SPARE_MAX ((size_t)16 << 20) /* kept in the buffers of all slots between events */

struct slot;

/* An environment of a slot, and what its event has come to. */
struct seat {
    struct slot *slot;
    const struct engine_side *side;
    struct instance *instance;
    unsigned number;
    char id[IDS_UUID_SIZE]; /* of the environment */
    int64_t position;       /* of the next event in it */
    unsigned starts;        /* of its runtimes, up to the last event */
    struct buf answer, log, names;
    struct engine_outcome outcome;
};

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

static int seat_open(struct seat *seat, struct err *err);

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
    buf_reset(&seat->answer);
    buf_reset(&seat->log);
    buf_reset(&seat->names);
    seat->outcome = (struct engine_outcome){.entry = trace_entry_none,
                                            .environment = seat->number,
                                            .begin_us = clock_now_us() - e->start_us};
    seat->outcome.entry.time_ms = clock_wall_ms();
    seat->outcome.entry.position = seat->position++;
    hold_cpu(s);
    if (environment_invoke(instance_environment(seat->instance), &event, &err) < 0)
        stop(e, &err);
}

static void later(struct engine *e);

/* Now, or when the environment that the event needs is there. */
static void begin_side(struct slot *s)
{
    const struct seat *seat = seat_next(s);
    s->follows = seat->side->cold && seat->position > 0;
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
    struct engine_outcome outcomes[ENGINE_SIDES_MAX];
    struct err err = {0};
    for (size_t i = 0; i < e->options.nsides; i++)
        outcomes[i] = s->seats[i].outcome;
    const struct engine_result result = {s->number, &s->entry, outcomes};
    s->number = 0;
    e->done++;
    if (e->options.result(e->options.owner, &result, &err) < 0)
        stop(e, &err);
    release_slot(s);
}

/* ---- what an environment tells ------------------------------------------------------------- */

static void on_answer(void *owner, const struct environment_answer *a)
{
    struct seat *seat = owner;
    buf_add(&seat->answer, a->body, a->body_len);
    buf_adds(&seat->names, a->request_id);
}

/* Whole lines: a recording may have to replace a value, which must not be cut in two. */
static void on_log(void *owner, enum environment_log kind, const char *text, size_t len)
{
    struct seat *seat = owner;
    size_t at = 0, line_len;
    const char *line;
    bool *cut = &seat->outcome.entry.log_cut;
    if (kind != ENVIRONMENT_LOG_FUNCTION)
        return;
    while (!*cut && (line = line_next(text, len, &at, &line_len))) {
        *cut = line_len + 1 > TRACE_LOG_MAX - seat->log.len;
        if (*cut)
            return;
        buf_add(&seat->log, line, line_len);
        buf_addc(&seat->log, '\n');
    }
}

static enum trace_status status_of(enum loglines_status status)
{
    static const enum trace_status statuses[] = {
        [LOGLINES_SUCCESS] = TRACE_STATUS_SUCCESS,
        [LOGLINES_HANDLED] = TRACE_STATUS_ERROR,
        [LOGLINES_ERROR] = TRACE_STATUS_ERROR,
        [LOGLINES_TIMEOUT] = TRACE_STATUS_TIMEOUT,
    };
    return statuses[status];
}

static struct trace_text text_of(const struct buf *b, size_t from)
{
    return (struct trace_text){b->ptr ? b->ptr + from : "", b->len - from};
}

static int fill_outcome(struct seat *seat, const struct report *r, struct err *err)
{
    struct trace_entry *entry = &seat->outcome.entry;
    size_t id_len = seat->names.len;
    if (r->error_type)
        buf_adds(&seat->names, r->error_type);
    if (buf_check(&seat->answer, "an answer", err) < 0 || buf_check(&seat->log, "a log", err) < 0 ||
        buf_check(&seat->names, "an error type", err) < 0)
        return -1;
    entry->status = status_of(r->status);
    entry->answer = text_of(&seat->answer, 0);
    entry->log = text_of(&seat->log, 0);
    entry->request_id = (struct trace_text){text_of(&seat->names, 0).ptr, id_len};
    if (r->error_type)
        entry->error_type = text_of(&seat->names, id_len);
    entry->duration_us = r->duration_us;
    entry->init_us = r->init_us == LOGLINES_NO_INIT ? TRACE_UNKNOWN : r->init_us;
    const struct environment *handle = instance_environment(seat->instance);
    unsigned starts = environment_timing(handle).starts;
    entry->cold = starts != seat->starts;
    entry->cold_known = true;
    entry->environment = (struct trace_text){seat->id, strlen(seat->id)};
    seat->starts = starts;
    seat->outcome.starts = starts;
    seat->outcome.handle = handle;
    entry->memory_mb = r->memory_mb;
    entry->max_memory_mb = r->max_memory_mb;
    seat->outcome.end_us = clock_now_us() - seat->slot->engine->start_us;
    return 0;
}

static void on_done(void *owner, const struct report *report)
{
    struct seat *seat = owner;
    struct slot *s = seat->slot;
    struct engine *e = s->engine;
    struct err err = {0};
    if (e->stopping)
        return;
    if (fill_outcome(seat, report, &err) < 0) {
        stop(e, &err);
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
    const struct seat *seat = owner;
    const struct engine *e = seat->slot->engine;
    return !e->stopping && e->options.nsides == 1 && !seat->side->cold && is_due(e);
}

static void on_failed(void *owner, const struct err *err)
{
    const struct seat *seat = owner;
    stop(seat->slot->engine, err);
}

static const struct environment_hooks hooks = {
    .answer = on_answer,
    .done = on_done,
    .waits = on_waits,
    .failed = on_failed,
    .log = on_log,
};

/* ---- environments -------------------------------------------------------------------------- */

static int seat_open(struct seat *seat, struct err *err)
{
    struct engine *e = seat->slot->engine;
    const struct instance_options o = {
        .loop = &e->options.loop->loop,
        .launch = seat->side->launch,
        .whole_cpu = seat->side->whole_cpu,
        .hooks = &hooks,
        .owner = seat,
    };
    seat->instance = instance_open(&o, err);
    seat->number = e->environments++;
    seat->position = 0;
    seat->starts = 0;
    return seat->instance ? ids_uuid(seat->id, err) : -1;
}

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
        instance_close(seat->instance, &err);
        seat->instance = NULL;
        if (err.kind != ERR_NONE || seat_open(seat, &err) < 0)
            stop(e, &err);
        else
            invoke(s);
    }
}

static void later(struct engine *e)
{
    uv_timer_start(&e->later, on_later, 0, 0);
}

static void seat_init(struct slot *s, size_t side)
{
    struct seat *seat = &s->seats[side];
    seat->slot = s;
    seat->side = &s->engine->options.sides[side];
    buf_init(&seat->answer, ENV_RESPONSE_MAX + 1);
    buf_init(&seat->log, TRACE_LOG_MAX);
    buf_init(&seat->names, 4096);
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
            seat_init(s, side);
    }
    for (unsigned i = 0; i < e->options.jobs; i++)
        for (size_t side = 0; side < e->options.nsides; side++)
            if (seat_open(&e->slots[i].seats[side], err) < 0)
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
            struct seat *seat = &s->seats[side];
            instance_close(seat->instance, err);
            buf_free(&seat->answer);
            buf_free(&seat->log);
            buf_free(&seat->names);
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

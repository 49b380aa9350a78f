/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/seat.h"

#include <string.h>

#include "base/clock.h"
#include "base/line.h"
#include "launch/instance.h"
#include "trace/write.h"

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
    seat->outcome.end_us = clock_now_us();
    return 0;
}

static void on_done(void *owner, const struct report *report)
{
    struct seat *seat = owner;
    struct err err = {0};
    int status = fill_outcome(seat, report, &err);
    seat->options.hooks->done(seat->options.owner, status < 0 ? &err : NULL);
}

static bool on_waits(void *owner)
{
    const struct seat *seat = owner;
    return seat->options.hooks->waits && seat->options.hooks->waits(seat->options.owner);
}

static void on_failed(void *owner, const struct err *err)
{
    const struct seat *seat = owner;
    seat->options.hooks->failed(seat->options.owner, err);
}

static const struct environment_hooks hooks = {
    .answer = on_answer,
    .done = on_done,
    .waits = on_waits,
    .failed = on_failed,
    .log = on_log,
};

/* ---- its life ------------------------------------------------------------------------------ */

void seat_init(struct seat *seat, const struct seat_options *o)
{
    *seat = (struct seat){.options = *o};
    buf_init(&seat->answer, ENV_RESPONSE_MAX + 1);
    buf_init(&seat->log, TRACE_LOG_MAX);
    buf_init(&seat->names, 4096);
}

int seat_open(struct seat *seat, unsigned number, struct err *err)
{
    const struct instance_options o = {
        .loop = seat->options.loop,
        .launch = seat->options.launch,
        .whole_cpu = seat->options.whole_cpu,
        .hooks = &hooks,
        .owner = seat,
    };
    seat->instance = instance_open(&o, err);
    seat->number = number;
    seat->position = 0;
    seat->starts = 0;
    return seat->instance ? ids_uuid(seat->id, err) : -1;
}

int seat_invoke(struct seat *seat, const struct environment_event *event, struct err *err)
{
    buf_reset(&seat->answer);
    buf_reset(&seat->log);
    buf_reset(&seat->names);
    seat->outcome = (struct seat_outcome){
        .entry = trace_entry_none, .environment = seat->number, .begin_us = clock_now_us()};
    seat->outcome.entry.time_ms = clock_wall_ms();
    seat->outcome.entry.position = seat->position++;
    return environment_invoke(instance_environment(seat->instance), event, err);
}

void seat_shut(struct seat *seat, struct err *err)
{
    instance_close(seat->instance, err);
    seat->instance = NULL;
}

void seat_fini(struct seat *seat)
{
    buf_free(&seat->answer);
    buf_free(&seat->log);
    buf_free(&seat->names);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "simulate/flight.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "mapping/answer.h"

#define HANDLE_START "AQEBclambda"

enum uuid_kind { UUID_INVOCATION, UUID_RECORD, UUID_HANDLE };

static int no_memory(struct err *err)
{
    return err_set(err, ERR_MEMORY, "no memory for an invocation");
}

void simulation_uuid(uint64_t kind, uint64_t number, char out[static 37])
{
    uint64_t a = hash_mix(hash_mix(kind) ^ number), b = hash_mix(a);
    snprintf(out, 37, "%08" PRIx32 "-%04x-4%03x-%04x-%04x%08" PRIx32, (uint32_t)(a >> 32),
             (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff),
             (unsigned)(b >> 48 & 0x3fff) | 0x8000u, (unsigned)(b >> 32 & 0xffff), (uint32_t)b);
}

void simulation_invocation_id(uint64_t batch, char out[static 37])
{
    simulation_uuid(UUID_INVOCATION, batch, out);
}

void simulation_event_id(uint32_t record, char out[static 37])
{
    simulation_uuid(UUID_RECORD, record, out);
}

bool simulation_tells_delivery(enum mapping_source source, uint32_t invocation, const char *answer,
                               size_t len)
{
    char id[37];
    simulation_invocation_id(invocation, id);
    return !mapping_is_async(source) && len &&
           (memmem(answer, len, id, 36) ||
            memmem(answer, len, HANDLE_START, sizeof HANDLE_START - 1));
}

void simulation_request_id(const struct simulation *s, uint64_t batch, uint32_t record,
                           char out[static 37])
{
    if (mapping_is_async(s->o.settings->source))
        simulation_event_id(record, out);
    else
        simulation_invocation_id(batch, out);
}

void flight_clear(struct flight *f)
{
    free(f->answer);
    f->answer = NULL;
    f->batch = 0;
}

/* ---- the start ------------------------------------------------------------------------------ */

static struct flight *new_flight(struct simulation *s, const struct mapping_action *a,
                                 struct err *err)
{
    size_t slot = 0;
    while (slot < s->nflights && s->flights[slot].batch)
        slot++;
    if (slot == s->nflights) {
        size_t count = s->nflights ? s->nflights * 2 : 8;
        struct flight *flights = realloc(s->flights, count * sizeof *flights);
        if (!flights) {
            no_memory(err);
            return NULL;
        }
        memset(flights + s->nflights, 0, (count - s->nflights) * sizeof *flights);
        s->flights = flights;
        s->nflights = count;
    }
    struct flight *f = &s->flights[slot];
    if (flight_room(f, a->nrecords, err) < 0)
        return NULL;
    *f = (struct flight){.batch = a->batch,
                         .attempt = a->attempt,
                         .items = f->items,
                         .records = f->records,
                         .cap = f->cap,
                         .count = a->nrecords,
                         .start_ms = s->now_ms,
                         .shard = a->shard,
                         .window = a->window};
    return f;
}

/* Counts the delivery of each record and tells which kinds of faults its records have. */
static unsigned deliver_records(struct simulation *s, struct flight *f,
                                const struct mapping_action *a)
{
    unsigned kinds = 0;
    for (size_t i = 0; i < f->count; i++) {
        struct simulation_item *item = &s->items[a->records[i]];
        f->items[i] = a->records[i];
        f->records[i] = item->record;
        s->deliveries[item->record]++;
        if (!item->delivered)
            item->first_ms = s->now_ms;
        item->delivered = true;
        kinds |= s->faulted[item->record];
    }
    return kinds;
}

static const struct fault *find_fault(const struct simulation *s, const struct flight *f,
                                      unsigned kinds, enum fault_kind kind)
{
    if (!(kinds & 1u << kind))
        return NULL;
    for (size_t i = 0; i < f->count; i++) {
        const struct fault *found = simulation_fault(s, kind, f->records[i]);
        if (found)
            return found;
    }
    return NULL;
}

/* What chaos does to the whole invocation; of several the one that leaves least of it. */
static const struct fault *choose_fault(struct simulation *s, struct flight *f, unsigned kinds)
{
    const struct fault *fault = find_fault(s, f, kinds, FAULT_THROTTLE);
    f->ran = true;
    f->as = HISTORY_SUCCESS;
    if (fault) {
        f->ran = false;
        f->as = HISTORY_THROTTLED;
    } else if ((fault = find_fault(s, f, kinds, FAULT_CRASH))) {
        f->ran = fault->value != 0;
        f->as = HISTORY_ERROR;
    } else if ((fault = find_fault(s, f, kinds, FAULT_TIMEOUT))) {
        f->as = HISTORY_TIMEOUT;
    } else if (mapping_is_ordered(s->o.settings)) {
        f->loses = find_fault(s, f, kinds, FAULT_DUPLICATE) != NULL;
    }
    return fault;
}

static int tell_fault(struct simulation *s, const struct flight *f, const struct fault *fault,
                      struct err *err)
{
    struct history_entry e = {
        .kind = HISTORY_FAULT, .fault = fault->kind, .invocation = (uint32_t)f->batch};
    return simulation_note(s, e, &fault->record, 1, NULL, 0, err);
}

static void make_window(const struct simulation *s, const struct flight *f, struct records_batch *b)
{
    const struct mapping_window *w = &f->window;
    b->window = (struct records_window){.on = w->on,
                                        .start_ms = w->start_ms,
                                        .end_ms = w->end_ms,
                                        .state = "{}",
                                        .state_len = 2,
                                        .final = w->final,
                                        .early = w->early};
    if (!w->fresh && f->shard < s->nstates && s->states[f->shard].len) {
        b->window.state = s->states[f->shard].ptr;
        b->window.state_len = s->states[f->shard].len;
    }
    for (size_t i = 0; i < s->o.records->count && !f->count; i++)
        if (s->o.records->shards[i] == f->shard) {
            const struct record *r = &s->o.records->items[i];
            struct scan_value arn = scan_find(r->text.ptr, r->text.len, "/eventSourceARN");
            b->shard = r->shard;
            if (arn.len > 2)
                b->arn = (struct scan_value){arn.ptr + 1, arn.len - 2};
            return;
        }
}

static int assemble(struct simulation *s, const struct flight *f, const uint32_t *deliveries,
                    struct err *err)
{
    if (simulation_room(s, f->count, err) < 0)
        return -1;
    bool queue = s->o.settings->source == MAPPING_SQS;
    for (size_t i = 0; i < f->count; i++) {
        if (queue) {
            memcpy(s->handles[i], HANDLE_START, sizeof HANDLE_START);
            simulation_uuid(UUID_HANDLE, f->batch << 24 ^ f->items[i],
                            s->handles[i] + sizeof HANDLE_START - 1);
        }
        s->batch[i] = (struct records_delivery){.record = simulation_record(s, f->records[i]),
                                                .count = deliveries[i],
                                                .first_ms = s->items[f->items[i]].first_ms,
                                                .handle = queue ? s->handles[i] : NULL};
    }
    struct records_batch b = {.items = s->batch, .nitems = f->count};
    if (f->window.on)
        make_window(s, f, &b);
    buf_reset(&s->event);
    records_assemble(s->o.settings->source, &b, &s->event);
    return buf_check(&s->event, "an event", err);
}

static int end_at(struct simulation *s, const struct flight *f, int64_t span_ms, struct err *err)
{
    return heap_push(&s->ends, heap_time_add(f->start_ms, span_ms), (uint64_t)(f - s->flights),
                     err);
}

int flight_start(struct simulation *s, const struct mapping_action *a, struct simulation_call *out,
                 struct err *err)
{
    struct flight *f = new_flight(s, a, err);
    if (!f)
        return -1;
    unsigned kinds = deliver_records(s, f, a);
    const struct fault *fault = s->o.faults ? choose_fault(s, f, kinds) : NULL;
    if (!s->o.faults)
        f->ran = true;
    struct history_entry e = {.kind = HISTORY_INVOKED,
                              .invocation = (uint32_t)f->batch,
                              .attempt = f->attempt,
                              .ran = f->ran};
    if (simulation_note(s, e, f->records, f->count, NULL, 0, err) < 0 ||
        (fault && tell_fault(s, f, fault, err) < 0))
        return -1;
    if (f->as == HISTORY_THROTTLED)
        return end_at(s, f, 0, err);
    if (assemble(s, f, a->deliveries, err) < 0)
        return -1;
    simulation_request_id(s, f->batch, f->count ? f->records[0] : 0, s->request_id);
    *out = (struct simulation_call){.event = s->event.ptr,
                                    .len = s->event.len,
                                    .request_id = s->request_id,
                                    .invocation = (uint32_t)f->batch,
                                    .runs = f->ran,
                                    .reset_after = f->as != HISTORY_SUCCESS,
                                    .as = f->as};
    s->pending = f;
    return 1;
}

/* ---- the answer ----------------------------------------------------------------------------- */

/* As Lambda tells what chaos did. */
static void fault_answer(const struct simulation *s, const struct flight *f, struct buf *out)
{
    buf_reset(out);
    if (f->as == HISTORY_TIMEOUT)
        buf_addf(out,
                 "{\"errorType\":\"Sandbox.Timedout\",\"errorMessage\":\"RequestId: %s Error: Task "
                 "timed out after %" PRId64 ".%02" PRId64 " seconds\"}",
                 s->request_id, s->o.settings->timeout_ms / 1000,
                 s->o.settings->timeout_ms % 1000 / 10);
    else
        buf_addf(out,
                 "{\"errorType\":\"Runtime.ExitError\",\"errorMessage\":\"RequestId: %s Error: "
                 "Runtime exited with error: signal: killed\"}",
                 s->request_id);
}

int flight_answer(struct simulation *s, const struct simulation_outcome *o, struct err *err)
{
    struct flight *f = s->pending;
    struct simulation_outcome told = *o;
    s->pending = NULL;
    f->status = f->as;
    if (f->as != HISTORY_SUCCESS) {
        fault_answer(s, f, &s->line);
        told = (struct simulation_outcome){.answer = s->line.ptr, .answer_len = s->line.len};
    } else if (o->failed) {
        f->status = o->timed_out ? HISTORY_TIMEOUT : HISTORY_ERROR;
    }
    if (history_room(&s->history, (uint32_t)f->batch, s->flying + told.answer_len, err) < 0)
        return -1;
    f->answer = malloc(told.answer_len + 1);
    if (!f->answer)
        return no_memory(err);
    s->flying += told.answer_len;
    if (told.answer_len)
        memcpy(f->answer, told.answer, told.answer_len);
    f->answer[told.answer_len] = '\0';
    f->answer_len = told.answer_len;
    bool timeout = f->status == HISTORY_TIMEOUT;
    return end_at(s, f, timeout ? s->o.settings->timeout_ms : s->o.settings->duration_ms, err);
}

/* ---- the end -------------------------------------------------------------------------------- */

static int keep_state(struct simulation *s, const struct flight *f, struct scan_value state,
                      struct err *err)
{
    if (f->shard >= s->nstates) {
        size_t count = (size_t)f->shard + 16;
        struct buf *states = realloc(s->states, count * sizeof *states);
        if (!states)
            return no_memory(err);
        for (size_t i = s->nstates; i < count; i++)
            buf_init(&states[i], SIMULATION_BYTES_MAX);
        s->states = states;
        s->nstates = count;
    }
    struct buf *kept = &s->states[f->shard];
    buf_reset(kept);
    if (state.ptr && !f->window.final)
        buf_add(kept, state.ptr, state.len);
    return buf_check(kept, "the state of a window", err);
}

static bool is_failed(const struct mapping_result *r, uint32_t place)
{
    size_t i = 0;
    while (i < r->nfailed && r->failed[i] != place)
        i++;
    return i < r->nfailed;
}

/* The duplicate that the answer is lost for: of the first record that has one and did not fail. */
static const struct fault *find_lost(const struct simulation *s, const struct flight *f,
                                     const struct mapping_result *r)
{
    for (size_t i = 0; i < f->count && f->loses; i++) {
        const struct fault *found = simulation_fault(s, FAULT_DUPLICATE, f->records[i]);
        if (found && !is_failed(r, (uint32_t)i))
            return found;
    }
    return NULL;
}

/* What the rules see of the answer; LOST: nobody learned it. */
static int read_answer(struct simulation *s, struct flight *f, struct answer_out *out,
                       struct err *err)
{
    static const enum history_status told[MAPPING_OUTCOME_COUNT] = {
        [MAPPING_SUCCEEDED] = HISTORY_SUCCESS, [MAPPING_PARTIAL] = HISTORY_PARTIAL,
        [MAPPING_REFUSED] = HISTORY_REFUSED,   [MAPPING_FAILED] = HISTORY_ERROR,
        [MAPPING_THROTTLED] = HISTORY_LOST,
    };
    if (simulation_room(s, f->count, err) < 0)
        return -1;
    for (size_t i = 0; i < f->count; i++)
        s->views[i] = simulation_record(s, f->records[i]);
    struct answer_in in = {.settings = s->o.settings,
                           .batch = s->views,
                           .nbatch = f->count,
                           .text = f->answer,
                           .len = f->answer_len,
                           .window = f->window.on};
    if (answer_read(&in, out, err) < 0)
        return -1;
    f->status = told[out->result.outcome];
    bool good = f->status == HISTORY_SUCCESS || f->status == HISTORY_PARTIAL;
    const struct fault *lost = good ? find_lost(s, f, &out->result) : NULL;
    if (lost) {
        /* a queue has the messages back like after an error, a stream's shard goes on where it was
         */
        bool queue = s->o.settings->source == MAPPING_SQS;
        f->status = HISTORY_LOST;
        out->result =
            (struct mapping_result){.outcome = queue ? MAPPING_FAILED : MAPPING_THROTTLED};
        return tell_fault(s, f, lost, err);
    }
    return good && f->window.on ? keep_state(s, f, out->state, err) : 0;
}

static int keep_answer_place(struct simulation *s, uint64_t batch, struct err *err)
{
    if (batch >= s->answers_cap) {
        size_t cap = (size_t)batch * 2 + 64;
        size_t *answers = realloc(s->answers, cap * sizeof *answers);
        if (!answers)
            return no_memory(err);
        memset(answers + s->answers_cap, 0, (cap - s->answers_cap) * sizeof *answers);
        s->answers = answers;
        s->answers_cap = cap;
    }
    s->answers[batch] = s->history.nentries;
    return 0;
}

/* ANSWERED with those that failed: of an error all, of a partial failure the named ones. */
static int tell_answer(struct simulation *s, const struct flight *f, const struct answer_out *read,
                       struct err *err)
{
    const uint32_t *members = f->records;
    size_t count = f->count;
    if (f->status == HISTORY_PARTIAL) {
        count = read->result.nfailed;
        if (simulation_room(s, count, err) < 0)
            return -1;
        for (size_t i = 0; i < count; i++)
            s->named[i] = f->records[read->result.failed[i]];
        members = s->named;
    } else if (f->status == HISTORY_SUCCESS || f->status == HISTORY_LOST ||
               f->status == HISTORY_THROTTLED) {
        count = 0;
    }
    struct history_entry e = {.kind = HISTORY_ANSWERED,
                              .status = f->status,
                              .invocation = (uint32_t)f->batch,
                              .attempt = f->attempt,
                              .ran = f->ran};
    if (simulation_note(s, e, members, count, f->answer, f->answer_len, err) < 0 ||
        keep_answer_place(s, f->batch, err) < 0)
        return -1;
    if (!read->note[0])
        return 0;
    e = (struct history_entry){.kind = HISTORY_NOTE, .invocation = (uint32_t)f->batch};
    e.status = f->status == HISTORY_REFUSED ? HISTORY_REFUSED
               : read->ignored              ? HISTORY_PARTIAL
                                            : HISTORY_SUCCESS;
    return simulation_note(s, e, f->records, f->count, read->note, strlen(read->note), err);
}

int flight_end(struct simulation *s, struct flight *f, struct err *err)
{
    struct answer_out read = {.result = {.outcome = MAPPING_FAILED}};
    int rc = 0;
    s->flying -= f->answer_len;
    if (f->as == HISTORY_THROTTLED) {
        f->status = HISTORY_THROTTLED;
        read.result.outcome = MAPPING_THROTTLED;
    } else if (f->status == HISTORY_SUCCESS) {
        rc = read_answer(s, f, &read, err);
    }
    if (rc == 0 && simulation_names(s, f->items, f->count, err))
        rc = tell_answer(s, f, &read, err);
    else
        rc = -1;
    if (rc == 0)
        rc = sources_finish(s->sources, f->batch, &read.result, s->now_ms, err);
    answer_out_fini(&read);
    flight_clear(f);
    return rc;
}

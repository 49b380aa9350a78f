/* SPDX-License-Identifier: Apache-2.0 */
#include "simulate/simulation.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "simulate/flight.h"
#include "simulate/poison.h"

/* Ours: AWS says that a message may come twice, not when. */
#define DUPLICATE_DELAY_MS 1000

/* How often the clock may stand still: more than invocations that end at one instant. */
#define STALLS_MAX HISTORY_ENTRIES_MAX

static int no_memory(struct err *err)
{
    return err_set(err, ERR_MEMORY, "no memory for a simulation");
}

/* ---- what its parts share ------------------------------------------------------------------- */

const struct record *simulation_record(const struct simulation *s, uint32_t record)
{
    if (s->faulted[record] & 1u << FAULT_POISON)
        for (size_t i = 0; i < s->npoisons; i++)
            if (s->poisons[i].record == record && s->poisons[i].done)
                return &s->poisons[i].copy;
    return &s->o.records->items[record];
}

const struct fault *simulation_fault(const struct simulation *s, enum fault_kind kind,
                                     uint32_t record)
{
    if (!(s->faulted[record] & 1u << kind))
        return NULL;
    return faults_find(s->o.faults, kind, record, s->deliveries[record]);
}

int simulation_note(struct simulation *s, struct history_entry e, const uint32_t *records,
                    size_t count, const char *text, size_t len, struct err *err)
{
    e.time_ms = s->now_ms;
    e.count = (uint32_t)count;
    e.text_len = len;
    return history_add(&s->history, e, records, text, err);
}

const uint32_t *simulation_names(struct simulation *s, const uint32_t *items, size_t count,
                                 struct err *err)
{
    if (count > s->named_cap || !s->named) {
        uint32_t *named = realloc(s->named, (count + 16) * sizeof *named);
        if (!named) {
            no_memory(err);
            return NULL;
        }
        s->named = named;
        s->named_cap = count + 16;
    }
    for (size_t i = 0; i < count; i++)
        s->named[i] = s->items[items[i]].record;
    return s->named;
}

int simulation_room(struct simulation *s, size_t count, struct err *err)
{
    if (count <= s->batch_cap)
        return 0;
    struct records_delivery *batch = realloc(s->batch, count * sizeof *batch);
    if (batch)
        s->batch = batch;
    const struct record **views = realloc(s->views, count * sizeof *views);
    if (views)
        s->views = views;
    char(*handles)[48] = realloc(s->handles, count * sizeof *handles);
    if (handles)
        s->handles = handles;
    if (!batch || !views || !handles)
        return no_memory(err);
    s->batch_cap = count;
    return 0;
}

int flight_room(struct flight *f, size_t count, struct err *err)
{
    if (f->items && f->records && count <= f->cap)
        return 0;
    uint32_t *items = realloc(f->items, (count + 1) * sizeof *items);
    if (items)
        f->items = items;
    uint32_t *records = realloc(f->records, (count + 1) * sizeof *records);
    if (records)
        f->records = records;
    if (!items || !records)
        return no_memory(err);
    f->cap = count;
    return 0;
}

/* ---- the beginning -------------------------------------------------------------------------- */

static int compare_arrivals(const void *a, const void *b)
{
    const struct simulation_arrival *x = a, *y = b;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return x->record < y->record ? -1 : x->record > y->record;
}

static uint32_t nth_record(const struct simulation *s, size_t n)
{
    return s->o.only ? s->o.only[n] : (uint32_t)n;
}

/* Each in its turn; a delayed one right behind the one that it lets pass. */
static int plan_arrivals(struct simulation *s, struct err *err)
{
    size_t count = s->o.only ? s->o.nonly : s->o.records->count;
    s->arrivals = calloc(count + 1, sizeof *s->arrivals);
    if (!s->arrivals)
        return no_memory(err);
    s->narrivals = count;
    bool moved = false;
    for (size_t i = 0; i < count; i++) {
        uint32_t record = nth_record(s, i);
        const struct fault *f = NULL;
        if (s->faulted[record] & 1u << FAULT_REORDER)
            f = faults_find(s->o.faults, FAULT_REORDER, record, 1);
        size_t after = !f ? i : i + f->value < count ? i + f->value : count - 1;
        s->arrivals[i] = (struct simulation_arrival){
            .time_ms = s->o.records->items[nth_record(s, after)].arrival_ms,
            .rank = after * 2 + (after != i),
            .record = record,
            .reordered = after != i,
        };
        moved = moved || after != i;
    }
    if (moved)
        qsort(s->arrivals, count, sizeof *s->arrivals, compare_arrivals);
    s->now_ms = count ? s->arrivals[0].time_ms : 0;
    return 0;
}

static int plan_faults(struct simulation *s, struct err *err)
{
    const struct faults *faults = s->o.faults;
    size_t n = s->o.records->count;
    s->deliveries = calloc(n + 1, sizeof *s->deliveries);
    s->faulted = calloc(n + 1, 1);
    s->poisons = faults ? calloc(faults->count + 1, sizeof *s->poisons) : NULL;
    if (!s->deliveries || !s->faulted || (faults && !s->poisons))
        return no_memory(err);
    for (size_t i = 0; faults && i < faults->count; i++) {
        const struct fault *f = &faults->items[i];
        if (f->record >= n || fault_impossible(f->kind, s->o.settings))
            continue;
        s->faulted[f->record] |= (unsigned char)(1u << f->kind);
        if (f->kind != FAULT_POISON)
            continue;
        struct simulation_poison *p = &s->poisons[s->npoisons++];
        p->record = f->record;
        buf_init(&p->text, SIMULATION_BYTES_MAX);
        p->done = poison_record(&s->o.records->items[f->record], &p->copy, &p->text);
        if (buf_check(&p->text, "a poisoned record", err) < 0)
            return -1;
    }
    return 0;
}

/* A mapping reads one queue, but all shards of its stream. */
static uint32_t count_sources(const struct simulation_options *o)
{
    uint32_t last = 0;
    for (size_t i = 0; i < o->records->count && o->settings->source == MAPPING_SQS; i++)
        last = o->records->shards[i] > last ? o->records->shards[i] : last;
    return last + 1;
}

struct simulation *simulation_new(const struct simulation_options *o, struct err *err)
{
    struct simulation *s = calloc(1, sizeof *s);
    if (!s) {
        no_memory(err);
        return NULL;
    }
    s->o = *o;
    history_init(&s->history, (uint32_t)o->records->count);
    s->history.source = o->settings->source;
    s->history.given_up_to = mapping_given_up_to(o->settings);
    buf_init(&s->event, SIMULATION_BYTES_MAX * 2);
    buf_init(&s->line, SIMULATION_BYTES_MAX * 2);
    if (plan_faults(s, err) == 0 && plan_arrivals(s, err) == 0)
        s->sources = sources_new(o->settings, count_sources(o), err);
    if (s->sources)
        return s;
    simulation_free(s);
    return NULL;
}

static void free_flight(struct flight *f)
{
    flight_clear(f);
    free(f->items);
    free(f->records);
}

void simulation_free(struct simulation *s)
{
    if (!s)
        return;
    sources_free(s->sources);
    history_fini(&s->history);
    for (size_t i = 0; i < s->npoisons; i++)
        buf_free(&s->poisons[i].text);
    for (size_t i = 0; i < s->nflights; i++)
        free_flight(&s->flights[i]);
    for (size_t i = 0; i < s->nstates; i++)
        buf_free(&s->states[i]);
    heap_fini(&s->ends);
    buf_free(&s->event);
    buf_free(&s->line);
    void *blocks[] = {s->arrivals,      s->copies,  s->items,  s->deliveries, s->faulted,
                      s->poisons,       s->flights, s->states, s->answers,    s->batch,
                      (void *)s->views, s->handles, s->named};
    for (size_t i = 0; i < ARRAY_LEN(blocks); i++)
        free(blocks[i]);
    free(s);
}

/* ---- arrivals ------------------------------------------------------------------------------- */

static int keep_item(struct simulation *s, uint32_t record, struct err *err)
{
    if (s->nitems == s->items_cap) {
        size_t cap = s->items_cap ? s->items_cap * 2 : s->narrivals + 16;
        struct simulation_item *items = realloc(s->items, cap * sizeof *items);
        if (!items)
            return no_memory(err);
        s->items = items;
        s->items_cap = cap;
    }
    s->items[s->nitems++] = (struct simulation_item){.record = record};
    return 0;
}

static int tell_fault(struct simulation *s, enum fault_kind kind, uint32_t record, struct err *err)
{
    struct history_entry e = {.kind = HISTORY_FAULT, .fault = kind};
    return simulation_note(s, e, &record, 1, NULL, 0, err);
}

/* What chaos did to it before it came. */
static int tell_faults(struct simulation *s, const struct simulation_arrival *a, struct err *err)
{
    unsigned char faulted = s->faulted[a->record];
    if (a->reordered && tell_fault(s, FAULT_REORDER, a->record, err) < 0)
        return -1;
    if (faulted & 1u << FAULT_SPLIT && tell_fault(s, FAULT_SPLIT, a->record, err) < 0)
        return -1;
    bool poisoned = simulation_record(s, a->record) != &s->o.records->items[a->record];
    return poisoned ? tell_fault(s, FAULT_POISON, a->record, err) : 0;
}

/* Which lane of its shard a partition key goes to has to be the same when other records are left
 * out, and so has nothing to do with their numbers. */
static uint32_t key_of(const struct simulation *s, uint32_t record)
{
    const struct scan_value key = s->o.records->items[record].key;
    enum mapping_source source = s->o.settings->source;
    if (source != MAPPING_KINESIS && source != MAPPING_DYNAMODB)
        return s->o.records->keys[record];
    return (uint32_t)hash_mix(key.len ? hash_bytes(key.ptr, key.len) : 0);
}

static int arrive(struct simulation *s, const struct simulation_arrival *a, struct err *err)
{
    const struct record *record = simulation_record(s, a->record);
    int passes = s->o.filter ? filter_passes(s->o.filter, record, err) : 1;
    if (passes < 0 || keep_item(s, a->record, err) < 0)
        return -1;
    struct mapping_item item = {
        .arrival_ms = s->now_ms,
        .bytes = record->text.len,
        .shard = s->o.records->shards[a->record],
        .key = key_of(s, a->record),
        .matches = passes > 0,
        .cut = !a->copy && s->faulted[a->record] & 1u << FAULT_SPLIT,
    };
    struct history_entry e = {.kind = HISTORY_ARRIVED};
    if (simulation_note(s, e, &a->record, 1, NULL, 0, err) < 0)
        return -1;
    if (!a->copy && s->faulted[a->record] && tell_faults(s, a, err) < 0)
        return -1;
    return sources_put(s->sources, s->o.settings->source == MAPPING_SQS ? item.shard : 0, &item,
                       err);
}

static const struct simulation_arrival *next_arrival(const struct simulation *s)
{
    const struct simulation_arrival *a = NULL, *copy = NULL;
    if (s->next_arrival < s->narrivals)
        a = &s->arrivals[s->next_arrival];
    if (s->next_copy < s->ncopies)
        copy = &s->copies[s->next_copy];
    return !a || (copy && copy->time_ms < a->time_ms) ? copy : a;
}

static int arrivals_due(struct simulation *s, struct err *err)
{
    const struct simulation_arrival *a;
    while ((a = next_arrival(s)) && a->time_ms <= s->now_ms) {
        if (a->copy)
            s->next_copy++;
        else
            s->next_arrival++;
        if (arrive(s, a, err) < 0)
            return -1;
    }
    return 0;
}

static int put_copy(struct simulation *s, uint32_t record, struct err *err)
{
    if (s->ncopies == s->copies_cap) {
        size_t cap = s->copies_cap ? s->copies_cap * 2 : 16;
        struct simulation_arrival *copies = realloc(s->copies, cap * sizeof *copies);
        if (!copies)
            return no_memory(err);
        s->copies = copies;
        s->copies_cap = cap;
    }
    s->copies[s->ncopies++] = (struct simulation_arrival){
        .time_ms = heap_time_add(s->now_ms, DUPLICATE_DELAY_MS),
        .record = record,
        .copy = true,
    };
    return tell_fault(s, FAULT_DUPLICATE, record, err);
}

/* ---- actions -------------------------------------------------------------------------------- */

/* An ordered source has the answer lost instead: flight.c. */
static int duplicate_done(struct simulation *s, const uint32_t *records, size_t count,
                          struct err *err)
{
    bool ordered = mapping_is_ordered(s->o.settings);
    for (size_t i = 0; i < count && !ordered; i++)
        if (simulation_fault(s, FAULT_DUPLICATE, records[i]) && put_copy(s, records[i], err) < 0)
            return -1;
    return 0;
}

static int follow(struct simulation *s, const struct mapping_action *a, struct err *err)
{
    static const enum history_kind kinds[MAPPING_ACTION_COUNT] = {
        [MAPPING_FILTERED] = HISTORY_FILTERED, [MAPPING_DONE] = HISTORY_DONE,
        [MAPPING_RETRY] = HISTORY_RETRIED,     [MAPPING_SPLIT] = HISTORY_SPLIT,
        [MAPPING_GIVE_UP] = HISTORY_GIVEN_UP,
    };
    size_t count = a->kind == MAPPING_SPLIT ? a->nfirst : a->nrecords;
    const uint32_t *records = simulation_names(s, a->records, count, err);
    struct history_entry e = {
        .kind = kinds[a->kind],
        .invocation = (uint32_t)a->batch,
        .until_ms = a->kind == MAPPING_RETRY ? a->until_ms : 0,
        .reason = a->kind == MAPPING_GIVE_UP ? a->reason : MAPPING_REASON_NONE,
        .to_dlq = a->kind == MAPPING_GIVE_UP && a->to_dlq,
    };
    if (!records || simulation_note(s, e, records, count, NULL, 0, err) < 0)
        return -1;
    if (a->kind == MAPPING_DONE) {
        if (s->o.faults && duplicate_done(s, records, count, err) < 0)
            return -1;
        return departure_done(s, a, err);
    }
    return a->kind == MAPPING_GIVE_UP ? departure_give_up(s, a, err) : 0;
}

static int act(struct simulation *s, const struct mapping_action *a, struct simulation_call *out,
               struct err *err)
{
    if (a->kind != MAPPING_INVOKE)
        return follow(s, a, err);
    return flight_start(s, a, out, err);
}

/* ---- the clock ------------------------------------------------------------------------------ */

static int64_t next_time(const struct simulation *s)
{
    int64_t time_ms = sources_wake_ms(s->sources);
    const struct simulation_arrival *a = next_arrival(s);
    const struct heap_entry *end = heap_top(&s->ends);
    if (a && a->time_ms < time_ms)
        time_ms = a->time_ms;
    if (end && end->time_ms < time_ms)
        time_ms = end->time_ms;
    return time_ms;
}

/* Goes to the next time that something is due: 1; 0: nothing ever is. */
static int advance(struct simulation *s, struct err *err)
{
    int64_t time_ms = next_time(s);
    if (time_ms == MAPPING_NEVER)
        return 0;
    s->stalls = time_ms > s->now_ms ? 0 : s->stalls + 1;
    if (s->stalls > STALLS_MAX)
        return err_set(err, ERR_PROTOCOL, "the rules of '%s' do not go on at %" PRId64 " ms",
                       mapping_source_names[s->o.settings->source], s->now_ms);
    if (time_ms > s->now_ms)
        s->now_ms = time_ms;
    const struct heap_entry *end;
    while ((end = heap_top(&s->ends)) && end->time_ms <= s->now_ms) {
        struct flight *f = &s->flights[end->value];
        heap_pop(&s->ends);
        if (flight_end(s, f, err) < 0)
            return -1;
    }
    return arrivals_due(s, err) < 0 ? -1 : 1;
}

int simulation_next(struct simulation *s, struct simulation_call *out, struct err *err)
{
    if (s->pending)
        return err_set(err, ERR_PROTOCOL, "the last call has not been answered");
    int more = arrivals_due(s, err) < 0 ? -1 : 1;
    while (more > 0) {
        struct mapping_action a;
        int acts;
        while ((acts = sources_next(s->sources, s->now_ms, &a, err)) > 0) {
            int called = act(s, &a, out, err);
            if (called)
                return called;
        }
        more = acts < 0 ? -1 : advance(s, err);
    }
    return more;
}

int simulation_answer(struct simulation *s, const struct simulation_outcome *o, struct err *err)
{
    if (!s->pending)
        return err_set(err, ERR_PROTOCOL, "there is no call to answer");
    return flight_answer(s, o, err);
}

const struct history *simulation_history(const struct simulation *s)
{
    return &s->history;
}

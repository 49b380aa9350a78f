/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/stream.h"

#include <stdlib.h>

#include "mapping/records.h"

#define SKIPPED_AT_ONCE 1024                /* records of one MAPPING_FILTERED */
#define TIME_MAX        (MAPPING_NEVER / 4) /* sums of arrivals and spans stay times */
#define LANES_MAX       MAPPING_RECORDS_MAX

/* How often a shard is polled (AWS docs: Using Lambda to process records from Amazon Kinesis Data
 * Streams; Using AWS Lambda with Amazon DynamoDB). A consumer of Kafka waits in its fetch. */
static const int64_t poll_ms_of[MAPPING_SOURCE_COUNT] = {
    [MAPPING_KINESIS] = 1000,
    [MAPPING_DYNAMODB] = 250,
    [MAPPING_KAFKA] = 1,
};

static void stream_close(void *state)
{
    struct stream *s = state;
    for (size_t i = 0; i < s->nlanes; i++)
        stream_batch_free(s->lanes[i].batch);
    free(s->lanes);
    free(s->next);
    free(s->counts);
    free(s->flights.lanes);
    free(s->out.items);
    heap_fini(&s->heap);
    free(s);
}

/* The state of a tumbling window is one per shard: its batches follow one another. Kafka has no
 * parallelization factor: a partition is the unit, and a batch is of one partition, though the
 * event could hold several, since AWS does not tell how it would mix them: a choice of ours. */
static uint32_t lanes_of_shard(const struct mapping_settings *set)
{
    bool one = set->tumbling_ms || set->parallelization < 1;
    return one ? 1 : (uint32_t)set->parallelization;
}

static void *stream_open(struct mapping_items *m, struct err *err)
{
    const struct mapping_settings *set = &m->settings;
    struct stream *s = calloc(1, sizeof *s);
    if (!s) {
        err_set(err, ERR_MEMORY, "no memory for an event source mapping");
        return NULL;
    }
    if (stream_numbers_reserve(&s->out, SKIPPED_AT_ONCE, err) < 0) {
        free(s);
        return NULL;
    }
    s->m = m;
    s->poll_ms = poll_ms_of[set->source];
    s->around = records_overhead(set->source);
    s->factor = lanes_of_shard(set);
    s->flights.base = 1;
    s->retries = set->retries;
    if (set->source == MAPPING_KAFKA && set->retries < 0 && set->on_failure)
        s->retries = MAPPING_KAFKA_RETRIES;
    return s;
}

static int make_records(struct stream *s, uint32_t number, struct err *err)
{
    if (number < s->records_cap)
        return 0;
    size_t cap = s->records_cap ? s->records_cap * 2 : 64;
    uint32_t *next = realloc(s->next, cap * sizeof *next);
    if (next)
        s->next = next;
    uint32_t *counts = next ? realloc(s->counts, cap * sizeof *counts) : NULL;
    if (counts)
        s->counts = counts;
    if (!counts)
        return err_set(err, ERR_MEMORY, "no memory for %zu records", cap);
    s->records_cap = cap;
    return 0;
}

static int make_lanes(struct stream *s, uint32_t shard, struct err *err)
{
    size_t want = ((size_t)shard + 1) * s->factor;
    if (want <= s->nlanes)
        return 0;
    if (want > LANES_MAX)
        return err_set(err, ERR_LIMIT, "shard %u is more than %d lanes allow", shard, LANES_MAX);
    if (want > s->lanes_cap) {
        size_t cap = want > s->lanes_cap * 2 ? want : s->lanes_cap * 2;
        struct stream_lane *lanes = realloc(s->lanes, cap * sizeof *lanes);
        if (!lanes)
            return err_set(err, ERR_MEMORY, "no memory for %zu shards", cap / s->factor);
        s->lanes = lanes;
        s->lanes_cap = cap;
    }
    while (s->nlanes < want)
        s->lanes[s->nlanes++] = (struct stream_lane){
            .due_ms = MAPPING_NEVER,
            .free_ms = INT64_MIN,
            .head = STREAM_NONE,
            .tail = STREAM_NONE,
            .cursor = STREAM_NONE,
        };
    return 0;
}

/* Entries of the heap that are not a lane's due time are stale. */
static void trim(struct stream *s)
{
    const struct heap_entry *top;
    while ((top = heap_top(&s->heap)) && s->lanes[top->value].due_ms != top->time_ms)
        heap_pop(&s->heap);
}

static int set_due(struct stream *s, struct stream_lane *lane, int64_t due_ms, struct err *err)
{
    if (lane->due_ms == due_ms)
        return 0;
    if (due_ms != MAPPING_NEVER &&
        heap_push(&s->heap, due_ms, (uint64_t)(lane - s->lanes), err) < 0)
        return -1;
    lane->due_ms = due_ms;
    trim(s);
    return 0;
}

static int stream_put(void *state, uint32_t number, struct err *err)
{
    struct stream *s = state;
    const struct mapping_item *item = &s->m->items[number];
    if (item->arrival_ms > TIME_MAX || item->arrival_ms < -TIME_MAX)
        return err_set(err, ERR_INPUT, "record %u arrived at an impossible time", number);
    if (make_records(s, number, err) < 0 || make_lanes(s, item->shard, err) < 0 ||
        heap_reserve(&s->heap, 1, err) < 0)
        return -1;
    struct stream_lane *lane = &s->lanes[(size_t)item->shard * s->factor + item->key % s->factor];
    s->next[number] = STREAM_NONE;
    s->counts[number] = 0;
    if (lane->head == STREAM_NONE)
        lane->head = number;
    else
        s->next[lane->tail] = number;
    lane->tail = number;
    if (lane->cursor == STREAM_NONE)
        lane->cursor = number;
    return lane->busy ? 0 : set_due(s, lane, stream_gather_due(s, lane), err);
}

/* One action of a lane; 0: none before out_due_ms. */
static int lane_next(struct stream *s, struct stream_lane *lane, struct mapping_action *out,
                     int64_t *out_due_ms, struct err *err)
{
    for (;;) {
        if (lane->busy) {
            int got = stream_batch_next(s, lane, out, out_due_ms, err);
            if (got != 0 || lane->busy)
                return got;
        }
        *out_due_ms = stream_gather_due(s, lane);
        if (*out_due_ms > out->time_ms)
            return 0;
        out->nrecords = stream_gather_skip(s, lane, out->time_ms);
        if (out->nrecords) {
            out->kind = MAPPING_FILTERED;
            out->records = s->out.items;
            s->m->open -= out->nrecords;
            return 1;
        }
        if (stream_gather_take(s, lane, err) < 0)
            return -1;
    }
}

static int stream_next(void *state, int64_t now_ms, struct mapping_action *out, struct err *err)
{
    struct stream *s = state;
    const struct heap_entry *top;
    while ((top = heap_top(&s->heap)) && top->time_ms <= now_ms) {
        struct stream_lane *lane = &s->lanes[top->value];
        int64_t due = MAPPING_NEVER;
        int got = lane_next(s, lane, out, &due, err);
        if (got != 0)
            return got;
        heap_pop(&s->heap);
        lane->due_ms = MAPPING_NEVER;
        if (set_due(s, lane, due, err) < 0)
            return -1;
        trim(s);
    }
    return 0;
}

static int64_t stream_wake_ms(const void *state)
{
    const struct stream *s = state;
    const struct heap_entry *top = heap_top(&s->heap);
    return top ? top->time_ms : MAPPING_NEVER;
}

static int stream_finish(void *state, uint64_t batch, const struct mapping_result *r,
                         int64_t now_ms, struct err *err)
{
    struct stream *s = state;
    uint32_t number = stream_flight_lane(&s->flights, batch);
    if (number == STREAM_NONE)
        return err_set(err, ERR_INPUT, "no invocation %llu is running", (unsigned long long)batch);
    struct stream_lane *lane = &s->lanes[number];
    if (heap_reserve(&s->heap, 1, err) < 0 || stream_batch_finish(s, lane, r, now_ms, err) < 0)
        return -1;
    stream_flight_end(&s->flights, batch);
    return set_due(s, lane, now_ms, err);
}

const struct mapping_rules mapping_stream_rules = {
    .open = stream_open,
    .close = stream_close,
    .put = stream_put,
    .next = stream_next,
    .wake_ms = stream_wake_ms,
    .finish = stream_finish,
};

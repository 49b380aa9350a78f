/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/stream.h"

#include <assert.h>
#include <stdlib.h>

/* How long a failed batch waits for its next attempt: the first time, and at most, each wait twice
 * the one before. AWS's documentation does not tell the wait of streams: a choice of ours. */
#define BACKOFF_FIRST_MS 1000
#define BACKOFF_MOST_MS  60000

/* A state above 1 MB ends its window early (AWS docs: Implementing stateful Kinesis Data Streams
 * processing in Lambda). */
#define STATE_BYTES_MAX 1048576

static struct stream_segment *segment_of(struct stream_batch *b)
{
    return &b->segments[b->nsegments - 1];
}

static void add_effect(struct stream_batch *b, const struct stream_segment *from,
                       struct stream_effect e)
{
    e.id = from->id;
    b->effects[b->neffects++] = e;
}

static void push_segment(struct stream_batch *b, struct stream_segment segment)
{
    assert(b->nsegments < STREAM_SEGMENTS_MAX);
    b->segments[b->nsegments++] = segment;
}

/* The window ends with its final invocation, however that went; the same window goes on with a
 * fresh state when it was terminated early (AWS SDK: TimeWindowProperties). */
static void pop_segment(struct stream_lane *lane, struct stream_batch *b)
{
    enum stream_kind kind = segment_of(b)->kind;
    b->nsegments--;
    if (kind == STREAM_FINAL)
        lane->window = false;
    if (kind != STREAM_RECORDS)
        lane->fresh = true;
}

static void give_up(struct stream_lane *lane, uint32_t end, enum mapping_reason reason)
{
    struct stream_batch *b = lane->batch;
    struct stream_segment *seg = segment_of(b);
    add_effect(b, seg,
               (struct stream_effect){.kind = MAPPING_GIVE_UP,
                                      .reason = reason,
                                      .begin = seg->begin,
                                      .end = end,
                                      .attempt = seg->attempts ? seg->attempts : 1});
    seg->begin = end;
    if (seg->begin == seg->end)
        pop_segment(lane, b);
}

/* AWS docs, "Implementing stateful Kinesis Data Streams processing in Lambda": after a failure at
 * the end of a window nothing goes on until it succeeds. Retries are what records have. */
static bool is_last_attempt(const struct stream *s, const struct stream_segment *seg)
{
    return seg->kind == STREAM_RECORDS && s->retries >= 0 && seg->attempts > s->retries;
}

/* A failure counts, a throttle does not. */
static void retry(const struct stream *s, struct stream_lane *lane, bool counts, int64_t now_ms)
{
    struct stream_batch *b = lane->batch;
    struct stream_segment *seg = segment_of(b);
    seg->attempts += counts;
    if (counts && is_last_attempt(s, seg)) {
        give_up(lane, seg->end, MAPPING_RETRIES_EXHAUSTED);
        return;
    }
    int64_t wait = BACKOFF_FIRST_MS;
    for (uint32_t i = 0; i < seg->delays && wait < BACKOFF_MOST_MS; i++)
        wait *= 2;
    seg->delays++;
    seg->not_before_ms = heap_time_add(now_ms, wait < BACKOFF_MOST_MS ? wait : BACKOFF_MOST_MS);
    add_effect(b, seg,
               (struct stream_effect){.kind = MAPPING_RETRY,
                                      .begin = seg->begin,
                                      .end = seg->end,
                                      .attempt = seg->attempts,
                                      .until_ms = seg->not_before_ms});
}

/* Its end goes on after its beginning, both with the attempts that it had: a split uses up no
 * retry, and is not waited for. */
static void bisect(struct stream_batch *b)
{
    struct stream_segment whole = *segment_of(b), first = whole;
    first.end = segment_of(b)->begin = whole.begin + (whole.end - whole.begin) / 2;
    push_segment(b, first);
    add_effect(b, &whole,
               (struct stream_effect){.kind = MAPPING_SPLIT,
                                      .begin = whole.begin,
                                      .end = whole.end,
                                      .nfirst = first.end - first.begin});
}

static void fail(const struct stream *s, struct stream_lane *lane, int64_t now_ms)
{
    struct stream_segment *seg = segment_of(lane->batch);
    if (s->m->settings.bisect && seg->end - seg->begin > 1)
        bisect(lane->batch);
    else
        retry(s, lane, true, now_ms);
}

/* The checkpoint is at the lowest place that failed. With bisect the batch is split there, and the
 * rest goes on without having used up a retry; a first record that fails leaves nothing to split.
 */
static void partly(const struct stream *s, struct stream_lane *lane, uint32_t place, int64_t now_ms)
{
    struct stream_batch *b = lane->batch;
    struct stream_segment *seg = segment_of(b), whole = *seg;
    seg->begin += place;
    if (place && s->m->settings.bisect)
        add_effect(
            b, &whole,
            (struct stream_effect){
                .kind = MAPPING_SPLIT, .begin = whole.begin, .end = whole.end, .nfirst = place});
    if (place) {
        seg->delays = 0;
        add_effect(b, &whole,
                   (struct stream_effect){
                       .kind = MAPPING_DONE, .begin = whole.begin, .end = whole.begin + place});
    }
    if (!place || !s->m->settings.bisect)
        retry(s, lane, true, now_ms);
}

static void succeed(struct stream_lane *lane)
{
    struct stream_batch *b = lane->batch;
    struct stream_segment *seg = segment_of(b);
    if (seg->end > seg->begin)
        add_effect(
            b, seg,
            (struct stream_effect){.kind = MAPPING_DONE, .begin = seg->begin, .end = seg->end});
    pop_segment(lane, b);
}

/* An answer has a state; one that is too large ends the window before the next records come. */
static void keep_state(const struct stream *s, struct stream_lane *lane, uint64_t id,
                       size_t state_bytes)
{
    if (!s->m->settings.tumbling_ms)
        return;
    lane->fresh = false;
    if (state_bytes > STATE_BYTES_MAX)
        push_segment(lane->batch, (struct stream_segment){
                                      .kind = STREAM_EARLY, .id = id, .not_before_ms = INT64_MIN});
}

int stream_batch_finish(struct stream *s, struct stream_lane *lane, const struct mapping_result *r,
                        int64_t now_ms, struct err *err)
{
    struct stream_batch *b = lane->batch;
    struct stream_segment seg = *segment_of(b);
    bool partial = r->outcome == MAPPING_PARTIAL && r->nfailed > 0 && seg.end > seg.begin;
    if (partial && r->failed[0] >= seg.end - seg.begin)
        return err_set(err, ERR_INPUT, "place %u is not in a batch of %u records", r->failed[0],
                       seg.end - seg.begin);
    b->neffects = b->effect = 0;
    if (r->outcome == MAPPING_FAILED || r->outcome == MAPPING_REFUSED) {
        fail(s, lane, now_ms);
    } else if (r->outcome == MAPPING_THROTTLED) {
        retry(s, lane, false, now_ms);
    } else {
        if (partial)
            partly(s, lane, r->failed[0], now_ms);
        else
            succeed(lane);
        if (seg.kind == STREAM_RECORDS)
            keep_state(s, lane, seg.id, r->state_bytes);
    }
    b->flying = false;
    return 0;
}

static int next_effect(const struct stream *s, struct stream_batch *b, struct mapping_action *out)
{
    const struct stream_effect *e = &b->effects[b->effect++];
    out->kind = e->kind;
    out->reason = e->reason;
    out->batch = e->id;
    out->until_ms = e->until_ms;
    out->nfirst = e->nfirst;
    out->attempt = e->attempt;
    out->records = b->records.items + e->begin;
    out->nrecords = e->end - e->begin;
    if (e->kind == MAPPING_GIVE_UP)
        out->to_dlq =
            s->m->settings.on_failure && e->reason != MAPPING_EXPIRED && out->nrecords > 0;
    if (e->kind == MAPPING_GIVE_UP || e->kind == MAPPING_DONE)
        s->m->open -= out->nrecords;
    return 1;
}

/* Records without a match between those that are behind the checkpoint. */
static int next_skipped(const struct stream *s, struct stream_batch *b, struct mapping_action *out)
{
    uint32_t open = STREAM_NONE, first = b->passed;
    for (uint32_t i = b->nsegments; i > 0 && open == STREAM_NONE; i--)
        if (b->segments[i - 1].end > b->segments[i - 1].begin)
            open = b->records.items[b->segments[i - 1].begin];
    while (b->passed < b->skipped.count && b->skipped.items[b->passed] < open)
        b->passed++;
    if (first == b->passed)
        return 0;
    out->kind = MAPPING_FILTERED;
    out->records = b->skipped.items + first;
    out->nrecords = b->passed - first;
    s->m->open -= out->nrecords;
    return 1;
}

/* Why there is no other attempt for what is as old as this. */
static enum mapping_reason too_old(const struct mapping_settings *set, int64_t from_ms,
                                   int64_t max_age_ms, int64_t now_ms)
{
    if (set->retention_ms > 0 && now_ms - from_ms > set->retention_ms)
        return MAPPING_EXPIRED;
    return max_age_ms > 0 && now_ms - from_ms > max_age_ms ? MAPPING_AGE_EXCEEDED
                                                           : MAPPING_REASON_NONE;
}

/* The first records of a segment that are too old for another attempt are given up. */
static bool drop_old_records(const struct stream *s, struct stream_lane *lane, int64_t now_ms)
{
    const struct mapping_settings *set = &s->m->settings;
    struct stream_batch *b = lane->batch;
    struct stream_segment *seg = segment_of(b);
    enum mapping_reason first = MAPPING_REASON_NONE;
    uint32_t at = seg->begin;
    for (; at < seg->end; at++) {
        int64_t from = s->m->items[b->records.items[at]].arrival_ms;
        enum mapping_reason reason = too_old(set, from, set->max_age_ms, now_ms);
        if (at == seg->begin)
            first = reason;
        if (reason == MAPPING_REASON_NONE || reason != first)
            break;
    }
    if (at == seg->begin)
        return false;
    give_up(lane, at, first);
    return true;
}

/* No record is in an invocation at the end of a window: it is made once however late it is, and
 * tried again for as long as a record from then is kept. A choice of ours. */
static bool drop_old(const struct stream *s, struct stream_lane *lane, int64_t now_ms)
{
    const struct mapping_settings *set = &s->m->settings;
    struct stream_batch *b = lane->batch;
    struct stream_segment *seg = segment_of(b);
    b->neffects = b->effect = 0;
    if (seg->kind == STREAM_RECORDS)
        return drop_old_records(s, lane, now_ms);
    if (seg->not_before_ms == INT64_MIN)
        return false;
    enum mapping_reason reason =
        too_old(set, lane->window_ms + set->tumbling_ms, MAPPING_NO_LIMIT, now_ms);
    if (reason != MAPPING_REASON_NONE)
        give_up(lane, seg->end, reason);
    return reason != MAPPING_REASON_NONE;
}

static void set_window(const struct stream *s, struct stream_lane *lane,
                       const struct stream_segment *seg, struct mapping_action *out)
{
    if (!s->m->settings.tumbling_ms)
        return;
    if (!lane->window) {
        uint32_t record = lane->batch->records.items[seg->begin];
        lane->window = lane->fresh = true;
        lane->window_ms = stream_window_start(s, s->m->items[record].arrival_ms);
    }
    out->window = (struct mapping_window){
        .on = true,
        .start_ms = lane->window_ms,
        .end_ms = lane->window_ms + s->m->settings.tumbling_ms,
        .fresh = lane->fresh,
        .final = seg->kind == STREAM_FINAL,
        .early = seg->kind == STREAM_EARLY,
    };
}

static int invoke(struct stream *s, struct stream_lane *lane, struct mapping_action *out,
                  struct err *err)
{
    struct stream_batch *b = lane->batch;
    struct stream_segment *seg = segment_of(b);
    uint32_t n = seg->end - seg->begin;
    if (stream_numbers_reserve(&s->out, n, err) < 0)
        return -1;
    uint32_t number = (uint32_t)(lane - s->lanes);
    if (stream_flight_start(&s->flights, number, &seg->id, err) < 0)
        return -1;
    out->kind = MAPPING_INVOKE;
    out->batch = seg->id;
    out->attempt = seg->attempts + 1;
    out->shard = number / s->factor;
    out->records = b->records.items + seg->begin;
    out->nrecords = n;
    out->deliveries = s->out.items;
    for (uint32_t i = 0; i < n; i++)
        s->out.items[i] = ++s->counts[out->records[i]];
    set_window(s, lane, seg, out);
    b->flying = true;
    return 1;
}

int stream_batch_next(struct stream *s, struct stream_lane *lane, struct mapping_action *out,
                      int64_t *out_due_ms, struct err *err)
{
    struct stream_batch *b = lane->batch;
    *out_due_ms = MAPPING_NEVER;
    for (;;) {
        if (b->effect < b->neffects)
            return next_effect(s, b, out);
        if (next_skipped(s, b, out))
            return 1;
        if (b->flying)
            return 0;
        if (!b->nsegments) {
            lane->busy = false;
            lane->free_ms = out->time_ms;
            return 0;
        }
        if (out->time_ms < segment_of(b)->not_before_ms) {
            *out_due_ms = segment_of(b)->not_before_ms;
            return 0;
        }
        if (!drop_old(s, lane, out->time_ms))
            return invoke(s, lane, out, err);
    }
}

void stream_batch_free(struct stream_batch *b)
{
    if (!b)
        return;
    free(b->records.items);
    free(b->skipped.items);
    free(b);
}

int stream_numbers_reserve(struct stream_numbers *n, uint32_t want, struct err *err)
{
    if (want <= n->cap)
        return 0;
    uint32_t cap = want > n->cap * 2 ? want : n->cap * 2;
    uint32_t *items = realloc(n->items, cap * sizeof *items);
    if (!items)
        return err_set(err, ERR_MEMORY, "no memory for %u records of a batch", cap);
    n->items = items;
    n->cap = cap;
    return 0;
}

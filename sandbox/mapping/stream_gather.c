/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/stream.h"

#include <stdlib.h>

#define EVENT_BETWEEN 1 /* two records of an event: a comma */

static int64_t floor_to(int64_t time_ms, int64_t grid_ms)
{
    int64_t rest = time_ms % grid_ms;
    return time_ms - (rest < 0 ? rest + grid_ms : rest);
}

/* Every shard is polled at the multiples of the period: the phase is a choice of ours. */
static int64_t poll_after(const struct stream *s, int64_t time_ms)
{
    int64_t before = floor_to(time_ms, s->poll_ms);
    return before == time_ms ? time_ms : before + s->poll_ms;
}

static const struct mapping_item *item_of(const struct stream *s, uint32_t record)
{
    return &s->m->items[record];
}

/* A lane that has ended a batch polls at once, then at the shard's rate. */
static int64_t read_time(const struct stream *s, const struct stream_lane *lane, uint32_t record)
{
    int64_t arrival = item_of(s, record)->arrival_ms;
    return arrival <= lane->free_ms ? lane->free_ms : poll_after(s, arrival);
}

int64_t stream_window_start(const struct stream *s, int64_t arrival_ms)
{
    return floor_to(arrival_ms, s->m->settings.tumbling_ms);
}

/* By then all records of the window have been read. */
static int64_t window_over(const struct stream *s, int64_t start_ms)
{
    return poll_after(s, start_ms + s->m->settings.tumbling_ms);
}

/* The open window has got all of its records. */
bool stream_gather_final(const struct stream *s, const struct stream_lane *lane)
{
    if (!lane->window)
        return false;
    return lane->head == STREAM_NONE ||
           stream_window_start(s, item_of(s, lane->head)->arrival_ms) > lane->window_ms;
}

/* The first record of a batch: until when the lane waits for others. */
static void gather_first(const struct stream *s, struct stream_lane *lane, uint32_t record)
{
    const struct mapping_settings *set = &s->m->settings;
    int64_t read = read_time(s, lane, record);
    lane->gather_ms = heap_time_add(read, set->window_ms);
    lane->bytes = s->around;
    if (!set->tumbling_ms)
        return;
    int64_t over = window_over(s, stream_window_start(s, item_of(s, record)->arrival_ms));
    if (lane->gather_ms > over)
        lane->gather_ms = over > read ? over : read;
}

static bool gather_fits(const struct stream *s, const struct stream_lane *lane, uint32_t record)
{
    const struct mapping_settings *set = &s->m->settings;
    if (lane->bytes + EVENT_BETWEEN + item_of(s, record)->bytes > (size_t)set->payload_bytes)
        return false;
    return !set->tumbling_ms || stream_window_start(s, item_of(s, record)->arrival_ms) ==
                                    stream_window_start(s, item_of(s, lane->head)->arrival_ms);
}

static void gather_close(struct stream_lane *lane, int64_t time_ms)
{
    lane->closed = true;
    lane->gather_ms = time_ms;
}

/* Takes the record at the cursor, or closes the gather. */
static void gather_one(struct stream *s, struct stream_lane *lane)
{
    uint32_t record = lane->cursor;
    const struct mapping_item *item = item_of(s, record);
    int64_t read = read_time(s, lane, record);
    if (!lane->count) {
        gather_first(s, lane, record);
    } else if (read > lane->gather_ms) {
        gather_close(lane, lane->gather_ms);
        return;
    } else if (item->cut || (item->matches && !gather_fits(s, lane, record))) {
        gather_close(lane, read);
        return;
    }
    if (item->matches) {
        lane->bytes += item->bytes + (lane->count ? EVENT_BETWEEN : 0);
        lane->count++;
        lane->last = record;
        if (lane->count == (uint64_t)s->m->settings.batch)
            gather_close(lane, read);
    }
    lane->cursor = s->next[record];
}

int64_t stream_gather_due(struct stream *s, struct stream_lane *lane)
{
    if (stream_gather_final(s, lane))
        return window_over(s, lane->window_ms);
    if (lane->head == STREAM_NONE)
        return MAPPING_NEVER;
    if (!item_of(s, lane->head)->matches)
        return read_time(s, lane, lane->head);
    while (!lane->closed && lane->cursor != STREAM_NONE)
        gather_one(s, lane);
    return lane->gather_ms;
}

static void gather_reset(struct stream_lane *lane)
{
    lane->cursor = lane->head;
    lane->count = 0;
    lane->closed = false;
}

static uint32_t pop(struct stream *s, struct stream_lane *lane)
{
    uint32_t record = lane->head;
    lane->head = s->next[record];
    return record;
}

static int make_batch(const struct stream *s, struct stream_lane *lane, struct err *err)
{
    struct stream_batch *b = lane->batch ? lane->batch : calloc(1, sizeof *b);
    if (!b)
        return err_set(err, ERR_MEMORY, "no memory for a batch");
    lane->batch = b;
    b->records.count = b->skipped.count = b->passed = b->nsegments = 0;
    b->neffects = b->effect = 0;
    b->flying = false;
    if (stream_gather_final(s, lane))
        return 0;
    uint32_t between = 0;
    for (uint32_t r = lane->head; r != lane->last; r = s->next[r])
        between += !item_of(s, r)->matches;
    if (stream_numbers_reserve(&b->records, lane->count, err) < 0)
        return -1;
    return stream_numbers_reserve(&b->skipped, between, err);
}

static void take_records(struct stream *s, struct stream_lane *lane)
{
    struct stream_batch *b = lane->batch;
    for (bool more = true; more;) {
        uint32_t record = pop(s, lane);
        struct stream_numbers *n = item_of(s, record)->matches ? &b->records : &b->skipped;
        n->items[n->count++] = record;
        more = record != lane->last;
    }
}

int stream_gather_take(struct stream *s, struct stream_lane *lane, struct err *err)
{
    if (make_batch(s, lane, err) < 0)
        return -1;
    struct stream_batch *b = lane->batch;
    bool final = stream_gather_final(s, lane);
    if (!final)
        take_records(s, lane);
    b->segments[b->nsegments++] = (struct stream_segment){
        .kind = final ? STREAM_FINAL : STREAM_RECORDS,
        .end = b->records.count,
        .not_before_ms = INT64_MIN,
    };
    gather_reset(lane);
    lane->busy = true;
    return 0;
}

size_t stream_gather_skip(struct stream *s, struct stream_lane *lane, int64_t now_ms)
{
    size_t n = 0;
    while (lane->head != STREAM_NONE && n < s->out.cap && !item_of(s, lane->head)->matches &&
           read_time(s, lane, lane->head) <= now_ms && !stream_gather_final(s, lane))
        s->out.items[n++] = pop(s, lane);
    if (n)
        gather_reset(lane);
    return n;
}

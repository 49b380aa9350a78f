/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/queue.h"

#include <string.h>

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static const struct mapping_item *item_of(const struct queue *q, uint32_t number)
{
    return &q->items->items[number];
}

/* A redrive policy moves a message at the receive that is one too many. */
static bool is_used_up(const struct queue *q, uint32_t number)
{
    int64_t retries = q->items->settings.retries;
    return retries != MAPPING_NO_LIMIT && q->shelf.messages[number].receives > retries;
}

static size_t most_bytes(const struct queue *q)
{
    return (size_t)q->items->settings.payload_bytes;
}

/* With the comma behind it. */
static size_t bytes_of(const struct queue *q, uint32_t number)
{
    return item_of(q, number)->bytes + 1;
}

static bool cuts(const struct queue *q, uint32_t number)
{
    return item_of(q, number)->cut && q->shelf.messages[number].receives == 0;
}

/* Ours: pollers in excess stop as soon as nothing is left to receive. */
static bool have_poller(struct queue *q)
{
    int64_t open = (int64_t)q->batches.open;
    bool waits = q->shelf.kind->peek(&q->shelf) != LIST_NONE;
    if (!waits) {
        int64_t least = q->pollers_max < QUEUE_POLLERS_FIRST || q->items->settings.fifo
                            ? q->pollers_max
                            : QUEUE_POLLERS_FIRST;
        q->pollers = q->pollers < open ? q->pollers : later(open, least);
    }
    if (!waits || open < q->pollers || q->pollers >= q->pollers_max) {
        q->grow_ms = MAPPING_NEVER;
        return open < q->pollers;
    }
    if (q->grow_ms > q->now_ms) {
        if (q->grow_ms == MAPPING_NEVER)
            q->grow_ms = heap_time_add(q->now_ms, QUEUE_POLLER_MS);
        return false;
    }
    q->pollers++;
    q->grow_ms = MAPPING_NEVER;
    return true;
}

static int invoke(struct queue *q, struct err *err)
{
    struct mapping_action a = {.kind = MAPPING_INVOKE,
                               .time_ms = q->now_ms,
                               .batch = batches_next(&q->batches),
                               .attempt = 1};
    if (outbox_reserve(&q->outbox, 1, 2 * q->ngathered, err) < 0 ||
        batches_add(&q->batches, q->gathered, q->ngathered, err) < 0 ||
        outbox_add(&q->outbox, &a, q->gathered, q->counts, q->ngathered, err) < 0)
        return -1;
    for (size_t i = 0; i < q->ngathered; i++)
        q->shelf.messages[q->gathered[i]].running++;
    q->ngathered = 0;
    q->shelf.kind->rest(&q->shelf, q->now_ms);
    return 0;
}

int queue_invoke_again(struct queue *q, uint64_t batch, struct err *err)
{
    const struct batch *b = batches_get(&q->batches, batch);
    struct mapping_action a = {.kind = MAPPING_INVOKE,
                               .time_ms = q->now_ms,
                               .batch = batches_next(&q->batches),
                               .attempt = b->attempt + 1};
    if (outbox_reserve(&q->outbox, 1, 2 * b->n, err) < 0 ||
        batches_again(&q->batches, batch, err) < 0)
        return -1;
    heap_pop(&q->throttled);
    for (size_t i = 0; i < b->n; i++) {
        shelf_rename(&q->shelf, b->records[i], a.batch);
        q->ended[i] = q->shelf.messages[b->records[i]].receives;
    }
    for (size_t i = 0; i < q->ngathered; i++)
        shelf_rename(&q->shelf, q->gathered[i], batches_next(&q->batches));
    return outbox_add(&q->outbox, &a, b->records, q->ended, b->n, err);
}

static int make_room(struct queue *q, struct err *err)
{
    if (q->ngathered < q->gathered_cap)
        return 0;
    size_t cap = q->gathered_cap ? q->gathered_cap * 2 : 16;
    uint32_t *gathered = realloc(q->gathered, cap * sizeof *gathered);
    if (gathered)
        q->gathered = gathered;
    uint32_t *counts = gathered ? realloc(q->counts, cap * sizeof *counts) : NULL;
    if (!counts)
        return err_set(err, ERR_MEMORY, "no memory for a batch of %zu messages", cap);
    q->counts = counts;
    q->gathered_cap = cap;
    return 0;
}

/* Deleted from the queue when it was received. */
static int drop(struct queue *q, uint32_t number, enum mapping_action_kind kind, struct err *err)
{
    struct mapping_action a = {.kind = kind, .time_ms = q->now_ms};
    if (kind == MAPPING_GIVE_UP) {
        a.reason = MAPPING_RECEIVES_EXCEEDED;
        a.batch = q->shelf.messages[number].batch;
        a.attempt = q->shelf.messages[number].receives;
        a.to_dlq = true; /* a redrive policy has one, named here or not */
    }
    if (shelf_reserve(&q->shelf, 1, err) < 0 ||
        outbox_add(&q->outbox, &a, &number, NULL, 1, err) < 0)
        return -1;
    shelf_settle(&q->shelf, number, q->now_ms);
    return 0;
}

static int take(struct queue *q, uint32_t number, struct err *err)
{
    if (make_room(q, err) < 0)
        return -1;
    if (q->ngathered == 0) {
        q->bytes = QUEUE_EVENT_BYTES;
        q->deadline_ms = heap_time_add(q->now_ms, q->window_ms);
    }
    shelf_hide(&q->shelf, number, batches_next(&q->batches), q->now_ms,
               heap_time_add(q->now_ms, q->hidden_ms));
    q->counts[q->ngathered] = q->shelf.messages[number].receives;
    q->gathered[q->ngathered++] = number;
    q->bytes += bytes_of(q, number);
    return 0;
}

void queue_forget(struct queue *q, uint32_t number)
{
    size_t at = 0;
    if (q->shelf.messages[number].batch != batches_next(&q->batches))
        return;
    while (at < q->ngathered && q->gathered[at] != number)
        at++;
    if (at == q->ngathered)
        return;
    q->ngathered--;
    q->bytes -= bytes_of(q, number);
    memmove(q->gathered + at, q->gathered + at + 1, (q->ngathered - at) * sizeof *q->gathered);
    memmove(q->counts + at, q->counts + at + 1, (q->ngathered - at) * sizeof *q->counts);
    q->shelf.kind->release(&q->shelf, number, q->now_ms);
}

int queue_receive(struct queue *q, struct err *err)
{
    int64_t batch = q->items->settings.batch;
    while (outbox_is_empty(&q->outbox)) {
        if (q->ngathered == 0 && !have_poller(q))
            return 0;
        uint32_t number = q->shelf.kind->peek(&q->shelf);
        bool over = q->ngathered > 0 && q->deadline_ms <= q->now_ms;
        if (number == LIST_NONE)
            return over ? invoke(q, err) : 0;
        if (q->ngathered > 0 && cuts(q, number))
            return invoke(q, err);
        if (is_used_up(q, number))
            return drop(q, number, MAPPING_GIVE_UP, err);
        if (!item_of(q, number)->matches)
            return drop(q, number, MAPPING_FILTERED, err);
        if (q->ngathered > 0 && q->bytes + bytes_of(q, number) > most_bytes(q))
            return invoke(q, err);
        if (take(q, number, err) < 0)
            return -1;
        if ((int64_t)q->ngathered >= batch || q->bytes >= most_bytes(q))
            return invoke(q, err);
    }
    return 0;
}

/* What would be gathered from from_ms on, until it is an action. */
static int64_t look_ahead(const struct queue *q, int64_t from_ms)
{
    size_t n = q->ngathered, bytes = n ? q->bytes : QUEUE_EVENT_BYTES;
    int64_t end = n ? q->deadline_ms : heap_time_add(from_ms, q->window_ms);
    struct shelf_walk w = shelf_walk_begin(&q->shelf);
    for (;;) {
        int64_t at;
        uint32_t number = shelf_walk_next(&w, &at);
        if (number == LIST_NONE || at > end)
            return later(end, from_ms);
        at = later(at, from_ms);
        if ((n && cuts(q, number)) || is_used_up(q, number) || !item_of(q, number)->matches ||
            (n && bytes + bytes_of(q, number) > most_bytes(q)))
            return at;
        n++;
        bytes += bytes_of(q, number);
        if ((int64_t)n >= q->items->settings.batch || bytes >= most_bytes(q))
            return at;
    }
}

int64_t queue_receive_ms(const struct queue *q)
{
    if (q->ngathered > 0)
        return q->window_ms ? look_ahead(q, q->now_ms) : q->now_ms;
    bool waits = q->shelf.kind->peek(&q->shelf) != LIST_NONE;
    int64_t from = waits ? q->now_ms : q->shelf.kind->next_ms(&q->shelf);
    if ((int64_t)q->batches.open >= q->pollers) {
        if (q->pollers >= q->pollers_max)
            return MAPPING_NEVER;
        from = waits && q->grow_ms != MAPPING_NEVER ? q->grow_ms
                                                    : heap_time_add(from, QUEUE_POLLER_MS);
    }
    if (from == MAPPING_NEVER)
        return MAPPING_NEVER;
    return q->window_ms ? look_ahead(q, from) : from;
}

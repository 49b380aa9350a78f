/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/queue.h"

static bool waits(const void *owner, uint32_t number)
{
    const struct queue *q = owner;
    const struct shelf_message *m = &q->shelf.messages[number];
    return m->place != SHELF_SETTLED && m->running == 0;
}

/* Facts 4.2: a window can make the visibility timeout of the queue too short. */
static int64_t hidden_ms(const struct mapping_settings *s, int64_t window_ms)
{
    int64_t needed = window_ms + s->timeout_ms, least = window_ms + QUEUE_HIDDEN_LEAST_MS;
    if (window_ms > 0 && needed > s->visibility_ms)
        return needed + QUEUE_WINDOW_MARGIN_MS;
    return s->visibility_ms > least ? s->visibility_ms : least;
}

static void *queue_open(struct mapping_items *m, struct err *err)
{
    struct queue *q = calloc(1, sizeof *q);
    if (!q) {
        err_set(err, ERR_MEMORY, "no memory for the rules of a queue");
        return NULL;
    }
    const struct mapping_settings *s = &m->settings;
    int64_t most = s->concurrency == MAPPING_NO_LIMIT ? QUEUE_POLLERS_MAX : s->concurrency;
    int64_t first = s->fifo || most < QUEUE_POLLERS_FIRST ? most : QUEUE_POLLERS_FIRST;
    q->items = m;
    shelf_init(&q->shelf, m);
    q->ages = (struct ages){.items = m,
                            .limit_ms = s->retention_ms > 0 ? s->retention_ms : MAPPING_NO_LIMIT,
                            .waits = waits,
                            .owner = q};
    q->window_ms = s->fifo ? 0 : s->window_ms;
    q->hidden_ms = hidden_ms(s, q->window_ms);
    q->pollers = first;
    q->pollers_max = most;
    q->grow_ms = MAPPING_NEVER;
    q->now_ms = INT64_MIN;
    return q;
}

static void queue_close(void *state)
{
    struct queue *q = state;
    shelf_fini(&q->shelf);
    ages_fini(&q->ages);
    batches_fini(&q->batches);
    outbox_fini(&q->outbox);
    heap_fini(&q->throttled);
    free(q->gathered);
    free(q->counts);
    free(q->ended);
    free(q);
}

static int queue_put(void *state, uint32_t number, struct err *err)
{
    struct queue *q = state;
    if (ages_reserve(&q->ages, number, err) < 0 || shelf_put(&q->shelf, number, q->now_ms, err) < 0)
        return -1;
    ages_put(&q->ages, number);
    q->wake_known = false;
    return 0;
}

/* What waits in a window expires without an invocation: that of its batch is still to come. */
static int give_up_old(struct queue *q, uint32_t number, struct err *err)
{
    const struct shelf_message *m = &q->shelf.messages[number];
    bool gathered = m->batch == batches_next(&q->batches);
    struct mapping_action a = {.kind = MAPPING_GIVE_UP,
                               .reason = MAPPING_EXPIRED,
                               .time_ms = q->now_ms,
                               .batch = gathered ? 0 : m->batch,
                               .attempt = m->receives};
    if (shelf_reserve(&q->shelf, 1, err) < 0 ||
        outbox_add(&q->outbox, &a, &number, NULL, 1, err) < 0)
        return -1;
    queue_forget(q, number);
    shelf_settle(&q->shelf, number, q->now_ms);
    return 0;
}

/* After all that can be done at now_ms: when there is something inside to be done. */
static int64_t next_event_ms(const struct queue *q)
{
    int64_t at, shelf = q->shelf.kind->next_ms(&q->shelf);
    const struct heap_entry *again = heap_top(&q->throttled);
    ages_next(&q->ages, &at);
    at = again && again->time_ms < at ? again->time_ms : at;
    at = shelf < at ? shelf : at;
    at = q->grow_ms < at ? q->grow_ms : at;
    return q->ngathered > 0 && q->deadline_ms < at ? q->deadline_ms : at;
}

/* Goes from event to event until one of them is an action. */
static int run(struct queue *q, int64_t now_ms, struct err *err)
{
    while (outbox_is_empty(&q->outbox)) {
        q->shelf.kind->surface(&q->shelf, q->now_ms);
        ages_tidy(&q->ages);
        int64_t at;
        uint32_t old = ages_next(&q->ages, &at);
        if (old != LIST_NONE && at <= q->now_ms)
            return give_up_old(q, old, err);
        const struct heap_entry *again = heap_top(&q->throttled);
        if (again && again->time_ms <= q->now_ms)
            return queue_invoke_again(q, again->value, err);
        if (queue_receive(q, err) < 0)
            return -1;
        if (!outbox_is_empty(&q->outbox))
            return 0;
        at = next_event_ms(q);
        q->now_ms = at < now_ms ? at : now_ms;
        if (at > now_ms)
            return 0;
    }
    return 0;
}

static int64_t find_wake_ms(const struct queue *q)
{
    if (!outbox_is_empty(&q->outbox))
        return q->now_ms;
    int64_t at, receive = queue_receive_ms(q);
    const struct heap_entry *again = heap_top(&q->throttled);
    ages_next(&q->ages, &at);
    at = again && again->time_ms < at ? again->time_ms : at;
    return at < receive ? at : receive;
}

static int queue_next(void *state, int64_t now_ms, struct mapping_action *out, struct err *err)
{
    struct queue *q = state;
    if (now_ms < q->now_ms)
        now_ms = q->now_ms;
    if (outbox_is_empty(&q->outbox) && !(q->wake_known && now_ms < q->wake_ms) &&
        run(q, now_ms, err) < 0)
        return -1;
    ages_tidy(&q->ages);
    if (outbox_take(&q->outbox, out)) {
        q->wake_known = false;
        return 1;
    }
    if (!q->wake_known)
        q->wake_ms = find_wake_ms(q);
    q->wake_known = true;
    return 0;
}

static int64_t queue_wake_ms(const void *state)
{
    const struct queue *q = state;
    return q->wake_known ? q->wake_ms : find_wake_ms(q);
}

/* Which of a batch failed, and room for all that comes of it. */
struct finish {
    const struct mapping_result *result;
    const uint32_t *records;
    size_t n, nretried;
    uint64_t batch;
};

static int prepare(struct queue *q, const struct finish *f, struct err *err)
{
    const struct mapping_result *r = f->result;
    for (size_t i = 0; r->outcome == MAPPING_PARTIAL && i < r->nfailed; i++) {
        if (r->failed[i] >= f->n || (i > 0 && r->failed[i] <= r->failed[i - 1]))
            return err_set(err, ERR_INPUT, "place %u is not in a batch of %zu, or not in order",
                           r->failed[i], f->n);
    }
    if (f->n > q->ended_cap) {
        uint32_t *ended = realloc(q->ended, 2 * f->n * sizeof *ended);
        if (!ended)
            return err_set(err, ERR_MEMORY, "no memory for the end of %zu messages", f->n);
        q->ended = ended;
        q->ended_cap = f->n;
    }
    if (outbox_reserve(&q->outbox, 2 * f->n, f->n, err) < 0 ||
        shelf_reserve(&q->shelf, f->n, err) < 0 || heap_reserve(&q->throttled, 1, err) < 0)
        return -1;
    return heap_reserve(&q->ages.back, f->n, err);
}

/* A run of records with the same action as one. The outbox has room. */
static int tell(struct queue *q, const struct finish *f, const struct mapping_action *like,
                const uint32_t *records, size_t n, struct err *err)
{
    struct mapping_action a = *like;
    a.time_ms = q->now_ms;
    a.batch = f->batch;
    return n ? outbox_add(&q->outbox, &a, records, NULL, n, err) : 0;
}

static int settle(struct queue *q, struct finish *f, struct err *err)
{
    const struct mapping_result *r = f->result;
    uint32_t *done = q->ended + f->n;
    size_t failures = 0, ndone = 0;
    for (size_t i = 0; i < f->n; i++) {
        uint32_t number = f->records[i];
        struct shelf_message *m = &q->shelf.messages[number];
        bool named =
            r->outcome == MAPPING_PARTIAL && failures < r->nfailed && r->failed[failures] == i;
        failures += named;
        bool failed = named || (r->outcome != MAPPING_PARTIAL && r->outcome != MAPPING_SUCCEEDED);
        bool settled = m->place == SHELF_SETTLED;
        if (!settled && !failed) {
            done[ndone++] = number;
            shelf_settle(&q->shelf, number, q->now_ms);
        } else if (!settled) {
            q->ended[f->nretried++] = number;
        }
        shelf_release(&q->shelf, number, q->now_ms);
        if (!settled && failed && m->running == 0 && ages_back(&q->ages, number, err) < 0)
            return -1;
    }
    return tell(q, f, &(struct mapping_action){.kind = MAPPING_DONE, .attempt = 1}, done, ndone,
                err);
}

/* A message that another batch has, or that is going to expire, does not come again because of
 * this one. */
static int retry(struct queue *q, const struct finish *f, struct err *err)
{
    struct mapping_action a = {.kind = MAPPING_RETRY, .attempt = 1};
    size_t n = 0;
    for (size_t i = 0; i < f->nretried; i++) {
        uint32_t number = q->ended[i];
        const struct shelf_message *m = &q->shelf.messages[number];
        int64_t until = m->visible_ms > q->now_ms ? m->visible_ms : q->now_ms;
        if (m->batch != f->batch || until >= ages_end_ms(&q->ages, number))
            continue;
        if (n > 0 && until != a.until_ms) {
            if (tell(q, f, &a, q->ended, n, err) < 0)
                return -1;
            n = 0;
        }
        a.until_ms = until;
        q->ended[n++] = number;
    }
    return tell(q, f, &a, q->ended, n, err);
}

/* When a batch that was throttled is tried again; MAPPING_NEVER: its messages are, or can be, with
 * another one by then. */
static int64_t again_ms(const struct queue *q, const struct finish *f)
{
    int64_t wait = QUEUE_THROTTLE_FIRST_MS;
    uint32_t attempt = batches_get(&q->batches, f->batch)->attempt;
    for (uint32_t i = 1; i < attempt && wait < QUEUE_THROTTLE_MOST_MS; i++)
        wait *= 2;
    wait = wait < QUEUE_THROTTLE_MOST_MS ? wait : QUEUE_THROTTLE_MOST_MS;
    int64_t again = heap_time_add(q->now_ms, wait);
    for (size_t i = 0; i < f->n; i++) {
        const struct shelf_message *m = &q->shelf.messages[f->records[i]];
        if (m->place == SHELF_SETTLED || m->batch != f->batch || m->visible_ms <= again)
            return MAPPING_NEVER;
    }
    return again;
}

/* The batch stays with its poller: no message of it is received anew. */
static int hold(struct queue *q, const struct finish *f, int64_t until_ms, struct err *err)
{
    struct mapping_action a = {.kind = MAPPING_RETRY,
                               .attempt = batches_get(&q->batches, f->batch)->attempt,
                               .until_ms = until_ms};
    batches_hold(&q->batches, f->batch);
    if (heap_push(&q->throttled, until_ms, f->batch, err) < 0)
        return -1;
    return tell(q, f, &a, f->records, f->n, err);
}

static int queue_finish(void *state, uint64_t batch, const struct mapping_result *r, int64_t now_ms,
                        struct err *err)
{
    struct queue *q = state;
    struct finish f = {.result = r, .batch = batch};
    if (batches_find(&q->batches, batch, &f.records, &f.n, err) < 0 || prepare(q, &f, err) < 0)
        return -1;
    if (now_ms > q->now_ms)
        q->now_ms = now_ms;
    q->wake_known = false;
    int64_t again = r->outcome == MAPPING_THROTTLED ? again_ms(q, &f) : MAPPING_NEVER;
    if (again != MAPPING_NEVER)
        return hold(q, &f, again, err);
    if (settle(q, &f, err) < 0 || retry(q, &f, err) < 0)
        return -1;
    batches_remove(&q->batches, batch);
    ages_tidy(&q->ages);
    return 0;
}

const struct mapping_rules mapping_queue_rules = {
    .open = queue_open,
    .close = queue_close,
    .put = queue_put,
    .next = queue_next,
    .wake_ms = queue_wake_ms,
    .finish = queue_finish,
};

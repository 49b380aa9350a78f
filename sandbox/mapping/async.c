/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "mapping/ages.h"
#include "mapping/batches.h"
#include "mapping/list.h"
#include "mapping/outbox.h"

/* Facts 4.1: after the first error one minute, after the second two. */
static const int64_t error_wait_ms[] = {60000, 120000};

/* Facts 4.1: throttles and errors of the system. */
#define THROTTLE_FIRST_MS 1000
#define THROTTLE_MOST_MS  300000

enum event_place {
    EVENT_AHEAD,   /* has not come yet */
    EVENT_READY,   /* in line for the function */
    EVENT_WAITING, /* for its next attempt */
    EVENT_RUNNING,
    EVENT_SETTLED
};

struct async_event {
    uint64_t batch;      /* of its last invocation */
    uint32_t runs;       /* attempts that count */
    uint32_t deliveries; /* all attempts */
    uint8_t throttles;   /* in a row, as far as they matter */
    uint8_t place;
};

struct async {
    struct mapping_items *items;
    struct async_event *events;
    struct link *links;
    size_t cap;
    uint32_t count, arrived;
    uint32_t unmatched; /* none before it, from arrived on, that no filter lets pass */
    struct list ready;
    struct heap waiting;
    struct ages ages;
    struct batches batches;
    struct outbox outbox;
    int64_t now_ms;
};

static bool waits(const void *owner, uint32_t number)
{
    const struct async *a = owner;
    return a->events[number].place < EVENT_RUNNING;
}

static void *async_open(struct mapping_items *m, struct err *err)
{
    struct async *a = calloc(1, sizeof *a);
    if (!a) {
        err_set(err, ERR_MEMORY, "no memory for the rules of asynchronous invocation");
        return NULL;
    }
    a->items = m;
    a->ready = LIST_EMPTY;
    a->ages =
        (struct ages){.items = m, .limit_ms = m->settings.max_age_ms, .waits = waits, .owner = a};
    a->now_ms = INT64_MIN;
    return a;
}

static void async_close(void *state)
{
    struct async *a = state;
    free(a->events);
    free(a->links);
    heap_fini(&a->waiting);
    ages_fini(&a->ages);
    batches_fini(&a->batches);
    outbox_fini(&a->outbox);
    free(a);
}

static void find_unmatched(struct async *a)
{
    if (a->unmatched < a->arrived)
        a->unmatched = a->arrived;
    while (a->unmatched < a->count && a->items->items[a->unmatched].matches)
        a->unmatched++;
}

static int async_put(void *state, uint32_t number, struct err *err)
{
    struct async *a = state;
    if (number >= a->cap) {
        size_t cap = a->items->cap;
        struct async_event *events = realloc(a->events, cap * sizeof *events);
        if (events)
            a->events = events;
        struct link *links = events ? realloc(a->links, cap * sizeof *links) : NULL;
        if (!links)
            return err_set(err, ERR_MEMORY, "no memory for %zu events", cap);
        a->links = links;
        a->cap = cap;
    }
    if (ages_reserve(&a->ages, number, err) < 0)
        return -1;
    ages_put(&a->ages, number);
    a->events[number] = (struct async_event){0};
    a->count = number + 1;
    find_unmatched(a);
    return 0;
}

static void settle(struct async *a, uint32_t number)
{
    if (a->events[number].place == EVENT_READY)
        list_remove(&a->ready, a->links, number);
    a->events[number].place = EVENT_SETTLED;
    a->items->open--;
}

static int give_up(struct async *a, uint32_t number, enum mapping_reason reason, struct err *err)
{
    const struct mapping_settings *s = &a->items->settings;
    struct mapping_action action = {.kind = MAPPING_GIVE_UP,
                                    .reason = reason,
                                    .time_ms = a->now_ms,
                                    .batch = a->events[number].batch,
                                    .attempt = a->events[number].runs,
                                    .to_dlq = s->dlq || s->on_failure};
    if (outbox_add(&a->outbox, &action, &number, NULL, 1, err) < 0)
        return -1;
    settle(a, number);
    return 0;
}

static void make_ready(struct async *a, uint32_t number)
{
    a->events[number].place = EVENT_READY;
    list_append(&a->ready, a->links, number);
}

/* A reserved concurrency of zero: facts 4.1. */
static int arrive(struct async *a, struct err *err)
{
    uint32_t number = a->arrived;
    struct mapping_action filtered = {.kind = MAPPING_FILTERED, .time_ms = a->now_ms};
    bool matches = a->items->items[number].matches;
    if (!matches && outbox_add(&a->outbox, &filtered, &number, NULL, 1, err) < 0)
        return -1;
    if (!matches)
        settle(a, number);
    else if (a->items->settings.concurrency != 0)
        make_ready(a, number);
    else if (give_up(a, number, MAPPING_ZERO_CONCURRENCY, err) < 0)
        return -1;
    a->arrived++;
    find_unmatched(a);
    return 0;
}

static bool is_free(const struct async *a)
{
    int64_t most = a->items->settings.concurrency;
    return most == MAPPING_NO_LIMIT || (int64_t)a->batches.open < most;
}

static int invoke(struct async *a, struct err *err)
{
    uint32_t number = a->ready.first;
    struct async_event *e = &a->events[number];
    struct mapping_action action = {.kind = MAPPING_INVOKE,
                                    .time_ms = a->now_ms,
                                    .batch = batches_next(&a->batches),
                                    .attempt = e->runs + 1};
    uint32_t deliveries = e->deliveries + 1;
    if (outbox_reserve(&a->outbox, 1, 2, err) < 0 ||
        batches_add(&a->batches, &number, 1, err) < 0 ||
        outbox_add(&a->outbox, &action, &number, &deliveries, 1, err) < 0)
        return -1;
    list_remove(&a->ready, a->links, number);
    e->place = EVENT_RUNNING;
    e->deliveries = deliveries;
    e->batch = action.batch;
    return 0;
}

static int64_t arrival_ms(const struct async *a, uint32_t number)
{
    return number < a->count ? a->items->items[number].arrival_ms : MAPPING_NEVER;
}

/* What happens at now_ms, one action of it. An event in line that reaches its age gets the place
 * that is free at that moment, if there is one. */
static int happen(struct async *a, struct err *err)
{
    const struct heap_entry *top;
    while ((top = heap_top(&a->waiting)) && top->time_ms <= a->now_ms) {
        make_ready(a, (uint32_t)top->value);
        heap_pop(&a->waiting);
    }
    while (arrival_ms(a, a->arrived) <= a->now_ms && outbox_is_empty(&a->outbox)) {
        if (a->arrived >= a->count)
            break;
        if (arrive(a, err) < 0)
            return -1;
    }
    if (!outbox_is_empty(&a->outbox))
        return 0;
    if (a->ready.first != LIST_NONE && is_free(a))
        return invoke(a, err);
    ages_tidy(&a->ages);
    int64_t at;
    uint32_t old = ages_next(&a->ages, &at);
    if (old != LIST_NONE && at <= a->now_ms)
        return give_up(a, old, MAPPING_AGE_EXCEEDED, err);
    return 0;
}

static int64_t next_event_ms(const struct async *a)
{
    int64_t at, arrival = arrival_ms(a, a->arrived);
    ages_next(&a->ages, &at);
    const struct heap_entry *top = heap_top(&a->waiting);
    if (top && top->time_ms < at)
        at = top->time_ms;
    return arrival < at ? arrival : at;
}

static int async_next(void *state, int64_t now_ms, struct mapping_action *out, struct err *err)
{
    struct async *a = state;
    while (outbox_is_empty(&a->outbox)) {
        if (happen(a, err) < 0)
            return -1;
        if (!outbox_is_empty(&a->outbox))
            break;
        int64_t at = next_event_ms(a), before = a->now_ms;
        if (now_ms > before)
            a->now_ms = at < now_ms ? at : now_ms;
        if (at > now_ms || a->now_ms == before)
            break;
    }
    bool given = outbox_take(&a->outbox, out);
    ages_tidy(&a->ages);
    return given;
}

static int64_t async_wake_ms(const void *state)
{
    const struct async *a = state;
    bool is_ready = a->ready.first != LIST_NONE;
    if (!outbox_is_empty(&a->outbox) || (is_ready && is_free(a)))
        return a->now_ms;
    int64_t at;
    ages_next(&a->ages, &at);
    bool any = is_free(a) || a->items->settings.concurrency == 0;
    int64_t arrival = arrival_ms(a, any ? a->arrived : a->unmatched);
    if (arrival < at)
        at = arrival;
    const struct heap_entry *top = heap_top(&a->waiting);
    return any && top && top->time_ms < at ? top->time_ms : at;
}

/* Facts 4.1: an attempt that would be too late is not waited for. */
static int retry(struct async *a, uint32_t number, int64_t wait_ms, struct err *err)
{
    int64_t until = heap_time_add(a->now_ms, wait_ms);
    if (until > ages_end_ms(&a->ages, number))
        return give_up(a, number, MAPPING_AGE_EXCEEDED, err);
    struct mapping_action action = {.kind = MAPPING_RETRY,
                                    .time_ms = a->now_ms,
                                    .until_ms = until,
                                    .batch = a->events[number].batch,
                                    .attempt = a->events[number].runs};
    if (heap_push(&a->waiting, until, number, err) < 0 || ages_back(&a->ages, number, err) < 0 ||
        outbox_add(&a->outbox, &action, &number, NULL, 1, err) < 0)
        return -1;
    a->events[number].place = EVENT_WAITING;
    return 0;
}

static int throttled(struct async *a, uint32_t number, struct err *err)
{
    struct async_event *e = &a->events[number];
    int64_t wait = (int64_t)THROTTLE_FIRST_MS << e->throttles;
    if (wait < THROTTLE_MOST_MS)
        e->throttles++;
    return retry(a, number, wait < THROTTLE_MOST_MS ? wait : THROTTLE_MOST_MS, err);
}

static int failed(struct async *a, uint32_t number, struct err *err)
{
    struct async_event *e = &a->events[number];
    e->runs++;
    e->throttles = 0;
    if (e->runs > a->items->settings.retries)
        return give_up(a, number, MAPPING_RETRIES_EXHAUSTED, err);
    size_t last = ARRAY_LEN(error_wait_ms) - 1;
    return retry(a, number, error_wait_ms[e->runs - 1 < last ? e->runs - 1 : last], err);
}

static int done(struct async *a, uint32_t number, struct err *err)
{
    struct mapping_action action = {.kind = MAPPING_DONE,
                                    .time_ms = a->now_ms,
                                    .batch = a->events[number].batch,
                                    .attempt = a->events[number].runs + 1};
    if (outbox_add(&a->outbox, &action, &number, NULL, 1, err) < 0)
        return -1;
    settle(a, number);
    return 0;
}

/* Nobody reads what an asynchronous invocation answers: only an error fails it. */
static int async_finish(void *state, uint64_t batch, const struct mapping_result *r, int64_t now_ms,
                        struct err *err)
{
    static int (*const after[MAPPING_OUTCOME_COUNT])(struct async *, uint32_t, struct err *) = {
        [MAPPING_SUCCEEDED] = done, [MAPPING_PARTIAL] = done,        [MAPPING_REFUSED] = done,
        [MAPPING_FAILED] = failed,  [MAPPING_THROTTLED] = throttled,
    };
    struct async *a = state;
    const uint32_t *records;
    size_t n;
    if (batches_find(&a->batches, batch, &records, &n, err) < 0)
        return -1;
    uint32_t number = *records;
    if (now_ms > a->now_ms)
        a->now_ms = now_ms;
    batches_remove(&a->batches, batch);
    if (after[r->outcome](a, number, err) < 0)
        return -1;
    ages_tidy(&a->ages);
    return 0;
}

const struct mapping_rules mapping_async_rules = {
    .open = async_open,
    .close = async_close,
    .put = async_put,
    .next = async_next,
    .wake_ms = async_wake_ms,
    .finish = async_finish,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* Random histories of streams: whatever the settings, arrivals and outcomes, every record ends
 * once, order holds, retries end, windows end once, and the mapping wakes when it says. */
#include <unistd.h>

#include "check.h"
#include "mapping/mapping.h"

#ifdef __SANITIZE_ADDRESS__
#define HISTORIES 10000
#else
#define HISTORIES 100000
#endif
#define RECORDS_MAX 24
#define SHARDS_MAX  3
#define FLIGHTS_MAX 64
#define STEPS_MAX   20000 /* of one history: more than any of the settings below needs */
#define KAFKA_MOST  10

struct model_record {
    struct mapping_item item;
    bool put, ended, granted, poison;
    uint32_t deliveries;
    int64_t not_before_ms;
};

struct model_flight {
    uint64_t id;
    int64_t end_ms;
    uint32_t records[RECORDS_MAX];
    size_t n;
    uint32_t shard;
    struct mapping_window window;
};

struct model_window {
    bool open, fresh, large;
    int64_t start_ms, last_ms; /* last_ms: start of the last one that ended */
    uint64_t empty;            /* its last invocation without records */
    bool final;
};

struct history {
    uint64_t seed, random;
    struct mapping_settings set;
    struct mapping *m;
    int64_t now_ms, retries;
    struct model_record records[RECORDS_MAX];
    uint32_t nrecords, nput, nended, ngranted;
    struct model_flight flights[FLIGHTS_MAX];
    size_t nflights;
    struct model_window windows[SHARDS_MAX];
    const char *wrong;
};

static uint64_t next_random(struct history *h)
{
    uint64_t z = h->random += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint32_t below(struct history *h, uint32_t n)
{
    return (uint32_t)(next_random(h) % n);
}

static int64_t pick(struct history *h, const int64_t *from, size_t n)
{
    return from[below(h, (uint32_t)n)];
}

#define PICK(h, ...) \
    pick(h, (const int64_t[]){__VA_ARGS__}, ARRAY_LEN(((const int64_t[]){__VA_ARGS__})))

#define HOLDS(h, cond)              \
    do {                            \
        if (!(cond) && !(h)->wrong) \
            (h)->wrong = #cond;     \
    } while (0)

static void make_settings(struct history *h)
{
    struct mapping_settings *s = &h->set;
    mapping_settings_default(
        (enum mapping_source)PICK(h, MAPPING_KINESIS, MAPPING_DYNAMODB, MAPPING_KAFKA), s);
    s->batch = PICK(h, 1, 2, 3, 8, 100);
    s->window_ms = PICK(h, 0, 0, 500, 1000, 7000);
    s->payload_bytes = PICK(h, 6291456, 6291456, 1500);
    s->retries = PICK(h, -1, 0, 1, 2, 3);
    s->max_age_ms = PICK(h, -1, -1, 60000);
    s->retention_ms = PICK(h, 86400000, 200000);
    s->bisect = below(h, 2);
    s->report_failures = below(h, 2);
    s->on_failure = below(h, 2) ? "f" : NULL;
    if (s->source != MAPPING_KAFKA)
        s->parallelization = PICK(h, 1, 1, 2, 10);
    if (s->source != MAPPING_KAFKA && s->parallelization == 1)
        s->tumbling_ms = PICK(h, 0, 1000, 10000, 60000);
    h->retries =
        s->retries < 0 && s->source == MAPPING_KAFKA && s->on_failure ? KAFKA_MOST : s->retries;
}

static void make_records(struct history *h)
{
    h->nrecords = below(h, RECORDS_MAX + 1);
    uint32_t shards = 1 + below(h, SHARDS_MAX), keys = 1 + below(h, 5);
    uint32_t poison = below(h, 4) == 0 ? 8 : 0;
    int64_t at = (int64_t)below(h, 100000) - 50000, step = PICK(h, 1, 300, 2000, 20000);
    h->now_ms = at;
    for (uint32_t i = 0; i < h->nrecords; i++) {
        at += below(h, 3) ? below(h, (uint32_t)step) : 0;
        h->records[i] = (struct model_record){
            .item = {.arrival_ms = at,
                     .bytes = 50 + below(h, 500),
                     .shard = below(h, shards),
                     .key = below(h, keys),
                     .matches = below(h, 5) != 0,
                     .cut = below(h, 12) == 0},
            .poison = poison && below(h, poison) == 0,
            .not_before_ms = INT64_MIN,
        };
    }
    for (size_t i = 0; i < SHARDS_MAX; i++)
        h->windows[i].last_ms = INT64_MIN;
}

static bool same_order(const struct history *h, const struct mapping_item *a,
                       const struct mapping_item *b)
{
    bool keyed = h->set.parallelization > 1;
    return a->shard == b->shard && (!keyed || a->key == b->key);
}

/* Nothing of the same order that came before is open outside the batch. */
static void check_order(struct history *h, const struct mapping_action *a)
{
    for (size_t i = 0; i < a->nrecords; i++) {
        uint32_t n = a->records[i];
        size_t in = 0;
        for (uint32_t r = 0; r < n; r++) {
            while (in < a->nrecords && a->records[in] < r)
                in++;
            bool member = in < a->nrecords && a->records[in] == r;
            if (!member && h->records[r].item.matches && !h->records[r].ended)
                HOLDS(h, !same_order(h, &h->records[r].item, &h->records[n].item));
        }
    }
}

static void check_members(struct history *h, const struct mapping_action *a)
{
    size_t bytes = 0;
    for (size_t i = 0; i < a->nrecords; i++) {
        struct model_record *r = &h->records[a->records[i]];
        HOLDS(h, a->records[i] < h->nput && !r->ended && r->item.matches);
        HOLDS(h, i == 0 || a->records[i] > a->records[i - 1]);
        HOLDS(h, r->item.shard == a->shard && r->item.arrival_ms <= h->now_ms);
        HOLDS(h, a->deliveries[i] == ++r->deliveries);
        HOLDS(h, i == 0 || !r->item.cut);
        HOLDS(h, h->now_ms >= r->not_before_ms);
        HOLDS(h, h->set.max_age_ms < 0 || h->now_ms - r->item.arrival_ms <= h->set.max_age_ms);
        HOLDS(h, h->now_ms - r->item.arrival_ms <= h->set.retention_ms);
        bytes += r->item.bytes + (i > 0);
        if (a->window.on)
            HOLDS(h, r->item.arrival_ms >= a->window.start_ms &&
                         r->item.arrival_ms < a->window.end_ms);
        r->not_before_ms = INT64_MIN;
    }
    HOLDS(h, a->nrecords <= (size_t)h->set.batch);
    HOLDS(h, a->nrecords <= 1 || bytes + 14 <= (size_t)h->set.payload_bytes);
}

static void check_window(struct history *h, const struct mapping_action *a)
{
    struct model_window *w = &h->windows[a->shard];
    HOLDS(h, a->window.on == (h->set.tumbling_ms != 0));
    if (!a->window.on) {
        HOLDS(h, a->nrecords > 0);
        return;
    }
    if (!w->open) {
        HOLDS(h, a->window.start_ms > w->last_ms && a->nrecords > 0);
        *w = (struct model_window){.open = true, .fresh = true, .start_ms = a->window.start_ms};
    }
    HOLDS(h, a->window.start_ms == w->start_ms && a->window.start_ms % h->set.tumbling_ms == 0);
    HOLDS(h, a->window.end_ms == w->start_ms + h->set.tumbling_ms);
    HOLDS(h, a->window.fresh == w->fresh);
    HOLDS(h, a->window.early == w->large);
    HOLDS(h, (a->nrecords == 0) == (a->window.early || a->window.final));
    HOLDS(h, !a->window.final || (h->now_ms >= a->window.end_ms && !a->window.early));
    if (!a->nrecords) {
        w->empty = a->batch;
        w->final = a->window.final;
    }
}

static void on_invoke(struct history *h, const struct mapping_action *a)
{
    bool counts = a->nrecords > 0 && h->retries >= 0;
    HOLDS(h, a->attempt >= 1 && (!counts || a->attempt <= h->retries + 1));
    HOLDS(h, h->nflights < FLIGHTS_MAX);
    check_members(h, a);
    check_order(h, a);
    check_window(h, a);
    struct model_flight *f = &h->flights[h->nflights++];
    *f = (struct model_flight){.id = a->batch,
                               .end_ms = h->now_ms + PICK(h, 0, 1, 100, 3000, 20000),
                               .n = a->nrecords,
                               .shard = a->shard,
                               .window = a->window};
    memcpy(f->records, a->records, a->nrecords * sizeof *a->records);
}

static void end_window(struct history *h, uint32_t shard, bool final)
{
    struct model_window *w = &h->windows[shard];
    w->large = false;
    w->fresh = true;
    if (!final)
        return;
    w->open = false;
    w->last_ms = w->start_ms;
}

static void check_reason(struct history *h, const struct mapping_action *a, uint32_t record)
{
    int64_t age = h->now_ms - h->records[record].item.arrival_ms;
    if (a->reason == MAPPING_AGE_EXCEEDED)
        HOLDS(h, h->set.max_age_ms > 0 && age > h->set.max_age_ms);
    else if (a->reason == MAPPING_EXPIRED)
        HOLDS(h, age > h->set.retention_ms && !a->to_dlq);
    else
        HOLDS(h, a->reason == MAPPING_RETRIES_EXHAUSTED && a->attempt == h->retries + 1);
}

static void on_end(struct history *h, const struct mapping_action *a)
{
    for (size_t i = 0; i < a->nrecords; i++) {
        struct model_record *r = &h->records[a->records[i]];
        HOLDS(h, a->records[i] < h->nput && !r->ended);
        HOLDS(h, (a->kind == MAPPING_FILTERED) == !r->item.matches);
        HOLDS(h, (a->kind == MAPPING_DONE) == r->granted);
        if (a->kind == MAPPING_GIVE_UP)
            check_reason(h, a, a->records[i]);
        h->ngranted -= r->granted;
        r->ended = true;
        h->nended++;
    }
}

static void on_give_up(struct history *h, const struct mapping_action *a)
{
    HOLDS(h, a->attempt >= 1);
    HOLDS(h, !a->to_dlq || h->set.on_failure);
    if (a->nrecords)
        return;
    uint32_t shard = 0;
    while (shard < SHARDS_MAX && (!h->windows[shard].open || h->windows[shard].empty != a->batch))
        shard++;
    HOLDS(h, shard < SHARDS_MAX);
    if (shard < SHARDS_MAX)
        end_window(h, shard, h->windows[shard].final);
}

static void on_action(struct history *h, const struct mapping_action *a)
{
    HOLDS(h, a->time_ms == h->now_ms);
    if (a->kind == MAPPING_INVOKE) {
        on_invoke(h, a);
        return;
    }
    if (a->kind == MAPPING_RETRY) {
        HOLDS(h, a->until_ms > h->now_ms);
        for (size_t i = 0; i < a->nrecords; i++)
            h->records[a->records[i]].not_before_ms = a->until_ms;
        return;
    }
    if (a->kind == MAPPING_SPLIT) {
        HOLDS(h, h->set.bisect && a->nfirst > 0 && a->nfirst < a->nrecords);
        return;
    }
    if (a->kind == MAPPING_GIVE_UP)
        on_give_up(h, a);
    on_end(h, a);
}

/* Everything that is to be said at this time. What was asked for by a success has come with it. */
static size_t drain(struct history *h)
{
    struct mapping_action a;
    struct err err;
    size_t n = 0;
    int got;
    while (!h->wrong && (got = mapping_next(h->m, h->now_ms, &a, &err)) != 0) {
        HOLDS(h, got == 1 && n++ < 1000);
        if (!h->wrong)
            on_action(h, &a);
    }
    HOLDS(h, h->ngranted == 0);
    HOLDS(h, mapping_wake_ms(h->m) > h->now_ms);
    HOLDS(h, mapping_open_records(h->m) == h->nput - h->nended);
    return n;
}

static void grant(struct history *h, const struct model_flight *f, size_t n)
{
    for (size_t i = 0; i < n; i++)
        h->records[f->records[i]].granted = true;
    h->ngranted += (uint32_t)n;
}

static struct mapping_result make_result(struct history *h, const struct model_flight *f,
                                         uint32_t failed[RECORDS_MAX])
{
    struct mapping_result r = {.failed = failed};
    bool poison = false;
    for (size_t i = 0; i < f->n; i++)
        poison |= h->records[f->records[i]].poison;
    r.outcome = below(h, 2) && !poison
                    ? MAPPING_SUCCEEDED
                    : (enum mapping_outcome)PICK(h, MAPPING_FAILED, MAPPING_FAILED, MAPPING_REFUSED,
                                                 MAPPING_THROTTLED, MAPPING_PARTIAL);
    if (r.outcome == MAPPING_PARTIAL && (!h->set.report_failures || !f->n))
        r.outcome = MAPPING_FAILED;
    for (uint32_t i = 0; r.outcome == MAPPING_PARTIAL && i < f->n; i++)
        if (h->records[f->records[i]].poison || below(h, 3) == 0 || (i + 1 == f->n && !r.nfailed))
            failed[r.nfailed++] = i;
    r.state_bytes = below(h, 6) ? 100 : 1048577;
    return r;
}

static void finish(struct history *h, size_t which)
{
    struct model_flight f = h->flights[which];
    uint32_t failed[RECORDS_MAX];
    struct mapping_result r = make_result(h, &f, failed);
    struct err err;
    h->flights[which] = h->flights[--h->nflights];
    bool answered = r.outcome == MAPPING_SUCCEEDED || r.outcome == MAPPING_PARTIAL;
    if (answered)
        grant(h, &f, r.outcome == MAPPING_PARTIAL ? failed[0] : f.n);
    struct model_window *w = &h->windows[f.shard];
    if (f.window.on && answered && f.n) {
        w->fresh = false;
        w->large = r.state_bytes > 1048576;
    } else if (f.window.on && answered) {
        end_window(h, f.shard, f.window.final);
    }
    HOLDS(h, mapping_finish(h->m, f.id, &r, h->now_ms, &err) == 0);
    if (below(h, 8) == 0)
        HOLDS(h, mapping_finish(h->m, f.id, &r, h->now_ms, &err) < 0 && err.kind == ERR_INPUT);
}

static int64_t next_input(const struct history *h)
{
    int64_t at = MAPPING_NEVER;
    if (h->nput < h->nrecords)
        at = h->records[h->nput].item.arrival_ms;
    for (size_t i = 0; i < h->nflights; i++)
        if (h->flights[i].end_ms < at)
            at = h->flights[i].end_ms;
    return at;
}

static void do_inputs(struct history *h)
{
    struct err err;
    while (h->nput < h->nrecords && h->records[h->nput].item.arrival_ms <= h->now_ms)
        HOLDS(h, mapping_put(h->m, &h->records[h->nput++].item, &err) == 0);
    for (size_t i = h->nflights; i > 0; i--)
        if (h->flights[i - 1].end_ms <= h->now_ms)
            finish(h, i - 1);
}

/* One time at which something happens. Without input there is an action at the time that was told,
 * and none before. */
static bool step(struct history *h)
{
    int64_t wake = mapping_wake_ms(h->m), input = next_input(h);
    int64_t at = wake < input ? wake : input;
    if (at == MAPPING_NEVER)
        return false;
    if (at > h->now_ms + 1 && below(h, 4) == 0) {
        h->now_ms = at - 1;
        HOLDS(h, drain(h) == 0);
    }
    if (at > h->now_ms)
        h->now_ms = at;
    do_inputs(h);
    size_t said = drain(h);
    HOLDS(h, at == input || said > 0);
    return true;
}

static void check_end(struct history *h)
{
    HOLDS(h, h->nput == h->nrecords && h->nended == h->nrecords);
    HOLDS(h, mapping_open_records(h->m) == 0);
    for (size_t i = 0; i < SHARDS_MAX; i++)
        HOLDS(h, !h->windows[i].open);
}

static void test_histories(void)
{
    const char *one = getenv("STREAM_SEED");
    uint64_t first = one ? strtoull(one, NULL, 0) : 1;
    uint64_t last = one ? first : HISTORIES;
    static struct history h;
    for (uint64_t seed = first; seed <= last && !check_failures; seed++) {
        struct err err;
        h = (struct history){.seed = seed, .random = seed};
        make_settings(&h);
        make_records(&h);
        h.m = mapping_new(&h.set, &err);
        HOLDS(&h, h.m != NULL);
        int steps = 0;
        while (!h.wrong && step(&h))
            HOLDS(&h, steps++ < STEPS_MAX);
        if (!h.wrong)
            check_end(&h);
        mapping_free(h.m);
        if (h.wrong)
            printf("# STREAM_SEED=%llu, at %lld ms\n", (unsigned long long)seed,
                   (long long)h.now_ms);
        CHECK_STR(h.wrong, NULL);
    }
}

static const struct check_test tests[] = {
    {"histories", test_histories},
};

CHECK_MAIN(tests)

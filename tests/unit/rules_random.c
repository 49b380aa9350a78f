/* SPDX-License-Identifier: Apache-2.0 */
#include "rules_random.h"

#include <inttypes.h>

#include "check.h"

#define RECORDS_MAX 24
#define GROUPS      3
#define AT_ONCE_MAX 1250 /* pollers of a queue */
#define STEPS_MAX   200000
#define INSTANT_MAX 2000 /* actions at one moment */

#ifdef __has_feature
#define SANITIZED __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

struct invocation {
    uint64_t batch;
    int64_t end_ms;
    struct mapping_result result;
    uint32_t failed[RECORDS_MAX], records[RECORDS_MAX];
    size_t n;
};

struct model {
    struct mapping_item item;
    enum mapping_action_kind end; /* MAPPING_INVOKE: not yet */
    int64_t end_ms, until_ms;
    uint32_t deliveries, running;
    bool throttled; /* its last batch was */
    uint64_t batch; /* the last one */
};

struct world {
    uint64_t seed;
    struct mapping *mapping;
    struct mapping_settings settings;
    struct model records[RECORDS_MAX];
    uint32_t n, put;
    struct invocation *invocations;
    size_t ninvocations;
    uint32_t good, throttles; /* of 100 outcomes */
    uint32_t longest_ms;
    uint32_t late_ms; /* at most, that the owner asks after it is due */
    int64_t now_ms;
    bool early; /* all is put at the beginning */
    bool was_throttled;
    bool broken;
    const char *why;
};

uint32_t rules_random_below(uint64_t *seed, uint32_t n)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((*seed >> 33) % n);
}

static uint32_t below(struct world *w, uint32_t n)
{
    return rules_random_below(&w->seed, n);
}

static void must(struct world *w, bool holds, const char *what)
{
    if (holds || w->broken)
        return;
    w->broken = true;
    w->why = what;
}

static bool is_async(const struct world *w)
{
    return w->settings.source == MAPPING_ASYNC || w->settings.source == MAPPING_S3;
}

static void end_record(struct world *w, uint32_t number, const struct mapping_action *a)
{
    struct model *m = &w->records[number];
    must(w, m->end == MAPPING_INVOKE, "a record ends twice");
    must(w, a->time_ms >= m->item.arrival_ms, "a record ends before it has come");
    must(w, a->kind != MAPPING_FILTERED || !m->item.matches, "filtered though it matches");
    m->end = a->kind;
    m->end_ms = a->time_ms;
    if (a->kind == MAPPING_DONE)
        must(w, m->deliveries > 0, "done without a delivery");
    for (uint32_t i = 0; w->settings.fifo && a->kind == MAPPING_DONE && i < number; i++)
        must(w,
             w->records[i].item.key != m->item.key || w->records[i].end != MAPPING_INVOKE ||
                 w->records[i].batch == a->batch,
             "a later message of a group is done first, and not of the same batch");
}

static void give_up(struct world *w, const struct mapping_action *a)
{
    const struct mapping_settings *s = &w->settings;
    const struct model *m = &w->records[a->records[0]];
    int64_t age = a->time_ms - m->item.arrival_ms;
    uint32_t most = (uint32_t)s->retries + 1;
    must(w, a->nrecords == 1, "several are given up together");
    if (a->reason == MAPPING_RECEIVES_EXCEEDED)
        must(w, m->deliveries >= most, "redrive at another count");
    else if (a->reason == MAPPING_RETRIES_EXHAUSTED)
        must(w, a->attempt == most, "given up after another number of attempts");
    else if (a->reason == MAPPING_EXPIRED)
        must(w, age >= s->retention_ms && m->running == 0, "expired too early");
    else if (a->reason == MAPPING_AGE_EXCEEDED)
        must(w, age >= s->max_age_ms || m->deliveries > 0, "too old too early");
    else
        must(w, a->reason == MAPPING_ZERO_CONCURRENCY && s->concurrency == 0, "no reason");
}

/* Of a FIFO queue: nothing earlier of its group waits or runs elsewhere. */
static void check_group(struct world *w, const struct mapping_action *a, size_t place)
{
    uint32_t number = a->records[place];
    for (uint32_t i = 0; i < w->put; i++) {
        const struct model *m = &w->records[i];
        if (m->item.key != w->records[number].item.key)
            continue;
        size_t at = 0;
        while (at < a->nrecords && a->records[at] != i)
            at++;
        bool inside = at < a->nrecords;
        must(w, inside || m->running == 0, "two batches of one group");
        must(w, i >= number || m->end != MAPPING_INVOKE || (inside && at < place),
             "a message is delivered before an earlier one of its group");
    }
}

/* A standard queue's batch can have received a message before another one deleted it. */
static bool may_repeat(const struct world *w, const struct model *m)
{
    const struct mapping_settings *s = &w->settings;
    return s->source == MAPPING_SQS && m->end == MAPPING_DONE &&
           (m->throttled ||
            (s->window_ms > 0 && w->now_ms - m->end_ms <= s->window_ms + w->late_ms));
}

/* A throttled batch of a queue is tried again without another receive. */
static bool is_same_receive(const struct world *w, const struct model *m, uint32_t deliveries)
{
    return w->settings.source == MAPPING_SQS && m->throttled && deliveries == m->deliveries;
}

static void deliver(struct world *w, const struct mapping_action *a, size_t place)
{
    const struct mapping_settings *s = &w->settings;
    struct model *m = &w->records[a->records[place]];
    bool same = is_same_receive(w, m, a->deliveries[place]);
    must(w, same || a->deliveries[place] == m->deliveries + 1, "a receive count is skipped");
    must(w, m->end == MAPPING_INVOKE || may_repeat(w, m), "delivered after its end");
    must(w, m->item.arrival_ms <= a->time_ms, "delivered before it has come");
    must(w, m->until_ms <= a->time_ms, "delivered before it is due");
    must(w, m->item.matches, "delivered though no filter lets it pass");
    m->deliveries += !same;
    m->throttled = false;
    m->batch = a->batch;
    bool counted = s->retries != MAPPING_NO_LIMIT && !(is_async(w) && w->was_throttled);
    must(w, !counted || m->deliveries <= s->retries + 1, "more deliveries than retries allow");
}

static void decide(struct world *w, struct invocation *v)
{
    static const enum mapping_outcome bad[] = {MAPPING_FAILED, MAPPING_PARTIAL, MAPPING_REFUSED};
    uint32_t dice = below(w, 100);
    v->result = (struct mapping_result){.outcome = bad[below(w, 3)], .failed = v->failed};
    if (dice < w->good)
        v->result.outcome = MAPPING_SUCCEEDED;
    else if (dice < w->good + w->throttles)
        v->result.outcome = MAPPING_THROTTLED;
    for (uint32_t i = 0; v->result.outcome == MAPPING_PARTIAL && i < v->n; i++) {
        if (below(w, 2))
            v->failed[v->result.nfailed++] = i;
    }
    w->was_throttled = w->was_throttled || v->result.outcome == MAPPING_THROTTLED;
}

static void invoke(struct world *w, const struct mapping_action *a)
{
    const struct mapping_settings *s = &w->settings;
    size_t bytes = sizeof "{\"Records\":[]}" - 1, most = is_async(w) ? 1 : (size_t)s->batch;
    must(w, a->nrecords > 0 && a->nrecords <= most, "a batch of another size");
    must(w, w->ninvocations < AT_ONCE_MAX, "too many invocations at once");
    if (w->broken)
        return;
    struct invocation *v = &w->invocations[w->ninvocations++];
    v->batch = a->batch;
    v->n = a->nrecords;
    v->end_ms = w->now_ms + below(w, w->longest_ms + 1);
    for (size_t i = 0; i < v->n; i++) {
        v->records[i] = a->records[i];
        bytes += w->records[a->records[i]].item.bytes + 1;
        deliver(w, a, i);
        if (s->fifo)
            check_group(w, a, i);
    }
    for (size_t i = 0; i < v->n; i++)
        w->records[v->records[i]].running++;
    must(w, is_async(w) || v->n == 1 || bytes <= (size_t)s->payload_bytes, "too many bytes");
    must(w, s->concurrency == MAPPING_NO_LIMIT || (int64_t)w->ninvocations <= s->concurrency,
         "more at once than its concurrency");
    decide(w, v);
}

static void act(struct world *w, const struct mapping_action *a)
{
    must(w, a->time_ms <= w->now_ms && a->time_ms + 2 * w->late_ms >= w->now_ms,
         "an action of another time");
    for (size_t i = 0; i < a->nrecords; i++)
        must(w, a->records[i] < w->put, "a record that there is not");
    if (w->broken)
        return;
    if (a->kind == MAPPING_INVOKE) {
        invoke(w, a);
        return;
    }
    if (a->kind == MAPPING_GIVE_UP)
        give_up(w, a);
    for (size_t i = 0; i < a->nrecords; i++) {
        struct model *m = &w->records[a->records[i]];
        if (a->kind == MAPPING_RETRY) {
            must(w, m->end == MAPPING_INVOKE, "a retry after the end");
            m->until_ms = a->until_ms;
        } else {
            end_record(w, a->records[i], a);
        }
    }
}

static size_t drain(struct world *w)
{
    struct mapping_action a;
    struct err err;
    size_t any = 0;
    while (!w->broken && mapping_next(w->mapping, w->now_ms, &a, &err) > 0) {
        act(w, &a);
        must(w, ++any < INSTANT_MAX, "it does not end at one moment");
    }
    return any;
}

static void put_due(struct world *w)
{
    struct err err;
    while (w->put < w->n && (w->early || w->records[w->put].item.arrival_ms <= w->now_ms))
        must(w, mapping_put(w->mapping, &w->records[w->put++].item, &err) == 0, "put fails");
}

static struct invocation *first_to_end(struct world *w)
{
    struct invocation *first = NULL;
    for (size_t i = 0; i < w->ninvocations; i++) {
        if (!first || w->invocations[i].end_ms < first->end_ms)
            first = &w->invocations[i];
    }
    return first;
}

static void finish(struct world *w, struct invocation *v)
{
    struct err err;
    v->result.failed = v->failed;
    must(w, mapping_finish(w->mapping, v->batch, &v->result, w->now_ms, &err) == 0, "finish fails");
    must(w, mapping_finish(w->mapping, v->batch, &v->result, w->now_ms, &err) < 0,
         "it can be finished twice");
    for (size_t i = 0; i < v->n; i++) {
        struct model *m = &w->records[v->records[i]];
        m->running--;
        if (m->batch == v->batch)
            m->throttled = v->result.outcome == MAPPING_THROTTLED;
    }
    *v = w->invocations[--w->ninvocations];
}

/* To the next moment at which something is to happen; sometimes with a stop before it, where
 * nothing may. false: nothing will. */
static bool step(struct world *w)
{
    int64_t wake = mapping_wake_ms(w->mapping), next = wake;
    struct invocation *v = first_to_end(w);
    if (v && v->end_ms < next)
        next = v->end_ms;
    if (w->put < w->n && w->records[w->put].item.arrival_ms < next)
        next = w->records[w->put].item.arrival_ms;
    if (next == MAPPING_NEVER)
        return false;
    must(w, next >= w->now_ms || w->late_ms, "it wakes before now");
    if (next < w->now_ms)
        next = w->now_ms;
    if (next > w->now_ms + 1 && below(w, 4) == 0) {
        w->now_ms += 1 + below(w, (uint32_t)(next - w->now_ms - 1));
        must(w, drain(w) == 0, "something happens that wake_ms has not told");
        must(w, mapping_wake_ms(w->mapping) == wake, "wake_ms changes though nothing happened");
    }
    w->now_ms = next + below(w, w->late_ms + 1);
    if (wake <= w->now_ms)
        must(w, drain(w) > 0, "wake_ms tells of something that does not happen");
    put_due(w);
    v = first_to_end(w);
    if (v && v->end_ms <= w->now_ms)
        finish(w, v);
    drain(w);
    return true;
}

static void fill_world(struct world *w)
{
    w->n = 1 + below(w, below(w, 4) ? 8 : RECORDS_MAX);
    w->good = below(w, 3) ? 60 : below(w, 101);
    w->throttles = below(w, 3) ? 0 : below(w, 101 - w->good);
    w->longest_ms = below(w, 3) ? 3000 : 1 + below(w, 90000);
    w->early = below(w, 2);
    w->late_ms = below(w, 5) ? 0 : below(w, 5000);
    uint32_t spread = below(w, 2) ? 1 : 1 + below(w, below(w, 4) ? 90000 : 900000);
    int64_t at = below(w, 1000);
    for (uint32_t i = 0; i < w->n; i++, at += below(w, spread) / w->n)
        w->records[i].item = (struct mapping_item){.arrival_ms = at,
                                                   .bytes = 1 + below(w, 400),
                                                   .key = below(w, GROUPS),
                                                   .matches = below(w, 10) > 0,
                                                   .cut = below(w, 20) == 0};
}

static void check_end(struct world *w)
{
    size_t open = 0;
    for (uint32_t i = 0; i < w->n; i++)
        open += w->records[i].end == MAPPING_INVOKE;
    must(w, open == mapping_open_records(w->mapping), "another number of open records");
    must(w, open == 0, "a record never ends");
}

static bool run_one(uint64_t seed, void (*fill)(uint64_t *, struct mapping_settings *))
{
    static struct invocation invocations[AT_ONCE_MAX];
    struct world w = {.seed = seed * 0x9e3779b97f4a7c15u + 1, .invocations = invocations};
    struct err err;
    fill(&w.seed, &w.settings);
    fill_world(&w);
    w.mapping = mapping_new(&w.settings, &err);
    must(&w, w.mapping != NULL, "no mapping");
    if (w.early)
        put_due(&w);
    uint32_t steps = 0;
    while (!w.broken && step(&w))
        must(&w, ++steps < STEPS_MAX, "it does not end");
    if (!w.broken)
        check_end(&w);
    mapping_free(w.mapping);
    if (w.broken)
        printf("# RULES_SEED=%" PRIu64 " at %" PRId64 " ms: %s\n", seed, w.now_ms, w.why);
    return !w.broken;
}

void rules_random_run(void (*fill)(uint64_t *seed, struct mapping_settings *out),
                      uint64_t histories)
{
    const char *alone = getenv("RULES_SEED");
    uint64_t first = alone ? strtoull(alone, NULL, 10) : 1;
    uint64_t end = alone ? first + 1 : first + (SANITIZED ? histories / 20 : histories);
    for (uint64_t seed = first; seed < end; seed++) {
        bool holds = run_one(seed, fill);
        CHECK(holds);
        if (!holds)
            return;
    }
}

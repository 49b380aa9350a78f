/* SPDX-License-Identifier: Apache-2.0 */
#include "simulate/sources.h"

#include "base/hash.h"
#include "check.h"

#define RECORDS 60
#define ROUNDS  300
#define OPEN    64

enum ends { ONGOING, ENDED };

struct world {
    struct sources *sources;
    uint64_t random;
    uint32_t count;          /* of sources */
    uint32_t which[RECORDS]; /* of each record */
    enum ends ends[RECORDS];
    uint32_t put, deliveries[RECORDS];
    uint64_t invocations;
    struct {
        uint64_t batch;
        size_t n;
    } open[OPEN];
    size_t nopen;
};

static uint32_t draw(struct world *w, uint32_t most)
{
    w->random += HASH_STEP;
    return (uint32_t)(hash_mix(w->random) % most);
}

static void check_action(struct world *w, const struct mapping_action *a)
{
    for (size_t i = 0; i < a->nrecords; i++) {
        CHECK(a->records[i] < w->put);
        CHECK_INT(w->which[a->records[i]], w->which[a->records[0]]);
        CHECK_INT(w->ends[a->records[i]], ONGOING);
        if (a->kind == MAPPING_DONE || a->kind == MAPPING_GIVE_UP)
            w->ends[a->records[i]] = ENDED;
        if (a->kind == MAPPING_INVOKE)
            CHECK_INT(a->deliveries[i], ++w->deliveries[a->records[i]]);
    }
    if (a->kind != MAPPING_INVOKE) {
        CHECK(a->batch <= w->invocations && (a->batch || a->reason == MAPPING_EXPIRED));
        return;
    }
    CHECK_INT(a->batch, ++w->invocations);
    CHECK(w->nopen < OPEN);
    w->open[w->nopen].batch = a->batch;
    w->open[w->nopen++].n = a->nrecords;
}

static void take_actions(struct world *w, int64_t now_ms)
{
    struct mapping_action a;
    struct err err = {0};
    int acts;
    while ((acts = sources_next(w->sources, now_ms, &a, &err)) > 0 && !check_failures)
        check_action(w, &a);
    CHECK_INT(acts, check_failures ? acts : 0);
}

static void finish_one(struct world *w, int64_t now_ms)
{
    struct err err = {0};
    struct mapping_result r = {.outcome = draw(w, 3) ? MAPPING_SUCCEEDED : MAPPING_FAILED};
    size_t i = draw(w, (uint32_t)w->nopen);
    CHECK_INT(sources_finish(w->sources, w->open[i].batch, &r, now_ms, &err), 0);
    CHECK_INT(sources_finish(w->sources, w->open[i].batch, &r, now_ms, &err), -1);
    CHECK_INT(err.kind, ERR_INPUT);
    w->open[i] = w->open[--w->nopen];
}

static void put_one(struct world *w, int64_t now_ms)
{
    struct err err = {0};
    struct mapping_item item = {.arrival_ms = now_ms, .bytes = 100, .matches = true};
    w->which[w->put] = draw(w, w->count);
    CHECK_INT(sources_put(w->sources, w->which[w->put], &item, &err), 0);
    w->put++;
}

/* Also windows in which messages expire before they are in an invocation. */
static const char *const settings[] = {"sqs:batch=3,retries=2,dlq=d,visibility=5",
                                       "sqs:batch=3,window=300,retention=60,visibility=12h"};

static void run_round(uint64_t seed)
{
    static struct world world;
    struct world *w = &world;
    struct mapping_settings s;
    struct err err = {0};
    int64_t now_ms = 0;
    CHECK_INT(mapping_settings_parse(settings[seed % 2], &s, &err), 0);
    *w = (struct world){.random = seed, .count = 1 + (uint32_t)(seed % 5)};
    w->sources = sources_new(&s, w->count, &err);
    CHECK(w->sources != NULL);
    while (!check_failures) {
        take_actions(w, now_ms);
        int64_t wake_ms = sources_wake_ms(w->sources);
        if (w->put < RECORDS && draw(w, 2))
            put_one(w, now_ms);
        else if (w->nopen > OPEN / 2 || (w->nopen && draw(w, 2)))
            finish_one(w, now_ms);
        else if (wake_ms != MAPPING_NEVER)
            now_ms = wake_ms > now_ms ? wake_ms : now_ms;
        else if (!w->nopen && w->put == RECORDS)
            break;
    }
    for (size_t i = 0; i < RECORDS; i++)
        CHECK_INT(w->ends[i], ENDED);
    if (check_failures)
        printf("# seed %llu\n", (unsigned long long)seed);
    sources_free(w->sources);
    mapping_settings_fini(&s);
}

/* Whatever happens in which order: a batch is of one queue, numbers count over all, each record
 * ends once. */
static void test_random(void)
{
    for (uint64_t seed = 1; seed <= ROUNDS && !check_failures; seed++)
        run_round(seed);
}

static void test_limits(void)
{
    struct mapping_settings s;
    struct mapping_result r = {0};
    struct err err = {0};
    mapping_settings_default(MAPPING_SQS, &s);
    CHECK(sources_new(&s, SOURCES_MAX + 1, &err) == NULL);
    CHECK_STR(err.msg, "a trace of 1001 queues: at most 1000 go together");
    struct sources *sources = sources_new(&s, 2, &err);
    CHECK_INT(sources_wake_ms(sources) == MAPPING_NEVER, 1);
    CHECK_INT(sources_finish(sources, 0, &r, 0, &err), -1);
    CHECK_INT(sources_finish(sources, 1, &r, 0, &err), -1);
    CHECK_STR(err.msg, "there is no invocation of that number");
    sources_free(sources);
    sources_free(NULL);
}

static const struct check_test tests[] = {
    {"random", test_random},
    {"limits", test_limits},
};

CHECK_MAIN(tests)

/* SPDX-License-Identifier: Apache-2.0 */
/* What the rules of event sources cost: decisions a second (actions and finished invocations),
 * beside copying the same records, and matches of filter patterns a second, beside copying the same
 * texts. Times are of the CPU, so that what else runs on the machine counts less. Prints JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/clock.h"
#include "mapping/mapping.h"
#include "pattern/pattern.h"

#define RECORDS     200000
#define FLIGHTS_MAX 1024
#define BATCH_MAX   100
#define MATCHES     200000
#define DURATION_MS 100

/* Every so manieth record fails whenever it comes, and every so manieth batch as a whole once. */
struct scene {
    const char *name, *settings;
    uint32_t shards, keys;
    uint32_t poison, error;
};

static const struct scene scenes[] = {
    {"sqs", "sqs:batch=10,report-failures,retries=3,concurrency=100", 1, 1000, 97, 50},
    {"fifo", "sqs:fifo,batch=10,report-failures,retries=3,concurrency=100", 1, 1000, 97, 50},
    {"kinesis", "kinesis:batch=10,report-failures,bisect,retries=3", 16, 1000, 97, 50},
    {"kinesis100", "kinesis:batch=100,report-failures,bisect,retries=3", 16, 1000, 997, 50},
};

struct pattern_scene {
    const char *name, *pattern;
};

static const struct pattern_scene patterns[] = {
    {"exact", "{\"body\":{\"item\":[\"lamp\"]}}"},
    {"rich", "{\"body\":{\"quantity\":[{\"numeric\":[\">\",0,\"<=\",5]}],"
             "\"item\":[{\"prefix\":\"la\"},{\"wildcard\":\"d*k\"}],"
             "\"$or\":[{\"express\":[true]},{\"region\":[{\"anything-but\":[\"north\"]}]}]}}"},
};

static const char message[] =
    "{\"messageId\":\"1db65a6a-0a81-4fd3-a655-b95e33ada11d\",\"body\":{\"orderId\":\"A-1001\","
    "\"item\":\"lamp\",\"quantity\":2,\"region\":\"south\",\"notes\":[\"ring twice\",\"left "
    "door\"],"
    "\"customer\":{\"name\":\"ann\",\"since\":2019}},\"eventSource\":\"aws:sqs\","
    "\"eventSourceARN\":\"arn:aws:sqs:us-east-1:123456789012:orders\"}";

/* An invocation that runs: what will be told when it ends. */
struct flight {
    uint64_t batch;
    int64_t end_ms;
    enum mapping_outcome outcome;
    size_t nfailed;
    uint32_t failed[BATCH_MAX];
};

struct run {
    const struct scene *scene;
    struct mapping *mapping;
    struct flight flights[FLIGHTS_MAX];
    size_t first, count;
    int64_t now_ms;
    uint64_t decisions, invocations, delivered;
};

static void die(const char *text)
{
    fprintf(stderr, "bench_rules: %s\n", text);
    exit(1);
}

static void fill(struct run *r)
{
    struct err err;
    for (uint32_t i = 0; i < RECORDS; i++) {
        struct mapping_item item = {.arrival_ms = i / 100,
                                    .bytes = 500,
                                    .shard = i % r->scene->shards,
                                    .key = i % r->scene->keys,
                                    .matches = true};
        if (mapping_put(r->mapping, &item, &err) != 0)
            die(err.msg);
    }
}

static void take_off(struct run *r, const struct mapping_action *a)
{
    struct flight *f = &r->flights[(r->first + r->count++) % FLIGHTS_MAX];
    f->batch = a->batch;
    f->end_ms = r->now_ms + DURATION_MS;
    f->nfailed = 0;
    for (size_t i = 0; i < a->nrecords && f->nfailed < BATCH_MAX; i++)
        if (a->records[i] % r->scene->poison == 0)
            f->failed[f->nfailed++] = (uint32_t)i;
    f->outcome = f->nfailed ? MAPPING_PARTIAL : MAPPING_SUCCEEDED;
    if (a->batch % r->scene->error == 0)
        f->outcome = MAPPING_FAILED;
    r->invocations++;
    r->delivered += a->nrecords;
}

static void land(struct run *r)
{
    struct err err;
    struct flight *f = &r->flights[r->first];
    struct mapping_result result = {
        .outcome = f->outcome, .failed = f->failed, .nfailed = f->nfailed};
    if (mapping_finish(r->mapping, f->batch, &result, r->now_ms, &err) != 0)
        die(err.msg);
    r->first = (r->first + 1) % FLIGHTS_MAX;
    r->count--;
    r->decisions++;
}

/* All that can be done now; then the clock goes on to the next thing that happens. */
static void step(struct run *r)
{
    struct err err;
    struct mapping_action a;
    int rc;
    while ((rc = mapping_next(r->mapping, r->now_ms, &a, &err)) == 1) {
        r->decisions++;
        if (a.kind == MAPPING_INVOKE)
            take_off(r, &a);
        if (r->count == FLIGHTS_MAX)
            land(r);
    }
    if (rc != 0)
        die(err.msg);
    int64_t wake = mapping_wake_ms(r->mapping);
    bool flying = r->count && r->flights[r->first].end_ms <= wake;
    int64_t next = flying ? r->flights[r->first].end_ms : wake;
    if (next == MAPPING_NEVER && mapping_open_records(r->mapping) > 0)
        die("records are left that nothing will happen to");
    if (next > r->now_ms && next < MAPPING_NEVER)
        r->now_ms = next;
    if (flying)
        land(r);
}

/* What nothing can go below: each record is copied to a queue, and its number to a batch. */
static int64_t copy_records(uint64_t deliveries)
{
    static struct mapping_item queue[RECORDS];
    static uint32_t batch[BATCH_MAX];
    int64_t start = clock_read_us(CLOCK_PROCESS_CPUTIME_ID);
    for (uint64_t i = 0; i < deliveries; i++) {
        struct mapping_item item = {.arrival_ms = (int64_t)i, .bytes = 500, .matches = true};
        memcpy(&queue[i % RECORDS], &item, sizeof item);
        batch[i % BATCH_MAX] = (uint32_t)i;
        __asm__ volatile("" : : "r"(queue), "r"(batch) : "memory");
    }
    return clock_read_us(CLOCK_PROCESS_CPUTIME_ID) - start;
}

static void measure_scene(const struct scene *scene)
{
    static struct run r;
    struct err err;
    struct mapping_settings settings;
    if (mapping_settings_parse(scene->settings, &settings, &err) != 0)
        die(err.msg);
    settings.timeout_ms = 3000;
    memset(&r, 0, sizeof r);
    r.scene = scene;
    int64_t start = clock_read_us(CLOCK_PROCESS_CPUTIME_ID);
    r.mapping = mapping_new(&settings, &err);
    if (!r.mapping)
        die(err.msg);
    fill(&r);
    while (mapping_open_records(r.mapping) > 0)
        step(&r);
    mapping_free(r.mapping);
    double took = (double)(clock_read_us(CLOCK_PROCESS_CPUTIME_ID) - start);
    double floor = (double)copy_records(r.delivered);
    mapping_settings_fini(&settings);
    printf("\"%s_decisions_s\": %.0f, \"%s_floor_s\": %.0f, \"%s_records_s\": %.0f, "
           "\"%s_batch_us\": %.3f, \"%s_virtual_ms\": %lld, ",
           scene->name, 1e6 * (double)r.decisions / took, scene->name,
           1e6 * (double)r.decisions / floor, scene->name, 1e6 * (double)r.delivered / took,
           scene->name, took / (double)r.invocations, scene->name, (long long)r.now_ms);
}

static void measure_pattern(const struct pattern_scene *scene)
{
    static char copy[sizeof message];
    struct err err;
    struct pattern *p = pattern_compile(scene->pattern, strlen(scene->pattern), &err);
    if (!p)
        die(err.msg);
    int64_t start = clock_read_us(CLOCK_PROCESS_CPUTIME_ID);
    size_t matched = 0;
    for (int i = 0; i < MATCHES; i++)
        matched += pattern_matches(p, message, sizeof message - 1, &err) == 1;
    int64_t middle = clock_read_us(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < MATCHES; i++) {
        memcpy(copy, message, sizeof message);
        __asm__ volatile("" : : "r"(copy) : "memory");
    }
    int64_t end = clock_read_us(CLOCK_PROCESS_CPUTIME_ID);
    pattern_free(p);
    if (matched != MATCHES) {
        fprintf(stderr, "bench_rules: pattern '%s' does not match\n", scene->name);
        exit(1);
    }
    printf("\"%s_matches_s\": %.0f, \"%s_memcpy_s\": %.0f, ", scene->name,
           1e6 * MATCHES / (double)(middle - start), scene->name,
           1e6 * MATCHES / (double)(end - middle));
}

int main(void)
{
    printf("{");
    for (size_t i = 0; i < ARRAY_LEN(scenes); i++)
        measure_scene(&scenes[i]);
    for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
        measure_pattern(&patterns[i]);
    printf("\"text_bytes\": %zu}\n", sizeof message - 1);
    return 0;
}

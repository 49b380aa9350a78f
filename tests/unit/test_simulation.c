/* SPDX-License-Identifier: Apache-2.0 */
#include "simulate_look.h"

#define HOUR_MS (INT64_C(3600) * 1000)
#define DAY_MS  (24 * HOUR_MS)

static struct work work;
static struct faults faults;

static int64_t length_ms(const struct history *h)
{
    return h->nentries ? h->entries[h->nentries - 1].time_ms - h->entries[0].time_ms : 0;
}

/* Times do not go back, numbers are those of records. */
static void check_sane(const struct history *h)
{
    for (size_t i = 1; i < h->nentries; i++)
        if (h->entries[i].time_ms < h->entries[i - 1].time_ms)
            check_report(__FILE__, __LINE__, "the clock went back");
    for (size_t i = 0; i < h->nmembers; i++)
        if (h->members[i] >= h->nrecords)
            check_report(__FILE__, __LINE__, "a record that is none");
}

/* ---- ends, of every source ------------------------------------------------------------------ */

static const struct {
    const char *settings;
    size_t records;
    unsigned traits;
    const char *faults;
    size_t done, filtered, dlq, lost, invoked;
} ends[] = {
    {"sqs", 25, 0, NULL, 25, 0, 0, 0, 0},
    {"sqs:batch=1", 7, 0, NULL, 7, 0, 0, 0, 7},
    {"sqs:fifo", 25, 0, NULL, 25, 0, 0, 0, 0},
    {"kinesis", 25, 0, NULL, 25, 0, 0, 0, 0},
    {"dynamodb", 25, 0, NULL, 25, 0, 0, 0, 1},
    {"kafka", 25, 0, NULL, 25, 0, 0, 0, 2},
    {"s3", 25, 0, NULL, 25, 0, 0, 0, 25},
    {"async", 25, 0, NULL, 25, 0, 0, 0, 25},
    {"sqs", 0, 0, NULL, 0, 0, 0, 0, 0},
    {"kinesis", 0, 0, NULL, 0, 0, 0, 0, 0},
    {"async:retries=2", 1, MODEL_SLOW, NULL, 0, 0, 0, 1, 3},
    {"async:retries=0,dlq=d", 3, 0, "poison=2", 2, 0, 1, 0, 3},
    {"s3:retries=1,on-failure=d", 3, 0, "poison=2", 2, 0, 1, 0, 4},
    {"async:concurrency=0,dlq=d", 3, 0, NULL, 0, 0, 3, 0, 0},
    {"sqs:batch=1,retries=2,dlq=d", 3, 0, "poison=1", 2, 0, 1, 0, 5},
    {"sqs:batch=1,retries=2", 3, 0, "poison=1", 2, 0, 1, 0, 5},
    {"sqs:fifo,batch=1,retries=2,dlq=d", 9, 0, "poison=1", 8, 0, 1, 0, 11},
    {"sqs:fifo,batch=1,retries=0,dlq=d", 3, 0, "duplicate=1", 2, 0, 1, 0, 3},
    {"sqs:batch=1,retries=0,dlq=d", 3, 0, "throttle=1", 3, 0, 0, 0, 4},
    {"kinesis:batch=1,retries=3,on-failure=d", 4, 0, "poison=1", 3, 0, 1, 0, 7},
    {"kinesis:batch=4,retries=1,bisect,on-failure=d", 8, 0, "poison=1", 7, 0, 1, 0, 0},
    {"dynamodb:batch=1,retries=0", 4, 0, "poison=4", 3, 0, 0, 1, 4},
    {"kafka:batch=1,retries=2", 4, 0, "poison=4", 3, 0, 0, 1, 6},
    {"sqs:report-failures,retries=1,dlq=d", 10, MODEL_PARTIAL, "poison=4", 9, 0, 1, 0, 0},
    {"sqs:report-failures,retries=1,dlq=d", 10, MODEL_PARTIAL | MODEL_NOT_JSON, NULL, 0, 0, 10, 0,
     0},
    {"s3:prefix=o1", 12, 0, NULL, 3, 9, 0, 0, 3},
    {"sqs:filter={\"body\":[\"b\"]}", 4, 0, "poison=2", 3, 1, 0, 0, 0},
    {"dynamodb:filter={\"dynamodb\":{\"NewImage\":{\"id\":{\"N\":[\"3\"]}}}}", 8, 0, NULL, 1, 7, 0,
     0, 1},
};

static void test_ends(void)
{
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        int before = check_failures;
        work_open(&work, ends[i].settings, ends[i].records);
        give_faults(&faults, ends[i].faults);
        struct simulation *s = work_run(&work, &faults, ends[i].traits);
        const struct history *h = simulation_history(s);
        CHECK_INT(count_end(h, HISTORY_END_DONE), ends[i].done);
        CHECK_INT(count_end(h, HISTORY_END_FILTERED), ends[i].filtered);
        CHECK_INT(count_end(h, HISTORY_END_DLQ), ends[i].dlq);
        CHECK_INT(count_end(h, HISTORY_END_LOST), ends[i].lost);
        if (ends[i].invoked)
            CHECK_INT(count_kind(h, HISTORY_INVOKED), ends[i].invoked);
        CHECK_INT(count_kind(h, HISTORY_INVOKED), count_kind(h, HISTORY_ANSWERED));
        CHECK_INT(count_kind(h, HISTORY_ARRIVED), ends[i].records);
        check_sane(h);
        if (check_failures != before)
            printf("# '%s', %s\n", ends[i].settings, ends[i].faults ? ends[i].faults : "no faults");
        simulation_free(s);
        work_close(&work);
    }
}

/* The same inputs, the same bytes: of the history and of all that the function got. */
static void test_deterministic(void)
{
    static const char *const settings[] = {"sqs:retries=2,dlq=d",
                                           "sqs:fifo,retries=2",
                                           "kinesis",
                                           "dynamodb:retries=2",
                                           "kafka:retries=2",
                                           "s3",
                                           "async"};
    static struct chaos chaos;
    struct err err = {0};
    CHECK_INT(chaos_parse("3", &chaos, &err), 0);
    for (size_t i = 0; i < ARRAY_LEN(settings) * 20; i++) {
        work_open(&work, settings[i % ARRAY_LEN(settings)], 40);
        faults_plan(&chaos, i, &work.settings, 40, &faults);
        AUTO_BUF struct buf first;
        AUTO_BUF struct buf second;
        struct simulation *a = work_run(&work, &faults, 0);
        uint64_t digest = work.model.digest;
        struct simulation *b = work_run(&work, &faults, 0);
        work_write(&work, simulation_history(a), &first);
        work_write(&work, simulation_history(b), &second);
        CHECK_MEM(first.ptr, first.len, second.ptr, second.len);
        CHECK(first.len > 0 && digest == work.model.digest);
        check_sane(simulation_history(a));
        simulation_free(a);
        simulation_free(b);
        work_close(&work);
    }
}

/* ---- long policies -------------------------------------------------------------------------- */

static const struct {
    const char *settings, *faults;
    unsigned traits;
    int64_t least_ms, most_ms;
    size_t invoked;
    enum mapping_reason reason;
} policies[] = {
    {"sqs:batch=1,retention=14d", NULL, MODEL_SLOW, 14 * DAY_MS - 60000, 14 * DAY_MS + 60000, 40000,
     MAPPING_EXPIRED},
    {"kinesis:batch=1,retention=24h", NULL, MODEL_SLOW, 23 * HOUR_MS, 25 * HOUR_MS, 100,
     MAPPING_EXPIRED},
    {"kinesis:batch=1,max-age=604800,retention=8d", NULL, MODEL_SLOW, 7 * DAY_MS - HOUR_MS,
     7 * DAY_MS + HOUR_MS, 1000, MAPPING_AGE_EXCEEDED},
    {"async", NULL, MODEL_SLOW, 180000, 200000, 3, MAPPING_RETRIES_EXHAUSTED},
    {"async:max-age=60", NULL, MODEL_SLOW, 0, 61000, 1, MAPPING_AGE_EXCEEDED},
};

static void test_policies(void)
{
    for (size_t i = 0; i < ARRAY_LEN(policies); i++) {
        int before = check_failures;
        work_open(&work, policies[i].settings, 1);
        struct simulation *s = work_run(&work, NULL, policies[i].traits);
        const struct history *h = simulation_history(s);
        CHECK(length_ms(h) >= policies[i].least_ms && length_ms(h) <= policies[i].most_ms);
        CHECK(count_kind(h, HISTORY_INVOKED) >= policies[i].invoked);
        CHECK_INT(count_kind(h, HISTORY_GIVEN_UP), 1);
        CHECK_INT(nth_kind(h, HISTORY_GIVEN_UP, 0)->reason, policies[i].reason);
        if (check_failures != before)
            printf("# '%s': %zu invocations in %lld ms\n", policies[i].settings,
                   count_kind(h, HISTORY_INVOKED), (long long)length_ms(h));
        simulation_free(s);
        work_close(&work);
    }
}

/* Six hours of throttles, which nothing counts but the age of the event. */
static void test_six_hours(void)
{
    work_open(&work, "async", 1);
    faults.count = 0;
    for (uint32_t delivery = 1; delivery <= FAULTS_MAX; delivery++)
        faults.items[faults.count++] =
            (struct fault){.kind = FAULT_THROTTLE, .record = 0, .delivery = delivery};
    struct simulation *s = work_run(&work, &faults, 0);
    const struct history *h = simulation_history(s);
    CHECK(length_ms(h) > 5 * HOUR_MS + HOUR_MS / 2 && length_ms(h) <= 6 * HOUR_MS);
    CHECK_INT(nth_kind(h, HISTORY_GIVEN_UP, 0)->reason, MAPPING_AGE_EXCEEDED);
    CHECK(count_kind(h, HISTORY_INVOKED) > 70);
    CHECK_INT(work.model.invocations, 0);
    simulation_free(s);
    work_close(&work);
}

/* ---- calls ---------------------------------------------------------------------------------- */

struct seen {
    char ids[8][40];
    char handles[8][64];
    size_t n;
};

static void look_ids(void *owner, const struct simulation_call *call)
{
    struct seen *seen = owner;
    struct scan_value handle = scan_find(call->event, call->len, "/Records/0/receiptHandle");
    if (seen->n == 8)
        return;
    snprintf(seen->ids[seen->n], sizeof seen->ids[0], "%s", call->request_id);
    snprintf(seen->handles[seen->n++], sizeof seen->handles[0], "%.*s", (int)handle.len,
             handle.ptr ? handle.ptr : "");
}

static void test_ids(void)
{
    struct err err = {0};
    struct simulation_options o = {0};
    struct seen seen = {0};
    work_open(&work, "async", 1);
    simulation_free(work_simulate(&work, &o, MODEL_SLOW, look_ids, &seen, &err));
    CHECK_INT(seen.n, 3);
    CHECK_INT(strlen(seen.ids[0]), 36);
    CHECK_STR(seen.ids[1], seen.ids[0]);
    CHECK_STR(seen.ids[2], seen.ids[0]);
    work_close(&work);
    work_open(&work, "sqs:retries=2", 1);
    seen.n = 0;
    simulation_free(work_simulate(&work, &o, MODEL_SLOW, look_ids, &seen, &err));
    CHECK_INT(seen.n, 3);
    CHECK(strcmp(seen.ids[0], seen.ids[1]) != 0 && strcmp(seen.handles[0], seen.handles[1]) != 0);
    CHECK(strcmp(seen.handles[1], seen.handles[2]) != 0 && strlen(seen.handles[0]) > 20);
    work_close(&work);
}

static void look_counts(void *owner, const struct simulation_call *call)
{
    struct buf *seen = owner;
    static const char *const pointers[] = {
        "/Records/0/attributes/ApproximateReceiveCount",
        "/Records/0/attributes/ApproximateFirstReceiveTimestamp"};
    for (size_t i = 0; i < ARRAY_LEN(pointers); i++) {
        struct scan_value v = scan_find(call->event, call->len, pointers[i]);
        buf_add(seen, v.ptr, v.len);
        buf_addc(seen, ' ');
    }
}

static void test_receives(void)
{
    struct err err = {0};
    struct simulation_options o = {0};
    AUTO_BUF struct buf seen;
    buf_init(&seen, 4096);
    work_open(&work, "sqs:retries=2", 1);
    simulation_free(work_simulate(&work, &o, MODEL_SLOW, look_counts, &seen, &err));
    CHECK_STR(seen.ptr, "\"1\" \"1700000000000\" \"2\" \"1700000000000\" \"3\" \"1700000000000\" ");
    work_close(&work);
}

/* A window's state goes from one invocation to the next, and is empty again in the next window. */
struct windows {
    size_t fresh, kept, final;
};

static void look_windows(void *owner, const struct simulation_call *call)
{
    struct windows *w = owner;
    struct scan_value state = scan_find(call->event, call->len, "/state");
    struct scan_value last = scan_find(call->event, call->len, "/isFinalInvokeForWindow");
    struct scan_value arn = scan_find(call->event, call->len, "/eventSourceARN");
    CHECK(arn.len > 20);
    w->fresh += state.len == 2;
    w->kept += state.len > 2 && memmem(state.ptr, state.len, "\"seen\":1", 8);
    w->final += last.len == 4;
}

static void test_windows(void)
{
    struct err err = {0};
    struct simulation_options o = {.faults = &faults};
    struct windows w = {0};
    work_open(&work, "kinesis:batch=5,tumbling=1", 200);
    give_faults(&faults, "duplicate=20,timeout=31");
    struct simulation *s = work_simulate(&work, &o, 0, look_windows, &w, &err);
    CHECK_INT(count_end(simulation_history(s), HISTORY_END_DONE), 200);
    CHECK(w.final >= 4 && w.kept > w.fresh);
    CHECK_INT(w.fresh + w.kept, work.model.invocations);
    check_sane(simulation_history(s));
    simulation_free(s);
    work_close(&work);
}

/* ---- some of the records -------------------------------------------------------------------- */

static void test_only(void)
{
    static const uint32_t only[] = {2, 5, 9};
    struct err err = {0};
    struct simulation_options o = {.faults = &faults, .only = only, .nonly = 3};
    work_open(&work, "sqs:batch=1,retries=1,dlq=d", 12);
    give_faults(&faults, "poison=6,poison=1,reorder=3.1.1");
    struct simulation *s = work_simulate(&work, &o, 0, NULL, NULL, &err);
    const struct history *h = simulation_history(s);
    CHECK_INT(h->nrecords, 12);
    CHECK_INT(count_kind(h, HISTORY_ARRIVED), 3);
    CHECK_INT(h->members[nth_kind(h, HISTORY_ARRIVED, 1)->first], 2);
    CHECK_INT(count_end(h, HISTORY_END_DONE), 2);
    CHECK_INT(count_end(h, HISTORY_END_DLQ), 1);
    CHECK_INT(count_end(h, HISTORY_END_OPEN), 9);
    simulation_free(s);
    work_close(&work);
}

/* What is left out changes nothing for the rest: the smallest trace repeats what was found. */
static void test_left_out(void)
{
    static const uint32_t only[] = {3, 5, 6, 10, 11, 12, 13, 16};
    static const char *const rows[] = {"kinesis:batch=3,parallelization=3",
                                       "dynamodb:batch=2,parallelization=2",
                                       "kinesis:window=1,parallelization=10",
                                       "sqs:batch=2,retries=1", "sqs:fifo,batch=2,retries=1"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct simulation_options part = {.only = only, .nonly = ARRAY_LEN(only)}, all = {0};
        AUTO_BUF struct buf lines = {0}, alone = {0}, event;
        struct err err = {0};
        buf_init(&event, 1 << 16);
        work_open(&work, rows[i], 20);
        struct simulation *s = work_simulate(&work, &part, 0, NULL, NULL, &err);
        work_write(&work, simulation_history(s), &lines);
        simulation_free(s);
        work_close(&work);
        work_open(&work, rows[i], 0);
        for (size_t k = 0; k < ARRAY_LEN(only); k++) {
            work_event(&work, only[k], &event);
            CHECK_INT(simulation_records_add(&work.records, work.settings.source, event.ptr,
                                             event.len, 0, &err),
                      0);
        }
        CHECK_INT(simulation_records_end(&work.records, &err), 0);
        s = work_simulate(&work, &all, 0, NULL, NULL, &err);
        work_write(&work, simulation_history(s), &alone);
        CHECK_STR(alone.ptr, lines.ptr);
        simulation_free(s);
        work_close(&work);
    }
}

/* ---- destinations --------------------------------------------------------------------------- */

static int keep_line(void *owner, const char *path, const char *line, size_t len, struct err *err)
{
    (void)err;
    struct buf *lines = owner;
    buf_addf(lines, "%s: %.*s", path, (int)len, line);
    if (len && line[len - 1] != '\n')
        buf_addc(lines, '\n');
    return 0;
}

static const struct {
    const char *settings, *faults;
    size_t records, lines;
    const char *has[4];
} destinations[] = {
    {"sqs:batch=1,retries=1,dlq=d", "poison=2", 3, 1, {"d: {", "\"m1\"", "clambda"}},
    {"async:retries=0,dlq=d,on-failure=f,on-success=s",
     "poison=2",
     2,
     3,
     {"s: {", "f: {", "RetriesExhausted", "ErrorMessage"}},
    {"s3:retries=0,on-failure=f", "poison=1", 2, 1, {"f: {", "requestPayload", "\"%\""}},
    {"kinesis:batch=1,retries=1,on-failure=f",
     "poison=1",
     3,
     1,
     {"RetryAttemptsExhausted", "KinesisBatchInfo", "\"approximateInvokeCount\":2", "payload"}},
    {"async:concurrency=0,on-failure=f", NULL, 1, 1, {"ZeroReservedConcurrency", "{\"number\":0}"}},
    {"sqs:retries=0", "poison=1", 1, 0, {NULL}},
};

static void test_destinations(void)
{
    for (size_t i = 0; i < ARRAY_LEN(destinations); i++) {
        struct err err = {0};
        AUTO_BUF struct buf lines;
        buf_init(&lines, 1 << 20);
        buf_adds(&lines, "");
        struct simulation_options o = {.faults = &faults, .deliver = keep_line, .owner = &lines};
        work_open(&work, destinations[i].settings, destinations[i].records);
        give_faults(&faults, destinations[i].faults);
        struct simulation *s = work_simulate(&work, &o, 0, NULL, NULL, &err);
        CHECK_STR(err.msg, "");
        size_t n = 0;
        for (size_t k = 0; k < lines.len; k++)
            n += lines.ptr[k] == '\n';
        CHECK_INT(n, destinations[i].lines);
        for (size_t k = 0; k < 4 && destinations[i].has[k]; k++)
            CHECK_HAS(lines.ptr, destinations[i].has[k]);
        simulation_free(s);
        work_close(&work);
    }
}

static int refuse_line(void *owner, const char *path, const char *line, size_t len, struct err *err)
{
    (void)owner;
    (void)line;
    (void)len;
    return err_set(err, ERR_SYSTEM, "'%s' is full", path);
}

static void test_deliver_fails(void)
{
    struct err err = {0};
    struct simulation_options o = {.deliver = refuse_line};
    work_open(&work, "async:on-success=s", 2);
    CHECK(!work_simulate(&work, &o, 0, NULL, NULL, &err));
    CHECK_STR(err.msg, "'s' is full");
    work_close(&work);
}

/* ---- records -------------------------------------------------------------------------------- */

static void test_names(void)
{
    static const struct {
        const char *settings, *name;
    } rows[] = {
        {"sqs", "m2"},          {"kinesis", "shardId-000000000000:2"},
        {"dynamodb", "2"},      {"kafka", "t-0:2"},
        {"s3", "o2 (event 3)"}, {"async", "event 3"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t len = 9;
        work_open(&work, rows[i].settings, 4);
        const char *name = simulation_name(&work.records, 2, &len);
        CHECK_MEM(name, len, rows[i].name, strlen(rows[i].name));
        simulation_name(&work.records, 4, &len);
        CHECK_INT(len, 0);
        work_close(&work);
    }
}

/* Of several queues each has its name before the message's. */
static void test_origins(void)
{
    static const struct {
        const char *arn, *name;
    } rows[] = {
        {"arn:aws:sqs:us-east-1:123456789012:orders", "orders/m1"},
        {"arn:aws:x:us-east-1:123456789012:stream/orders", "orders/m1"},
        {"arn:aws:x:us-east-1:123456789012:cluster/orders/1", "orders/m1"},
        {":::::", "/m1"},
        {"arn:aws", "/m1"},
        {"::::://", "/m1"},
        {"", "m1"},
    };
    struct err err = {0};
    AUTO_BUF struct buf event;
    buf_init(&event, 1 << 16);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t len;
        work_open(&work, "sqs", 1);
        buf_addf(&event,
                 "{\"Records\":[{\"messageId\":\"m1\",\"receiptHandle\":\"r\",\"body\":\"b\","
                 "\"attributes\":{},\"eventSource\":\"aws:sqs\",\"eventSourceARN\":\"%s\"}]}",
                 rows[i].arn);
        CHECK_INT(simulation_records_add(&work.records, MAPPING_SQS, event.ptr, event.len,
                                         WORK_START_MS + 1, &err),
                  0);
        CHECK_INT(simulation_records_end(&work.records, &err), 0);
        const char *name = simulation_name(&work.records, 1, &len);
        CHECK_MEM(name, len, rows[i].name, strlen(rows[i].name));
        buf_reset(&event);
        work_close(&work);
    }
}

/* A trace has a message again when it was delivered again; what came late comes in its turn. */
static void test_repeated(void)
{
    struct err err = {0};
    AUTO_BUF struct buf event;
    buf_init(&event, 1 << 16);
    work_open(&work, "sqs", 0);
    static const size_t numbers[] = {3, 1, 3, 2, 1, 1};
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        work_event(&work, numbers[i], &event);
        CHECK_INT(simulation_records_add(&work.records, MAPPING_SQS, event.ptr, event.len, 0, &err),
                  0);
    }
    CHECK_INT(simulation_records_end(&work.records, &err), 0);
    CHECK_INT(work.records.count, 3);
    CHECK_INT(work.records.repeated, 3);
    for (size_t i = 0; i < 3; i++) {
        size_t len;
        const char *name = simulation_name(&work.records, (uint32_t)i, &len);
        CHECK_INT(name[1] - '0', i + 1);
    }
    work_close(&work);
}

/* Times of arrival are approximate, sequence numbers are not: 0 and 2 to 10 are of one shard. */
static void test_sequence(void)
{
    static const size_t numbers[] = {2, 10, 1, 0, 4, 3};
    static const char *const names[] = {"0:0", "0:2", "1:1", "0:4", "0:10", "1:3"};
    struct err err = {0};
    AUTO_BUF struct buf event;
    buf_init(&event, 1 << 16);
    work_open(&work, "kafka", 0);
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        work_event(&work, numbers[i], &event);
        char *time = strstr(event.ptr, "\"timestamp\":");
        memset(time + strlen("\"timestamp\":"), '1', 13);
        CHECK_INT(
            simulation_records_add(&work.records, MAPPING_KAFKA, event.ptr, event.len, 0, &err), 0);
    }
    CHECK_INT(simulation_records_end(&work.records, &err), 0);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        size_t len;
        const char *name = simulation_name(&work.records, (uint32_t)i, &len);
        CHECK_MEM(name + 2, len - 2, names[i], strlen(names[i]));
    }
    work_close(&work);
}

/* Streams call their shards alike, and each has a mapping of its own. */
static void test_streams(void)
{
    AUTO_BUF struct buf event;
    struct err err = {0};
    buf_init(&event, 1 << 16);
    work_open(&work, "kinesis", 0);
    for (size_t i = 0; i < 4; i++) {
        buf_reset(&event);
        work_event(&work, 0, &event);
        char *number = strstr(event.ptr, "\"sequenceNumber\":\"");
        char *stream = strstr(event.ptr, ":stream/");
        CHECK(number && stream);
        number[strlen("\"sequenceNumber\":\"")] = (char)('1' + i);
        stream[strlen(":stream/")] = (char)('a' + i % 2);
        CHECK_INT(
            simulation_records_add(&work.records, MAPPING_KINESIS, event.ptr, event.len, 0, &err),
            0);
    }
    CHECK_INT(simulation_records_end(&work.records, &err), 0);
    for (size_t i = 0; i < 4; i++)
        CHECK_INT(work.records.shards[i], i % 2);
    work_close(&work);
}

static void test_bad_event(void)
{
    struct err err = {0};
    work_open(&work, "sqs", 1);
    CHECK_INT(simulation_records_add(&work.records, MAPPING_SQS, "{}", 2, 0, &err), -1);
    CHECK_INT(err.kind, ERR_INPUT);
    CHECK_INT(work.records.count, 1);
    CHECK_INT(work.records.nevents, 1);
    work_close(&work);
}

static void test_misuse(void)
{
    struct err err = {0};
    struct simulation_outcome outcome = {0};
    struct simulation_call call;
    work_open(&work, "sqs", 1);
    struct simulation_options o = {.settings = &work.settings, .records = &work.records};
    struct simulation *s = simulation_new(&o, &err);
    CHECK_INT(simulation_answer(s, &outcome, &err), -1);
    CHECK_INT(simulation_next(s, &call, &err), 1);
    CHECK_INT(simulation_next(s, &call, &err), -1);
    CHECK_INT(err.kind, ERR_PROTOCOL);
    simulation_free(s);
    simulation_free(NULL);
    work_close(&work);
}

static const struct check_test tests[] = {
    {"ends", test_ends},
    {"deterministic", test_deterministic},
    {"policies", test_policies},
    {"six hours", test_six_hours},
    {"ids", test_ids},
    {"receives", test_receives},
    {"windows", test_windows},
    {"left out", test_left_out},
    {"only", test_only},
    {"destinations", test_destinations},
    {"deliver fails", test_deliver_fails},
    {"names", test_names},
    {"origins", test_origins},
    {"repeated", test_repeated},
    {"sequence", test_sequence},
    {"streams", test_streams},
    {"bad event", test_bad_event},
    {"misuse", test_misuse},
};

CHECK_MAIN(tests)

/* SPDX-License-Identifier: Apache-2.0 */
/* Model functions behind simulations: records whose number stands in their id, and what a function
 * of a given kind makes of them. */
#pragma once

#include "check.h"
#include "simulate/judge.h"
#include "simulate/simulation.h"

#define WORK_RECORDS_MAX 2000
#define WORK_START_MS    INT64_C(1700000000000)

/* How a model is wrong, or what it can do. */
enum model_trait {
    MODEL_PARTIAL = 1,    /* answers with batchItemFailures; else an error fails the batch */
    MODEL_SECOND = 2,     /* fails what it has done before */
    MODEL_COUNTS = 4,     /* answers how often it has done a record */
    MODEL_WRONG_ID = 8,   /* names what is not in the batch */
    MODEL_GOES_ON = 16,   /* names what failed only, though there is an order */
    MODEL_SESSION = 32,   /* opened by the first record, kept in memory */
    MODEL_FIRST = 64,     /* fails each record the first time, and cleanly */
    MODEL_SLOW = 128,     /* every invocation is a timeout */
    MODEL_EAGER = 256,    /* swallows what it cannot read */
    MODEL_NOT_JSON = 512, /* answers a text */
    MODEL_ECHO = 1024,    /* answers its event */
    MODEL_LAST = 2048     /* names the last of its batch instead of what failed */
};

struct model {
    unsigned traits;
    unsigned char done[WORK_RECORDS_MAX], tried[WORK_RECORDS_MAX]; /* on disk */
    bool session;                                                  /* in memory */
    bool ordered, window;
    size_t invocations, delivered;
    uint64_t digest; /* of all it was asked */
    struct buf answer;
};

struct work {
    struct mapping_settings settings;
    struct filter *filter;
    struct simulation_records records;
    struct model model;
};

static inline void work_event(const struct work *w, size_t n, struct buf *out)
{
    long long ms = WORK_START_MS + (long long)n * 10;
    buf_reset(out);
    switch (w->settings.source) {
    case MAPPING_SQS:
        buf_addf(out,
                 "{\"Records\":[{\"messageId\":\"m%zu\",\"receiptHandle\":\"r\",\"body\":\"b\","
                 "\"attributes\":{\"ApproximateReceiveCount\":\"1\",\"SentTimestamp\":\"%lld\","
                 "\"ApproximateFirstReceiveTimestamp\":\"%lld\"",
                 n, ms, ms);
        if (w->settings.fifo)
            buf_addf(out, ",\"MessageGroupId\":\"g%zu\",\"SequenceNumber\":\"%zu\"", n % 3, n);
        buf_addf(out,
                 "},\"messageAttributes\":{},\"eventSource\":\"aws:sqs\",\"eventSourceARN\":\""
                 "arn:aws:sqs:us-east-1:123456789012:q%s\",\"awsRegion\":\"us-east-1\"}]}",
                 w->settings.fifo ? ".fifo" : "");
        return;
    case MAPPING_KINESIS:
        buf_addf(out,
                 "{\"Records\":[{\"kinesis\":{\"partitionKey\":\"k%zu\",\"sequenceNumber\":\"%zu\","
                 "\"data\":\"aGk=\",\"approximateArrivalTimestamp\":%lld.%03lld},\"eventSource\":"
                 "\"aws:kinesis\",\"eventID\":\"shardId-00000000000%zu:%zu\",\"eventSourceARN\":"
                 "\"arn:aws:kinesis:us-east-1:123456789012:stream/s\"}]}",
                 n % 4, n, ms / 1000, ms % 1000, n % 2, n);
        return;
    case MAPPING_DYNAMODB:
        buf_addf(out,
                 "{\"Records\":[{\"eventID\":\"e%zu\",\"eventName\":\"INSERT\",\"eventSource\":"
                 "\"aws:dynamodb\",\"dynamodb\":{\"ApproximateCreationDateTime\":%lld,\"Keys\":{"
                 "\"id\":{\"N\":\"%zu\"}},\"NewImage\":{\"id\":{\"N\":\"%zu\"}},\"SequenceNumber\":"
                 "\"%zu\"},\"eventSourceARN\":\"arn:aws:dynamodb:us-east-1:123456789012:table/t/"
                 "stream/x\"}]}",
                 n, ms / 1000, n % 4, n, n);
        return;
    case MAPPING_KAFKA:
        buf_addf(
            out,
            "{\"eventSource\":\"aws:kafka\",\"eventSourceArn\":\"arn:aws:kafka:us-east-1:"
            "123456789012:cluster/c/x\",\"bootstrapServers\":\"b:9092\",\"records\":{\"t-%zu\":"
            "[{\"topic\":\"t\",\"partition\":%zu,\"offset\":%zu,\"timestamp\":%lld,"
            "\"timestampType\":\"CREATE_TIME\",\"key\":\"aw==\",\"value\":\"aGk=\","
            "\"headers\":[]}]}}",
            n % 2, n % 2, n, ms);
        return;
    case MAPPING_S3:
        buf_addf(out,
                 "{\"Records\":[{\"eventVersion\":\"2.1\",\"eventSource\":\"aws:s3\",\"eventTime\":"
                 "\"2023-11-14T22:13:20.000Z\",\"eventName\":\"ObjectCreated:Put\",\"s3\":{"
                 "\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"o%zu\",\"size\":%zu}}}]}",
                 n, n);
        return;
    case MAPPING_ASYNC:
    case MAPPING_SOURCE_COUNT:
        buf_addf(out, "{\"number\":%zu}", n);
    }
}

/* Settings as the command line takes them, and n records of that source. */
static inline void work_open(struct work *w, const char *settings, size_t n)
{
    struct err err = {0};
    AUTO_BUF struct buf event;
    buf_init(&event, 1 << 16);
    *w = (struct work){0};
    CHECK_INT(mapping_settings_parse(settings, &w->settings, &err), 0);
    w->settings.timeout_ms = 3000;
    simulation_records_init(&w->records);
    for (size_t i = 0; i < n; i++) {
        work_event(w, i, &event);
        CHECK_INT(simulation_records_add(&w->records, w->settings.source, event.ptr, event.len,
                                         WORK_START_MS + (int64_t)i * 10, &err),
                  0);
    }
    CHECK_INT(simulation_records_end(&w->records, &err), 0);
    if (w->settings.nfilters || w->settings.prefix)
        w->filter = filter_criteria_open(&w->settings, &err);
    CHECK_STR(err.msg, "");
    buf_init(&w->model.answer, 1 << 20);
}

static inline void work_close(struct work *w)
{
    simulation_records_fini(&w->records);
    filter_criteria_close(w->filter);
    mapping_settings_fini(&w->settings);
    buf_free(&w->model.answer);
}

static inline void model_reset(struct work *w, unsigned traits)
{
    struct model *m = &w->model;
    memset(m->done, 0, sizeof m->done);
    memset(m->tried, 0, sizeof m->tried);
    m->traits = traits;
    m->session = false;
    m->ordered = fault_impossible(FAULT_REORDER, &w->settings) != NULL;
    m->window = w->settings.tumbling_ms != 0;
    m->invocations = m->delivered = 0;
    m->digest = 0;
}

static inline size_t model_number(struct scan_value v)
{
    size_t n = 0;
    for (size_t i = 0; i < v.len; i++)
        if (v.ptr[i] >= '0' && v.ptr[i] <= '9')
            n = n * 10 + (size_t)(v.ptr[i] - '0');
    return n < WORK_RECORDS_MAX ? n : 0;
}

/* Where a source has a record's number, and what it holds when it is poisoned. */
static const struct {
    const char *number, *content, *poison;
} model_places[MAPPING_SOURCE_COUNT] = {
    [MAPPING_SQS] = {"/messageId", "/body", "clambda"},
    [MAPPING_KINESIS] = {"/kinesis/sequenceNumber", "/kinesis/data", "eyJj"},
    [MAPPING_DYNAMODB] = {"/dynamodb/SequenceNumber", "/dynamodb/NewImage", "{}"},
    [MAPPING_KAFKA] = {"/offset", "/value", "eyJj"},
    [MAPPING_S3] = {"/s3/object/size", "/s3/object/key", "\"%\""},
    [MAPPING_ASYNC] = {"/number", "", "{}"},
};

/* Whether it fails one record. */
static inline bool model_fails(struct model *m, enum mapping_source source,
                               struct scan_value record)
{
    struct scan_value id = scan_find(record.ptr, record.len, model_places[source].number);
    struct scan_value content = scan_find(record.ptr, record.len, model_places[source].content);
    const char *poison = model_places[source].poison;
    size_t n = model_number(id);
    m->delivered++;
    if (memmem(content.ptr, content.len, poison, strlen(poison)))
        return !(m->traits & MODEL_EAGER);
    if (m->traits & MODEL_SESSION) {
        m->session = m->session || n == 0;
        if (!m->session)
            return true;
    }
    if (m->traits & MODEL_SECOND && m->done[n])
        return true;
    bool first = !m->tried[n];
    m->tried[n] = 1;
    if (m->traits & MODEL_FIRST && first)
        return true;
    m->done[n]++;
    return false;
}

static inline void model_name(struct model *m, enum mapping_source source, struct scan_value record)
{
    struct scan_value id = scan_find(record.ptr, record.len, model_places[source].number);
    struct buf *b = &m->answer;
    if (b->ptr[b->len - 1] == '}')
        buf_addc(b, ',');
    buf_adds(b, "{\"itemIdentifier\":");
    if (m->traits & MODEL_WRONG_ID) {
        buf_adds(b, "\"nobody\"");
    } else if (source == MAPPING_KAFKA) {
        struct scan_value partition = scan_find(record.ptr, record.len, "/partition");
        buf_addf(b, "{\"partition\":\"t-%.*s\",\"offset\":%.*s}", (int)partition.len, partition.ptr,
                 (int)id.len, id.ptr);
    } else {
        buf_add(b, id.ptr, id.len);
    }
    buf_addc(b, '}');
}

static inline struct scan_value model_list(enum mapping_source source, const char *event,
                                           size_t len)
{
    struct scan_value list =
        scan_find(event, len, source == MAPPING_KAFKA ? "/records" : "/Records");
    struct scan_value key, value = {0};
    size_t at = 0;
    if (source != MAPPING_KAFKA)
        return list;
    return scan_next(list, &at, &key, &value) ? value : value;
}

static inline bool model_batch(struct model *m, enum mapping_source source, const char *event,
                               size_t len)
{
    struct scan_value list = model_list(source, event, len), key, record, last = {0};
    bool failed = false;
    size_t at = 0;
    buf_adds(&m->answer, "{\"batchItemFailures\":[");
    while (list.ptr && scan_next(list, &at, &key, &record)) {
        last = record;
        bool behind = failed && m->ordered && !(m->traits & MODEL_GOES_ON);
        if (!behind && !model_fails(m, source, record))
            continue;
        failed = true;
        if (m->traits & MODEL_LAST)
            continue;
        model_name(m, source, record);
        if (!(m->traits & (MODEL_PARTIAL | MODEL_FIRST)))
            break;
    }
    if (failed && m->traits & MODEL_LAST)
        model_name(m, source, last);
    buf_adds(&m->answer, m->window ? "],\"state\":{\"seen\":1}}" : "]}");
    return failed;
}

static inline struct simulation_outcome model_run(struct model *m, enum mapping_source source,
                                                  const struct simulation_call *call)
{
    bool single = source == MAPPING_ASYNC, failed;
    m->invocations++;
    for (size_t i = 0; i < call->len; i++)
        m->digest = m->digest * 31 + (unsigned char)call->event[i];
    buf_reset(&m->answer);
    if (single) {
        struct scan_value event = {call->event, call->len};
        failed = model_fails(m, source, event);
        size_t n = model_number(scan_find(call->event, call->len, "/number"));
        buf_addf(&m->answer, "{\"number\":%zu,\"times\":%d}", n,
                 m->traits & MODEL_COUNTS ? m->done[n] : 1);
    } else {
        failed = model_batch(m, source, call->event, call->len);
    }
    if (failed && !(m->traits & MODEL_PARTIAL)) {
        buf_reset(&m->answer);
        buf_adds(&m->answer, "{\"errorMessage\":\"no\"}");
    } else {
        failed = false;
    }
    if (m->traits & MODEL_NOT_JSON) {
        buf_reset(&m->answer);
        buf_adds(&m->answer, "well done");
    }
    if (m->traits & MODEL_ECHO) {
        buf_reset(&m->answer);
        buf_add(&m->answer, call->event, call->len);
    }
    bool slow = m->traits & MODEL_SLOW;
    return (struct simulation_outcome){.failed = failed || slow,
                                       .timed_out = slow,
                                       .answer = m->answer.ptr,
                                       .answer_len = m->answer.len};
}

/* What a test wants to see of each call; NULL: nothing. */
typedef void (*work_look)(void *owner, const struct simulation_call *call);

/* The whole simulation; the caller frees it. NULL with err: it did not end. */
static inline struct simulation *work_simulate(struct work *w, const struct simulation_options *o,
                                               unsigned traits, work_look look, void *owner,
                                               struct err *err)
{
    struct simulation_options options = *o;
    struct simulation_call call;
    int more;
    options.settings = &w->settings;
    options.filter = w->filter;
    options.records = &w->records;
    options.function_arn = "arn:aws:lambda:us-east-1:123456789012:function:f";
    model_reset(w, traits);
    struct simulation *s = simulation_new(&options, err);
    while (s && (more = simulation_next(s, &call, err)) != 0) {
        struct simulation_outcome outcome = {.failed = true};
        if (more > 0 && look)
            look(owner, &call);
        if (more > 0 && call.runs)
            outcome = model_run(&w->model, w->settings.source, &call);
        if (more > 0 && call.reset_after)
            w->model.session = false;
        if (more < 0 || simulation_answer(s, &outcome, err) < 0) {
            simulation_free(s);
            return NULL;
        }
    }
    return s;
}

static inline struct simulation *work_run(struct work *w, const struct faults *faults,
                                          unsigned traits)
{
    struct err err = {0};
    struct simulation_options o = {.faults = faults};
    struct simulation *s = work_simulate(w, &o, traits, NULL, NULL, &err);
    CHECK_STR(err.msg, "");
    return s;
}

static inline void work_write(struct work *w, const struct history *h, struct buf *out)
{
    buf_init(out, (size_t)256 << 20);
    history_write(h, simulation_name, &w->records, out);
}

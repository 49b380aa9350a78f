/* SPDX-License-Identifier: Apache-2.0 */
/* Events taken apart and made anew. */
#include "base/buf.h"
#include "base/file.h"
#include "check.h"
#include "mapping/members.h"
#include "mapping/records.h"
#include "mapping/times.h"

#define RECORDS_MAX 64

static struct record records[RECORDS_MAX];
static size_t count;

static int keep(void *owner, const struct record *r, struct err *err)
{
    (void)owner;
    if (count == RECORDS_MAX)
        return err_set(err, ERR_LIMIT, "too many");
    records[count++] = *r;
    return 0;
}

static int split(enum mapping_source source, const char *event, struct err *err)
{
    count = 0;
    *err = (struct err){0};
    return records_split(source, event, strlen(event), keep, NULL, err);
}

/* The records as they were, whatever their deliveries. */
static void assemble(enum mapping_source source, const struct records_window *w, struct buf *out)
{
    struct records_delivery items[RECORDS_MAX];
    for (size_t i = 0; i < count; i++)
        items[i] = (struct records_delivery){.record = &records[i], .first_ms = RECORDS_NO_TIME};
    struct records_batch b = {.items = items, .nitems = count};
    if (w)
        b.window = *w;
    buf_init(out, 1 << 24);
    records_assemble(source, &b, out);
}

/* ---- whole events -----------------------------------------------------------------------------
 */

/* Without the white space between values. */
static char *squeeze(const char *text)
{
    char *out = malloc(strlen(text) + 1), *w = out;
    bool inside = false;
    for (; *text; text++) {
        if (*text == '"' && text[-1] != '\\')
            inside = !inside;
        if (inside || !strchr(" \n\r\t", *text))
            *w++ = *text;
    }
    *w = '\0';
    return out;
}

static const struct {
    const char *file;
    enum mapping_source source;
    size_t records;
} files[] = {
    {"kinesis_batch.json", MAPPING_KINESIS, 4}, {"kinesis_window.json", MAPPING_KINESIS, 1},
    {"s3_delete.json", MAPPING_S3, 2},          {"s3_put.json", MAPPING_S3, 1},
    {"s3_special.json", MAPPING_S3, 4},         {"s3_test.json", MAPPING_ASYNC, 1},
    {"sqs_batch.json", MAPPING_SQS, 5},         {"sqs_fifo.json", MAPPING_SQS, 6},
};

#define STATE "{\"sensor-0\":{\"sum\":12.5,\"n\":3},\"list\":[1,\"two\",null]}"

static const struct records_window window = {
    .on = true,
    .start_ms = 1772600400000, /* 2026-03-04T05:00:00Z */
    .end_ms = 1772600520000,
    .state = STATE,
    .state_len = sizeof STATE - 1,
    .final = true,
};

static void test_fixtures(void)
{
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        char path[4096];
        size_t len;
        struct err err = {0};
        AUTO_BUF struct buf out;
        snprintf(path, sizeof path, "%s/%s", FIXTURES, files[i].file);
        AUTO_FREE char *event = file_read(path, 1 << 24, &len, &err);
        CHECK(event);
        CHECK_INT(records_source(event, len), files[i].source);
        CHECK_INT(split(files[i].source, event, &err), 0);
        CHECK_STR(err.msg, "");
        CHECK_INT(count, files[i].records);
        assemble(files[i].source, strstr(path, "window") ? &window : NULL, &out);
        AUTO_FREE char *got = squeeze(out.ptr), *want = squeeze(event);
        CHECK_STR(got, want);
    }
}

#define SQS(id, more)                                                                            \
    "{\"messageId\":\"" id "\",\"receiptHandle\":\"h\",\"body\":\"b \\\" } ]\",\"attributes\":{" \
    "\"ApproximateReceiveCount\":\"1\",\"SentTimestamp\":\"1770000001007\"" more                 \
    ",\"ApproximateFirstReceiveTimestamp\":\"5\"},\"eventSource\":\"aws:sqs\","                  \
    "\"eventSourceARN\":\"arn:aws:sqs:eu-west-1:123456789012:orders\"}"
#define KINESIS(sequence)                                                                         \
    "{\"kinesis\":{\"partitionKey\":\"p\",\"sequenceNumber\":\"" sequence "\",\"data\":\"aGk=\"," \
    "\"approximateArrivalTimestamp\":1.772600767125E9},\"eventSource\":\"aws:kinesis\","          \
    "\"eventID\":\"shardId-000000000002:" sequence "\",\"eventSourceARN\":\"arn:aws:kinesis:s\"}"
#define DYNAMODB(sequence)                                                                        \
    "{\"eventID\":\"e\",\"eventName\":\"INSERT\",\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{" \
    "\"ApproximateCreationDateTime\":1479499740,\"Keys\":{\"Id\":{\"N\":\"1\"}},"                 \
    "\"SequenceNumber\":\"" sequence "\"},\"eventSourceARN\":\"arn:aws:dynamodb:t\"}"
#define KAFKA(offset)                                                                           \
    "{\"topic\":\"mytopic\",\"partition\":0,\"offset\":" offset ",\"timestamp\":1545084650987," \
    "\"timestampType\":\"CREATE_TIME\",\"key\":\"a2V5\",\"value\":\"SGVsbG8=\",\"headers\":[]}"
#define MSK                                                                                      \
    "\"eventSource\":\"aws:kafka\",\"eventSourceArn\":\"arn:aws:kafka:c\",\"bootstrapServers\":" \
    "\"b-1:9092,b-2:9092\""
#define DIGITS "01234567890123456789012345678901" /* 32 */

/* Each is made anew as it is. */
static const struct {
    const char *event;
    enum mapping_source source;
    const char *id, *key, *shard; /* of the last record */
    int64_t arrival_ms;
    size_t records;
    bool fifo;
} events[] = {
    {"{\"Records\":[" SQS("m-1", "") "]}", MAPPING_SQS, "m-1", NULL,
     "arn:aws:sqs:eu-west-1:123456789012:orders", 1770000001007, 1, false},
    /* fair queues: a group alone makes no FIFO queue */
    {"{\"Records\":[" SQS("m-1", ",\"MessageGroupId\":\"tenant\"") "]}", MAPPING_SQS, "m-1",
     "tenant", "arn:aws:sqs:eu-west-1:123456789012:orders", 1770000001007, 1, false},
    {"{\"Records\":[" SQS("m-1", "") "," SQS(
         "m-2", ",\"SequenceNumber\":\"1\",\"MessageGroupId\":\"g\"") "]}",
     MAPPING_SQS, "m-2", "g", "arn:aws:sqs:eu-west-1:123456789012:orders", 1770000001007, 2, true},
    {"{\"Records\":[" KINESIS("1") "," KINESIS(DIGITS DIGITS DIGITS DIGITS) "]}", MAPPING_KINESIS,
     DIGITS DIGITS DIGITS DIGITS, "p", "shardId-000000000002", 1772600767125, 2, false},
    {"{\"Records\":[" DYNAMODB("4421584500000000017450439091") "]}", MAPPING_DYNAMODB,
     "4421584500000000017450439091", "{\"Id\":{\"N\":\"1\"}}", "arn:aws:dynamodb:t", 1479499740000,
     1, false},
    {"{" MSK ",\"records\":{\"mytopic-0\":[" KAFKA("15") "," KAFKA("16") "],\"mytopic-1\":[" KAFKA(
         "9007199254740993") "]}}",
     MAPPING_KAFKA, "9007199254740993", "a2V5", "mytopic-1", 1545084650987, 3, false},
    {"{\"eventSource\":\"SelfManagedKafka\",\"bootstrapServers\":\"h:9092\",\"records\":{\"t-0\":"
     "[" KAFKA("0") "]}}",
     MAPPING_KAFKA, "0", "a2V5", "t-0", 1545084650987, 1, false},
    {"{\"Records\":[{\"eventSource\":\"aws:s3\",\"eventTime\":\"2026-03-04T05:06:07.890Z\",\"s3\":{"
     "\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"a+b\"}}}]}",
     MAPPING_S3, NULL, "a+b", NULL, 1772600767890, 1, false},
    {"{\"Records\":[{\"EventSource\":\"aws:sns\"}]}", MAPPING_ASYNC, NULL, NULL, NULL,
     RECORDS_NO_TIME, 1, false},
    {"[1, 2]", MAPPING_ASYNC, NULL, NULL, NULL, RECORDS_NO_TIME, 1, false},
    {"\"x\"", MAPPING_ASYNC, NULL, NULL, NULL, RECORDS_NO_TIME, 1, false},
};

static void check_view(struct scan_value got, const char *want)
{
    CHECK_MEM(got.ptr, got.len, want ? want : "", want ? strlen(want) : 0);
    CHECK_INT(got.ptr != NULL, want != NULL);
}

static void test_events(void)
{
    for (size_t i = 0; i < ARRAY_LEN(events); i++) {
        struct err err;
        AUTO_BUF struct buf out;
        CHECK_INT(records_source(events[i].event, strlen(events[i].event)), events[i].source);
        CHECK_INT(split(events[i].source, events[i].event, &err), 0);
        CHECK_STR(err.msg, "");
        CHECK_INT(count, events[i].records);
        const struct record *last = &records[count - 1];
        check_view(last->id, events[i].id);
        check_view(last->key, events[i].key);
        check_view(last->shard, events[i].shard);
        CHECK_INT(last->arrival_ms, events[i].arrival_ms);
        CHECK_INT(last->fifo, events[i].fifo);
        assemble(events[i].source, NULL, &out);
        CHECK_STR(out.ptr, events[i].event);
        if (count == 1)
            CHECK_INT(records_event_bytes(last), out.len);
    }
}

/* ---- what is wrong ----------------------------------------------------------------------------
 */

static const struct {
    const char *event;
    enum mapping_source source;
    const char *message;
} wrong[] = {
    {"{}", MAPPING_SQS, "it has no list 'Records' with eventSource 'aws:sqs'"},
    {"[]", MAPPING_KINESIS, "it has no list 'Records'"},
    {"{\"Records\":[1]}", MAPPING_SQS, "record 1: has to be an object"},
    {"{\"Records\":[" SQS("m", "") "," KINESIS("1") "]}", MAPPING_SQS,
     "record 2: eventSource is 'aws:kinesis', not 'aws:sqs'"},
    {"{\"Records\":[{\"eventSource\":\"aws:sqs\"}]}", MAPPING_SQS, "record 1: messageId has to be"},
    {"{\"Records\":[" SQS("", "") "]}", MAPPING_SQS, "record 1: messageId has to be a text of 1"},
    {"{\"Records\":[{\"eventSource\":\"aws:sqs\",\"messageId\":\"m\",\"eventSourceARN\":\"q.fifo\"}"
     "]}",
     MAPPING_SQS, "record 1: attributes.MessageGroupId has to be a text, of a FIFO queue"},
    {"{\"Records\":[" KINESIS("x") "]}", MAPPING_KINESIS,
     "kinesis.sequenceNumber has to be a text"},
    {"{\"Records\":[" KINESIS(DIGITS DIGITS DIGITS DIGITS "1") "]}", MAPPING_KINESIS,
     "a text of 1 to 128 digits"},
    {"{\"Records\":[{\"eventSource\":\"aws:kinesis\",\"kinesis\":{\"sequenceNumber\":\"1\","
     "\"partitionKey\":\"p\"},\"eventID\":\"1\"}]}",
     MAPPING_KINESIS, "record 1: eventID has to be the shard and the sequence number"},
    {"{\"Records\":[{\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{\"SequenceNumber\":\"1\"}}]}",
     MAPPING_DYNAMODB, "record 1: dynamodb.Keys has to be an object"},
    {"{\"eventSource\":\"aws:kafka\",\"records\":[]}", MAPPING_KAFKA, "it is no event of Kafka"},
    {"{" MSK ",\"records\":{\"t-0\":{}}}", MAPPING_KAFKA, "the records of 't-0' have to be a list"},
    {"{" MSK ",\"records\":{\"t-0\":[" KAFKA("-1") "]}}", MAPPING_KAFKA,
     "record 1: offset has to be"},
    {"{" MSK ",\"records\":{},\"more\":1}", MAPPING_KAFKA, "both before and behind 'records'"},
    {"{\"Records\":[{\"eventSource\":\"aws:s3\"}]}", MAPPING_S3, "s3.object.key has to be a text"},
    {"{\"Records\":[{\"eventSource\":\"aws:s3\",\"s3\":{\"object\":{\"key\":\"k\"}}}]}", MAPPING_S3,
     "s3.bucket.name has to be a text"},
    {"{\"Records\":[{\"eventSource\":\"aws:sqs\",\"messageId\":\"m\"}]}", MAPPING_SQS,
     "record 1: body has to be a text"},
    {"{\"Records\":[" SQS("m",
                          "") ",{\"eventSource\":\"aws:sqs\",\"messageId\":\"n\",\"body\":5}]}",
     MAPPING_SQS, "record 2: body has to be a text"},
    {"{\"Records\":[{\"eventSource\":\"aws:kinesis\",\"eventID\":\"s:1\",\"kinesis\":{"
     "\"sequenceNumber\":"
     "\"1\",\"partitionKey\":\"p\",\"data\":\"aGk\"}}]}",
     MAPPING_KINESIS, "record 1: kinesis.data has to be base64"},
};

static void test_wrong(void)
{
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct err err;
        CHECK_INT(split(wrong[i].source, wrong[i].event, &err), -1);
        CHECK_INT(err.kind, ERR_INPUT);
        CHECK_HAS(err.msg, wrong[i].message);
    }
}

/* Times as a record has them, in the place of %s. */
static const struct {
    const char *event, *name;
} timed[MAPPING_SOURCE_COUNT] = {
    [MAPPING_SQS] = {"{\"Records\":[{\"messageId\":\"m\",\"body\":\"b\",\"attributes\":{"
                     "\"SentTimestamp\":%s},\"eventSource\":\"aws:sqs\"}]}",
                     "record 1: attributes.SentTimestamp is '"},
    [MAPPING_KINESIS] =
        {"{\"Records\":[{\"kinesis\":{\"partitionKey\":\"p\",\"sequenceNumber\":\"1\","
         "\"data\":\"\",\"approximateArrivalTimestamp\":%s},\"eventID\":\"s:1\","
         "\"eventSource\":\"aws:kinesis\"}]}",
         "record 1: kinesis.approximateArrivalTimestamp is '"},
    [MAPPING_DYNAMODB] =
        {"{\"Records\":[{\"dynamodb\":{\"ApproximateCreationDateTime\":%s,\"Keys\":{},"
         "\"SequenceNumber\":\"1\"},\"eventSource\":\"aws:dynamodb\"}]}",
         "record 1: dynamodb.ApproximateCreationDateTime is '"},
    [MAPPING_KAFKA] = {"{" MSK ",\"records\":{\"t-0\":[{\"offset\":1,\"timestamp\":%s}]}}",
                       "record 1: timestamp is '"},
    [MAPPING_S3] =
        {"{\"Records\":[{\"eventSource\":\"aws:s3\",\"eventTime\":%s,\"s3\":{\"bucket\":{"
         "\"name\":\"b\"},\"object\":{\"key\":\"k\"}}}]}",
         "record 1: eventTime is '"},
};

static const struct {
    enum mapping_source source;
    const char *time;
    int64_t ms; /* -1: refused */
} record_times[] = {
    {MAPPING_SQS, "\"1770000001007\"", 1770000001007},
    {MAPPING_SQS, "1770000001007", 1770000001007},
    {MAPPING_SQS, "\"0\"", 0},
    {MAPPING_SQS, "null", RECORDS_NO_TIME},
    {MAPPING_SQS, "\"-5\"", -1},
    {MAPPING_SQS, "\"abc\"", -1},
    {MAPPING_SQS, "\"\"", -1},
    {MAPPING_SQS, "\"1.5\"", -1},
    {MAPPING_SQS, "1.5", -1},
    {MAPPING_SQS, "\"1e3\"", -1},
    {MAPPING_SQS, "\"99999999999999999999\"", -1},
    {MAPPING_SQS, "\"9223372036854775807\"", -1},
    {MAPPING_SQS, "\"253402300800000\"", -1},
    {MAPPING_SQS, "\"2026-01-31T12:00:00Z\"", -1},
    {MAPPING_SQS, "{}", -1},
    {MAPPING_KINESIS, "1.772600767125E9", 1772600767125},
    {MAPPING_KINESIS, "1772600767.125", 1772600767125},
    {MAPPING_KINESIS, "-1", -1},
    {MAPPING_KINESIS, "1772600767125", -1},
    {MAPPING_DYNAMODB, "1479499740", 1479499740000},
    {MAPPING_DYNAMODB, "1.47949974E9", 1479499740000},
    {MAPPING_DYNAMODB, "true", -1},
    {MAPPING_KAFKA, "1545084650987", 1545084650987},
    {MAPPING_KAFKA, "1.545084650987E12", 1545084650987},
    {MAPPING_KAFKA, "-1", RECORDS_NO_TIME}, /* as Kafka says that there is none */
    {MAPPING_KAFKA, "-2", -1},
    {MAPPING_S3, "\"2026-03-04T05:06:07.890Z\"", 1772600767890},
    {MAPPING_S3, "\"yesterday\"", -1},
    {MAPPING_S3, "1772600767", -1},
};

static void test_record_times(void)
{
    for (size_t i = 0; i < ARRAY_LEN(record_times); i++) {
        struct err err;
        const char *pattern = timed[record_times[i].source].event, *place = strstr(pattern, "%s");
        AUTO_BUF struct buf event;
        buf_init(&event, 4096);
        buf_add(&event, pattern, (size_t)(place - pattern));
        buf_adds(&event, record_times[i].time);
        buf_adds(&event, place + 2);
        CHECK_INT(split(record_times[i].source, event.ptr, &err),
                  record_times[i].ms == -1 ? -1 : 0);
        if (record_times[i].ms == -1) {
            CHECK_INT(err.kind, ERR_INPUT);
            CHECK_HAS(err.msg, timed[record_times[i].source].name);
        } else {
            CHECK_STR(err.msg, "");
            CHECK_INT(records[0].arrival_ms, record_times[i].ms);
        }
    }
}

/* What a message weighs is what its texts mean, with its attributes. */
static void test_message_sizes(void)
{
    static const struct {
        const char *unit; /* of the body, as it stands in JSON */
        size_t count;
        const char *attributes;
        bool fits;
    } rows[] = {
        {"x", 1048576, "", true},
        {"x", 1048577, "", false},
        {"\\n", 1048576, "", true},
        {"\\u0041", 1048576, "", true},
        {"\\u00e9", 524288, "", true},
        {"\\u20ac", 349526, "", false},
        {"\\ud83d\\ude00", 262144, "", true},
        {"\\ud83d\\ude00", 262145, "", false},
        {"x", 1048563, "\"n\":{\"stringValue\":\"123456\",\"dataType\":\"String\"}", true},
        {"x", 1048564, "\"n\":{\"stringValue\":\"123456\",\"dataType\":\"String\"}", false},
        {"x", 1048566, "\"n\":{\"binaryValue\":\"AAAA\",\"dataType\":\"Binary\"}", true},
        {"x", 1048567, "\"n\":{\"binaryValue\":\"AAAA\",\"dataType\":\"Binary\"}", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err;
        AUTO_BUF struct buf event;
        buf_init(&event, 1 << 24);
        buf_adds(&event, "{\"Records\":[{\"messageId\":\"m\",\"body\":\"");
        for (size_t k = 0; k < rows[i].count; k++)
            buf_adds(&event, rows[i].unit);
        buf_addf(&event, "\",\"messageAttributes\":{%s},\"eventSource\":\"aws:sqs\"}]}",
                 rows[i].attributes);
        CHECK_INT(split(MAPPING_SQS, event.ptr, &err), rows[i].fits ? 0 : -1);
        CHECK_HAS(err.msg, rows[i].fits ? "" : "and SQS takes at most 1048576");
    }
}

static void test_base64(void)
{
    static const struct {
        const char *text;
        bool is;
    } rows[] = {{"", true},       {"aGk=", true},       {"aA==", true},  {"ab+/", true},
                {"ab+\\/", true}, {"aGk\\u003d", true}, {"aGk", false},  {"a===", false},
                {"aG=k", false},  {"aGk\\n", false},    {"ab-_", false}, {"aGk\\\\", false}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        CHECK_INT(members_is_base64((struct scan_value){rows[i].text, strlen(rows[i].text)}),
                  rows[i].is);
}

/* ---- deliveries -------------------------------------------------------------------------------
 */

static void test_deliveries(void)
{
    static const char event[] = "{\"Records\":[" SQS("m-1", "") "," SQS("m-2", "") "]}";
    struct err err;
    CHECK_INT(split(MAPPING_SQS, event, &err), 0);
    const struct records_delivery items[] = {
        {.record = &records[1], .count = 3, .first_ms = 1770000009000, .handle = "new\"1"},
        {.record = &records[0], .count = 4000000000u, .first_ms = 0}};
    const struct records_batch b = {.items = items, .nitems = 2};
    AUTO_BUF struct buf out;
    buf_init(&out, 4096);
    records_assemble(MAPPING_SQS, &b, &out);
    CHECK_HAS(out.ptr,
              "{\"Records\":[{\"messageId\":\"m-2\",\"receiptHandle\":\"new\\\"1\",\"body\":"
              "\"b \\\" } ]\",\"attributes\":{\"ApproximateReceiveCount\":\"3\","
              "\"SentTimestamp\":\"1770000001007\",\"ApproximateFirstReceiveTimestamp\":"
              "\"1770000009000\"}");
    CHECK_HAS(out.ptr, ",{\"messageId\":\"m-1\",\"receiptHandle\":\"h\"");
    CHECK_HAS(out.ptr, "\"ApproximateReceiveCount\":\"4000000000\"");
    CHECK_HAS(out.ptr, "\"ApproximateFirstReceiveTimestamp\":\"0\"}");
}

/* Records of partitions that take turns; each partition is written once. */
static void test_partitions(void)
{
    static const char event[] =
        "{" MSK ",\"records\":{\"t-0\":[" KAFKA("1") "," KAFKA("2") "],\"t-1\":[" KAFKA("7") "]}}";
    struct err err;
    AUTO_BUF struct buf out;
    CHECK_INT(split(MAPPING_KAFKA, event, &err), 0);
    struct record second = records[1];
    records[1] = records[2];
    records[2] = second;
    assemble(MAPPING_KAFKA, NULL, &out);
    CHECK_STR(out.ptr, event);
}

/* A window that ends without records; DynamoDB's records do not name their shard. */
static void test_windows(void)
{
    static const char last[] =
        "{\"Records\":[],\"window\":{\"start\":\"2026-03-04T05:00:00Z\",\"end\":"
        "\"2026-03-04T05:02:00Z\"},\"state\":{},\"shardId\":\"shardId-000000000009\","
        "\"eventSourceARN\":\"arn:aws:kinesis:eu-west-1:123456789012:stream/s\","
        "\"isFinalInvokeForWindow\":true,\"isWindowTerminatedEarly\":false}";
    static const char arn[] = "arn:aws:kinesis:eu-west-1:123456789012:stream/s",
                      shard[] = "shardId-000000000009";
    struct records_batch b = {
        .window = window, .shard = {shard, sizeof shard - 1}, .arn = {arn, sizeof arn - 1}};
    struct err err;
    AUTO_BUF struct buf out;
    b.window.state = NULL;
    buf_init(&out, 4096);
    records_assemble(MAPPING_KINESIS, &b, &out);
    CHECK_STR(out.ptr, last);
    CHECK_INT(records_source(last, sizeof last - 1), MAPPING_KINESIS);
    CHECK_INT(split(MAPPING_KINESIS, last, &err), 0);
    CHECK_INT(count, 0);
    buf_free(&out);
    CHECK_INT(split(MAPPING_DYNAMODB, "{\"Records\":[" DYNAMODB("1") "]}", &err), 0);
    assemble(MAPPING_DYNAMODB, &window, &out);
    CHECK_HAS(out.ptr,
              "\"shardId\":\"" RECORDS_SHARD_STANDIN "\",\"eventSourceARN\":\"arn:aws:dyn");
}

/* Whose the records would be cannot be told. */
static void test_none(void)
{
    static const struct {
        const char *event;
        bool none;
    } rows[] = {
        {"{\"Records\":[]}", true},
        {"{\"Records\":[ ],\"a\":1}", true},
        {"{\"records\":{}}", true},
        {"{\"records\":[]}", true},
        {"{\"Records\":{ }}", true},
        {"{\"eventSource\":\"aws:kafka\",\"records\":{}}", false},
        {"{\"Records\":[{}]}", false},
        {"{\"Records\":null}", false},
        {"{\"Records\":\"\"}", false},
        {"{\"records\":{\"t-0\":[]}}", false},
        {"{}", false},
        {"[]", false},
        {"{\"Records\":[],\"window\":{},\"eventSourceARN\":\"arn:aws:kinesis:us-east-1:1:stream/"
         "s\"}",
         false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        CHECK_INT(records_are_none(rows[i].event, strlen(rows[i].event)), rows[i].none);
}

static void test_move(void)
{
    static const char event[] = "{" MSK ",\"records\":{\"t-0\":[" KAFKA("1") "]}}";
    char copy[sizeof event];
    struct err err;
    AUTO_BUF struct buf out;
    CHECK_INT(split(MAPPING_KAFKA, event, &err), 0);
    memcpy(copy, event, sizeof event);
    records_move(&records[0], event, copy);
    CHECK(records[0].origin.ptr > copy && records[0].origin.ptr < copy + sizeof copy);
    assemble(MAPPING_KAFKA, NULL, &out);
    CHECK_STR(out.ptr, event);
}

static void test_overhead(void)
{
    struct records_batch b = {0};
    for (int i = 0; i < MAPPING_SOURCE_COUNT; i++) {
        AUTO_BUF struct buf out;
        buf_init(&out, 4096);
        records_assemble((enum mapping_source)i, &b, &out);
        if (i == MAPPING_KAFKA)
            CHECK(records_overhead(MAPPING_KAFKA) > out.len);
        else
            CHECK_INT(records_overhead((enum mapping_source)i), out.len);
    }
}

/* ---- times ------------------------------------------------------------------------------------
 */

static const struct {
    const char *text;  /* JSON */
    int64_t scale, ms; /* -1: no time */
} times[] = {
    {"1772600767.125", 1000, 1772600767125},
    {"1772600767.1259999999999999999999", 1000, 1772600767125},
    {"1.772600767125E9", 1000, 1772600767125},
    {"1772600767125e-3", 1000, 1772600767125},
    {"1772600767", 1000, 1772600767000},
    {"\"1772600767125\"", 1, 1772600767125},
    {"0.0", 1000, 0},
    {"253402300799999", 1, 253402300799999},
    {"253402300800000", 1, -1},
    {"1e300", 1, -1},
    {"1e99999999999999999999", 1, -1},
    {"1e-99999999999999999999", 1, 0},
    {"99999999999999999999999999999999", 1, -1},
    {"-1", 1, -1},
    {"1.", 1, -1},
    {"1e", 1, -1},
    {"\"x\"", 1, -1},
    {"null", 1, -1},
    {"\"2026-01-31T13:00:00.5+01:00\"", 1000, 1769860800500},
    {"\"2026-01-31T12:00:00.123456Z\"", 1000, 1769860800123},
    {"\"2026-01-31T12:00:00\"", 1000, 1769860800000},
    {"\"2026-01-31T07:00:00-0500\"", 1000, 1769860800000},
    {"\"2026-13-31T12:00:00Z\"", 1000, -1},
    {"\"1969-12-31T23:59:59Z\"", 1000, -1},
    {"\"2026-01-31T12:00:00Zx\"", 1000, -1},
    {"\"2026-01-31T12:00:00+25:00\"", 1000, -1},
};

static void test_times(void)
{
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        struct scan_value v = {times[i].text, strlen(times[i].text)};
        int64_t ms = -1;
        CHECK_INT(times_value(v, times[i].scale, &ms), times[i].ms >= 0);
        if (times[i].ms >= 0)
            CHECK_INT(ms, times[i].ms);
    }
}

static const struct check_test tests[] = {
    {"fixtures", test_fixtures},
    {"events", test_events},
    {"wrong", test_wrong},
    {"record_times", test_record_times},
    {"message_sizes", test_message_sizes},
    {"base64", test_base64},
    {"deliveries", test_deliveries},
    {"partitions", test_partitions},
    {"windows", test_windows},
    {"none", test_none},
    {"move", test_move},
    {"overhead", test_overhead},
    {"times", test_times},
};
CHECK_MAIN(tests)

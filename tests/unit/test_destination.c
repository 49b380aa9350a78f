/* SPDX-License-Identifier: Apache-2.0 */
/* What is written of failures is what AWS writes, and is a trace again. */
#include "mapping/destination.h"
#include "trace_work.h"

#define ARN      "arn:aws:lambda:eu-west-1:123456789012:function:orders"
#define ID       "8f6c2a10-3b1d-4c5e-9a7f-0123456789a0"
#define REQUEST  "\"requestId\":\"" ID "\",\"functionArn\":\"" ARN
#define EVENT    "{\"order\":\n1}"
#define ON_LINE  "{\"order\": 1}"
#define STREAM   "arn:aws:kinesis:eu-west-1:123456789012:stream/orders"
#define ERRORS   "{\"errorType\":\"Bad\",\"errorMessage\":\"no \\\"such\\\" \\u00f6rder\"}"
#define RESPONSE "\"responseContext\":{\"statusCode\":200,\"executedVersion\":\"$LATEST\""

static struct mapping_settings settings;
static struct buf out;

/* ---- streams ----------------------------------------------------------------------------------
 */

static const struct record kinesis[] = {
    {.source = MAPPING_KINESIS,
     .text = {"{\"eventSourceARN\":\"" STREAM "\"}",
              sizeof "{\"eventSourceARN\":\"" STREAM "\"}" - 1},
     .id = {"101", 3},
     .shard = {"shardId-000000000003", 20},
     .arrival_ms = 1769860800900},
    {.source = MAPPING_KINESIS, .text = {"{}", 2}, .id = {"102", 3}, .arrival_ms = 1769860801100},
};
static const struct record dynamodb[] = {
    {.source = MAPPING_DYNAMODB,
     .text = {"{\"eventSourceARN\":\"arn:t\"}", 26},
     .id = {"7", 1},
     .shard = {"arn:t", 5},
     .arrival_ms = 1769860800900},
};
static const struct record kafka[] = {
    {.source = MAPPING_KAFKA, .id = {"15", 2}, .shard = {"t-0", 3}, .arrival_ms = 1769860800900},
    {.source = MAPPING_KAFKA, .id = {"9", 1}, .shard = {"t-1", 3}, .arrival_ms = 1769860800901},
    {.source = MAPPING_KAFKA, .id = {"16", 2}, .shard = {"t-0", 3}, .arrival_ms = 1769860801100},
};
static const struct record *const of_kinesis[] = {&kinesis[0], &kinesis[1]};
static const struct record *const of_dynamodb[] = {&dynamodb[0]};
static const struct record *const of_kafka[] = {&kafka[0], &kafka[1], &kafka[2]};

#define KAFKA_EVENT                                                                             \
    "{\"eventSource\":\"aws:kafka\",\"eventSourceArn\":\"arn:c\",\"bootstrapServers\":\"b:1\"," \
    "\"records\":{}}"
#define KINESIS_INFO                                                                              \
    "\"KinesisBatchInfo\":{\"shardId\":\"shardId-000000000003\",\"startSequenceNumber\":\"101\"," \
    "\"endSequenceNumber\":\"102\",\"approximateArrivalOfFirstRecord\":"                          \
    "\"2026-01-31T12:00:00.000Z\",\"approximateArrivalOfLastRecord\":"                            \
    "\"2026-01-31T12:00:01.000Z\",\"batchSize\":2,\"streamArn\":\"" STREAM "\"}"
#define VERSION "\"version\":\"1.0\",\"timestamp\":\"2026-01-31T12:00:06.021Z\""

/* Facts: 4.3 of the environment, 4 of the interface: no qualifier, functionError present and null
 * where records failed in part, no responseContext for records that were too old. */
static const struct {
    enum mapping_source source;
    struct destination_case c;
    const char *want;
    enum trace_status status; /* when it is read */
} streams[] = {
    {MAPPING_KINESIS,
     {.function_arn = ARN ":live",
      .reason = MAPPING_RETRIES_EXHAUSTED,
      .invoke_count = 2,
      .ran = true,
      .function_error = true,
      .records = of_kinesis,
      .nrecords = 2,
      .payload = EVENT},
     "{\"requestContext\":{" REQUEST
     "\",\"condition\":\"RetryAttemptsExhausted\",\"approximateInvokeCount\":2}," RESPONSE
     ",\"functionError\":\"Unhandled\"}," VERSION "," KINESIS_INFO
     ",\"payload\":\"{\\\"order\\\":\\n1}\"}",
     TRACE_STATUS_ERROR},
    {MAPPING_KINESIS,
     {.function_arn = ARN ":7",
      .reason = MAPPING_RETRIES_EXHAUSTED,
      .invoke_count = 1,
      .ran = true,
      .records = of_kinesis,
      .nrecords = 2,
      .payload = EVENT},
     "{\"requestContext\":{" REQUEST
     "\",\"condition\":\"RetryAttemptsExhausted\",\"approximateInvokeCount\":1},"
     "\"responseContext\":{\"statusCode\":200,\"executedVersion\":\"7\",\"functionError\":null}"
     "," VERSION "," KINESIS_INFO ",\"payload\":\"{\\\"order\\\":\\n1}\"}",
     TRACE_STATUS_SUCCESS},
    {MAPPING_DYNAMODB,
     {.function_arn = ARN,
      .reason = MAPPING_AGE_EXCEEDED,
      .invoke_count = 1,
      .ran = true,
      .function_error = true,
      .records = of_dynamodb,
      .nrecords = 1,
      .payload = "{}"},
     "{\"requestContext\":{" REQUEST
     "\",\"condition\":\"RecordAgeExceeded\",\"approximateInvokeCount\":1}," VERSION
     ",\"DDBStreamBatchInfo\":{\"shardId\":\"" RECORDS_SHARD_STANDIN "\",\"startSequenceNumber\":"
     "\"7\",\"endSequenceNumber\":\"7\",\"approximateArrivalOfFirstRecord\":"
     "\"2026-01-31T12:00:00Z\",\"approximateArrivalOfLastRecord\":\"2026-01-31T12:00:00Z\","
     "\"batchSize\":1,\"streamArn\":\"arn:t\"},\"payload\":\"{}\"}",
     TRACE_STATUS_UNKNOWN},
    {MAPPING_KAFKA,
     {.function_arn = ARN,
      .reason = MAPPING_RETRIES_EXHAUSTED,
      .invoke_count = 3,
      .ran = true,
      .function_error = true,
      .records = of_kafka,
      .nrecords = 3,
      .payload = KAFKA_EVENT},
     "{\"requestContext\":{" REQUEST
     "\",\"condition\":\"RetryAttemptsExhausted\",\"approximateInvokeCount\":3}," RESPONSE
     ",\"functionError\":\"Unhandled\"}," VERSION
     ",\"KafkaBatchInfo\":{\"batchSize\":3,\"eventSourceArn\":\"arn:c\",\"bootstrapServers\":"
     "\"b:1\",\"payloadSize\":90,\"recordsInfo\":{\"t-0\":{\"firstRecordOffset\":\"15\","
     "\"lastRecordOffset\":\"16\",\"firstRecordTimestamp\":\"2026-01-31T12:00:00.900Z\","
     "\"lastRecordTimestamp\":\"2026-01-31T12:00:01.100Z\"},\"t-1\":{\"firstRecordOffset\":\"9\","
     "\"lastRecordOffset\":\"9\",\"firstRecordTimestamp\":\"2026-01-31T12:00:00.901Z\","
     "\"lastRecordTimestamp\":\"2026-01-31T12:00:00.901Z\"}}},\"payload\":\"{\\\"eventSource",
     TRACE_STATUS_ERROR},
    /* the last event of a window */
    {MAPPING_KINESIS,
     {.function_arn = ARN,
      .reason = MAPPING_RETRIES_EXHAUSTED,
      .invoke_count = 1,
      .ran = true,
      .function_error = true,
      .payload = "{\"Records\":[],\"shardId\":\"shardId-9\",\"eventSourceARN\":\"" STREAM "\"}"},
     "{\"requestContext\":{" REQUEST
     "\",\"condition\":\"RetryAttemptsExhausted\",\"approximateInvokeCount\":1}," RESPONSE
     ",\"functionError\":\"Unhandled\"}," VERSION
     ",\"KinesisBatchInfo\":{\"shardId\":\"shardId-9\",\"batchSize\":0,\"streamArn\":\"" STREAM
     "\"},\"payload\":\"",
     TRACE_STATUS_ERROR},
};

/* Reads the line back; the event has to be want. */
static void read_back(enum trace_kind want_kind, const char *want, enum trace_status status)
{
    struct err err = {0};
    struct trace_entry e;
    enum trace_kind kind;
    work_begin();
    work_write("file", out.ptr, out.len, O_TRUNC);
    work_write("file", "\n", 1, O_APPEND);
    work_write("file", out.ptr, out.len, O_APPEND);
    const char *path = work_path("file");
    struct trace_read_options o = {.paths = &path, .npaths = 1};
    struct trace_reader *r = trace_open(&o, &err);
    CHECK_INT(trace_next(r, &e, &err), 1);
    CHECK_STR(err.msg, "");
    CHECK_MEM(e.event.ptr, e.event.len, want, strlen(want));
    CHECK_INT(e.status, status);
    if (e.request_id.ptr)
        CHECK_MEM(e.request_id.ptr, e.request_id.len, ID, sizeof ID - 1);
    kind = trace_kind(r);
    CHECK_INT(kind, want_kind);
    trace_close(r);
    work_end();
}

static struct destination_case complete(struct destination_case c)
{
    c.settings = &settings;
    c.request_id = ID;
    c.time_ms = 1769860806021;
    c.payload_len = strlen(c.payload);
    c.answer_len = c.answer ? strlen(c.answer) : 0;
    buf_free(&out);
    buf_init(&out, 1 << 20);
    return c;
}

static void test_streams(void)
{
    for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
        settings.source = streams[i].source;
        struct destination_case c = complete(streams[i].c);
        destination_stream(&c, &out);
        CHECK(!strchr(out.ptr, '\n'));
        CHECK_INT(strncmp(out.ptr, streams[i].want, strlen(streams[i].want)), 0);
        if (strncmp(out.ptr, streams[i].want, strlen(streams[i].want)) != 0)
            CHECK_STR(out.ptr, streams[i].want);
        read_back(TRACE_KIND_STREAM_FAILURE, c.payload, streams[i].status);
    }
}

/* ---- asynchronous invocations -----------------------------------------------------------------
 */

/* Facts 4.1: functionArn has a qualifier, functionError is absent on success; what never ran has no
 * response. */
static const struct {
    struct destination_case c;
    const char *want;
    enum trace_status status;
} async[] = {
    {{.function_arn = ARN, .invoke_count = 1, .ran = true, .answer = "{\"ok\":\r\ntrue}"},
     ":$LATEST\",\"condition\":\"Success\",\"approximateInvokeCount\":1},"
     "\"requestPayload\":" ON_LINE "," RESPONSE "},\"responsePayload\":{\"ok\":  true}}",
     TRACE_STATUS_SUCCESS},
    {{.function_arn = ARN ":live",
      .reason = MAPPING_RETRIES_EXHAUSTED,
      .invoke_count = 3,
      .ran = true,
      .function_error = true,
      .answer = ERRORS},
     ":live\",\"condition\":\"RetriesExhausted\",\"approximateInvokeCount\":3},"
     "\"requestPayload\":" ON_LINE "," RESPONSE
     ",\"functionError\":\"Unhandled\"},\"responsePayload\":" ERRORS "}",
     TRACE_STATUS_ERROR},
    {{.function_arn = ARN, .reason = MAPPING_AGE_EXCEEDED, .invoke_count = 2},
     ":$LATEST\",\"condition\":\"EventAgeExceeded\",\"approximateInvokeCount\":2},"
     "\"requestPayload\":" ON_LINE "}",
     TRACE_STATUS_UNKNOWN},
    {{.function_arn = ARN, .reason = MAPPING_ZERO_CONCURRENCY},
     ":$LATEST\",\"condition\":\"ZeroReservedConcurrency\",\"approximateInvokeCount\":0},"
     "\"requestPayload\":" ON_LINE "}",
     TRACE_STATUS_UNKNOWN},
};

static void test_async(void)
{
    settings.source = MAPPING_ASYNC;
    for (size_t i = 0; i < ARRAY_LEN(async); i++) {
        struct destination_case c = async[i].c;
        char want[2048];
        c.payload = EVENT;
        c = complete(c);
        destination_async(&c, &out);
        snprintf(want, sizeof want, "{" VERSION ",\"requestContext\":{" REQUEST "%s",
                 async[i].want);
        CHECK_STR(out.ptr, want);
        read_back(TRACE_KIND_DESTINATION, ON_LINE, async[i].status);
    }
}

/* ---- dead letters -----------------------------------------------------------------------------
 */

static void test_dead_letter(void)
{
    settings.source = MAPPING_ASYNC;
    struct destination_case c = complete((struct destination_case){
        .function_arn = ARN, .ran = true, .answer = ERRORS, .payload = EVENT});
    destination_dead_letter(&c, &out);
    CHECK_HAS(
        out.ptr,
        "\"MD5OfBody\":\"b0614df9edb99db75ede1fbf507ce98c\",\"Body\":\"{\\\"order\\\":\\n1}\"");
    CHECK_HAS(out.ptr,
              "\"MessageAttributes\":{\"ErrorCode\":{\"StringValue\":\"200\",\"DataType\":"
              "\"Number\"},\"ErrorMessage\":{\"StringValue\":\"no \\\"such\\\" \u00f6rder\","
              "\"DataType\":\"String\"},\"RequestID\":{\"StringValue\":\"" ID
              "\",\"DataType\":\"String\"}}}");
    read_back(TRACE_KIND_DEAD_LETTER, EVENT, TRACE_STATUS_ERROR);
    c = complete((struct destination_case){
        .function_arn = ARN, .reason = MAPPING_ZERO_CONCURRENCY, .payload = EVENT});
    destination_dead_letter(&c, &out);
    CHECK_HAS(out.ptr, "\"StringValue\":\"ZeroReservedConcurrency\"");
    read_back(TRACE_KIND_DEAD_LETTER, EVENT, TRACE_STATUS_UNKNOWN);
}

/* Facts 4.1: the first 1 KB of the message, here not in the middle of a character. */
static void test_long_message(void)
{
    char answer[4096] = "{\"errorMessage\":\"x";
    settings.source = MAPPING_S3;
    for (int i = 0; i < 1000; i++)
        strcat(answer, "\u00f6");
    strcat(answer, "\"}");
    struct destination_case c = complete((struct destination_case){
        .function_arn = ARN, .ran = true, .answer = answer, .payload = "1"});
    destination_dead_letter(&c, &out);
    const char *at = strstr(out.ptr, "\"StringValue\":\"x");
    CHECK(at);
    CHECK_INT(strcspn(at + 15, "\""), 1023);
}

static void test_redrive(void)
{
    static const char message[] =
        "{\"messageId\":\"m\",\"receiptHandle\":\"h\",\"body\":\"b\\\"\",\"attributes\":{"
        "\"ApproximateReceiveCount\":\"1\",\"DeadLetterQueueSourceArn\":\"arn:before\","
        "\"SentTimestamp\":\"5\"},\"messageAttributes\":{"
        "\"a\":{\"stringValue\":\"v\",\"stringListValues\":[],\"binaryListValues\":[],\"dataType\":"
        "\"String\"},\"b\":{\"binaryValue\":\"AAE=\",\"dataType\":\"Binary\"}},"
        "\"md5OfMessageAttributes\":\"d\"}";
    struct record r = {
        .source = MAPPING_SQS, .text = {message, sizeof message - 1}, .shard = {"arn:q", 5}};
    buf_free(&out);
    buf_init(&out, 1 << 20);
    destination_redrive(&r, &(struct destination_move){4, RECORDS_NO_TIME, 77}, &out);
    CHECK_STR(out.ptr, "{\"MessageId\":\"m\",\"ReceiptHandle\":\"h\",\"MD5OfBody\":"
                       "\"906995d97e431b6ae8a3d6591b9e88d0\",\"Body\":\"b\\\"\",\"Attributes\":{"
                       "\"DeadLetterQueueSourceArn\":\"arn:q\","
                       "\"ApproximateReceiveCount\":\"5\",\"SentTimestamp\":\"5\"},"
                       "\"MD5OfMessageAttributes\":\"d\",\"MessageAttributes\":{\"a\":{"
                       "\"StringValue\":\"v\",\"DataType\":\"String\"},\"b\":{\"BinaryValue\":"
                       "\"AAE=\",\"DataType\":\"Binary\"}}}");
    work_begin();
    work_write("file", out.ptr, out.len, O_TRUNC);
    struct err err = {0};
    enum trace_kind kind = TRACE_KIND_COUNT;
    struct work_result result;
    work_take(work_path("file"), &result);
    CHECK_STR(result.err.msg, "");
    CHECK_HAS(result.events,
              "[{\"Records\":[{\"messageId\":\"m\",\"receiptHandle\":\"h\",\"body\":");
    CHECK_INT(trace_sniff(work_path("file"), NULL, &kind, &err), 0);
    CHECK_INT(kind, TRACE_KIND_QUEUE);
    work_end();
}

/* What it says of its times, by its queue. */
static void test_moved_times(void)
{
    static const char message[] =
        "{\"messageId\":\"m\",\"body\":\"b\",\"attributes\":{\"SentTimestamp\":\"5\","
        "\"ApproximateFirstReceiveTimestamp\":\"6\"}}";
    static const struct {
        bool fifo;
        int64_t first_ms;
        const char *want;
    } rows[] = {
        {false, 70, "{\"SentTimestamp\":\"5\",\"ApproximateFirstReceiveTimestamp\":\"70\"}"},
        {true, 70, "{\"SentTimestamp\":\"77\",\"ApproximateFirstReceiveTimestamp\":\"70\"}"},
        {false, RECORDS_NO_TIME,
         "{\"SentTimestamp\":\"5\",\"ApproximateFirstReceiveTimestamp\":\"6\"}"},
        {true, RECORDS_NO_TIME,
         "{\"SentTimestamp\":\"77\",\"ApproximateFirstReceiveTimestamp\":\"6\"}"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct record r = {
            .source = MAPPING_SQS, .text = {message, sizeof message - 1}, .fifo = rows[i].fifo};
        buf_free(&out);
        buf_init(&out, 1 << 20);
        destination_redrive(&r, &(struct destination_move){1, rows[i].first_ms, 77}, &out);
        CHECK_HAS(out.ptr, rows[i].want);
    }
}

static const struct check_test tests[] = {
    {"streams", test_streams},         {"async", test_async},
    {"dead_letter", test_dead_letter}, {"long_message", test_long_message},
    {"redrive", test_redrive},         {"moved_times", test_moved_times},
};
CHECK_MAIN(tests)

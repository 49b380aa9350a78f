/* SPDX-License-Identifier: Apache-2.0 */
/* What others have written as traces: told apart, and read as what they are. */
#include <sys/stat.h>

#include "trace_work.h"

#define ID(n) "8f6c2a10-3b1d-4c5e-9a7f-0123456789a" #n

/* Everything that was read, a line for each entry. */
static char seen[65536], warnings[4096];
static struct err err;

static void add(const char *fmt, ...) ATTR_PRINTF(1, 2);

static void add(const char *fmt, ...)
{
    va_list args;
    size_t used = strlen(seen);
    va_start(args, fmt);
    vsnprintf(seen + used, sizeof seen - used, fmt, args);
    va_end(args);
}

static void add_text(const char *name, struct trace_text t)
{
    if (t.ptr)
        add(" %s=%.*s", name, t.len > 3000 ? 3000 : (int)t.len, t.ptr);
}

static void add_number(const char *name, int64_t n)
{
    if (n != TRACE_UNKNOWN)
        add(" %s=%lld", name, (long long)n);
}

static void add_entry(const struct trace_entry *e)
{
    add("%zu", e->line);
    add_text("event", e->event);
    add_text("id", (struct trace_text){e->request_id.len > 1 ? e->request_id.ptr + 35 : NULL, 1});
    if (e->status != TRACE_STATUS_UNKNOWN)
        add(" %s", trace_status_names[e->status]);
    add_text("answer", e->answer);
    add_text("type", e->error_type);
    add_text("environment", e->environment);
    add_number("time", e->time_ms);
    add_number("us", e->duration_us);
    add_number("init", e->init_us);
    add_number("mb", e->memory_mb);
    add_number("max", e->max_memory_mb);
    if (e->cold_known)
        add(e->cold ? " cold" : " warm");
    add("\n");
}

static void warn(void *owner, const char *text)
{
    (void)owner;
    snprintf(warnings + strlen(warnings), sizeof warnings - strlen(warnings), "%s\n", text);
}

static int take(const char *path, const enum trace_kind *kind, enum trace_kind *out_kind)
{
    struct trace_read_options o = {.paths = &path, .npaths = 1, .kind = kind, .warn = warn};
    struct trace_entry e;
    int status = -1;
    seen[0] = warnings[0] = '\0';
    err = (struct err){0};
    struct trace_reader *r = trace_open(&o, &err);
    CHECK(r != NULL);
    while (r && (status = trace_next(r, &e, &err)) > 0)
        add_entry(&e);
    if (r)
        *out_kind = trace_kind(r);
    trace_close(r);
    return status;
}

/* ---- files as AWS writes them -----------------------------------------------------------------
 */

#define EVENT_0 "{\"order\":1,\"note\":\"a \\\"quoted\\\" wörd\"}"
#define OK      EVENT_0 " id=0 success answer={\"ok\":true}\n"
#define BAD_TYPES \
    "error answer={\"errorType\":\"BadOrder\",\"errorMessage\":\"no such order\"} type=BadOrder"
#define BAD      "{\"order\":2} id=1 " BAD_TYPES "\n"
#define STREAM_1 " environment=2026/01/31/[$LATEST]0123456789abcdef0123456789abcdef"
#define STREAM_2 " environment=2026/01/31/[$LATEST]fedcba9876543210fedcba9876543210"

static const struct {
    const char *file;
    enum trace_kind kind;
    const char *seen, *warnings;
} files[] = {
    {"destination.json", TRACE_KIND_DESTINATION, NULL, ""},
    {"destinations.jsonl", TRACE_KIND_DESTINATION,
     "1 event=" OK "2 event=" BAD "3 event={\"order\":3} id=2 timeout "
     "answer={\"errorType\":\"Sandbox.Timedout\",\"errorMessage\":\"RequestId: " ID(
         2) " Error: Task "
            "timed out after 3.00 seconds\"} type=Sandbox.Timedout\n"
            "4 event={\"order\":4} id=3 timeout "
            "answer={\"errorMessage\":\"2024-03-04T17:22:38.033Z " ID(
                3) " Task timed out after 3.00 seconds\"}\n"
                   "5 event={\"order\":5} id=4\n",
     ""},
    {"destination_queue.json", TRACE_KIND_DESTINATION, "3 event=" OK "9 event=" BAD, ""},
    {"destination_topic.json", TRACE_KIND_DESTINATION, "1 event=" BAD, ""},
    {"destination_topic_queue.json", TRACE_KIND_DESTINATION, "3 event=" OK, ""},
    {"destination_bus.json", TRACE_KIND_DESTINATION, NULL, ""},
    {"dead_letters.json", TRACE_KIND_DEAD_LETTER,
     "3 event=" EVENT_0 " id=0 error\n24 event={\"order\":\n 2} id=2 timeout\n"
     "48 event={\"order\":3} id=3\n",
     ""},
    {"dead_letters.jsonl", TRACE_KIND_DEAD_LETTER,
     "1 event=" EVENT_0 " id=0 error\n2 event={\"order\":\n 2} id=2 timeout\n"
     "3 event={\"order\":3} id=3\n",
     ""},
    {"dead_letter_topic.json", TRACE_KIND_DEAD_LETTER, "3 event={\"order\":7} id=5 error\n", ""},
    {"stream_failure.json", TRACE_KIND_STREAM_FAILURE, NULL, ""},
    {"stream_failure_object.json", TRACE_KIND_STREAM_FAILURE, NULL, ""},
    {"event_of_destination_queue.json", TRACE_KIND_EVENT, NULL, ""},
    {"event_of_bus.json", TRACE_KIND_EVENT, NULL, ""},
    {"log_plain.txt", TRACE_KIND_LOG_EXPORT,
     "6 id=0 us=3010 init=110100 mb=128 max=36 cold\n"
     "10 id=1 us=990 mb=128 max=36 warm\n"
     "15 id=2 timeout us=3003170 mb=128 max=37 warm\n"
     "20 id=3 error us=12500 mb=128 max=36 warm\n"
     "24 id=4 timeout us=3000000 mb=128 max=36\n"
     "27 id=5 error type=Runtime.ExitError us=1000 mb=128 max=36 cold\n",
     ""},
    {"log_tail_detailed.txt", TRACE_KIND_LOG_EXPORT,
     "6 id=0" STREAM_1 " time=1769860801033 us=3010 init=110100 mb=128 max=36 cold\n", ""},
    {"log_tail_short.txt", TRACE_KIND_LOG_EXPORT,
     "6 id=0 time=1769860801000 us=3010 init=110100 mb=128 max=36 cold\n"
     "10 id=1 time=1769860806000 us=990 mb=128 max=36 warm\n",
     ""},
    {"queue.json", TRACE_KIND_QUEUE, NULL, ""},
    {"get_records.json", TRACE_KIND_STREAM_RECORDS, NULL, ""},
    {"get_records_dynamodb.json", TRACE_KIND_STREAM_RECORDS, NULL, ""},
    {"log_export.gz", TRACE_KIND_LOG_EXPORT,
     "6 id=0 time=1769860801033 us=3010 init=110100 mb=128 max=36 cold\n"
     "10 id=1 time=1769860806033 us=990 mb=128 max=36 warm\n"
     "15 id=2 timeout time=1769860810033 us=3003170 mb=128 max=37 warm\n",
     ""},
    {"log_filter.json", TRACE_KIND_LOG_EXPORT,
     "38 id=0" STREAM_1 " time=1769860801000 us=3010 init=110100 mb=128 max=36 cold\n"
     "52 id=1" STREAM_2 " time=1769860802000 us=990 mb=128 max=36 warm\n",
     ""},
    {"log_get.json", TRACE_KIND_LOG_EXPORT,
     "8 id=0 time=1769860800000 us=3010 mb=128 max=36 warm\n", ""},
    {"log_events.jsonl", TRACE_KIND_LOG_EXPORT,
     "3 id=0" STREAM_1 " time=1769860800000 us=3010 mb=128 max=36 warm\n", ""},
    {"log_json.jsonl", TRACE_KIND_LOG_EXPORT,
     "5 id=0 success time=1769860801250 us=3017 init=110100 mb=128 max=36 cold\n"
     "7 id=1 timeout time=1769860803250 us=3000000 mb=128 max=36 warm\n",
     ""},
    {"log_json_export.txt", TRACE_KIND_LOG_EXPORT,
     "4 id=0 success time=1769860801033 us=3017 init=110100 mb=128 max=36 cold\n"
     "6 id=1 timeout time=1769860804033 us=3000000 mb=128 max=36 warm\n",
     ""},
};

static const char *fixture(const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", FIXTURES, name);
    return path;
}

static void test_fixtures(void)
{
    enum trace_kind kind, sniffed;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        CHECK_INT(take(fixture(files[i].file), NULL, &kind), 0);
        CHECK_STR(err.msg, "");
        CHECK_INT(kind, files[i].kind);
        CHECK_STR(warnings, files[i].warnings);
        if (files[i].seen)
            CHECK_STR(seen, files[i].seen);
        CHECK_INT(trace_sniff(fixture(files[i].file), NULL, &sniffed, &err), 0);
        CHECK_INT(sniffed, files[i].kind);
    }
}

/* With --trace-kind event each JSON document is one, text stays a log. */
static void test_named(void)
{
    const enum trace_kind event = TRACE_KIND_EVENT;
    enum trace_kind kind;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        const char *dot = strrchr(files[i].file, '.');
        CHECK_INT(take(fixture(files[i].file), &event, &kind),
                  strcmp(files[i].file, "log_json.jsonl") == 0 ? -1 : 0);
        CHECK_INT(kind, strcmp(dot, ".json") == 0    ? TRACE_KIND_EVENT
                        : strcmp(dot, ".jsonl") == 0 ? TRACE_KIND_EVENT_LINES
                                                     : TRACE_KIND_LOG_EXPORT);
    }
    CHECK_INT(take(fixture("queue.json"), &event, &kind), 0);
    CHECK_HAS(seen, "0 event={\n    \"Messages\": [");
}

static void test_contents(void)
{
    enum trace_kind kind;
    take(fixture("destination_bus.json"), NULL, &kind);
    CHECK_HAS(seen, "1 event={\n            \"order\": 2\n        } id=1 error answer={");
    CHECK_HAS(seen, "type=BadOrder\n");
    take(fixture("destination.json"), NULL, &kind);
    CHECK_HAS(seen,
              "\"order\": 1,\n        \"note\": \"a \\\"quoted\\\" wörd\"\n    } id=0 success");
    take(fixture("stream_failure.json"), NULL, &kind);
    CHECK_HAS(seen, "1 event={\"Records\":[{\"kinesis\":{\"kinesisSchemaVersion\":\"1.0\"");
    CHECK_HAS(seen, " id=6 error\n");
    take(fixture("stream_failure_object.json"), NULL, &kind);
    CHECK_HAS(seen, "\"eventID\": \"1\"");
    CHECK_HAS(seen, " id=6 success\n");
    take(fixture("event_of_destination_queue.json"), NULL, &kind);
    CHECK_HAS(seen, "0 event={\n    \"Records\": [\n");
}

/* ---- what is no trace, or broken --------------------------------------------------------------
 */

static const struct {
    const char *file;
    enum trace_kind kind; /* that is said; TRACE_KIND_COUNT: none */
    const char *message;
} refused[] = {
    {"stream_pointers.json", TRACE_KIND_COUNT,
     "line 1: has no payload, only where the records are: arn:aws:kinesis:eu-central-1:"},
    {"stream_pointers_queue.json", TRACE_KIND_COUNT, "line 3, no. 1: has no payload"},
    {"queue.json", TRACE_KIND_DEAD_LETTER,
     "line 3, no. 1: is a message of a queue, not a dead-letter message"},
    {"queue.json", TRACE_KIND_STREAM_RECORDS,
     "line 3, no. 1: is a message of a queue, not a record of a stream"},
    {"get_records.json", TRACE_KIND_DESTINATION,
     "line 3, no. 1: is an event, not a record of a dest"},
    {"get_records.json", TRACE_KIND_QUEUE,
     "line 3, no. 1: is records of a stream, not a message of a queue"},
    {"dead_letters.json", TRACE_KIND_STREAM_RECORDS, "not a record of a stream"},
    {"destinations.jsonl", TRACE_KIND_DEAD_LETTER, "line 1: is a record of a destination, not a d"},
    {"log_plain.txt", TRACE_KIND_RECORDING, "line 1: is no line of a recording"},
    {"log_json.jsonl", TRACE_KIND_EVENT, "line 4, column 1: expected a value"},
};

static void test_refused(void)
{
    enum trace_kind kind;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        bool said = refused[i].kind != TRACE_KIND_COUNT;
        CHECK_INT(take(fixture(refused[i].file), said ? &refused[i].kind : NULL, &kind), -1);
        CHECK_HAS(err.msg, refused[i].message);
        CHECK_INT(err.kind, ERR_INPUT);
    }
}

#define CONTEXT                                                                             \
    "\"version\":\"1.0\",\"timestamp\":\"2026-01-31T12:00:00.000Z\",\"requestContext\":{"   \
    "\"requestId\":\"" ID(0) "\",\"functionArn\":\"arn:aws:lambda:eu-central-1:1:function:" \
                             "f\",\"condition\":\"Success\",\"approximateInvokeCount\":1}"
#define RECORD  "{" CONTEXT ",\"requestPayload\":[1]}"
#define MESSAGE "\"MessageId\":\"m\",\"ReceiptHandle\":\"r\",\"MD5OfBody\":\"0\""
#define ATTRIBUTES                                                  \
    ",\"MessageAttributes\":{\"RequestID\":{\"StringValue\":\"" ID( \
        0) "\"},\"ErrorCode\":{"                                    \
           "\"StringValue\":\"200\"},\"ErrorMessage\":{\"StringValue\":\"m\"}}"
#define LOG_LINE "{\"time\":\"2026-01-31T12:00:00.000Z\",\"type\":\"platform.start\",\"record\":{}}"
#define REPORT   "REPORT RequestId: " ID(0)

static const struct {
    const char *text;
    enum trace_kind kind;
    const char *seen, *warnings, *message;
} texts[] = {
    {"{\"a\": 1}\n", TRACE_KIND_EVENT, "0 event={\"a\": 1}\n", "", ""},
    {" \n [1,\n2] \r\n\t", TRACE_KIND_EVENT, "0 event=[1,\n2]\n", "", ""},
    {"\"x\"", TRACE_KIND_EVENT, "0 event=\"x\"\n", "", ""},
    {"{\"a\":1}\n\n[2]\n null \n3", TRACE_KIND_EVENT_LINES,
     "1 event={\"a\":1}\n3 event=[2]\n4 event= null \n5 event=3\n", "", ""},
    {"{\"a\":1}\n{\"a\":\n", TRACE_KIND_EVENT_LINES, "1 event={\"a\":1}\n", "",
     "line 2, column 6: expected a value"},
    {"{}\n" RECORD "\n", TRACE_KIND_EVENT_LINES, "1 event={}\n", "",
     "line 2: a record of a destination between events"},
    {"{}\n" LOG_LINE "\n", TRACE_KIND_EVENT_LINES, "1 event={}\n", "",
     "line 2: a part of a log between events; if it is"},
    {"{}\n{\"clambda_recording\":1,\"event\":\"1\"}\n", TRACE_KIND_EVENT_LINES, "1 event={}\n", "",
     "line 2: a line of a recording between events"},
    {"{ \"clambda_recording\": 1, \"event\": \"1\"}\n", TRACE_KIND_COUNT, "", "",
     "a recording that something has written anew, not an event"},
    {"{\n\"event\": \"1\", \"clambda_recording\": 1}\n", TRACE_KIND_COUNT, "", "",
     "which 'jq -c' keeps"},
    {"{\"clambda_history\":1,\"time_ms\":1}\n{}\n", TRACE_KIND_COUNT, "", "",
     "the history of a replay, not a trace"},
    {RECORD "\n{}\n", TRACE_KIND_DESTINATION, "1 event=[1] id=0\n", "",
     "line 2: is an event, not a record of a destination"},
    {RECORD "\n" RECORD ",\n", TRACE_KIND_DESTINATION, "1 event=[1] id=0\n", "",
     "line 2, column 254: text after the document"},
    {"{" CONTEXT "}", TRACE_KIND_DESTINATION, "", "", "line 1: the record has no requestPayload"},
    {"{" CONTEXT ",\"requestPayload\":{},\"KinesisBatchInfo\":{},\"payload\":\"{}\"}",
     TRACE_KIND_COUNT, "", "",
     "may be of the kind 'destination' and of the kind 'stream-failure': say which, with "
     "--trace-kind destination"},
    {"{" CONTEXT ",\"DDBStreamBatchInfo\":{},\"payload\":\"[1]\"}", TRACE_KIND_STREAM_FAILURE, "",
     "", "line 1: payload is no event: it has to be an object"},
    {"{" CONTEXT ",\"KafkaBatchInfo\":{},\"payload\":\"{\\\"a\"}", TRACE_KIND_STREAM_FAILURE, "",
     "", "payload is no event: it has to be an object, string without an end"},
    {"{" MESSAGE ",\"Body\":\"\\\"x\"" ATTRIBUTES "}", TRACE_KIND_DEAD_LETTER, "", "",
     "line 1: the event in it, line 1, column 3: string without an end"},
    {"{\"Messages\":[{" MESSAGE ",\"Body\":\"1\"" ATTRIBUTES "},\n{" MESSAGE ",\"Body\":\"2\"}]}",
     TRACE_KIND_DEAD_LETTER, "1 event=1 id=0 error\n", "",
     "line 2, no. 2: is a message of a queue, not a dead-letter message"},
    {"{" MESSAGE ",\"Body\":\"2\",\"more\":1" ATTRIBUTES "}", TRACE_KIND_EVENT, NULL, "", ""},
    {"{\"Messages\":[]}", TRACE_KIND_EVENT, NULL, "", ""},
    {"{\"Messages\":[{\"Body\":\"x\"}]}", TRACE_KIND_EVENT, NULL, "", ""},
    {"{\"events\":[{\"timestamp\":1,\"message\":\"START\"}]}", TRACE_KIND_EVENT, NULL, "", ""},
    {"{\"events\":[]}", TRACE_KIND_EVENT, NULL, "", ""},
    {"{\"events\":[],\"searchedLogStreams\":[]}", TRACE_KIND_LOG_EXPORT, "",
     "the log ends without a REPORT line: nothing is measured\n", ""},
    {"{\"Records\":[],\"MillisBehindLatest\":\"x\"}", TRACE_KIND_EVENT, NULL, "", ""},
    {"{\"version\":\"1.0\",\"timestamp\":\"t\",\"requestContext\":{\"requestId\":\"r\"},"
     "\"requestPayload\":1}",
     TRACE_KIND_EVENT, NULL, "", ""},
    {"some words\n" REPORT "\tDuration: 3.0x ms\n", TRACE_KIND_LOG_EXPORT, "", "",
     "line 2: REPORT: Duration '3.0x' is no number of ms"},
    {REPORT "\tBilled Duration: 3 ms\n", TRACE_KIND_LOG_EXPORT, "", "",
     "line 1: REPORT: has no Duration, or was cut off"},
    {REPORT "\tDuration: 3 ms\tMemory Size: 1.5", TRACE_KIND_LOG_EXPORT,
     "1 id=0 us=3000 mb=2 warm\n", "", ""},
    {REPORT "\tDuration: 3 ms\tStatus: odd\n", TRACE_KIND_LOG_EXPORT, "", "",
     "line 1: REPORT: 'odd' is no status that is known"},
    {"{\"time\":\"t\",\"type\":\"platform.report\",\"record\":{\"requestId\":\"" ID(
         0) "\",\"metrics\":{}}}",
     TRACE_KIND_LOG_EXPORT, "", "", "line 1: platform.report: has no metrics.durationMs"},
    {"START RequestId: " ID(0) " Version: 1\nSTART RequestId: " ID(1) " Version: 1\n" REPORT
                                                                      "\tDuration: 1 ms",
     TRACE_KIND_LOG_EXPORT, "3 id=0 us=1000 warm\n",
     "/file, line 4: the log ends before the REPORT line of 1 invocations\n", ""},
    {"REPORT RequestId: abc\tDuration: 1 ms\n", TRACE_KIND_COUNT, "", "", "neither a recording"},
};

static void test_texts(void)
{
    work_begin();
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        enum trace_kind kind = TRACE_KIND_COUNT;
        work_write("file", texts[i].text, strlen(texts[i].text), O_TRUNC);
        CHECK_INT(take(work_path("file"), NULL, &kind), texts[i].message[0] ? -1 : 0);
        if (texts[i].kind != TRACE_KIND_COUNT)
            CHECK_INT(kind, texts[i].kind);
        if (texts[i].seen)
            CHECK_STR(seen, texts[i].seen);
        CHECK_HAS(warnings, texts[i].warnings);
        CHECK_INT(warnings[0] != '\0', texts[i].warnings[0] != '\0');
        CHECK_HAS(err.msg, texts[i].message);
        CHECK_INT(err.msg[0] != '\0', texts[i].message[0] != '\0');
    }
    work_end();
}

/* ---- messages and records ---------------------------------------------------------------------
 */

#define CHANGE(n, rest)                                                                 \
    "{\"eventID\":\"" n "\",\"eventName\":\"INSERT\",\"eventSource\":\"aws:dynamodb\"," \
    "\"awsRegion\":\"eu-west-1\",\"dynamodb\":{\"ApproximateCreationDateTime\":"        \
    "\"2026-01-31T13:00:00+01:00\",\"Keys\":{\"k\":{\"S\":\"" n "\"}},"                 \
    "\"SequenceNumber\":\"1" n "\"}" rest "}"
#define LETTER "{" MESSAGE ",\"Body\":\"{}\"" ATTRIBUTES "}"
#define NOTIFICATION                                                                     \
    "{\"Type\":\"Notification\",\"MessageId\":\"m\",\"TopicArn\":\"arn:aws:sns:r:1:t\"," \
    "\"Message\":\"x\",\"Timestamp\":\"2026-01-31T12:00:00.000Z\"}"

static const struct {
    const char *text;
    enum trace_kind kind;
    const char *message; /* of the error */
    const char *lines;   /* where the events begin */
    const char *seen[4]; /* parts of what is read */
} outputs[] = {
    {"{\"Messages\":[{" MESSAGE ",\"Body\":\"a\"},\n{" MESSAGE ",\"Body\":\"b\"}]}",
     TRACE_KIND_QUEUE,
     "",
     "1",
     {"{\"Records\":[{\"messageId\":\"m\",\"receiptHandle\":\"r\",\"body\":\"a\",\"attributes\":"
      "{\"ApproximateReceiveCount\":\"1\",\"SentTimestamp\":\"1768469400000\""}},
    {"{" MESSAGE ",\"Body\":\"a\",\"Attributes\":{\"SequenceNumber\":\"1\",\"MessageGroupId\":"
     "\"g\",\"SentTimestamp\":\"7\"}}\n{" MESSAGE ",\"Body\":\"b\"}\n",
     TRACE_KIND_QUEUE,
     "",
     "1",
     {":example-queue.fifo\"", "\"body\":\"b\"",
      "\"SentTimestamp\":\"7\",\"ApproximateReceiveCount\":\"1\""}},
    {"{\"Messages\":[{" MESSAGE ",\"Body\":\"a\"}]}\n{\"Messages\":[{" MESSAGE
     ",\"Body\":\"b\"}]}\n{" MESSAGE ",\"Body\":\"c\"}",
     TRACE_KIND_QUEUE,
     "",
     "12",
     {"\"c\""}},
    {"{\"Messages\":[{" MESSAGE ",\"Body\":\"a\"}," LETTER "]}",
     TRACE_KIND_QUEUE,
     "line 1, no. 2: is a dead-letter message, not a message of a queue",
     "",
     {NULL}},
    {"{" MESSAGE ",\"Body\":\"a\"}\n{}",
     TRACE_KIND_QUEUE,
     "line 2: is an event, not a message of a queue",
     "",
     {NULL}},
    {"{" MESSAGE ",\"Body\":\"a\",\"MessageAttributes\":{\"x\":{\"StringValue\":\"1\"}}}",
     TRACE_KIND_QUEUE,
     "line 1: every one of MessageAttributes has to be an object with DataType",
     "",
     {NULL}},
    {NOTIFICATION, TRACE_KIND_COUNT, "notifications of a topic, not events", "", {NULL}},
    {"{\"Records\":[" CHANGE("1", "") "," CHANGE("2", "") "],\"NextShardIterator\":\"x\"}",
     TRACE_KIND_STREAM_RECORDS,
     "",
     "1",
     {"\"dynamodb\":{\"ApproximateCreationDateTime\":1769860800,\"Keys\":{\"k\":{\"S\":\"1\"}}",
      "\"eventSourceARN\":\"arn:aws:dynamodb:eu-west-1:123456789012:table/example-table/stream/",
      "\"eventVersion\":\"1.1\""}},
    {CHANGE("1", ",\"userIdentity\":{\"PrincipalId\":\"dynamodb.amazonaws.com\",\"Type\":"
                 "\"Service\"}") "\n" CHANGE("2", ""),
     TRACE_KIND_STREAM_RECORDS,
     "",
     "1",
     {"\"userIdentity\":{\"principalId\":\"dynamodb.amazonaws.com\",\"type\":\"Service\"}",
      "\"eventID\":\"2\""}},
    {"{\"Records\":[" CHANGE("1", "") "]}", TRACE_KIND_EVENT, "", "0", {NULL}},
    {"{\"Records\":[],\"NextShardIterator\":\"x\"}", TRACE_KIND_STREAM_RECORDS, "", "", {NULL}},
    {"{\"Records\":[{\"SequenceNumber\":\"5\",\"ApproximateArrivalTimestamp\":1.7698608001E9,"
     "\"Data\":\"aGk=\",\"PartitionKey\":\"k\",\"EncryptionType\":\"KMS\"},\n{\"SequenceNumber\":"
     "\"6\",\"Data\":\"\",\"PartitionKey\":\"k\",\"EncryptionType\":\"NONE\"}],"
     "\"MillisBehindLatest\":0}",
     TRACE_KIND_STREAM_RECORDS,
     "",
     "1",
     {"\"data\":\"aGk=\",\"approximateArrivalTimestamp\":1769860800.100,\"encryptionType\":"
      "\"KMS\"}",
      "\"eventID\":\"shardId-000000000006:6\"", "\"approximateArrivalTimestamp\":1768469401.000}"}},
    {"{\"SequenceNumber\":\"5\",\"Data\":\"aGk\",\"PartitionKey\":\"k\"}",
     TRACE_KIND_STREAM_RECORDS,
     "line 1: Data has to be base64",
     "",
     {NULL}},
    {"{\"Records\":[{\"a\":1}],\"MillisBehindLatest\":0}",
     TRACE_KIND_STREAM_RECORDS,
     "line 1, no. 1: is an event, not a record of a stream",
     "",
     {NULL}},
};

static void count_lines(char *out)
{
    for (const char *at = seen; *at; at = strchr(at, '\n') + 1)
        *out++ = *at;
    *out = '\0';
}

static void test_outputs(void)
{
    enum trace_kind kind;
    char lines[64];
    work_begin();
    for (size_t i = 0; i < ARRAY_LEN(outputs); i++) {
        bool fails = outputs[i].message[0];
        work_write("file", outputs[i].text, strlen(outputs[i].text), O_TRUNC);
        CHECK_INT(take(work_path("file"), NULL, &kind), fails ? -1 : 0);
        CHECK_HAS(err.msg, outputs[i].message);
        if (outputs[i].kind != TRACE_KIND_COUNT)
            CHECK_INT(kind, outputs[i].kind);
        count_lines(lines);
        if (!fails)
            CHECK_STR(lines, outputs[i].lines);
        for (size_t k = 0; k < ARRAY_LEN(outputs[i].seen) && outputs[i].seen[k]; k++)
            CHECK_HAS(seen, outputs[i].seen[k]);
    }
    work_end();
}

/* Five of 1.6 MB: three of them are below the 6 MB of an event. */
static void test_output_bytes(void)
{
    enum { SIZE = 1600000 };
    static char text[SIZE + 256];
    enum trace_kind kind;
    char lines[64];
    size_t len =
        (size_t)sprintf(text, "{\"SequenceNumber\":\"5\",\"PartitionKey\":\"k\",\"Data\":\"");
    memset(text + len, 'A', SIZE);
    len += SIZE;
    len += (size_t)sprintf(text + len, "\"}\n");
    work_begin();
    for (int i = 0; i < 5; i++)
        work_write("file", text, len, O_APPEND);
    CHECK_INT(take(work_path("file"), NULL, &kind), 0);
    count_lines(lines);
    CHECK_STR(lines, "14");
    work_end();
}

/* Batches are as large as AWS's defaults are. */
static void test_output_sizes(void)
{
    static const struct {
        const char *line;
        size_t lines, events;
    } rows[] = {{"{" MESSAGE ",\"Body\":\"b\"}\n", 10, 1},
                {"{" MESSAGE ",\"Body\":\"b\"}\n", 21, 3},
                {"{\"SequenceNumber\":\"5\",\"Data\":\"\",\"PartitionKey\":\"k\"}\n", 100, 1},
                {"{\"SequenceNumber\":\"5\",\"Data\":\"\",\"PartitionKey\":\"k\"}\n", 301, 4}};
    static char text[32768];
    char lines[64];
    enum trace_kind kind;
    work_begin();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        text[0] = '\0';
        for (size_t k = 0; k < rows[i].lines; k++)
            strcat(text, rows[i].line);
        work_write("file", text, strlen(text), O_TRUNC);
        CHECK_INT(take(work_path("file"), NULL, &kind), 0);
        count_lines(lines);
        CHECK_INT(strlen(lines), rows[i].events);
    }
    work_end();
}

/* ---- many -------------------------------------------------------------------------------------
 */

/* More invocations at a time than are remembered: their times are missing, nothing else. */
static void test_many(void)
{
    enum { COUNT = 20000 };
    static char text[COUNT * 200];
    enum trace_kind kind;
    size_t used = 0, lines = 0, times = 0;
    for (int round = 0; round < 2; round++)
        for (unsigned i = 0; i < COUNT; i++)
            used += (size_t)snprintf(
                text + used, sizeof text - used,
                round ? "2026-01-31T12:00:01Z REPORT RequestId: %08x-0000-0000-0000-000000000000"
                        "\tDuration: 1 ms\n"
                      : "2026-01-31T12:00:00Z START RequestId: %08x-0000-0000-0000-000000000000 "
                        "Version: 1\n",
                i);
    work_begin();
    work_write("file", text, used, O_TRUNC);
    static const char path_name[] = "file";
    const char *path = work_path(path_name);
    struct trace_read_options o = {.paths = &path, .npaths = 1, .warn = warn};
    struct trace_entry e;
    warnings[0] = '\0';
    struct trace_reader *r = trace_open(&o, &err);
    while (trace_next(r, &e, &err) > 0) {
        lines++;
        times += e.time_ms == 1769860800000;
        CHECK(e.duration_us == 1000);
    }
    kind = trace_kind(r);
    trace_close(r);
    work_end();
    CHECK_INT(kind, TRACE_KIND_LOG_EXPORT);
    CHECK_INT(lines, COUNT);
    CHECK(times > 3000 && times <= 4096);
    CHECK_STR(warnings, "");
}

static void test_names(void)
{
    enum trace_kind kind;
    for (int i = 0; i < TRACE_KIND_COUNT; i++) {
        CHECK_INT(trace_kind_find(trace_kind_names[i], &kind, &err), 0);
        CHECK_INT(kind, i);
    }
    CHECK_INT(trace_kind_find("log export", &kind, &err), -1);
    CHECK_STR(err.msg, "'log export' is no kind of trace: recording, event, event-lines, "
                       "destination, dead-letter, stream-failure, log, queue, stream-records");
}

static const struct check_test tests[] = {
    {"fixtures", test_fixtures},
    {"named", test_named},
    {"contents", test_contents},
    {"refused", test_refused},
    {"texts", test_texts},
    {"outputs", test_outputs},
    {"output_sizes", test_output_sizes},
    {"output_bytes", test_output_bytes},
    {"many", test_many},
    {"names", test_names},
};
CHECK_MAIN(tests)

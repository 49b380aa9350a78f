/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "mapping/settings.h"

#define PRINTED_MAX (4 * MAPPING_TEXT_MAX)

static char *print(const struct mapping_settings *s)
{
    struct buf out;
    buf_init(&out, PRINTED_MAX);
    mapping_settings_print(s, &out);
    return buf_take(&out);
}

/* What is taken, and the same in its shortest form. */
static void test_taken(void)
{
    static const struct {
        const char *text, *printed;
    } rows[] = {
        {"sqs", "sqs"},
        {"sqs:batch=10,visibility=30s,retention=4d", "sqs"},
        {"sqs:report-failures,fifo", "sqs:fifo,report-failures"},
        {"sqs:batch=10000,window=5m,retries=3,dlq=out.jsonl",
         "sqs:batch=10000,window=300,retries=3,dlq=out.jsonl"},
        {"sqs:max-receives=4", "sqs:retries=3"},
        {"sqs:max-receives=1000", "sqs:retries=999"},
        {"sqs:retries=-1,concurrency=-1", "sqs"},
        {"sqs:concurrency=2,duration=1500ms", "sqs:concurrency=2,duration=1500ms"},
        {"kinesis:max-age=60,retries=0,bisect", "kinesis:retries=0,max-age=60,bisect"},
        {"kinesis:retention=8760h", "kinesis:retention=31536000"},
        {"kinesis:parallelization=10,tumbling=15m", "kinesis:parallelization=10,tumbling=900"},
        {"dynamodb:on-failure=\"a,b\"", "dynamodb:on-failure=\"a,b\""},
        {"dynamodb:filter={\"a\":[\"},\\\"\"]},filter=@f,batch=1",
         "dynamodb:batch=1,filter={\"a\":[\"},\\\"\"]},filter=@f"},
        {"kafka:window=500ms,retention=-1", "kafka:retention=-1"},
        {"kafka:window=0", "kafka:window=0"},
        {"s3:events=s3:ObjectCreated:*,events=s3:ObjectAcl:Put,suffix=.jpg",
         "s3:events=s3:ObjectCreated:*,events=s3:ObjectAcl:Put,suffix=.jpg"},
        {"async:retries=0,max-age=1m,concurrency=0", "async:retries=0,max-age=60,concurrency=0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mapping_settings s = {0}, again = {0};
        struct err err = {0};
        CHECK_INT(mapping_settings_parse(rows[i].text, &s, &err), 0);
        AUTO_FREE char *printed = print(&s);
        CHECK_STR(printed, rows[i].printed);
        CHECK_INT(mapping_settings_parse(printed, &again, &err), 0);
        AUTO_FREE char *twice = print(&again);
        CHECK_STR(twice, printed);
        mapping_settings_fini(&s);
        mapping_settings_fini(&again);
    }
}

/* AWS docs: API reference, CreateEventSourceMapping; SQS, SetQueueAttributes; Lambda, quotas. */
static const struct {
    const char *text, *message;
} refused[] = {
    {"", "'' is no event source; they are sqs, kinesis, dynamodb, kafka, s3, async, with "
         "settings as in sqs:batch=10,retries=3"},
    {"sns", "'sns' is no event source"},
    {"sqs:", "sqs has no setting ''; it has fifo, batch, window"},
    {"sqs:batch=1,", "sqs has no setting ''"},
    {"sqs:colour=red",
     "sqs has no setting 'colour'; it has fifo, batch, window, retries, max-receives, "},
    {"sqs:bisect", "'bisect' (BisectBatchOnFunctionError) is a setting of kinesis, dynamodb, "
                   "kafka, not of sqs"},
    {"kinesis:max-receives=3",
     "'max-receives' (maxReceiveCount) is a setting of sqs, not of kinesis"},
    {"sqs:batch", "'batch' has no value: BatchSize takes 1 to 10000 (10 for FIFO)"},
    {"sqs:batch=", "'batch=' has no value"},
    {"sqs:batch=0", "'batch=0' is too little: BatchSize takes 1 to 10000"},
    {"kinesis:batch=10001", "'batch=10001' is too much: BatchSize takes 1 to 10000"},
    {"sqs:batch=+5", "'batch=+5' is no number"},
    {"sqs:batch=05", "'batch=05' is no number"},
    {"sqs:batch= 5", "'batch= 5' is no number"},
    {"sqs:batch=5s", "'batch=5s' is no number"},
    {"sqs:batch=-1", "'batch=-1' is too little: BatchSize takes 1 to 10000"},
    {"sqs:batch=--1", "'batch=--1' is no number"},
    {"sqs:window=-1", "'window=-1' is too little: MaximumBatchingWindowInSeconds takes 0s to 5m"},
    {"kinesis:retries=-2", "'retries=-2' is too little: MaximumRetryAttempts takes -1 ("},
    {"sqs:batch=1.5", "'batch=1.5' is no number"},
    {"sqs:batch=99999999999999999999", "is no number"},
    {"sqs:window=301", "MaximumBatchingWindowInSeconds takes 0s to 5m"},
    {"sqs:window=500ms", "is not in whole seconds"},
    {"sqs:window=5x", "is no time"},
    {"sqs:visibility=13h", "VisibilityTimeout takes 0s to 12h"},
    {"sqs:retention=15d", "MessageRetentionPeriod takes 1m to 14d"},
    {"sqs:concurrency=1", "MaximumConcurrency takes -1 (no limit), or 2 to 1000"},
    {"sqs:max-receives=0", "'max-receives=0' is too little: maxReceiveCount takes 1 to 1000"},
    {"sqs:max-receives=1001", "'max-receives=1001' is too much"},
    {"sqs:max-receives=-1", "is too little: maxReceiveCount takes 1 to 1000"},
    {"sqs:max-receives=x", "is no number: maxReceiveCount takes 1 to 1000"},
    {"sqs:max-receives=3,max-receives=4",
     "'max-receives' is there twice: maxReceiveCount takes 1 "},
    {"sqs:retries=3,max-receives=4", "sqs: 'retries' and 'max-receives' say the same, "},
    {"sqs:max-receives=4,fifo,retries=3", "sqs: 'retries' and 'max-receives' say the same, "},
    {"sqs:max-receives=3,batch=1,batch=2", "'batch' is there twice"},
    {"sqs:fifo,fifo", "'fifo' is there twice"},
    {"sqs:fifo=true", "'fifo=true' is only named, without '='"},
    {"kinesis:max-age=59", "MaximumRecordAgeInSeconds takes -1 (until the record expires), or 1m "
                           "to 7d"},
    {"kinesis:retries=10001", "MaximumRetryAttempts takes -1 (until the record expires), or 0 to "
                              "10000"},
    {"kinesis:parallelization=11", "ParallelizationFactor takes 1 to 10"},
    {"kinesis:tumbling=901", "TumblingWindowInSeconds takes 0s to 15m"},
    {"kinesis:retention=90001", "is not in whole hours"},
    {"dynamodb:retention=1d", "is a setting of sqs, kinesis, kafka, not of dynamodb"},
    {"async:retries=3", "MaximumRetryAttempts takes 0 to 2"},
    {"async:max-age=6h1", "is no time"},
    {"async:max-age=7h", "MaximumEventAgeInSeconds takes 1m to 6h"},
    {"async:filter={}", "is a setting of sqs, kinesis, dynamodb, kafka, not of async"},
    {"sqs:filter=body", "is neither: FilterCriteria takes a pattern, {...} or @FILE"},
    {"sqs:filter=@", "is neither"},
    {"sqs:filter={\"a\":[1]", "has no end"},
    {"sqs:filter={\"a\":[1]}x", "has more behind its end than a comma"},
    {"sqs:dlq=\"a", "has no end"},
    {"sqs:dlq=\"\\x\"", "is no JSON string"},
    {"sqs:dlq=\"\\u0000\"", "is no JSON string"},
    {"s3:events=s3:Nothing", "'events=s3:Nothing' is no event of a notification; they are "
                             "s3:ObjectCreated:*"},
    {"s3:events=s3:ObjectAcl:Put,events=s3:ObjectAcl:Put", "is there twice"},
    {"sqs:dlq=\xff", "not UTF-8"},
};

static void test_refused(void)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct mapping_settings s = {0};
        struct err err = {0};
        CHECK_INT(mapping_settings_parse(refused[i].text, &s, &err), -1);
        CHECK_INT(err.kind, ERR_USAGE);
        CHECK_HAS(err.msg, refused[i].message);
        CHECK(!s.texts);
        mapping_settings_fini(&s);
    }
}

/* What only shows together; the timeout is 30 s. Words in capitals are AWS's own, as it answers
 * CreateEventSourceMapping. */
static void test_together(void)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"sqs", NULL},
        {"sqs:batch=11,window=1", NULL},
        {"sqs:batch=11",
         "Maximum batch window in seconds must be greater than 0 if maximum batch size "
         "is greater than 10"},
        {"sqs:batch=11,fifo", "BatchSize of a FIFO queue is 1 to 10"},
        {"sqs:window=1,fifo", "Batching window is not supported for FIFO queues"},
        {"sqs:visibility=29",
         "Queue visibility timeout: 29 seconds is less than Function timeout: 30 "
         "seconds"},
        {"sqs:dlq=x", "a redrive policy has a maxReceiveCount"},
        {"sqs:dlq=x,retries=0", NULL},
        {"kinesis:batch=10000", NULL},
        {"kinesis:tumbling=60,parallelization=2", "ParallelizationFactor has to be 1"},
        {"kinesis:tumbling=60,report-failures,bisect", NULL},
        {"async:duration=31",
         "'duration' of 31000 ms is more than the function's timeout of 30000 ms"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mapping_settings s = {0};
        struct err err = {0};
        CHECK_INT(mapping_settings_parse(rows[i].text, &s, &err), 0);
        s.timeout_ms = 30000;
        CHECK_INT(mapping_settings_check(&s, &err), rows[i].message ? -1 : 0);
        CHECK_HAS(err.msg, rows[i].message ? rows[i].message : "");
        mapping_settings_fini(&s);
    }
}

/* facts: Lambda environment, 4.1 to 4.3. */
static void test_defaults(void)
{
    static const struct {
        enum mapping_source source;
        int64_t batch, window_ms, retries, max_age_ms, retention_ms, concurrency;
    } rows[] = {
        {MAPPING_SQS, 10, 0, -1, 0, 345600000, -1},
        {MAPPING_KINESIS, 100, 0, -1, -1, 86400000, -1},
        {MAPPING_DYNAMODB, 100, 0, -1, -1, 86400000, -1},
        {MAPPING_KAFKA, 100, 500, -1, -1, 604800000, -1},
        {MAPPING_S3, 1, 0, 2, 21600000, 0, -1},
        {MAPPING_ASYNC, 1, 0, 2, 21600000, 0, -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mapping_settings s;
        mapping_settings_default(rows[i].source, &s);
        CHECK_INT(s.source, rows[i].source);
        CHECK_INT(s.batch, rows[i].batch);
        CHECK_INT(s.window_ms, rows[i].window_ms);
        CHECK_INT(s.retries, rows[i].retries);
        CHECK_INT(s.max_age_ms, rows[i].max_age_ms);
        CHECK_INT(s.retention_ms, rows[i].retention_ms);
        CHECK_INT(s.concurrency, rows[i].concurrency);
        CHECK_INT(s.payload_bytes, mapping_is_async((enum mapping_source)i) ? 1048576 : 6291456);
        CHECK(s.duration_ms > 0);
    }
}

/* As many filters and bytes as there may be, and one more. */
static void test_bounds(void)
{
    struct mapping_settings s = {0};
    struct err err = {0};
    struct buf text;
    buf_init(&text, 2 * MAPPING_TEXT_MAX);
    buf_adds(&text, "sqs:filter={}");
    for (int i = 1; i < MAPPING_FILTERS_MAX; i++)
        buf_adds(&text, ",filter={}");
    CHECK_INT(mapping_settings_parse(text.ptr, &s, &err), 0);
    CHECK_INT(s.nfilters, MAPPING_FILTERS_MAX);
    mapping_settings_fini(&s);
    buf_adds(&text, ",filter={}");
    CHECK_INT(mapping_settings_parse(text.ptr, &s, &err), -1);
    CHECK_HAS(err.msg, "one too many");
    while (text.len <= MAPPING_TEXT_MAX)
        buf_addc(&text, ' ');
    CHECK_INT(mapping_settings_parse(text.ptr, &s, &err), -1);
    CHECK_HAS(err.msg, "longer than 65536 bytes");
    buf_free(&text);
}

/* Filters from files come with white space around them. */
static void test_filter_of_file(void)
{
    struct mapping_settings s = {0};
    struct err err = {0};
    CHECK_INT(mapping_settings_parse("sqs:filter=@f", &s, &err), 0);
    CHECK_STR(s.filters[0], "@f");
    s.filters[0] = "\n {\"body\": [1, 2]}\n";
    AUTO_FREE char *printed = print(&s);
    CHECK_STR(printed, "sqs:filter={\"body\": [1, 2]}");
    mapping_settings_fini(&s);
}

static void test_help(void)
{
    struct buf out;
    buf_init(&out, MAPPING_TEXT_MAX);
    mapping_settings_help(&out);
    CHECK_HAS(out.ptr, "batch            sqs: BatchSize, 1 to 10000 (10 for FIFO); default 10\n");
    CHECK_HAS(out.ptr,
              "max-age          s3, async: MaximumEventAgeInSeconds, 1m to 6h; default 6h\n");
    CHECK_HAS(out.ptr, "bisect           kinesis, dynamodb: BisectBatchOnFunctionError\n");
    CHECK_HAS(out.ptr, "bisect           kafka: BisectBatchOnFunctionError, on AWS in provisioned "
                       "mode only\n");
    CHECK_HAS(out.ptr,
              "-1 (until the record expires, with on-failure 10), or 0 to 10000 (on AWS in "
              "provisioned mode only); default -1\n");
    CHECK_HAS(out.ptr, "of 4096 characters; up to 5, on request 10\n");
    buf_free(&out);
}

/* Predicates of a source. */
static void test_of_source(void)
{
    static const struct {
        const char *text;
        bool async, ordered;
        const char *given_up_to;
    } rows[] = {
        {"sqs", false, false, "dead-letter queue"},
        {"sqs:retries=1,dlq=a", false, false, "dead-letter queue"},
        {"sqs:fifo", false, true, "dead-letter queue"},
        {"kinesis", false, true, "on-failure destination"},
        {"dynamodb:on-failure=a", false, true, "on-failure destination"},
        {"kafka:on-failure=a", false, true, "on-failure destination"},
        {"s3", true, false, "dead-letter queue"},
        {"s3:dlq=a", true, false, "dead-letter queue"},
        {"async:on-failure=a", true, false, "on-failure destination"},
        {"async:on-failure=a,dlq=b", true, false, "dead-letter queue and on-failure destination"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct mapping_settings s;
        struct err err = {0};
        CHECK_INT(mapping_settings_parse(rows[i].text, &s, &err), 0);
        CHECK_INT(mapping_is_async(s.source), rows[i].async);
        CHECK_INT(mapping_is_ordered(&s), rows[i].ordered);
        CHECK_STR(mapping_given_up_to(&s), rows[i].given_up_to);
        mapping_settings_fini(&s);
    }
}

static const struct check_test tests[] = {
    {"taken", test_taken},       {"refused", test_refused},
    {"together", test_together}, {"defaults", test_defaults},
    {"bounds", test_bounds},     {"filter_of_file", test_filter_of_file},
    {"help", test_help},         {"of_source", test_of_source},
};

CHECK_MAIN(tests)

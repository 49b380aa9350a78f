/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/settings_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SECOND INT64_C(1000)
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)

/* Choices of ours: AWS has no such limits or defaults. */
#define DURATION_MS 100 /* virtual time of an invocation */
#define CONCURRENCY_MAX \
    100000 /* reserved for one function; an account's quota is a matter of talks */
#define TOPIC_RETENTION (3650 * DAY)

enum {
    SQS = 1u << MAPPING_SQS,
    KINESIS = 1u << MAPPING_KINESIS,
    DYNAMODB = 1u << MAPPING_DYNAMODB,
    KAFKA = 1u << MAPPING_KAFKA,
    S3 = 1u << MAPPING_S3,
    ASYNC = 1u << MAPPING_ASYNC,
    STREAMS = KINESIS | DYNAMODB,
    POLLED = SQS | STREAMS | KAFKA,
    PUSHED = S3 | ASYNC,
    ALL = POLLED | PUSHED
};

#define OF(member) offsetof(struct mapping_settings, member)
#define FIFO_BATCH "10 for FIFO"
#define EXPIRES    "until the record expires"

/* AWS docs: "Configuring error handling controls for Kafka event sources". */
#define PROVISIONED "on AWS in provisioned mode only"

/* Limits and defaults. AWS docs: API reference, CreateEventSourceMapping,
 * PutFunctionEventInvokeConfig; SQS, SetQueueAttributes; Kinesis,
 * IncreaseStreamRetentionPeriod. */
const struct settings_row settings_rows[] = {
    {.name = "fifo", .aws = "FifoQueue", .sources = SQS, .kind = SETTINGS_FLAG, .offset = OF(fifo)},
    {"batch", "BatchSize", SQS, SETTINGS_COUNT, OF(batch), 1, 10000, 0, 10, NULL, FIFO_BATCH},
    {"batch", "BatchSize", STREAMS | KAFKA, SETTINGS_COUNT, OF(batch), 1, 10000, 0, 100, NULL,
     NULL},
    {"window", "MaximumBatchingWindowInSeconds", SQS, SETTINGS_TIME, OF(window_ms), 0, 300 * SECOND,
     SECOND, 0, NULL, "none for FIFO"},
    {"window", "MaximumBatchingWindowInSeconds", STREAMS, SETTINGS_TIME, OF(window_ms), 0,
     300 * SECOND, SECOND, 0, NULL, NULL},
    {"window", "MaximumBatchingWindowInSeconds", KAFKA, SETTINGS_TIME, OF(window_ms), 0,
     300 * SECOND, SECOND, 500, NULL, NULL},
    {"retries", "maxReceiveCount - 1", SQS, SETTINGS_COUNT, OF(retries), 0, 999, 0,
     MAPPING_NO_LIMIT, "no redrive policy", "or max-receives=N, 1 to 1000"},
    {"retries", "MaximumRetryAttempts", STREAMS, SETTINGS_COUNT, OF(retries), 0, 10000, 0,
     MAPPING_NO_LIMIT, EXPIRES, NULL},
    {"retries", "MaximumRetryAttempts", KAFKA, SETTINGS_COUNT, OF(retries), 0, 10000, 0,
     MAPPING_NO_LIMIT, "until the record expires, with on-failure 10", PROVISIONED},
    {"retries", "MaximumRetryAttempts", PUSHED, SETTINGS_COUNT, OF(retries), 0, 2, 0, 2, NULL,
     NULL},
    {"max-age", "MaximumRecordAgeInSeconds", STREAMS, SETTINGS_TIME, OF(max_age_ms), 60 * SECOND,
     7 * DAY, SECOND, MAPPING_NO_LIMIT, EXPIRES, NULL},
    {"max-age", "MaximumRecordAgeInSeconds", KAFKA, SETTINGS_TIME, OF(max_age_ms), 60 * SECOND,
     7 * DAY, SECOND, MAPPING_NO_LIMIT, EXPIRES, PROVISIONED},
    {"max-age", "MaximumEventAgeInSeconds", PUSHED, SETTINGS_TIME, OF(max_age_ms), 60 * SECOND,
     6 * HOUR, SECOND, 6 * HOUR, NULL, NULL},
    {"visibility", "VisibilityTimeout", SQS, SETTINGS_TIME, OF(visibility_ms), 0, 12 * HOUR, SECOND,
     30 * SECOND, NULL, "of the queue"},
    {"retention", "MessageRetentionPeriod", SQS, SETTINGS_TIME, OF(retention_ms), 60 * SECOND,
     14 * DAY, SECOND, 4 * DAY, NULL, "of the queue"},
    {"retention", "RetentionPeriodHours", KINESIS, SETTINGS_TIME, OF(retention_ms), DAY, 365 * DAY,
     HOUR, DAY, NULL, "of the stream"},
    {"retention", "retention.ms", KAFKA, SETTINGS_TIME, OF(retention_ms), SECOND, TOPIC_RETENTION,
     1, 7 * DAY, "for ever", "of the topic"},
    {"concurrency", "MaximumConcurrency", SQS, SETTINGS_COUNT, OF(concurrency), 2, 1000, 0,
     MAPPING_NO_LIMIT, "no limit", NULL},
    {"concurrency", "ReservedConcurrentExecutions", PUSHED, SETTINGS_COUNT, OF(concurrency), 0,
     CONCURRENCY_MAX, 0, MAPPING_NO_LIMIT, "no limit", NULL},
    {"parallelization", "ParallelizationFactor", STREAMS, SETTINGS_COUNT, OF(parallelization), 1,
     10, 0, 1, NULL, NULL},
    {"tumbling", "TumblingWindowInSeconds", STREAMS, SETTINGS_TIME, OF(tumbling_ms), 0,
     900 * SECOND, SECOND, 0, NULL, NULL},
    {"duration", "of clambda: virtual time of an invocation", ALL, SETTINGS_TIME, OF(duration_ms),
     0, 900 * SECOND, 1, DURATION_MS, NULL, "Lambda's longest timeout"},
    {.name = "report-failures",
     .aws = "ReportBatchItemFailures",
     .sources = SQS | STREAMS,
     .kind = SETTINGS_FLAG,
     .offset = OF(report_failures)},
    {.name = "report-failures",
     .aws = "ReportBatchItemFailures",
     .sources = KAFKA,
     .kind = SETTINGS_FLAG,
     .offset = OF(report_failures),
     .note = PROVISIONED},
    {.name = "bisect",
     .aws = "BisectBatchOnFunctionError",
     .sources = STREAMS,
     .kind = SETTINGS_FLAG,
     .offset = OF(bisect)},
    {.name = "bisect",
     .aws = "BisectBatchOnFunctionError",
     .sources = KAFKA,
     .kind = SETTINGS_FLAG,
     .offset = OF(bisect),
     .note = PROVISIONED},
    {.name = "dlq",
     .aws = "deadLetterTargetArn",
     .sources = SQS,
     .kind = SETTINGS_TEXT,
     .offset = OF(dlq),
     .note = "a file"},
    {.name = "dlq",
     .aws = "DeadLetterConfig",
     .sources = PUSHED,
     .kind = SETTINGS_TEXT,
     .offset = OF(dlq),
     .note = "a file"},
    {.name = "on-failure",
     .aws = "OnFailure",
     .sources = STREAMS | KAFKA | PUSHED,
     .kind = SETTINGS_TEXT,
     .offset = OF(on_failure),
     .note = "a file"},
    {.name = "on-success",
     .aws = "OnSuccess",
     .sources = PUSHED,
     .kind = SETTINGS_TEXT,
     .offset = OF(on_success),
     .note = "a file"},
    {.name = "filter",
     .aws = "FilterCriteria",
     .sources = POLLED,
     .kind = SETTINGS_FILTER,
     .note = "a pattern, {...} or @FILE, of 4096 characters; up to 5, on request 10"},
    {.name = "events",
     .aws = "Events",
     .sources = S3,
     .kind = SETTINGS_EVENT,
     .note = "names of S3's events, one each"},
    {.name = "prefix",
     .aws = "FilterRules",
     .sources = S3,
     .kind = SETTINGS_TEXT,
     .offset = OF(prefix),
     .max = 1024,
     .note = "the start of a key, URL-encoded as S3 has it"},
    {.name = "suffix",
     .aws = "FilterRules",
     .sources = S3,
     .kind = SETTINGS_TEXT,
     .offset = OF(suffix),
     .max = 1024,
     .note = "the end of a key, URL-encoded as S3 has it"},
};
const size_t settings_count = ARRAY_LEN(settings_rows);

/* AWS docs: S3 user guide, "Supported event types for SQS, SNS, and Lambda". */
static const char *const event_names[] = {
    "s3:ObjectCreated:*",
    "s3:ObjectCreated:Put",
    "s3:ObjectCreated:Post",
    "s3:ObjectCreated:Copy",
    "s3:ObjectCreated:CompleteMultipartUpload",
    "s3:ObjectRemoved:*",
    "s3:ObjectRemoved:Delete",
    "s3:ObjectRemoved:DeleteMarkerCreated",
    "s3:ObjectRestore:*",
    "s3:ObjectRestore:Post",
    "s3:ObjectRestore:Completed",
    "s3:ObjectRestore:Delete",
    "s3:ReducedRedundancyLostObject",
    "s3:Replication:*",
    "s3:Replication:OperationFailedReplication",
    "s3:Replication:OperationMissedThreshold",
    "s3:Replication:OperationReplicatedAfterThreshold",
    "s3:Replication:OperationNotTracked",
    "s3:LifecycleTransition",
    "s3:IntelligentTiering",
    "s3:ObjectAcl:Put",
    "s3:LifecycleExpiration:*",
    "s3:LifecycleExpiration:Delete",
    "s3:LifecycleExpiration:DeleteMarkerCreated",
    "s3:ObjectTagging:*",
    "s3:ObjectTagging:Put",
    "s3:ObjectTagging:Delete",
};

const char *const mapping_source_names[MAPPING_SOURCE_COUNT] = {
    [MAPPING_SQS] = "sqs",     [MAPPING_KINESIS] = "kinesis", [MAPPING_DYNAMODB] = "dynamodb",
    [MAPPING_KAFKA] = "kafka", [MAPPING_S3] = "s3",           [MAPPING_ASYNC] = "async",
};

static bool same(const char *name, const char *text, size_t len)
{
    return strlen(name) == len && memcmp(name, text, len) == 0;
}

const struct settings_row *settings_find(enum mapping_source source, const char *name, size_t len)
{
    for (size_t i = 0; i < settings_count; i++)
        if ((settings_rows[i].sources & 1u << source) && same(settings_rows[i].name, name, len))
            return &settings_rows[i];
    return NULL;
}

void settings_print_time(int64_t ms, struct buf *out)
{
    if (ms == MAPPING_NO_LIMIT)
        buf_adds(out, "-1");
    else if (ms % SECOND)
        buf_addf(out, "%" PRId64 "ms", ms);
    else
        buf_addf(out, "%" PRId64, ms / SECOND);
}

/* For people: in the largest unit that it is a whole number of. */
static void print_span(int64_t ms, struct buf *out)
{
    static const struct {
        int64_t ms;
        const char *name;
    } units[] = {{DAY, "d"}, {HOUR, "h"}, {60 * SECOND, "m"}, {SECOND, "s"}, {1, "ms"}};
    size_t i = 0;
    while (ms ? ms % units[i].ms : units[i].ms != SECOND)
        i++;
    buf_addf(out, "%" PRId64 "%s", ms / units[i].ms, units[i].name);
}

static void print_value(const struct settings_row *row, int64_t value, struct buf *out)
{
    if (row->kind == SETTINGS_TIME && value != MAPPING_NO_LIMIT)
        print_span(value, out);
    else
        buf_addf(out, "%" PRId64, value);
}

void settings_print_limits(const struct settings_row *row, struct buf *out)
{
    bool number = row->kind == SETTINGS_COUNT || row->kind == SETTINGS_TIME;
    if (row->endless)
        buf_addf(out, "-1 (%s), or ", row->endless);
    if (number) {
        print_value(row, row->min, out);
        buf_adds(out, " to ");
        print_value(row, row->max, out);
        if (row->note)
            buf_addf(out, " (%s)", row->note);
        return;
    }
    buf_adds(out, row->note ? row->note : "no value");
    if (row->max)
        buf_addf(out, ", at most %" PRId64 " bytes", row->max);
}

void settings_print_sources(unsigned sources, struct buf *out)
{
    const char *comma = "";
    for (size_t i = 0; i < MAPPING_SOURCE_COUNT; i++) {
        if (!(sources & 1u << i))
            continue;
        buf_addf(out, "%s%s", comma, mapping_source_names[i]);
        comma = ", ";
    }
}

void mapping_settings_help(struct buf *out)
{
    for (size_t i = 0; i < settings_count; i++) {
        const struct settings_row *row = &settings_rows[i];
        bool number = row->kind == SETTINGS_COUNT || row->kind == SETTINGS_TIME;
        buf_addf(out, "%-16s ", row->name);
        settings_print_sources(row->sources, out);
        buf_addf(out, ": %s", row->aws);
        if (row->kind != SETTINGS_FLAG || row->note) {
            buf_adds(out, ", ");
            settings_print_limits(row, out);
        }
        if (number) {
            buf_adds(out, "; default ");
            print_value(row, row->preset, out);
        }
        buf_addc(out, '\n');
    }
}

bool settings_event_known(const char *name, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(event_names); i++)
        if (same(event_names[i], name, len))
            return true;
    return false;
}

/* Not each kind of an event that "s3:Name:*" has, too. */
static bool is_covered(const char *name)
{
    const char *kind = strrchr(name, ':') + 1;
    char all[64];
    snprintf(all, sizeof all, "%.*s*", (int)(kind - name), name);
    return strcmp(kind, "*") != 0 && strcmp(all, "s3:*") != 0 &&
           settings_event_known(all, strlen(all));
}

void settings_print_events(struct buf *out)
{
    for (size_t i = 0; i < ARRAY_LEN(event_names); i++)
        if (!is_covered(event_names[i]))
            buf_addf(out, "%s%s", i ? ", " : "", event_names[i]);
}

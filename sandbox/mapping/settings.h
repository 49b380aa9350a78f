/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of an event source mapping, of an S3 notification or of asynchronous invocation, as
 * the command line writes them: "sqs:batch=10,window=5,report-failures". One table has every
 * setting with the sources that know it, AWS's limits and its default; parser, printer and help
 * read it. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define MAPPING_FILTERS_MAX     10 /* that Lambda takes on request */
#define MAPPING_FILTERS_UNASKED 5
#define MAPPING_EVENTS_MAX      32      /* names of S3 events */
#define MAPPING_TEXT_MAX        65536   /* bytes of the whole setting */
#define MAPPING_PAYLOAD_BYTES   6291456 /* of an event, records and what is around them */
#define MAPPING_PUSHED_BYTES    1048576 /* of an event of an asynchronous invocation: async, s3 */
#define MAPPING_NO_LIMIT        (-1)

/* What endless retries of Kafka come to when there is an on-failure destination. AWS docs:
 * "Configuring error handling controls for Kafka event sources". */
#define MAPPING_KAFKA_RETRIES 10

enum mapping_source {
    MAPPING_SQS,
    MAPPING_KINESIS,
    MAPPING_DYNAMODB,
    MAPPING_KAFKA,
    MAPPING_S3,
    MAPPING_ASYNC,
    MAPPING_SOURCE_COUNT
};

extern const char *const mapping_source_names[MAPPING_SOURCE_COUNT]; /* "sqs", ... */

/* Values are always filled: by the setting or AWS's default. What a source does not know is 0,
 * false or NULL. */
struct mapping_settings {
    enum mapping_source source;
    bool fifo;               /* sqs */
    int64_t batch;           /* records of one invocation */
    int64_t window_ms;       /* MaximumBatchingWindowInSeconds */
    int64_t payload_bytes;   /* of one event; MAPPING_PAYLOAD_BYTES, MAPPING_PUSHED_BYTES */
    int64_t retries;         /* after the first attempt; MAPPING_NO_LIMIT: until it expires. sqs:
                                maxReceiveCount - 1 of the redrive policy */
    int64_t max_age_ms;      /* of a record or event; MAPPING_NO_LIMIT */
    int64_t visibility_ms;   /* sqs: of the queue */
    int64_t retention_ms;    /* of queue, stream or topic */
    int64_t concurrency;     /* batches at once; sqs: MaximumConcurrency; 0: reserved concurrency
                                of zero (async, s3), MAPPING_NO_LIMIT */
    int64_t parallelization; /* kinesis, dynamodb: ParallelizationFactor */
    int64_t tumbling_ms;     /* kinesis, dynamodb: 0: none */
    int64_t timeout_ms;      /* of the function; not in the text: the caller sets it */
    int64_t duration_ms;     /* virtual time that one invocation takes */
    bool report_failures;    /* ReportBatchItemFailures */
    bool bisect;             /* BisectBatchOnFunctionError */
    const char *dlq;         /* file: sqs redrive target, async DLQ; NULL: none */
    const char *on_failure, *on_success;      /* files: destinations; NULL: none */
    const char *filters[MAPPING_FILTERS_MAX]; /* pattern texts; any of them */
    size_t nfilters;
    const char *events[MAPPING_EVENTS_MAX]; /* s3: "s3:ObjectCreated:*"; none: all */
    size_t nevents;
    const char *prefix, *suffix; /* s3: of the key, URL-encoded; NULL: any */
    char *texts;                 /* heap: what the pointers point to */
};

/* Whether its events are invocations of their own, without batches and answers to them: s3, async.
 */
bool mapping_is_async(enum mapping_source source);

/* Whether records keep their order: of a shard, of a partition, of a FIFO queue's group. */
bool mapping_is_ordered(const struct mapping_settings *s);

/* What AWS calls the place that takes what is given up: "dead-letter queue", "on-failure
 * destination", or both. */
const char *mapping_given_up_to(const struct mapping_settings *s);

/* AWS's defaults of a source. Nothing to free. */
void mapping_settings_default(enum mapping_source source, struct mapping_settings *out);

/* "SOURCE[:KEY[=VALUE],...]". A filter is JSON ("filter={...}", commas in it are its own) or
 * "filter=@FILE", which is left to the caller: filters has "@FILE" until he puts the file's text
 * there (memory of his own). A value with a comma is a JSON string: prefix="a,b". Times are numbers
 * of seconds or have a unit: 500ms, 5s, 2m, 6h, 4d. -1 with ERR_USAGE: what, which value, AWS's own
 * limit. Each setting once, filter and events repeated. sqs: max-receives=N is retries=N-1. */
int mapping_settings_parse(const char *text, struct mapping_settings *out,
                           struct err *err) ATTR_CHECK;

/* What only shows together (a batch above 10 needs a window; bisect needs ...), after timeout_ms
 * and filters are set. -1 with ERR_USAGE in AWS's words where they are known. */
int mapping_settings_check(const struct mapping_settings *s, struct err *err) ATTR_CHECK;

/* The text that parse takes, with what differs from the default only. */
void mapping_settings_print(const struct mapping_settings *s, struct buf *out);

/* A line for each setting: name, sources, limits, default. For help and manual. */
void mapping_settings_help(struct buf *out);

/* Accepts a zeroed one. */
void mapping_settings_fini(struct mapping_settings *s);

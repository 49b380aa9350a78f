/* SPDX-License-Identifier: Apache-2.0 */
/* What AWS writes when a source gives up, or an asynchronous invocation ends: records of
 * destinations, messages of dead-letter queues. One line of JSON each, in a form that replay reads
 * as a trace. Pure. */
#pragma once

#include "mapping/mapping.h"
#include "mapping/records.h"

/* The invocation that it is about. Times since 1970. */
struct destination_case {
    const struct mapping_settings *settings;
    const char *function_arn; /* with its qualifier; left out where AWS does */
    const char *request_id;   /* of the last attempt */
    int64_t time_ms;
    enum mapping_reason reason; /* none: success */
    uint32_t invoke_count;
    bool ran;            /* the function got it at least once: there is a responseContext */
    bool function_error; /* else functionError is null (streams), absent (async) */
    const char *answer;  /* of the last attempt; NULL: none */
    size_t answer_len;
    const struct record *const *records;
    size_t nrecords;
    const char *payload; /* streams: the event, as the S3 destination has it; async: the event */
    size_t payload_len;
};

/* Kinesis, DynamoDB, Kafka: the failure record with its payload. */
void destination_stream(const struct destination_case *c, struct buf *out);

/* async, s3: the record of a destination for success or failure. */
void destination_async(const struct destination_case *c, struct buf *out);

/* async, s3: the message in the function's dead-letter queue, as 'aws sqs receive-message' prints
 * it. */
void destination_dead_letter(const struct destination_case *c, struct buf *out);

/* A message on its way to a dead-letter queue. Times since 1970. */
struct destination_move {
    uint32_t receives;
    int64_t first_ms; /* of its first receive; RECORDS_NO_TIME: as recorded */
    int64_t time_ms;  /* of the move, which is when a FIFO queue's message counts as sent */
};

/* sqs: a message that the redrive policy moved, as 'aws sqs receive-message' prints it. */
void destination_redrive(const struct record *message, const struct destination_move *move,
                         struct buf *out);

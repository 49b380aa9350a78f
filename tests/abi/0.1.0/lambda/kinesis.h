/* SPDX-License-Identifier: Apache-2.0 */
/* Amazon Kinesis Data Streams: batches of records of one shard, in order.
 *
 * Partial failures: after the first record that failed the runtime stops and answers with its
 * sequence number in batchItemFailures; Lambda comes again from that record on. Lambda looks at
 * that answer ONLY when the event source mapping is set to ReportBatchItemFailures. Without that
 * setting it takes the invocation as a success and the rest of the batch is LOST. The runtime
 * cannot see the setting: where you cannot make it, set the function's environment variable
 * LAMBDA_PARTIAL_FAILURES=off, and any failure fails the invocation, which brings the whole batch
 * back.
 *
 * Tumbling windows: use LAMBDA_KINESIS, which sees window and state, and answer with lambda_reply()
 * {"state": ...}: Lambda takes an answer without state as a failure. The last call of a window may
 * have no records. */
#pragma once

#include "../lambda.h"

struct lambda_kinesis_data {
    lambda_str schema_version; /* "1.0" */
    lambda_str partition_key;
    lambda_str sequence_number; /* 56 digits: text, never a number; batchItemFailures reports it */
    lambda_bytes data;          /* decoded; records of the producer library are aggregates in it */
    lambda_epoch arrival;       /* when the stream took it */
    lambda_str encryption_type; /* "NONE" or "KMS"; often absent */
};
LAMBDA_TYPE(lambda_kinesis_data,
            LAMBDA_F(lambda_kinesis_data, schema_version, "kinesisSchemaVersion"),
            LAMBDA_F(lambda_kinesis_data, partition_key, "partitionKey"),
            LAMBDA_F(lambda_kinesis_data, sequence_number, "sequenceNumber"),
            LAMBDA_F(lambda_kinesis_data, data, "data"),
            LAMBDA_F(lambda_kinesis_data, arrival, "approximateArrivalTimestamp"),
            LAMBDA_F(lambda_kinesis_data, encryption_type, "encryptionType"));

struct lambda_kinesis_record {
    struct lambda_kinesis_data kinesis;
    lambda_str event_source;        /* "aws:kinesis" */
    lambda_str event_version;       /* "1.0" */
    lambda_str event_id;            /* "shardId-000000000000:" and the sequence number */
    lambda_str event_name;          /* "aws:kinesis:record" */
    lambda_str invoke_identity_arn; /* the function's role */
    lambda_str region;
    lambda_str event_source_arn; /* the stream, or the consumer of an enhanced fan-out */
};
LAMBDA_TYPE(lambda_kinesis_record,
            LAMBDA_OBJ(lambda_kinesis_record, kinesis, "kinesis", lambda_kinesis_data),
            LAMBDA_F(lambda_kinesis_record, event_source, "eventSource"),
            LAMBDA_F(lambda_kinesis_record, event_version, "eventVersion"),
            LAMBDA_F(lambda_kinesis_record, event_id, "eventID"),
            LAMBDA_F(lambda_kinesis_record, event_name, "eventName"),
            LAMBDA_F(lambda_kinesis_record, invoke_identity_arn, "invokeIdentityArn"),
            LAMBDA_F(lambda_kinesis_record, region, "awsRegion"),
            LAMBDA_F(lambda_kinesis_record, event_source_arn, "eventSourceARN"));

struct lambda_kinesis_window {
    lambda_str start, end; /* RFC 3339 */
};
LAMBDA_TYPE(lambda_kinesis_window, LAMBDA_F(lambda_kinesis_window, start, "start"),
            LAMBDA_F(lambda_kinesis_window, end, "end"));

/* The whole batch. */
struct lambda_kinesis_event {
    LAMBDA_LIST(struct lambda_kinesis_record) records;
    /* These only with a tumbling window: */
    struct lambda_kinesis_window window;
    lambda_json state;           /* what the call before answered; {} in the first of a window */
    lambda_str shard_id;         /* "shardId-000000000006" */
    lambda_str event_source_arn; /* the stream */
    bool is_final_invoke_for_window; /* answer with the window's result */
    bool is_window_terminated_early; /* its state had grown above 1 MB */
};
LAMBDA_TYPE(lambda_kinesis_event,
            LAMBDA_LISTOF(lambda_kinesis_event, records, "Records", lambda_kinesis_record),
            LAMBDA_OBJ(lambda_kinesis_event, window, "window", lambda_kinesis_window),
            LAMBDA_F(lambda_kinesis_event, state, "state"),
            LAMBDA_F(lambda_kinesis_event, shard_id, "shardId"),
            LAMBDA_F(lambda_kinesis_event, event_source_arn, "eventSourceARN"),
            LAMBDA_F(lambda_kinesis_event, is_final_invoke_for_window, "isFinalInvokeForWindow"),
            LAMBDA_F(lambda_kinesis_event, is_window_terminated_early, "isWindowTerminatedEarly"));

/* A window's last call may come without records, which name the source: a batch of DynamoDB streams
 * looks the same then, but a module has only one of the two in practice. */
#define LAMBDA_KINESIS_MATCH_ \
    "/Records/0/eventSource=aws:kinesis|/window/start&/shardId&!/Records/0"

#define LAMBDA_KINESIS_ROW_(T, records_offset, mode, f)                                            \
    {                                                                                              \
        "Kinesis batch", LAMBDA_KINESIS_MATCH_, &T##_type, &lambda_kinesis_record_type, "Records", \
            (uint32_t)(records_offset),                                                            \
            (uint32_t)offsetof(struct lambda_kinesis_record, kinesis.sequence_number), 0, 0, mode, \
            LAMBDA_P_STREAM, 0, 0, LAMBDA_FN_(f, lambda_ctx *, const struct T *)                   \
    }

/* Rows of LAMBDA_MODULE: int f(lambda_ctx *, const struct lambda_kinesis_event *), which reports
 * failed records with lambda_fail_record(), and once per record
 * int f(lambda_ctx *, const struct lambda_kinesis_record *), which fails by its return value. */
#define LAMBDA_KINESIS(f)                                                                     \
    LAMBDA_KINESIS_ROW_(lambda_kinesis_event, offsetof(struct lambda_kinesis_event, records), \
                        LAMBDA_M_EVENT, f)
#define LAMBDA_KINESIS_EACH(f) LAMBDA_KINESIS_ROW_(lambda_kinesis_record, 0, LAMBDA_M_EACH, f)

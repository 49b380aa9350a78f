/* SPDX-License-Identifier: Apache-2.0 */
/* Amazon SQS batches, from standard and FIFO queues.
 *
 * Partial failures: the runtime answers with batchItemFailures, the ids of the messages whose
 * handler failed, so that only those come again. Lambda looks at that answer ONLY when the event
 * source mapping is set to ReportBatchItemFailures. Without that setting it takes the invocation as
 * a success and DELETES the failed messages. The runtime cannot see the setting: where you cannot
 * make it, set the function's environment variable LAMBDA_PARTIAL_FAILURES=off, and any failure
 * fails the invocation, which brings the whole batch back. When every message failed the invocation
 * fails in any case.
 *
 * FIFO queues: after a failure the rest of its message group is reported without being handled, so
 * that the group's order holds. */
#pragma once

#include "../lambda.h"

/* What SQS knows of a message. The texts in comments that name numbers are sent as text. */
struct lambda_sqs_attributes {
    int64_t receive_count;       /* deliveries so far, this one included */
    int64_t sent_ms;             /* when it was sent, Unix milliseconds */
    lambda_str sender_id;        /* "AIDA...", or role and session "AROA...:name" */
    int64_t first_receive_ms;    /* when it was delivered first, Unix milliseconds */
    lambda_str sequence_number;  /* FIFO only; up to 128 digits: text, never a number */
    lambda_str message_group_id; /* FIFO, and fair standard queues */
    lambda_str deduplication_id; /* FIFO only */
    lambda_str trace_header;     /* X-Ray; absent unless the sender traces */
    lambda_str
        dead_letter_source_arn; /* the queue it came from, when this is its dead-letter queue */
};
LAMBDA_TYPE(lambda_sqs_attributes,
            LAMBDA_F(lambda_sqs_attributes, receive_count, "ApproximateReceiveCount"),
            LAMBDA_F(lambda_sqs_attributes, trace_header, "AWSTraceHeader"),
            LAMBDA_F(lambda_sqs_attributes, sent_ms, "SentTimestamp"),
            LAMBDA_F(lambda_sqs_attributes, sequence_number, "SequenceNumber"),
            LAMBDA_F(lambda_sqs_attributes, message_group_id, "MessageGroupId"),
            LAMBDA_F(lambda_sqs_attributes, sender_id, "SenderId"),
            LAMBDA_F(lambda_sqs_attributes, deduplication_id, "MessageDeduplicationId"),
            LAMBDA_F(lambda_sqs_attributes, first_receive_ms, "ApproximateFirstReceiveTimestamp"),
            LAMBDA_F(lambda_sqs_attributes, dead_letter_source_arn, "DeadLetterQueueSourceArn"));

/* A message attribute: what the sender attached. */
struct lambda_sqs_attribute {
    lambda_str string_value;        /* for String and Number (numbers as text, up to 38 digits) */
    lambda_bytes binary_value;      /* for Binary */
    lambda_strs string_list_values; /* SQS sends it empty: not in use */
    lambda_bytes_list binary_list_values; /* SQS sends it empty: not in use */
    lambda_str data_type;                 /* "String", "Number", "Binary", with ".label" if any */
};
LAMBDA_TYPE(lambda_sqs_attribute, LAMBDA_F(lambda_sqs_attribute, string_value, "stringValue"),
            LAMBDA_F(lambda_sqs_attribute, binary_value, "binaryValue"),
            LAMBDA_F(lambda_sqs_attribute, string_list_values, "stringListValues"),
            LAMBDA_F(lambda_sqs_attribute, binary_list_values, "binaryListValues"),
            LAMBDA_F(lambda_sqs_attribute, data_type, "dataType"));

struct lambda_sqs_named_attribute {
    lambda_str key;
    struct lambda_sqs_attribute value;
};

struct lambda_sqs_message {
    lambda_str message_id;     /* what batchItemFailures reports */
    lambda_str receipt_handle; /* for ChangeMessageVisibility */
    lambda_str body;           /* any text; lambda_decode() where it is JSON */
    struct lambda_sqs_attributes attributes;
    LAMBDA_LIST(struct lambda_sqs_named_attribute) message_attributes; /* empty without any */
    lambda_str md5_of_body;                                            /* 32 hexadecimal digits */
    lambda_str md5_of_message_attributes; /* absent without message attributes */
    lambda_str event_source;              /* "aws:sqs" */
    lambda_str event_source_arn;          /* the queue */
    lambda_str region;
};
LAMBDA_TYPE(lambda_sqs_message, LAMBDA_F(lambda_sqs_message, message_id, "messageId"),
            LAMBDA_F(lambda_sqs_message, receipt_handle, "receiptHandle"),
            LAMBDA_F(lambda_sqs_message, body, "body"),
            LAMBDA_OBJ(lambda_sqs_message, attributes, "attributes", lambda_sqs_attributes),
            LAMBDA_MAPOF(lambda_sqs_message, message_attributes, "messageAttributes",
                         lambda_sqs_attribute),
            LAMBDA_F(lambda_sqs_message, md5_of_message_attributes, "md5OfMessageAttributes"),
            LAMBDA_F(lambda_sqs_message, md5_of_body, "md5OfBody"),
            LAMBDA_F(lambda_sqs_message, event_source, "eventSource"),
            LAMBDA_F(lambda_sqs_message, event_source_arn, "eventSourceARN"),
            LAMBDA_F(lambda_sqs_message, region, "awsRegion"));

/* The whole batch. */
struct lambda_sqs_event {
    LAMBDA_LIST(struct lambda_sqs_message) records;
};
LAMBDA_TYPE(lambda_sqs_event,
            LAMBDA_LISTOF(lambda_sqs_event, records, "Records", lambda_sqs_message));

#define LAMBDA_SQS_ROW_(T, records_offset, mode, f)                                          \
    {                                                                                        \
        "SQS batch", "/Records/0/eventSource=aws:sqs", &T##_type, &lambda_sqs_message_type,  \
            "Records", (uint32_t)(records_offset),                                           \
            (uint32_t)offsetof(struct lambda_sqs_message, message_id),                       \
            (uint32_t)offsetof(struct lambda_sqs_message, attributes.message_group_id),      \
            (uint32_t)offsetof(struct lambda_sqs_message, attributes.sequence_number), mode, \
            LAMBDA_P_QUEUE, 1, 0, LAMBDA_FN_(f, lambda_ctx *, const struct T *)              \
    }

/* Rows of LAMBDA_MODULE: int f(lambda_ctx *, const struct lambda_sqs_event *), which reports failed
 * messages with lambda_fail_record(), and once per message
 * int f(lambda_ctx *, const struct lambda_sqs_message *), which fails by its return value. */
#define LAMBDA_SQS(f) \
    LAMBDA_SQS_ROW_(lambda_sqs_event, offsetof(struct lambda_sqs_event, records), LAMBDA_M_EVENT, f)
#define LAMBDA_SQS_EACH(f) LAMBDA_SQS_ROW_(lambda_sqs_message, 0, LAMBDA_M_EACH, f)

/* SPDX-License-Identifier: Apache-2.0 */
/* What a JSON document in a trace is, told by its members: the record of a destination, a message
 * of a dead-letter queue, a page of a log ... Strict: what misses a member that AWS always writes,
 * or has it in another type, is an event like any other. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/scan.h"

/* One bit each: a document may fit more than one. None: nothing is known but that it is JSON. */
enum {
    KINDS_DESTINATION = 1,     /* an invocation that Lambda reports, with its event */
    KINDS_STREAM_FAILURE = 2,  /* a batch that was given up */
    KINDS_DEAD_LETTER = 4,     /* an event, with the attributes that Lambda gives it */
    KINDS_LOG = 8,             /* log events, or a line in Lambda's JSON log format */
    KINDS_QUEUE = 16,          /* other messages of queues */
    KINDS_STREAM_RECORDS = 32, /* what get-records prints */
    KINDS_RECORDING = 64,      /* a line of one, as others write JSON */
    KINDS_TOPIC = 128,         /* other notifications of topics */
    KINDS_HISTORY = 256,       /* a line of one, as --history writes it */
    KINDS_UNREAD = 512,        /* there was no memory to look into a message */
};

enum kinds_member {
    MEMBER_VERSION,
    MEMBER_TIMESTAMP,
    MEMBER_REQUEST_CONTEXT,
    MEMBER_REQUEST_PAYLOAD,
    MEMBER_RESPONSE_CONTEXT,
    MEMBER_RESPONSE_PAYLOAD,
    MEMBER_KINESIS_BATCH,
    MEMBER_DYNAMODB_BATCH,
    MEMBER_KAFKA_BATCH,
    MEMBER_PAYLOAD,
    MEMBER_DETAIL_TYPE,
    MEMBER_SOURCE,
    MEMBER_DETAIL,
    MEMBER_TOPIC_TYPE,
    MEMBER_TOPIC_ARN,
    MEMBER_TOPIC_MESSAGE,
    MEMBER_TOPIC_TIMESTAMP,
    MEMBER_MESSAGE_ID,
    MEMBER_MESSAGE_ATTRIBUTES,
    MEMBER_RECEIPT_HANDLE,
    MEMBER_MD5_OF_BODY,
    MEMBER_BODY,
    MEMBER_ATTRIBUTES,
    MEMBER_MD5_OF_ATTRIBUTES,
    MEMBER_MESSAGES,
    MEMBER_EVENTS,
    MEMBER_SEARCHED,
    MEMBER_NEXT_TOKEN,
    MEMBER_NEXT_FORWARD,
    MEMBER_NEXT_BACKWARD,
    MEMBER_RECORDS,
    MEMBER_MILLIS_BEHIND,
    MEMBER_NEXT_ITERATOR,
    MEMBER_TIME,
    MEMBER_TYPE,
    MEMBER_RECORD,
    MEMBER_MESSAGE,
    MEMBER_INGESTION,
    MEMBER_EVENT_ID,
    MEMBER_STREAM,
    MEMBER_RECORDING,
    MEMBER_HISTORY,
    MEMBER_SEQUENCE_NUMBER,
    MEMBER_ARRIVAL,
    MEMBER_DATA,
    MEMBER_PARTITION_KEY,
    MEMBER_ENCRYPTION,
    MEMBER_CHANGE_ID,
    MEMBER_CHANGE_NAME,
    MEMBER_CHANGE_VERSION,
    MEMBER_EVENT_SOURCE,
    MEMBER_REGION,
    MEMBER_CHANGE,
    MEMBER_IDENTITY,
    MEMBER_COUNT
};

/* The members of an object whose names say something. */
struct kinds_top {
    struct scan_value v[MEMBER_COUNT];
    size_t unknown; /* members with other names */
};

/* false: text is no object. Of duplicate keys the first counts. */
bool kinds_collect(const char *text, size_t len, struct kinds_top *out);

/* Types of values. */
bool kinds_is_text(struct scan_value v);
bool kinds_is_number(struct scan_value v);
/* A text that is the same escaped and unescaped, without its quotes; else absent. */
struct scan_value kinds_plain(struct scan_value v);

/* A line of Lambda's JSON log format; an event of CloudWatch Logs. */
bool kinds_is_log_line(const char *text, size_t len, struct kinds_top *out);
bool kinds_is_log_event(const char *text, size_t len, struct kinds_top *out);

/* Bits of a whole document. */
unsigned kinds_of(const char *text, size_t len);

/* "an event", "a record of a destination": for messages; of several bits the lowest. */
const char *kinds_name(unsigned kinds);

/* A message of a queue; a record of a Kinesis or DynamoDB stream, as the command line prints it. */
bool kinds_is_message(const char *text, size_t len);
bool kinds_is_kinesis_record(const char *text, size_t len);
bool kinds_is_change(const char *text, size_t len);

/* The list in what 'aws sqs receive-message', 'aws kinesis get-records', 'aws logs
 * filter-log-events' and the like print; else absent. */
struct scan_value kinds_page(const char *text, size_t len);

struct kinds_content {
    unsigned kinds;         /* of what is inside */
    struct scan_value text; /* dead letter: the event; else the record or the document */
    struct kinds_top top;   /* of text, but for dead letters */
    struct scan_value request_id, code, message; /* dead letter: JSON texts */
};

/* Opens the message of a queue or topic, and the event of an event bus, changing it in place. */
void kinds_open(char *text, size_t len, struct kinds_content *out);

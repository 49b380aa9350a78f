/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/kinds.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"

static const char *const names[MEMBER_COUNT] = {
    [MEMBER_VERSION] = "version",
    [MEMBER_TIMESTAMP] = "timestamp",
    [MEMBER_REQUEST_CONTEXT] = "requestContext",
    [MEMBER_REQUEST_PAYLOAD] = "requestPayload",
    [MEMBER_RESPONSE_CONTEXT] = "responseContext",
    [MEMBER_RESPONSE_PAYLOAD] = "responsePayload",
    [MEMBER_KINESIS_BATCH] = "KinesisBatchInfo",
    [MEMBER_DYNAMODB_BATCH] = "DDBStreamBatchInfo",
    [MEMBER_KAFKA_BATCH] = "KafkaBatchInfo",
    [MEMBER_PAYLOAD] = "payload",
    [MEMBER_DETAIL_TYPE] = "detail-type",
    [MEMBER_SOURCE] = "source",
    [MEMBER_DETAIL] = "detail",
    [MEMBER_TOPIC_TYPE] = "Type",
    [MEMBER_TOPIC_ARN] = "TopicArn",
    [MEMBER_TOPIC_MESSAGE] = "Message",
    [MEMBER_TOPIC_TIMESTAMP] = "Timestamp",
    [MEMBER_MESSAGE_ID] = "MessageId",
    [MEMBER_MESSAGE_ATTRIBUTES] = "MessageAttributes",
    [MEMBER_RECEIPT_HANDLE] = "ReceiptHandle",
    [MEMBER_MD5_OF_BODY] = "MD5OfBody",
    [MEMBER_BODY] = "Body",
    [MEMBER_ATTRIBUTES] = "Attributes",
    [MEMBER_MD5_OF_ATTRIBUTES] = "MD5OfMessageAttributes",
    [MEMBER_MESSAGES] = "Messages",
    [MEMBER_EVENTS] = "events",
    [MEMBER_SEARCHED] = "searchedLogStreams",
    [MEMBER_NEXT_TOKEN] = "nextToken",
    [MEMBER_NEXT_FORWARD] = "nextForwardToken",
    [MEMBER_NEXT_BACKWARD] = "nextBackwardToken",
    [MEMBER_RECORDS] = "Records",
    [MEMBER_MILLIS_BEHIND] = "MillisBehindLatest",
    [MEMBER_NEXT_ITERATOR] = "NextShardIterator",
    [MEMBER_TIME] = "time",
    [MEMBER_TYPE] = "type",
    [MEMBER_RECORD] = "record",
    [MEMBER_MESSAGE] = "message",
    [MEMBER_INGESTION] = "ingestionTime",
    [MEMBER_EVENT_ID] = "eventId",
    [MEMBER_STREAM] = "logStreamName",
    [MEMBER_RECORDING] = "clambda_recording",
    [MEMBER_HISTORY] = "clambda_history",
    [MEMBER_SEQUENCE_NUMBER] = "SequenceNumber",
    [MEMBER_ARRIVAL] = "ApproximateArrivalTimestamp",
    [MEMBER_DATA] = "Data",
    [MEMBER_PARTITION_KEY] = "PartitionKey",
    [MEMBER_ENCRYPTION] = "EncryptionType",
    [MEMBER_CHANGE_ID] = "eventID",
    [MEMBER_CHANGE_NAME] = "eventName",
    [MEMBER_CHANGE_VERSION] = "eventVersion",
    [MEMBER_EVENT_SOURCE] = "eventSource",
    [MEMBER_REGION] = "awsRegion",
    [MEMBER_CHANGE] = "dynamodb",
    [MEMBER_IDENTITY] = "userIdentity",
};

#define BIT(member) ((uint64_t)1 << (member))

static bool is_object(struct scan_value v)
{
    return v.ptr && *v.ptr == '{';
}

static bool is_array(struct scan_value v)
{
    return v.ptr && *v.ptr == '[';
}

bool kinds_is_text(struct scan_value v)
{
    return v.ptr && *v.ptr == '"';
}

bool kinds_is_number(struct scan_value v)
{
    return v.ptr && (*v.ptr == '-' || (*v.ptr >= '0' && *v.ptr <= '9'));
}

struct scan_value kinds_plain(struct scan_value v)
{
    if (!kinds_is_text(v) || memchr(v.ptr, '\\', v.len))
        return (struct scan_value){0};
    return (struct scan_value){v.ptr + 1, v.len - 2};
}

static bool begins(struct scan_value v, const char *with)
{
    size_t len = strlen(with);
    return kinds_is_text(v) && v.len >= len + 2 && memcmp(v.ptr + 1, with, len) == 0;
}

static bool is(struct scan_value v, const char *text)
{
    return v.len == strlen(text) + 2 && begins(v, text);
}

static size_t find_member(struct scan_value key)
{
    size_t i = 0;
    while (i < MEMBER_COUNT &&
           (strlen(names[i]) != key.len || memcmp(names[i], key.ptr, key.len) != 0))
        i++;
    return i;
}

bool kinds_collect(const char *text, size_t len, struct kinds_top *out)
{
    struct scan_value document = {text, len}, key, value;
    *out = (struct kinds_top){0};
    if (len < 2 || *text != '{')
        return false;
    for (size_t at = 0; scan_next(document, &at, &key, &value);) {
        size_t member = find_member(key);
        if (member == MEMBER_COUNT)
            out->unknown++;
        else if (!out->v[member].ptr)
            out->v[member] = value;
    }
    return true;
}

/* Whether there are no other members than these. */
static bool only(const struct kinds_top *top, uint64_t allowed)
{
    for (size_t i = 0; i < MEMBER_COUNT; i++)
        if (top->v[i].ptr && !(allowed & BIT(i)))
            return false;
    return top->unknown == 0;
}

/* ---- records of invocations -------------------------------------------------------------------
 */

/* Of a destination, the version, the time and the context always have the same members. */
static bool is_invocation(const struct kinds_top *top)
{
    struct scan_value context = top->v[MEMBER_REQUEST_CONTEXT];
    if (!is_object(context) || !kinds_is_text(top->v[MEMBER_VERSION]) ||
        !kinds_is_text(top->v[MEMBER_TIMESTAMP]))
        return false;
    struct scan_value arn = scan_find(context.ptr, context.len, "/functionArn");
    return kinds_is_text(scan_find(context.ptr, context.len, "/requestId")) &&
           kinds_is_text(scan_find(context.ptr, context.len, "/condition")) &&
           kinds_is_number(scan_find(context.ptr, context.len, "/approximateInvokeCount")) &&
           begins(arn, "arn:") && memmem(arn.ptr, arn.len, ":lambda:", 8);
}

static unsigned of_invocation(const struct kinds_top *top)
{
    if (!is_invocation(top))
        return 0;
    bool batch = is_object(top->v[MEMBER_KINESIS_BATCH]) ||
                 is_object(top->v[MEMBER_DYNAMODB_BATCH]) || is_object(top->v[MEMBER_KAFKA_BATCH]);
    unsigned found = batch ? KINDS_STREAM_FAILURE : 0;
    return !batch || top->v[MEMBER_REQUEST_PAYLOAD].ptr ? found | KINDS_DESTINATION : found;
}

/* The record inside the event of an event bus. */
static bool open_bus(const struct kinds_top *top, struct kinds_top *out)
{
    struct scan_value detail = top->v[MEMBER_DETAIL];
    return is(top->v[MEMBER_SOURCE], "lambda") &&
           begins(top->v[MEMBER_DETAIL_TYPE], "Lambda Function Invocation Result - ") &&
           is_object(detail) && kinds_collect(detail.ptr, detail.len, out) && of_invocation(out);
}

static unsigned of_record(const struct kinds_top *top)
{
    struct kinds_top inside;
    unsigned found = of_invocation(top);
    return open_bus(top, &inside) ? found | of_invocation(&inside) : found;
}

/* ---- messages of queues and topics ------------------------------------------------------------
 */

static bool is_message(const struct kinds_top *top)
{
    return kinds_is_text(top->v[MEMBER_MESSAGE_ID]) &&
           kinds_is_text(top->v[MEMBER_RECEIPT_HANDLE]) &&
           kinds_is_text(top->v[MEMBER_MD5_OF_BODY]) && kinds_is_text(top->v[MEMBER_BODY]) &&
           only(top, BIT(MEMBER_MESSAGE_ID) | BIT(MEMBER_RECEIPT_HANDLE) | BIT(MEMBER_MD5_OF_BODY) |
                         BIT(MEMBER_BODY) | BIT(MEMBER_ATTRIBUTES) | BIT(MEMBER_MD5_OF_ATTRIBUTES) |
                         BIT(MEMBER_MESSAGE_ATTRIBUTES));
}

static bool is_notification(const struct kinds_top *top)
{
    return is(top->v[MEMBER_TOPIC_TYPE], "Notification") &&
           kinds_is_text(top->v[MEMBER_MESSAGE_ID]) && begins(top->v[MEMBER_TOPIC_ARN], "arn:") &&
           kinds_is_text(top->v[MEMBER_TOPIC_MESSAGE]) &&
           kinds_is_text(top->v[MEMBER_TOPIC_TIMESTAMP]);
}

static struct scan_value attribute(const struct kinds_top *top, const char *pointer)
{
    struct scan_value all = top->v[MEMBER_MESSAGE_ATTRIBUTES];
    struct scan_value v = is_object(all) ? scan_find(all.ptr, all.len, pointer) : all;
    return kinds_is_text(v) ? v : (struct scan_value){0};
}

/* The attributes that Lambda gives to a dead letter, and nothing else does. */
static bool take_attributes(const struct kinds_top *top, bool topic, struct kinds_content *out)
{
    out->request_id = attribute(top, topic ? "/RequestID/Value" : "/RequestID/StringValue");
    out->code = attribute(top, topic ? "/ErrorCode/Value" : "/ErrorCode/StringValue");
    out->message = attribute(top, topic ? "/ErrorMessage/Value" : "/ErrorMessage/StringValue");
    return out->request_id.ptr && out->code.ptr && out->message.ptr;
}

static struct scan_value unescape(struct scan_value v)
{
    long len = scan_unescape(v, scan_writable(v));
    return (struct scan_value){v.ptr, len < 0 ? 0 : (size_t)len};
}

void kinds_open(char *text, size_t len, struct kinds_content *out)
{
    struct scan_value at = {text, len};
    bool queue = true, topic = true;
    unsigned carried = 0;
    *out = (struct kinds_content){0};
    while (kinds_collect(at.ptr, at.len, &out->top)) {
        bool message = queue && is_message(&out->top);
        if (!message && !(topic && is_notification(&out->top)))
            break;
        bool letter = take_attributes(&out->top, !message, out);
        at = unescape(out->top.v[message ? MEMBER_BODY : MEMBER_TOPIC_MESSAGE]);
        if (letter) {
            out->kinds = KINDS_DEAD_LETTER;
            out->text = at;
            return;
        }
        carried = message || carried == KINDS_QUEUE ? KINDS_QUEUE : KINDS_TOPIC;
        queue = false;
        topic = message; /* a queue may be subscribed to a topic, not a topic to a queue */
    }
    struct kinds_top inside;
    out->text = at;
    out->kinds = of_record(&out->top);
    if (!of_invocation(&out->top) && open_bus(&out->top, &inside))
        out->top = inside;
    if (!out->kinds)
        out->kinds = carried;
}

/* Of a message that has to be unescaped first; text stays as it is. */
static unsigned of_carrier(const char *text, size_t len)
{
    struct kinds_content inside;
    AUTO_FREE char *copy = malloc(len + 1);
    if (!copy)
        return KINDS_UNREAD;
    memcpy(copy, text, len);
    copy[len] = '\0';
    kinds_open(copy, len, &inside);
    return inside.kinds;
}

static struct scan_value first_of(struct scan_value list)
{
    struct scan_value key, value;
    size_t at = 0;
    bool some = is_array(list) && scan_next(list, &at, &key, &value);
    return some && is_object(value) ? value : (struct scan_value){0};
}

static bool is_messages(const struct kinds_top *top)
{
    struct kinds_top message;
    struct scan_value first = first_of(top->v[MEMBER_MESSAGES]);
    return first.ptr && only(top, BIT(MEMBER_MESSAGES)) &&
           kinds_collect(first.ptr, first.len, &message) && is_message(&message);
}

static unsigned of_messages(const struct kinds_top *top, const char *text, size_t len)
{
    if (is_messages(top)) {
        struct scan_value first = first_of(top->v[MEMBER_MESSAGES]);
        return of_carrier(first.ptr, first.len);
    }
    return is_message(top) || is_notification(top) ? of_carrier(text, len) : 0;
}

/* ---- logs and streams -------------------------------------------------------------------------
 */

static bool is_log_event(const struct kinds_top *top)
{
    return kinds_is_number(top->v[MEMBER_TIMESTAMP]) && kinds_is_text(top->v[MEMBER_MESSAGE]) &&
           kinds_is_number(top->v[MEMBER_INGESTION]) &&
           only(top, BIT(MEMBER_TIMESTAMP) | BIT(MEMBER_MESSAGE) | BIT(MEMBER_INGESTION) |
                         BIT(MEMBER_EVENT_ID) | BIT(MEMBER_STREAM));
}

static bool is_log_page(const struct kinds_top *top)
{
    struct kinds_top event;
    struct scan_value events = top->v[MEMBER_EVENTS], first = first_of(events);
    if (!is_array(events) ||
        !only(top, BIT(MEMBER_EVENTS) | BIT(MEMBER_SEARCHED) | BIT(MEMBER_NEXT_TOKEN) |
                       BIT(MEMBER_NEXT_FORWARD) | BIT(MEMBER_NEXT_BACKWARD)))
        return false;
    if (first.ptr)
        return kinds_collect(first.ptr, first.len, &event) && is_log_event(&event);
    struct scan_value key, value;
    size_t at = 0;
    return !scan_next(events, &at, &key, &value) &&
           (is_array(top->v[MEMBER_SEARCHED]) || kinds_is_text(top->v[MEMBER_NEXT_FORWARD]));
}

static bool is_log_line(const struct kinds_top *top)
{
    return kinds_is_text(top->v[MEMBER_TIME]) && begins(top->v[MEMBER_TYPE], "platform.") &&
           top->v[MEMBER_RECORD].ptr &&
           only(top, BIT(MEMBER_TIME) | BIT(MEMBER_TYPE) | BIT(MEMBER_RECORD));
}

bool kinds_is_log_line(const char *text, size_t len, struct kinds_top *out)
{
    return kinds_collect(text, len, out) && is_log_line(out);
}

bool kinds_is_log_event(const char *text, size_t len, struct kinds_top *out)
{
    return kinds_collect(text, len, out) && is_log_event(out);
}

static bool is_kinesis_record(const struct kinds_top *top)
{
    return kinds_is_text(top->v[MEMBER_SEQUENCE_NUMBER]) && kinds_is_text(top->v[MEMBER_DATA]) &&
           kinds_is_text(top->v[MEMBER_PARTITION_KEY]) &&
           only(top, BIT(MEMBER_SEQUENCE_NUMBER) | BIT(MEMBER_ARRIVAL) | BIT(MEMBER_DATA) |
                         BIT(MEMBER_PARTITION_KEY) | BIT(MEMBER_ENCRYPTION));
}

/* In an event it would have eventSourceARN. */
static bool is_change(const struct kinds_top *top)
{
    return kinds_is_text(top->v[MEMBER_CHANGE_ID]) && kinds_is_text(top->v[MEMBER_CHANGE_NAME]) &&
           is(top->v[MEMBER_EVENT_SOURCE], "aws:dynamodb") && is_object(top->v[MEMBER_CHANGE]) &&
           only(top, BIT(MEMBER_CHANGE_ID) | BIT(MEMBER_CHANGE_NAME) | BIT(MEMBER_CHANGE_VERSION) |
                         BIT(MEMBER_EVENT_SOURCE) | BIT(MEMBER_REGION) | BIT(MEMBER_CHANGE) |
                         BIT(MEMBER_IDENTITY));
}

/* The last page of a closed shard of DynamoDB tells neither: it may as well be an event. */
static bool is_stream_page(const struct kinds_top *top)
{
    return is_array(top->v[MEMBER_RECORDS]) && (kinds_is_number(top->v[MEMBER_MILLIS_BEHIND]) ||
                                                kinds_is_text(top->v[MEMBER_NEXT_ITERATOR]));
}

static bool is_stream_records(const struct kinds_top *top)
{
    return is_stream_page(top) || is_kinesis_record(top) || is_change(top);
}

bool kinds_is_message(const char *text, size_t len)
{
    struct kinds_top top;
    return kinds_collect(text, len, &top) && is_message(&top);
}

bool kinds_is_kinesis_record(const char *text, size_t len)
{
    struct kinds_top top;
    return kinds_collect(text, len, &top) && is_kinesis_record(&top);
}

bool kinds_is_change(const char *text, size_t len)
{
    struct kinds_top top;
    return kinds_collect(text, len, &top) && is_change(&top);
}

/* A list of nothing but changes: a page, where somebody says that it is one. */
static bool is_last_page(const struct kinds_top *top)
{
    struct scan_value first = first_of(top->v[MEMBER_RECORDS]);
    return first.ptr && only(top, BIT(MEMBER_RECORDS)) && kinds_is_change(first.ptr, first.len);
}

struct scan_value kinds_page(const char *text, size_t len)
{
    struct kinds_top top;
    if (!kinds_collect(text, len, &top))
        return (struct scan_value){0};
    if (is_messages(&top))
        return top.v[MEMBER_MESSAGES];
    if (is_stream_page(&top) || is_last_page(&top))
        return top.v[MEMBER_RECORDS];
    return is_log_page(&top) ? top.v[MEMBER_EVENTS] : (struct scan_value){0};
}

unsigned kinds_of(const char *text, size_t len)
{
    struct kinds_top top;
    if (!kinds_collect(text, len, &top))
        return 0;
    unsigned found = of_record(&top) | of_messages(&top, text, len);
    if (kinds_is_number(top.v[MEMBER_RECORDING]))
        found |= KINDS_RECORDING;
    if (kinds_is_number(top.v[MEMBER_HISTORY]))
        found |= KINDS_HISTORY;
    if (is_log_page(&top) || is_log_event(&top) || is_log_line(&top))
        found |= KINDS_LOG;
    return is_stream_records(&top) ? found | KINDS_STREAM_RECORDS : found;
}

const char *kinds_name(unsigned kinds)
{
    static const char *const known[] = {
        "a record of a destination", "a failure record of a stream", "a dead-letter message",
        "a part of a log",           "a message of a queue",         "records of a stream",
        "a line of a recording",     "a notification of a topic",    "a line of a history",
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (kinds & 1u << i)
            return known[i];
    return "an event";
}

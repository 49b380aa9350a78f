/* SPDX-License-Identifier: Apache-2.0 */
/* What AWS's command line prints of messages and records, as records of events. Where it has no
 * name for something, the stand-ins of 'clambda event' are written. */
#include <string.h>

#include "mapping/members.h"
#include "mapping/records.h"
#include "mapping/times.h"

#define ACCOUNT  "123456789012"
#define REGION   "us-east-1"
#define QUEUE    "arn:aws:sqs:" REGION ":" ACCOUNT ":example-queue"
#define STREAM   "arn:aws:kinesis:" REGION ":" ACCOUNT ":stream/example-stream"
#define ROLE     "arn:aws:iam::" ACCOUNT ":role/example-role"
#define TABLE    ":" ACCOUNT ":table/example-table/stream/2026-01-15T09:30:00.000"
#define TIME_MS  1768469400000 /* 2026-01-15T09:30:00.000Z: of the first; each a second later */
#define RECEIVED 5             /* milliseconds after it was sent */

static int fail(struct err *err, const char *member, const char *what)
{
    return err_set(err, ERR_INPUT, "%s has to be %s", member, what);
}

static void add_view(struct buf *out, struct scan_value v)
{
    buf_add(out, v.ptr, v.len);
}

/* ,"NAME":VALUE */
static void add_member(struct buf *out, const char *name, struct scan_value value)
{
    buf_addf(out, ",\"%s\":", name);
    add_view(out, value);
}

static bool is_text(struct scan_value v)
{
    return v.ptr && *v.ptr == '"';
}

static bool is_object(struct scan_value v)
{
    return v.ptr && *v.ptr == '{';
}

/* ---- messages ---------------------------------------------------------------------------------
 */

/* What Lambda asks the queue for; without --attribute-names All it is not printed. */
static void add_attributes(struct buf *out, struct scan_value attributes, size_t number)
{
    static const char *const names[] = {"ApproximateReceiveCount", "SentTimestamp", "SenderId",
                                        "ApproximateFirstReceiveTimestamp"};
    struct scan_value v[ARRAY_LEN(names)], key, value;
    const long long sent = TIME_MS + (long long)number * 1000;
    const char *before = "";
    members_find(attributes, names, ARRAY_LEN(names), v);
    buf_adds(out, ",\"attributes\":{");
    for (size_t at = 0; scan_next(attributes, &at, &key, &value); before = ",") {
        buf_addf(out, "%s\"", before);
        add_view(out, key);
        buf_adds(out, "\":");
        add_view(out, value);
    }
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (v[i].ptr)
            continue;
        buf_addf(out, "%s\"%s\":", before, names[i]);
        if (i == 0)
            buf_adds(out, "\"1\"");
        else if (i == 2)
            buf_adds(out, "\"AIDAEXAMPLEEXAMPLE123\"");
        else
            buf_addf(out, "\"%lld\"", i == 1 ? sent : sent + RECEIVED);
        before = ",";
    }
    buf_addc(out, '}');
}

static int add_message_attribute(struct buf *out, struct scan_value key, struct scan_value value,
                                 struct err *err)
{
    static const char *const names[] = {"StringValue", "BinaryValue", "DataType"};
    struct scan_value v[ARRAY_LEN(names)];
    members_find(value, names, ARRAY_LEN(names), v);
    if (!is_text(v[2]) || (!is_text(v[0]) && !is_text(v[1])))
        return fail(err, "every one of MessageAttributes",
                    "an object with DataType and StringValue or BinaryValue");
    buf_addc(out, '"');
    add_view(out, key);
    buf_adds(out, "\":{");
    if (is_text(v[0])) {
        buf_adds(out, "\"stringValue\":");
        add_view(out, v[0]);
        buf_addc(out, ',');
    }
    if (is_text(v[1])) {
        buf_adds(out, "\"binaryValue\":");
        add_view(out, v[1]);
        buf_addc(out, ',');
    }
    buf_adds(out, "\"stringListValues\":[],\"binaryListValues\":[],\"dataType\":");
    add_view(out, v[2]);
    buf_addc(out, '}');
    return 0;
}

static int add_message_attributes(struct buf *out, struct scan_value all, struct err *err)
{
    struct scan_value key, value;
    bool first = true;
    buf_adds(out, ",\"messageAttributes\":{");
    for (size_t at = 0; scan_next(all, &at, &key, &value); first = false) {
        if (!first)
            buf_addc(out, ',');
        if (add_message_attribute(out, key, value, err) < 0)
            return -1;
    }
    buf_addc(out, '}');
    return 0;
}

static int output_message(struct scan_value text, size_t number, struct buf *out, struct err *err)
{
    static const char *const names[] = {
        "MessageId", "ReceiptHandle",         "Body", "Attributes", "MessageAttributes",
        "MD5OfBody", "MD5OfMessageAttributes"};
    struct scan_value v[ARRAY_LEN(names)];
    members_find(text, names, ARRAY_LEN(names), v);
    for (size_t i = 0; i < 3; i++)
        if (!is_text(v[i]))
            return fail(err, names[i], "a text");
    if ((v[3].ptr && !is_object(v[3])) || (v[4].ptr && !is_object(v[4])))
        return fail(err, "Attributes, MessageAttributes", "objects");
    struct scan_value group = {0}, sequence = {0};
    if (v[3].ptr) {
        group = scan_find(v[3].ptr, v[3].len, "/MessageGroupId");
        sequence = scan_find(v[3].ptr, v[3].len, "/SequenceNumber");
    }
    buf_adds(out, "{\"messageId\":");
    add_view(out, v[0]);
    add_member(out, "receiptHandle", v[1]);
    add_member(out, "body", v[2]);
    add_attributes(out, v[3], number);
    if (add_message_attributes(out, v[4], err) < 0)
        return -1;
    if (is_text(v[6]))
        add_member(out, "md5OfMessageAttributes", v[6]);
    if (is_text(v[5]))
        add_member(out, "md5OfBody", v[5]);
    buf_addf(out, ",\"eventSource\":\"aws:sqs\",\"eventSourceARN\":\"%s%s\",\"awsRegion\":\"%s\"}",
             QUEUE, is_text(group) && is_text(sequence) ? ".fifo" : "", REGION);
    return 0;
}

/* ---- streams ----------------------------------------------------------------------------------
 */

/* Version 1 of the command line prints numbers of seconds, version 2 texts of ISO 8601. */
static int64_t time_of(struct scan_value v, size_t number)
{
    int64_t ms;
    return times_value(v, 1000, &ms) ? ms : TIME_MS + (int64_t)number * 1000;
}

static int output_kinesis(struct scan_value text, size_t number, struct buf *out, struct err *err)
{
    static const char *const names[] = {"SequenceNumber", "PartitionKey", "Data",
                                        "ApproximateArrivalTimestamp", "EncryptionType"};
    struct scan_value v[ARRAY_LEN(names)];
    members_find(text, names, ARRAY_LEN(names), v);
    if (!is_text(v[0]) || v[0].len < 3)
        return fail(err, "SequenceNumber", "a text");
    if (!is_text(v[1]))
        return fail(err, "PartitionKey", "a text");
    if (!is_text(v[2]) || !members_is_base64(members_text(v[2])))
        return fail(err, "Data", "base64");
    const int64_t ms = time_of(v[3], number);
    struct scan_value sequence = members_text(v[0]), encryption = members_text(v[4]);
    buf_adds(out, "{\"kinesis\":{\"kinesisSchemaVersion\":\"1.0\"");
    add_member(out, "partitionKey", v[1]);
    add_member(out, "sequenceNumber", v[0]);
    add_member(out, "data", v[2]);
    buf_addf(out, ",\"approximateArrivalTimestamp\":%lld.%03d", (long long)(ms / 1000),
             (int)(ms % 1000));
    if (encryption.ptr && !members_equal(encryption, "NONE"))
        add_member(out, "encryptionType", v[4]);
    buf_addf(out, "},\"eventSource\":\"aws:kinesis\",\"eventVersion\":\"1.0\",\"eventID\":\"%s:",
             RECORDS_SHARD_STANDIN);
    add_view(out, sequence);
    buf_addf(out,
             "\",\"eventName\":\"aws:kinesis:record\",\"invokeIdentityArn\":\"%s\","
             "\"awsRegion\":\"%s\",\"eventSourceARN\":\"%s\"}",
             ROLE, REGION, STREAM);
    return 0;
}

/* Who removed an item whose time was over; the interface and events differ in the first letter. */
static void add_identity(struct buf *out, struct scan_value identity)
{
    static const char *const names[] = {"PrincipalId", "Type", "principalId", "type"};
    struct scan_value v[ARRAY_LEN(names)];
    members_find(identity, names, ARRAY_LEN(names), v);
    struct scan_value principal = v[0].ptr ? v[0] : v[2], type = v[1].ptr ? v[1] : v[3];
    if (!is_text(principal) || !is_text(type))
        return;
    buf_adds(out, ",\"userIdentity\":{\"principalId\":");
    add_view(out, principal);
    add_member(out, "type", type);
    buf_addc(out, '}');
}

/* All of it as it is, but for the time, which events have in whole seconds. */
static int add_change(struct buf *out, struct scan_value change, size_t number, struct err *err)
{
    static const char time_name[] = "ApproximateCreationDateTime";
    struct scan_value key, value;
    struct scan_value keys = scan_find(change.ptr, change.len, "/Keys");
    if (!is_text(scan_find(change.ptr, change.len, "/SequenceNumber")) || !is_object(keys))
        return fail(err, "dynamodb", "an object with SequenceNumber and Keys");
    struct scan_value time = scan_find(change.ptr, change.len, "/ApproximateCreationDateTime");
    buf_addf(out, ",\"dynamodb\":{\"%s\":%lld", time_name,
             (long long)(time_of(time, number) / 1000));
    for (size_t at = 0; scan_next(change, &at, &key, &value);) {
        if (members_equal(key, time_name))
            continue;
        buf_adds(out, ",\"");
        add_view(out, key);
        buf_adds(out, "\":");
        add_view(out, value);
    }
    buf_addc(out, '}');
    return 0;
}

static int output_dynamodb(struct scan_value text, size_t number, struct buf *out, struct err *err)
{
    static const char *const names[] = {"eventID",   "eventName", "eventVersion",
                                        "awsRegion", "dynamodb",  "userIdentity"};
    struct scan_value v[ARRAY_LEN(names)];
    members_find(text, names, ARRAY_LEN(names), v);
    for (size_t i = 0; i < 2; i++)
        if (!is_text(v[i]))
            return fail(err, names[i], "a text");
    if (!is_object(v[4]))
        return fail(err, "dynamodb", "an object with SequenceNumber and Keys");
    struct scan_value region = members_text(v[3]);
    if (!region.ptr || !region.len)
        region = (struct scan_value){REGION, sizeof REGION - 1};
    buf_adds(out, "{\"eventID\":");
    add_view(out, v[0]);
    add_member(out, "eventName", v[1]);
    if (is_text(v[2]))
        add_member(out, "eventVersion", v[2]);
    else
        buf_adds(out, ",\"eventVersion\":\"1.1\"");
    buf_adds(out, ",\"eventSource\":\"aws:dynamodb\",\"awsRegion\":\"");
    add_view(out, region);
    buf_addc(out, '"');
    if (add_change(out, v[4], number, err) < 0)
        return -1;
    add_identity(out, v[5]);
    buf_adds(out, ",\"eventSourceARN\":\"arn:aws:dynamodb:");
    add_view(out, region);
    buf_adds(out, TABLE "\"}");
    return 0;
}

int records_from_output(enum mapping_source source, const char *text, size_t len, size_t number,
                        struct buf *out, bool *out_timed, struct err *err)
{
    static const struct {
        const char *pointer, *name;
        enum times_form form;
    } times[MAPPING_SOURCE_COUNT] = {
        [MAPPING_SQS] = {"/Attributes/SentTimestamp", "Attributes.SentTimestamp",
                         TIMES_MILLISECONDS},
        [MAPPING_KINESIS] = {"/ApproximateArrivalTimestamp", "ApproximateArrivalTimestamp",
                             TIMES_SECONDS},
        [MAPPING_DYNAMODB] = {"/dynamodb/ApproximateCreationDateTime",
                              "dynamodb.ApproximateCreationDateTime", TIMES_SECONDS}};
    struct scan_value v = scan_find(text, len, "");
    int64_t ms = RECORDS_NO_TIME;
    if (!is_object(v))
        return fail(err, "a message or record", "an object");
    if (times_take(times[source].name, scan_find(text, len, times[source].pointer),
                   times[source].form, &ms, err) < 0)
        return -1;
    *out_timed = ms != RECORDS_NO_TIME;
    if (source == MAPPING_SQS)
        return output_message(v, number, out, err);
    return source == MAPPING_DYNAMODB ? output_dynamodb(v, number, out, err)
                                      : output_kinesis(v, number, out, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/md5.h"
#include "cmd/event_source.h"

#define FIFO_BATCH_MAX 10 /* records of one invocation from a FIFO queue */
#define TEXT_MAX       (8u << 20)

enum { BODY, RECORDS, QUEUE, GROUP, RECEIVES, TRACE, REGION, TIME };

static const struct event_key keys[] = {
    [BODY] = {"body", "{\"orderId\":\"order-{n}\",\"item\":\"book\",\"quantity\":{n}}", EVENT_FILE,
              0, 0, "body of the messages, or @FILE"},
    [RECORDS] = {"records", "1", EVENT_COUNT, 1, EVENT_RECORDS_MAX, "number of messages"},
    [QUEUE] = {"queue", "example-queue", EVENT_TEXT, 0, 0, "name of the queue"},
    [GROUP] = {"group", "", EVENT_TEXT, 0, 0, "message group id; makes it a FIFO queue"},
    [RECEIVES] = {"receives", "1", EVENT_COUNT, 1, 1000000, "deliveries so far"},
    [TRACE] = {"trace", "", EVENT_TEXT, 0, 0, "X-Ray trace header of the sender"},
    [REGION] = {"region", "us-east-1", EVENT_TEXT, 0, 0, "AWS region"},
    [TIME] = {"time", "2026-01-15T09:30:00.000Z", EVENT_TIME, 0, 0,
              "when it was sent: RFC 3339 in UTC, Unix milliseconds or now"},
};

static bool is_fifo(const struct event_values *v)
{
    return v->text[GROUP].len > 0;
}

static int check(const struct event_values *v, struct err *err)
{
    if (is_fifo(v) && v->number[RECORDS] > FIFO_BATCH_MAX)
        return err_set(err, ERR_USAGE,
                       "records=%" PRId64 ": a batch from a FIFO queue (group=) has at most %d",
                       v->number[RECORDS], FIFO_BATCH_MAX);
    return 0;
}

static void write_attributes(const struct event_values *v, int64_t n, struct buf *out)
{
    buf_addf(out, ",\"attributes\":{\"ApproximateReceiveCount\":\"%" PRId64 "\"",
             v->number[RECEIVES]);
    if (v->text[TRACE].len)
        event_member(out, "AWSTraceHeader", v->text[TRACE].ptr);
    buf_addf(out, ",\"SentTimestamp\":\"%" PRId64 "\"", v->number[TIME]);
    if (is_fifo(v)) {
        AUTO_BUF struct buf group;
        buf_init(&group, TEXT_MAX);
        event_expand(v->text[GROUP], n, &group);
        buf_addf(out, ",\"SequenceNumber\":\"188%017" PRId64 "\"", n);
        buf_inherit(out, &group);
        event_member(out, "MessageGroupId", group.ptr ? group.ptr : "");
    }
    buf_adds(out, ",\"SenderId\":\"AIDAEXAMPLEEXAMPLE123\"");
    if (is_fifo(v)) {
        char id[33];
        event_digits("deduplication", n, id);
        event_member(out, "MessageDeduplicationId", id);
    }
    buf_addf(out, ",\"ApproximateFirstReceiveTimestamp\":\"%" PRId64 "\"}", v->number[TIME] + 5);
}

static void add_sized(struct buf *out, const char *text)
{
    size_t len = strlen(text);
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_addc(out, (char)(len >> shift & 0xff));
    buf_add(out, text, len);
}

static int by_name(const void *a, const void *b)
{
    const struct event_attribute *x = a, *y = b;
    return strcmp(x->name, y->name);
}

/* The digest that SQS documents: attributes in the order of their names, each with name, type, kind
 * (1: text) and value, lengths before the texts. */
static void write_attributes_md5(const struct event_values *v, struct buf *out)
{
    char digest[33];
    struct event_attribute sorted[EVENT_ATTRIBUTES_MAX];
    memcpy(sorted, v->attributes, v->nattributes * sizeof *sorted);
    qsort(sorted, v->nattributes, sizeof *sorted, by_name);
    AUTO_BUF struct buf text;
    buf_init(&text, TEXT_MAX);
    for (size_t i = 0; i < v->nattributes; i++) {
        add_sized(&text, sorted[i].name);
        add_sized(&text, "String");
        buf_addc(&text, 1);
        add_sized(&text, sorted[i].value);
    }
    md5_hex(text.ptr, text.len, digest);
    buf_inherit(out, &text);
    event_member(out, "md5OfMessageAttributes", digest);
}

static void write_message_attributes(const struct event_values *v, struct buf *out)
{
    buf_adds(out, ",\"messageAttributes\":{");
    for (size_t i = 0; i < v->nattributes; i++) {
        if (i)
            buf_addc(out, ',');
        buf_add_json_string(out, v->attributes[i].name, strlen(v->attributes[i].name));
        buf_adds(out, ":{\"stringValue\":");
        buf_add_json_string(out, v->attributes[i].value, strlen(v->attributes[i].value));
        buf_adds(out, ",\"stringListValues\":[],\"binaryListValues\":[],\"dataType\":\"String\"}");
    }
    buf_addc(out, '}');
    if (v->nattributes)
        write_attributes_md5(v, out);
}

static void write_queue(const struct event_values *v, struct buf *out)
{
    AUTO_BUF struct buf arn;
    buf_init(&arn, TEXT_MAX);
    size_t len = v->text[QUEUE].len;
    bool suffix = len >= 5 && strcmp(v->text[QUEUE].ptr + len - 5, ".fifo") == 0;
    buf_addf(&arn, "arn:aws:sqs:%s:" EVENT_ACCOUNT ":%s%s", v->text[REGION].ptr, v->text[QUEUE].ptr,
             is_fifo(v) && !suffix ? ".fifo" : "");
    buf_adds(out, ",\"eventSource\":\"aws:sqs\"");
    buf_inherit(out, &arn);
    event_member(out, "eventSourceARN", arn.ptr ? arn.ptr : "");
    event_member(out, "awsRegion", v->text[REGION].ptr);
}

static void write_record(const struct event_values *v, int64_t n, struct buf *out)
{
    char id[33], handle[33], digest[33];
    event_digits("message", n, id);
    event_digits("receipt", n, handle);
    AUTO_BUF struct buf body;
    buf_init(&body, TEXT_MAX);
    event_expand(v->text[BODY], n, &body);
    buf_inherit(out, &body);
    buf_addf(out, "{\"messageId\":\"%.8s-%.4s-4%.3s-a%.3s-%.12s\"", id, id + 8, id + 13, id + 17,
             id + 20);
    buf_addf(out, ",\"receiptHandle\":\"AQEB%s%s==\",\"body\":", handle, id);
    buf_add_json_string(out, body.ptr ? body.ptr : "", body.len);
    write_attributes(v, n, out);
    write_message_attributes(v, out);
    md5_hex(body.ptr, body.len, digest);
    event_member(out, "md5OfBody", digest);
    write_queue(v, out);
    buf_addc(out, '}');
}

const struct event_source event_sqs = {
    .name = "sqs",
    .summary = "a batch of messages from an SQS queue",
    .keys = keys,
    .nkeys = ARRAY_LEN(keys),
    .attributes = true,
    .records = RECORDS,
    .check = check,
    .record = write_record,
};

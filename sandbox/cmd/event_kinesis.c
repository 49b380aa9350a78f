/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/base64.h"
#include "base/iso.h"
#include "cmd/event_source.h"

#define TEXT_MAX (8u << 20)
#define SHARD    "shardId-000000000006"

enum { DATA, PARTITION_KEY, RECORDS, STREAM, WINDOW, STATE, FINAL, REGION, TIME };

static const struct event_key keys[] = {
    [DATA] = {"data", "{\"sensor\":\"kitchen\",\"value\":{n}}", EVENT_FILE, 0, 0,
              "data of the records before base64, or @FILE"},
    [PARTITION_KEY] = {"partition-key", "kitchen", EVENT_TEXT, 0, 0, "partition key"},
    [RECORDS] = {"records", "1", EVENT_COUNT, 0, EVENT_RECORDS_MAX, "number of records"},
    [STREAM] = {"stream", "example-stream", EVENT_TEXT, 0, 0, "name of the stream"},
    [WINDOW] = {"window", "0", EVENT_COUNT, 0, 900, "seconds of a tumbling window; 0: none"},
    [STATE] = {"state", "{}", EVENT_JSON, 0, 0, "state of the window so far, as JSON"},
    [FINAL] = {"final", "false", EVENT_BOOL, 0, 0, "whether this is the window's last call"},
    [REGION] = {"region", "us-east-1", EVENT_TEXT, 0, 0, "AWS region"},
    [TIME] = {"time", "2026-01-15T09:30:00.000Z", EVENT_TIME, 0, 0,
              "when it arrived: RFC 3339 in UTC, Unix milliseconds or now"},
};

static int check(const struct event_values *v, struct err *err)
{
    if (v->number[RECORDS] == 0 && (v->number[WINDOW] == 0 || !v->number[FINAL]))
        return err_set(err, ERR_USAGE,
                       "records=0: only the last call of a window (window=, final=true) has none");
    return 0;
}

static void add_base64(struct buf *out, const struct buf *data)
{
    buf_addc(out, '"');
    char *room = buf_reserve(out, BASE64_ENCODED(data->len));
    if (room)
        out->len += base64_encode(data->ptr, data->len, room);
    buf_addc(out, '"');
}

static void add_arn(const struct event_values *v, struct buf *out)
{
    AUTO_BUF struct buf arn;
    buf_init(&arn, TEXT_MAX);
    buf_addf(&arn, "arn:aws:kinesis:%s:" EVENT_ACCOUNT ":stream/%s", v->text[REGION].ptr,
             v->text[STREAM].ptr);
    buf_inherit(out, &arn);
    event_member(out, "eventSourceARN", arn.ptr ? arn.ptr : "");
}

static void write_record(const struct event_values *v, int64_t n, struct buf *out)
{
    AUTO_BUF struct buf key, data;
    buf_init(&key, TEXT_MAX);
    buf_init(&data, TEXT_MAX);
    event_expand(v->text[PARTITION_KEY], n, &key);
    event_expand(v->text[DATA], n, &data);
    buf_inherit(out, &key);
    buf_inherit(out, &data);
    char sequence[64];
    snprintf(sequence, sizeof sequence, "49671234567890123456789012345678901234%018" PRId64, n);
    buf_adds(out, "{\"kinesis\":{\"kinesisSchemaVersion\":\"1.0\"");
    event_member(out, "partitionKey", key.ptr ? key.ptr : "");
    event_member(out, "sequenceNumber", sequence);
    buf_adds(out, ",\"data\":");
    add_base64(out, &data);
    buf_addf(out, ",\"approximateArrivalTimestamp\":%" PRId64 ".%03d}", v->number[TIME] / 1000,
             (int)(v->number[TIME] % 1000));
    buf_addf(out,
             ",\"eventSource\":\"aws:kinesis\",\"eventVersion\":\"1.0\",\"eventID\":\"" SHARD
             ":%s\"",
             sequence);
    buf_adds(out, ",\"eventName\":\"aws:kinesis:record\",\"invokeIdentityArn\":"
                  "\"arn:aws:iam::" EVENT_ACCOUNT ":role/example-role\"");
    event_member(out, "awsRegion", v->text[REGION].ptr);
    add_arn(v, out);
    buf_addc(out, '}');
}

static void write_tail(const struct event_values *v, struct buf *out)
{
    if (v->number[WINDOW] == 0)
        return;
    int64_t length = v->number[WINDOW] * 1000;
    int64_t start = v->number[TIME] / length * length;
    char from[ISO_TEXT_MAX], to[ISO_TEXT_MAX];
    iso_write(start, ISO_MILLIS, from);
    iso_write(start + length, ISO_MILLIS, to);
    buf_addf(out, ",\"window\":{\"start\":\"%.19sZ\",\"end\":\"%.19sZ\"},\"state\":", from, to);
    buf_add(out, v->text[STATE].ptr, v->text[STATE].len);
    buf_adds(out, ",\"shardId\":\"" SHARD "\"");
    add_arn(v, out);
    buf_addf(out, ",\"isFinalInvokeForWindow\":%s,\"isWindowTerminatedEarly\":false",
             v->number[FINAL] ? "true" : "false");
}

const struct event_source event_kinesis = {
    .name = "kinesis",
    .summary = "a batch of records from a Kinesis data stream",
    .keys = keys,
    .nkeys = ARRAY_LEN(keys),
    .records = RECORDS,
    .check = check,
    .record = write_record,
    .tail = write_tail,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/attr.h"
#include "base/iso.h"
#include "cmd/event_source.h"

enum { BUCKET, KEY, SIZE, VERSION, REGION, RECORDS, TIME };

static const struct event_key keys[] = {
    [BUCKET] = {"bucket", "example-bucket", EVENT_TEXT, 0, 0, "name of the bucket"},
    [KEY] = {"key", "incoming/red flower {n}.jpg", EVENT_TEXT, 0, 0,
             "key of the object in plain text; encoded as S3 does"},
    [SIZE] = {"size", "1024", EVENT_COUNT, 0, 53687091200000, "bytes of the object"},
    [VERSION] = {"version", "", EVENT_TEXT, 0, 0, "version id, of a versioned bucket"},
    [REGION] = {"region", "us-east-1", EVENT_TEXT, 0, 0, "AWS region"},
    [RECORDS] = {"records", "1", EVENT_COUNT, 1, EVENT_RECORDS_MAX, "number of records"},
    [TIME] = {"time", "2026-01-15T09:30:00.000Z", EVENT_TIME, 0, 0,
              "when: RFC 3339 in UTC, Unix milliseconds or now"},
};

/* As S3 writes keys in notifications: a form field, but with '/' as it is. */
static void add_form_encoded(struct buf *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     (c && strchr("-_.*/", c));
        if (plain)
            buf_addc(out, c);
        else if (c == ' ')
            buf_addc(out, '+');
        else
            buf_addf(out, "%%%02X", (unsigned)(unsigned char)c);
    }
}

static void write_object(const struct event_values *v, int64_t n, struct buf *out)
{
    char etag[33];
    AUTO_BUF struct buf key;
    buf_init(&key, 1 << 20);
    event_expand(v->text[KEY], n, &key);
    buf_inherit(out, &key);
    event_digits("object", n, etag);
    buf_adds(out, "\"object\":{\"key\":\"");
    add_form_encoded(out, key.ptr, key.len);
    buf_addf(out, "\",\"size\":%" PRId64 ",\"eTag\":\"%s\"", v->number[SIZE], etag);
    if (v->text[VERSION].len)
        event_member(out, "versionId", v->text[VERSION].ptr);
    buf_addf(out, ",\"sequencer\":\"00%016" PRIX64 "\"}", (uint64_t)(v->number[TIME] * 256 + n));
}

static void write_record(const struct event_values *v, int64_t n, struct buf *out)
{
    char time[ISO_TEXT_MAX], id[33], more[33];
    iso_write(v->number[TIME], ISO_MILLIS, time);
    event_digits("request", n, id);
    event_digits("host", n, more);
    for (char *p = id; *p; p++)
        *p = (char)(*p >= 'a' ? *p - 'a' + 'A' : *p);
    buf_adds(out, "{\"eventVersion\":\"2.1\",\"eventSource\":\"aws:s3\"");
    event_member(out, "awsRegion", v->text[REGION].ptr);
    event_member(out, "eventTime", time);
    buf_adds(out, ",\"eventName\":\"ObjectCreated:Put\","
                  "\"userIdentity\":{\"principalId\":\"AWS:AIDAEXAMPLEEXAMPLE123\"},"
                  "\"requestParameters\":{\"sourceIPAddress\":\"127.0.0.1\"}");
    buf_addf(out, ",\"responseElements\":{\"x-amz-request-id\":\"%.16s\",", id);
    buf_addf(out, "\"x-amz-id-2\":\"%s/%s=\"}", id, more);
    buf_adds(out, ",\"s3\":{\"s3SchemaVersion\":\"1.0\",\"configurationId\":\"example-rule\","
                  "\"bucket\":{\"name\":");
    buf_add_json_string(out, v->text[BUCKET].ptr, v->text[BUCKET].len);
    buf_adds(out, ",\"ownerIdentity\":{\"principalId\":\"A3EXAMPLEOWNER\"},\"arn\":");
    AUTO_BUF struct buf arn;
    buf_init(&arn, 1 << 20);
    buf_addf(&arn, "arn:aws:s3:::%s", v->text[BUCKET].ptr);
    buf_inherit(out, &arn);
    buf_add_json_string(out, arn.ptr ? arn.ptr : "", arn.len);
    buf_adds(out, "},");
    write_object(v, n, out);
    buf_adds(out, "}}");
}

const struct event_source event_s3_put = {
    .name = "s3-put",
    .summary = "an object was written to an S3 bucket",
    .keys = keys,
    .nkeys = ARRAY_LEN(keys),
    .records = RECORDS,
    .record = write_record,
};

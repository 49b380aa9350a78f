/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/records.h"

#include <stdio.h>
#include <string.h>

#include "mapping/members.h"
#include "mapping/times.h"

#define ID_MAX      128     /* characters: of a sequence number, of a message's id */
#define MESSAGE_MAX 1048576 /* bytes; AWS docs: Amazon SQS message quotas */

static const char *const event_sources[MAPPING_SOURCE_COUNT] = {
    [MAPPING_SQS] = "aws:sqs",
    [MAPPING_KINESIS] = "aws:kinesis",
    [MAPPING_DYNAMODB] = "aws:dynamodb",
    [MAPPING_KAFKA] = "aws:kafka",
    [MAPPING_S3] = "aws:s3",
};

/* ---- what it is -------------------------------------------------------------------------------
 */

static enum mapping_source source_named(struct scan_value name)
{
    for (int i = 0; i < MAPPING_SOURCE_COUNT; i++)
        if (event_sources[i] && members_equal(name, event_sources[i]))
            return (enum mapping_source)i;
    return MAPPING_ASYNC;
}

/* AWS docs: "Using Lambda with self-managed Apache Kafka" has the first, its older form the second.
 */
static bool is_kafka(struct scan_value name)
{
    return members_equal(name, "aws:kafka") || members_equal(name, "SelfManagedKafka") ||
           members_equal(name, "aws:SelfManagedKafka");
}

/* The last event of a tumbling window may have no records. */
static enum mapping_source source_of_window(const char *event, size_t len)
{
    static const char kinesis[] = ":kinesis:", dynamodb[] = ":dynamodb:";
    struct scan_value arn = members_text(scan_find(event, len, "/eventSourceARN"));
    if (!arn.ptr || !scan_find(event, len, "/window").ptr)
        return MAPPING_ASYNC;
    if (memmem(arn.ptr, arn.len, kinesis, sizeof kinesis - 1))
        return MAPPING_KINESIS;
    return memmem(arn.ptr, arn.len, dynamodb, sizeof dynamodb - 1) ? MAPPING_DYNAMODB
                                                                   : MAPPING_ASYNC;
}

enum mapping_source records_source(const char *event, size_t len)
{
    struct scan_value of_first = scan_find(event, len, "/Records/0/eventSource");
    if (of_first.ptr)
        return source_named(members_text(of_first));
    struct scan_value list = scan_find(event, len, "/Records");
    if (list.ptr && *list.ptr == '[')
        return source_of_window(event, len);
    struct scan_value batches = scan_find(event, len, "/records");
    bool kafka = batches.ptr && *batches.ptr == '{' &&
                 is_kafka(members_text(scan_find(event, len, "/eventSource")));
    return kafka ? MAPPING_KAFKA : MAPPING_ASYNC;
}

static bool has_none(struct scan_value list)
{
    struct scan_value key, value;
    size_t at = 0;
    return list.ptr && (*list.ptr == '[' || *list.ptr == '{') &&
           !scan_next(list, &at, &key, &value);
}

bool records_are_none(const char *event, size_t len)
{
    return records_source(event, len) == MAPPING_ASYNC &&
           (has_none(scan_find(event, len, "/Records")) ||
            has_none(scan_find(event, len, "/records")));
}

/* ---- one record -------------------------------------------------------------------------------
 */

struct split {
    struct record common; /* what all records of the event have */
    size_t number;        /* from 1 */
    int (*each)(void *owner, const struct record *r, struct err *err);
    void *owner;
};

static int fail_missing(const struct split *s, const char *member, const char *what,
                        struct err *err)
{
    return err_set(err, ERR_INPUT, "record %zu: %s has to be %s", s->number, member, what);
}

/* A number that stands as text, for order and names: digits only. */
static bool is_sequence(struct scan_value v)
{
    if (!v.ptr || !v.len || v.len > ID_MAX)
        return false;
    for (size_t i = 0; i < v.len; i++)
        if (v.ptr[i] < '0' || v.ptr[i] > '9')
            return false;
    return true;
}

/* One that is absent is none; one that is wrong is refused. */
static int take_time(const struct split *s, struct record *r, const char *name, struct scan_value v,
                     struct err *err)
{
    static const enum times_form forms[MAPPING_SOURCE_COUNT] = {[MAPPING_SQS] = TIMES_MILLISECONDS,
                                                                [MAPPING_KINESIS] = TIMES_SECONDS,
                                                                [MAPPING_DYNAMODB] = TIMES_SECONDS,
                                                                [MAPPING_KAFKA] =
                                                                    TIMES_MILLISECONDS,
                                                                [MAPPING_S3] = TIMES_ISO};
    if (times_take(name, v, forms[r->source], &r->arrival_ms, err) < 0)
        return err_wrap(err, "record %zu", s->number);
    return 0;
}

static bool ends_with(struct scan_value v, const char *end)
{
    size_t len = strlen(end);
    return v.ptr && v.len >= len && memcmp(v.ptr + v.len - len, end, len) == 0;
}

/* AWS docs: name, type and value of each attribute count. */
static size_t attributes_bytes(struct scan_value attributes)
{
    static const char *const names[] = {"dataType", "stringValue", "binaryValue"};
    struct scan_value key, value, v[ARRAY_LEN(names)];
    size_t bytes = 0;
    if (!attributes.ptr || *attributes.ptr != '{')
        return 0;
    for (size_t at = 0; scan_next(attributes, &at, &key, &value);) {
        members_find(value, names, ARRAY_LEN(names), v);
        bytes += members_bytes(key) + members_bytes(members_text(v[0])) +
                 members_bytes(members_text(v[1])) + members_bytes(members_text(v[2])) / 4 * 3;
    }
    return bytes;
}

static int check_message(const struct split *s, struct scan_value body,
                         struct scan_value attributes, struct err *err)
{
    struct scan_value text = members_text(body);
    if (!text.ptr)
        return fail_missing(s, "body", "a text", err);
    size_t bytes = members_bytes(text) + attributes_bytes(attributes);
    if (bytes <= MESSAGE_MAX)
        return 0;
    return err_set(err, ERR_INPUT,
                   "record %zu: body and messageAttributes have %zu bytes, and SQS takes at most "
                   "%d: let its producer send less",
                   s->number, bytes, MESSAGE_MAX);
}

static int take_sqs(const struct split *s, struct record *r, struct err *err)
{
    static const char *const names[] = {"messageId", "attributes", "eventSourceARN", "body",
                                        "messageAttributes"},
                             *const inner[] = {"SentTimestamp", "MessageGroupId", "SequenceNumber"};
    struct scan_value v[ARRAY_LEN(names)], a[ARRAY_LEN(inner)];
    members_find(r->text, names, ARRAY_LEN(names), v);
    members_find(v[1], inner, ARRAY_LEN(inner), a);
    r->id = members_text(v[0]);
    r->shard = members_text(v[2]);
    r->key = members_text(a[1]);
    /* fair queues have groups, too, and are no FIFO queues; only those have sequence numbers */
    r->fifo = ends_with(r->shard, ".fifo") || (r->key.ptr && members_text(a[2]).ptr);
    if (!r->id.ptr || !r->id.len || r->id.len > ID_MAX)
        return fail_missing(s, "messageId", "a text of 1 to 128 characters", err);
    if (r->fifo && !r->key.ptr)
        return fail_missing(s, "attributes.MessageGroupId", "a text, of a FIFO queue", err);
    if (check_message(s, v[3], v[4], err) < 0)
        return -1;
    return take_time(s, r, "attributes.SentTimestamp", a[0], err);
}

static int take_kinesis(const struct split *s, struct record *r, struct err *err)
{
    static const char *const names[] = {"kinesis", "eventID", "eventSourceARN"},
                             *const inner[] = {"sequenceNumber", "partitionKey",
                                               "approximateArrivalTimestamp", "data"};
    struct scan_value v[ARRAY_LEN(names)], k[ARRAY_LEN(inner)];
    members_find(r->text, names, ARRAY_LEN(names), v);
    members_find(v[0], inner, ARRAY_LEN(inner), k);
    r->id = members_text(k[0]);
    r->key = members_text(k[1]);
    r->stream = members_text(v[2]);
    struct scan_value event_id = members_text(v[1]);
    const char *colon = event_id.ptr ? memchr(event_id.ptr, ':', event_id.len) : NULL;
    if (!is_sequence(r->id))
        return fail_missing(s, "kinesis.sequenceNumber", "a text of 1 to 128 digits", err);
    if (!r->key.ptr)
        return fail_missing(s, "kinesis.partitionKey", "a text", err);
    if (!colon)
        return fail_missing(s, "eventID", "the shard and the sequence number, with ':' between",
                            err);
    if (!r->shard.ptr)
        r->shard = (struct scan_value){event_id.ptr, (size_t)(colon - event_id.ptr)};
    struct scan_value data = members_text(k[3]);
    if (!data.ptr || !members_is_base64(data))
        return fail_missing(s, "kinesis.data", "base64", err);
    return take_time(s, r, "kinesis.approximateArrivalTimestamp", k[2], err);
}

static int take_dynamodb(const struct split *s, struct record *r, struct err *err)
{
    static const char *const names[] = {"dynamodb", "eventSourceARN"},
                             *const inner[] = {"SequenceNumber", "Keys",
                                               "ApproximateCreationDateTime"};
    struct scan_value v[ARRAY_LEN(names)], d[ARRAY_LEN(inner)];
    members_find(r->text, names, ARRAY_LEN(names), v);
    members_find(v[0], inner, ARRAY_LEN(inner), d);
    r->id = members_text(d[0]);
    r->key = d[1];
    if (!r->shard.ptr) /* a record does not say it: one shard for each stream */
        r->shard = members_text(v[1]);
    if (!is_sequence(r->id))
        return fail_missing(s, "dynamodb.SequenceNumber", "a text of 1 to 128 digits", err);
    if (!r->key.ptr || *r->key.ptr != '{')
        return fail_missing(s, "dynamodb.Keys", "an object", err);
    return take_time(s, r, "dynamodb.ApproximateCreationDateTime", d[2], err);
}

static int take_kafka(const struct split *s, struct record *r, struct err *err)
{
    static const char *const names[] = {"offset", "key", "timestamp"};
    struct scan_value v[ARRAY_LEN(names)];
    members_find(r->text, names, ARRAY_LEN(names), v);
    r->id = v[0];
    r->key = members_text(v[1]);
    if (!is_sequence(r->id))
        return fail_missing(s, "offset", "a number, 0 or more", err);
    if (members_equal(v[2], "-1")) /* as Kafka has it where there is none */
        return 0;
    return take_time(s, r, "timestamp", v[2], err);
}

static int take_s3(const struct split *s, struct record *r, struct err *err)
{
    struct scan_value bucket = scan_find(r->text.ptr, r->text.len, "/s3/bucket/name");
    r->key = members_text(scan_find(r->text.ptr, r->text.len, "/s3/object/key"));
    if (!r->key.ptr)
        return fail_missing(s, "s3.object.key", "a text", err);
    if (!members_text(bucket).ptr)
        return fail_missing(s, "s3.bucket.name", "a text", err);
    return take_time(s, r, "eventTime", scan_find(r->text.ptr, r->text.len, "/eventTime"), err);
}

static int (*const takers[MAPPING_SOURCE_COUNT])(const struct split *, struct record *,
                                                 struct err *) = {
    [MAPPING_SQS] = take_sqs,
    [MAPPING_KINESIS] = take_kinesis,
    [MAPPING_DYNAMODB] = take_dynamodb,
    [MAPPING_KAFKA] = take_kafka,
    [MAPPING_S3] = take_s3,
};

/* ---- events -----------------------------------------------------------------------------------
 */

static int split_list(struct split *s, struct scan_value list, struct err *err)
{
    struct scan_value key, value;
    enum mapping_source source = s->common.source;
    for (size_t at = 0; scan_next(list, &at, &key, &value);) {
        struct record r = s->common;
        r.text = value;
        s->number++;
        if (*value.ptr != '{')
            return err_set(err, ERR_INPUT, "record %zu: has to be an object", s->number);
        struct scan_value name = members_text(scan_find(value.ptr, value.len, "/eventSource"));
        if (source != MAPPING_KAFKA && !members_equal(name, event_sources[source]))
            return err_set(err, ERR_INPUT, "record %zu: eventSource is '%.*s', not '%s'", s->number,
                           name.len > 60 ? 60 : (int)name.len, name.ptr ? name.ptr : "",
                           event_sources[source]);
        if (takers[source](s, &r, err) < 0 || s->each(s->owner, &r, err) < 0)
            return -1;
    }
    return 0;
}

/* What is beside the records; both before and behind them it would be two views. */
static int take_origin(struct split *s, struct scan_value event, struct scan_value batches,
                       struct err *err)
{
    struct scan_value key, value, first = {0}, last = {0};
    bool before = false, behind = false;
    for (size_t at = 0; scan_next(event, &at, &key, &value);) {
        bool records = value.ptr == batches.ptr;
        behind |= !records && value.ptr > batches.ptr;
        before |= !records && value.ptr < batches.ptr;
        if (!records && !first.ptr)
            first = key;
        if (!records)
            last = value;
    }
    if (before && behind)
        return err_set(err, ERR_INPUT,
                       "members both before and behind 'records': AWS writes records last");
    if (first.ptr)
        s->common.origin =
            (struct scan_value){first.ptr - 1, (size_t)(last.ptr + last.len - first.ptr) + 1};
    return 0;
}

static int split_kafka(struct split *s, struct scan_value event, struct err *err)
{
    static const char *const names[] = {"records", "eventSource", "eventSourceArn"};
    struct scan_value v[ARRAY_LEN(names)], key, value;
    members_find(event, names, ARRAY_LEN(names), v);
    if (!v[0].ptr || *v[0].ptr != '{' || !is_kafka(members_text(v[1])))
        return err_set(err, ERR_INPUT,
                       "it is no event of Kafka: 'records' has to be an object, eventSource "
                       "'aws:kafka' or 'SelfManagedKafka'");
    if (take_origin(s, event, v[0], err) < 0)
        return -1;
    s->common.stream = members_text(v[2]);
    for (size_t at = 0; scan_next(v[0], &at, &key, &value);) {
        s->common.shard = key;
        if (*value.ptr != '[')
            return err_set(err, ERR_INPUT, "the records of '%.*s' have to be a list",
                           key.len > 80 ? 80 : (int)key.len, key.ptr);
        if (split_list(s, value, err) < 0)
            return -1;
    }
    return 0;
}

int records_split(enum mapping_source source, const char *event, size_t len,
                  int (*each)(void *owner, const struct record *r, struct err *err), void *owner,
                  struct err *err)
{
    static const char *const names[] = {"Records", "shardId"};
    struct scan_value v[ARRAY_LEN(names)], whole = scan_find(event, len, "");
    struct split s = {.each = each, .owner = owner};
    s.common.source = source;
    s.common.arrival_ms = RECORDS_NO_TIME;
    if (source == MAPPING_ASYNC) {
        s.common.text = whole;
        return each(owner, &s.common, err);
    }
    if (source == MAPPING_KAFKA)
        return split_kafka(&s, whole, err);
    members_find(whole, names, ARRAY_LEN(names), v);
    if (!v[0].ptr || *v[0].ptr != '[')
        return err_set(err, ERR_INPUT, "it has no list 'Records' with eventSource '%s'",
                       event_sources[source]);
    if (source == MAPPING_KINESIS || source == MAPPING_DYNAMODB)
        s.common.shard = members_text(v[1]);
    return split_list(&s, v[0], err);
}

void records_move(struct record *r, const char *from, const char *to)
{
    struct scan_value *const views[] = {&r->text,  &r->id,     &r->key,
                                        &r->shard, &r->origin, &r->stream};
    for (size_t i = 0; i < ARRAY_LEN(views); i++)
        if (views[i]->ptr)
            views[i]->ptr = to + (views[i]->ptr - from);
}

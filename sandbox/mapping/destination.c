/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/destination.h"

#include <string.h>

#include "base/iso.h"
#include "mapping/members.h"

static void add_view(struct buf *out, struct scan_value v)
{
    buf_add(out, v.ptr, v.len);
}

/* A JSON text on one line: a line break in one can only stand between its values. */
static void add_on_line(struct buf *out, const char *text, size_t len)
{
    char *at = buf_reserve(out, len);
    if (!at)
        return;
    buf_add(out, text, len);
    for (size_t i = 0; i < len; i++)
        if (at[i] == '\n' || at[i] == '\r')
            at[i] = ' ';
}

/* What a function answered; Lambda's own interface takes nothing but JSON for it. */
static void add_json(struct buf *out, const char *text, size_t len)
{
    struct scan_fault fault;
    if (scan_valid(text, len, &fault))
        add_on_line(out, text, len);
    else
        buf_add_json_string(out, text, len);
}

/* ---- what both kinds of records have ----------------------------------------------------------
 */

/* "arn:aws:lambda:us-east-1:123456789012:function:NAME:QUALIFIER": the qualifier, with its ':'. */
static const char *qualifier_of(const char *arn)
{
    const char *at = arn;
    for (int i = 0; at && i < 7; i++)
        at = strchr(at + (i > 0), ':');
    return at ? at : arn + strlen(arn);
}

static void add_version(const struct destination_case *c, struct buf *out)
{
    const char *qualifier = qualifier_of(c->function_arn);
    bool number = *qualifier && qualifier[1] >= '0' && qualifier[1] <= '9';
    buf_addf(out, "\"%s\"", number ? qualifier + 1 : "$LATEST");
}

static void add_request(const struct destination_case *c, bool qualified, struct buf *out)
{
    const char *qualifier = qualifier_of(c->function_arn);
    bool success = c->reason == MAPPING_REASON_NONE;
    buf_adds(out, "\"requestContext\":{\"requestId\":");
    buf_add_json_string(out, c->request_id, strlen(c->request_id));
    buf_addf(out, ",\"functionArn\":\"%.*s%s\"", (int)(qualifier - c->function_arn),
             c->function_arn,
             !qualified   ? ""
             : *qualifier ? qualifier
                          : ":$LATEST");
    buf_addf(out, ",\"condition\":\"%s\",\"approximateInvokeCount\":%u}",
             success ? "Success" : mapping_reason_name(c->settings->source, c->reason),
             c->invoke_count);
}

static void add_timestamp(const struct destination_case *c, struct buf *out)
{
    char time[ISO_TEXT_MAX];
    iso_write(c->time_ms, ISO_MILLIS, time);
    buf_addf(out, "\"version\":\"1.0\",\"timestamp\":\"%s\"", time);
}

static void add_response(const struct destination_case *c, const char *no_error, struct buf *out)
{
    buf_adds(out, ",\"responseContext\":{\"statusCode\":200,\"executedVersion\":");
    add_version(c, out);
    buf_addf(out, "%s}", c->function_error ? ",\"functionError\":\"Unhandled\"" : no_error);
}

/* ---- streams ----------------------------------------------------------------------------------
 */

static struct scan_value arn_of(const struct record *r)
{
    static const char *const names[] = {"eventSourceARN"};
    struct scan_value v;
    members_find(r->text, names, 1, &v);
    return members_text(v);
}

/* Before a member that is not the first of its object. */
static void add_comma(struct buf *out)
{
    if (out->len && out->ptr[out->len - 1] != '{')
        buf_addc(out, ',');
}

static void add_time(struct buf *out, const char *name, int64_t ms, enum iso_form form)
{
    char time[ISO_TEXT_MAX];
    if (ms == RECORDS_NO_TIME)
        return;
    iso_write(ms, form, time);
    add_comma(out);
    buf_addf(out, "\"%s\":\"%s\"", name, time);
}

static void add_text(struct buf *out, const char *name, struct scan_value text)
{
    if (!text.ptr)
        return;
    add_comma(out);
    buf_addf(out, "\"%s\":\"", name);
    add_view(out, text);
    buf_addc(out, '"');
}

/* A text at the top of the event. */
static struct scan_value event_text(const struct destination_case *c, const char *pointer)
{
    struct scan_value none = {0};
    return c->payload ? members_text(scan_find(c->payload, c->payload_len, pointer)) : none;
}

/* Of streams; the last event of a window may have no records. */
static void add_shard_info(const struct destination_case *c, struct buf *out)
{
    bool kinesis = c->settings->source == MAPPING_KINESIS;
    const struct record *first = c->nrecords ? c->records[0] : NULL;
    const struct record *last = c->nrecords ? c->records[c->nrecords - 1] : NULL;
    struct scan_value arn = first ? arn_of(first) : event_text(c, "/eventSourceARN");
    struct scan_value shard = first ? first->shard : event_text(c, "/shardId");
    if (!shard.ptr || members_same(shard, arn))
        shard = (struct scan_value){RECORDS_SHARD_STANDIN, sizeof RECORDS_SHARD_STANDIN - 1};
    /* KinesisBatchInfo has no fraction of a second, but writes one */
    enum iso_form form = kinesis ? ISO_MILLIS_ZERO : ISO_SECONDS;
    buf_addf(out, ",\"%s\":{", kinesis ? "KinesisBatchInfo" : "DDBStreamBatchInfo");
    add_text(out, "shardId", shard);
    if (first) {
        add_text(out, "startSequenceNumber", first->id);
        add_text(out, "endSequenceNumber", last->id);
        add_time(out, "approximateArrivalOfFirstRecord", first->arrival_ms, form);
        add_time(out, "approximateArrivalOfLastRecord", last->arrival_ms, form);
    }
    buf_addf(out, ",\"batchSize\":%zu", c->nrecords);
    add_text(out, "streamArn", arn);
    buf_addc(out, '}');
}

/* From record i on, all of its partition: first and last. Gives whether an earlier one had it. */
static bool find_partition(const struct destination_case *c, size_t i, const struct record **last)
{
    struct scan_value shard = c->records[i]->shard;
    if (i && members_same(shard, c->records[i - 1]->shard))
        return true;
    for (size_t k = 0; k < i; k++)
        if (members_same(shard, c->records[k]->shard))
            return true;
    for (size_t k = i; k < c->nrecords; k++)
        if (members_same(shard, c->records[k]->shard))
            *last = c->records[k];
    return false;
}

/* AWS docs: "Capturing discarded batches for Amazon MSK and self-managed Apache Kafka event
 * sources". */
static void add_topic_info(const struct destination_case *c, struct buf *out)
{
    const char *before = "";
    buf_addf(out, ",\"KafkaBatchInfo\":{\"batchSize\":%zu", c->nrecords);
    add_text(out, "eventSourceArn", event_text(c, "/eventSourceArn"));
    add_text(out, "bootstrapServers", event_text(c, "/bootstrapServers"));
    buf_addf(out, ",\"payloadSize\":%zu,\"recordsInfo\":{", c->payload_len);
    for (size_t i = 0; i < c->nrecords; i++) {
        const struct record *first = c->records[i], *last = first;
        if (find_partition(c, i, &last))
            continue;
        buf_addf(out, "%s\"", before);
        add_view(out, first->shard);
        buf_adds(out, "\":{");
        add_text(out, "firstRecordOffset", first->id);
        add_text(out, "lastRecordOffset", last->id);
        add_time(out, "firstRecordTimestamp", first->arrival_ms, ISO_MILLIS);
        add_time(out, "lastRecordTimestamp", last->arrival_ms, ISO_MILLIS);
        buf_adds(out, "}");
        before = ",";
    }
    buf_adds(out, "}}");
}

void destination_stream(const struct destination_case *c, struct buf *out)
{
    buf_addc(out, '{');
    add_request(c, false, out);
    if (c->ran && c->reason != MAPPING_AGE_EXCEEDED)
        add_response(c, ",\"functionError\":null", out);
    buf_addc(out, ',');
    add_timestamp(c, out);
    if (c->settings->source == MAPPING_KAFKA)
        add_topic_info(c, out);
    else
        add_shard_info(c, out);
    if (c->payload) {
        buf_adds(out, ",\"payload\":");
        buf_add_json_string(out, c->payload, c->payload_len);
    }
    buf_addc(out, '}');
}

/* ---- asynchronous invocations -----------------------------------------------------------------
 */

void destination_async(const struct destination_case *c, struct buf *out)
{
    buf_addc(out, '{');
    add_timestamp(c, out);
    buf_addc(out, ',');
    add_request(c, true, out);
    buf_adds(out, ",\"requestPayload\":");
    add_on_line(out, c->payload, c->payload_len);
    if (c->ran) {
        add_response(c, "", out);
        buf_adds(out, ",\"responsePayload\":");
        if (c->answer && c->answer_len)
            add_json(out, c->answer, c->answer_len);
        else
            buf_adds(out, "null");
    }
    buf_addc(out, '}');
}

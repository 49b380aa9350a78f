/* SPDX-License-Identifier: Apache-2.0 */
/* Events out of records: Lambda's own members around them, and what a delivery changes in them. */
#include <stdio.h>
#include <string.h>

#include "base/iso.h"
#include "mapping/members.h"
#include "mapping/records.h"

/* What a batch of Kafka has around its records without its origin, whose length only the records
 * know: names of a cluster, six brokers, a topic. An estimate of ours. */
#define KAFKA_AROUND 1024

static void add_view(struct buf *out, struct scan_value v)
{
    buf_add(out, v.ptr, v.len);
}

/* ---- records ----------------------------------------------------------------------------------
 */

/* A value in a record's text and what is written in its place. */
struct edit {
    struct scan_value old;
    char text[32];
    const char *handle; /* in quotes, instead of text */
};

static void add_edited(struct buf *out, struct scan_value text, struct edit *edits, size_t n)
{
    const char *at = text.ptr, *end = text.ptr + text.len;
    for (;;) {
        const struct edit *next = NULL;
        for (size_t i = 0; i < n; i++)
            if (edits[i].old.ptr && edits[i].old.ptr >= at &&
                (!next || edits[i].old.ptr < next->old.ptr))
                next = &edits[i];
        if (!next)
            break;
        buf_add(out, at, (size_t)(next->old.ptr - at));
        if (next->handle)
            buf_add_json_string(out, next->handle, strlen(next->handle));
        else
            buf_addf(out, "\"%s\"", next->text);
        at = next->old.ptr + next->old.len;
    }
    buf_add(out, at, (size_t)(end - at));
}

/* Members that a record does not have are not made up. */
static void add_message(struct buf *out, const struct records_delivery *d)
{
    static const char *const names[] = {"receiptHandle", "attributes"},
                             *const inner[] = {"ApproximateReceiveCount",
                                               "ApproximateFirstReceiveTimestamp"};
    struct scan_value v[ARRAY_LEN(names)], a[ARRAY_LEN(inner)];
    struct edit edits[3];
    memset(edits, 0, sizeof edits);
    members_find(d->record->text, names, ARRAY_LEN(names), v);
    members_find(v[1], inner, ARRAY_LEN(inner), a);
    if (d->handle)
        edits[0] = (struct edit){.old = v[0], .handle = d->handle};
    if (d->count) {
        edits[1].old = a[0];
        snprintf(edits[1].text, sizeof edits[1].text, "%u", d->count);
    }
    if (d->first_ms != RECORDS_NO_TIME) {
        edits[2].old = a[1];
        snprintf(edits[2].text, sizeof edits[2].text, "%lld", (long long)d->first_ms);
    }
    add_edited(out, d->record->text, edits, ARRAY_LEN(edits));
}

static void add_list(struct buf *out, enum mapping_source source, const struct records_batch *b)
{
    buf_adds(out, "{\"Records\":[");
    for (size_t i = 0; i < b->nitems; i++) {
        if (i)
            buf_addc(out, ',');
        if (source == MAPPING_SQS)
            add_message(out, &b->items[i]);
        else
            add_view(out, b->items[i].record->text);
    }
    buf_addc(out, ']');
}

/* ---- windows ----------------------------------------------------------------------------------
 */

static struct scan_value arn_of(const struct records_batch *b)
{
    static const char *const names[] = {"eventSourceARN"};
    struct scan_value v = {0};
    if (b->arn.ptr || !b->nitems)
        return b->arn;
    members_find(b->items[0].record->text, names, 1, &v);
    return members_text(v);
}

static struct scan_value shard_of(const struct records_batch *b, struct scan_value arn)
{
    struct scan_value standin = {RECORDS_SHARD_STANDIN, sizeof RECORDS_SHARD_STANDIN - 1};
    struct scan_value shard = b->shard;
    if (!shard.ptr && b->nitems)
        shard = b->items[0].record->shard;
    return !shard.ptr || members_same(shard, arn) ? standin : shard;
}

static void add_window(struct buf *out, const struct records_batch *b)
{
    const struct records_window *w = &b->window;
    struct scan_value arn = arn_of(b), shard = shard_of(b, arn);
    char start[ISO_TEXT_MAX], end[ISO_TEXT_MAX];
    iso_write(w->start_ms, ISO_SECONDS, start);
    iso_write(w->end_ms, ISO_SECONDS, end);
    buf_addf(out, ",\"window\":{\"start\":\"%s\",\"end\":\"%s\"},\"state\":", start, end);
    if (w->state)
        buf_add(out, w->state, w->state_len);
    else
        buf_adds(out, "{}");
    buf_adds(out, ",\"shardId\":\"");
    add_view(out, shard);
    buf_adds(out, "\",\"eventSourceARN\":\"");
    add_view(out, arn);
    buf_addf(out, "\",\"isFinalInvokeForWindow\":%s,\"isWindowTerminatedEarly\":%s",
             w->final ? "true" : "false", w->early ? "true" : "false");
}

/* ---- Kafka ------------------------------------------------------------------------------------
 */

static bool same_partition(const struct records_batch *b, size_t i, size_t k)
{
    return members_same(b->items[i].record->shard, b->items[k].record->shard);
}

/* Whether the partition of record i has been written. */
static bool is_written(const struct records_batch *b, size_t i)
{
    if (i && same_partition(b, i, i - 1))
        return true;
    for (size_t k = 0; k < i; k++)
        if (same_partition(b, i, k))
            return true;
    return false;
}

static void add_partitions(struct buf *out, const struct records_batch *b)
{
    bool first = true;
    buf_addc(out, '{');
    if (b->nitems && b->items[0].record->origin.ptr) {
        add_view(out, b->items[0].record->origin);
        buf_addc(out, ',');
    }
    buf_adds(out, "\"records\":{");
    for (size_t i = 0; i < b->nitems; i++) {
        if (is_written(b, i))
            continue;
        buf_adds(out, first ? "\"" : ",\"");
        add_view(out, b->items[i].record->shard);
        buf_adds(out, "\":[");
        first = false;
        for (size_t k = i; k < b->nitems; k++) {
            if (!same_partition(b, i, k))
                continue;
            buf_adds(out, k > i ? "," : "");
            add_view(out, b->items[k].record->text);
        }
        buf_addc(out, ']');
    }
    buf_adds(out, "}}");
}

void records_assemble(enum mapping_source source, const struct records_batch *b, struct buf *out)
{
    if (source == MAPPING_ASYNC) {
        for (size_t i = 0; i < b->nitems; i++)
            add_view(out, b->items[i].record->text);
        return;
    }
    if (source == MAPPING_KAFKA) {
        add_partitions(out, b);
        return;
    }
    add_list(out, source, b);
    if (b->window.on)
        add_window(out, b);
    buf_addc(out, '}');
}

size_t records_event_bytes(const struct record *r)
{
    static const char around[] = "{\"records\":{\"\":[]}}";
    if (r->source != MAPPING_KAFKA)
        return records_overhead(r->source) + r->text.len;
    size_t origin = r->origin.ptr ? r->origin.len + RECORDS_COMMA : 0;
    return sizeof around - 1 + origin + r->shard.len + r->text.len;
}

size_t records_overhead(enum mapping_source source)
{
    if (source == MAPPING_ASYNC)
        return 0;
    return source == MAPPING_KAFKA ? KAFKA_AROUND : sizeof "{\"Records\":[]}" - 1;
}

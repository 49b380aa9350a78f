/* SPDX-License-Identifier: Apache-2.0 */
#include "simulate/history.h"

#include <inttypes.h>
#include <string.h>

#include "base/visible.h"
#include "simulate/cycles.h"

#define PRINT_NAMES    8   /* of one line for people */
#define PRINT_ANSWER   120 /* bytes of an answer there */
#define PRINT_POSITION 24  /* bytes of a record's number in its shard that are written out */
#define POSITION_END   12  /* those of a longer one: Kinesis's have 56 digits */
#define DAY_MS         ((int64_t)24 * 60 * 60 * 1000)

static void add_text_member(struct buf *out, const char *name, const char *text, size_t len)
{
    buf_addf(out, ",\"%s\":", name);
    buf_add_json_string(out, text, len);
}

static void add_name_member(struct buf *out, const char *name, const char *value)
{
    buf_addf(out, ",\"%s\":\"%s\"", name, value);
}

static void add_records(const struct history *h, const struct history_entry *e, history_name name,
                        void *owner, struct buf *out)
{
    buf_adds(out, ",\"records\":[");
    for (uint32_t i = 0; i < e->count; i++) {
        size_t len = 0;
        const char *text = name(owner, h->members[e->first + i], &len);
        if (i)
            buf_addc(out, ',');
        buf_add_json_string(out, text, len);
    }
    buf_adds(out, "]}\n");
}

static void write_entry(const struct history *h, const struct history_entry *e, struct buf *out)
{
    const char *text = e->text_len ? h->texts.ptr + e->text : "";
    buf_addf(out, "{\"clambda_history\":1,\"time_ms\":%" PRId64, e->time_ms);
    add_name_member(out, "what", history_kind_names[e->kind]);
    if (e->invocation)
        buf_addf(out, ",\"invocation\":%" PRIu32, e->invocation);
    if (e->attempt)
        buf_addf(out, ",\"attempt\":%" PRIu32, e->attempt);
    if (e->kind == HISTORY_INVOKED && !e->ran)
        buf_adds(out, ",\"ran\":false");
    if (e->kind == HISTORY_ANSWERED) {
        add_name_member(out, "status", history_status_names[e->status]);
        add_text_member(out, "answer", text, e->text_len);
    }
    if (e->kind == HISTORY_RETRIED)
        buf_addf(out, ",\"until_ms\":%" PRId64, e->until_ms);
    if (e->kind == HISTORY_GIVEN_UP) {
        add_name_member(out, "reason", mapping_reason_name(h->source, e->reason));
        add_name_member(out, "to",
                        history_end_names[e->to_dlq ? HISTORY_END_DLQ : HISTORY_END_LOST]);
    }
    if (e->kind == HISTORY_FAULT)
        add_name_member(out, "fault", fault_kind_names[e->fault]);
    if (e->kind == HISTORY_NOTE)
        add_text_member(out, "note", text, e->text_len);
}

void history_write(const struct history *h, history_name name, void *owner, struct buf *out)
{
    for (size_t i = 0; i < h->nentries && !out->failed; i++) {
        write_entry(h, h->entries + i, out);
        add_records(h, h->entries + i, name, owner, out);
    }
}

static void print_time(int64_t ms, struct buf *out)
{
    long long s = ms / 1000, days = ms / DAY_MS;
    buf_addc(out, '+');
    if (days)
        buf_addf(out, "%lldd ", days);
    if (s >= 3600)
        buf_addf(out, "%lld:%02lld:%02lld.%03lld", s / 3600 % 24, s / 60 % 60, s % 60,
                 (long long)(ms % 1000));
    else
        buf_addf(out, "%lld:%02lld.%03lld", s / 60, s % 60, (long long)(ms % 1000));
}

/* Of a name "SHARD:POSITION": the length of the first part. 0: names of this source have none. */
static size_t shard_length(const struct history *h, const char *text, size_t len)
{
    if (h->source != MAPPING_KINESIS && h->source != MAPPING_KAFKA)
        return 0;
    const char *colon = memrchr(text, ':', len);
    return colon ? (size_t)(colon - text) + 1 : 0;
}

/* What tells the numbers of a shard apart is their end. */
static void print_position(const char *text, size_t len, struct buf *out)
{
    if (len > PRINT_POSITION) {
        buf_adds(out, "\xE2\x80\xA6"); /* the sign of an ellipsis */
        text += len - POSITION_END;
        len = POSITION_END;
    }
    visible_add(text, len, "", out);
}

/* Lines are cut where the terminal ends: a shard is named once. */
static void print_names(const struct history *h, const struct history_entry *e, history_name name,
                        void *owner, struct buf *out)
{
    const char *shard = NULL;
    size_t shard_len = 0;
    for (uint32_t i = 0; i < e->count && i < PRINT_NAMES; i++) {
        size_t len = 0;
        const char *text = name(owner, h->members[e->first + i], &len);
        size_t head = shard_length(h, text, len);
        buf_addc(out, ' ');
        if (!shard || head != shard_len || memcmp(shard, text, head) != 0)
            visible_add(text, head, "", out);
        shard = text;
        shard_len = head;
        if (head)
            print_position(text + head, len - head, out);
        else
            visible_add(text, len, "", out);
    }
    if (e->count > PRINT_NAMES)
        buf_addf(out, " and %" PRIu32 " more", e->count - PRINT_NAMES);
}

static void print_answer(const struct history *h, const struct history_entry *e, struct buf *out)
{
    buf_addf(out, "invocation %" PRIu32 ": %s", e->invocation, history_status_names[e->status]);
    if (e->status == HISTORY_PARTIAL) {
        buf_addf(out, ", %" PRIu32 " failed", e->count);
    } else if (e->text_len) {
        size_t len = e->text_len < PRINT_ANSWER ? e->text_len : PRINT_ANSWER;
        buf_addc(out, ' ');
        visible_add(h->texts.ptr + e->text, len, "", out);
        buf_adds(out, len < e->text_len ? "..." : "");
    }
}

static void print_head(const struct history *h, const struct history_entry *e, int64_t start_ms,
                       struct buf *out)
{
    switch (e->kind) {
    case HISTORY_INVOKED:
        buf_addf(out, "invocation %" PRIu32, e->invocation);
        if (e->attempt > 1)
            buf_addf(out, ", attempt %" PRIu32, e->attempt);
        if (!e->ran)
            buf_adds(out, ", the function does not get it");
        return;
    case HISTORY_ANSWERED:
        print_answer(h, e, out);
        return;
    case HISTORY_RETRIED:
        buf_adds(out, "again from ");
        print_time(e->until_ms - start_ms, out);
        return;
    case HISTORY_GIVEN_UP:
        buf_adds(out, e->to_dlq ? "to the " : "");
        buf_adds(out, history_end_words(h, e->to_dlq ? HISTORY_END_DLQ : HISTORY_END_LOST));
        buf_addf(out, " (%s)", mapping_reason_name(h->source, e->reason));
        return;
    case HISTORY_FAULT:
        buf_addf(out, "chaos, %s", fault_kind_names[e->fault]);
        return;
    case HISTORY_NOTE:
        buf_addf(out, "invocation %" PRIu32 ": note: ", e->invocation);
        visible_add(h->texts.ptr + e->text, e->text_len, "", out);
        return;
    case HISTORY_SPLIT:
        buf_adds(out, "split, first half");
        return;
    case HISTORY_ARRIVED:
    case HISTORY_FILTERED:
    case HISTORY_DONE:
    case HISTORY_KIND_COUNT:
        break;
    }
    buf_adds(out, history_kind_names[e->kind]);
}

/* Whether the names of the members follow: of an error they were just told. */
static bool has_names(const struct history_entry *e)
{
    if (e->kind == HISTORY_NOTE)
        return false;
    return e->kind != HISTORY_ANSWERED || e->status == HISTORY_PARTIAL;
}

static const char *colour_of(const struct history_entry *e)
{
    if (e->kind == HISTORY_GIVEN_UP)
        return "\033[31m";
    if (e->kind == HISTORY_FAULT)
        return "\033[35m";
    if (e->kind == HISTORY_DONE)
        return "\033[32m";
    bool failed = e->kind == HISTORY_ANSWERED && e->status != HISTORY_SUCCESS;
    return failed || e->kind == HISTORY_NOTE ? "\033[33m" : NULL;
}

static void print_entry(const struct history *h, const struct history_entry *e, history_name name,
                        void *owner, const char *on, struct buf *out)
{
    int64_t start_ms = h->entries[0].time_ms;
    print_time(e->time_ms - start_ms, out);
    buf_addc(out, ' ');
    if (on)
        buf_adds(out, on);
    print_head(h, e, start_ms, out);
    if (has_names(e)) {
        if (e->count > 1 && e->kind != HISTORY_ANSWERED)
            buf_addf(out, ", %" PRIu32 " messages", e->count);
        buf_adds(out, e->count ? ":" : ", no messages");
        print_names(h, e, name, owner, out);
    }
    buf_adds(out, on ? "\033[0m\n" : "\n");
}

size_t history_print(const struct history *h, history_name name, void *owner, bool colour,
                     size_t most_lines, struct buf *out)
{
    size_t i = 0, fold_at = 0, fold = 0, period = 0;
    for (size_t lines = 0; i < h->nentries && !out->failed; lines++) {
        if (most_lines && lines == most_lines)
            break;
        if (fold && i == fold_at) {
            i += fold * period;
            print_time(h->entries[i - 1].time_ms - h->entries[0].time_ms, out);
            buf_addf(out, " the same %zu times more\n", fold);
            fold = 0;
            continue;
        }
        if (!fold && (fold = cycles_find(h, i, &period)) > 0)
            fold_at = i + period;
        print_entry(h, h->entries + i, name, owner, colour ? colour_of(h->entries + i) : NULL, out);
        i++;
    }
    return i;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "simulate/history.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const char *const history_kind_names[HISTORY_KIND_COUNT] = {
    [HISTORY_ARRIVED] = "arrived",   [HISTORY_FILTERED] = "filtered", [HISTORY_INVOKED] = "invoked",
    [HISTORY_ANSWERED] = "answered", [HISTORY_DONE] = "done",         [HISTORY_RETRIED] = "retried",
    [HISTORY_SPLIT] = "split",       [HISTORY_GIVEN_UP] = "given up", [HISTORY_FAULT] = "fault",
    [HISTORY_NOTE] = "note",
};

const char *const history_status_names[HISTORY_STATUS_COUNT] = {
    [HISTORY_SUCCESS] = "success", [HISTORY_PARTIAL] = "partial", [HISTORY_REFUSED] = "refused",
    [HISTORY_ERROR] = "error",     [HISTORY_TIMEOUT] = "timeout", [HISTORY_THROTTLED] = "throttled",
    [HISTORY_LOST] = "lost",
};

const char *const history_end_names[HISTORY_END_COUNT] = {
    [HISTORY_END_OPEN] = "open",         [HISTORY_END_DONE] = "done",
    [HISTORY_END_FILTERED] = "filtered", [HISTORY_END_DLQ] = "dead-letter queue",
    [HISTORY_END_LOST] = "lost",
};

const char *history_end_words(const struct history *h, enum history_end end)
{
    return end == HISTORY_END_DLQ && h->given_up_to ? h->given_up_to : history_end_names[end];
}

void history_init(struct history *h, uint32_t nrecords)
{
    *h = (struct history){.nrecords = nrecords,
                          .entries_max = HISTORY_ENTRIES_MAX,
                          .members_max = HISTORY_MEMBERS_MAX,
                          .texts_max = HISTORY_TEXTS_MAX};
    buf_init(&h->texts, HISTORY_TEXTS_MAX);
}

void history_fini(struct history *h)
{
    free(h->entries);
    free(h->members);
    buf_free(&h->texts);
    *h = (struct history){0};
}

/* Room for one element more of size bytes in an array; the array or NULL. */
static void *grown(void *array, size_t used, size_t more, size_t *cap, size_t size)
{
    if (array && used + more <= *cap)
        return array;
    size_t want = *cap ? *cap : 64;
    while (want < used + more)
        want *= 2;
    void *larger = realloc(array, want * size);
    if (larger)
        *cap = want;
    return larger;
}

/* What grows without an end is most often a record that is retried until it expires. */
static int too_much(size_t most, const char *what, struct err *err)
{
    return err_set(err, ERR_LIMIT,
                   "a history of more than %zu %s: set 'retries', 'max-age' or a shorter "
                   "'retention' in --source, or take fewer records (--only N, a smaller trace)",
                   most, what);
}

int history_room(const struct history *h, uint32_t invocation, size_t bytes, struct err *err)
{
    if (bytes <= h->texts_max && h->texts.len <= h->texts_max - bytes)
        return 0;
    return err_set(err, ERR_LIMIT,
                   "invocation %" PRIu32
                   ": a history keeps all answers, and these are more than %zu bytes: set "
                   "'retries' in --source, take fewer records (--only N, a smaller trace), or let "
                   "the function answer less",
                   invocation, h->texts_max);
}

static int make_room(struct history *h, size_t members, struct err *err)
{
    if (h->nentries >= h->entries_max)
        return too_much(h->entries_max, "things that happen", err);
    if (members > h->members_max || h->nmembers > h->members_max - members)
        return too_much(h->members_max, "records in all that happens", err);
    void *entries = grown(h->entries, h->nentries, 1, &h->cap, sizeof *h->entries);
    if (entries)
        h->entries = entries;
    void *all = grown(h->members, h->nmembers, members, &h->members_cap, sizeof *h->members);
    if (all)
        h->members = all;
    return entries && all ? 0 : err_set(err, ERR_MEMORY, "no memory for the history");
}

int history_add(struct history *h, struct history_entry e, const uint32_t *members,
                const char *text, struct err *err)
{
    if (history_room(h, e.invocation, e.text_len, err) < 0 || make_room(h, e.count, err) < 0)
        return -1;
    e.first = (uint32_t)h->nmembers;
    e.text = h->texts.len;
    if (e.text_len)
        buf_add(&h->texts, text, e.text_len);
    if (buf_check(&h->texts, "the answers of the history", err) < 0)
        return -1;
    if (e.count)
        memcpy(h->members + h->nmembers, members, e.count * sizeof *members);
    h->nmembers += e.count;
    h->entries[h->nentries++] = e;
    return 0;
}

static uint32_t last_invocation(const struct history *h)
{
    uint32_t last = 0;
    for (size_t i = 0; i < h->nentries; i++)
        if (h->entries[i].invocation > last)
            last = h->entries[i].invocation;
    return last;
}

static void end_fate(struct history_fate *fate, const struct history_entry *e)
{
    static const enum history_end ends[HISTORY_KIND_COUNT] = {
        [HISTORY_DONE] = HISTORY_END_DONE,
        [HISTORY_FILTERED] = HISTORY_END_FILTERED,
        [HISTORY_GIVEN_UP] = HISTORY_END_LOST,
    };
    enum history_end end = ends[e->kind];
    if (e->kind == HISTORY_GIVEN_UP && e->to_dlq)
        end = HISTORY_END_DLQ;
    if (fate->end == HISTORY_END_DONE && e->kind == HISTORY_GIVEN_UP)
        fate->copy = end;
    if (end == HISTORY_END_OPEN || fate->end == HISTORY_END_DONE)
        return;
    if (fate->end != HISTORY_END_OPEN && end != HISTORY_END_DONE)
        return;
    fate->end = end;
    fate->reason = e->kind == HISTORY_GIVEN_UP ? e->reason : MAPPING_REASON_NONE;
    fate->end_ms = e->time_ms;
}

/* answers: of each invocation its entry; NULL: none. latest: of each record its last invocation. */
static void gather_fates(const struct history *h, const struct history_entry **answers,
                         uint32_t *latest, struct history_fate *fates)
{
    for (size_t i = 0; i < h->nentries; i++) {
        const struct history_entry *e = h->entries + i;
        if (e->kind == HISTORY_ANSWERED)
            answers[e->invocation] = e;
        for (uint32_t k = 0; k < e->count; k++) {
            uint32_t record = h->members[e->first + k];
            if (record >= h->nrecords)
                continue;
            if (e->kind == HISTORY_INVOKED && e->ran) {
                fates[record].deliveries++;
                latest[record] = e->invocation;
            }
            end_fate(&fates[record], e);
        }
    }
    for (uint32_t r = 0; r < h->nrecords; r++) {
        const struct history_entry *e = latest[r] ? answers[latest[r]] : NULL;
        if (e && e->text_len) {
            fates[r].answer = h->texts.ptr + e->text;
            fates[r].answer_len = e->text_len;
        }
    }
}

struct history_fate *history_fates(const struct history *h, struct err *err)
{
    size_t n = h->nrecords ? h->nrecords : 1;
    AUTO_FREE struct history_fate *fates = calloc(n, sizeof *fates);
    AUTO_FREE uint32_t *latest = calloc(n, sizeof *latest);
    const struct history_entry **answers = calloc((size_t)last_invocation(h) + 1, sizeof *answers);
    if (!fates || !latest || !answers) {
        free(answers);
        err_set(err, ERR_MEMORY, "no memory for what became of %zu records", n);
        return NULL;
    }
    gather_fates(h, answers, latest, fates);
    free(answers);
    return TAKE(fates);
}

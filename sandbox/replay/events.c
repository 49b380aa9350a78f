/* SPDX-License-Identifier: Apache-2.0 */
/* --source: the records of the traces go once through the rules of their source. What became of
 * each is compared with what the recording says of its first delivery, with what another function
 * makes of it, or with a history that was written before. */
#include <stdlib.h>
#include <string.h>

#include "replay/expect.h"
#include "replay/notes.h"
#include "replay/work.h"

#define DOCUMENT_MAX 512

enum { PLAY_NOW, PLAY_BASELINE };

/* What the function was first given of a record, and made of it. */
struct delivery {
    uint32_t invocation; /* 0: none */
    bool failed;
    const struct history_entry *answer; /* NULL: there is none */
};

struct events {
    struct replay *replay;
    struct replay_records *records;
    const struct history *history;
    struct delivery *first; /* of each record; heap */
};

static bool is_single(const struct events *e)
{
    return mapping_is_async(e->records->settings.source);
}

/* ---- first deliveries ----------------------------------------------------------------------- */

static void note_answer(struct events *e, const struct history_entry *invoked,
                        const struct history_entry *answer)
{
    const struct history *h = e->history;
    for (uint32_t i = 0; i < invoked->count; i++) {
        struct delivery *d = &e->first[h->members[invoked->first + i]];
        if (d->invocation == answer->invocation)
            d->answer = answer;
    }
    for (uint32_t i = 0; i < answer->count; i++) {
        struct delivery *d = &e->first[h->members[answer->first + i]];
        if (d->invocation == answer->invocation)
            d->failed = true;
    }
}

static int find_first(struct events *e, struct err *err)
{
    const struct history *h = e->history;
    AUTO_FREE const struct history_entry **invoked = calloc(h->nentries + 2, sizeof *invoked);
    e->first = calloc((size_t)h->nrecords + 1, sizeof *e->first);
    if (!e->first || !invoked)
        return err_set(err, ERR_MEMORY, "no memory for what became of %u records", h->nrecords);
    for (size_t i = 0; i < h->nentries; i++) {
        const struct history_entry *entry = &h->entries[i];
        if (entry->kind == HISTORY_INVOKED && entry->ran && entry->invocation <= h->nentries)
            invoked[entry->invocation] = entry;
        for (uint32_t k = 0; entry->kind == HISTORY_INVOKED && entry->ran && k < entry->count;
             k++) {
            struct delivery *d = &e->first[h->members[entry->first + k]];
            if (!d->invocation)
                d->invocation = entry->invocation;
        }
        if (entry->kind == HISTORY_ANSWERED && entry->invocation <= h->nentries &&
            invoked[entry->invocation])
            note_answer(e, invoked[entry->invocation], entry);
    }
    return 0;
}

/* ---- messages as pairs ---------------------------------------------------------------------- */

static struct trace_text text_of(const char *text)
{
    return (struct trace_text){text, strlen(text)};
}

/* What is known of a message in any case. */
static struct trace_entry message(const struct events *e, uint32_t number)
{
    struct trace_entry entry = trace_entry_none;
    const struct replay_recorded *recorded = &e->records->recorded[number];
    const struct record *record = &e->records->records.items[number];
    entry.source = recorded->source;
    entry.line = recorded->line;
    entry.event = (struct trace_text){record->text.ptr, record->text.len};
    return entry;
}

/* They are compared under the request ids of their answers, and told under the message's name. */
static int add(struct events *e, uint32_t number, struct trace_entry *expected,
               struct trace_entry *got, struct err *err)
{
    struct replay *r = e->replay;
    struct compare_result differences;
    struct trace_text name;
    arena_reset(&r->arena);
    if (compare_entries(&r->options.rules, expected, got, &r->arena, &differences, err) < 0)
        return -1;
    name.ptr = simulation_name(&e->records->records, number, &name.len);
    expected->request_id = got->request_id = name;
    tally_add(&r->tally, (size_t)number + 1, expected, got, &differences);
    return 0;
}

static const char *first_delivery(bool given, bool failed)
{
    return !given   ? "{\"first delivery\":\"none\"}"
           : failed ? "{\"first delivery\":\"failed\"}"
                    : "{\"first delivery\":\"done\"}";
}

/* An event that is one record is answered for that record alone. */
static void fill_single(const struct events *e, const struct replay_recorded *recorded,
                        const struct delivery *now, struct trace_entry *expected,
                        struct trace_entry *got)
{
    static const enum trace_status statuses[HISTORY_STATUS_COUNT] = {
        [HISTORY_SUCCESS] = TRACE_STATUS_SUCCESS, [HISTORY_PARTIAL] = TRACE_STATUS_SUCCESS,
        [HISTORY_REFUSED] = TRACE_STATUS_SUCCESS, [HISTORY_ERROR] = TRACE_STATUS_ERROR,
        [HISTORY_TIMEOUT] = TRACE_STATUS_TIMEOUT,
    };
    expected->status = recorded->status;
    if (recorded->answer_len) {
        const char *answer = e->records->answers.ptr + recorded->answer_at;
        expected->answer = (struct trace_text){answer, recorded->answer_len};
        expected->request_id = (struct trace_text){answer + recorded->answer_len, recorded->id_len};
    }
    got->status = statuses[now->answer->status];
    got->answer =
        (struct trace_text){e->history->texts.ptr + now->answer->text, now->answer->text_len};
    if (!now->answer->text_len)
        got->answer = text_of("");
}

static int compare_recorded(struct events *e, uint32_t number, const struct history_fate *fate,
                            struct err *err)
{
    const struct replay_recorded *recorded = &e->records->recorded[number];
    const struct delivery *now = &e->first[number];
    struct trace_entry expected = message(e, number), got = expected;
    char id[37];
    if (is_single(e) && now->answer) {
        simulation_event_id(number, id);
        got.request_id = text_of(id);
        fill_single(e, recorded, now, &expected, &got);
    } else if (recorded->status != TRACE_STATUS_UNKNOWN && fate->end != HISTORY_END_FILTERED) {
        expected.status = got.status = TRACE_STATUS_SUCCESS;
        expected.answer = text_of(first_delivery(true, recorded->failed));
        got.answer = text_of(first_delivery(now->invocation, now->failed));
    }
    return add(e, number, &expected, &got, err);
}

static void print_fate(const struct events *e, const struct history_fate *f, char *out)
{
    const char *reason = mapping_reason_name(e->records->settings.source, f->reason);
    snprintf(out, DOCUMENT_MAX, "{\"end\":\"%s\",\"deliveries\":%u,\"reason\":\"%s\"}",
             history_end_words(e->history, f->end), f->deliveries, reason);
}

static int compare_fates(struct events *e, uint32_t number, const struct history_fate *was,
                         const struct history_fate *is, struct err *err)
{
    char texts[2][DOCUMENT_MAX];
    struct trace_entry expected = message(e, number), got = expected;
    print_fate(e, was, texts[0]);
    print_fate(e, is, texts[1]);
    expected.status = got.status = TRACE_STATUS_SUCCESS;
    expected.answer = text_of(texts[0]);
    got.answer = text_of(texts[1]);
    if (is_single(e) && was->answer && is->answer && strcmp(texts[0], texts[1]) == 0) {
        expected.answer = (struct trace_text){was->answer, was->answer_len};
        got.answer = (struct trace_text){is->answer, is->answer_len};
        if (is->end != HISTORY_END_DONE) /* the last of its answers is an error */
            expected.status = got.status = TRACE_STATUS_ERROR;
    }
    return add(e, number, &expected, &got, err);
}

static int compare_all(struct events *e, const struct history *baseline, struct err *err)
{
    AUTO_FREE struct history_fate *now = history_fates(e->history, err);
    AUTO_FREE struct history_fate *before =
        now ? history_fates(baseline ? baseline : e->history, err) : NULL;
    if (!before || find_first(e, err) < 0)
        return -1;
    for (uint32_t i = 0; i < e->history->nrecords; i++) {
        if (e->replay->interrupted && now[i].end == HISTORY_END_OPEN)
            continue;
        int status = baseline ? compare_fates(e, i, &before[i], &now[i], err)
                              : compare_recorded(e, i, &now[i], err);
        if (status < 0)
            return -1;
    }
    return 0;
}

/* ---- the run -------------------------------------------------------------------------------- */

static int add_history(struct replay *r, const char *title, const struct rehearsal *rehearsal,
                       struct err *err)
{
    const struct tally_history_in in = {
        .title = title,
        .history = rehearsal_history(rehearsal),
        .name = simulation_name,
        .owner = &r->scene->records.records,
    };
    return tally_add_history(&r->tally, &in, err);
}

/* That the function does nothing right is no reason for a green end. */
static void tell_undone(struct replay *r)
{
    const struct tally_history *now = &r->tally.histories[0];
    size_t undone = now->ends[HISTORY_END_LOST] + now->ends[HISTORY_END_DLQ];
    bool recorded = !r->options.baseline && (r->tally.equal || r->tally.differing);
    if (undone && !now->ends[HISTORY_END_DONE] && !recorded)
        tally_add_finding(&r->tally, false, true, "undone",
                          "no message is done, and nothing was recorded that says whether one has "
                          "to be");
}

static int tell(struct replay *r, struct replay_play *plays, struct buf *lines, struct err *err)
{
    const struct replay_rules *rules = &r->options.mapping;
    struct replay_records *records = &r->scene->records;
    struct events e = {r, records, rehearsal_history(plays[PLAY_NOW].rehearsal), NULL};
    if (add_history(r, "now", plays[PLAY_NOW].rehearsal, err) < 0)
        return -1;
    replay_notes_batches(r, e.history);
    if (plays[PLAY_BASELINE].rehearsal &&
        add_history(r, "baseline", plays[PLAY_BASELINE].rehearsal, err) < 0)
        return -1;
    if (rules->expect && !r->interrupted)
        return replay_scene_write(plays[PLAY_NOW].rehearsal, records, lines, err) == 0
                   ? replay_expect(r, lines, err)
                   : -1;
    int status = compare_all(
        &e,
        plays[PLAY_BASELINE].rehearsal ? rehearsal_history(plays[PLAY_BASELINE].rehearsal) : NULL,
        err);
    free(e.first);
    if (status == 0)
        tell_undone(r);
    return status;
}

static int play_and_tell(struct replay *r, struct replay_play *plays, size_t count, struct err *err)
{
    int status = replay_scene_play_all(r, plays, count, err);
    if (status < 0 && err->kind != ERR_CLOSED)
        return -1;
    struct err told = {0};
    AUTO_BUF struct buf lines = {0};
    replay_view_clear(&r->view);
    if (plays[PLAY_NOW].rehearsal && tell(r, plays, &lines, &told) < 0) {
        *err = told;
        return -1;
    }
    if (status == 0)
        replay_scene_keep(r, plays[PLAY_NOW].rehearsal, &lines);
    return status;
}

static int source_run(struct replay *r, struct err *err)
{
    int status = replay_scene_open(r, err);
    if (status == 0) {
        const struct replay_records *records = &r->scene->records;
        struct replay_play plays[] = {
            {.records = records, .launch = &r->options.launch, .shown = true},
            {.records = records, .launch = &r->baseline.launch, .shown = true, .baseline = true},
        };
        status = play_and_tell(r, plays, r->options.baseline ? 2 : 1, err);
        for (size_t i = 0; i < ARRAY_LEN(plays); i++)
            replay_scene_end(plays[i].rehearsal);
    }
    return status;
}

const struct replay_mode replay_mode_source = {source_run, NULL};

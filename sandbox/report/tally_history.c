/* SPDX-License-Identifier: Apache-2.0 */
#include "report/tally_history.h"

#include <stdlib.h>
#include <string.h>

#include "report/tally.h"
#include "report/tally_keep.h"
#include "report/tally_marks.h"

#define MARKS_LEAST 4 /* of each message, while others could have more */
#define PRINTED_MAX ((size_t)4 << 20)
#define LAST_LINES  10 /* of a long history */

/* What a message is worth to be kept for: the smaller, the more. */
enum rank {
    RANK_FINDING,
    RANK_LOST,
    RANK_DLQ,
    RANK_OPEN,
    RANK_EVENTFUL, /* retried, split, touched by a fault */
    RANK_FILTERED,
    RANK_PLAIN,
    RANK_COUNT
};

static const enum rank ranks[HISTORY_END_COUNT] = {
    [HISTORY_END_OPEN] = RANK_OPEN,         [HISTORY_END_DONE] = RANK_PLAIN,
    [HISTORY_END_FILTERED] = RANK_FILTERED, [HISTORY_END_DLQ] = RANK_DLQ,
    [HISTORY_END_LOST] = RANK_LOST,
};

/* Of each kind: whether a message that has it is more than plain. */
static const bool eventful[HISTORY_KIND_COUNT] = {
    [HISTORY_ANSWERED] = true, [HISTORY_RETRIED] = true, [HISTORY_SPLIT] = true,
    [HISTORY_FAULT] = true,    [HISTORY_NOTE] = true,
};

/* ---- counting ------------------------------------------------------------------------------- */

static void raise_rank(const struct tally_marks *w, uint32_t record, enum rank rank)
{
    if (record < w->history->nrecords && rank < w->ranks[record])
        w->ranks[record] = (uint8_t)rank;
}

/* A retry is a delivery: what waits for one and is given up instead has none. */
static void count_retries(struct tally_marks *w, const struct history_entry *e)
{
    for (uint32_t i = 0; i < e->count; i++) {
        uint32_t record = w->history->members[e->first + i];
        if (record >= w->history->nrecords)
            continue;
        bool waits = w->retries[record] & 1;
        if (e->kind == HISTORY_RETRIED && !waits)
            w->retries[record]++;
        if (e->kind != HISTORY_INVOKED || !waits)
            continue;
        w->retries[record]++;
        w->out->retries++;
    }
}

static void count_entry(struct tally_marks *w, const struct history_entry *e)
{
    struct tally_history *o = w->out;
    o->invocations += e->kind == HISTORY_INVOKED;
    o->splits += e->kind == HISTORY_SPLIT;
    o->faults += e->kind == HISTORY_FAULT;
    count_retries(w, e);
    for (uint32_t i = 0; eventful[e->kind] && i < e->count; i++)
        raise_rank(w, w->history->members[e->first + i], RANK_EVENTFUL);
    if (e->invocation >= w->ninvocations)
        w->ninvocations = (size_t)e->invocation + 1;
    if (e->time_ms - o->began_ms > o->took_ms)
        o->took_ms = e->time_ms - o->began_ms;
}

static void count_all(struct tally_marks *w, const struct judge_out *findings)
{
    const struct history *h = w->history;
    struct tally_history *o = w->out;
    memset(w->ranks, RANK_PLAIN, h->nrecords);
    o->messages = h->nrecords;
    o->entries = h->nentries;
    o->began_ms = h->nentries ? h->entries[0].time_ms : 0;
    for (size_t i = 0; i < h->nentries; i++)
        if (h->entries[i].time_ms < o->began_ms)
            o->began_ms = h->entries[i].time_ms;
    for (size_t i = 0; i < h->nentries; i++)
        count_entry(w, &h->entries[i]);
    for (uint32_t r = 0; r < h->nrecords; r++) {
        o->ends[w->fates[r].end]++;
        o->deliveries += w->fates[r].deliveries;
        raise_rank(w, r, ranks[w->fates[r].end]);
        if (w->fates[r].copy == HISTORY_END_OPEN)
            continue;
        o->copies[w->fates[r].copy]++;
        raise_rank(w, r, ranks[w->fates[r].copy]);
    }
    for (size_t i = 0; findings && i < findings->count && i < JUDGE_FINDINGS_MAX; i++)
        raise_rank(w, findings->findings[i].record, RANK_FINDING);
}

/* ---- choosing ------------------------------------------------------------------------------- */

static size_t choose(const struct tally_marks *w)
{
    size_t chosen = 0;
    for (unsigned rank = 0; rank < RANK_COUNT && chosen < TALLY_MESSAGES_MAX; rank++)
        for (uint32_t r = 0; r < w->history->nrecords && chosen < TALLY_MESSAGES_MAX; r++)
            if (w->ranks[r] == rank) {
                w->rows[r] = 0;
                chosen++;
            }
    return chosen;
}

static int add_message(struct tally_marks *w, const struct tally_history_in *in, uint32_t record,
                       struct err *err)
{
    const struct history_fate *fate = &w->fates[record];
    struct tally_message *m = &w->out->kept[w->out->nkept];
    size_t len = 0;
    const char *name = in->name(in->owner, record, &len);
    *m = (struct tally_message){
        .record = record,
        .name = tally_keep_begin(&w->out->texts, name, len, TALLY_NAME_MAX),
        .end = fate->end,
        .copy = fate->copy,
        .deliveries = fate->deliveries,
        .retries = w->retries[record] / 2,
        .end_ms = fate->end == HISTORY_END_OPEN ? 0 : fate->end_ms - w->out->began_ms,
    };
    if (!m->name)
        return err_set(err, ERR_MEMORY, "no memory for the names of messages");
    if (fate->reason != MAPPING_REASON_NONE)
        m->reason = mapping_reason_name(in->history->source, fate->reason);
    w->rows[record] = (uint32_t)w->out->nkept++;
    return 0;
}

static int add_messages(struct tally_marks *w, const struct tally_history_in *in, struct err *err)
{
    int status = 0;
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t r = 0; status == 0 && r < w->history->nrecords; r++)
            if (w->rows[r] != TALLY_NO_ROW && (w->ranks[r] == RANK_FINDING) == (pass == 0))
                status = add_message(w, in, r, err);
    return status;
}

static void add_findings(struct tally_marks *w, const struct judge_out *findings)
{
    for (size_t i = 0; findings && i < findings->count && i < JUDGE_FINDINGS_MAX; i++) {
        const struct judge_finding *f = &findings->findings[i];
        if (f->record >= w->history->nrecords || w->rows[f->record] == TALLY_NO_ROW)
            continue;
        struct tally_message *m = &w->out->kept[w->rows[f->record]];
        if (!m->finding)
            m->finding = tally_keep_begin(&w->out->texts, f->text, strlen(f->text), sizeof f->text);
    }
}

/* Those that matter most get all their marks as long as the others have room for a few. */
static void give_room(struct tally_marks *w)
{
    size_t left = TALLY_MARKS_ALL, others = w->out->nkept, at = 0;
    for (unsigned rank = 0; rank < RANK_COUNT; rank++)
        for (size_t i = 0; i < w->out->nkept; i++) {
            struct tally_message *m = &w->out->kept[i];
            if (w->ranks[m->record] != rank)
                continue;
            size_t most = left - --others * MARKS_LEAST, want = m->nmarks;
            want = want < TALLY_MARKS_MAX ? want : TALLY_MARKS_MAX;
            w->room[i] = want < most ? want : most;
            left -= w->room[i];
        }
    for (size_t i = 0; i < w->out->nkept; i++) {
        w->out->kept[i].marks = w->out->marks + at;
        w->out->kept[i].nmarks = 0;
        at += w->room[i];
    }
}

/* ---- copying -------------------------------------------------------------------------------- */

static int open_work(struct tally_marks *w, struct err *err)
{
    size_t n = (size_t)w->history->nrecords + 1;
    w->fates = history_fates(w->history, err);
    if (!w->fates)
        return -1;
    w->ranks = calloc(n, sizeof *w->ranks);
    w->retries = calloc(n, sizeof *w->retries);
    w->rows = malloc(n * sizeof *w->rows);
    w->stamps = calloc(n, sizeof *w->stamps);
    w->room = calloc(TALLY_MESSAGES_MAX, sizeof *w->room);
    w->out->kept = calloc(TALLY_MESSAGES_MAX, sizeof *w->out->kept);
    w->out->calls = calloc(TALLY_INVOCATIONS_MAX, sizeof *w->out->calls);
    w->out->marks = calloc(TALLY_MARKS_ALL, sizeof *w->out->marks);
    if (!w->ranks || !w->retries || !w->rows || !w->stamps || !w->room || !w->out->kept ||
        !w->out->calls || !w->out->marks)
        return err_set(err, ERR_MEMORY, "no memory for the history of %zu messages", n - 1);
    memset(w->rows, 0xFF, n * sizeof *w->rows);
    return arena_init(&w->out->texts, TALLY_HISTORY_BYTES, err);
}

static void close_work(struct tally_marks *w)
{
    free(w->fates);
    free(w->ranks);
    free(w->retries);
    free(w->rows);
    free(w->stamps);
    free(w->room);
    free(w->batches);
    free(w->calls);
}

static int copy(struct tally_marks *w, const struct tally_history_in *in, struct err *err)
{
    if (open_work(w, err) < 0)
        return -1;
    count_all(w, in->findings);
    w->batches = calloc(w->ninvocations + 1, sizeof *w->batches);
    w->calls = calloc(w->ninvocations + 1, sizeof *w->calls);
    if (!w->batches || !w->calls)
        return err_set(err, ERR_MEMORY, "no memory for %zu invocations", w->ninvocations);
    choose(w);
    if (add_messages(w, in, err) < 0)
        return -1;
    add_findings(w, in->findings);
    tally_marks_count(w);
    give_room(w);
    tally_marks_fill(w);
    return 0;
}

struct part {
    char **text; /* without colour, with it */
    size_t most, skip, entries;
};

/* A long one without the arrivals: one like the other, they would leave no room. The first entry
 * stays, times are told from it. The entries are the caller's to free. */
static struct history without_arrivals(const struct history *h)
{
    struct history shown = *h;
    shown.entries = malloc((h->nentries + 1) * sizeof *h->entries);
    shown.nentries = 0;
    for (size_t i = 0; shown.entries && i < h->nentries; i++)
        if (i == 0 || h->nentries <= TALLY_PRINTED_LINES || h->entries[i].kind != HISTORY_ARRIVED)
            shown.entries[shown.nentries++] = h->entries[i];
    return shown;
}

/* At most so many lines, without the first ones. How many entries they stand for. NULL with status
 * 0: they are too long to be kept. */
static int print_lines(const struct history *h, const struct tally_history_in *in, bool colour,
                       struct part *part, struct err *err)
{
    AUTO_BUF struct buf text;
    buf_init(&text, PRINTED_MAX);
    part->entries = history_print(h, in->name, in->owner, colour, part->most, &text);
    if (text.failed || text.len == 0)
        return text.starved ? buf_check(&text, "a history", err) : 0;
    const char *from = text.ptr;
    for (size_t i = 0; i < part->skip && strchr(from, '\n'); i++)
        from = strchr(from, '\n') + 1;
    part->text[colour] = strdup(from);
    return part->text[colour] ? 0 : err_set(err, ERR_MEMORY, "no memory to print a history");
}

static int print_part(const struct history *h, const struct tally_history_in *in, struct part *part,
                      struct err *err)
{
    int status = 0;
    for (int colour = 0; status == 0 && colour < 2; colour++)
        status = print_lines(h, in, colour, part, err);
    return status;
}

/* The first lines, and of a long history the last ones. */
static int print(const struct tally_history_in *in, struct tally_history *out, struct err *err)
{
    struct history shown = without_arrivals(in->history);
    struct part first = {.text = out->printed[0], .most = TALLY_PRINTED_LINES - LAST_LINES};
    struct part last = {.text = out->printed[1], .most = LAST_LINES + 1, .skip = 1};
    if (!shown.entries)
        return err_set(err, ERR_MEMORY, "no memory to print a history");
    int status = print_part(&shown, in, &first, err);
    size_t left = shown.nentries - first.entries, more = left < LAST_LINES ? left : LAST_LINES;
    if (status == 0 && more) {
        memmove(shown.entries + 1, shown.entries + shown.nentries - more,
                more * sizeof *shown.entries);
        shown.nentries = more + 1;
        status = print_part(&shown, in, &last, err);
    }
    out->unprinted = left - more;
    out->arrivals_unprinted = in->history->nentries - (left + first.entries);
    free(shown.entries);
    return status;
}

int tally_add_history(struct tally *t, const struct tally_history_in *in, struct err *err)
{
    if (t->nhistories == TALLY_HISTORIES_MAX)
        return err_set(err, ERR_LIMIT, "more than %d histories", TALLY_HISTORIES_MAX);
    struct tally_history *out = &t->histories[t->nhistories];
    struct tally_marks w = {.history = in->history, .out = out};
    *out = (struct tally_history){.title = in->title,
                                  .given_up_to = history_end_words(in->history, HISTORY_END_DLQ)};
    int status = copy(&w, in, err);
    close_work(&w);
    if (status == 0)
        status = print(in, out, err);
    if (status < 0)
        tally_history_fini(out);
    else
        t->nhistories++;
    return status;
}

void tally_add_judgement(struct tally *t, const struct judge_out *findings, history_name name,
                         void *owner)
{
    for (size_t i = 0; i < findings->count && i < JUDGE_FINDINGS_MAX; i++) {
        const struct judge_finding *f = &findings->findings[i];
        size_t len = 0;
        const char *of = name(owner, f->record, &len);
        len = len < TALLY_NAME_MAX ? len : TALLY_NAME_MAX;
        tally_add_finding(t, true, false, judge_check_names[f->check], "%.*s: %s", (int)len, of,
                          f->text);
    }
    if (findings->count > JUDGE_FINDINGS_MAX)
        t->findings_lost += findings->count - JUDGE_FINDINGS_MAX;
}

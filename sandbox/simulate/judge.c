/* SPDX-License-Identifier: Apache-2.0 */
#include "simulate/judge.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulate/blame.h"
#include "simulate/flight.h"
#include "simulate/runs.h"

const char *const judge_check_names[JUDGE_CHECK_COUNT] = {
    [JUDGE_LOST] = "lost",         [JUDGE_OUTCOME] = "outcome",   [JUDGE_ORDER] = "order",
    [JUDGE_FAILURES] = "failures", [JUDGE_REPEATED] = "repeated", [JUDGE_POISON] = "poison",
};

const char *const judge_aside_names[JUDGE_ASIDE_COUNT] = {
    [JUDGE_EXCUSED] = "excused",
    [JUDGE_SHARED] = "excused",
    [JUDGE_SETTINGS] = "settings",
    [JUDGE_SWALLOWED] = "swallowed",
};

const char *const judge_aside_texts[JUDGE_ASIDE_COUNT] = {
    [JUDGE_EXCUSED] = "faults alone used up the retries or the time of messages",
    [JUDGE_SHARED] = "faults and no more failures than these used up retries or time of messages",
    [JUDGE_SETTINGS] = "healthy messages went down with a poisoned one",
    [JUDGE_SWALLOWED] = "poisoned messages were answered as done",
};

struct watch {
    uint32_t told; /* a bit for each check */
    bool touched, done, duplicated;
    bool succeeded; /* as the function says, faults or not */
    bool unread;    /* poisoned, in a batch whose failures were named and not read */
    const struct history_entry
        *first; /* ANSWERED of its first success alone, or what it would be */
    const struct history *first_of;
};

struct judging {
    const struct judge_in *in;
    struct judge_out *out;
    struct runs calm, shaken;
    struct blame_all blame;
    struct watch *watches;
    struct history_fate *calm_fates, *fates;
    bool ordered;
    bool pristine;      /* the function has seen the same as without faults */
    uint32_t untouched; /* no record before it is */
};

static void find(struct judging *j, enum judge_check check, uint32_t record, uint32_t invocation,
                 const char *fmt, ...) ATTR_PRINTF(5, 6);

/* Once for each check and record. */
static void find(struct judging *j, enum judge_check check, uint32_t record, uint32_t invocation,
                 const char *fmt, ...)
{
    struct watch *w = &j->watches[record];
    if (w->told & 1u << check)
        return;
    w->told |= 1u << check;
    if (j->out->count < JUDGE_FINDINGS_MAX) {
        struct judge_finding *f = &j->out->findings[j->out->count];
        *f = (struct judge_finding){check, record, invocation, ""};
        va_list args;
        va_start(args, fmt);
        vsnprintf(f->text, sizeof f->text, fmt, args);
        va_end(args);
    }
    j->out->count++;
}

static void tell(struct judging *j, enum judge_aside_kind kind, uint32_t record, const char *fmt,
                 ...) ATTR_PRINTF(4, 5);

/* The text is about the first one. */
static void tell(struct judging *j, enum judge_aside_kind kind, uint32_t record, const char *fmt,
                 ...)
{
    struct judge_aside *a = &j->out->asides[kind];
    if (a->count++)
        return;
    a->first = record;
    va_list args;
    va_start(args, fmt);
    vsnprintf(a->text, sizeof a->text, fmt, args);
    va_end(args);
}

/* ---- the same outcome again ----------------------------------------------------------------- */

/* Whether nothing but the function itself can have failed the batch. */
static bool is_innocent(const struct judging *j, const struct run *r)
{
    if (r->faulted || !r->ran || !r->count || blame_has_poison(&j->blame, r))
        return false;
    for (size_t i = 0; i < r->count; i++) {
        uint32_t record = r->members[i];
        if (j->blame.records[record].own_calm || j->calm_fates[record].end != HISTORY_END_DONE)
            return false;
    }
    return true;
}

static bool has_member(const struct run *r, uint32_t record)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->members[i] == record)
            return true;
    return false;
}

/* Where there is no order a function may fail what came before what it needs, and have it again:
 * true when a record that is new to it came before another one that it has not seen. */
static bool may_be_early(const struct judging *j, const struct run *r)
{
    if (j->ordered)
        return false;
    uint32_t last = 0;
    for (size_t i = 0; i < r->count; i++)
        if (!j->watches[r->members[i]].touched && r->members[i] > last)
            last = r->members[i];
    for (uint32_t record = j->untouched; record < last; record++)
        if (!j->watches[record].touched && !has_member(r, record))
            return true;
    return false;
}

/* A batch that only the function can have failed, with a record that had its effects before. */
static void check_failed_again(struct judging *j, const struct run *r)
{
    size_t first = run_first_failed(r);
    if (first == r->count || !is_innocent(j, r))
        return;
    if (run_is_whole(r) && may_be_early(j, r))
        return;
    size_t last = !run_is_whole(r) && j->ordered ? first + 1 : r->count;
    for (size_t i = first; i < last; i++)
        if (j->watches[r->members[i]].touched && run_names(r, i)) {
            find(j, JUDGE_OUTCOME, r->members[i], r->number, "it %s, and failed when it came again",
                 j->watches[r->members[i]].succeeded ? "succeeded" : "succeeds without faults");
            return;
        }
}

static bool same_answer(const struct judge_in *in, const struct watch *w,
                        const struct history_entry *now, char out[static JUDGE_DIFFERENCE])
{
    const struct judge_answers a = {
        .was = w->first->text_len ? w->first_of->texts.ptr + w->first->text : "",
        .was_len = w->first->text_len,
        .now = now->text_len ? in->shaken->texts.ptr + now->text : "",
        .now_len = now->text_len,
    };
    *out = '\0';
    if (simulation_tells_delivery(in->settings->source, now->invocation, a.now, a.now_len))
        return true;
    if (in->same)
        return in->same(in->owner, &a, out);
    return a.was_len == a.now_len && memcmp(a.was, a.now, a.was_len) == 0;
}

/* A record alone in its batch: its answers can be told apart. */
static void check_answered_again(struct judging *j, const struct run *r)
{
    if (r->count != 1 || r->faulted || !run_succeeded(r) || j->in->settings->tumbling_ms)
        return;
    struct watch *w = &j->watches[r->members[0]];
    char how[JUDGE_DIFFERENCE];
    if (j->blame.records[r->members[0]].poisoned)
        return;
    if (w->first && !same_answer(j->in, w, r->answered, how)) {
        find(j, JUDGE_OUTCOME, r->members[0], r->number,
             "it was answered otherwise when it came again%s%s", *how ? ": " : "", how);
    } else if (!w->touched) {
        w->first = r->answered;
        w->first_of = j->in->shaken;
    }
}

/* A fault took the answer, but the function did what it does without faults: that is what it has to
 * answer when the record comes again. */
static void borrow_answer(struct judging *j, const struct run *r, const struct run *calm)
{
    struct watch *w = r->count == 1 ? &j->watches[r->members[0]] : NULL;
    if (w && !w->touched && !j->blame.records[r->members[0]].poisoned && run_succeeded(calm)) {
        w->first = calm->answered;
        w->first_of = j->in->calm;
    }
}

static bool same_members(const struct run *a, const struct run *b)
{
    return a->count == b->count &&
           memcmp(a->members, b->members, a->count * sizeof *a->members) == 0;
}

/* Which records' effects are there now. */
static void touch(struct judging *j, const struct run *r)
{
    size_t first = run_first_failed(r);
    for (size_t i = 0; i < r->count; i++) {
        struct watch *w = &j->watches[r->members[i]];
        bool succeeded = j->ordered ? i < first : !run_names(r, i);
        w->succeeded = w->succeeded || succeeded;
        w->touched = w->touched || succeeded || r->faulted;
    }
    while (j->untouched < j->in->shaken->nrecords && j->watches[j->untouched].touched)
        j->untouched++;
}

/* ---- order and failures --------------------------------------------------------------------- */

/* A FIFO queue keeps what is named, and only that: what the function went on with behind it is
 * done, and came before. */
static void check_order(struct judging *j, const struct run *r)
{
    const uint32_t *keys = j->in->records->keys;
    if (!j->in->settings->fifo || r->faulted || run_is_whole(r))
        return;
    for (size_t i = run_first_failed(r); i < r->count; i++)
        for (size_t k = i + 1; run_names(r, i) && k < r->count; k++)
            if (!run_names(r, k) && keys[r->members[k]] == keys[r->members[i]])
                find(j, JUDGE_ORDER, r->members[k], r->number,
                     "processed though an earlier message of its group failed in the same batch, "
                     "which comes again behind it");
}

static void check_note(struct judging *j, const struct history_entry *e)
{
    if (!e->count || e->status == HISTORY_SUCCESS)
        return;
    const struct history *h = j->in->shaken;
    for (uint32_t i = 0; i < e->count && e->status != HISTORY_REFUSED; i++)
        j->watches[h->members[e->first + i]].unread = true;
    int len = e->text_len < 150 ? (int)e->text_len : 150;
    const char *text = h->texts.ptr + e->text;
    if (e->status == HISTORY_REFUSED)
        find(j, JUDGE_FAILURES, h->members[e->first], e->invocation,
             "the answer is refused, so that all failed: %.*s", len, text);
    else if (j->in->failures_guessed)
        j->out->unread++;
    else
        find(j, JUDGE_FAILURES, h->members[e->first], e->invocation,
             "the failures it names are ignored: %.*s; --source %s:report-failures turns them on",
             len, text, mapping_source_names[j->in->settings->source]);
}

/* ---- the ends ------------------------------------------------------------------------------- */

/* One that no handler can read: to answer it as done is to lose it. */
static void judge_poisoned(struct judging *j, uint32_t record)
{
    if (j->fates[record].end == HISTORY_END_DONE && !j->watches[record].unread)
        tell(j, JUDGE_SWALLOWED, record,
             "nothing keeps them; right for a function that drops on purpose what it cannot read");
}

static void tell_settings(struct judging *j, uint32_t record, bool waited)
{
    const struct mapping_settings *s = j->in->settings;
    const struct history_fate *fate = &j->fates[record];
    const char *both = s->retries == MAPPING_NO_LIMIT && !waited ? " and " : "";
    tell(j, JUDGE_SETTINGS, record, "%s (%s), %s, and the function failed just that: %s%s%s",
         history_end_words(j->in->shaken, fate->end), mapping_reason_name(s->source, fate->reason),
         waited ? "it waited behind the poisoned one"
                : "each time in a batch with the poisoned one",
         waited || *both ? "retries=N gives that up earlier" : "", both,
         waited    ? ""
         : s->fifo ? "batch=1 keeps the others"
                   : "batch=1 keeps the others, a smaller batch more of them, so does bisect "
                     "without report-failures where the function answers with an error");
}

static void judge_end(struct judging *j, uint32_t record)
{
    const struct blame_record *w = &j->blame.records[record];
    const struct history_fate *fate = &j->fates[record];
    if (j->calm_fates[record].end != HISTORY_END_DONE || fate->end == HISTORY_END_DONE ||
        fate->end == HISTORY_END_FILTERED)
        return;
    const char *end = history_end_words(j->in->shaken, fate->end);
    const char *why = mapping_reason_name(j->in->settings->source, fate->reason);
    struct blame_verdict v = blame_end(&j->blame, record, fate);
    switch (v.who) {
    case BLAME_FUNCTION:
        find(j, JUDGE_LOST, record, w->last,
             "done without faults, with them %s (%s): the function failed it %" PRIu32
             " times by itself",
             end, why, w->own);
        return;
    case BLAME_POISON:
        find(j, JUDGE_POISON, record, v.waited ? 0 : w->last, "%s (%s) %s", end, why,
             v.waited ? "while it waited behind a poisoned record"
                      : "because a poisoned record was in its batch: the function failed the whole "
                        "batch");
        return;
    case BLAME_SETTINGS:
        tell_settings(j, record, v.waited);
        return;
    case BLAME_FAULTS:
        tell(j, JUDGE_EXCUSED, record,
             "the function is not to blame, more retries or time would keep them");
        return;
    case BLAME_SHARED:
        tell(j, JUDGE_SHARED, record, "that is not enough to blame the function");
        return;
    }
}

/* ---- all of it ------------------------------------------------------------------------------ */

static void judge_run(struct judging *j, const struct run *r, size_t *nran)
{
    blame_run(&j->blame, r);
    if (!r->ran)
        return;
    const struct run *calm = *nran < j->calm.count ? &j->calm.items[*nran] : NULL;
    ++*nran;
    j->pristine = j->pristine && calm && same_members(r, calm);
    if (r->faulted && j->pristine)
        borrow_answer(j, r, calm);
    j->pristine = j->pristine && !r->faulted;
    for (size_t i = 0; i < r->count; i++) {
        const struct watch *w = &j->watches[r->members[i]];
        if (w->done && !w->duplicated)
            find(j, JUDGE_REPEATED, r->members[i], r->number,
                 "delivered again after its success, and nothing asked for that");
    }
    check_failed_again(j, r);
    check_answered_again(j, r);
    check_order(j, r);
    touch(j, r);
}

/* In the order in which the function was asked. */
static void judge_entries(struct judging *j)
{
    const struct history *h = j->in->shaken;
    size_t nran = 0;
    j->pristine = true;
    for (size_t i = 0; i < h->nentries; i++) {
        const struct history_entry *e = &h->entries[i];
        const struct run *r = runs_find(&j->shaken, e->invocation);
        if (e->kind == HISTORY_INVOKED && r && r->answered)
            judge_run(j, r, &nran);
        if (e->kind == HISTORY_NOTE)
            check_note(j, e);
        for (uint32_t k = 0; k < e->count; k++) {
            struct watch *w = &j->watches[h->members[e->first + k]];
            w->done = w->done || e->kind == HISTORY_DONE;
            w->duplicated =
                w->duplicated || (e->kind == HISTORY_FAULT && e->fault == FAULT_DUPLICATE);
            if (e->kind == HISTORY_FILTERED || e->kind == HISTORY_GIVEN_UP)
                w->touched = true;
        }
    }
}

/* Who is in the history, and who of them is poisoned. A function waits for none that cannot come:
 * they count as touched. */
static void meet_records(struct judging *j)
{
    const struct history *h = j->in->shaken;
    for (uint32_t record = 0; record < h->nrecords; record++)
        j->watches[record].touched = true;
    for (size_t i = 0; i < h->nentries; i++) {
        const struct history_entry *e = &h->entries[i];
        if (!e->count)
            continue;
        struct watch *w = &j->watches[h->members[e->first]];
        if (e->kind == HISTORY_ARRIVED)
            w->touched = j->blame.records[h->members[e->first]].poisoned;
        if (e->kind == HISTORY_FAULT && e->fault == FAULT_POISON) {
            blame_poisoned(&j->blame, h->members[e->first]);
            w->touched = true;
        }
    }
}

static int open_judging(struct judging *j, struct err *err)
{
    const struct judge_in *in = j->in;
    if (in->calm->nrecords != in->shaken->nrecords || in->records->count < in->calm->nrecords)
        return err_set(err, ERR_INPUT, "histories of %" PRIu32 " and %" PRIu32 " records",
                       in->calm->nrecords, in->shaken->nrecords);
    j->watches = calloc((size_t)in->calm->nrecords + 1, sizeof *j->watches);
    if (!j->watches)
        return err_set(err, ERR_MEMORY, "no memory to judge %" PRIu32 " records",
                       in->calm->nrecords);
    if (blame_open(&j->blame, in->settings, in->records, in->calm->nrecords, err) < 0)
        return -1;
    j->calm_fates = history_fates(in->calm, err);
    j->fates = j->calm_fates ? history_fates(in->shaken, err) : NULL;
    return j->fates ? 0 : -1;
}

static void close_judging(struct judging *j)
{
    runs_fini(&j->calm);
    runs_fini(&j->shaken);
    blame_close(&j->blame);
    free(j->watches);
    free(j->calm_fates);
    free(j->fates);
}

int judge_history(const struct judge_in *in, struct judge_out *out, struct err *err)
{
    struct judging j = {.in = in, .out = out};
    out->count = out->unread = 0;
    memset(out->asides, 0, sizeof out->asides);
    j.ordered = mapping_is_ordered(in->settings);
    int rc = open_judging(&j, err);
    if (rc == 0 &&
        (runs_read(&j.calm, in->calm, err) < 0 || runs_read(&j.shaken, in->shaken, err) < 0))
        rc = -1;
    for (size_t i = 0; i < j.calm.count && rc == 0; i++)
        blame_calm(&j.blame, &j.calm.items[i]);
    if (rc == 0) {
        meet_records(&j);
        judge_entries(&j);
    }
    for (uint32_t record = 0; rc == 0 && record < in->shaken->nrecords; record++) {
        if (j.blame.records[record].poisoned)
            judge_poisoned(&j, record);
        else
            judge_end(&j, record);
    }
    close_judging(&j);
    return rc;
}

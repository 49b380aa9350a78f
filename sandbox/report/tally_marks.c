/* SPDX-License-Identifier: Apache-2.0 */
#include "report/tally_marks.h"

#include <string.h>

#include "report/tally_keep.h"

#define LAST_PART 4 /* of the room for marks: for the last ones */

/* NULL: not kept, or no record of the history. */
static struct tally_message *message_of(const struct tally_marks *w, uint32_t record)
{
    bool kept = record < w->history->nrecords && w->rows[record] != TALLY_NO_ROW;
    return kept ? &w->out->kept[w->rows[record]] : NULL;
}

static struct tally_message *member(const struct tally_marks *w, const struct history_entry *e,
                                    uint32_t i)
{
    return message_of(w, w->history->members[e->first + i]);
}

void tally_marks_count(struct tally_marks *w)
{
    for (size_t k = 0; k < w->history->nentries; k++) {
        const struct history_entry *e = &w->history->entries[k];
        for (uint32_t i = 0; e->kind != HISTORY_ANSWERED && i < e->count; i++) {
            struct tally_message *m = member(w, e, i);
            if (m)
                m->nmarks++;
        }
    }
}

static void count_mark(struct tally_message *m, const struct history_entry *e)
{
    m->faults += e->kind == HISTORY_FAULT;
}

static size_t last_marks(const struct tally_message *m)
{
    return m->nmarks / LAST_PART;
}

/* Of many marks the first and the last ones are kept; the last ones take turns. */
static struct tally_mark *place_of(const struct tally_marks *w, struct tally_message *m)
{
    if (m->nmarks < w->room[m - w->out->kept])
        return &m->marks[m->nmarks++];
    size_t last = last_marks(m), turn = m->marks_lost++ % last;
    return &m->marks[m->nmarks - last + turn];
}

static void reverse(struct tally_mark *from, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        struct tally_mark other = from[i];
        from[i] = from[count - 1 - i];
        from[count - 1 - i] = other;
    }
}

/* The last ones into their order. */
static void order_marks(struct tally_message *m)
{
    size_t last = last_marks(m), turn = last ? m->marks_lost % last : 0;
    m->first_marks = m->marks_lost ? m->nmarks - last : m->nmarks;
    reverse(m->marks + m->nmarks - last, turn);
    reverse(m->marks + m->nmarks - last + turn, last - turn);
    reverse(m->marks + m->nmarks - last, last);
}

/* text is the same for all members of an entry: copied once. */
static void add_mark(struct tally_marks *w, struct tally_message *m, const struct history_entry *e,
                     const char *text)
{
    count_mark(m, e);
    int64_t at_ms = e->time_ms - w->out->began_ms;
    *place_of(w, m) = (struct tally_mark){
        .at_ms = at_ms,
        .until_ms = e->kind == HISTORY_RETRIED ? e->until_ms - w->out->began_ms : at_ms,
        .kind = e->kind,
        .ran = e->ran,
        .to_dlq = e->to_dlq,
        .fault = e->fault,
        .invocation = e->invocation,
        .text = text,
    };
}

static const char *note_of(struct tally_marks *w, const struct history_entry *e)
{
    const char *text = e->text_len ? w->history->texts.ptr + e->text : "";
    return tally_keep_begin(&w->out->texts, text, e->text_len, TALLY_ANSWER_MAX);
}

/* ---- invocations ---------------------------------------------------------------------------- */

static void add_call(struct tally_marks *w, const struct history_entry *e)
{
    if (w->out->ncalls == TALLY_INVOCATIONS_MAX)
        return;
    w->out->calls[w->out->ncalls++] = (struct tally_invocation){
        .number = e->invocation,
        .attempt = e->attempt,
        .at_ms = e->time_ms - w->out->began_ms,
        .until_ms = e->time_ms - w->out->began_ms,
        .messages = e->count,
    };
    w->calls[e->invocation] = (uint32_t)w->out->ncalls;
}

static void begin_call(struct tally_marks *w, size_t k)
{
    const struct history_entry *e = &w->history->entries[k];
    bool kept = false;
    for (uint32_t i = 0; i < e->count; i++)
        kept |= member(w, e, i) != NULL;
    w->batches[e->invocation] = (uint32_t)k + 1;
    w->calls[e->invocation] = 0;
    if (kept)
        add_call(w, e);
}

/* The deliveries of this invocation that have no end yet. */
static void end_marks(struct tally_message *m, const struct history_entry *e, int64_t at_ms,
                      bool failed)
{
    for (size_t i = m->nmarks; i-- > 0;) {
        struct tally_mark *mark = &m->marks[i];
        if (mark->kind != HISTORY_INVOKED || mark->invocation != e->invocation || mark->answered)
            continue;
        mark->answered = true;
        mark->until_ms = at_ms;
        mark->status = e->status;
        mark->failed = failed;
    }
}

static void end_batch(struct tally_marks *w, const struct history_entry *e, size_t k,
                      const struct history_entry *batch)
{
    for (uint32_t i = 0; i < e->count; i++) {
        uint32_t record = w->history->members[e->first + i];
        if (record < w->history->nrecords)
            w->stamps[record] = (uint32_t)k + 1;
    }
    for (uint32_t i = 0; i < batch->count; i++) {
        struct tally_message *m = member(w, batch, i);
        if (!m)
            continue;
        bool named = w->stamps[m->record] == k + 1;
        bool failed = e->status == HISTORY_PARTIAL ? named : e->status != HISTORY_SUCCESS;
        m->throttled += e->status == HISTORY_THROTTLED;
        end_marks(m, e, e->time_ms - w->out->began_ms, failed);
    }
}

static void end_call(struct tally_marks *w, size_t k)
{
    const struct history_entry *e = &w->history->entries[k];
    uint32_t batch = w->batches[e->invocation], call = w->calls[e->invocation];
    if (batch)
        end_batch(w, e, k, &w->history->entries[batch - 1]);
    if (!call)
        return;
    struct tally_invocation *c = &w->out->calls[call - 1];
    c->answered = true;
    c->until_ms = e->time_ms - w->out->began_ms;
    c->status = e->status;
    c->failed = e->count;
    if (e->text_len == 0)
        return;
    struct trace_text answer = {w->history->texts.ptr + e->text, e->text_len};
    if (!tally_keep_text(&w->out->texts, answer, TALLY_ANSWER_MAX, &c->answer))
        c->answer = (struct tally_text){"", 0, e->text_len};
}

static void add_entry(struct tally_marks *w, size_t k)
{
    const struct history_entry *e = &w->history->entries[k];
    const char *text = NULL;
    if (e->kind == HISTORY_INVOKED)
        begin_call(w, k);
    if (e->kind == HISTORY_GIVEN_UP)
        text = mapping_reason_name(w->history->source, e->reason);
    for (uint32_t i = 0; i < e->count; i++) {
        struct tally_message *m = member(w, e, i);
        if (m && !text && e->kind == HISTORY_NOTE)
            text = note_of(w, e);
        if (m)
            add_mark(w, m, e, text);
    }
}

void tally_marks_fill(struct tally_marks *w)
{
    for (size_t k = 0; k < w->history->nentries; k++) {
        if (w->history->entries[k].kind == HISTORY_ANSWERED)
            end_call(w, k);
        else
            add_entry(w, k);
    }
    for (size_t i = 0; i < w->out->nkept; i++) {
        struct tally_message *m = &w->out->kept[i];
        order_marks(m);
        if (m->end == HISTORY_END_OPEN && m->nmarks)
            m->end_ms = m->marks[m->nmarks - 1].until_ms;
    }
}

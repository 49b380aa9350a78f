/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report_messages.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/visible.h"
#include "report/member.h"

#define LINE_MAX (256u << 10)

/* As members of JSON. */
static const char *const end_members[HISTORY_END_COUNT] = {
    [HISTORY_END_OPEN] = "open",         [HISTORY_END_DONE] = "done",
    [HISTORY_END_FILTERED] = "filtered", [HISTORY_END_DLQ] = "dead_letter_queue",
    [HISTORY_END_LOST] = "lost",
};

/* Any 64 bits; readers may keep numbers as double. */
static void add_seed(struct buf *out, const char *key, bool known, uint64_t seed)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, seed);
    member_string(out, key, known ? text : NULL);
}

static void add_chaos(struct buf *out, const struct tally_chaos *c)
{
    if (!c->on) {
        member_string(out, "chaos", NULL);
        return;
    }
    member_open(out, "chaos", '{');
    add_seed(out, "seed", c->seeded, c->seed);
    member_size(out, "rounds", c->rounds);
    add_seed(out, "failing_seed", c->failed && c->seeded, c->failing_seed);
    member_bool(out, "found", c->failed);
    member_string(out, "faults_given", c->faults);
    member_string(out, "smallest", c->smallest);
    member_size(out, "smallest_messages", c->smallest_messages);
    member_size(out, "smallest_faults", c->smallest_faults);
    member_bool(out, "same", c->same);
    member_bool(out, "minimal", c->minimal);
    member_string(out, "command", c->command);
    member_close(out, '}');
}

static void add_mark(struct buf *out, const struct tally_mark *m)
{
    member_open(out, NULL, '{');
    member_string(out, "kind", history_kind_names[m->kind]);
    member_time(out, "at_ms", m->at_ms);
    if (m->until_ms > m->at_ms)
        member_time(out, "until_ms", m->until_ms);
    if (m->invocation)
        member_size(out, "invocation", m->invocation);
    if (m->answered) {
        member_string(out, "status", history_status_names[m->status]);
        member_bool(out, "failed", m->failed);
    }
    if (m->kind == HISTORY_FAULT)
        member_string(out, "fault", fault_kind_names[m->fault]);
    if (m->kind == HISTORY_INVOKED && !m->ran)
        member_bool(out, "ran", m->ran);
    if (m->kind == HISTORY_GIVEN_UP)
        member_bool(out, "dead_letter", m->to_dlq);
    if (m->text)
        member_string(out, m->kind == HISTORY_NOTE ? "note" : "reason", m->text);
    member_close(out, '}');
}

static void add_message(struct buf *out, const struct tally_message *m)
{
    member_open(out, NULL, '{');
    member_size(out, "record", (size_t)m->record + 1);
    member_string(out, "name", m->name);
    member_string(out, "end", end_members[m->end]);
    member_time(out, "end_ms", m->end_ms);
    if (m->copy != HISTORY_END_OPEN)
        member_string(out, "copy", end_members[m->copy]);
    member_size(out, "deliveries", m->deliveries);
    member_size(out, "retries", m->retries);
    member_size(out, "faults", m->faults);
    if (m->reason)
        member_string(out, "reason", m->reason);
    if (m->finding)
        member_string(out, "finding", m->finding);
    if (m->marks_lost)
        member_size(out, "marks_left_out", m->marks_lost);
    if (m->marks_lost)
        member_size(out, "left_out_after", m->first_marks);
    member_open(out, "marks", '[');
    for (size_t i = 0; i < m->nmarks; i++)
        add_mark(out, &m->marks[i]);
    member_close(out, ']');
    member_close(out, '}');
}

static void add_call(struct buf *out, const struct tally_invocation *c)
{
    member_open(out, NULL, '{');
    member_size(out, "number", c->number);
    member_size(out, "attempt", c->attempt);
    member_time(out, "at_ms", c->at_ms);
    member_time(out, "until_ms", c->until_ms);
    member_string(out, "status", c->answered ? history_status_names[c->status] : NULL);
    member_size(out, "messages", c->messages);
    member_size(out, "failed", c->failed);
    member_text(out, "answer", &c->answer);
    member_close(out, '}');
}

static void add_history(struct buf *out, const struct tally_history *h)
{
    member_open(out, NULL, '{');
    member_string(out, "title", h->title);
    member_string(out, "given_up_to", h->given_up_to);
    member_time(out, "began_ms", h->began_ms);
    member_time(out, "took_ms", h->took_ms);
    member_size(out, "messages", h->messages);
    member_open(out, "ends", '{');
    for (size_t i = 0; i < HISTORY_END_COUNT; i++)
        member_size(out, end_members[i], h->ends[i]);
    member_close(out, '}');
    member_open(out, "copies", '{');
    member_size(out, end_members[HISTORY_END_DLQ], h->copies[HISTORY_END_DLQ]);
    member_size(out, end_members[HISTORY_END_LOST], h->copies[HISTORY_END_LOST]);
    member_close(out, '}');
    member_size(out, "invocations", h->invocations);
    member_size(out, "deliveries", h->deliveries);
    member_size(out, "retries", h->retries);
    member_size(out, "splits", h->splits);
    member_size(out, "faults", h->faults);
    member_size(out, "messages_left_out", h->messages - h->nkept);
    member_open(out, "kept", '[');
    for (size_t i = 0; i < h->nkept; i++)
        add_message(out, &h->kept[i]);
    member_close(out, ']');
    member_open(out, "calls", '[');
    for (size_t i = 0; i < h->ncalls; i++)
        add_call(out, &h->calls[i]);
    member_close(out, ']');
    member_close(out, '}');
}

void report_messages_json(const struct tally *t, struct buf *out)
{
    member_string(out, "source", t->source);
    add_chaos(out, &t->chaos);
    member_open(out, "histories", '[');
    for (size_t i = 0; i < t->nhistories; i++)
        add_history(out, &t->histories[i]);
    member_close(out, ']');
}

/* ---- for the terminal ----------------------------------------------------------------------- */

struct text {
    const struct report_lines *lines;
    struct buf line; /* what is being put together */
    struct buf *out;
};

static void end_line(struct text *x, const char *label, const char *sgr, bool command)
{
    const struct report_label l = {label, sgr, command};
    report_lines_wrap(x->lines, &l, x->line.ptr ? x->line.ptr : "", x->out);
    buf_inherit(x->out, &x->line);
    buf_reset(&x->line);
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static void add_visible(struct text *x, const char *text)
{
    visible_add(text, strlen(text), "", &x->line);
}

static void add_duration(struct buf *out, int64_t ms)
{
    static const struct {
        int64_t ms;
        const char *unit;
    } units[] = {{86400000, "days"}, {3600000, "hours"}, {60000, "minutes"}, {1000, "s"}};
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (ms >= 2 * units[i].ms || (units[i].ms == 1000 && ms >= 1000)) {
            buf_addf(out, "%.4g %s", (double)ms / (double)units[i].ms, units[i].unit);
            return;
        }
    buf_addf(out, "%" PRId64 " ms", ms);
}

static void add_end(struct text *x, const struct tally_history *h, enum history_end end)
{
    if (end == HISTORY_END_DLQ)
        buf_addf(&x->line, " in the %s", h->given_up_to);
    else
        buf_addf(&x->line, " %s", history_end_names[end]);
}

/* ", a later copy of it lost": of those that are done. */
static void add_copies(struct text *x, const struct tally_history *h, enum history_end end)
{
    size_t count = h->copies[end];
    if (!count)
        return;
    if (count == 1)
        buf_addf(&x->line, ", a later copy of %s", h->ends[HISTORY_END_DONE] == 1 ? "it" : "one");
    else
        buf_addf(&x->line, ", later copies of %zu", count);
    add_end(x, h, end);
}

static void add_counts(struct text *x, const struct tally_history *h)
{
    static const enum history_end ends[] = {HISTORY_END_DONE, HISTORY_END_FILTERED, HISTORY_END_DLQ,
                                            HISTORY_END_LOST, HISTORY_END_OPEN};
    const char *before = ": ";
    add_visible(x, h->title);
    buf_addf(&x->line, ": %zu message%s", h->messages, plural(h->messages));
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        if (h->ends[ends[i]] == 0)
            continue;
        buf_addf(&x->line, "%s%zu", before, h->ends[ends[i]]);
        add_end(x, h, ends[i]);
        before = ", ";
        for (size_t k = 0; ends[i] == HISTORY_END_DONE && k < ARRAY_LEN(ends); k++)
            add_copies(x, h, ends[k]);
    }
    buf_addf(&x->line, "; %zu deliver%s in %zu invocation%s", h->deliveries,
             h->deliveries == 1 ? "y" : "ies", h->invocations, plural(h->invocations));
    if (h->retries)
        buf_addf(&x->line, ", %zu retr%s", h->retries, h->retries == 1 ? "y" : "ies");
    if (h->splits)
        buf_addf(&x->line, ", %zu split%s", h->splits, plural(h->splits));
    if (h->faults)
        buf_addf(&x->line, ", %zu fault%s", h->faults, plural(h->faults));
    buf_adds(&x->line, "; ");
    add_duration(&x->line, h->took_ms);
    buf_adds(&x->line, " on the virtual clock");
    end_line(x, "history", REPORT_BOLD, false);
}

static void add_part(struct text *x, const char *text)
{
    if (text)
        report_lines_cut(x->lines, text, strlen(text), x->out);
}

static void add_lines(struct text *x, const struct tally_history *h)
{
    size_t arrivals = h->arrivals_unprinted;
    add_part(x, h->printed[0][x->lines->colour]);
    if (h->unprinted)
        buf_addf(&x->line, "%zu more%s", h->unprinted, arrivals ? " and " : "");
    if (arrivals)
        buf_addf(&x->line, "%zu arrival%s", arrivals, plural(arrivals));
    if (x->line.len) {
        buf_adds(&x->line, ": --history FILE writes all");
        end_line(x, "...", NULL, false);
    }
    add_part(x, h->printed[1][x->lines->colour]);
}

/* Of several histories, the one that says most: without chaos the first, with it the smallest that
 * fails, which is the last. */
static bool has_lines(const struct tally *t, size_t i)
{
    return t->chaos.on ? t->chaos.failed && i + 1 == t->nhistories : i == 0;
}

static void add_found(struct text *x, const struct tally_chaos *c)
{
    if (!c->smallest)
        buf_adds(&x->line, "with faults: ");
    buf_addf(&x->line, "%zu message%s, %zu fault%s", c->smallest_messages,
             plural(c->smallest_messages), c->smallest_faults, plural(c->smallest_faults));
    if (c->faults) {
        buf_adds(&x->line, ": ");
        add_visible(x, c->faults);
    }
    if (c->smallest) {
        buf_adds(&x->line, c->same ? "; all of " : "; its events are in ");
        add_visible(x, c->smallest);
    }
    if (!c->minimal)
        buf_adds(&x->line, c->smallest ? "; the search was ended, a smaller one may fail, too"
                                       : "; a smaller one may fail, too");
    else if (c->same)
        buf_adds(&x->line, ", nothing smaller fails");
    end_line(x, c->smallest ? "smallest" : "round", REPORT_BOLD, false);
    if (c->command) {
        add_visible(x, c->command);
        end_line(x, "repeat", REPORT_BOLD, true);
    }
}

static void add_chaos_lines(struct text *x, const struct tally_chaos *c)
{
    buf_addf(&x->line, "%zu round%s", c->rounds, plural(c->rounds));
    if (c->seeded)
        buf_addf(&x->line, " from seed %" PRIu64, c->seed);
    buf_adds(&x->line, c->failed ? ": found" : ": nothing found");
    if (c->failed && c->seeded)
        buf_addf(&x->line, " with seed %" PRIu64, c->failing_seed);
    end_line(x, "chaos", c->failed ? REPORT_RED : REPORT_GREEN, false);
    if (c->failed)
        add_found(x, c);
}

void report_messages_text(const struct tally *t, const struct report_lines *lines, struct buf *out)
{
    struct text x = {.lines = lines, .out = out};
    buf_init(&x.line, LINE_MAX);
    if (t->source) {
        add_visible(&x, t->source);
        end_line(&x, "source", REPORT_BOLD, false);
    }
    for (size_t i = 0; i < t->nhistories; i++) {
        add_counts(&x, &t->histories[i]);
        if (has_lines(t, i))
            add_lines(&x, &t->histories[i]);
    }
    if (t->chaos.on)
        add_chaos_lines(&x, &t->chaos);
    buf_free(&x.line);
}

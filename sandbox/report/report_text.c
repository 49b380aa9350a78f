/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/visible.h"
#include "report/report_lines.h"
#include "report/report_messages.h"

#define SHOWN_MAX   10 /* differing events */
#define ITEMS_MAX   4  /* of one */
#define SLOWEST_MAX 3
#define WIDTH_LEAST 40
#define LINE_MAX    (256u << 10)

struct text {
    struct report_lines lines;
    struct buf line; /* what is being put together */
    struct buf *out;
};

static void add_visible(struct buf *out, const char *text)
{
    visible_add(text, strlen(text), "", out);
}

/* Ends the line that was put together. */
static void end_line(struct text *x, const char *label, const char *sgr, bool command)
{
    const struct report_label l = {label, sgr, command};
    report_lines_wrap(&x->lines, &l, x->line.ptr ? x->line.ptr : "", x->out);
    buf_inherit(x->out, &x->line);
    buf_reset(&x->line);
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static const char *noun(const struct tally *t)
{
    return t->messages ? "message" : "event";
}

/* ---- totals --------------------------------------------------------------------------------- */

static void add_replayed(struct text *x, const struct tally *t)
{
    double seconds = (double)t->took_us / 1e6;
    size_t count = t->chaos.on ? t->chaos.rounds : t->done;
    buf_addf(&x->line, "%zu %s%s in %.3g s", count, t->chaos.on ? "round" : noun(t), plural(count),
             seconds);
    if (seconds > 0)
        buf_addf(&x->line, ", %.*f a second", (double)count / seconds < 10 ? 1 : 0,
                 (double)count / seconds);
    if (t->environments)
        buf_addf(&x->line, ", %u environment%s", t->environments, plural(t->environments));
    if (t->interrupted)
        buf_adds(&x->line, "; interrupted, the rest was not run");
    end_line(x, "replayed", REPORT_BOLD, false);
}

static void add_count(struct text *x, size_t count, const char *sgr, const char *what)
{
    bool coloured = x->lines.colour && sgr;
    if (count == 0)
        return;
    buf_addf(&x->line, "%s%s%s%s%zu %s%s", x->line.len ? ", " : "", coloured ? "\x1b[" : "",
             coloured ? sgr : "", coloured ? "m" : "", count, what, coloured ? "\x1b[0m" : "");
}

static void add_answers(struct text *x, const struct tally *t)
{
    add_count(x, t->equal, REPORT_GREEN, "equal");
    add_count(x, t->differing, REPORT_RED, t->differing == 1 ? "differs" : "differ");
    add_count(x, t->unknown, NULL, "with nothing to compare with");
    if (t->done == 0)
        buf_adds(&x->line, "none");
    end_line(x, "answers", REPORT_BOLD, false);
    add_count(x, t->failed, NULL, t->failed == 1 ? "answer is an error" : "answers are errors");
    add_count(x, t->timed_out, NULL, "timed out");
    if (x->line.len)
        end_line(x, "", NULL, false);
}

static void add_amount(struct buf *out, double value, const char *unit)
{
    buf_addf(out, value < 1000 ? "%.3g" : "%.0f", value);
    if (*unit)
        buf_addf(out, " %s", unit);
}

struct measure {
    const char *label, *unit;
    double scale; /* of a sample in the unit */
    const struct samples *pair;
};

static void add_measure(struct text *x, const struct measure *m)
{
    static const struct {
        double q;
        const char *what;
    } columns[] = {{0.5, "median"}, {0.99, "99 % within"}, {1, "at most"}};
    if (m->pair[1].count == 0)
        return;
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        buf_addf(&x->line, "%s%s ", i ? "; " : "", columns[i].what);
        add_amount(&x->line, samples_quantile(&m->pair[1], columns[i].q) / m->scale, m->unit);
        if (m->pair[0].count) {
            buf_adds(&x->line, ", was ");
            add_amount(&x->line, samples_quantile(&m->pair[0], columns[i].q) / m->scale, "");
        }
    }
    end_line(x, m->label, REPORT_BOLD, false);
}

static void add_totals(struct text *x, const struct tally *t)
{
    const struct measure measures[] = {
        {"duration", "ms", 1000, t->durations},
        {"memory", "MB", 1, t->memories},
        {"init", "ms", 1000, t->inits},
    };
    add_replayed(x, t);
    if (t->done || !t->chaos.on)
        add_answers(x, t);
    for (size_t i = 0; i < ARRAY_LEN(measures); i++)
        add_measure(x, &measures[i]);
}

/* ---- differences ---------------------------------------------------------------------------- */

static void add_items(struct text *x, const struct tally_difference *d)
{
    size_t shown = d->nitems < ITEMS_MAX ? d->nitems : ITEMS_MAX;
    for (size_t i = 0; i < shown; i++)
        compare_print(&d->items[i], x->lines.colour, &x->line);
    if (d->count > shown)
        buf_addf(&x->line, "  ... and %zu more difference%s\n", d->count - shown,
                 plural(d->count - shown));
    for (size_t i = 0; i < x->line.len; i++)
        if (x->line.ptr[i] == '\t') /* of unknown width */
            x->line.ptr[i] = ' ';
    report_lines_cut(&x->lines, x->line.ptr ? x->line.ptr : "", x->line.len, x->out);
    buf_inherit(x->out, &x->line);
    buf_reset(&x->line);
}

static void add_difference(struct text *x, const struct tally *t, const struct tally_difference *d)
{
    bool colour = x->lines.colour;
    buf_addf(&x->line, "%s%s %zu%s  ", colour ? "\x1b[" REPORT_BOLD "m" : "", noun(t), d->number,
             colour ? "\x1b[0m" : "");
    add_visible(&x->line, d->source);
    if (*d->request_id) {
        buf_adds(&x->line, "  ");
        add_visible(&x->line, d->request_id);
    }
    buf_addc(x->out, '\n');
    report_lines_cut(&x->lines, x->line.ptr ? x->line.ptr : "", x->line.len, x->out);
    buf_reset(&x->line);
    add_items(x, d);
}

static void add_differences(struct text *x, const struct tally *t)
{
    size_t shown = t->nkept < SHOWN_MAX ? t->nkept : SHOWN_MAX;
    for (size_t i = 0; i < shown; i++)
        add_difference(x, t, &t->kept[i]);
    if (t->differing > shown) {
        size_t more = t->differing - shown;
        buf_addc(x->out, '\n');
        buf_addf(&x->line, "%zu more %s%s; --report FILE.html shows %s%zu", more, noun(t),
                 more == 1 ? " differs" : "s differ", t->nkept < t->differing ? "" : "all ",
                 t->nkept);
        end_line(x, "and", NULL, false);
    }
    if (shown || t->differing)
        buf_addc(x->out, '\n');
    if (shown) {
        add_visible(&x->line, t->kept[0].command);
        end_line(x, "repeat", REPORT_BOLD, true);
    }
}

/* ---- findings, the slowest, the verdict ----------------------------------------------------- */

static void add_findings(struct text *x, const struct tally *t)
{
    for (size_t i = 0; i < t->nfindings; i++) {
        const struct tally_finding *f = &t->findings[i];
        add_visible(&x->line, f->name);
        buf_addf(&x->line, ": ");
        add_visible(&x->line, f->text);
        end_line(x,
                 f->failed   ? "failed"
                 : f->unsure ? "unsure"
                             : "passed",
                 f->failed   ? REPORT_RED
                 : f->unsure ? REPORT_YELLOW
                             : REPORT_GREEN,
                 false);
    }
    if (t->findings_lost) {
        buf_addf(&x->line, "%zu more finding%s", t->findings_lost, plural(t->findings_lost));
        end_line(x, "and", NULL, false);
    }
}

static void add_power(struct text *x, const struct tally *t)
{
    for (size_t i = 0; i < t->npower; i++) {
        const struct tally_power *p = &t->power[i];
        buf_addf(&x->line, "%5u MB: median %.4g ms, 99 %% within %.4g ms, $%.4g a million%s%s",
                 p->memory_mb, p->p50_us / 1000, p->p99_us / 1000, p->dollars_per_million,
                 p->meets ? ", fast enough" : "", p->cheapest ? ", the cheapest" : "");
        end_line(x, i ? "" : "power", REPORT_BOLD, false);
    }
}

static void add_slowest(struct text *x, const struct tally *t)
{
    for (size_t i = 0; i < t->nslowest && i < SLOWEST_MAX && t->done > 1; i++) {
        const struct tally_slow *s = &t->slowest[i];
        add_amount(&x->line, (double)s->got_us / 1000, "ms");
        if (s->expected_us >= 0) {
            buf_adds(&x->line, ", was ");
            add_amount(&x->line, (double)s->expected_us / 1000, "ms");
        }
        buf_addf(&x->line, ": %s %zu, ", noun(t), s->number);
        add_visible(&x->line, s->source);
        end_line(x, i ? "" : "slowest", REPORT_BOLD, false);
    }
}

static void add_verdict(struct text *x, const struct tally *t)
{
    size_t failed = 0, unsure = 0;
    for (size_t i = 0; i < t->nfindings; i++) {
        failed += t->findings[i].failed;
        unsure += t->findings[i].unsure && !t->findings[i].failed;
    }
    if (t->chaos.on)
        buf_addf(&x->line, "%zu round%s of chaos, %s", t->chaos.rounds, plural(t->chaos.rounds),
                 t->chaos.failed ? "one fails" : "none fails");
    else if (t->differing)
        buf_addf(&x->line, "%zu of %zu %ss differ%s", t->differing, t->done, noun(t),
                 t->differing == 1 ? "s" : "");
    else if (t->equal)
        buf_addf(&x->line, "%zu of %zu %ss equal", t->equal, t->done, noun(t));
    else
        buf_addf(&x->line, "no %s had anything to compare with", noun(t));
    if (failed || t->finding_failed)
        buf_addf(&x->line, ", %zu finding%s failed", failed, plural(failed));
    if (unsure)
        buf_addf(&x->line, ", %zu unsure", unsure);
    if (t->interrupted)
        buf_adds(&x->line, ", interrupted");
    if (tally_differs(t))
        end_line(x, t->chaos.on ? "FAILED" : "DIFFERENT", REPORT_RED, false);
    else if (t->interrupted)
        end_line(x, "UNFINISHED", REPORT_YELLOW, false);
    else
        end_line(x, t->chaos.on ? "PASSED" : t->equal ? "SAME" : "DONE", REPORT_GREEN, false);
}

void report_text(const struct tally *t, bool colour, unsigned width, struct buf *out)
{
    struct text x = {.lines = {width < WIDTH_LEAST ? WIDTH_LEAST : width, colour}, .out = out};
    buf_init(&x.line, LINE_MAX);
    add_totals(&x, t);
    report_messages_text(t, &x.lines, out);
    add_differences(&x, t);
    add_findings(&x, t);
    add_power(&x, t);
    add_slowest(&x, t);
    add_verdict(&x, t);
    buf_free(&x.line);
}

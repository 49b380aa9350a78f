/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "report/member.h"
#include "report/report_messages.h"

#define QUANTILES 201 /* of a distribution: 0, 0.5 %, ... 100 % */

static const char *const kind_names[] = {
    [COMPARE_CHANGED] = "changed",
    [COMPARE_GONE] = "gone",
    [COMPARE_ADDED] = "added",
    [COMPARE_STATUS] = "status",
};

static const char *const span_names[] = {
    [TALLY_SPAN_INIT] = "init",
    [TALLY_SPAN_INVOKE] = "invoke",
    [TALLY_SPAN_FROZEN] = "frozen",
    [TALLY_SPAN_FAILED] = "failed",
};

/* ---- what is told --------------------------------------------------------------------------- */

static void add_began(struct buf *out, int64_t began_ms)
{
    char text[64];
    struct tm tm;
    time_t seconds = (time_t)(began_ms / 1000);
    if (gmtime_r(&seconds, &tm) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm))
        member_string(out, "began", text);
    else
        member_string(out, "began", NULL);
}

static void add_totals(struct buf *out, const struct tally *t)
{
    member_open(out, "totals", '{');
    member_size(out, "done", t->done);
    member_size(out, "equal", t->equal);
    member_size(out, "differing", t->differing);
    member_size(out, "not_compared", t->unknown);
    member_size(out, "failed", t->failed);
    member_size(out, "timed_out", t->timed_out);
    member_close(out, '}');
}

static void add_samples(struct buf *out, const char *key, const struct samples *s)
{
    double q[QUANTILES];
    if (s->count == 0) {
        member_string(out, key, NULL);
        return;
    }
    for (size_t i = 0; i < QUANTILES; i++)
        q[i] = (double)i / (QUANTILES - 1);
    samples_quantiles(s, q, QUANTILES, q);
    member_open(out, key, '{');
    member_size(out, "count", s->count);
    member_number(out, "mean", samples_mean(s));
    member_number(out, "least", s->least);
    member_number(out, "p50", q[(QUANTILES - 1) / 2]);
    member_number(out, "p90", q[(QUANTILES - 1) / 10 * 9]);
    member_number(out, "p99", q[(QUANTILES - 1) / 100 * 99]);
    member_number(out, "most", s->most);
    member_open(out, "quantiles", '[');
    for (size_t i = 0; i < QUANTILES; i++)
        member_number(out, NULL, q[i]);
    member_close(out, ']');
    member_close(out, '}');
}

static void add_measurements(struct buf *out, const struct tally *t)
{
    static const char *const names[BUDGET_COUNT] = {"duration_us", "memory_mb", "init_us"};
    const struct samples *const pairs[BUDGET_COUNT] = {t->durations, t->memories, t->inits};
    member_open(out, "measurements", '{');
    for (size_t i = 0; i < BUDGET_COUNT; i++) {
        member_open(out, names[i], '{');
        member_number(out, "budget", t->budget[i] > 0 ? t->budget[i] : (double)NAN);
        add_samples(out, "before", &pairs[i][0]);
        add_samples(out, "now", &pairs[i][1]);
        member_close(out, '}');
    }
    member_close(out, '}');
}

static void add_findings(struct buf *out, const struct tally *t)
{
    member_open(out, "findings", '[');
    for (size_t i = 0; i < t->nfindings; i++) {
        const struct tally_finding *f = &t->findings[i];
        member_open(out, NULL, '{');
        member_string(out, "name", f->name);
        member_string(out, "state", f->failed ? "failed" : f->unsure ? "unsure" : "passed");
        member_string(out, "text", f->text);
        member_close(out, '}');
    }
    member_close(out, ']');
    member_size(out, "findings_left_out", t->findings_lost);
}

static void add_power(struct buf *out, const struct tally *t)
{
    member_open(out, "power", '[');
    for (size_t i = 0; i < t->npower; i++) {
        const struct tally_power *p = &t->power[i];
        member_open(out, NULL, '{');
        member_size(out, "memory_mb", p->memory_mb);
        member_number(out, "p50_us", p->p50_us);
        member_number(out, "p99_us", p->p99_us);
        member_number(out, "max_memory_mb", p->max_memory_mb);
        member_number(out, "dollars_per_million", p->dollars_per_million);
        member_bool(out, "meets", p->meets);
        member_bool(out, "cheapest", p->cheapest);
        member_close(out, '}');
    }
    member_close(out, ']');
}

static void add_slowest(struct buf *out, const struct tally *t)
{
    member_open(out, "slowest", '[');
    for (size_t i = 0; i < t->nslowest; i++) {
        member_open(out, NULL, '{');
        member_size(out, "number", t->slowest[i].number);
        member_string(out, "source", t->slowest[i].source);
        member_time(out, "duration_before_us", t->slowest[i].expected_us);
        member_time(out, "duration_us", t->slowest[i].got_us);
        member_close(out, '}');
    }
    member_close(out, ']');
}

static void add_spans(struct buf *out, const struct tally *t)
{
    member_time(out, "span_step_us", t->span_step_us);
    member_open(out, "spans", '[');
    for (size_t i = 0; i < t->nspans; i++) {
        const struct tally_span *s = &t->spans[i];
        member_open(out, NULL, '{');
        member_size(out, "row", s->row);
        member_size(out, "environment", s->environment);
        member_bool(out, "baseline", s->baseline);
        member_string(out, "kind", span_names[s->kind]);
        member_time(out, "begin_us", s->begin_us);
        member_time(out, "end_us", s->end_us);
        member_time(out, "busy_us", s->busy_us);
        member_size(out, "count", s->count);
        member_close(out, '}');
    }
    member_close(out, ']');
}

static void add_items(struct buf *out, const struct tally_difference *d)
{
    member_size(out, "count", d->count);
    member_open(out, "items", '[');
    for (size_t i = 0; i < d->nitems; i++) {
        const struct compare_difference *item = &d->items[i];
        member_open(out, NULL, '{');
        member_string(out, "kind", kind_names[item->kind]);
        member_string(out, "pointer", item->pointer);
        member_view(out, "expected", item->expected);
        member_view(out, "got", item->got);
        member_close(out, '}');
    }
    member_close(out, ']');
}

static void add_difference(struct buf *out, const struct tally_difference *d)
{
    member_open(out, NULL, '{');
    member_size(out, "number", d->number);
    member_string(out, "source", d->source);
    member_string(out, "request_id", *d->request_id ? d->request_id : NULL);
    member_string(out, "command", d->command);
    member_bool(out, "cut", d->cut);
    member_string(out, "expected_status", trace_status_names[d->expected_status]);
    member_string(out, "got_status", trace_status_names[d->got_status]);
    member_time(out, "duration_before_us", d->expected_us);
    member_time(out, "duration_us", d->got_us);
    add_items(out, d);
    member_text(out, "event", &d->event);
    member_text(out, "expected", &d->expected);
    member_text(out, "got", &d->got);
    member_text(out, "expected_log", &d->expected_log);
    member_text(out, "got_log", &d->got_log);
    member_close(out, '}');
}

void report_json(const struct tally *t, struct buf *out)
{
    buf_addc(out, '{');
    member_size(out, "clambda_replay", 1);
    member_string(out, "version", t->version);
    member_string(out, "function", t->function);
    member_string(out, "baseline", t->baseline);
    member_string(out, "command", t->command);
    add_began(out, t->began_ms);
    member_time(out, "took_us", t->took_us);
    member_bool(out, "interrupted", t->interrupted);
    member_bool(out, "differs", tally_differs(t));
    member_size(out, "jobs", t->jobs);
    member_size(out, "environments", t->environments);
    member_string(out, "counted", t->messages ? "messages" : "events");
    add_totals(out, t);
    add_findings(out, t);
    add_measurements(out, t);
    add_power(out, t);
    add_slowest(out, t);
    member_size(out, "differences_left_out", t->differing - t->nkept);
    member_open(out, "differences", '[');
    for (size_t i = 0; i < t->nkept; i++)
        add_difference(out, &t->kept[i]);
    member_close(out, ']');
    add_spans(out, t);
    report_messages_json(t, out);
    member_close(out, '}');
    buf_addc(out, '\n');
}

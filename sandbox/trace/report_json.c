/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/report.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "base/utf8.h"

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

/* ---- writing: a comma is needed unless a container was just opened -------------------------- */

static void next(struct buf *out)
{
    char last = out->len && out->ptr ? out->ptr[out->len - 1] : '{';
    if (last == '}' || last == ']')
        buf_adds(out, ",\n");
    else if (last != '{' && last != '[' && last != ':')
        buf_addc(out, ',');
}

static void add_key(struct buf *out, const char *key)
{
    next(out);
    if (key)
        buf_addf(out, "\"%s\":", key);
}

static void open_container(struct buf *out, const char *key, char bracket)
{
    add_key(out, key);
    buf_addc(out, bracket);
}

static void close_container(struct buf *out, char bracket)
{
    buf_addc(out, bracket);
}

static void add_size(struct buf *out, const char *key, size_t value)
{
    add_key(out, key);
    buf_addf(out, "%zu", value);
}

/* A negative time is one that nobody knows. */
static void add_time(struct buf *out, const char *key, int64_t value)
{
    add_key(out, key);
    if (value < 0)
        buf_adds(out, "null");
    else
        buf_addf(out, "%" PRId64, value);
}

static void add_number(struct buf *out, const char *key, double value)
{
    add_key(out, key);
    if (isfinite(value))
        buf_addf(out, "%.9g", value);
    else
        buf_adds(out, "null");
}

static void add_bool(struct buf *out, const char *key, bool value)
{
    add_key(out, key);
    buf_adds(out, value ? "true" : "false");
}

static void add_string(struct buf *out, const char *key, const char *text)
{
    add_key(out, key);
    if (text)
        buf_add_json_string(out, text, strlen(text));
    else
        buf_adds(out, "null");
}

static void add_view(struct buf *out, const char *key, struct trace_text text)
{
    add_key(out, key);
    if (text.ptr)
        buf_add_json_string(out, text.ptr, text.len);
    else
        buf_adds(out, "null");
}

static void add_text(struct buf *out, const char *key, const struct tally_text *text)
{
    if (!text->ptr) {
        add_string(out, key, NULL);
        return;
    }
    open_container(out, key, '{');
    add_view(out, "text", (struct trace_text){text->ptr, text->len});
    add_size(out, "bytes", text->whole);
    add_bool(out, "cut", text->len < text->whole);
    add_bool(out, "utf8", utf8_valid_prefix(text->ptr, text->len) == text->len);
    close_container(out, '}');
}

/* ---- what is told --------------------------------------------------------------------------- */

static void add_began(struct buf *out, int64_t began_ms)
{
    char text[64];
    struct tm tm;
    time_t seconds = (time_t)(began_ms / 1000);
    if (gmtime_r(&seconds, &tm) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm))
        add_string(out, "began", text);
    else
        add_string(out, "began", NULL);
}

static void add_totals(struct buf *out, const struct tally *t)
{
    open_container(out, "totals", '{');
    add_size(out, "done", t->done);
    add_size(out, "equal", t->equal);
    add_size(out, "differing", t->differing);
    add_size(out, "not_compared", t->unknown);
    add_size(out, "failed", t->failed);
    add_size(out, "timed_out", t->timed_out);
    close_container(out, '}');
}

static void add_samples(struct buf *out, const char *key, const struct samples *s)
{
    double q[QUANTILES];
    if (s->count == 0) {
        add_string(out, key, NULL);
        return;
    }
    for (size_t i = 0; i < QUANTILES; i++)
        q[i] = (double)i / (QUANTILES - 1);
    samples_quantiles(s, q, QUANTILES, q);
    open_container(out, key, '{');
    add_size(out, "count", s->count);
    add_number(out, "mean", samples_mean(s));
    add_number(out, "least", s->least);
    add_number(out, "p50", q[(QUANTILES - 1) / 2]);
    add_number(out, "p90", q[(QUANTILES - 1) / 10 * 9]);
    add_number(out, "p99", q[(QUANTILES - 1) / 100 * 99]);
    add_number(out, "most", s->most);
    open_container(out, "quantiles", '[');
    for (size_t i = 0; i < QUANTILES; i++)
        add_number(out, NULL, q[i]);
    close_container(out, ']');
    close_container(out, '}');
}

static void add_measurements(struct buf *out, const struct tally *t)
{
    static const char *const names[BUDGET_COUNT] = {"duration_us", "memory_mb", "init_us"};
    const struct samples *const pairs[BUDGET_COUNT] = {t->durations, t->memories, t->inits};
    open_container(out, "measurements", '{');
    for (size_t i = 0; i < BUDGET_COUNT; i++) {
        open_container(out, names[i], '{');
        add_number(out, "budget", t->budget[i] > 0 ? t->budget[i] : (double)NAN);
        add_samples(out, "before", &pairs[i][0]);
        add_samples(out, "now", &pairs[i][1]);
        close_container(out, '}');
    }
    close_container(out, '}');
}

static void add_findings(struct buf *out, const struct tally *t)
{
    open_container(out, "findings", '[');
    for (size_t i = 0; i < t->nfindings; i++) {
        const struct tally_finding *f = &t->findings[i];
        open_container(out, NULL, '{');
        add_string(out, "name", f->name);
        add_string(out, "state", f->failed ? "failed" : f->unsure ? "unsure" : "passed");
        add_string(out, "text", f->text);
        close_container(out, '}');
    }
    close_container(out, ']');
    add_size(out, "findings_left_out", t->findings_lost);
}

static void add_power(struct buf *out, const struct tally *t)
{
    open_container(out, "power", '[');
    for (size_t i = 0; i < t->npower; i++) {
        const struct tally_power *p = &t->power[i];
        open_container(out, NULL, '{');
        add_size(out, "memory_mb", p->memory_mb);
        add_number(out, "p50_us", p->p50_us);
        add_number(out, "p99_us", p->p99_us);
        add_number(out, "max_memory_mb", p->max_memory_mb);
        add_number(out, "dollars_per_million", p->dollars_per_million);
        add_bool(out, "meets", p->meets);
        add_bool(out, "cheapest", p->cheapest);
        close_container(out, '}');
    }
    close_container(out, ']');
}

static void add_slowest(struct buf *out, const struct tally *t)
{
    open_container(out, "slowest", '[');
    for (size_t i = 0; i < t->nslowest; i++) {
        open_container(out, NULL, '{');
        add_size(out, "number", t->slowest[i].number);
        add_string(out, "source", t->slowest[i].source);
        add_time(out, "duration_before_us", t->slowest[i].expected_us);
        add_time(out, "duration_us", t->slowest[i].got_us);
        close_container(out, '}');
    }
    close_container(out, ']');
}

static void add_spans(struct buf *out, const struct tally *t)
{
    add_time(out, "span_step_us", t->span_step_us);
    open_container(out, "spans", '[');
    for (size_t i = 0; i < t->nspans; i++) {
        const struct tally_span *s = &t->spans[i];
        open_container(out, NULL, '{');
        add_size(out, "row", s->row);
        add_size(out, "environment", s->environment);
        add_bool(out, "baseline", s->baseline);
        add_string(out, "kind", span_names[s->kind]);
        add_time(out, "begin_us", s->begin_us);
        add_time(out, "end_us", s->end_us);
        add_time(out, "busy_us", s->busy_us);
        add_size(out, "count", s->count);
        close_container(out, '}');
    }
    close_container(out, ']');
}

static void add_items(struct buf *out, const struct tally_difference *d)
{
    add_size(out, "count", d->count);
    open_container(out, "items", '[');
    for (size_t i = 0; i < d->nitems; i++) {
        const struct compare_difference *item = &d->items[i];
        open_container(out, NULL, '{');
        add_string(out, "kind", kind_names[item->kind]);
        add_string(out, "pointer", item->pointer);
        add_view(out, "expected", item->expected);
        add_view(out, "got", item->got);
        close_container(out, '}');
    }
    close_container(out, ']');
}

static void add_difference(struct buf *out, const struct tally_difference *d)
{
    open_container(out, NULL, '{');
    add_size(out, "number", d->number);
    add_string(out, "source", d->source);
    add_string(out, "request_id", *d->request_id ? d->request_id : NULL);
    add_string(out, "command", d->command);
    add_bool(out, "cut", d->cut);
    add_string(out, "expected_status", trace_status_names[d->expected_status]);
    add_string(out, "got_status", trace_status_names[d->got_status]);
    add_time(out, "duration_before_us", d->expected_us);
    add_time(out, "duration_us", d->got_us);
    add_items(out, d);
    add_text(out, "event", &d->event);
    add_text(out, "expected", &d->expected);
    add_text(out, "got", &d->got);
    add_text(out, "expected_log", &d->expected_log);
    add_text(out, "got_log", &d->got_log);
    close_container(out, '}');
}

void report_json(const struct tally *t, struct buf *out)
{
    buf_addc(out, '{');
    add_size(out, "clambda_replay", 1);
    add_string(out, "version", t->version);
    add_string(out, "function", t->function);
    add_string(out, "baseline", t->baseline);
    add_string(out, "command", t->command);
    add_began(out, t->began_ms);
    add_time(out, "took_us", t->took_us);
    add_bool(out, "interrupted", t->interrupted);
    add_bool(out, "differs", tally_differs(t));
    add_size(out, "jobs", t->jobs);
    add_size(out, "environments", t->environments);
    add_totals(out, t);
    add_findings(out, t);
    add_measurements(out, t);
    add_power(out, t);
    add_slowest(out, t);
    add_size(out, "differences_left_out", t->differing - t->nkept);
    open_container(out, "differences", '[');
    for (size_t i = 0; i < t->nkept; i++)
        add_difference(out, &t->kept[i]);
    close_container(out, ']');
    add_spans(out, t);
    close_container(out, '}');
    buf_addc(out, '\n');
}

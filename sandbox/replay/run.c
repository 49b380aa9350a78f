/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/clock.h"
#include "launch/output.h"
#include "launch/record.h"
#include "replay/work.h"

#define ARENA_KEPT ((size_t)1 << 20) /* of a large comparison's memory */

/* ---- events in ------------------------------------------------------------------------------ */

static void on_warning(void *owner, const char *text)
{
    struct replay *r = owner;
    if (r->pass > 0)
        return; /* it has been told */
    replay_view_clear(&r->view);
    output_note("warning: %s", text);
}

static int on_next(void *owner, struct trace_entry *out, struct err *err)
{
    struct replay *r = owner;
    int status;
    do {
        status = replay_source_next(r->source, out, err);
        if (status <= 0)
            return status;
        r->read++;
    } while (r->options.only && r->read < r->options.only);
    return r->options.only && r->read > r->options.only ? 0 : 1;
}

/* ---- results out ---------------------------------------------------------------------------- */

size_t replay_number(const struct replay *r, const struct engine_result *result)
{
    return r->options.only ? r->options.only : result->number;
}

struct trace_entry replay_with_event(const struct trace_entry *got,
                                     const struct trace_entry *recorded)
{
    struct trace_entry entry = *got;
    entry.event = recorded->event;
    entry.client_context = recorded->client_context;
    entry.cognito_identity = recorded->cognito_identity;
    entry.trace_id = recorded->trace_id;
    entry.source = recorded->source;
    entry.line = recorded->line;
    return entry;
}

int replay_compare(struct replay *r, const struct trace_entry *expected,
                   const struct trace_entry *got, struct compare_result *out, struct err *err)
{
    struct compare_result logs;
    if (compare_entries(&r->options.rules, expected, got, &r->arena, out, err) < 0)
        return -1;
    if (!r->options.logs || !expected->log.ptr)
        return 0;
    if (compare_logs(expected, got, &r->arena, &logs, err) < 0)
        return -1;
    struct compare_difference *all =
        arena_alloc(&r->arena, (out->nitems + logs.nitems + 1) * sizeof *all);
    if (!all)
        return err_set(err, ERR_MEMORY, "too many differences for the memory of a comparison");
    if (out->nitems)
        memcpy(all, out->items, out->nitems * sizeof *all);
    if (logs.nitems)
        memcpy(all + out->nitems, logs.items, logs.nitems * sizeof *all);
    out->items = all;
    out->nitems += logs.nitems;
    out->count += logs.count;
    return 0;
}

void replay_add_spans(struct replay *r, const struct seat_outcome *o, bool baseline)
{
    /* an environment is built before its init begins: what is known of both is when they ended */
    int64_t begin_us = r->pass_began_us + o->begin_us, end_us = r->pass_began_us + o->end_us;
    int64_t init_us = o->entry.init_us == TRACE_UNKNOWN ? 0 : o->entry.init_us;
    int64_t run_us = o->entry.duration_us, invoke_us = end_us - (run_us > 0 ? run_us : 0);
    if (invoke_us < begin_us + init_us)
        invoke_us = begin_us + init_us;
    struct tally_span span = {
        .environment = r->environments + o->environment, .baseline = baseline, .count = 1};
    if (span.environment >= r->environment_end)
        r->environment_end = span.environment + 1;
    if (init_us) {
        span.kind = TALLY_SPAN_INIT;
        span.begin_us = invoke_us - init_us;
        span.end_us = invoke_us;
        tally_add_span(&r->tally, &span);
    }
    span.kind = o->entry.status == TRACE_STATUS_SUCCESS ? TALLY_SPAN_INVOKE : TALLY_SPAN_FAILED;
    span.begin_us = invoke_us;
    span.end_us = end_us;
    tally_add_span(&r->tally, &span);
}

static int on_result(void *owner, const struct engine_result *result, struct err *err)
{
    struct replay *r = owner;
    arena_reset(&r->arena);
    if (r->arena.peak > ARENA_KEPT)
        arena_trim(&r->arena, ARENA_KEPT);
    if (r->mode->result(r, result, err) < 0)
        return -1;
    struct replay_progress p = {.done = r->tally.done, .differing = r->tally.differing};
    replay_source_progress(r->source, &p.read, &p.total);
    p.read += r->pass * p.total;
    p.total *= r->npasses;
    replay_view_show(&r->view, &p);
    return 0;
}

/* ---- comparing with what was recorded, or with another function ----------------------------- */

static int compare_result(struct replay *r, const struct engine_result *result, struct err *err)
{
    const struct seat_outcome *now = &result->sides[r->options.baseline ? 1 : 0];
    struct trace_entry got = replay_with_event(&now->entry, result->recorded);
    struct trace_entry expected = *result->recorded;
    struct compare_result differences;
    if (r->options.baseline) {
        expected = replay_with_event(&result->sides[0].entry, result->recorded);
        replay_add_spans(r, &result->sides[0], true);
    }
    if (replay_compare(r, &expected, &got, &differences, err) < 0)
        return -1;
    tally_add(&r->tally, replay_number(r, result), &expected, &got, &differences);
    replay_add_spans(r, now, false);
    record_write(r->record, &got);
    return r->update ? replay_update_add(r->update, &expected, &got, err) : 0;
}

static int compare_run(struct replay *r, struct err *err)
{
    int status = replay_pass(r, err);
    if (status == 0 || err->kind == ERR_CLOSED)
        replay_judge_budget(r);
    return status;
}

const struct replay_mode replay_mode_compare = {compare_run, compare_result};

/* ---- the pass ------------------------------------------------------------------------------- */

/* What is compared with Lambda's own durations runs with its share of CPU time. */
static bool has_whole_cpu(const struct replay_options *o)
{
    bool timed_against_trace = o->has_budget && !o->baseline;
    return !o->real_cpu && !o->npower && !o->update && !o->launch.record.path &&
           !timed_against_trace;
}

static struct engine_options make_engine_options(struct replay *r)
{
    const struct replay_options *o = &r->options;
    struct engine_options e = {
        .loop = &r->loop,
        .nsides = o->leaks      ? 3
                  : o->baseline ? 2
                                : 1,
        .jobs = o->jobs,
        .pace = o->pace,
        .next = on_next,
        .result = on_result,
        .owner = r,
    };
    for (size_t i = 0; i < e.nsides; i++)
        e.sides[i] = (struct engine_side){.launch = &o->launch,
                                          .whole_cpu = has_whole_cpu(o),
                                          .cold = o->cold || (o->leaks && i > 0)};
    if (o->baseline)
        e.sides[0].launch = &r->baseline.launch;
    return e;
}

static int end_pass(struct replay *r, int status, struct err *err)
{
    struct err left = {0};
    struct engine *engine = r->engine;
    r->engine = NULL;
    r->empty = status == 0 && replay_source_is_empty(r->source);
    replay_source_close(r->source);
    r->source = NULL;
    r->environments = r->environment_end;
    if (engine_close(engine, &left) < 0 && status == 0) {
        *err = left;
        return -1;
    }
    return status;
}

int replay_pass(struct replay *r, struct err *err)
{
    const struct engine_options o = make_engine_options(r);
    const struct trace_read_options sources = {
        .interrupt_fd = r->loop.signal_fd,
        .paths = r->options.traces,
        .npaths = r->options.ntraces,
        .kind = r->options.trace_kind_known ? &r->options.trace_kind : NULL,
        .warn = on_warning,
        .owner = r};
    if (r->interrupted)
        return err_set(err, ERR_CLOSED, "interrupted");
    r->read = 0;
    r->source = replay_source_open(&sources, err);
    if (!r->source)
        return -1;
    r->engine = engine_open(&o, err);
    if (!r->engine)
        return end_pass(r, -1, err);
    r->pass_began_us = clock_wall_us() - r->tally.began_ms * 1000;
    return end_pass(r, engine_run(r->engine, err), err);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/temporary.h"
#include "cmd/command.h"
#include "cmd/engine.h"
#include "cmd/failure.h"
#include "cmd/output.h"
#include "cmd/replay_options.h"
#include "cmd/replay_source.h"
#include "cmd/replay_view.h"
#include "trace/report.h"
#include "trace/tally.h"

#define COMPARE_ARENA ((size_t)64 << 20)
#define COMMAND_MAX   (64u << 10)
#define WIDTH         100

struct replay {
    struct replay_options options;
    struct replay_options baseline; /* the same command line, for the other function */
    struct runloop loop;
    struct engine *engine;
    struct replay_source *source;
    struct replay_view view;
    struct tally tally;
    struct arena arena; /* of one comparison */
    struct buf command;
    size_t read; /* events */
};

/* ---- events in, results out ---------------------------------------------------------------- */

static void on_warning(void *owner, const char *text)
{
    struct replay *r = owner;
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

/* The differences of answers, and those of logs behind them. */
static int compare(struct replay *r, const struct trace_entry *expected,
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

static void add_spans(struct tally *t, const struct engine_outcome *o, bool baseline)
{
    int64_t init_us = o->entry.init_us == TRACE_UNKNOWN ? 0 : o->entry.init_us;
    struct tally_span span = {.environment = o->environment, .baseline = baseline, .count = 1};
    if (init_us) {
        span.kind = TALLY_SPAN_INIT;
        span.begin_us = o->begin_us;
        span.end_us = o->begin_us + init_us;
        tally_add_span(t, &span);
    }
    span.kind = o->entry.status == TRACE_STATUS_SUCCESS ? TALLY_SPAN_INVOKE : TALLY_SPAN_FAILED;
    span.begin_us = o->begin_us + init_us;
    span.end_us = o->end_us;
    tally_add_span(t, &span);
}

static int on_result(void *owner, const struct engine_result *result, struct err *err)
{
    struct replay *r = owner;
    const struct engine_outcome *now = &result->sides[r->options.baseline ? 1 : 0];
    struct trace_entry expected = *result->recorded;
    struct compare_result differences;
    if (r->options.baseline) {
        expected = result->sides[0].entry;
        expected.event = result->recorded->event;
        expected.source = result->recorded->source;
        expected.line = result->recorded->line;
        add_spans(&r->tally, &result->sides[0], true);
    }
    arena_reset(&r->arena);
    if (compare(r, &expected, &now->entry, &differences, err) < 0)
        return -1;
    tally_add(&r->tally, r->options.only ? r->options.only : result->number, &expected, &now->entry,
              &differences);
    add_spans(&r->tally, now, false);
    struct replay_progress p = {.done = r->tally.done, .differing = r->tally.differing};
    replay_source_progress(r->source, &p.read, &p.total);
    replay_view_show(&r->view, &p);
    return 0;
}

/* ---- verdict and reports ------------------------------------------------------------------- */

static void judge_budget(struct replay *r)
{
    static const char *const names[BUDGET_COUNT] = {"duration", "memory", "init"};
    struct tally *t = &r->tally;
    const struct samples *before[] = {&t->durations[0], &t->memories[0], &t->inits[0]};
    const struct samples *now[] = {&t->durations[1], &t->memories[1], &t->inits[1]};
    for (int i = 0; i < BUDGET_COUNT; i++) {
        if (!r->options.budget.set[i])
            continue;
        double most = r->options.budget.most[i];
        t->budget[i] = most;
        if (before[i]->count == 0 || now[i]->count == 0) {
            tally_add_finding(t, false, true, names[i],
                              "%s to compare: %zu measurements before, %zu now", "nothing",
                              before[i]->count, now[i]->count);
            continue;
        }
        struct budget_verdict v =
            i == BUDGET_DURATION && r->options.baseline
                ? budget_judge_pairs(&t->ratios, samples_quantile(before[i], 0.5),
                                     samples_quantile(now[i], 0.5), most)
                : budget_judge(before[i], now[i], most);
        double unit = i == BUDGET_MEMORY ? 1 : 1000;
        tally_add_finding(t, v.verdict == VERDICT_OVER, v.verdict == VERDICT_UNSURE, names[i],
                          "median %.3g %s, was %.3g: %+.1f %% (95 %% sure: %+.1f to %+.1f), budget "
                          "%+.0f %%, %zu measurements",
                          v.now / unit, i == BUDGET_MEMORY ? "MB" : "ms", v.before / unit,
                          (v.ratio - 1) * 100, (v.low - 1) * 100, (v.high - 1) * 100,
                          (most - 1) * 100, v.count);
    }
}

static unsigned terminal_width(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
        return size.ws_col;
    return WIDTH;
}

static int write_report(struct replay *r, const char *path, struct err *err)
{
    AUTO_BUF struct buf text;
    buf_init(&text, REPORT_MAX);
    report_find(path)(&r->tally, &text);
    if (buf_check(&text, "a report", err) < 0)
        return err_wrap(err, "'%.200s'", path);
    return temporary_write(path, text.ptr, text.len, err);
}

static int tell(struct replay *r, struct err *err)
{
    AUTO_BUF struct buf text;
    int status = 0;
    buf_init(&text, REPORT_MAX);
    replay_view_clear(&r->view);
    report_text(&r->tally, output_has_colour(STDOUT_FILENO), terminal_width(), &text);
    if (buf_check(&text, "the summary", err) < 0 ||
        output_write(STDOUT_FILENO, text.ptr, text.len, -1, err) < 0)
        return -1;
    for (size_t i = 0; i < r->options.nreports; i++)
        if (write_report(r, r->options.reports[i], err) < 0)
            status = -1;
    return status;
}

/* ---- the run ------------------------------------------------------------------------------- */

static void on_signal(void *cls)
{
    struct replay *r = cls;
    if (r->engine)
        engine_interrupt(r->engine);
}

static int64_t wall_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct engine_options make_engine_options(struct replay *r)
{
    const struct replay_options *o = &r->options;
    bool timed_against_trace = o->has_budget && !o->baseline;
    struct engine_options e = {
        .loop = &r->loop,
        .nsides = o->baseline ? 2 : 1,
        .jobs = o->jobs,
        .pace = o->pace,
        .next = on_next,
        .result = on_result,
        .owner = r,
    };
    for (size_t i = 0; i < e.nsides; i++)
        e.sides[i] = (struct engine_side){.launch = &o->launch,
                                          .whole_cpu = !o->real_cpu && !timed_against_trace,
                                          .cold = o->cold};
    if (o->baseline)
        e.sides[0].launch = &r->baseline.launch;
    return e;
}

/* What was done so far is told in any case. */
static int run(struct replay *r, struct err *err)
{
    const struct engine_options o = make_engine_options(r);
    const struct trace_read_options sources = {
        .paths = r->options.traces,
        .npaths = r->options.ntraces,
        .kind = r->options.trace_kind_known ? &r->options.trace_kind : NULL,
        .warn = on_warning,
        .owner = r};
    r->source = replay_source_open(&sources, err);
    if (!r->source)
        return -1;
    r->engine = engine_open(&o, err);
    if (!r->engine)
        return -1;
    r->tally.began_ms = wall_ms();
    r->tally.jobs = r->options.jobs;
    replay_view_begin(&r->view);
    int status = engine_run(r->engine, err);
    r->tally.took_us = (wall_ms() - r->tally.began_ms) * 1000;
    replay_view_clear(&r->view);
    if (status < 0 && err->kind != ERR_CLOSED)
        return -1;
    r->tally.interrupted = status < 0;
    if (status == 0 && r->tally.done == 0)
        return err_set(err, ERR_INPUT, "the traces hold no event%s",
                       r->options.only ? " of that number" : "");
    judge_budget(r);
    struct err told = {0};
    if (tell(r, &told) < 0) {
        *err = told;
        return -1;
    }
    return status;
}

static int exit_code(struct replay *r, int status, const struct err *err)
{
    if (status == 0)
        return tally_differs(&r->tally) ? EXIT_FAILED : EXIT_DONE;
    if (err->kind != ERR_CLOSED)
        output_error(err);
    return failure_exit_code(err);
}

static int run_in_loop(struct replay *r)
{
    struct err err = {0}, left = {0};
    if (runloop_open(&r->loop, on_signal, r, &err) < 0)
        return exit_code(r, -1, &err);
    int code = exit_code(r, run(r, &err), &err);
    struct engine *engine = r->engine;
    r->engine = NULL;
    replay_source_close(r->source);
    if (engine_close(engine, &left) < 0) {
        output_error(&left);
        code = code == EXIT_DONE ? EXIT_HOST : code;
    }
    runloop_close(&r->loop);
    return code;
}

/* ---- the command line ---------------------------------------------------------------------- */

/* The words as a shell takes them, for whoever wants to repeat it. */
static void add_word(struct buf *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_./=:,+@%*~";
    if (out->len)
        buf_addc(out, ' ');
    if (*word && word[strspn(word, plain)] == '\0' && !strchr(word, '*')) {
        buf_adds(out, word);
        return;
    }
    buf_addc(out, '\'');
    for (; *word; word++) {
        if (*word == '\'')
            buf_adds(out, "'\\''");
        else
            buf_addc(out, *word);
    }
    buf_addc(out, '\'');
}

static int keep_command(struct replay *r, int argc, char **argv, struct err *err)
{
    buf_adds(&r->command, "clambda");
    for (int i = 0; i < argc; i++)
        add_word(&r->command, argv[i]);
    r->tally.command = r->command.ptr;
    r->tally.function = r->options.launch.path;
    r->tally.baseline = r->options.baseline;
    r->tally.version = CLAMBDA_VERSION;
    return buf_check(&r->command, "the command line", err);
}

static int parse(struct replay *r, int argc, char **argv, bool *out_help, struct err *err)
{
    struct options o = replay_options;
    o.tables[1] = launch_options;
    if (replay_options_init(&r->options, err) < 0 ||
        options_parse(&o, argc, argv, &r->options, out_help, err) < 0)
        return -1;
    if (*out_help)
        return 0;
    if (replay_options_check(&r->options, err) < 0 || launch_resolve(&r->options.launch, err) < 0)
        return -1;
    if (!r->options.baseline)
        return 0;
    if (replay_options_init(&r->baseline, err) < 0 ||
        options_parse(&o, argc, argv, &r->baseline, out_help, err) < 0)
        return -1;
    r->baseline.launch.path = r->options.baseline;
    if (launch_resolve(&r->baseline.launch, err) < 0)
        return err_wrap(err, "--baseline");
    return 0;
}

static int start(struct replay *r, int argc, char **argv)
{
    struct err err = {0};
    bool help = false;
    if (parse(r, argc, argv, &help, &err) < 0)
        return exit_code(r, -1, &err);
    if (help) {
        struct options o = replay_options;
        o.tables[1] = launch_options;
        options_help(&o, stdout);
        return output_finish(EXIT_DONE);
    }
    if (arena_init(&r->arena, COMPARE_ARENA, &err) < 0 || tally_init(&r->tally, &err) < 0 ||
        keep_command(r, argc, argv, &err) < 0)
        return exit_code(r, -1, &err);
    return run_in_loop(r);
}

int replay_run(int argc, char **argv)
{
    struct replay *r = calloc(1, sizeof *r);
    struct err err;
    if (!r) {
        err_set(&err, ERR_MEMORY, "no memory for a replay");
        output_error(&err);
        return failure_exit_code(&err);
    }
    buf_init(&r->command, COMMAND_MAX);
    int code = start(r, argc, argv);
    tally_fini(&r->tally);
    arena_fini(&r->arena);
    buf_free(&r->command);
    replay_options_fini(&r->options);
    replay_options_fini(&r->baseline);
    free(r);
    return code;
}

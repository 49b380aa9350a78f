/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "launch/command.h"
#include "launch/failure.h"
#include "launch/output.h"
#include "launch/record.h"
#include "replay/expect.h"
#include "replay/found.h"
#include "replay/repeat.h"
#include "replay/word.h"
#include "replay/work.h"
#include "replay/written.h"

#define COMPARE_ARENA ((size_t)64 << 20)
#define COMMAND_MAX   (64u << 10)

/* ---- the run ------------------------------------------------------------------------------- */

/* The first one ends the run, and what was done is told; from then on they do what they do to any
 * program. */
static void on_signal(void *cls)
{
    struct replay *r = cls;
    char info[128]; /* struct signalfd_siginfo */
    while (read(r->loop.signal_fd, info, sizeof info) > 0)
        ;
    runloop_unblock();
    r->interrupted = true;
    if (r->engine)
        engine_interrupt(r->engine);
    else
        uv_stop(&r->loop.loop);
}

static int tell(struct replay *r, struct err *err)
{
    if (replay_tell(r, err) < 0)
        return -1;
    if (!r->update || r->tally.interrupted)
        return 0;
    return replay_update_publish(r->update, r->tally.differing, err);
}

/* An empty dead-letter queue is a good end, not a wrong trace; who asks for an event of a number,
 * or has a history to compare with, is not done with it. */
static bool has_nothing(const struct replay *r)
{
    return r->empty && !r->options.only && !r->options.mapping.expect;
}

static int tell_nothing(struct replay *r, struct err *err)
{
    if ((r->scene && replay_scene_nothing(r, err) < 0) || replay_tell(r, err) < 0)
        return -1;
    output_note("nothing to replay: the traces are empty");
    return 0;
}

/* What was done so far is told in any case. */
static int run(struct replay *r, struct err *err)
{
    r->tally.began_ms = clock_wall_ms();
    r->tally.jobs = r->options.jobs;
    replay_view_begin(&r->view);
    int status = r->mode->run(r, err);
    r->tally.took_us = (clock_wall_ms() - r->tally.began_ms) * 1000;
    replay_view_clear(&r->view);
    if (has_nothing(r))
        return tell_nothing(r, err);
    if (status < 0 && err->kind != ERR_CLOSED)
        return -1;
    r->tally.interrupted = status < 0;
    if (status == 0 && r->tally.done == 0 && !r->tally.messages)
        return err_set(err, ERR_INPUT, "the traces hold no event%s",
                       r->options.only ? " of that number" : "");
    struct err told = {0};
    if (tell(r, &told) < 0) {
        *err = told;
        return -1;
    }
    if (status < 0 || r->late.kind == ERR_NONE)
        return status;
    *err = r->late;
    return -1;
}

static int exit_code(struct replay *r, int status, const struct err *err)
{
    if (status == 0)
        return tally_differs(&r->tally) ? EXIT_FAILED : EXIT_DONE;
    if (err->kind != ERR_CLOSED)
        output_error(err);
    return failure_exit_code(err);
}

static int open_files(struct replay *r, struct err *err)
{
    const struct replay_options *o = &r->options;
    if (replay_expect_open(o, &r->expected, err) < 0)
        return -1;
    if (o->update)
        return replay_update_open(o, &r->update, err);
    return record_open(&o->launch, &r->record, err);
}

static int run_in_loop(struct replay *r)
{
    struct err err = {0};
    if (runloop_open(&r->loop, on_signal, r, &err) < 0)
        return exit_code(r, -1, &err);
    int status = open_files(r, &err);
    int code = exit_code(r, status < 0 ? -1 : run(r, &err), &err);
    replay_expect_close(r->expected);
    replay_update_close(r->update);
    code = record_close(r->record, code);
    replay_scene_close(r);
    runloop_close(&r->loop);
    return code;
}

/* ---- the command line ---------------------------------------------------------------------- */

/* Who repeats one event wants neither its report in place of the whole one nor the recordings
 * changed. */
static int keep_command(struct replay *r, int argc, char **argv, struct err *err)
{
    bool ended = false;
    buf_adds(&r->command, "clambda");
    for (int i = 0; i < argc; i++)
        word_add(&r->command, argv[i]);
    for (int i = 1; i < argc; i++) {
        ended = ended || strcmp(argv[i], "--") == 0;
        int skipped = ended ? 0 : repeat_skip(argv[i], REPEAT_WRITES);
        if (skipped)
            i += skipped - 1;
        else
            word_add(&r->repeat, argv[i]);
    }
    if (buf_check(&r->repeat, "the command line", err) < 0)
        return -1;
    r->tally.command = r->command.ptr;
    r->tally.repeat = r->repeat.ptr;
    r->tally.function = r->options.launch.path;
    r->tally.baseline = r->options.baseline;
    r->tally.version = CLAMBDA_VERSION;
    return buf_check(&r->command, "the command line", err);
}

static struct options all_options(void)
{
    struct options o = replay_options;
    o.tables[1] = (struct option_table){replay_rules_rows, replay_rules_count};
    o.tables[2] = launch_options;
    return o;
}

static int parse(struct replay *r, int argc, char **argv, bool *out_help, struct err *err)
{
    const struct options o = all_options();
    if (replay_options_init(&r->options, err) < 0 ||
        options_parse(&o, argc, argv, &r->options, out_help, err) < 0)
        return -1;
    if (*out_help)
        return 0;
    if (replay_options_check(&r->options, err) < 0 || replay_written_check(&r->options, err) < 0 ||
        launch_resolve(&r->options.launch, err) < 0)
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

static const struct replay_mode *mode_of(const struct replay_options *o)
{
    if (o->mapping.on)
        return o->mapping.chaos ? &replay_mode_chaos : &replay_mode_source;
    return o->leaks ? &replay_mode_leaks : o->npower ? &replay_mode_power : &replay_mode_compare;
}

static int start(struct replay *r, int argc, char **argv)
{
    struct err err = {0};
    bool help = false;
    if (parse(r, argc, argv, &help, &err) < 0)
        return exit_code(r, -1, &err);
    if (help) {
        const struct options o = all_options();
        options_help(&o, stdout);
        replay_rules_help(stdout);
        return output_finish(EXIT_DONE);
    }
    r->npasses = 1;
    r->mode = mode_of(&r->options);
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
    buf_init(&r->repeat, COMMAND_MAX);
    r->argc = argc;
    r->argv = argv;
    int code = start(r, argc, argv);
    tally_fini(&r->tally);
    arena_fini(&r->arena);
    buf_free(&r->command);
    buf_free(&r->repeat);
    found_free(r->found);
    replay_options_fini(&r->options);
    replay_options_fini(&r->baseline);
    free(r);
    return code;
}

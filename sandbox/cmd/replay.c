/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/command.h"
#include "cmd/failure.h"
#include "cmd/output.h"
#include "cmd/record.h"
#include "cmd/replay_work.h"

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
}

static int tell(struct replay *r, struct err *err)
{
    if (replay_tell(r, err) < 0)
        return -1;
    if (!r->update || r->tally.interrupted)
        return 0;
    return replay_update_publish(r->update, r->tally.differing, err);
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
    if (status < 0 && err->kind != ERR_CLOSED)
        return -1;
    r->tally.interrupted = status < 0;
    if (status == 0 && r->tally.done == 0)
        return err_set(err, ERR_INPUT, "the traces hold no event%s",
                       r->options.only ? " of that number" : "");
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

static int open_files(struct replay *r, struct err *err)
{
    const struct replay_options *o = &r->options;
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
    replay_update_close(r->update);
    code = record_close(r->record, code);
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

/* Who repeats one event wants neither its report in place of the whole one nor the recordings
 * changed. Gives how many words say such a thing. */
static int count_writing(const char *word)
{
    static const char *const taking[] = {"--report", "--record", "--redact", "--redact-key"};
    if (strcmp(word, "--update") == 0)
        return 1;
    for (size_t i = 0; i < ARRAY_LEN(taking); i++) {
        size_t len = strlen(taking[i]);
        if (strncmp(word, taking[i], len) == 0 && (word[len] == '=' || word[len] == '\0'))
            return word[len] ? 1 : 2;
    }
    return 0;
}

static int keep_command(struct replay *r, int argc, char **argv, struct err *err)
{
    bool ended = false;
    buf_adds(&r->command, "clambda");
    for (int i = 0; i < argc; i++)
        add_word(&r->command, argv[i]);
    for (int i = 1; i < argc; i++) {
        ended = ended || strcmp(argv[i], "--") == 0;
        int skipped = ended ? 0 : count_writing(argv[i]);
        if (skipped)
            i += skipped - 1;
        else
            add_word(&r->repeat, argv[i]);
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
    r->npasses = 1;
    r->mode = r->options.leaks    ? &replay_mode_leaks
              : r->options.npower ? &replay_mode_power
                                  : &replay_mode_compare;
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
    int code = start(r, argc, argv);
    tally_fini(&r->tally);
    arena_fini(&r->arena);
    buf_free(&r->command);
    buf_free(&r->repeat);
    replay_options_fini(&r->options);
    replay_options_fini(&r->baseline);
    free(r);
    return code;
}

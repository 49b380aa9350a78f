/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/written.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/scan.h"
#include "base/temporary.h"
#include "launch/places.h"
#include "mapping/settings.h"
#include "simulate/history_lines.h"
#include "trace/kinds.h"
#include "trace/read.h"
#include "trace/recording.h"

#define SMALLEST_FILE "smallest.jsonl"
#define FILE_MODE     0600
#define OTHERS_MAX    (CODE_LAYERS_MAX + MAPPING_FILTERS_MAX + 4)
#define OUTLETS_MAX   3
#define WRITTEN_MAX   (REPLAY_REPORTS_MAX + OUTLETS_MAX + 3)

/* A file that the run makes, or adds to. */
struct written {
    const char *option, *path;
    enum written_kind kind;
    bool during; /* while the function runs, which sees its own folder */
    bool probed; /* whether it can be written is found out before anything runs */
    bool shared; /* settings may name one file for several things */
};

/* What is read beside the traces: a file, or a folder with all that is below it. */
struct other {
    const char *path, *what;
};

struct check {
    const struct replay_options *options;
    struct mapping_settings settings; /* of --source, as given; zeroed without it */
    struct other others[OTHERS_MAX];
    size_t nothers;
    struct written list[WRITTEN_MAX];
    size_t count;
};

/* ---- what is there -------------------------------------------------------------------------- */

static size_t line_length(const char *text, size_t len)
{
    const char *end = memchr(text, '\n', len);
    return end ? (size_t)(end - text) : len;
}

/* Of the smallest trace: texts and lists are events, too. */
static bool is_event_line(const char *text, size_t len)
{
    struct scan_fault fault;
    size_t line = line_length(text, len);
    if (len < 1 || !memchr("{[\"", *text, 3) || history_lines_begin(text, len) ||
        (len >= RECORDING_MARK_LEN && memcmp(text, RECORDING_MARK, RECORDING_MARK_LEN) == 0))
        return false;
    return scan_valid(text, line, &fault);
}

static bool is_report(const char *text, size_t len)
{
    static const char *const heads[] = {"<!DOCTYPE html>",
                                        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites",
                                        "{\"clambda_replay\":"};
    for (size_t i = 0; i < ARRAY_LEN(heads); i++)
        if (len >= strlen(heads[i]) && memcmp(text, heads[i], strlen(heads[i])) == 0)
            return true;
    return false;
}

static bool is_given_up(const char *text, size_t len)
{
    return kinds_of(text, line_length(text, len)) &
           (KINDS_QUEUE | KINDS_DEAD_LETTER | KINDS_DESTINATION | KINDS_STREAM_FAILURE);
}

static bool is_kind(const char *text, size_t len, enum written_kind kind)
{
    return kind == WRITTEN_HISTORY    ? history_lines_begin(text, len)
           : kind == WRITTEN_EVENTS   ? is_event_line(text, len)
           : kind == WRITTEN_GIVEN_UP ? is_given_up(text, len)
                                      : is_report(text, len);
}

/* The first line and the next one's beginning are enough. */
static int check_content(FILE *file, const char *path, enum written_kind kind, struct err *err)
{
    static const char *const names[] = {
        [WRITTEN_HISTORY] = "history",
        [WRITTEN_EVENTS] = "trace of events",
        [WRITTEN_GIVEN_UP] = "file of a queue's messages or of a destination's records",
        [WRITTEN_REPORT] = "report"};
    AUTO_FREE char *text = malloc(TRACE_LINE_MAX);
    if (!text)
        return err_set(err, ERR_MEMORY, "no memory to look at '%.200s'", path);
    size_t len = 0, n;
    do {
        n = fread(text + len, 1, TRACE_LINE_MAX - len < BUFSIZ ? TRACE_LINE_MAX - len : BUFSIZ,
                  file);
        len += n;
    } while (n && !memchr(text + len - n, '\n', n));
    if (ferror(file))
        return err_sys(err, "read '%.200s'", path);
    if (len == 0 || is_kind(text, len, kind))
        return 0;
    return err_set(err, ERR_INPUT, "'%.200s' is there already and is no %s: name another file",
                   path, names[kind]);
}

int replay_written_kind(const char *path, enum written_kind kind, struct err *err)
{
    struct stat st;
    /* what is no file is told by who writes it */
    if (kind == WRITTEN_ANY || stat(path, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
        return 0;
    FILE *file = fopen(path, "re");
    if (!file) {
        err_sys(err, "open '%.200s' to see what is in it", path);
        return err_place(err);
    }
    int status = check_content(file, path, kind, err);
    fclose(file);
    return status;
}

/* ---- what is read --------------------------------------------------------------------------- */

static void add_other(struct check *c, const char *path, const char *what)
{
    if (path)
        c->others[c->nothers++] = (struct other){path, what};
}

static void list_others(struct check *c)
{
    const struct replay_options *o = c->options;
    add_other(c, o->launch.path, "the function");
    add_other(c, o->baseline, "the one of --baseline");
    for (size_t i = 0; i < o->launch.function.nlayers; i++)
        add_other(c, o->launch.function.layers[i], "a layer");
    add_other(c, o->launch.settings.rootfs, "the one of --rootfs");
    add_other(c, o->mapping.expect, "that of --expect");
    for (size_t i = 0; i < c->settings.nfilters; i++)
        if (c->settings.filters[i][0] == '@')
            add_other(c, c->settings.filters[i] + 1, "a filter");
}

static int refuse(const struct written *w, const char *in, const char *what, struct err *err)
{
    return err_set(err, ERR_USAGE, "'%.200s' is %s%s: name another file in %s", w->path, in, what,
                   w->option);
}

static int check_traces(const struct written *w, const struct replay_options *o, struct err *err)
{
    for (size_t i = 0; i < o->ntraces; i++) {
        if (strcmp(o->traces[i], "-") == 0)
            continue;
        if (place_is_same(o->traces[i], w->path))
            return refuse(w, "", "a trace", err);
        if (place_is_in(o->traces[i], w->path))
            return refuse(w, "in ", "a folder of traces", err);
    }
    return 0;
}

/* Below a folder that is read nothing is written while it is, and what was there is not lost. */
static int check_below(const struct written *w, const struct other *other, struct err *err)
{
    struct err ignored = {0};
    if (!place_is_below(other->path, w->path))
        return 0;
    if (w->during || replay_written_kind(w->path, w->kind, &ignored) < 0)
        return refuse(w, "in ", other->what, err);
    return 0;
}

/* Everything else that is read. */
static int check_others(const struct written *w, const struct check *c, struct err *err)
{
    for (size_t i = 0; i < c->nothers; i++) {
        if (place_is_same(c->others[i].path, w->path))
            return refuse(w, "", c->others[i].what, err);
        if (check_below(w, &c->others[i], err) < 0)
            return -1;
    }
    for (size_t i = 0; i < c->options->launch.nreads; i++)
        if (place_is_same(c->options->launch.reads[i], w->path))
            return refuse(w, "", "read by --env-file or --credentials", err);
    return 0;
}

/* ---- what is written ------------------------------------------------------------------------ */

/* The smallest trace of faults that are named is what it was shrunk to before: where it cannot
 * become smaller it stays, and its name is the one that nobody had to say. */
static bool is_repeated(const struct replay_options *o)
{
    return o->ntraces == 1 && !o->mapping.smallest && !o->mapping.chaos->seeded &&
           place_is_same(o->traces[0], replay_written_smallest(o));
}

static void add_written(struct check *c, const struct written w)
{
    if (w.path)
        c->list[c->count++] = w;
}

static void list_written(struct check *c)
{
    const struct replay_options *o = c->options;
    const struct mapping_settings *s = &c->settings;
    const char *const outlets[OUTLETS_MAX] = {s->dlq, s->on_failure, s->on_success};
    static const char *const names[OUTLETS_MAX] = {"'dlq' of --source", "'on-failure' of --source",
                                                   "'on-success' of --source"};
    const char *record = o->update ? NULL : o->launch.record.path;
    /* what is at the place that nobody named is told where it is needed */
    bool named = o->mapping.smallest != NULL;
    add_written(c, (struct written){"--smallest", replay_written_smallest(o),
                                    named ? WRITTEN_EVENTS : WRITTEN_ANY, true, named, false});
    add_written(c, (struct written){"--record", record, WRITTEN_ANY, false, false, false});
    add_written(
        c, (struct written){"--history", o->mapping.history, WRITTEN_HISTORY, false, true, false});
    for (size_t i = 0; i < o->nreports; i++)
        add_written(
            c, (struct written){"--report", o->reports[i], WRITTEN_REPORT, false, true, false});
    for (size_t i = 0; i < OUTLETS_MAX; i++)
        add_written(c, (struct written){names[i], outlets[i], WRITTEN_GIVEN_UP, true, false, true});
}

static int check_twice(const struct written *w, const struct written *others, size_t count,
                       struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (place_is_same(others[i].path, w->path) && !(w->shared && others[i].shared))
            return err_set(err, ERR_USAGE, "'%.200s' is that of %s, too: name another file in %s",
                           w->path, others[i].option, w->option);
    return 0;
}

/* What is put in place when it is whole needs its folder: better told now than after hours. */
static int probe(const struct written *w, struct err *err)
{
    struct temporary t;
    int status = w->probed ? temporary_begin(&t, w->path, FILE_MODE, err) : 0;
    if (w->probed)
        temporary_fini(&t);
    if (status == 0 && w->kind != WRITTEN_REPORT) /* those are made anew */
        status = replay_written_kind(w->path, w->kind, err);
    return status < 0 ? err_wrap(err, "%s", w->option) : 0;
}

/* The recordings that --update writes are the traces themselves. */
static int check_updated(const struct check *c, struct err *err)
{
    const struct replay_options *o = c->options;
    for (size_t i = 0; o->update && i < o->ntraces; i++) {
        const struct written w = {"TRACE", o->traces[i], WRITTEN_ANY, false, false, false};
        if (check_others(&w, c, err) < 0)
            return err_wrap(err, "--update");
    }
    return 0;
}

static int check_name(const struct written *w, struct err *err)
{
    if (strcmp(w->path, "-") != 0)
        return 0;
    return err_set(err, ERR_USAGE, "%s: '-' is no file name", w->option);
}

static int check_all(const struct check *c, struct err *err)
{
    for (size_t i = 0; i < c->count; i++)
        if (check_name(&c->list[i], err) < 0)
            return -1;
    for (size_t i = 0; i < c->count; i++) {
        bool kept = i == 0 && replay_written_smallest(c->options) && is_repeated(c->options);
        if (!kept && (check_traces(&c->list[i], c->options, err) < 0 ||
                      check_others(&c->list[i], c, err) < 0))
            return -1;
        if (check_twice(&c->list[i], c->list, i, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < c->count; i++)
        if (probe(&c->list[i], err) < 0)
            return -1;
    return check_updated(c, err);
}

const char *replay_written_smallest(const struct replay_options *o)
{
    if (!o->mapping.chaos)
        return NULL;
    return o->mapping.smallest ? o->mapping.smallest : SMALLEST_FILE;
}

int replay_written_check(const struct replay_options *o, struct err *err)
{
    AUTO_FREE struct check *c = calloc(1, sizeof *c);
    if (!c)
        return err_set(err, ERR_MEMORY, "no memory for names of files");
    c->options = o;
    if (o->mapping.source && mapping_settings_parse(o->mapping.source, &c->settings, err) < 0)
        return err_wrap(err, "--source");
    list_others(c);
    list_written(c);
    int status = check_all(c, err);
    mapping_settings_fini(&c->settings);
    return status;
}

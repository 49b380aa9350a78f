/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/read.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "trace/import.h"
#include "trace/recording.h"
#include "trace/source.h"

#define FOLDER_NAMES_MAX (64u << 20) /* bytes of all names in one folder */

const char *const trace_kind_names[TRACE_KIND_COUNT] = {
    [TRACE_KIND_RECORDING] = "recording",
    [TRACE_KIND_EVENT] = "event",
    [TRACE_KIND_EVENT_LINES] = "event-lines",
    [TRACE_KIND_DESTINATION] = "destination",
    [TRACE_KIND_DEAD_LETTER] = "dead-letter",
    [TRACE_KIND_STREAM_FAILURE] = "stream-failure",
    [TRACE_KIND_LOG_EXPORT] = "log",
    [TRACE_KIND_QUEUE] = "queue",
    [TRACE_KIND_STREAM_RECORDS] = "stream-records",
};

/* One more kind is one more row. */
static const struct source_kind *const kinds[] = {
    &recording_kind,          &import_event_kind,       &import_lines_kind,
    &import_destination_kind, &import_dead_letter_kind, &import_stream_failure_kind,
    &import_log_kind,         &import_queue_kind,       &import_stream_records_kind,
    &import_topic_kind,       &import_recording_kind,   &import_history_kind,
};

/* Names of the files in a folder that is being read. */
struct folder {
    const char *path;
    int fd; /* -1: none is open */
    struct buf names;
    size_t *order; /* heap: offsets of names, sorted */
    size_t count, next;
};

struct trace_reader {
    struct trace_read_options options;
    size_t next_path;
    struct folder folder;
    bool inside; /* it: the open file */
    char *name;  /* heap: of the open file */
    struct source *source;
    const struct source_kind *kind;
    void *state;
    enum trace_kind last;
    uint64_t done, total; /* bytes of the files before the open one, of all */
    bool total_known;
    size_t files, empty; /* read so far; without anything in them */
};

static const char *shown(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

static void warn(const struct trace_reader *r, const char *what)
{
    char text[ERR_MSG_MAX];
    if (!r->options.warn)
        return;
    snprintf(text, sizeof text, "%.300s: %s", r->name, what);
    r->options.warn(r->options.owner, text);
}

static int fail_open(const char *path, struct err *err)
{
    err_sys(err, "open '%.300s'", shown(path));
    err->kind = err->sys == ENOMEM ? ERR_MEMORY : ERR_INPUT;
    return -1;
}

/* ---- folders ----------------------------------------------------------------------------------
 */

static void folder_close(struct folder *f)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
    buf_free(&f->names);
    free(f->order);
    f->order = NULL;
    f->count = f->next = 0;
}

static int compare_names(const void *a, const void *b, void *names)
{
    const char *text = names;
    return strcmp(text + *(const size_t *)a, text + *(const size_t *)b);
}

/* Hidden files are not part of a trace: editors and file systems leave them. */
static void collect(struct folder *f, DIR *dir)
{
    const struct dirent *d;
    while ((d = readdir(dir))) {
        if (d->d_name[0] == '.')
            continue;
        buf_add(&f->names, d->d_name, strlen(d->d_name) + 1);
        f->count++;
    }
}

static int sort(struct folder *f, struct err *err)
{
    if (buf_check(&f->names, "the list of a folder's files", err) < 0)
        return err_wrap(err, "'%.300s'", f->path);
    f->order = calloc(f->count + 1, sizeof *f->order);
    if (!f->order)
        return err_set(err, ERR_MEMORY, "no memory for the files of '%.300s'", f->path);
    for (size_t i = 0, at = 0; i < f->count; i++, at += strlen(f->names.ptr + at) + 1)
        f->order[i] = at;
    qsort_r(f->order, f->count, sizeof *f->order, compare_names, f->names.ptr);
    return 0;
}

/* Takes fd over. */
static int folder_open(struct folder *f, int fd, const char *path, struct err *err)
{
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    DIR *dir = own < 0 ? NULL : fdopendir(own);
    *f = (struct folder){.path = path, .fd = fd};
    buf_init(&f->names, FOLDER_NAMES_MAX);
    if (!dir) {
        if (own >= 0)
            close(own);
        return fail_open(path, err);
    }
    collect(f, dir);
    closedir(dir);
    return sort(f, err);
}

/* ---- files ------------------------------------------------------------------------------------
 */

/* The next path, or file of the open folder. Gives the descriptor; -2: there is none left; -3:
 * it is no file; -1. */
static int open_next(struct trace_reader *r, struct stat *st, struct err *err)
{
    struct folder *f = &r->folder;
    bool inside = r->inside = f->fd >= 0 && f->next < f->count;
    if (!inside && r->next_path == r->options.npaths)
        return -2;
    const char *path =
        inside ? f->names.ptr + f->order[f->next++] : r->options.paths[r->next_path++];
    free(r->name);
    r->name = NULL;
    if ((inside ? asprintf(&r->name, "%s/%s", f->path, path)
                : asprintf(&r->name, "%s", shown(path))) < 0) {
        r->name = NULL;
        return err_set(err, ERR_MEMORY, "no memory for a file's name");
    }
    /* opening a pipe or a device in a folder may wait for ever, or do something */
    if (inside && fstatat(f->fd, path, st, 0) == 0 && !S_ISREG(st->st_mode) &&
        !S_ISDIR(st->st_mode))
        return -3;
    int fd =
        !inside && strcmp(path, "-") == 0
            ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
            : openat(inside ? f->fd : AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, st) < 0) {
        fail_open(r->name, err);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    return fd;
}

/* 1: a file is open; 0: none is left. */
static int open_file(struct trace_reader *r, struct err *err)
{
    struct stat st;
    for (;;) {
        int fd = open_next(r, &st, err);
        if (fd == -3) {
            warn(r, "no file, left out");
            continue;
        }
        if (fd < 0)
            return fd == -2 ? 0 : -1;
        if (!S_ISDIR(st.st_mode)) {
            r->source = source_open(fd, r->name, &r->options, err);
            r->files++;
            return r->source ? 1 : -1;
        }
        if (r->inside) {
            warn(r, "a folder inside a folder, left out");
            close(fd);
            continue;
        }
        folder_close(&r->folder);
        if (folder_open(&r->folder, fd, r->options.paths[r->next_path - 1], err) < 0)
            return -1;
    }
}

static void close_file(struct trace_reader *r)
{
    if (r->source)
        r->done += source_bytes(r->source);
    if (r->kind && r->kind->fini && r->state)
        r->kind->fini(r->state);
    free(r->state);
    source_close(r->source);
    r->state = NULL;
    r->kind = NULL;
    r->source = NULL;
}

/* ---- kinds ------------------------------------------------------------------------------------
 */

static int fail_unknown(const struct source_sample *sample, struct err *err)
{
    if (sample->shape == SOURCE_TEXT && (*sample->text.ptr == '{' || *sample->text.ptr == '['))
        return err_set(err, ERR_INPUT, "%.200s: line %zu, column %zu: %s", sample->name,
                       sample->fault.line, sample->fault.column, sample->fault.reason);
    return err_set(err, ERR_INPUT,
                   "%.200s: neither a recording nor a JSON document nor any other trace; "
                   "'clambda replay --help' lists what is read",
                   sample->name);
}

static int fail_foreign(const struct source_sample *sample, const char *what, struct err *err)
{
    return err_set(err, ERR_INPUT,
                   "%.100s: %s; if it is what the function was given, say so with "
                   "--trace-kind event",
                   sample->name, what);
}

static int fail_both(const struct source_sample *sample, const struct source_kind *a,
                     const struct source_kind *b, struct err *err)
{
    return err_set(err, ERR_INPUT,
                   "%.200s: may be of the kind '%s' and of the kind '%s': say which, with "
                   "--trace-kind %s",
                   sample->name, trace_kind_names[a->kind], trace_kind_names[b->kind],
                   trace_kind_names[a->kind]);
}

/* What the user has said it is. */
static const struct source_kind *choose_named(const struct source_sample *sample,
                                              enum trace_kind kind)
{
    if (kind == TRACE_KIND_EVENT && sample->shape != SOURCE_DOCUMENT)
        kind = TRACE_KIND_EVENT_LINES;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (kinds[i]->kind == kind && kinds[i]->next)
            return kinds[i];
    return NULL;
}

static int choose(const struct source_sample *sample, const enum trace_kind *named,
                  const struct source_kind **out, struct err *err)
{
    /* text is a log, or nothing: it may be beside documents whose kind is said */
    if (sample->shape == SOURCE_TEXT && named && *named != TRACE_KIND_LOG_EXPORT &&
        *named != TRACE_KIND_RECORDING)
        named = NULL;
    const struct source_kind *found = named ? choose_named(sample, *named) : NULL;
    for (size_t i = 0; i < ARRAY_LEN(kinds) && !named; i++) {
        if (!kinds[i]->is || !kinds[i]->is(sample))
            continue;
        if (found)
            return fail_both(sample, found, kinds[i], err);
        found = kinds[i];
    }
    for (size_t i = 0; i < ARRAY_LEN(kinds) && !found && !named; i++)
        if (!kinds[i]->is && kinds[i]->shape == sample->shape)
            found = kinds[i];
    if (found && found->foreign)
        return fail_foreign(sample, found->foreign, err);
    *out = found;
    return found ? 0 : fail_unknown(sample, err);
}

/* 1: the open file has something in it, and its kind is known. */
static int begin_file(struct trace_reader *r, struct err *err)
{
    struct source_sample sample;
    int status = source_look(r->source, &sample, err);
    if (status == 0) {
        r->empty++;
        warn(r, "empty, left out");
    }
    if (status <= 0)
        return status;
    if (sample.shape == SOURCE_DOCUMENT || sample.shape == SOURCE_LINES)
        sample.kinds = kinds_of(sample.text.ptr, sample.text.len);
    if (sample.kinds & KINDS_UNREAD)
        return err_set(err, ERR_MEMORY, "no memory to look into a message of '%.200s'", r->name);
    if (choose(&sample, r->options.kind, &r->kind, err) < 0)
        return -1;
    r->last = r->kind->kind;
    r->state = calloc(1, r->kind->state_size + 1);
    return r->state ? 1 : err_set(err, ERR_MEMORY, "no memory to read '%.200s'", r->name);
}

int trace_kind_find(const char *name, enum trace_kind *out, struct err *err)
{
    char all[200] = "";
    for (int i = 0; i < TRACE_KIND_COUNT; i++) {
        size_t used = strlen(all);
        if (strcmp(trace_kind_names[i], name) == 0) {
            *out = (enum trace_kind)i;
            return 0;
        }
        snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "", trace_kind_names[i]);
    }
    return err_set(err, ERR_USAGE, "'%.40s' is no kind of trace: %s", name, all);
}

int trace_next(struct trace_reader *r, struct trace_entry *out, struct err *err)
{
    for (;;) {
        int status = r->source ? 1 : open_file(r, err);
        if (status <= 0)
            return status;
        if (!r->kind)
            status = begin_file(r, err);
        if (status > 0) {
            *out = trace_entry_none;
            out->source = r->name;
            status = r->kind->next(r->source, r->state, out, err);
        }
        if (status)
            return status;
        close_file(r);
    }
}

int trace_sniff(const char *path, const enum trace_kind *kind, enum trace_kind *out,
                struct err *err)
{
    const struct trace_read_options o = {.paths = &path, .npaths = 1, .kind = kind};
    struct trace_reader r = {.options = o, .folder.fd = -1};
    struct stat st;
    int fd = open_next(&r, &st, err), status = -1;
    if (fd >= 0 && S_ISDIR(st.st_mode)) {
        close(fd);
        *out = TRACE_KIND_EVENT;
        status = 0;
    } else if (fd >= 0) {
        r.source = source_open(fd, r.name, &r.options, err);
        status = r.source ? begin_file(&r, err) : -1;
        *out = status > 0 ? r.last : TRACE_KIND_EVENT;
        status = status < 0 ? -1 : 0;
    }
    close_file(&r);
    free(r.name);
    return status;
}

/* ---- the reader -------------------------------------------------------------------------------
 */

/* That it is there and may be read; a pipe's writer waits for the first reader, which is another.
 */
static int check_path(struct trace_reader *r, const char *path, struct err *err)
{
    struct stat st;
    bool in = strcmp(path, "-") == 0;
    if ((in ? fstat(STDIN_FILENO, &st) : stat(path, &st)) < 0)
        return fail_open(path, err);
    if (!in && access(path, R_OK) < 0)
        return fail_open(path, err);
    r->total_known &= S_ISREG(st.st_mode);
    r->total += (uint64_t)st.st_size;
    return 0;
}

struct trace_reader *trace_open(const struct trace_read_options *o, struct err *err)
{
    size_t inputs = 0;
    struct trace_reader *r = calloc(1, sizeof *r);
    if (!r) {
        err_set(err, ERR_MEMORY, "no memory for a reader of traces");
        return NULL;
    }
    *r = (struct trace_reader){.options = *o, .folder.fd = -1, .total_known = true};
    for (size_t i = 0; i < o->npaths; i++) {
        inputs += strcmp(o->paths[i], "-") == 0;
        if (check_path(r, o->paths[i], err) < 0 ||
            (inputs > 1 && err_set(err, ERR_USAGE, "standard input can be read only once") < 0)) {
            trace_close(r);
            return NULL;
        }
    }
    return r;
}

bool trace_is_empty(const struct trace_reader *r)
{
    return r->files > 0 && r->empty == r->files;
}

enum trace_kind trace_kind(const struct trace_reader *r)
{
    return r->last;
}

void trace_progress(const struct trace_reader *r, uint64_t *out_done, uint64_t *out_total)
{
    *out_done = r->done + (r->source ? source_bytes(r->source) : 0);
    *out_total = r->total_known ? r->total : 0;
}

void trace_close(struct trace_reader *r)
{
    if (!r)
        return;
    close_file(r);
    folder_close(&r->folder);
    free(r->name);
    free(r);
}

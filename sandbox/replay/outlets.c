/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/outlets.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/temporary.h"
#include "launch/places.h"

#define SMALLEST_FILE "smallest.jsonl"

/* A file that the run makes, or adds to. */
struct written {
    const char *option, *path;
    bool during; /* while the function runs, which sees its own folder */
    bool probed; /* whether it can be written is found out before anything runs */
};

#define WRITTEN_MAX (REPLAY_REPORTS_MAX + 3)

static int refuse(const struct written *w, const char *what, struct err *err)
{
    return err_set(err, ERR_USAGE, "'%.200s' is %s: name another file in %s", w->path, what,
                   w->option);
}

static int check_traces(const struct written *w, const struct replay_options *o, struct err *err)
{
    for (size_t i = 0; i < o->ntraces; i++) {
        if (strcmp(o->traces[i], "-") == 0)
            continue;
        if (place_is_same(o->traces[i], w->path))
            return refuse(w, "a trace", err);
        if (place_is_in(o->traces[i], w->path))
            return refuse(w, "in a folder of traces", err);
    }
    return 0;
}

/* Everything else that is read. */
static int check_inputs(const struct written *w, const struct replay_options *o, struct err *err)
{
    const struct {
        const char *path, *what;
    } others[] = {{o->launch.path, "the function"},
                  {o->baseline, "the one of --baseline"},
                  {o->mapping.expect, "that of --expect"}};
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (others[i].path && (w->during ? place_is_below(others[i].path, w->path)
                                         : place_is_same(others[i].path, w->path)))
            return refuse(w, others[i].what, err);
    for (size_t i = 0; i < o->launch.nreads; i++)
        if (place_is_same(o->launch.reads[i], w->path))
            return refuse(w, "read by --env-file or --credentials", err);
    return 0;
}

/* The smallest trace of faults that are named is what it was shrunk to before: where it cannot
 * become smaller it stays, and its name is the one that nobody had to say. */
static bool is_repeated(const struct replay_options *o)
{
    return o->ntraces == 1 && !o->mapping.smallest && !o->mapping.chaos->seeded &&
           place_is_same(o->traces[0], replay_outlets_smallest(o));
}

/* All but the files of the source's settings. */
static size_t list_written(const struct replay_options *o, struct written list[static WRITTEN_MAX])
{
    const char *smallest = replay_outlets_smallest(o), *record = o->launch.record.path;
    size_t count = 0;
    if (smallest)
        list[count++] = (struct written){"--smallest", smallest, false, o->mapping.smallest};
    if (record && !o->update)
        list[count++] = (struct written){"--record", record, false, false};
    if (o->mapping.history)
        list[count++] = (struct written){"--history", o->mapping.history, false, true};
    for (size_t i = 0; i < o->nreports; i++)
        list[count++] = (struct written){"--report", o->reports[i], false, true};
    return count;
}

static int check_others(const struct written *w, const struct written *others, size_t count,
                        struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (place_is_same(others[i].path, w->path))
            return err_set(err, ERR_USAGE, "'%.200s' is that of %s, too: name another file in %s",
                           w->path, others[i].option, w->option);
    return 0;
}

static int check_written(const struct written *w, const struct replay_options *o, struct err *err)
{
    return check_traces(w, o, err) < 0 ? -1 : check_inputs(w, o, err);
}

/* What is put in place when it is whole needs its folder: better told now than after hours. */
static int probe(const struct written *w, struct err *err)
{
    struct temporary t;
    int status = temporary_begin(&t, w->path, err);
    temporary_fini(&t);
    return status < 0 ? err_wrap(err, "%s", w->option) : 0;
}

/* The recordings that --update writes are the traces themselves. */
static int check_updated(const struct replay_options *o, struct err *err)
{
    for (size_t i = 0; o->update && i < o->ntraces; i++) {
        const struct written w = {"TRACE", o->traces[i], false, false};
        if (check_inputs(&w, o, err) < 0)
            return err_wrap(err, "--update");
    }
    return 0;
}

const char *replay_outlets_smallest(const struct replay_options *o)
{
    if (!o->mapping.chaos)
        return NULL;
    return o->mapping.smallest ? o->mapping.smallest : SMALLEST_FILE;
}

int replay_outlets_check(const struct replay_options *o, struct err *err)
{
    struct written list[WRITTEN_MAX];
    size_t count = list_written(o, list);
    for (size_t i = 0; i < count; i++) {
        bool kept = i == 0 && replay_outlets_smallest(o) && is_repeated(o);
        if (!kept && check_written(&list[i], o, err) < 0)
            return -1;
        if (check_others(&list[i], list, i, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < count; i++)
        if (list[i].probed && probe(&list[i], err) < 0)
            return -1;
    return check_updated(o, err);
}

static int check_path(const char *path, const struct replay_options *o, struct err *err)
{
    const struct written w = {"--source", path, true, false};
    struct written list[WRITTEN_MAX];
    size_t count = list_written(o, list);
    return check_written(&w, o, err) < 0 ? -1 : check_others(&w, list, count, err);
}

/* Settings may name one file twice, spelled in two ways: its lines stand one behind the other. */
static int share(const struct replay_outlets *out, const struct stat *st)
{
    struct stat other;
    for (size_t i = 0; i < out->count; i++)
        if (fstat(out->items[i].fd, &other) == 0 && other.st_dev == st->st_dev &&
            other.st_ino == st->st_ino)
            return fcntl(out->items[i].fd, F_DUPFD_CLOEXEC, 0);
    return -1;
}

static int open_outlet(struct replay_outlets *out, const char *path, struct err *err)
{
    /* a pipe without a reader is no place to wait for one */
    AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
    struct stat st;
    if (fd < 0) {
        err_sys(err, "open '%.200s'", path);
        if (err->sys == EISDIR || err->sys == ENXIO)
            err->kind = ERR_INPUT;
        return err_place(err);
    }
    if (fstat(fd, &st) < 0)
        return err_sys(err, "look at '%.200s'", path);
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_INPUT, "'%.200s' is no regular file", path);
    int shared = share(out, &st);
    out->items[out->count++] = (struct replay_outlet){path, shared < 0 ? TAKE_FD(fd) : shared};
    return 0;
}

int replay_outlets_open(struct replay_outlets *out, const struct mapping_settings *s,
                        const struct replay_options *o, struct err *err)
{
    const char *const paths[REPLAY_OUTLETS_MAX] = {s->dlq, s->on_failure, s->on_success};
    *out = (struct replay_outlets){0};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        if (paths[i] && check_path(paths[i], o, err) < 0)
            return -1;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        if (paths[i] && open_outlet(out, paths[i], err) < 0)
            return -1;
    return 0;
}

int replay_outlets_empty(struct replay_outlets *out, struct err *err)
{
    for (size_t i = 0; i < out->count && !out->emptied; i++)
        if (ftruncate(out->items[i].fd, 0) < 0)
            return err_sys(err, "empty '%.200s'", out->items[i].path);
    out->emptied = true;
    return 0;
}

void replay_outlets_close(struct replay_outlets *out)
{
    for (size_t i = 0; i < out->count; i++)
        attr_close(&out->items[i].fd);
    out->count = 0;
}

static int write_all(int fd, const char *bytes, size_t len, struct err *err)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(err, "write");
        bytes += n;
        len -= (size_t)n;
    }
    return 0;
}

int replay_outlets_deliver(void *outlets, const char *path, const char *line, size_t len,
                           struct err *err)
{
    const struct replay_outlets *out = outlets;
    for (size_t i = 0; i < out->count; i++) {
        if (strcmp(out->items[i].path, path) != 0)
            continue;
        bool ended = len > 0 && line[len - 1] == '\n';
        if (write_all(out->items[i].fd, line, len, err) == 0 &&
            write_all(out->items[i].fd, "\n", ended ? 0 : 1, err) == 0)
            return 0;
        return err_wrap(err, "'%.200s'", path);
    }
    return 0;
}

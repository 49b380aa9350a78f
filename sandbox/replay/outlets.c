/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/outlets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SMALLEST_FILE "smallest.jsonl"

/* The path, or of a file that is not there its folder's with the name behind it; free() it. */
static char *resolve(const char *path)
{
    char *real = realpath(path, NULL), *whole = NULL;
    if (real)
        return real;
    const char *slash = strrchr(path, '/');
    AUTO_FREE char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    AUTO_FREE char *real_folder = folder ? realpath(folder, NULL) : NULL;
    if (real_folder && asprintf(&whole, "%s/%s", real_folder, slash ? slash + 1 : path) < 0)
        return NULL;
    return whole;
}

static bool is_same(const char *other, const char *path)
{
    struct stat a, b;
    return stat(path, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

/* Whether other is the same file, or a folder that it is in. */
static bool covers(const char *other, const char *path)
{
    AUTO_FREE char *real = resolve(path), *real_other = resolve(other);
    size_t len = real_other ? strlen(real_other) : 0;
    bool below = real && len && strncmp(real, real_other, len) == 0 &&
                 (real[len] == '\0' || real[len] == '/');
    return below || is_same(other, path); /* a hard link has another path */
}

/* What would be written over what is read. */
static int check_written(const char *name, const char *path, const struct replay_options *o,
                         struct err *err)
{
    const struct {
        const char *path, *what;
    } others[] = {{o->launch.path, "the function"}, {o->baseline, "the one of --baseline"}};
    for (size_t i = 0; i < o->ntraces; i++)
        if (is_same(o->traces[i], path))
            return err_set(err, ERR_USAGE, "'%.200s' is a trace: name another file in %s", path,
                           name);
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (others[i].path && is_same(others[i].path, path))
            return err_set(err, ERR_USAGE, "'%.200s' is %s: name another file in %s", path,
                           others[i].what, name);
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
    const char *history = o->mapping.history, *smallest = replay_outlets_smallest(o);
    if (history && check_written("--history", history, o, err) < 0)
        return -1;
    if (history && smallest && covers(smallest, history))
        return err_set(err, ERR_USAGE,
                       "'%.200s' is that of --smallest, too: name another file in "
                       "--history",
                       history);
    for (size_t i = 0; i < o->nreports; i++) {
        if (check_written("--report", o->reports[i], o, err) < 0)
            return -1;
        if ((history && covers(history, o->reports[i])) ||
            (smallest && covers(smallest, o->reports[i])))
            return err_set(err, ERR_USAGE,
                           "'%.200s' is that of --history or --smallest: name another file in "
                           "--report",
                           o->reports[i]);
    }
    return 0;
}

static int check_path(const char *path, const struct replay_options *o, struct err *err)
{
    const struct {
        const char *path, *what;
    } others[] = {
        {o->launch.record.path, "the file of --record"},
        {o->mapping.history, "that of --history"},
        {o->mapping.expect, "that of --expect"},
        {replay_outlets_smallest(o), "that of --smallest"},
        {o->launch.path, "the function"},
    };
    for (size_t i = 0; i < o->ntraces; i++)
        if (strcmp(o->traces[i], "-") != 0 && covers(o->traces[i], path))
            return err_set(err, ERR_USAGE,
                           "'%.200s' is a trace, or in a folder of traces: name another file in "
                           "--source",
                           path);
    for (size_t i = 0; i < o->nreports; i++)
        if (covers(o->reports[i], path))
            return err_set(err, ERR_USAGE, "'%.200s' is a report: name another file in --source",
                           path);
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (others[i].path && covers(others[i].path, path))
            return err_set(err, ERR_USAGE, "'%.200s' is %s: name another file in --source", path,
                           others[i].what);
    return 0;
}

static int open_outlet(struct replay_outlets *out, const char *path, struct err *err)
{
    for (size_t i = 0; i < out->count; i++)
        if (strcmp(out->items[i].path, path) == 0)
            return 0;
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
    out->items[out->count++] = (struct replay_outlet){path, TAKE_FD(fd)};
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
    for (size_t i = 0; i < out->count; i++)
        if (ftruncate(out->items[i].fd, 0) < 0)
            return err_sys(err, "empty '%.200s'", out->items[i].path);
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

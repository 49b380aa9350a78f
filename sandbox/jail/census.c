/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/census.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/attr.h"
#include "jail/files.h"

#define CHILDREN_SIZE 32768

struct walk {
    pid_t pids[CENSUS_PROCESSES_MAX];
    size_t count;
    char text[CHILDREN_SIZE];
};

static void dir_close(DIR **dir)
{
    if (*dir)
        closedir(*dir);
}

/* Entries of a folder of /proc that are numbers; -1 with errno. */
static long count_numbers(const char *path)
{
    long count = 0;
    const struct dirent *e;
    __attribute__((cleanup(dir_close))) DIR *dir = opendir(path);
    if (!dir)
        return -1;
    while ((e = readdir(dir)))
        count += e->d_name[0] >= '0' && e->d_name[0] <= '9';
    return count;
}

static int add_children(struct walk *w, pid_t pid, const char *thread, struct err *err)
{
    char path[96];
    snprintf(path, sizeof path, "/proc/%d/task/%.20s/children", pid, thread);
    if (files_read(AT_FDCWD, path, w->text, sizeof w->text, err) < 0) {
        snprintf(path, sizeof path, "/proc/%d/task/%.20s", pid, thread);
        return access(path, F_OK) < 0 ? 0 : -1; /* it has ended, or the kernel has no such file */
    }
    char *at = w->text, *end;
    for (long child; (child = strtol(at, &end, 10)) > 0 && end != at; at = end) {
        if (w->count == CENSUS_PROCESSES_MAX)
            return err_set(err, ERR_LIMIT, "more than %d processes", CENSUS_PROCESSES_MAX);
        w->pids[w->count++] = (pid_t)child;
    }
    return 0;
}

/* Adds the children of all threads of a process; counts these. */
static int walk_threads(struct walk *w, pid_t pid, unsigned *out_threads, struct err *err)
{
    char path[32];
    const struct dirent *e;
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    __attribute__((cleanup(dir_close))) DIR *dir = opendir(path);
    if (!dir)
        return 0;
    while ((e = readdir(dir))) {
        if (e->d_name[0] < '0' || e->d_name[0] > '9')
            continue;
        ++*out_threads;
        if (add_children(w, pid, e->d_name, err) < 0)
            return -1;
    }
    return 0;
}

/* Of the whole process, exact: what its status says lags behind by many pages. */
static uint64_t anonymous_bytes(pid_t pid)
{
    static const struct {
        const char *file, *word;
    } sources[] = {{"smaps_rollup", "Anonymous:"}, {"status", "RssAnon:"}};
    char path[64], text[8192];
    struct err ignored;
    for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
        snprintf(path, sizeof path, "/proc/%d/%s", pid, sources[i].file);
        if (files_read(AT_FDCWD, path, text, sizeof text, &ignored) > 0)
            return files_find_number(text, sources[i].word, 0) * 1024;
    }
    return 0;
}

/* Not in fd: that folder's mode lets its owner alone in, who may be a subordinate id. */
static int count_descriptors(pid_t pid, struct census *out, struct err *err)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/fdinfo", pid);
    long count = count_numbers(path);
    if (count < 0 && errno != ENOENT && errno != ESRCH)
        return err_sys(err, "count descriptors in '%s'", path);
    out->descriptors += count > 0 ? (uint64_t)count : 0;
    return 0;
}

int census_take(pid_t init, struct census *out, struct err *err)
{
    unsigned of_init = 0;
    AUTO_FREE struct walk *w = calloc(1, sizeof *w);
    *out = (struct census){0};
    if (!w)
        return err_set(err, ERR_MEMORY, "no memory for a list of processes");
    if (walk_threads(w, init, &of_init, err) < 0)
        return -1;
    for (size_t i = 0; i < w->count; i++) {
        unsigned threads = 0;
        if (walk_threads(w, w->pids[i], &threads, err) < 0 ||
            count_descriptors(w->pids[i], out, err) < 0)
            return -1;
        out->processes += threads > 0;
        out->threads += threads;
        out->memory_bytes += anonymous_bytes(w->pids[i]);
    }
    return 0;
}

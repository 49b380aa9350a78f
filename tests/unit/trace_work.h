/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of its own for tests of traces, files in it, and what a reader makes of them. */
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "check.h"
#include "trace/read.h"

static char work_dir[] = "/tmp/clambda-trace.XXXXXX";

static inline const char *work_path(const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", work_dir, name);
    return path;
}

static inline void work_begin(void)
{
    strcpy(work_dir + sizeof work_dir - 7, "XXXXXX");
    CHECK(mkdtemp(work_dir) != NULL);
}

static inline void work_end(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", work_dir);
    CHECK_INT(system(command), 0);
}

static inline void work_write(const char *name, const char *bytes, size_t len, int flags)
{
    int fd = open(work_path(name), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
    CHECK(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
    close(fd);
}

static inline char *work_read(const char *name, size_t *out_len)
{
    struct err err = {0};
    char *bytes = file_read(work_path(name), 1u << 28, out_len, &err);
    CHECK(bytes != NULL);
    return bytes;
}

/* The events that were read, one behind the other in brackets; what was warned of and how it ended.
 */
struct work_result {
    char events[65536], warnings[4096];
    size_t count, nwarnings;
    int status;
    struct err err;
};

static inline void work_warn(void *owner, const char *text)
{
    struct work_result *r = owner;
    size_t used = strlen(r->warnings);
    snprintf(r->warnings + used, sizeof r->warnings - used, "%s\n", text);
    r->nwarnings++;
}

static inline void work_take(const char *path, struct work_result *r)
{
    struct trace_entry e;
    *r = (struct work_result){0};
    struct trace_read_options o = {.paths = &path, .npaths = 1, .warn = work_warn, .owner = r};
    struct trace_reader *reader = trace_open(&o, &r->err);
    r->status = reader ? 1 : -1;
    while (r->status > 0 && (r->status = trace_next(reader, &e, &r->err)) > 0) {
        size_t used = strlen(r->events);
        snprintf(r->events + used, sizeof r->events - used, "[%.*s]",
                 e.event.len > 64 ? 64 : (int)e.event.len, e.event.ptr ? e.event.ptr : "");
        r->count++;
    }
    trace_close(reader);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/self/maps, line by line. Async-signal-safe, not from two threads at once. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

/* A line: "7f12-7f34 r-xp 00001000 08:01 1234    /path". */
struct mapping {
    uintptr_t start, end, offset;
    bool readable;
    uint64_t file;    /* the same for lines of the same file, 0 for anonymous memory */
    const char *path; /* "" for anonymous memory; until the call returns */
};

/* Calls fn for each line of an open file. -1 when a line is too long. */
int maps_read(int fd, void (*fn)(const struct mapping *m, void *user), void *user) ATTR_CHECK;

/* The same with the file. -1 when the file cannot be read. */
int maps_each(void (*fn)(const struct mapping *m, void *user), void *user) ATTR_CHECK;

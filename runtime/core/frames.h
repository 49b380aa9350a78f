/* SPDX-License-Identifier: Apache-2.0 */
/* Return addresses as module+offset, and the text of a crash report. Async-signal-safe: no heap, no
 * stdio, only /proc/self/maps and the headers of mapped files. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define FRAMES_MAX   48
#define FRAMES_PATHS 4096 /* bytes for the paths of all modules */

struct frame {
    uintptr_t ip;
    uintptr_t base;   /* where its module starts; 0: unknown */
    const char *path; /* NULL: in no module */
};

struct frames {
    struct frame list[FRAMES_MAX];
    size_t count;
    char paths[FRAMES_PATHS];
    size_t paths_used;
};

/* A text of limited length: what does not fit is dropped. */
struct report {
    char *text;
    size_t len, cap;
};

void report_put(struct report *r, const char *bytes, size_t len);
void report_text(struct report *r, const char *text);
void report_number(struct report *r, uint64_t value, unsigned radix);

void frames_add(struct frames *f, uintptr_t ip);

/* Finds the modules; -1 when /proc/self/maps cannot be read. */
int frames_resolve(struct frames *f);

/* One line for each frame from the given one on. */
void frames_print(const struct frames *f, size_t from, struct report *r);

/* The build id of each module that a frame is in. */
void frames_print_modules(const struct frames *f, struct report *r);

/* SPDX-License-Identifier: Apache-2.0 */
/* Return addresses as module+offset, and the text of a crash report. Async-signal-safe: no heap, no
 * stdio, only /proc/self/maps and the headers of mapped files. Names of functions: symbols.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/report.h"

#define FRAMES_MAX   48
#define FRAMES_PATHS 4096 /* bytes for the paths of all modules */
#define FRAMES_NAME  80   /* bytes of a function's name; a longer one is cut */
#define FRAMES_LINE  512

struct frame {
    uintptr_t ip;
    uintptr_t base;         /* where its module starts; 0: unknown */
    size_t head;            /* bytes that are mapped there as one */
    const char *path;       /* NULL: in no module */
    uintptr_t offset;       /* in the function */
    char name[FRAMES_NAME]; /* of the function, "": unknown */
};

struct frames {
    struct frame list[FRAMES_MAX];
    size_t count;
    char paths[FRAMES_PATHS];
    size_t paths_used;
};

void frames_clear(struct frames *f);
void frames_add(struct frames *f, uintptr_t ip);

/* Finds the modules; -1 when /proc/self/maps cannot be read. */
int frames_resolve(struct frames *f);

/* Whether no frame before this one is in its module; false for one in no module. */
bool frames_is_first(const struct frames *f, size_t index);

/* The name of its module without folders; NULL: in no module. */
const char *frames_file(const struct frame *frame);

/* One line for each frame from the given one on. */
void frames_print(const struct frames *f, size_t from, struct report *r);

/* The build id of each module that a frame is in. */
void frames_print_modules(const struct frames *f, struct report *r);

/* Frames and build ids as a JSON array of strings, as many as leave reserve bytes of r. */
void frames_print_json(const struct frames *f, struct report *r, size_t reserve);

/* SPDX-License-Identifier: Apache-2.0 */
/* A region that one invocation allocates from and that is reset as a whole.
 * Address space is reserved once with mmap; untouched pages cost nothing. Not thread-safe.
 *
 *   base |<------ used ------>|<------------ free ------------>| base + cap
 */
#pragma once

#include <stddef.h>

#include "base/err.h"

#define ARENA_ALIGN 16

struct arena {
    char *base;
    size_t cap;  /* bytes reserved */
    size_t used; /* bytes handed out, a multiple of ARENA_ALIGN */
    size_t peak; /* highest used since the last arena_trim */
    size_t held; /* below it lie pages that earlier rounds touched and arena_trim left */
};

/* Reserves cap bytes (rounded up to pages). -1 when the address space cannot be had. */
int arena_init(struct arena *a, size_t cap, struct err *err) ATTR_CHECK;

/* Unmaps. Everything handed out is gone. Accepts a zeroed arena. */
void arena_fini(struct arena *a);

/* size bytes, aligned to ARENA_ALIGN, not zeroed; NULL when the arena is full.
 * Lives until arena_reset or arena_rewind passes it. */
static inline void *arena_alloc(struct arena *a, size_t size)
{
    if (UNLIKELY(size > a->cap - a->used))
        return NULL;
    size_t rounded = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    if (UNLIKELY(rounded > a->cap - a->used))
        return NULL;
    void *p = a->base + a->used;
    a->used += rounded;
    if (a->used > a->peak)
        a->peak = a->used;
    return p;
}

/* A NUL-terminated copy of len bytes, or NULL when the arena is full. */
char *arena_strndup(struct arena *a, const char *text, size_t len);

/* Position to come back to with arena_rewind: what is allocated later is dropped then. */
static inline size_t arena_mark(const struct arena *a)
{
    return a->used;
}

static inline void arena_rewind(struct arena *a, size_t mark)
{
    a->used = mark;
}

/* Forgets everything that was handed out; keeps the pages. */
static inline void arena_reset(struct arena *a)
{
    a->used = 0;
}

/* Gives touched pages above keep bytes back to the system, those that earlier calls kept as well.
 * Call after arena_reset. */
void arena_trim(struct arena *a, size_t keep);

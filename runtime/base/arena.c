/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <string.h>
#include <sys/mman.h>

int arena_init(struct arena *a, size_t cap, struct err *err)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t rounded = (cap + page - 1) & ~(page - 1);
    if (rounded < cap)
        return err_set(err, ERR_MEMORY, "arena of %zu bytes is larger than the address space", cap);
    void *base = mmap(NULL, rounded, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return err_sys(err, "reserve %zu bytes for an arena", rounded);
    *a = (struct arena){.base = base, .cap = rounded};
    return 0;
}

void arena_fini(struct arena *a)
{
    if (a->base)
        munmap(a->base, a->cap);
    *a = (struct arena){0};
}

char *arena_strndup(struct arena *a, const char *text, size_t len)
{
    if (len >= a->cap)
        return NULL;
    char *copy = arena_alloc(a, len + 1);
    if (!copy)
        return NULL;
    if (len)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

void arena_trim(struct arena *a, size_t keep)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t from = (keep + page - 1) & ~(page - 1);
    if (a->held < a->peak)
        a->held = a->peak;
    if (a->held > from) {
        madvise(a->base + from, a->cap - from, MADV_DONTNEED);
        a->held = from;
    }
    a->peak = a->used;
}

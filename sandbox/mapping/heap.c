/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/heap.h"

#include <stdbool.h>

#include "base/attr.h"

#define HEAP_FIRST 64 /* entries to start with */

void heap_fini(struct heap *h)
{
    free(h->entries);
    *h = (struct heap){0};
}

int heap_reserve(struct heap *h, size_t more, struct err *err)
{
    if (more <= h->cap - h->count)
        return 0;
    size_t cap = h->cap ? h->cap : HEAP_FIRST;
    while (cap - h->count < more)
        cap *= 2;
    struct heap_entry *entries = realloc(h->entries, cap * sizeof *entries);
    if (!entries)
        return err_set(err, ERR_MEMORY, "no memory for %zu times", cap);
    h->entries = entries;
    h->cap = cap;
    return 0;
}

static bool is_before(const struct heap_entry *a, const struct heap_entry *b)
{
    return a->time_ms != b->time_ms ? a->time_ms < b->time_ms : a->order < b->order;
}

int heap_push(struct heap *h, int64_t time_ms, uint64_t value, struct err *err)
{
    if (heap_reserve(h, 1, err) < 0)
        return -1;
    struct heap_entry e = {time_ms, h->pushed++, value};
    size_t at = h->count++;
    while (at > 0 && is_before(&e, &h->entries[(at - 1) / 2])) {
        h->entries[at] = h->entries[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    h->entries[at] = e;
    return 0;
}

const struct heap_entry *heap_top(const struct heap *h)
{
    return h->count ? h->entries : NULL;
}

void heap_pop(struct heap *h)
{
    struct heap_entry last = h->entries[--h->count];
    size_t at = 0;
    for (size_t below = 1; below < h->count; below = 2 * at + 1) {
        if (below + 1 < h->count && is_before(&h->entries[below + 1], &h->entries[below]))
            below++;
        if (!is_before(&h->entries[below], &last))
            break;
        h->entries[at] = h->entries[below];
        at = below;
    }
    h->entries[at] = last;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "decode/engine.h"

const max_align_t list_empty;

static size_t round_up(size_t bytes)
{
    return (bytes + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
}

static bool is_last(const struct list *l, const struct arena *arena)
{
    return l->items && l->items + round_up(l->cap * l->size) == arena->base + arena->used;
}

bool list_grow(struct list *l, struct arena *arena, size_t want)
{
    if (is_last(l, arena)) { /* nothing was allocated since: stretch it where it is */
        if (!arena_alloc(arena, round_up(want * l->size) - round_up(l->cap * l->size)))
            return false;
        l->cap = want;
        return true;
    }
    char *items = arena_alloc(arena, want * l->size);
    if (!items)
        return false;
    if (l->len)
        memcpy(items, l->items, l->len * l->size);
    l->items = items;
    l->cap = want;
    return true;
}

void list_guess(struct list *l, struct decoder *d, size_t first, const char *rest)
{
    if (d->depth != 2) /* deeper, the rest of the text belongs to others */
        return;
    size_t left = (size_t)(d->end - rest), want = left / first + left / first / 8 + 4;
    size_t most = left / l->size + 4; /* never more memory than text */
    list_grow(l, d->arena, want < most ? want : most);
}

void list_close(struct list *l, struct arena *arena)
{
    if (!is_last(l, arena))
        return;
    arena_rewind(arena, arena->used - (round_up(l->cap * l->size) - round_up(l->len * l->size)));
    l->cap = l->len;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of numbers whose links stand in an array beside: constant time, no heap. A number is in at
 * most one list of its array. */
#pragma once

#include <stdint.h>

#define LIST_NONE UINT32_MAX

struct link {
    uint32_t prev, next;
};

struct list {
    uint32_t first, last; /* LIST_NONE: empty */
};

#define LIST_EMPTY ((struct list){LIST_NONE, LIST_NONE})

static inline void list_append(struct list *l, struct link *links, uint32_t number)
{
    links[number] = (struct link){l->last, LIST_NONE};
    if (l->last == LIST_NONE)
        l->first = number;
    else
        links[l->last].next = number;
    l->last = number;
}

static inline void list_remove(struct list *l, struct link *links, uint32_t number)
{
    struct link at = links[number];
    if (at.prev == LIST_NONE)
        l->first = at.next;
    else
        links[at.prev].next = at.next;
    if (at.next == LIST_NONE)
        l->last = at.prev;
    else
        links[at.next].prev = at.prev;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What is due when: a heap of numbers by time, of the same time in the order of pushing. And sums
 * of times that do not overflow. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct heap_entry {
    int64_t time_ms;
    uint64_t order;
    uint64_t value;
};

/* All zero: an empty one. */
struct heap {
    struct heap_entry *entries;
    size_t count, cap;
    uint64_t pushed;
};

void heap_fini(struct heap *h);

/* Room for so many more, that heap_push then cannot fail for. */
int heap_reserve(struct heap *h, size_t more, struct err *err) ATTR_CHECK;
int heap_push(struct heap *h, int64_t time_ms, uint64_t value, struct err *err) ATTR_CHECK;

/* The one that is due first, valid until the next call; NULL: none. */
const struct heap_entry *heap_top(const struct heap *h);
void heap_pop(struct heap *h); /* of one that is not empty */

/* INT64_MAX stands for never, and is what a sum ends at. span_ms is not negative. */
static inline int64_t heap_time_add(int64_t time_ms, int64_t span_ms)
{
    return time_ms > INT64_MAX - span_ms ? INT64_MAX : time_ms + span_ms;
}

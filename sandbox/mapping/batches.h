/* SPDX-License-Identifier: Apache-2.0 */
/* Batches that were handed out and are not finished, by their number. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct batch {
    size_t n;
    uint32_t attempt; /* from 1 */
    bool held;
    uint32_t records[];
};

/* Slots are a ring from the oldest that is open. All zero: an empty one, the next number is 1. */
struct batches {
    struct batch **slots; /* NULL: finished */
    size_t cap;           /* a power of two */
    uint64_t oldest, n;   /* number of the oldest, less 1; how many from there */
    size_t open;
};

void batches_fini(struct batches *b);

/* The number that the next one gets. */
static inline uint64_t batches_next(const struct batches *b)
{
    return b->oldest + b->n + 1;
}

/* Copies the records, at least one. */
int batches_add(struct batches *b, const uint32_t *records, size_t n, struct err *err) ATTR_CHECK;

/* -1 with ERR_INPUT: none of that number is open. Valid until the next call. */
int batches_find(const struct batches *b, uint64_t number, const uint32_t **out_records,
                 size_t *out_n, struct err *err) ATTR_CHECK;

void batches_remove(struct batches *b, uint64_t number); /* of an open one */

const struct batch *batches_get(const struct batches *b, uint64_t number);

/* It counts as open, and batches_find does not give it until it is handed out again: as the next
 * number, its attempt is one more then. */
void batches_hold(struct batches *b, uint64_t number);
int batches_again(struct batches *b, uint64_t number, struct err *err) ATTR_CHECK;

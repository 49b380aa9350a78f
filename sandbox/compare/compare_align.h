/* SPDX-License-Identifier: Apache-2.0 */
/* Which elements of two sequences belong together: the shortest way from one to the other by the
 * hashes of the elements (Myers), and in between the ones that are most alike. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ALIGN_MAX    (1u << 18) /* elements; longer sequences are compared place by place */
#define ALIGN_NONE   UINT32_MAX
#define ALIGN_SKETCH 24 /* parts of an element that are looked at */

/* Hashes of an element's parts: the more two elements share, the more they are alike. */
struct align_sketch {
    size_t count;
    uint32_t parts[ALIGN_SKETCH];
};

struct align_side {
    const uint32_t *hashes;
    size_t count; /* at most ALIGN_MAX */
    /* NULL: nothing is known. Called for few elements. */
    void (*sketch)(void *owner, size_t index, struct align_sketch *out);
    void *owner;
};

/* out_pairs, of a's count: for each element of a the one of b, in rising order, or ALIGN_NONE.
 * False: no memory. */
bool align_pair(const struct align_side *a, const struct align_side *b, uint32_t *out_pairs);

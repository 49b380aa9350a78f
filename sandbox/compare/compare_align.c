/* SPDX-License-Identifier: Apache-2.0 */
#include "compare/compare_align.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"

#define EDITS_MAX 256                /* more differ: place by place */
#define WORK_MAX  ((size_t)50000000) /* steps of one search */
#define GAP_MAX   128                /* elements on one side of a gap */

/* What is left between equal beginnings and ends. */
struct part {
    const uint32_t *a, *b;
    size_t na, nb;
};

/* ---- the shortest way ---------------------------------------------------------------------- */

/* reached[d] has the furthest place in a on each diagonal k = -d, -d + 2, ..., d after d edits, at
 * (k + d) / 2; the rows stand behind one another. */
static uint32_t *row(uint32_t *reached, size_t d)
{
    return reached + d * (d + 1) / 2;
}

/* Whether the step to diagonal k is an element of b that was added, and not one of a that is gone.
 */
static bool is_added(const uint32_t *before, long d, long k)
{
    if (k == -d)
        return true;
    if (k == d)
        return false;
    return before[(k - 1 + d - 1) / 2] < before[(k + 1 + d - 1) / 2];
}

static uint32_t step(const uint32_t *before, long d, long k)
{
    if (d == 0)
        return 0;
    return is_added(before, d, k) ? before[(k + 1 + d - 1) / 2] : before[(k - 1 + d - 1) / 2] + 1;
}

/* Fills the row of d edits; true when the end is reached. */
static bool advance(const struct part *p, uint32_t *reached, long d)
{
    uint32_t *now = row(reached, (size_t)d);
    const uint32_t *before = d ? row(reached, (size_t)d - 1) : NULL;
    for (long k = -d; k <= d; k += 2) {
        size_t x = step(before, d, k);
        long y = (long)x - k;
        if (x <= p->na && y >= 0 && (size_t)y <= p->nb)
            while (x < p->na && (size_t)y < p->nb && p->a[x] == p->b[y]) {
                x++;
                y++;
            }
        now[(k + d) / 2] = (uint32_t)x;
        if (x == p->na && y == (long)p->nb)
            return true;
    }
    return false;
}

static void trace_back(const struct part *p, uint32_t *reached, long d, size_t offset,
                       uint32_t *pairs)
{
    long k = (long)p->na - (long)p->nb;
    for (; d >= 0; d--) {
        const uint32_t *before = d ? row(reached, (size_t)d - 1) : NULL;
        size_t from = step(before, d, k);
        for (size_t x = row(reached, (size_t)d)[(k + d) / 2]; x > from; x--)
            pairs[x - 1] = (uint32_t)((long)(x - 1) - k + (long)offset);
        if (d)
            k += is_added(before, d, k) ? 1 : -1;
    }
}

/* False: no memory. Finds nothing when too much differs. */
static bool find_way(const struct part *p, size_t offset, uint32_t *pairs)
{
    size_t most = WORK_MAX / (p->na + p->nb + 1);
    if (most > EDITS_MAX)
        most = EDITS_MAX;
    if (most > p->na + p->nb)
        most = p->na + p->nb;
    AUTO_FREE uint32_t *reached = malloc((most + 1) * (most + 2) / 2 * sizeof *reached);
    if (!reached)
        return false;
    for (size_t d = 0; d <= most; d++) {
        if (advance(p, reached, (long)d)) {
            trace_back(p, reached, (long)d, offset, pairs);
            return true;
        }
    }
    return true;
}

/* ---- what is alike in a gap ---------------------------------------------------------------- */

struct gap {
    const struct align_side *a, *b;
    size_t a_from, na, b_from, nb;
};

static int compare_parts(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static struct align_sketch *make_sketches(const struct align_side *s, size_t from, size_t count)
{
    struct align_sketch *sketches = calloc(count, sizeof *sketches);
    for (size_t i = 0; sketches && i < count; i++) {
        s->sketch(s->owner, from + i, &sketches[i]);
        qsort(sketches[i].parts, sketches[i].count, sizeof *sketches[i].parts, compare_parts);
    }
    return sketches;
}

static uint32_t count_shared(const struct align_sketch *x, const struct align_sketch *y)
{
    uint32_t shared = 0;
    for (size_t i = 0, k = 0; i < x->count && k < y->count;) {
        shared += x->parts[i] == y->parts[k];
        bool x_less = x->parts[i] <= y->parts[k], y_less = y->parts[k] <= x->parts[i];
        i += x_less;
        k += y_less;
    }
    return shared;
}

/* best[i][k]: the most that the elements from i and from k on can share, in order; every pair
 * counts 1 by itself, so that as many as possible are pairs. */
static void fill_best(const struct gap *g, const struct align_sketch *x,
                      const struct align_sketch *y, uint32_t *best)
{
    size_t width = g->nb + 1;
    memset(best + g->na * width, 0, width * sizeof *best);
    for (size_t i = g->na; i-- > 0;) {
        best[i * width + g->nb] = 0;
        for (size_t k = g->nb; k-- > 0;) {
            uint32_t pair = best[(i + 1) * width + k + 1] + 1 + 8 * count_shared(&x[i], &y[k]);
            uint32_t gone = best[(i + 1) * width + k], added = best[i * width + k + 1];
            uint32_t most = pair > gone ? pair : gone;
            best[i * width + k] = most > added ? most : added;
        }
    }
}

static void take_best(const struct gap *g, const uint32_t *best, const struct align_sketch *x,
                      const struct align_sketch *y, uint32_t *pairs)
{
    size_t width = g->nb + 1;
    for (size_t i = 0, k = 0; i < g->na && k < g->nb;) {
        uint32_t here = best[i * width + k];
        if (here == best[(i + 1) * width + k + 1] + 1 + 8 * count_shared(&x[i], &y[k]))
            pairs[g->a_from + i++] = (uint32_t)(g->b_from + k++);
        else if (here == best[(i + 1) * width + k])
            i++;
        else
            k++;
    }
}

static void pair_by_place(const struct gap *g, uint32_t *pairs)
{
    for (size_t i = 0; i < g->na && i < g->nb; i++)
        pairs[g->a_from + i] = (uint32_t)(g->b_from + i);
}

static bool pair_gap(const struct gap *g, uint32_t *pairs)
{
    if ((g->na == 1 && g->nb == 1) || g->na > GAP_MAX || g->nb > GAP_MAX || !g->a->sketch) {
        pair_by_place(g, pairs);
        return true;
    }
    AUTO_FREE struct align_sketch *x = make_sketches(g->a, g->a_from, g->na);
    AUTO_FREE struct align_sketch *y = make_sketches(g->b, g->b_from, g->nb);
    AUTO_FREE uint32_t *best = malloc((g->na + 1) * (g->nb + 1) * sizeof *best);
    if (!x || !y || !best)
        return false;
    fill_best(g, x, y, best);
    take_best(g, best, x, y, pairs);
    return true;
}

static bool pair_gaps(const struct align_side *a, const struct align_side *b, uint32_t *pairs)
{
    size_t next = 0; /* in b */
    for (size_t i = 0; i <= a->count;) {
        size_t end = i;
        while (end < a->count && pairs[end] == ALIGN_NONE)
            end++;
        size_t b_end = end < a->count ? pairs[end] : b->count;
        const struct gap g = {a, b, i, end - i, next, b_end - next};
        if (g.na && g.nb && !pair_gap(&g, pairs))
            return false;
        next = b_end + 1;
        i = end + 1;
    }
    return true;
}

bool align_pair(const struct align_side *a, const struct align_side *b, uint32_t *out_pairs)
{
    size_t front = 0, back = 0;
    if (a->count == 0 || b->count == 0) {
        for (size_t i = 0; i < a->count; i++)
            out_pairs[i] = ALIGN_NONE;
        return true;
    }
    size_t least = a->count < b->count ? a->count : b->count;
    while (front < least && a->hashes[front] == b->hashes[front])
        front++;
    while (back < least - front && a->hashes[a->count - 1 - back] == b->hashes[b->count - 1 - back])
        back++;
    for (size_t i = 0; i < a->count; i++) {
        if (i < front)
            out_pairs[i] = (uint32_t)i;
        else
            out_pairs[i] = i < a->count - back ? ALIGN_NONE : (uint32_t)(i + b->count - a->count);
    }
    const struct part p = {a->hashes + front, b->hashes + front, a->count - front - back,
                           b->count - front - back};
    if (p.na && p.nb && !find_way(&p, front, out_pairs + front))
        return false;
    return pair_gaps(a, b, out_pairs);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "simulate/cycles.h"

#include <string.h>

#include "simulate/flight.h"

#define PERIOD_MAX 24 /* entries */
#define ID_LEN     36
#define TIMES_MIN  3 /* fewer are read as fast as the line that stands for them */

/* Answers and errors may name the request that they are of, anywhere. */
static bool texts_alike(const struct history *h, const struct history_entry *a,
                        const struct history_entry *b)
{
    char ids[2][37];
    if (a->text_len != b->text_len || a->text_len == 0)
        return a->text_len == b->text_len;
    simulation_invocation_id(a->invocation, ids[0]);
    simulation_invocation_id(b->invocation, ids[1]);
    const char *x = h->texts.ptr + a->text, *y = h->texts.ptr + b->text;
    for (size_t left = a->text_len, same;; left -= same + ID_LEN) {
        const char *id = memmem(x, left, ids[0], ID_LEN);
        same = id ? (size_t)(id - x) : left;
        if (memcmp(x, y, same) != 0)
            return false;
        if (!id)
            return true;
        if (memcmp(id, y + same, ID_LEN) != 0 && memcmp(y + same, ids[1], ID_LEN) != 0)
            return false;
        x += same + ID_LEN;
        y += same + ID_LEN;
    }
}

static bool alike(const struct history *h, const struct history_entry *a,
                  const struct history_entry *b)
{
    if (a->kind != b->kind || a->status != b->status || a->reason != b->reason ||
        a->fault != b->fault || a->ran != b->ran || a->count != b->count)
        return false;
    if (a->count &&
        memcmp(h->members + a->first, h->members + b->first, a->count * sizeof *h->members) != 0)
        return false;
    return texts_alike(h, a, b);
}

static size_t count_again(const struct history *h, size_t at, size_t period)
{
    size_t same = 0;
    while (at + period + same < h->nentries &&
           alike(h, h->entries + at + same, h->entries + at + period + same))
        same++;
    return same / period;
}

size_t cycles_find(const struct history *h, size_t at, size_t *out_period)
{
    /* Each one has an invocation: told from there on it is read as it happens. */
    if (at >= h->nentries || h->entries[at].kind != HISTORY_INVOKED)
        return 0;
    for (size_t period = 1; period <= PERIOD_MAX && at + period < h->nentries; period++) {
        size_t again = count_again(h, at, period);
        if (again >= TIMES_MIN) {
            *out_period = period;
            return again;
        }
    }
    return 0;
}

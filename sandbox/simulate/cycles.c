/* SPDX-License-Identifier: Apache-2.0 */
#include "simulate/cycles.h"

#include <string.h>

#define PERIOD_MAX 24 /* entries */
#define TIMES_MIN  3  /* fewer are read as fast as the line that stands for them */

/* An error names the request that it is of, at its end. */
static size_t length_without_id(const struct history *h, const struct history_entry *e)
{
    static const char mark[] = "\"requestId\"";
    const char *text = h->texts.ptr + e->text;
    const char *at = e->text_len ? memmem(text, e->text_len, mark, sizeof mark - 1) : NULL;
    return at && e->status != HISTORY_SUCCESS ? (size_t)(at - text) : e->text_len;
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
    size_t len = length_without_id(h, a);
    if (len != length_without_id(h, b))
        return false;
    return len == 0 || memcmp(h->texts.ptr + a->text, h->texts.ptr + b->text, len) == 0;
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

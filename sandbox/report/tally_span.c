/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "report/tally.h"

/* The first merge makes steps of this part of the time so far. */
#define FIRST_STEPS 2048

/* Of a new environment when all rows are taken: that of the one that has been silent longest. */
static unsigned find_row(struct tally *t, const struct tally_span *span)
{
    size_t oldest = 0;
    for (size_t i = 0; i < t->nrows; i++) {
        if (t->rows[i].environment == span->environment)
            return (unsigned)i;
        if (t->rows[i].end_us < t->rows[oldest].end_us)
            oldest = i;
    }
    if (t->nrows < TALLY_ROWS_MAX)
        oldest = t->nrows++;
    t->rows[oldest] = (struct tally_row){.environment = span->environment};
    return (unsigned)oldest;
}

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_spans(const void *a, const void *b)
{
    const struct tally_span *x = a, *y = b;
    int order = compare_numbers(x->row, y->row);
    order = order ? order : compare_numbers((int)x->kind, (int)y->kind);
    order = order ? order : compare_numbers(x->begin_us, y->begin_us);
    return order ? order : compare_numbers(x->end_us, y->end_us);
}

static size_t merge(struct tally_span *spans, size_t count, int64_t step_us)
{
    size_t kept = 0;
    for (size_t i = 1; i < count; i++) {
        struct tally_span *last = &spans[kept];
        const struct tally_span *s = &spans[i];
        if (last->row == s->row && last->kind == s->kind &&
            last->begin_us / step_us == s->begin_us / step_us) {
            last->count += s->count;
            last->busy_us += s->busy_us;
            if (s->end_us > last->end_us)
                last->end_us = s->end_us;
        } else {
            spans[++kept] = *s;
        }
    }
    return count ? kept + 1 : 0;
}

/* Half of the room is free then. Steps double until it is, at the latest when one holds all of the
 * time: a row has one span of each kind then. */
static void make_room(struct tally *t)
{
    qsort(t->spans, t->nspans, sizeof *t->spans, compare_spans);
    if (t->span_step_us == 0) {
        int64_t end_us = 0;
        for (size_t i = 0; i < t->nspans; i++)
            if (t->spans[i].begin_us > end_us)
                end_us = t->spans[i].begin_us;
        t->span_step_us = end_us / FIRST_STEPS + 1;
    }
    while (t->nspans = merge(t->spans, t->nspans, t->span_step_us), t->nspans > TALLY_SPANS_MAX / 2)
        t->span_step_us *= 2;
}

void tally_add_span(struct tally *t, const struct tally_span *span)
{
    struct tally_span s = *span;
    if (s.begin_us < 0)
        s.begin_us = 0;
    if (s.end_us < s.begin_us)
        s.end_us = s.begin_us;
    s.busy_us = s.end_us - s.begin_us;
    s.row = find_row(t, &s);
    if (s.end_us > t->rows[s.row].end_us)
        t->rows[s.row].end_us = s.end_us;
    if (s.environment >= t->environments)
        t->environments = s.environment + 1;
    if (t->nspans == TALLY_SPANS_MAX)
        make_room(t);
    t->spans[t->nspans++] = s;
}

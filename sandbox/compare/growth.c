/* SPDX-License-Identifier: Apache-2.0 */
#include "compare/growth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WARM_LEAST 5   /* invocations that are warm-up, at least */
#define WARM_PART  4   /* and at least so much of all: a fourth */
#define EVEN_LEAST 0.5 /* growth of the second half against that of the first */
#define TAU_LEAST  0.5 /* pairs that rise, without those that fall, among all */
#define TAU_SIGMAS 3.3 /* and so many standard deviations above chance */

static void halve(struct growth *g)
{
    for (size_t i = 0; i < GROWTH_POINTS / 2; i++)
        g->points[i] = g->points[2 * i];
    g->npoints = GROWTH_POINTS / 2;
    g->step *= 2;
}

void growth_add(struct growth *g, double value)
{
    if (g->step == 0)
        g->step = 1;
    if (g->npoints == GROWTH_POINTS)
        halve(g);
    if (g->count++ % g->step == 0)
        g->points[g->npoints++] = value;
}

static int order(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* One that was measured: between two steps lies nothing. */
static double median(const double *values, size_t count)
{
    double sorted[GROWTH_POINTS];
    memcpy(sorted, values, count * sizeof *values);
    qsort(sorted, count, sizeof *sorted, order);
    return sorted[(count - 1) / 2];
}

/* Kendall's: 1 when every later one is higher, about 0 by chance. */
static double rise(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = i + 1; k < count; k++)
            sum += (values[k] > values[i]) - (values[k] < values[i]);
    return sum / ((double)count * (double)(count - 1) / 2);
}

static double rise_least(size_t count)
{
    double n = (double)count, sigma = sqrt(2 * (2 * n + 5) / (9 * n * (n - 1)));
    return fmax(TAU_LEAST, TAU_SIGMAS * sigma);
}

struct growth_verdict growth_judge(const struct growth *g, double least)
{
    struct growth_verdict v = {.enough = g->count >= GROWTH_LEAST};
    if (!v.enough)
        return v;
    size_t warm = (WARM_LEAST + g->step - 1) / g->step;
    if (warm < g->npoints / WARM_PART)
        warm = g->npoints / WARM_PART;
    const double *points = g->points + warm;
    size_t count = g->npoints - warm, third = count / 3;
    double middle = median(points + third, count - 2 * third);
    v.first = median(points, third);
    v.last = median(points + count - third, third);
    v.from = warm * g->step + 1;
    v.to = (g->npoints - 1) * g->step + 1;
    v.each = (v.last - v.first) / ((double)(count - third) * (double)g->step);
    v.grows = v.last - v.first >= least && middle > v.first && v.last > middle &&
              v.last - middle >= EVEN_LEAST * (middle - v.first) &&
              rise(points, count) >= rise_least(count);
    return v;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "compare/samples.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int samples_init(struct samples *s, struct err *err)
{
    *s = (struct samples){0};
    s->exact = malloc(SAMPLES_EXACT * sizeof *s->exact);
    s->buckets = calloc(SAMPLES_BUCKETS, sizeof *s->buckets);
    if (s->exact && s->buckets)
        return 0;
    samples_fini(s);
    return err_set(err, ERR_MEMORY, "no memory for measurements");
}

void samples_fini(struct samples *s)
{
    free(s->exact);
    free(s->buckets);
    *s = (struct samples){0};
}

double samples_bucket_begin(size_t i)
{
    return SAMPLES_LEAST * pow(SAMPLES_STEP, (double)i);
}

static size_t find_bucket(double value)
{
    if (value <= SAMPLES_LEAST)
        return 0;
    double i = log(value / SAMPLES_LEAST) / log(SAMPLES_STEP);
    return i < SAMPLES_BUCKETS - 1 ? (size_t)i : SAMPLES_BUCKETS - 1;
}

void samples_add(struct samples *s, double value)
{
    if (!isfinite(value) || value < 0)
        return;
    if (s->count < SAMPLES_EXACT)
        s->exact[s->count] = value;
    if (s->count == 0 || value < s->least)
        s->least = value;
    if (s->count == 0 || value > s->most)
        s->most = value;
    s->buckets[find_bucket(value)]++;
    s->sum += value;
    s->count++;
}

static int compare_values(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* at: place among the sorted samples, from 0 */
static double read_exact(const double *sorted, size_t count, double at)
{
    size_t below = (size_t)at;
    if (below + 1 >= count)
        return sorted[count - 1];
    double part = at - (double)below;
    return sorted[below] + (sorted[below + 1] - sorted[below]) * part;
}

/* passed: samples up to the end of each bucket. Those of one are taken as spread over it evenly. */
static double read_buckets(const struct samples *s, const double *passed, double at)
{
    size_t low = 0, high = SAMPLES_BUCKETS - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (at < passed[middle])
            high = middle;
        else
            low = middle + 1;
    }
    double here = (double)s->buckets[low];
    double part = (at - (passed[low] - here) + 0.5) / here;
    double value = samples_bucket_begin(low) * (1 + (SAMPLES_STEP - 1) * fmin(part, 1));
    return fmin(fmax(value, s->least), s->most);
}

static void add_up(const struct samples *s, double passed[static SAMPLES_BUCKETS])
{
    double sum = 0;
    for (size_t i = 0; i < SAMPLES_BUCKETS; i++)
        passed[i] = sum += (double)s->buckets[i];
}

void samples_quantiles(const struct samples *s, const double *q, size_t count, double *out)
{
    AUTO_FREE double *sorted = NULL;
    double passed[SAMPLES_BUCKETS];
    if (s->count && s->count <= SAMPLES_EXACT)
        sorted = malloc(s->count * sizeof *sorted);
    if (sorted) {
        memcpy(sorted, s->exact, s->count * sizeof *sorted);
        qsort(sorted, s->count, sizeof *sorted, compare_values);
    } else {
        add_up(s, passed);
    }
    for (size_t i = 0; i < count; i++) {
        double at = fmin(fmax(q[i], 0), 1) * ((double)s->count - 1);
        if (s->count == 0)
            out[i] = 0;
        else if (at <= 0)
            out[i] = s->least;
        else if (at >= (double)s->count - 1)
            out[i] = s->most;
        else
            out[i] = sorted ? read_exact(sorted, s->count, at) : read_buckets(s, passed, at);
    }
}

double samples_quantile(const struct samples *s, double q)
{
    double out;
    samples_quantiles(s, &q, 1, &out);
    return out;
}

double samples_mean(const struct samples *s)
{
    return s->count ? s->sum / (double)s->count : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Measurements of many invocations in little memory: exact up to SAMPLES_EXACT, then a histogram
 * with steps of 1 %. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SAMPLES_EXACT   4096
#define SAMPLES_LEAST   1e-3 /* of the histogram: what is below counts as that */
#define SAMPLES_STEP    1.01
#define SAMPLES_BUCKETS 3200 /* up to 6e10: microseconds, megabytes and ratios of them */

struct samples {
    size_t count;
    double sum, least, most;
    double *exact;     /* heap, the first SAMPLES_EXACT in the order they came */
    uint64_t *buckets; /* heap, of all; bucket i begins at samples_bucket_begin(i) */
};

int samples_init(struct samples *s, struct err *err) ATTR_CHECK;
void samples_fini(struct samples *s);
/* Values that are negative or not finite are left out. */
void samples_add(struct samples *s, double value);
/* 0 without samples; q from 0 to 1, between two samples their weighted mean. */
double samples_quantile(const struct samples *s, double q);
/* Many at once, which costs little more than one; out may be q. */
void samples_quantiles(const struct samples *s, const double *q, size_t count, double *out);
double samples_mean(const struct samples *s);
double samples_bucket_begin(size_t i);

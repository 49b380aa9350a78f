/* SPDX-License-Identifier: Apache-2.0 */
/* Measurements of many invocations in little memory: exact up to SAMPLES_EXACT, then a histogram
 * with steps of 1 %. And verdicts on two sets of them. Pure. */
#pragma once

#include <stdbool.h>
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

#define BUDGET_COUNT_LEAST 6 /* with fewer, no interval of a median is 95 % sure */

/* "--budget duration=+20%,memory=+10%,init=+20%" */
enum budget_of { BUDGET_DURATION, BUDGET_MEMORY, BUDGET_INIT, BUDGET_COUNT };

struct budget {
    bool set[BUDGET_COUNT];
    double most[BUDGET_COUNT]; /* ratio of new to old: 1.2 */
};

/* Adds to what b has. -1 with ERR_USAGE: what is wrong with which part. */
int budget_parse(struct budget *b, const char *text, struct err *err) ATTR_CHECK;

enum verdict { VERDICT_WITHIN, VERDICT_OVER, VERDICT_UNSURE };

/* Whether the median of now is at most most times that of before, and how sure that is: a
 * confidence interval of the ratio (bootstrap with a fixed seed, so that the same numbers give the
 * same verdict). Over or within when all of the interval is. With fewer than BUDGET_COUNT_LEAST
 * measurements the interval is all that was seen, and the verdict unsure. */
struct budget_verdict {
    enum verdict verdict;
    double ratio, low, high; /* 95 % interval */
    double before, now;      /* medians */
    size_t count;            /* of the smaller set */
};

struct budget_verdict budget_judge(const struct samples *before, const struct samples *now,
                                   double most);

/* The same of pairs (same event, before and now, run side by side), whose ratios are judged: what
 * made both slow does not count. */
struct budget_verdict budget_judge_pairs(const struct samples *ratios, double before, double now,
                                         double most);

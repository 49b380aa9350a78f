/* SPDX-License-Identifier: Apache-2.0 */
/* Measurements of many invocations in little memory: exact up to SAMPLES_EXACT, then a histogram
 * with steps of 1 %. And verdicts on two sets of them. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SAMPLES_EXACT   4096
#define SAMPLES_BUCKETS 2400 /* 1 us to 4 hours in steps of 1 % */

struct samples {
    size_t count;
    double sum, least, most;
    double *exact;     /* heap, the first SAMPLES_EXACT */
    uint64_t *buckets; /* heap */
};

int samples_init(struct samples *s, struct err *err) ATTR_CHECK;
void samples_fini(struct samples *s);
void samples_add(struct samples *s, double value);
/* 0 without samples; q from 0 to 1. */
double samples_quantile(const struct samples *s, double q);
double samples_mean(const struct samples *s);

/* "--budget duration=+20%,memory=+10%,init=+20%" */
enum budget_of { BUDGET_DURATION, BUDGET_MEMORY, BUDGET_INIT, BUDGET_COUNT };

struct budget {
    bool set[BUDGET_COUNT];
    double most[BUDGET_COUNT]; /* ratio of new to old: 1.2 */
};

int budget_parse(struct budget *b, const char *text, struct err *err) ATTR_CHECK;

enum verdict { VERDICT_WITHIN, VERDICT_OVER, VERDICT_UNSURE };

/* Whether the medians of now are within most times those of before, and how sure that is: a
 * confidence interval of the ratio (bootstrap with a fixed seed, so that the same numbers give the
 * same verdict). Pairs (same event, before and now, interleaved) are compared pair by pair. */
struct budget_verdict {
    enum verdict verdict;
    double ratio, low, high; /* 95 % interval */
    double before, now;      /* medians */
    size_t count;            /* of the smaller set */
};

struct budget_verdict budget_judge(const struct samples *before, const struct samples *now,
                                   double most);
/* ratios: of pairs */
struct budget_verdict budget_judge_pairs(const struct samples *ratios, double before, double now,
                                         double most);

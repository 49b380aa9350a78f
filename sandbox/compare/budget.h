/* SPDX-License-Identifier: Apache-2.0 */
/* What a build may cost more than the one before, and whether it does: verdicts on two sets of
 * measurements. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "compare/samples.h"

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

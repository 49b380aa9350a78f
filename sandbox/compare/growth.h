/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a measurement grows from invocation to invocation: a leak. Pure.
 *
 * The first ones (warm-up: caches that fill, threads of a pool) do not count. Of the rest the
 * medians of thirds have to rise evenly, and most pairs with them: what approaches a limit, or goes
 * up and down, is none. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define GROWTH_POINTS 512 /* of more invocations every second, fourth, ... counts */
#define GROWTH_LEAST  20  /* invocations without which nothing is said */

/* Zeroed to begin with. */
struct growth {
    size_t count, step; /* invocations; one point for every step of them */
    size_t npoints;
    double points[GROWTH_POINTS];
};

void growth_add(struct growth *g, double value);

struct growth_verdict {
    bool enough, grows;
    size_t from, to;    /* invocations that count, from 1 */
    double first, last; /* median of the first and the last third of them */
    double each;        /* growth for each invocation */
};

/* least: growth from the first to the last third that counts at all. */
struct growth_verdict growth_judge(const struct growth *g, double least);

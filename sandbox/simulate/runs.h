/* SPDX-License-Identifier: Apache-2.0 */
/* The invocations of a history: who was in the batch, what came of it. */
#pragma once

#include "simulate/history.h"

struct run {
    const struct history_entry *answered; /* NULL: it was not */
    const uint32_t *members;              /* of the history */
    unsigned char *named;                 /* of each member: whether it failed */
    size_t count;
    uint32_t number;
    bool ran, faulted; /* faulted: chaos decided what came of it */
    bool split;        /* it goes on in two parts, and used up no retry */
};

struct runs {
    struct run *items; /* in the order of the invocations */
    size_t count;
    uint32_t *places; /* of each invocation: its item + 1 */
    uint32_t last;
    unsigned char *named;
    uint32_t *marks;
};

int runs_read(struct runs *r, const struct history *h, struct err *err) ATTR_CHECK;
void runs_fini(struct runs *r); /* accepts a zeroed one */

/* NULL: there is none of that number. */
const struct run *runs_find(const struct runs *r, uint32_t invocation);

static inline bool run_names(const struct run *r, size_t place)
{
    return r->named[place];
}

/* The first that failed; count: none. */
size_t run_first_failed(const struct run *r);

/* It failed as a whole: an error, a timeout, an answer that was refused. */
bool run_is_whole(const struct run *r);

/* All of the batch, as far as the function is concerned. */
bool run_succeeded(const struct run *r);

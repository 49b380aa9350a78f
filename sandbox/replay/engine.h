/* SPDX-License-Identifier: Apache-2.0 */
/* Sends events through several environments of a function at once, as fast as these take them or at
 * a given pace. With two sides every event goes to an environment of each, one after the other and
 * in changing order, so that a noisy machine treats both alike.
 *
 *   next ---> event 1 ---> slot 0: [side 0][side 1] ---> result
 *        ---> event 2 ---> slot 1: [side 0][side 1] ---> result
 *
 * One event is read ahead; an environment whose next one waits is not frozen. Large events wait for
 * each other, whatever the number of slots, so that memory is bounded. */
#pragma once

#include <stdbool.h>

#include "launch/launch.h"
#include "launch/runloop.h"
#include "replay/seat.h"

#define ENGINE_JOBS_MAX  64
#define ENGINE_SIDES_MAX 3

struct engine_side {
    const struct launch *launch; /* outlives the run */
    bool whole_cpu;              /* see environment.h */
    bool cold;                   /* a new environment for every event */
};

struct engine_result {
    size_t number;                      /* of the event, from 1 */
    const struct trace_entry *recorded; /* as next gave it */
    const struct seat_outcome *sides;   /* as many as the run has; environments are numbered from 0
                                           over all sides, times are since the run began, the handle
                                           is frozen when there are several sides */
};

struct engine_options {
    struct runloop *loop; /* its signal ends the run by engine_interrupt */
    struct engine_side sides[ENGINE_SIDES_MAX];
    size_t nsides;
    unsigned jobs; /* slots */
    double pace;   /* recorded time runs this much faster; 0: does not count */
    /* The next event: 1, 0 at the end, -1. Valid until the next call. */
    int (*next)(void *owner, struct trace_entry *out, struct err *err);
    /* In the order of the ends. Valid during the call; -1 ends the run. */
    int (*result)(void *owner, const struct engine_result *result, struct err *err);
    void *owner;
};

struct engine;

/* Reserves the environments. NULL: err; its kind tells the exit code. */
struct engine *engine_open(const struct engine_options *o, struct err *err) ATTR_CHECK;

/* Until the last result. -1: err, ERR_CLOSED when it was interrupted. */
int engine_run(struct engine *e, struct err *err) ATTR_CHECK;

/* engine_run gives up what is running and returns; from the loop's own thread. */
void engine_interrupt(struct engine *e);

/* Accepts NULL. -1: something was left, err tells what. */
int engine_close(struct engine *e, struct err *err);

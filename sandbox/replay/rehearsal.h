/* SPDX-License-Identifier: Apache-2.0 */
/* One simulation of an event source against a new environment of a function: what the rules call
 * is run, and what came of it told to the rules, until all records are settled.
 *
 *   simulation_next ---> seat_invoke ---> done ---> simulation_answer ---> simulation_next ...
 */
#pragma once

#include <stdbool.h>

#include "launch/launch.h"
#include "replay/seat.h"
#include "simulate/simulation.h"

struct instance;
struct rehearsal;

struct rehearsal_options {
    struct uv_loop_s *loop;
    const struct launch *launch; /* outlives the rehearsal */
    bool whole_cpu;              /* see environment.h */
    unsigned number;             /* of the environment */
    struct simulation_options simulation;
    /* An event has been to the function, event included; -1 ends the rehearsal. May be NULL. */
    int (*invoked)(void *owner, const struct seat_outcome *outcome, struct err *err);
    /* It is over, told by the loop; err: before its end, and why, else NULL. The environment has
     * been given back. May close this rehearsal and open others. */
    void (*over)(void *owner, struct rehearsal *r, const struct err *err);
    void *owner;
};

/* Begins with the loop's next turn. NULL: err; its kind tells the exit code. */
struct rehearsal *rehearsal_open(const struct rehearsal_options *o, struct err *err) ATTR_CHECK;

/* Of what was done so far. */
const struct history *rehearsal_history(const struct rehearsal *r);

/* Until it is over. */
const struct instance *rehearsal_instance(const struct rehearsal *r);

/* Gives up what runs; memory is freed by the loop's next turns. Accepts NULL. What could not be
 * given back is told in err, which must be clean before. */
void rehearsal_close(struct rehearsal *r, struct err *err);

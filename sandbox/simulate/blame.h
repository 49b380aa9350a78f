/* SPDX-License-Identifier: Apache-2.0 */
/* Who is to blame when a record is given up or lost. Pure.
 *
 *   blame_open, blame_poisoned for each, blame_calm and blame_run for each invocation, blame_end
 *   for each record, blame_close
 *
 * At-least-once lets a record be delivered again at any time, and lets a delivery fail that the
 * function has no part in. So each delivery that failed is put down to one of three: the function
 * (no fault, no poison in the batch), the poison in its batch, or a fault of chaos. What uses up no
 * retry does not count: a failure that splits the batch; and, unless it was the time that was used
 * up, a throttle. */
#pragma once

#include "simulate/runs.h"
#include "simulate/simulation.h"

enum blame {
    BLAME_FUNCTION, /* failed it by itself more often than without faults, and than faults did */
    BLAME_POISON,   /* a poisoned record in its batch, or before it; the function failed all */
    BLAME_SETTINGS, /* the same, and the function failed just the poisoned one */
    BLAME_FAULTS,   /* they alone */
    BLAME_SHARED    /* faults, and less of the others: none is to blame alone */
};

struct blame_record {
    uint32_t own, own_calm, poison; /* deliveries that failed; own_calm: without faults */
    uint32_t fault, delay;          /* delay: by a fault that used up no retry */
    uint32_t last;                  /* invocation that failed it last */
    bool poisoned;
    bool whole; /* a batch of it failed as a whole, poison was in it */
};

/* A shard, a partition, a group of a FIFO queue. */
struct blame_lane {
    uint32_t own, poison, fault; /* deliveries that failed, of all its records */
    uint32_t first;              /* poisoned record + 1; 0: none */
    bool whole;
};

struct blame_all {
    const struct mapping_settings *settings;
    const uint32_t *of; /* the lane of each record */
    bool ordered;
    uint32_t nrecords;
    struct blame_record *records; /* heap */
    struct blame_lane *lanes;     /* heap */
};

struct blame_verdict {
    enum blame who;
    bool waited; /* it was not in a batch with the poisoned one, it waited behind it */
};

/* nrecords: of the histories, not more than the records. Looks into what it is given until
 * blame_close. -1: ERR_MEMORY. */
int blame_open(struct blame_all *b, const struct mapping_settings *settings,
               const struct simulation_records *records, uint32_t nrecords,
               struct err *err) ATTR_CHECK;
void blame_close(struct blame_all *b); /* accepts a zeroed one */

void blame_poisoned(struct blame_all *b, uint32_t record);
bool blame_has_poison(const struct blame_all *b, const struct run *r);

/* Counts the failed deliveries of an answered invocation without faults, with them. */
void blame_calm(struct blame_all *b, const struct run *r);
void blame_run(struct blame_all *b, const struct run *r);

/* Of a record that is not poisoned, done without faults, and given up or lost with them. */
struct blame_verdict blame_end(const struct blame_all *b, uint32_t record,
                               const struct history_fate *fate);

/* SPDX-License-Identifier: Apache-2.0 */
/* Records through the rules of their source on a virtual clock. The function is the caller's: it is
 * asked for one invocation after the other, and told what came of it.
 *
 *   simulation_next ---> call: event, what to do to the environment ---> the caller runs it
 *        ^                                                                   |
 *        +------------------------ simulation_answer <-----------------------+
 *
 * Invocations that overlap on the virtual clock are run one after the other. Deterministic: the
 * same records, settings, faults and answers give the same history. */
#pragma once

#include "mapping/filter.h"
#include "mapping/records.h"
#include "simulate/history.h"

#define SIMULATION_RECORDS_MAX 1000000
#define SIMULATION_BYTES_MAX   ((size_t)512 << 20) /* of all records */

/* The records of a trace, read once, shared by all simulations of them. */
struct simulation_records {
    struct record *items;
    size_t count, cap;
    size_t repeated; /* records left out: a message that the trace has more than once */
    char **events;   /* heap: what the items look into */
    size_t nevents, events_cap;
    size_t bytes;            /* of the events */
    uint32_t *shards, *keys; /* of each record, dense */
    struct buf names;
    size_t *name_ends;
};

void simulation_records_init(struct simulation_records *r);
void simulation_records_fini(struct simulation_records *r);
/* Takes the event apart; time_ms: for records that do not say when they came. */
int simulation_records_add(struct simulation_records *r, enum mapping_source source,
                           const char *event, size_t len, int64_t time_ms,
                           struct err *err) ATTR_CHECK;
/* After the last one: sorts by arrival (stable; kinesis, kafka: each shard by sequence), leaves out
 * what comes again (sources whose records have an id), numbers shards and keys. */
int simulation_records_end(struct simulation_records *r, struct err *err) ATTR_CHECK;

struct simulation_options {
    const struct mapping_settings *settings;
    const struct filter *filter;
    const struct simulation_records *records;
    const uint32_t *only; /* which of them, ascending; NULL: all. History and faults keep the
                             numbers that they have in records */
    size_t nonly;
    const struct faults *faults; /* NULL: none */
    const char *function_arn;
    /* Something goes to a file: dlq, on_failure, on_success of the settings; one line. NULL: not
     * wanted. -1 ends the simulation. */
    int (*deliver)(void *owner, const char *path, const char *line, size_t len, struct err *err);
    void *owner;
};

struct simulation; /* outlived by all that the options name */

/* What is to be done. */
struct simulation_call {
    const char *event; /* valid until simulation_answer */
    size_t len;
    const char *request_id; /* async: the same in every attempt; else another for each */
    uint32_t invocation;    /* number, from 1 */
    bool runs;              /* false: the function does not get it (crash before the handler) */
    bool reset_after;       /* the environment's processes are killed then, /tmp stays */
    enum history_status as; /* what the rules see: HISTORY_SUCCESS: as it was; else the answer is
                               dropped */
};

/* What came of it; of a call that does not run nothing counts. Texts are copied. */
struct simulation_outcome {
    bool failed, timed_out;
    const char *answer;
    size_t answer_len;
};

struct simulation *simulation_new(const struct simulation_options *o, struct err *err) ATTR_CHECK;
void simulation_free(struct simulation *s); /* accepts NULL */

/* 1, 0: all records are settled; -1: ERR_LIMIT (of the history, answers that wait for their time
 * included), ERR_MEMORY, of deliver. */
int simulation_next(struct simulation *s, struct simulation_call *out, struct err *err) ATTR_CHECK;
int simulation_answer(struct simulation *s, const struct simulation_outcome *o,
                      struct err *err) ATTR_CHECK;

const struct history *simulation_history(const struct simulation *s);

/* The request id of an event of async and s3, the same in every attempt. */
void simulation_event_id(uint32_t record, char out[static 37]);

/* As messages call it: message id, shard and sequence number, key of the object; else "event N".
 * For history_name; the owner is the simulation_records. */
const char *simulation_name(void *records, uint32_t record, size_t *out_len);

/* SPDX-License-Identifier: Apache-2.0 */
/* Inside a simulation: what its parts share. simulation.c has the clock, flight.c the invocations,
 * departure.c what goes to files when records are settled. */
#pragma once

#include "mapping/heap.h"
#include "simulate/simulation.h"
#include "simulate/sources.h"

/* A record that was put into a mapping; a duplicate is one of its own. */
struct simulation_item {
    uint32_t record;
    bool delivered;
    int64_t first_ms; /* of its first delivery */
};

/* What comes to the source, and when. */
struct simulation_arrival {
    int64_t time_ms;
    uint64_t rank; /* places in the order; a delayed one is between two others */
    uint32_t record;
    bool reordered, copy;
};

struct simulation_poison {
    uint32_t record;
    bool done; /* there was something to poison */
    struct record copy;
    struct buf text;
};

/* An invocation on the virtual clock. */
struct flight {
    uint64_t batch;
    uint32_t attempt;
    uint32_t *items, *records; /* heap: numbers in the mapping, in the simulation's records */
    size_t count, cap;
    int64_t start_ms;
    uint32_t shard;
    struct mapping_window window;
    bool ran;
    bool loses; /* its answer, when one of its records has a duplicate planned and is done */
    enum history_status as, status;
    char *answer; /* heap */
    size_t answer_len;
};

struct simulation {
    struct simulation_options o;
    struct sources *sources;
    struct history history;
    int64_t now_ms;
    uint32_t stalls;

    struct simulation_arrival *arrivals; /* in order, then from next_copy on the duplicates */
    size_t narrivals, next_arrival;
    struct simulation_arrival *copies;
    size_t ncopies, copies_cap, next_copy;

    struct simulation_item *items; /* by number in the sources */
    size_t nitems, items_cap;
    uint32_t *deliveries;   /* of each record so far, throttled ones too */
    unsigned char *faulted; /* of each record: a bit for each kind of fault */
    struct simulation_poison *poisons;
    size_t npoisons;

    struct flight *flights; /* slots; a slot is free when batch is 0 */
    size_t nflights;
    struct heap ends; /* slots of flights */
    size_t flying;    /* bytes of their answers */
    struct flight *pending;

    struct buf *states; /* of shards, for tumbling windows; empty: {} */
    size_t nstates;
    size_t *answers; /* of each invocation: its entry of the history + 1 */
    size_t answers_cap;

    /* Of the event that is being made; kept to be used again. */
    struct buf event, line;
    struct records_delivery *batch;
    const struct record **views;
    char (*handles)[48];
    size_t batch_cap;
    uint32_t *named; /* records of a list of items */
    size_t named_cap;
    char request_id[37];
};

/* The record as it is delivered: poisoned or as it was. */
const struct record *simulation_record(const struct simulation *s, uint32_t record);

/* Whether that fault is planned for the delivery of a record that is going on. */
const struct fault *simulation_fault(const struct simulation *s, enum fault_kind kind,
                                     uint32_t record);

/* Adds an entry at the present time. */
int simulation_note(struct simulation *s, struct history_entry e, const uint32_t *records,
                    size_t count, const char *text, size_t len, struct err *err) ATTR_CHECK;

/* Numbers of records for numbers of the mapping, valid until the next call; NULL: ERR_MEMORY. */
const uint32_t *simulation_names(struct simulation *s, const uint32_t *items, size_t count,
                                 struct err *err);

/* Room for the batches of so many records. */
int simulation_room(struct simulation *s, size_t count, struct err *err) ATTR_CHECK;

/* Lower-case text of a UUID, the same for the same kind of thing and number. */
void simulation_uuid(uint64_t kind, uint64_t number, char out[static 37]);
/* The request id of an invocation of a queue or stream. */
void simulation_invocation_id(uint64_t batch, char out[static 37]);
/* The same of any source: of async and s3 simulation_event_id. */
void simulation_request_id(const struct simulation *s, uint64_t batch, uint32_t record,
                           char out[static 37]);
/* Whether an answer repeats what is another in each delivery: a receipt handle, the request id. */
bool simulation_tells_delivery(enum mapping_source source, uint32_t invocation, const char *answer,
                               size_t len);

/* Starts the invocation of an action: 1 with a call, 0 when the function is throttled. */
int flight_start(struct simulation *s, const struct mapping_action *a, struct simulation_call *out,
                 struct err *err) ATTR_CHECK;
/* Takes what came of the pending call. */
int flight_answer(struct simulation *s, const struct simulation_outcome *o,
                  struct err *err) ATTR_CHECK;
/* Its time is over: the mapping is told. */
int flight_end(struct simulation *s, struct flight *f, struct err *err) ATTR_CHECK;
/* Room for so many records in a free slot. */
int flight_room(struct flight *f, size_t count, struct err *err) ATTR_CHECK;
void flight_clear(struct flight *f); /* frees the slot, which keeps its room */

/* What goes to a file: given up records, and those that were done where somebody asked for it. */
int departure_give_up(struct simulation *s, const struct mapping_action *a,
                      struct err *err) ATTR_CHECK;
int departure_done(struct simulation *s, const struct mapping_action *a,
                   struct err *err) ATTR_CHECK;

/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of stream.c: Kinesis, DynamoDB streams and Kafka. A shard (partition) has lanes, as
 * many as its parallelization factor; a lane delivers its records in order, one batch at a time.
 *
 *   lane: queue of records --gather--> batch: segments --invoke--> outcome --settle--> effects
 *
 * A segment is a run of the batch that is delivered together: the batch, or what bisecting made of
 * it. Effects are the actions that an outcome leads to, handed out one by one. */
#pragma once

#include "mapping/heap.h"
#include "mapping/rules.h"

#define STREAM_NONE UINT32_MAX

enum stream_kind {
    STREAM_RECORDS,
    STREAM_FINAL, /* at the end of a tumbling window; without records */
    STREAM_EARLY  /* the state of the window has become too large; without records */
};

/* Records begin to end of the batch. */
struct stream_segment {
    enum stream_kind kind;
    uint32_t begin, end;
    uint32_t attempts; /* that count */
    uint32_t delays;   /* back-offs in a row */
    int64_t not_before_ms;
    uint64_t id; /* of its last invocation; 0: none yet */
};

struct stream_effect {
    enum mapping_action_kind kind;
    enum mapping_reason reason;
    uint32_t begin, end;
    uint32_t nfirst, attempt;
    int64_t until_ms;
    uint64_t id;
};

#define STREAM_EFFECTS_MAX  4  /* of one outcome */
#define STREAM_SEGMENTS_MAX 32 /* halves of MAPPING_RECORDS_MAX, and an early end of a window */

/* Numbers of records; grown to what is needed. */
struct stream_numbers {
    uint32_t *items;
    uint32_t count, cap;
};

struct stream_batch {
    struct stream_numbers records; /* that match */
    struct stream_numbers skipped; /* that do not, between them */
    uint32_t passed;               /* of skipped */
    uint32_t nsegments;
    struct stream_segment segments[STREAM_SEGMENTS_MAX]; /* the last one is next */
    struct stream_effect effects[STREAM_EFFECTS_MAX];
    uint32_t neffects, effect;
    bool flying;
};

struct stream_lane {
    int64_t due_ms;        /* as the heap has it */
    int64_t free_ms;       /* when its last batch ended: it polls then */
    uint32_t head, tail;   /* records that are in no batch yet */
    uint32_t cursor, last; /* gather: to look at next, the last one that belongs to it */
    uint32_t count;
    bool closed; /* gather takes no more */
    bool busy;   /* has a batch */
    size_t bytes;
    int64_t gather_ms;          /* when the gather is a batch */
    struct stream_batch *batch; /* kept from one to the next */
    int64_t window_ms;          /* start of the open tumbling window */
    bool window, fresh;         /* it is open; it has no state yet */
};

/* Invocations that are not finished: the lane of number base + i. */
struct stream_flights {
    uint32_t *lanes; /* ring; STREAM_NONE: finished */
    size_t cap, head, count;
    uint64_t base;
};

struct stream {
    struct mapping_items *m;
    int64_t poll_ms;
    int64_t retries;
    size_t around;   /* bytes that an event has around its records */
    uint32_t factor; /* lanes of a shard */
    struct stream_lane *lanes;
    size_t nlanes, lanes_cap;
    uint32_t *next;   /* by record: the next of its lane */
    uint32_t *counts; /* by record: deliveries */
    size_t records_cap;
    struct heap heap; /* of lanes */
    struct stream_flights flights;
    struct stream_numbers out; /* what an action points to */
};

/* stream_gather.c: when the records at the head of an idle lane are to be done something with. */
int64_t stream_gather_due(struct stream *s, struct stream_lane *lane);
/* Takes the gather, or the final invocation that is due, as the lane's batch. -1: ERR_MEMORY. */
int stream_gather_take(struct stream *s, struct stream_lane *lane, struct err *err) ATTR_CHECK;
/* Skips records that match nothing, as far as they have been read. Their number; 0: the head is
 * none of them. */
size_t stream_gather_skip(struct stream *s, struct stream_lane *lane, int64_t now_ms);
bool stream_gather_final(const struct stream *s, const struct stream_lane *lane);
int64_t stream_window_start(const struct stream *s, int64_t arrival_ms);

/* stream_batch.c: what becomes of a batch. */
/* 1: an action; 0: nothing at now_ms, until out_due_ms; -1: ERR_MEMORY. A lane whose batch has
 * ended is not busy then. */
int stream_batch_next(struct stream *s, struct stream_lane *lane, struct mapping_action *out,
                      int64_t *out_due_ms, struct err *err) ATTR_CHECK;
/* -1 with ERR_INPUT: a place that is not in the batch. */
int stream_batch_finish(struct stream *s, struct stream_lane *lane, const struct mapping_result *r,
                        int64_t now_ms, struct err *err) ATTR_CHECK;
void stream_batch_free(struct stream_batch *b); /* accepts NULL */
int stream_numbers_reserve(struct stream_numbers *n, uint32_t want, struct err *err) ATTR_CHECK;

/* stream_flight.c */
int stream_flight_start(struct stream_flights *f, uint32_t lane, uint64_t *out_id,
                        struct err *err) ATTR_CHECK;
/* The lane of an invocation, STREAM_NONE: there is none of that number. */
uint32_t stream_flight_lane(const struct stream_flights *f, uint64_t id);
void stream_flight_end(struct stream_flights *f, uint64_t id);

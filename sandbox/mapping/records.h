/* SPDX-License-Identifier: Apache-2.0 */
/* Records inside the events of Lambda: takes events apart, makes events of records. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/scan.h"
#include "mapping/settings.h"

#define RECORDS_NO_TIME INT64_MIN

/* What stands for a shard where nothing names one, as 'clambda event' writes it. */
#define RECORDS_SHARD_STANDIN "shardId-000000000006"

/* One record as an event has it; views into the event, some of them outside the record's own text.
 * Texts of JSON strings are the raw ones between the quotes. */
struct record {
    enum mapping_source source;
    struct scan_value text; /* the record; of async the whole event */
    struct scan_value id;  /* what batchItemFailures calls it: messageId, sequence number; kafka has
                              none of one text: "topic-partition:offset" is the raw value of offset
                              with shard; absent for s3, async */
    struct scan_value key; /* MessageGroupId, partitionKey, Keys (JSON), key; may be absent */
    struct scan_value shard;  /* of eventID, eventSourceARN; "topic-partition"; the queue's ARN */
    struct scan_value origin; /* kafka: the event's other members, which every record shares */
    struct scan_value stream; /* kinesis, kafka: ARN of the stream or cluster, whose shards may be
                                 called as others'; may be absent */
    int64_t arrival_ms;       /* since 1970; RECORDS_NO_TIME when the record does not say */
    bool fifo;
};

/* What an event is, by the discriminator of its records. An event without one is MAPPING_ASYNC. */
enum mapping_source records_source(const char *event, size_t len);

/* An event of some source, whose 'Records' or 'records' are there and none: it does not tell
 * whose. */
bool records_are_none(const char *event, size_t len);

/* Calls each for every record in order; -1 of each ends it. -1 with ERR_INPUT: the event is not one
 * of source, or a record misses what the rules need (which record, which member). event is valid
 * JSON. Of a tumbling window's event the records are taken, window and state left. */
int records_split(enum mapping_source source, const char *event, size_t len,
                  int (*each)(void *owner, const struct record *r, struct err *err), void *owner,
                  struct err *err) ATTR_CHECK;

/* The same record in a copy of its event: moves every view from the event at from to the one at to.
 */
void records_move(struct record *r, const char *from, const char *to);

/* One record of a batch that is delivered. */
struct records_delivery {
    const struct record *record;
    uint32_t count;     /* deliveries of it, this one included */
    int64_t first_ms;   /* of its first delivery */
    const char *handle; /* sqs: receipt handle, another for each delivery; NULL: as recorded */
};

struct records_window {
    bool on;
    int64_t start_ms, end_ms;
    const char *state; /* JSON text */
    size_t state_len;
    bool final, early;
};

struct records_batch {
    const struct records_delivery *items;
    size_t nitems;
    struct records_window window;
    struct scan_value shard, arn; /* of a window's event without records; else of the records */
};

/* Appends the event that Lambda would send: the records' own bytes, but for what a delivery changes
 * (sqs: ApproximateReceiveCount, ApproximateFirstReceiveTimestamp, receiptHandle). async: the event
 * itself. */
void records_assemble(enum mapping_source source, const struct records_batch *b, struct buf *out);

/* Bytes that an event has around its records, for the payload limit; the comma between two is not
 * in it, so that each record counts RECORDS_COMMA bytes more than its text. */
#define RECORDS_COMMA 1
size_t records_overhead(enum mapping_source source);

/* Bytes of the event that has this record alone, as it was recorded. */
size_t records_event_bytes(const struct record *r);

/* What 'aws sqs receive-message', 'aws kinesis get-records' and 'aws dynamodbstreams get-records'
 * print of one message or record, as a record of an event. ERR_INPUT: which member is missing or
 * wrong. number counts from 0: where the output has no name for something (queue, stream, shard), a
 * documented stand-in is written. *out_timed: whether it says when it came; that has a stand-in
 * else. */
int records_from_output(enum mapping_source source, const char *text, size_t len, size_t number,
                        struct buf *out, bool *out_timed, struct err *err) ATTR_CHECK;

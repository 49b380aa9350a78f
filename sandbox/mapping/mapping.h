/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of an event source as a state machine: records and times in, actions out. No I/O, no
 * clock, no texts: the same code serves real queues and a replay whose clock is virtual.
 *
 *   mapping_put ----> [ gathers, batches, waits, retries, gives up ] ----> mapping_next: actions
 *                                 ^                                             | INVOKE
 *                                 +------------- mapping_finish <---------------+
 *
 * The owner calls mapping_next until it gives 0, then again when a record comes, a batch is
 * finished, or the time of mapping_wake_ms is reached. Times are milliseconds of any one clock that
 * does not go back. Not thread-safe. */
#pragma once

#include "mapping/settings.h"

#define MAPPING_RECORDS_MAX 16777216 /* that may be put into one mapping */
#define MAPPING_NEVER       INT64_MAX

struct mapping;

/* What the rules need to know of a record. */
struct mapping_item {
    int64_t arrival_ms; /* at its source; as async: when it was invoked */
    size_t bytes;       /* of its text in the event; an event of one takes it, whatever it has */
    uint32_t shard;     /* of its stream, partition of its topic; from 0, dense */
    uint32_t key; /* what order is kept for: message group, from 0, dense; of a stream any number
                     that stands for the partition key */
    bool matches; /* a filter lets it pass */
    bool cut; /* a poll ends before it: batches that have records do not take it when it is new, and
                 do not wait for more */
};

enum mapping_action_kind {
    MAPPING_INVOKE,   /* the function gets these records; the owner calls mapping_finish */
    MAPPING_FILTERED, /* no pattern matches: they are deleted or skipped */
    MAPPING_DONE,     /* deleted from the queue, behind the checkpoint, delivered */
    MAPPING_RETRY,    /* they come again, not before until_ms */
    MAPPING_SPLIT,    /* bisect: the batch goes on as two, the first of nfirst records */
    MAPPING_GIVE_UP,  /* to the dead-letter queue or destination; without one they are lost */
    MAPPING_ACTION_COUNT
};

enum mapping_reason {
    MAPPING_REASON_NONE,
    MAPPING_RETRIES_EXHAUSTED, /* async RetriesExhausted, streams RetryAttemptsExhausted */
    MAPPING_AGE_EXCEEDED,      /* EventAgeExceeded, RecordAgeExceeded */
    MAPPING_RECEIVES_EXCEEDED, /* sqs: the redrive policy's maxReceiveCount */
    MAPPING_EXPIRED,           /* the retention of queue, stream or topic is over */
    MAPPING_ZERO_CONCURRENCY,  /* async */
    MAPPING_REASON_COUNT
};

/* "RetryAttemptsExhausted" for streams, "RetriesExhausted" for async: as AWS writes it. */
const char *mapping_reason_name(enum mapping_source source, enum mapping_reason reason);

/* A tumbling window's invocation. */
struct mapping_window {
    bool on;
    int64_t start_ms, end_ms;
    bool fresh; /* the first of its window and shard: the state is {} */
    bool final; /* isFinalInvokeForWindow; may have no records */
    bool early; /* isWindowTerminatedEarly */
};

/* Arrays are the mapping's, valid until its next call. */
struct mapping_action {
    enum mapping_action_kind kind;
    enum mapping_reason reason; /* of GIVE_UP */
    int64_t time_ms;            /* that it happens: at most now_ms */
    int64_t until_ms;           /* of RETRY */
    uint64_t batch;             /* number of the invocation that it is or follows from, from 1; 0:
                                   none yet */
    uint32_t attempt;           /* of INVOKE: which of this batch, from 1; of GIVE_UP: as
                                   approximateInvokeCount tells it */
    bool to_dlq;                /* of GIVE_UP: there is somewhere for it to go; else it is lost. A
                                   redrive policy has a queue, whether dlq names a file or not */
    size_t nfirst;              /* of SPLIT */
    uint32_t shard;             /* of INVOKE of a stream */
    struct mapping_window window;
    const uint32_t *records;    /* numbers, in the order of delivery */
    const uint32_t *deliveries; /* of INVOKE: of each record, this one included (sqs:
                                   ApproximateReceiveCount, which a throttle leaves as it is) */
    size_t nrecords;
};

enum mapping_outcome {
    MAPPING_SUCCEEDED, /* all of the batch */
    MAPPING_PARTIAL,   /* batchItemFailures names some: failed */
    MAPPING_REFUSED,   /* it answered, and the answer says that all failed, or makes no sense */
    MAPPING_FAILED,    /* an error of the function, a timeout, a crash */
    MAPPING_THROTTLED, /* it did not run, or nobody learned what came of it: does not count. sqs:
                          not while the visibility timeout lasts, then it was a receive */
    MAPPING_OUTCOME_COUNT
};

struct mapping_result {
    enum mapping_outcome outcome;
    const uint32_t *failed; /* PARTIAL: places in the batch, from 0, ascending, each once */
    size_t nfailed;
    size_t state_bytes; /* tumbling: of the state that was answered */
};

/* Copies the settings' values; their texts have to outlive it. NULL: ERR_MEMORY. */
struct mapping *mapping_new(const struct mapping_settings *s, struct err *err) ATTR_CHECK;
void mapping_free(struct mapping *m); /* accepts NULL */

/* A record has come to the source. Its number is how many were put before it. arrival_ms not before
 * that of the last one. -1: ERR_LIMIT, ERR_MEMORY. */
int mapping_put(struct mapping *m, const struct mapping_item *item, struct err *err) ATTR_CHECK;

/* What is to be done, one by one: 1; 0 when there is nothing more at now_ms; -1 with ERR_MEMORY. */
int mapping_next(struct mapping *m, int64_t now_ms, struct mapping_action *out,
                 struct err *err) ATTR_CHECK;

/* When mapping_next has something to say though nothing comes in; MAPPING_NEVER: only then. */
int64_t mapping_wake_ms(const struct mapping *m);

/* What came of an invocation that has not been finished yet. ERR_INPUT: there is none of that
 * number. */
int mapping_finish(struct mapping *m, uint64_t batch, const struct mapping_result *r,
                   int64_t now_ms, struct err *err) ATTR_CHECK;

/* Records that have neither been done, filtered nor given up. */
size_t mapping_open_records(const struct mapping *m);

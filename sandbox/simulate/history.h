/* SPDX-License-Identifier: Apache-2.0 */
/* What happened to records on the virtual clock: what was delivered when, answered how, retried,
 * split, given up. The same inputs give the same history, byte by byte. */
#pragma once

#include "mapping/mapping.h"
#include "simulate/faults.h"

#define HISTORY_ENTRIES_MAX 4000000
#define HISTORY_MEMBERS_MAX ((size_t)256 << 20) /* records of all entries: 1 GB */
#define HISTORY_TEXTS_MAX   ((size_t)256 << 20) /* bytes of answers and notes */

enum history_kind {
    HISTORY_ARRIVED,  /* at its source */
    HISTORY_FILTERED, /* no pattern lets it pass */
    HISTORY_INVOKED,  /* given to the function: a batch */
    HISTORY_ANSWERED, /* what came of the batch; members: those that failed, all of an error */
    HISTORY_DONE,
    HISTORY_RETRIED, /* comes again, not before until_ms */
    HISTORY_SPLIT,   /* members: the first half */
    HISTORY_GIVEN_UP,
    HISTORY_FAULT, /* chaos did this */
    HISTORY_NOTE,  /* something to know: the answer was refused, and why */
    HISTORY_KIND_COUNT
};

extern const char *const history_kind_names[HISTORY_KIND_COUNT]; /* "arrived", ... */

enum history_status { /* of ANSWERED */
                      HISTORY_SUCCESS,
                      HISTORY_PARTIAL,
                      HISTORY_REFUSED, /* the answer makes no sense: all failed */
                      HISTORY_ERROR,
                      HISTORY_TIMEOUT,
                      HISTORY_THROTTLED,
                      HISTORY_LOST, /* it ran, and chaos lost its answer */
                      HISTORY_STATUS_COUNT
};

extern const char *const history_status_names[HISTORY_STATUS_COUNT];

struct history_entry {
    int64_t time_ms;
    int64_t until_ms; /* RETRIED */
    enum history_kind kind;
    enum history_status status; /* ANSWERED; NOTE: REFUSED: why an answer was, PARTIAL: failures
                                   that it names are ignored, else of no consequence */
    enum mapping_reason reason; /* GIVEN_UP */
    enum fault_kind fault;      /* FAULT */
    bool to_dlq;                /* GIVEN_UP: else it is lost */
    bool ran;            /* INVOKED, ANSWERED: the function gets it; else a throttle, an early
                            crash */
    uint32_t invocation; /* from 1; 0: none */
    uint32_t attempt;
    uint32_t first, count; /* of history.members */
    size_t text, text_len; /* of history.texts: ANSWERED: the answer, NOTE: the note */
};

struct history {
    struct history_entry *entries;
    size_t nentries, cap;
    uint32_t *members; /* numbers of records, as the simulation got them */
    size_t nmembers, members_cap;
    struct buf texts;
    size_t entries_max, members_max, texts_max; /* as above; a test sets less */
    uint32_t nrecords;
    enum mapping_source source; /* for the names of reasons; 0 unless set */
    const char *given_up_to;    /* of the settings, a literal; NULL: "dead-letter queue" */
};

void history_init(struct history *h, uint32_t nrecords);
void history_fini(struct history *h);

/* Copies e.count members and e.text_len bytes of text; sets first and text. ERR_LIMIT: which limit,
 * in which invocation, what to do; ERR_MEMORY. */
int history_add(struct history *h, struct history_entry e, const uint32_t *members,
                const char *text, struct err *err) ATTR_CHECK;

/* Whether so many bytes of answers more have room: for those that are not in it yet. ERR_LIMIT. */
int history_room(const struct history *h, uint32_t invocation, size_t bytes,
                 struct err *err) ATTR_CHECK;

/* What became of a record at last. Done once is done, whatever becomes of a later copy. */
enum history_end {
    HISTORY_END_OPEN,
    HISTORY_END_DONE,
    HISTORY_END_FILTERED,
    HISTORY_END_DLQ,
    HISTORY_END_LOST,
    HISTORY_END_COUNT
};
/* "open", "done", "filtered", "dead-letter queue", "lost": as the file has them */
extern const char *const history_end_names[HISTORY_END_COUNT];

/* The same for people: a dead-letter queue may be an on-failure destination. */
const char *history_end_words(const struct history *h, enum history_end end);

struct history_fate {
    enum history_end end;
    enum history_end copy; /* of a done one: a later copy of it was given up; else OPEN */
    enum mapping_reason reason;
    uint32_t deliveries; /* to the function that ran */
    int64_t end_ms;
    const char *answer; /* of the last delivery; view */
    size_t answer_len;
};

/* Of every record: an array of nrecords on the heap; NULL: ERR_MEMORY. */
struct history_fate *history_fates(const struct history *h, struct err *err) ATTR_CHECK;

/* One line of JSON for each entry; names: of the records. The form is in FORMAT.md beside this. */
typedef const char *(*history_name)(void *owner, uint32_t record, size_t *out_len);
void history_write(const struct history *h, history_name name, void *owner, struct buf *out);

/* The same for people, a line for each entry, times since the first one: "+0:05.000 invocation 3,
 * 12 messages: m1 m2 ...", and one line for entries that come again and again (cycles.h). Of the
 * long numbers of Kinesis the end is shown. most_lines 0: all. How many entries the lines stand
 * for. */
size_t history_print(const struct history *h, history_name name, void *owner, bool colour,
                     size_t most_lines, struct buf *out);

/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between two answers. JSON is compared as values (the order of members and white
 * space do not count, 1 and 1.0 are the same, of batchItemFailures the order does not count, since
 * Lambda does not look at it), everything else byte by byte. Pure. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "trace/entry.h"
#include "trace/pointer.h"

#define COMPARE_RULES_MAX       64
#define COMPARE_DIFFERENCES_MAX 100 /* of one pair that are told; more are counted */

enum compare_how {
    COMPARE_IGNORE,
    COMPARE_ANY,    /* must be there, with any value */
    COMPARE_NUMBER, /* numbers whose difference is at most tolerance, absolute or relative */
    COMPARE_TIME,   /* both are times (ISO 8601, epoch), no matter which */
    COMPARE_UUID,
};

struct compare_rule {
    struct pointer pointer;
    enum compare_how how;
    double tolerance;
};

struct compare_rules {
    struct compare_rule *rules; /* heap; the first that names a place counts */
    size_t count;
};

/* "--ignore /a/b" */
int compare_add_ignore(struct compare_rules *r, const char *pointer, struct err *err) ATTR_CHECK;
/* "--match POINTER=number~1e-9|time|uuid|any" */
int compare_add_match(struct compare_rules *r, const char *text, struct err *err) ATTR_CHECK;
void compare_rules_fini(struct compare_rules *r);

enum compare_kind {
    COMPARE_CHANGED,
    COMPARE_GONE,  /* expected, not there */
    COMPARE_ADDED, /* there, not expected */
    COMPARE_STATUS /* one is an answer, the other an error */
};

struct compare_difference {
    enum compare_kind kind;
    const char *pointer;             /* "/Records/0/body"; "" is the whole */
    struct trace_text expected, got; /* JSON texts, views into what was compared; absent where gone
                                        or added */
};

struct compare_result {
    const struct compare_difference *items;
    size_t nitems;
    size_t count; /* of all */
};

/* Of two answers; a status of TRACE_STATUS_UNKNOWN is equal to every other. *out lives in the
 * arena. -1 with ERR_MEMORY: the arena is full. */
int compare_entries(const struct compare_rules *rules, const struct trace_entry *expected,
                    const struct trace_entry *got, struct arena *arena, struct compare_result *out,
                    struct err *err) ATTR_CHECK;

/* Log lines as sets of lines in order, without what differs from run to run (request ids, times at
 * the line's beginning): the pointer is "log line N". */
int compare_logs(const struct trace_entry *expected, const struct trace_entry *got,
                 struct arena *arena, struct compare_result *out, struct err *err) ATTR_CHECK;

/* Appends the difference for people: pointer, expected in red with '-', got in green with '+'; of
 * long values only what is around the first difference. */
void compare_print(const struct compare_difference *d, bool colour, struct buf *out);

/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between two answers. JSON is compared as values: the order of members and white
 * space do not count, 1, 1.0 and 10e-1 are the same, numbers of any length are compared exactly;
 * one element more in an array is one difference. Duplicate keys are compared as sequences.
 * Everything else is compared byte by byte.
 *
 * Of the answer to a batch, the top-level batchItemFailures is a set of itemIdentifiers, and empty,
 * null, absent, in an answer that is null, "" or nothing, are the same: Lambda sees it so. A list
 * that it would take as a failure of all (an identifier missing, null or empty) is compared as it
 * is.
 *
 * Of the error document, stackTrace and trace (as some runtimes call it) are not compared:
 * addresses and lines are another build's in any case. The request id and a leading time are taken
 * out of errorMessage. Pure. */
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
    COMPARE_TIME,   /* both are times, no matter which: ISO 8601, or epoch in the same unit */
    COMPARE_UUID,
};

struct compare_rule {
    struct pointer pointer;
    enum compare_how how;
    double tolerance;
    bool relative; /* tolerance is a part of the expected number: 0.05 */
    bool seen;     /* has named something in some answer: else it may be a typing error */
};

struct compare_rules {
    struct compare_rule *rules; /* heap; of those that name a place the first counts */
    size_t count;
};

/* "--ignore /a/b" */
int compare_add_ignore(struct compare_rules *r, const char *pointer, struct err *err) ATTR_CHECK;
/* "--match POINTER=number~1e-9|number~5%|time|uuid|any" */
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
    const char *pointer; /* "/Records/0/body"; "" is the whole. Of an element: its place in the
                            expected array, when added in the other one. Control characters in
                            names are escaped, long names cut */
    struct trace_text expected, got; /* JSON texts, views into what was compared; absent where gone
                                        or added */
    enum trace_status expected_status, got_status; /* of COMPARE_STATUS, else unknown */
};

struct compare_result {
    const struct compare_difference *items;
    size_t nitems;
    size_t count; /* of all */
};

/* Of two answers; a status of TRACE_STATUS_UNKNOWN is equal to every other, and an answer that is
 * not known to every other. *out lives in the arena. Marks in rules what they name. -1 with
 * ERR_MEMORY. */
int compare_entries(const struct compare_rules *rules, const struct trace_entry *expected,
                    const struct trace_entry *got, struct arena *arena, struct compare_result *out,
                    struct err *err) ATTR_CHECK;

/* Appends an error document as it is compared: without stackTrace and trace, with '*' for what
 * names one run in errorMessage and requestId; in one that is no JSON object, wherever it stands.
 * request_id: that of the run. For errors that are a part of something. */
void compare_add_error(struct buf *out, const char *text, size_t len,
                       const struct trace_text *request_id);

/* Log lines in their order, without what differs from run to run: Lambda's own lines (START, END,
 * REPORT, ...), request and trace ids, times at a line's beginning, of JSON lines the members for
 * these. The pointer is "log line N", counted in the expected log, when added in the other one. Of
 * a log that was cut, what would come behind does not count. */
int compare_logs(const struct trace_entry *expected, const struct trace_entry *got,
                 struct arena *arena, struct compare_result *out, struct err *err) ATTR_CHECK;

/* Appends the difference for people: a line with the pointer, expected in red with '-', got in
 * green with '+'; of long values only what is around the first difference. Bytes that could drive a
 * terminal are made visible; the colours are the only escapes in it. */
void compare_print(const struct compare_difference *d, bool colour, struct buf *out);

/* The values of a difference that is no status on one line, shorter: "/at: 12, then 17". */
void compare_print_line(const struct compare_difference *d, struct buf *out);

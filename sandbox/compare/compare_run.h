/* SPDX-License-Identifier: Apache-2.0 */
/* One comparison while it goes on: what was found so far. */
#pragma once

#include "compare/compare_rules.h"

/* A place in a document; those above it are the callers'. */
struct compare_place {
    const struct compare_place *up; /* NULL: the root */
    struct scan_value key;          /* between its quotes; absent in an array */
    size_t index;
    struct rules_path path;
};

/* What the documents are, as far as it changes what counts. */
enum compare_of { COMPARE_OF_ANSWERS, COMPARE_OF_ERRORS, COMPARE_OF_LOG_LINES };

struct compare_run {
    const struct compare_rules *rules;
    enum compare_of of;
    struct arena *arena;
    bool stop_at_first; /* equal or not is all that is asked */
    bool starved;       /* memory or the arena was not enough */
    struct compare_difference *items;
    size_t nitems, count;
    size_t hashed;                   /* bytes that were looked at to put elements in order */
    const struct trace_text *ids[2]; /* of errors: request id of either side */
};

/* Counts a difference, and keeps it while there is room. An absent value: gone or added. place
 * NULL: the pointer is text. */
void compare_run_add(struct compare_run *r, enum compare_kind kind,
                     const struct compare_place *place, const char *text,
                     struct scan_value expected, struct scan_value got);

/* False: there is no need to go on. */
bool compare_run_goes_on(const struct compare_run *r);

struct compare_place compare_place_below(const struct compare_run *r,
                                         const struct compare_place *up, struct scan_value key,
                                         size_t index);

/* Two values of valid documents; one of them may be absent. */
void compare_values(struct compare_run *r, const struct compare_place *place,
                    struct scan_value expected, struct scan_value got);

void compare_arrays(struct compare_run *r, const struct compare_place *place,
                    struct scan_value expected, struct scan_value got);

/* The lists of batchItemFailures, either of which may be absent or null. False: they are not such
 * lists. */
bool compare_failures(struct compare_run *r, const struct compare_place *place,
                      struct scan_value expected, struct scan_value got);

/* Whether the member of a JSON log line with this key says when, or for which request. */
bool compare_is_of_line(struct scan_value key);

/* The same for values that are equal, whatever their text, but for what rules let differ. */
uint64_t compare_hash(const struct compare_rules *rules, struct rules_path path,
                      struct scan_value v);

/* Appends a text with what names one run replaced by '*': a leading time, the given ids, and what
 * looks like one where Lambda writes it. */
void compare_add_without_ids(struct buf *out, const char *text, size_t len,
                             const struct trace_text *ids, size_t nids);

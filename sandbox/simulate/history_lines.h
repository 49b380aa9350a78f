/* SPDX-License-Identifier: Apache-2.0 */
/* A history as text, read again: what history_write wrote, by now or long ago. What happened to one
 * record is put together as a document, so that two histories can be compared record by record.
 * Pure.
 *
 *   history_lines_read(&lines, text, len, &err)
 *   for (at = 0; at < lines.nmentions;) history_lines_tell(&lines, &at, &document)
 *   history_lines_fini(&lines)
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/scan.h"

/* A record's name on a line. */
struct history_mention {
    struct scan_value name; /* raw, with its quotes; a view into the text */
    size_t line;
};

struct history_line {
    size_t start, len; /* its members, of members */
    size_t invocation; /* 0: none */
    bool invoked, answered;
};

struct history_lines {
    struct history_line *items;
    size_t nlines, lines_cap;
    struct buf members; /* what each line says, but for whom; answers as the JSON that they are,
                           errors without what names one run */
    struct history_mention *mentions; /* by name, then by line */
    size_t nmentions, mentions_cap;
    size_t *answers; /* line of the answer of each invocation; SIZE_MAX: none */
    size_t nanswers;
};

/* Appends an error document without what names one run; request_id: of the run, as the simulation
 * gave it. */
typedef void (*history_plain)(struct buf *out, const char *error, size_t len,
                              const char *request_id);

/* Whether a text begins as the lines of a history do; an empty one does not. */
bool history_lines_begin(const char *text, size_t len);

/* Into a zeroed one; the text outlives it. plain: for answers that are errors. -1: ERR_INPUT with
 * what is wrong in the line behind nlines, ERR_LIMIT, ERR_MEMORY; fini in any case. */
int history_lines_read(struct history_lines *h, const char *text, size_t len, history_plain plain,
                       struct err *err) ATTR_CHECK;
void history_lines_fini(struct history_lines *h);

/* By bytes, as the mentions stand. */
int history_lines_order(struct scan_value a, struct scan_value b);

/* All that happened to the record that is mentioned at *at, an array in JSON instead of what was in
 * out, which the caller checks; *at goes to the next record. */
void history_lines_tell(const struct history_lines *h, size_t *at, struct buf *out);

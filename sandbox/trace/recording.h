/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a recording; FORMAT.md describes them. */
#pragma once

#include "trace/source.h"

/* What every line begins with. No text inside a JSON string can look like it. */
#define RECORDING_MARK     "{\"clambda_recording\":"
#define RECORDING_MARK_LEN (sizeof RECORDING_MARK - 1)

#define RECORDING_HEAD (2 * RECORDING_MARK_LEN + 4) /* bytes that recording_begins needs */

extern const struct source_kind recording_kind;

/* Whether a file that begins with text is a recording, though its first line may be torn; complete:
 * there is nothing behind text. */
bool recording_begins(const char *text, size_t len, bool complete);

struct recording_fault {
    bool torn;  /* the line was cut off while it was written */
    char *rest; /* a line begins here that the next recorder wrote behind a torn one; else NULL */
};

/* One line, changed in place: the entry's texts are views of it. -1 with ERR_INPUT: what is wrong
 * with it, without file and line. */
int recording_parse(char *line, size_t len, struct trace_entry *out,
                    struct recording_fault *out_fault, struct err *err) ATTR_CHECK;

/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of differing invocations, cut to what a tally has memory for. */
#pragma once

#include "report/tally.h"

/* Copies the invocation into t->kept while there is room. */
void tally_keep(struct tally *t, size_t number, const struct trace_entry *expected,
                const struct trace_entry *got, const struct compare_result *differences);

/* "t.jsonl, line 7" */
void tally_keep_source(const struct trace_entry *entry, char *out, size_t size);

/* A NUL-terminated copy, with "…" behind it where max bytes do not hold all. NULL: no room. */
const char *tally_keep_begin(struct arena *texts, const char *text, size_t len, size_t max);

/* A copy of the beginning; ptr NULL when there is no text. false: no room. */
bool tally_keep_text(struct arena *texts, struct trace_text text, size_t max,
                     struct tally_text *out);

/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of differing invocations, cut to what a tally has memory for. */
#pragma once

#include "trace/tally.h"

/* Copies the invocation into t->kept while there is room. */
void tally_keep(struct tally *t, size_t number, const struct trace_entry *expected,
                const struct trace_entry *got, const struct compare_result *differences);

/* "t.jsonl, line 7" */
void tally_keep_source(const struct trace_entry *entry, char *out, size_t size);

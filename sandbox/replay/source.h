/* SPDX-License-Identifier: Apache-2.0 */
/* The events of a replay: what the traces hold, with the measurements that an export of the log has
 * of the same invocations. */
#pragma once

#include "base/err.h"
#include "trace/read.h"

#define REPLAY_MEASURED_MAX 262144 /* invocations whose measurements are remembered */

struct replay_source;

/* Reads the exports of logs among the paths, opens the others. NULL: a path cannot be read, or
 * there is nothing but exports. warn may be called from here on. */
struct replay_source *replay_source_open(const struct trace_read_options *o,
                                         struct err *err) ATTR_CHECK;

/* As trace_next; every entry has an event. */
int replay_source_next(struct replay_source *s, struct trace_entry *out,
                       struct err *err) ATTR_CHECK;

/* At the end: whether the files that may have events are there, and all of them empty. */
bool replay_source_is_empty(const struct replay_source *s);

/* Of the last entry. */
enum trace_kind replay_source_kind(const struct replay_source *s);

void replay_source_progress(const struct replay_source *s, uint64_t *out_done, uint64_t *out_total);

void replay_source_close(struct replay_source *s);

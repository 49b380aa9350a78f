/* SPDX-License-Identifier: Apache-2.0 */
/* The one place that says which files a run may write: none that is read, none for two things, none
 * that is there already and is something else. */
#pragma once

#include "replay/options.h"

/* Where the smallest trace goes; NULL: there will be none. */
const char *replay_written_smallest(const struct replay_options *o);

/* What a file holds, by its beginning; a new or empty one may become anything. */
enum written_kind {
    WRITTEN_ANY,
    WRITTEN_HISTORY,
    WRITTEN_EVENTS,
    WRITTEN_GIVEN_UP,
    WRITTEN_REPORT
};

/* -1 with ERR_INPUT: path is there and holds something else, or cannot be read. WRITTEN_EVENTS:
 * lines of JSON that are no recording and no history; WRITTEN_GIVEN_UP: what dlq, on-failure and
 * on-success hold. */
int replay_written_kind(const char *path, enum written_kind kind, struct err *err) ATTR_CHECK;

/* Of all files that options and the settings of --source name for writing, before anything is read
 * or run. -1 with ERR_USAGE: one is a trace or would be in a folder of traces, is read by another
 * option, is the function, or is named twice; ERR_INPUT: it cannot be written where it shall be, or
 * something else is there. Changes no file. */
int replay_written_check(const struct replay_options *o, struct err *err) ATTR_CHECK;

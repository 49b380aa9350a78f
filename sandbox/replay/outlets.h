/* SPDX-License-Identifier: Apache-2.0 */
/* The files that the settings of a source name for what it gives up or hands on: dlq, on-failure,
 * on-success. Emptied when the run begins that they are of, then one line after the other. And the
 * one place that says what may not be written: anything that is read. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "mapping/settings.h"
#include "replay/options.h"

#define REPLAY_OUTLETS_MAX 3

struct replay_outlets {
    struct replay_outlet {
        const char *path;
        int fd;
    } items[REPLAY_OUTLETS_MAX];
    size_t count;
    bool emptied;
};

/* Where the smallest trace goes; NULL: there will be none. */
const char *replay_outlets_smallest(const struct replay_options *o);

/* Of all files that options name for writing, before anything is read or run. -1 with ERR_USAGE:
 * one is a trace or would be in a folder of traces, is read by another option, is the function, or
 * is named twice; ERR_INPUT: it cannot be written where it shall be. Changes no file. */
int replay_outlets_check(const struct replay_options *o, struct err *err) ATTR_CHECK;

/* The same for those of the settings, which it opens as they are. replay_outlets_close in any case.
 */
int replay_outlets_open(struct replay_outlets *out, const struct mapping_settings *s,
                        const struct replay_options *o, struct err *err) ATTR_CHECK;
/* Once: later calls do nothing. */
int replay_outlets_empty(struct replay_outlets *out, struct err *err) ATTR_CHECK;
void replay_outlets_close(struct replay_outlets *out); /* accepts a zeroed one */

/* For simulation_options.deliver; the owner is the outlets. */
int replay_outlets_deliver(void *outlets, const char *path, const char *line, size_t len,
                           struct err *err);

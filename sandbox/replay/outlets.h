/* SPDX-License-Identifier: Apache-2.0 */
/* The files that the settings of a source name for what it gives up or hands on: dlq, on-failure,
 * on-success. Emptied first, then one line after the other. */
#pragma once

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
};

/* Where the smallest trace goes; NULL: there will be none. */
const char *replay_outlets_smallest(const struct replay_options *o);

/* ERR_USAGE: a history or report would be written over a trace or function, or over one another. */
int replay_outlets_check(const struct replay_options *o, struct err *err) ATTR_CHECK;

/* -1 with ERR_USAGE: one is a trace or another file of the command; ERR_INPUT: it cannot be
 * written. Nothing has been emptied then. replay_outlets_close in any case. */
int replay_outlets_open(struct replay_outlets *out, const struct mapping_settings *s,
                        const struct replay_options *o, struct err *err) ATTR_CHECK;
void replay_outlets_close(struct replay_outlets *out); /* accepts a zeroed one */

/* For simulation_options.deliver; the owner is the outlets. */
int replay_outlets_deliver(void *outlets, const char *path, const char *line, size_t len,
                           struct err *err);

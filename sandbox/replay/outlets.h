/* SPDX-License-Identifier: Apache-2.0 */
/* The files that the settings of a source name for what it gives up or hands on: dlq, on-failure,
 * on-success. Emptied when the run begins that they are of, then one line after the other. What may
 * be named is checked before, see written.h. */
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
    int claim_fd; /* holds the name of the smallest trace; -1: there is none */
    bool emptied;
};

/* Opens them as they are, a new one for its owner alone, and claims the place of the smallest
 * trace. -1 with ERR_INPUT: one cannot be opened, or is no file; ERR_USAGE: another run writes its
 * smallest trace there. replay_outlets_close in any case. */
int replay_outlets_open(struct replay_outlets *out, const struct mapping_settings *s,
                        const struct replay_options *o, struct err *err) ATTR_CHECK;
/* Once: later calls do nothing. */
int replay_outlets_empty(struct replay_outlets *out, struct err *err) ATTR_CHECK;
void replay_outlets_close(
    struct replay_outlets *out); /* after replay_outlets_open, however it ended */

/* For simulation_options.deliver; the owner is the outlets. */
int replay_outlets_deliver(void *outlets, const char *path, const char *line, size_t len,
                           struct err *err);

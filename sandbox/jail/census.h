/* SPDX-License-Identifier: Apache-2.0 */
/* Counts what a tree of processes holds, from outside, by /proc. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define CENSUS_PROCESSES_MAX 2048

struct census {
    unsigned processes, threads;
    uint64_t descriptors;
    uint64_t memory_bytes; /* anonymous, to the page: of all processes together */
};

/* Of all that come of init, which itself does not count. Exact when they are frozen; whoever ends
 * meanwhile is left out. -1: this host does not show it. */
int census_take(pid_t init, struct census *out, struct err *err) ATTR_CHECK;

/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup v1: which controllers a jail needs, one hierarchy each. */
#pragma once

#include <stddef.h>

enum cgroup_v1_controller {
    V1_FREEZER, /* first: groups are removed in this order, and a frozen process does not die */
    V1_MEMORY,
    V1_CPU,
    V1_CPUACCT,
    V1_PIDS,
    V1_COUNT,
    V1_UNIFIED = V1_COUNT, /* the v2 hierarchy beside them, for the metadata filter */
};

extern const char *const cgroup_v1_names[V1_COUNT];

/* SPDX-License-Identifier: Apache-2.0 */
/* Findings for people: what is the same of many files is told once. Pure.
 *
 *   check_groups_init, check_groups_add for each finding in order, check_groups_fini */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "deploy/check.h"

#define CHECK_NAMES_SHOWN 5

struct check_group {
    const struct check_finding *first;
    const char *names[CHECK_NAMES_SHOWN]; /* of its files, as far as they are shown */
    size_t count;                         /* findings in it */
    bool why_said, fix_said;              /* by a group of the same rule before it */
};

struct check_groups {
    struct check_group *list; /* in the order of their first findings */
    size_t count;
};

/* Room for at most so many findings. False: no memory. */
bool check_groups_init(struct check_groups *g, size_t findings);

/* Findings live longer than the groups. Two are the same when their files' names are the only
 * difference between them. */
void check_groups_add(struct check_groups *g, const struct check_finding *f);

void check_groups_fini(struct check_groups *g);

/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup v2: the groups of a jail.
 *
 *   BASE/clambda.SLOT.PID    gives controllers; the connect filter is here
 *     init                   the jail's first process is cloned into it
 *     function               has all limits and is frozen; the program is cloned into it
 *
 * Two levels: a manager that takes controllers away from BASE's groups gets EBUSY, for the first
 * level gives them on. */
#pragma once

#include "jail/cgroup.h"

enum cgroup_v2_folder {
    V2_OUTER,
    V2_INIT,
    V2_FUNCTION,
    V2_COUNT,
};

/* Names of the groups below the outer one. */
extern const char *const cgroup_v2_children[V2_COUNT];

/* Sets the limits of the controllers (1u << enum jail_limit) on folders[V2_FUNCTION], opens thaw_fd
 * and says in holds what came of it. */
void cgroup_v2_limit(struct cgroup *g, unsigned controllers);

/* Lets limits.owner clone from init into function; where that cannot be given away, the program
 * gets a descriptor in attach_fds instead. */
int cgroup_v2_hand_over(struct cgroup *g, struct err *err) ATTR_CHECK;

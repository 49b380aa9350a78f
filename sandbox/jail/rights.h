/* SPDX-License-Identifier: Apache-2.0 */
/* Ids, capabilities and resource limits of the processes inside. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* Takes the user, the group and (with groups) no others, by bare system calls. Where a namespace
 * has setgroups switched off, the caller's other groups stay. */
int rights_become(uid_t user, gid_t group, bool groups, struct err *err) ATTR_CHECK;

/* No process from here on can gain a capability by exec. Needs CAP_SETPCAP. */
int rights_bound(struct err *err) ATTR_CHECK;

/* Gives up every capability, after rights_bound for good. */
int rights_drop(struct err *err) ATTR_CHECK;

/* The same, but for the right to send signals to other users' processes. */
int rights_drop_to_kill(struct err *err) ATTR_CHECK;

/* Lowers the resource limits to Lambda's; never raises a hard one, which a host may forbid. */
int rights_limit(unsigned files, unsigned processes, struct err *err) ATTR_CHECK;

/* SPDX-License-Identifier: Apache-2.0 */
/* Ids, capabilities and resource limits of the processes inside. */
#pragma once

#include <sys/types.h>

#include "base/err.h"

/* Takes the user, the group and no others, by bare system calls. */
int rights_become(uid_t user, gid_t group, struct err *err) ATTR_CHECK;

/* No process from here on can gain a capability by exec. Needs CAP_SETPCAP. */
int rights_bound(struct err *err) ATTR_CHECK;

/* Gives up every capability, after rights_bound for good. */
int rights_drop(struct err *err) ATTR_CHECK;

/* Lowers the resource limits to Lambda's; never raises a hard one, which a host may forbid. */
int rights_limit(unsigned files, unsigned processes, struct err *err) ATTR_CHECK;

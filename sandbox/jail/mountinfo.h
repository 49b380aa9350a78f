/* SPDX-License-Identifier: Apache-2.0 */
/* Reads /proc/PID/mountinfo and /proc/PID/cgroup. Pure: text in, paths out. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Whether a line of the caller's groups names the controller: then it belongs to a v1 hierarchy. */
bool mountinfo_has_controller(const char *cgroups, const char *controller);

/* The folder of the caller's own group: where the hierarchy of a v1 controller ("memory"), or the
 * v2 one (""), is mounted, and which group of it the caller is in. 1: found, 0: no such hierarchy
 * is mounted, -1: the text is not what the kernel writes (ERR_HOST), or the path is too long. */
int mountinfo_own_group(const char *mountinfo, const char *cgroups, const char *controller,
                        char *out_path, size_t size, struct err *err) ATTR_CHECK;

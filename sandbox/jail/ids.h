/* SPDX-License-Identifier: Apache-2.0 */
/* User namespaces and their maps. Inside, root and the program's user exist; outside, both are
 * unprivileged ids that no account and no other jail has. */
#pragma once

#include <sys/types.h>

#include "base/err.h"

#define IDS_BASE 0x70000000u /* two ids for each slot from here on; users and groups alike */

#define IDS_OUTER_ROOT(slot) (IDS_BASE + 2u * (slot))
#define IDS_OUTER_USER(slot) (IDS_BASE + 2u * (slot) + 1u)

/* Writes both maps of a process in a fresh user namespace: 0 and user:group, as the slot has them.
 */
int ids_map_host(pid_t child, unsigned slot, uid_t user, gid_t group, struct err *err) ATTR_CHECK;

/* A user namespace that shows files of owner:group as those of the slot's root, for idmapped
 * mounts. The caller closes the descriptor. */
int ids_open_view(uid_t owner, gid_t group, unsigned slot, struct err *err) ATTR_CHECK;

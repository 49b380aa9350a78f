/* SPDX-License-Identifier: Apache-2.0 */
/* Subordinate ids of an ordinary user: what /etc/subuid and /etc/subgid give him, mapped by the
 * setuid programs newuidmap and newgidmap. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct ids;

/* One user id and two group ids that no other slot of this user has. False: he has too few, or the
 * programs are missing. */
bool subids_find(unsigned slot, uid_t *out_user, gid_t *out_root_group, gid_t *out_group);

/* Writes both maps of a process in a fresh user namespace. False: refused, nothing is mapped. */
bool subids_map(pid_t child, const struct ids *ids);

/* The first range of lines "NAME:FIRST:COUNT" for a user with this name or number. Pure. */
bool subids_parse(const char *text, const char *name, uid_t uid, unsigned long *out_first,
                  unsigned long *out_count);

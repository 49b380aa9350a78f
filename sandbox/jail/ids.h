/* SPDX-License-Identifier: Apache-2.0 */
/* User namespaces and their maps: which ids of the host stand behind the jail's root and the
 * program's user. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

#define IDS_BASE 0x70000000u /* two ids for each slot from here on; users and groups alike */

#define IDS_OUTER_ROOT(slot) (IDS_BASE + 2u * (slot))
#define IDS_OUTER_USER(slot) (IDS_BASE + 2u * (slot) + 1u)

enum ids_kind {
    IDS_SLOT,        /* two ids that no account and no other jail has; needs CAP_SETUID */
    IDS_SUBORDINATE, /* root is the caller, the user one of /etc/subuid; needs newuidmap */
    IDS_OWN,         /* the user is the caller, there is no root inside */
};

struct ids {
    enum ids_kind kind;
    uid_t inner_uid; /* the program's, inside */
    gid_t inner_gid;
    uid_t root_uid, user_uid; /* outside */
    gid_t root_gid, user_gid;
};

/* The best kind that the caller may have. What is chosen may still turn out to be refused, see
 * ids_map_host. closed: the jail is to see files that only the caller may read, so that a
 * subordinate id would be of no use. */
void ids_choose_host(struct ids *ids, unsigned slot, uid_t inner_uid, gid_t inner_gid, bool closed);

/* Writes both maps of a process in a fresh user namespace. Where subordinate ids are refused, ids
 * becomes IDS_OWN. */
int ids_map_host(struct ids *ids, pid_t child, struct err *err) ATTR_CHECK;

/* What refuses the map of root's own id, since Linux 5.12, and what helps. */
extern const char ids_root_refused[];

/* A user namespace that shows files of owner:group as those of the jail's root, for idmapped
 * mounts. The caller closes the descriptor. */
int ids_open_view(const struct ids *ids, uid_t owner, gid_t group, struct err *err) ATTR_CHECK;

/* Whether the kernel counts the user's processes against RLIMIT_NPROC: those of its own root it
 * does not. */
bool ids_are_counted(const struct ids *ids);

/* Who the jail's first process is, inside. */
uid_t ids_first_uid(const struct ids *ids);
gid_t ids_first_gid(const struct ids *ids);

/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup v2: the group that a jail's groups are made in. The nearest to the caller's own in which
 * a folder can be made and controllers can be given to it.
 *
 *   /sys/fs/cgroup                 the last that is looked at
 *     user.slice ...
 *       run-1.scope                the caller's own: the first. Controllers are given only by a
 *         clambda.host.PID         group without processes: the caller goes here first, when it
 *         clambda.SLOT.PID         was alone there and the group is its own to divide */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "jail/limit.h"

#define CGROUP_PREFIX    "clambda."
#define CGROUP_LEAF      CGROUP_PREFIX "host."
#define CGROUP_BASES_MAX 32

enum cgroup_base_flaw {
    CGROUP_BASE_FINE,
    CGROUP_BASE_FOREIGN,   /* the caller may not make or fill groups there */
    CGROUP_BASE_READ_ONLY, /* nobody may: the mount is read-only */
    CGROUP_BASE_THREADED,  /* has groups of threads only */
    CGROUP_BASE_BUSY,      /* has processes, so that it gives no controllers */
};

struct cgroup_base {
    size_t len;         /* of its path, in cgroup_bases.own */
    unsigned available; /* controllers that it has: 1u << enum jail_limit */
    unsigned enabled;   /* those that groups below it have already */
    unsigned potential; /* those that a new group can have */
    bool usable;        /* a folder can be made */
    bool move;          /* the caller is alone in it and has to leave, to give controllers */
    bool top;
    enum cgroup_base_flaw flaw;
};

struct cgroup_bases {
    char own[PATH_MAX];
    size_t count;
    struct cgroup_base items[CGROUP_BASES_MAX]; /* nearest first */
    char failure[JAIL_WHY_MAX]; /* of the last one that was tried and gave less than it promised */
};

/* Looks at own and the groups above it. Changes nothing. */
void cgroup_base_scan(struct cgroup_bases *list, const char *own, pid_t self);

/* The one to try next: most controllers first, then nearest; NULL when none is left. */
struct cgroup_base *cgroup_base_best(struct cgroup_bases *list);

/* Why groups made in chosen (NULL: none could be made) do not have a limit, and what helps. */
void cgroup_base_explain(const struct cgroup_bases *list, const struct cgroup_base *chosen,
                         enum jail_limit limit, char out[static JAIL_WHY_MAX]);

/* Adds controllers ("+") for the groups below a folder, or takes them ("-"); those that changed. */
unsigned cgroup_base_switch(int folder, char sign, unsigned controllers, struct err *err);

/* Whether the caller stands in the leaf of this group. */
bool cgroup_base_moved(const char *base, pid_t self);

/* Moves the caller into the leaf. */
int cgroup_base_enter(const char *base, pid_t self, struct err *err) ATTR_CHECK;

/* Undoes it as far as the kernel allows, when no other group is below: takes the controllers, moves
 * the owner of the leaf back when that is the caller, removes the leaf. Without a leaf, nothing. */
void cgroup_base_leave(const char *base, pid_t owner);

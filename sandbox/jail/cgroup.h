/* SPDX-License-Identifier: Apache-2.0 */
/* The control groups of one jail: memory, CPU, processes, freezing. One table of functions for each
 * kind of hierarchy; what is common stands here.
 *
 *   cgroup_open        finds the hierarchies, makes the groups; holds tells what they limit
 *   clone_fd, program_fd   groups that processes are cloned into
 *   attach_fds         the jailed program writes "0" to each before it gives up its rights
 *   cgroup_close       kills what is left and removes the groups */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "jail/limit.h"

#define CGROUP_FOLDERS_MAX 8
#define CGROUP_NAME_MAX    48
#define CGROUP_PROCESSES   16 /* whose peak memory one sample looks at */

struct slot;
struct cgroup;

struct cgroup_limits {
    uint64_t memory_bytes;
    uint64_t slack_bytes; /* added to it: a /tmp in memory, which the caller watches itself */
    unsigned cpu_permille;
    unsigned processes;
    uid_t owner; /* host's id of the jail's first process, which clones into program_fd */
};

struct cgroup_sample {
    uint64_t memory_bytes; /* anonymous and shared memory: what cannot be reclaimed */
    uint64_t cpu_us;
    unsigned processes;
};

struct cgroup_ops {
    const char *name;
    /* makes the groups, fills holds */
    int (*create)(struct cgroup *g, const struct slot *slot, struct err *err);
    int (*throttle)(struct cgroup *g, bool on, struct err *err);
    int (*freeze)(struct cgroup *g, bool on, struct err *err);
    int (*sample)(struct cgroup *g, struct cgroup_sample *out, struct err *err);
    int (*oom_kills)(struct cgroup *g, uint64_t *out, struct err *err);
    /* ids of processes inside, as the caller sees them; at most max */
    int (*processes)(struct cgroup *g, int *out, size_t max, struct err *err);
};

struct cgroup {
    const struct cgroup_ops *ops; /* NULL: no hierarchy of use is mounted */
    struct cgroup_limits limits;
    char base[CGROUP_FOLDERS_MAX][PATH_MAX]; /* groups that the jail's are made in, by controller */
    char name[CGROUP_NAME_MAX];              /* of the jail's groups below them */
    int folders[CGROUP_FOLDERS_MAX];         /* descriptors, by controller; -1: none */
    int attach_fds[CGROUP_FOLDERS_MAX];      /* open for writing; the first nattach */
    size_t nattach;
    int thaw_fd;    /* writing thaw_text to it thaws, from inside too; -1: nothing to thaw */
    int clone_fd;   /* group that the first process is cloned into (CLONE_INTO_CGROUP), or -1 */
    int program_fd; /* v2: group that the first process clones the program into, or -1 */
    int oom_fd;     /* eventfd, or -1 */
    bool frozen;
    bool metadata_refused;
    const char *thaw_text;
    /* memory, CPU, processes, freezing */
    struct jail_hold holds[JAIL_LIMIT_COUNT];
};

/* Nothing is open: cgroup_close does nothing. */
void cgroup_init(struct cgroup *g);

/* Finds what this host has mounted, and which kind has most of the controllers. Only a text that
 * the kernel does not write is an error. */
int cgroup_find(struct cgroup *g, const char *mountinfo, const char *cgroups,
                struct err *err) ATTR_CHECK;

/* After cgroup_init: cgroup_find on the caller itself, then creates the groups, noted in the slot.
 * What this host cannot limit is no failure: holds tells which of memory, CPU, processes and
 * freezing hold, and why the others do not. After a failure, cgroup_close. */
int cgroup_open(struct cgroup *g, const struct cgroup_limits *limits, const struct slot *slot,
                struct err *err) ATTR_CHECK;

/* Refuses metadata addresses (metadata.h) to all processes cloned into clone_fd from now on. Sets
 * metadata_refused where this host can. */
void cgroup_refuse_metadata(struct cgroup *g);

/* What is not held is left alone: these do nothing then, and tell zeros. */
int cgroup_throttle(struct cgroup *g, bool on, struct err *err) ATTR_CHECK;
int cgroup_freeze(struct cgroup *g, bool on, struct err *err) ATTR_CHECK;
int cgroup_sample(struct cgroup *g, struct cgroup_sample *out, struct err *err) ATTR_CHECK;
int cgroup_oom_kills(struct cgroup *g, uint64_t *out, struct err *err) ATTR_CHECK;
/* Ids of processes inside, as the caller sees them; at most max. Gives their number. */
int cgroup_processes(struct cgroup *g, int *out, size_t max, struct err *err) ATTR_CHECK;

/* Closes descriptors and removes the groups; kills what is left inside. 0 when they are gone. */
int cgroup_close(struct cgroup *g, struct err *err) ATTR_CHECK;

/* Removes one group by its path, with all processes in it and the groups that v2 has below. A path
 * that is not one of ours is refused; one that is gone is no error. For slot_sweep. */
int cgroup_remove(const char *path, struct err *err) ATTR_CHECK;

/* For the kinds of hierarchies. The path of the group below base i goes to slot and is noted there,
 * before the group is made. */
int cgroup_note(const struct cgroup *g, size_t i, const struct slot *slot,
                struct err *err) ATTR_CHECK;

/* Makes the folder base/name of a controller, unless another controller mounted with it has made
 * it, and opens it. */
int cgroup_make_folder(struct cgroup *g, size_t controller, struct err *err) ATTR_CHECK;

/* A limit holds by ops->name; or it does not, and why. */
void cgroup_hold(struct cgroup *g, enum jail_limit limit);
void cgroup_miss(struct cgroup *g, enum jail_limit limit, const char *fmt, ...) ATTR_PRINTF(3, 4);

/* Whether this host swaps. */
bool cgroup_host_swaps(void);

/* The quota, in microseconds of CPU time for each period, that gives this share of one CPU. */
int64_t cgroup_quota_us(unsigned permille, int64_t *out_period_us);

extern const struct cgroup_ops cgroup_v1_ops;
extern const struct cgroup_ops cgroup_v2_ops;

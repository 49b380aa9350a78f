/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the jail share. Functions named ..._host run in the caller; ..._child run in
 * the jail's first process, ..._program in its second one. The last two work on a copy of the
 * caller's memory, possibly of a program with threads: they allocate nothing, take no lock and
 * leave by _exit only. Ids are changed by bare system calls: the C library would tell its other
 * threads. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "jail/cgroup.h"
#include "jail/filter.h"
#include "jail/holder.h"
#include "jail/ids.h"
#include "jail/image.h"
#include "jail/jail.h"
#include "jail/slot.h"

struct clone_args;

#define BUILD_TREES_MAX (JAIL_BINDS_MAX + JAIL_LAYERS_MAX + 16)
#define BUILD_VIEWS_MAX 8
#define BUILD_LINKS_MAX 8
#define BUILD_LINK_SIZE 128
#define BUILD_FOLDER    512

/* Something of the host that will be mounted inside. */
struct build_tree {
    int fd;
    bool folder;
    const char *target;
};

/* A user namespace that shows one owner's files as root's, see ids_open_view. */
struct build_view {
    uid_t owner;
    gid_t group;
    int fd;
};

struct jail {
    struct jail_spec spec;
    char slot_folder[BUILD_FOLDER];
    struct slot slot;
    struct ids ids;
    struct cgroup cgroup;
    bool takes_mounts;  /* the caller itself may copy mounts; else its child does */
    bool tmp_in_memory; /* holder's tmpfs; else image */
    struct image image;
    struct holder holder;
    bool scoped; /* abstract sockets of the host are out of reach */
    bool stops;  /* freezing is stopping by signals, see stop.h */
    struct filter filter;
    struct jail_hold holds[JAIL_LIMIT_COUNT];
    struct build_view views[BUILD_VIEWS_MAX];
    size_t nviews;
    int cache_fd;
    char *command_line; /* of this process: the child's copy is overwritten */
    size_t command_line_len;
    struct jail_timing timing;

    /* of the running spawn */
    pid_t init; /* 0: none */
    int init_fd;
    pid_t program; /* as seen from here; its number is taken as long as init lives */
    int exit_fd;   /* struct build_end, then end of file */
    int lifeline;  /* socket, closed with this process: init ends everything */
    bool stopped;
    bool beyond_memory; /* found by jail_sample */
    int exec_errno;
    uint64_t oom_before;
    uint64_t memory_peak;
};

/* The ends of one spawn's pipes. [0] stays with the host, [1] goes to the child. */
struct build_pipes {
    int report[2];   /* SEQPACKET: the host's "go"; struct build_report from the child */
    int exec[2];     /* closed by exec, or errno of its failure */
    int end[2];      /* struct build_end */
    int lifeline[2]; /* sockets: requests of stop.h; hung up when the host is gone */
    int out[2];
    int err[2];
};

struct build {
    struct jail *jail;
    const struct jail_program *program;
    struct build_pipes pipes;
    struct build_tree trees[BUILD_TREES_MAX]; /* mounted at target, in order */
    size_t ntrees;
    struct build_tree layers[JAIL_LAYERS_MAX]; /* first: lowest */
    size_t nlayers;
    char links[BUILD_LINKS_MAX][BUILD_LINK_SIZE]; /* what /bin, /lib, ... point to */
    int tmp_fd;                                   /* child side: the holder's /tmp */
    int listen_fd;                                /* host side: what the child has passed out */
};

enum build_report_kind { REPORT_FAILED, REPORT_LISTENS, REPORT_STARTED };

struct build_report {
    enum build_report_kind kind;
    int64_t at_us; /* build_now_us, one clock for all namespaces */
    struct err err;
};

struct build_end {
    int32_t signaled;
    int32_t code;
};

/* A row of a step table. The hint says what helps when the host cannot do it; may be NULL. */
struct build_step {
    const char *name;
    int (*run)(struct build *b, struct err *err);
    const char *hint;
};

/* Runs rows until one fails: then the error names it, and is ERR_HOST unless the row knows better.
 */
int build_run(const struct build_step *steps, size_t count, struct build *b, struct err *err);

int64_t build_now_us(void);

/* clone3 without a stack of its own. Filters of container engines know clone alone: that is taken
 * where clone3 is missing and clone can do it. */
long build_clone(struct clone_args *args);

/* Sends one message, with a descriptor when fd >= 0. */
int build_send(int socket, const void *message, size_t len, int fd);

/* One report with what came along: a descriptor, and the sender's id as it is seen here; these are
 * left as they were without one. Gives the length; 0 when the peer is gone. */
ssize_t build_receive(int socket, struct build_report *report, int *out_fd, pid_t *out_pid);

/* Sends a report, with a descriptor when fd >= 0. */
int build_report_child(const struct build *b, enum build_report_kind kind, const struct err *why,
                       int fd);

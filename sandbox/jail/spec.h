/* SPDX-License-Identifier: Apache-2.0 */
/* What to isolate and what to run in it: the types of jail.h, and whether values make sense. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "jail/limit.h"

#define JAIL_BINDS_MAX  16
#define JAIL_LAYERS_MAX 6

enum jail_network {
    JAIL_NETWORK_HOST,
    JAIL_NETWORK_NONE, /* a namespace of its own with loopback up */
};

/* A file or folder of the host, read-only inside; seen as root's where the file system can. */
struct jail_bind {
    const char *source; /* path on the host */
    const char *target; /* absolute path inside; folders on the way are made */
};

struct jail_limits {
    uint64_t memory_bytes;
    uint64_t tmp_bytes;    /* what /tmp accepts */
    unsigned cpu_permille; /* of one CPU, while jail_throttle is on; more than 1000: several */
    unsigned processes;    /* and threads */
    unsigned files;        /* open per process */
};

/* What to isolate. Strings live as long as the jail. */
struct jail_spec {
    const char *hostname;
    const char *user_name; /* in /etc/passwd: sbx_user1051 */
    uid_t uid;             /* inside: 993 */
    gid_t gid;             /* inside: 990 */
    struct jail_limits limits;
    enum jail_network network;
    const char *listen_addr; /* NETWORK_NONE: IPv4 address added to lo, or NULL */
    uint16_t listen_port;    /* NETWORK_NONE: a listening TCP socket is made there; 0: none */
    struct jail_bind binds[JAIL_BINDS_MAX];
    size_t nbinds;
    const char *layers[JAIL_LAYERS_MAX]; /* folders merged in order at /opt, later wins */
    size_t nlayers;
    const char *policy_path; /* seccomp policy file */
    const char *cache_dir;   /* /tmp templates and compiled filters; NULL: the user's own */
    const char *rootfs;      /* another root's folder, instead of the host's /usr; NULL: none */
    unsigned relax;          /* 1u << enum jail_limit: may be missing, see jail_hold */
};

/* A program to run, as uid:gid, in cwd. */
struct jail_program {
    const char *path;
    const char *const *argv;
    const char *const *envp;
    const char *cwd;
};

/* ERR_INPUT names the member that is out of its bounds. */
int spec_check(const struct jail_spec *spec, struct err *err) ATTR_CHECK;
int spec_check_program(const struct jail_program *program, struct err *err) ATTR_CHECK;

/* SPDX-License-Identifier: Apache-2.0 */
/* Isolates one process tree: namespaces, read-only root, quotas, ids, limits, seccomp. Knows
 * nothing of Lambda or HTTP.
 *
 *   jail_open      reserves ids, cgroups and the system call filter
 *   jail_spawn     runs a program in a fresh set of namespaces; again after jail_kill: the same
 *                  /tmp, cgroups and ids, nothing else kept
 *   jail_freeze/jail_thaw, jail_usage   while it runs
 *   jail_kill      SIGKILL to every process inside, waits until all are gone
 *   jail_close     gives everything back
 *
 * Isolation fails closed: a step that this host cannot do makes jail_open or jail_spawn fail with
 * ERR_HOST, naming step, reason and way out. Needs Linux 5.14. Call jail_spawn from a thread that
 * lives as long as the jail: while the jail is being built, the end of that thread ends it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define JAIL_BINDS_MAX  16
#define JAIL_LAYERS_MAX 6

enum jail_network {
    JAIL_NETWORK_HOST,
    JAIL_NETWORK_NONE, /* a namespace of its own with loopback up */
};

/* A file or folder of the host, read-only inside. Owned by the host's owner outside, seen as root's
 * inside where the file system allows that. */
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
    const char *cache_dir;   /* /tmp templates and compiled filters; NULL: /var/cache/clambda */
};

/* A program to run: its pid namespace's second process, as uid:gid, in cwd. */
struct jail_program {
    const char *path;
    const char *const *argv;
    const char *const *envp;
    const char *cwd;
};

struct jail_timing {
    int64_t open_us, spawn_us, exec_at_us; /* the last one; exec by CLOCK_MONOTONIC */
};
/* What a spawn hands out. The caller owns the descriptors; all are non-blocking, close-on-exec. */
struct jail_io {
    int stdout_fd, stderr_fd; /* read ends of the program's pipes */
    int listen_fd;            /* NETWORK_NONE with a listen_port, else -1 */
    int exit_fd;              /* readable when the program has ended or never started: jail_wait */
};

/* How the program ended. */
struct jail_exit {
    bool exec_failed; /* it never started: exec_errno */
    int exec_errno;
    bool signaled;
    int code; /* exit status, or the signal's number */
    bool oom; /* the kernel killed something inside for memory since the spawn */
};

struct jail_usage {
    uint64_t memory_bytes;      /* now: anonymous and what cannot be reclaimed */
    uint64_t memory_peak_bytes; /* highest sample since the spawn, see jail_sample */
    uint64_t cpu_us;
    unsigned processes;
    bool oom; /* the kernel killed something inside since the spawn */
};

struct jail; /* not thread-safe */

/* Reserves what outlives a spawn; the first spawn adds /tmp. NULL with ERR_HOST (exit code 3) or
 * ERR_INPUT (a policy or a path of the spec is wrong). */
struct jail *jail_open(const struct jail_spec *spec, struct err *err) ATTR_CHECK;

/* Starts the program. Returns when it has been exec'ed or its exec has failed (then out->exit_fd is
 * readable and jail_wait tells exec_errno). -1: the jail could not be built; nothing runs. */
int jail_spawn(struct jail *j, const struct jail_program *program, struct jail_io *out,
               struct err *err) ATTR_CHECK;

/* How the program ended; call when exit_fd is readable. -1 when it is not known (killed with its
 * jail): then treat it as killed by SIGKILL. Other processes of the jail are dead as well. */
int jail_wait(struct jail *j, struct jail_exit *out, struct err *err) ATTR_CHECK;

/* An eventfd that becomes readable when the kernel kills something inside for memory; -1 when the
 * host has none. Owned by the jail. */
int jail_oom_fd(const struct jail *j);

/* Turns the CPU share on or off; off after jail_open. */
int jail_throttle(struct jail *j, bool on, struct err *err) ATTR_CHECK;
/* Stops every process inside, without their knowing, and lets them go on. Returns when done. */
int jail_freeze(struct jail *j, struct err *err) ATTR_CHECK;
int jail_thaw(struct jail *j, struct err *err) ATTR_CHECK;

/* Sends a signal to the program's process group; 0 when it has ended already. */
int jail_signal(struct jail *j, int signal, struct err *err) ATTR_CHECK;

/* Reads the counters; memory_peak_bytes takes this reading into account. Cheap: every 10 ms. */
int jail_sample(struct jail *j, struct jail_usage *out, struct err *err) ATTR_CHECK;

/* Outside user id of the program's processes: whose connections are the environment's own. */
uid_t jail_outer_uid(const struct jail *j);
/* Unique among living jails of this host: 0 .. 1023. */
unsigned jail_slot(const struct jail *j);

/* With JAIL_NETWORK_HOST: whether link-local metadata addresses are refused. */
bool jail_refuses_metadata(const struct jail *j);

struct jail_timing jail_timing(const struct jail *j);
/* Kills all inside, frozen or not, and waits for their end. Safe to call twice. */
void jail_kill(struct jail *j);

/* jail_kill, then removes cgroups, mounts, image and slot. Accepts NULL. Errors in giving back are
 * written to err when it is not NULL; what can be given back is. */
void jail_close(struct jail *j, struct err *err);

/* Removes what dead processes of this program have left behind (processes, cgroups, slots). Never
 * touches what belongs to a living one. Gives the number of jails removed, or -1. */
int jail_sweep(struct err *err);

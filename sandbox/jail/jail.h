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
 * ERR_HOST, naming step, reason and way out, unless the spec relaxes that limit. Needs Linux 5.14.
 * Root and ordinary users are served, by whatever mechanism the host has. Call jail_spawn from a
 * thread that lives as long as the jail: while the jail is being built, the end of that thread ends
 * it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "jail/spec.h"

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

/* What is held between two events: by all processes but the jail's own first one. */
struct jail_census {
    unsigned processes, threads;
    uint64_t descriptors;
    uint64_t memory_bytes; /* anonymous, to the page */
    uint64_t tmp_bytes, tmp_files;
};

struct jail; /* not thread-safe */

/* Reserves what outlives a spawn; the first spawn adds /tmp. NULL with ERR_HOST (exit code 3) or
 * ERR_INPUT (a policy or a path of the spec is wrong). */
struct jail *jail_open(const struct jail_spec *spec, struct err *err) ATTR_CHECK;

/* Starts the program. Returns when it has been exec'ed or its exec has failed (then out->exit_fd is
 * readable and jail_wait tells exec_errno). -1: the jail could not be built; nothing runs. */
int jail_spawn(struct jail *j, const struct jail_program *program, struct jail_io *out,
               struct err *err) ATTR_CHECK;

/* How the program ended; call when exit_fd is readable. -1 when not known (killed with its jail):
 * treat it as killed by SIGKILL. Other processes of the jail are dead as well. */
int jail_wait(struct jail *j, struct jail_exit *out, struct err *err) ATTR_CHECK;

/* An eventfd, readable when the kernel kills something inside for memory; -1: none. The jail's. */
int jail_oom_fd(const struct jail *j);

/* Turns the CPU share on or off; off after jail_open. */
int jail_throttle(struct jail *j, bool on, struct err *err) ATTR_CHECK;
/* Stops every process inside, without their knowing, and lets them go on. Returns when done. */
int jail_freeze(struct jail *j, struct err *err) ATTR_CHECK;
int jail_thaw(struct jail *j, struct err *err) ATTR_CHECK;

/* To the program's process group; 0 when it has ended already. */
int jail_signal(struct jail *j, int signal, struct err *err) ATTR_CHECK;

/* Reads the counters; memory_peak_bytes takes this reading into account. Cheap: every 10 ms. */
int jail_sample(struct jail *j, struct jail_usage *out, struct err *err) ATTR_CHECK;

/* Counts; not cheap. Exact while the jail is frozen. -1: this host does not show it. */
int jail_census(struct jail *j, struct jail_census *out, struct err *err) ATTR_CHECK;

/* Outside user id of the program's processes: whose connections are the environment's own. */
uid_t jail_outer_uid(const struct jail *j);
/* Unique among living jails of this host: 0 .. 1023. */
unsigned jail_slot(const struct jail *j);

/* Whether a limit holds in this jail, valid as long as it. A relaxed limit is enforced all the same
 * where the host can. */
const struct jail_hold *jail_hold(const struct jail *j, enum jail_limit limit);

/* With JAIL_NETWORK_HOST: whether link-local metadata addresses are refused. */
bool jail_refuses_metadata(const struct jail *j);

struct jail_timing jail_timing(const struct jail *j);
/* Kills all inside, frozen or not, and waits for their end. Safe to call twice. */
void jail_kill(struct jail *j);

/* jail_kill, then gives back cgroups, mounts, image and slot. Accepts NULL. What could not be given
 * back is told in err when that is not NULL. */
void jail_close(struct jail *j, struct err *err);

/* Removes what dead processes of this program have left (processes, cgroups, slots), nothing of a
 * living one. Gives the number of jails removed, or -1. */
int jail_sweep(struct err *err);

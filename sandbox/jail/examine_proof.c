/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/examine_proof.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#define MIB           (1024ull * 1024)
#define TMP_OVER      (4 * MIB) /* Lambda's /tmp takes 1.4 MB more than it is called */
#define SHARE_FACTOR  4         /* a tick may run over, and the rest is waited off */
#define FILTERED      2         /* of "Seccomp:" */
#define SCOPE_VERSION 6         /* of Landlock: abstract sockets, Linux 6.12 */

struct look {
    const struct examine_run *run;
    const struct jail_spec *spec;
};

static uint64_t number(const struct look *l, const char *word)
{
    return examine_run_number(l->run, word);
}

void examine_refute(struct examine_finding *f, const char *fmt, ...)
{
    va_list args;
    f->holds = false;
    va_start(args, fmt);
    vsnprintf(f->why, sizeof f->why, fmt, args);
    va_end(args);
}

static const char *error_text(uint64_t error)
{
    if (error == EXAMINE_NONE)
        return "not reached";
    return error == 0 ? "allowed" : strerror((int)error);
}

static void judge_pids(const struct look *l, struct examine_finding *f)
{
    uint64_t forks = number(l, "forks"), error = number(l, "forks_errno");
    f->holds = error == EAGAIN && forks <= l->spec->limits.processes;
    if (!f->holds)
        examine_refute(f,
                       "it is there and did not hold: with a limit of %u processes, one more: %s",
                       l->spec->limits.processes, error_text(error));
}

static void judge_tmp(const struct look *l, struct examine_finding *f)
{
    uint64_t bytes = number(l, "tmp_bytes"), error = number(l, "tmp_errno"),
             limit = l->spec->limits.tmp_bytes;
    f->holds = error == ENOSPC && bytes >= limit / 2 && bytes <= limit + TMP_OVER;
    if (!f->holds && bytes != EXAMINE_NONE)
        examine_refute(f, "it is there and did not hold: of %llu MB it took %llu KB, then: %s",
                       (unsigned long long)(limit / MIB), (unsigned long long)(bytes / 1024),
                       error_text(error));
    else if (!f->holds)
        examine_refute(f, "the program inside ended before it was tried");
}

static void judge_seccomp(const struct look *l, struct examine_finding *f)
{
    uint64_t mode = number(l, "Seccomp"), call = number(l, "personality");
    f->holds = mode == FILTERED && call == EPERM;
    if (!f->holds)
        examine_refute(f, "it is there and did not hold: mode %lld, personality: %s",
                       (long long)mode, error_text(call));
}

static void judge_user(const struct look *l, struct examine_finding *f)
{
    uint64_t uid = number(l, "uid"), change = number(l, "setuid"), mapped = number(l, "mapped");
    f->holds = uid == l->spec->uid && change != 0 && change != EXAMINE_NONE && mapped < UINT32_MAX;
    if (!f->holds)
        examine_refute(f, "user %lld inside instead of %u, becoming root: %s", (long long)uid,
                       (unsigned)l->spec->uid, error_text(change));
}

static void judge_root(const struct look *l, struct examine_finding *f)
{
    f->holds = number(l, "readonly") == 1 && number(l, "homes") == 0;
    if (!f->holds)
        examine_refute(f, number(l, "homes") == 0 ? "the root can be written"
                                                  : "the host's folders are in sight");
}

static void judge_processes(const struct look *l, struct examine_finding *f)
{
    /* the jail's first one and the program */
    f->holds = number(l, "processes") == 2;
    if (!f->holds)
        examine_refute(f, "%lld processes are in sight inside, instead of 2",
                       (long long)number(l, "processes"));
}

static void judge_files(const struct look *l, struct examine_finding *f)
{
    uint64_t files = number(l, "files"), error = number(l, "files_errno");
    unsigned limit = l->spec->limits.files;
    f->holds = error == EMFILE && files <= limit;
    if (!f->holds)
        examine_refute(f, "one file more than %u: %s", limit, error_text(error));
    else if (files < limit)
        snprintf(f->why, sizeof f->why, "%u here, since the caller has no more: ulimit -Hn %u",
                 (unsigned)files, limit);
}

static void judge_rights(const struct look *l, struct examine_finding *f)
{
    f->holds = number(l, "capabilities") == 0 && number(l, "NoNewPrivs") == 1;
    if (!f->holds)
        examine_refute(f, "capabilities 0x%llx, no_new_privs %lld",
                       (unsigned long long)number(l, "capabilities"),
                       (long long)number(l, "NoNewPrivs"));
}

static void judge_metadata(const struct look *l, struct examine_finding *f)
{
    /* asked for only where a filter hangs */
    uint64_t error = number(l, "metadata");
    f->holds = error == EPERM;
    if (!f->holds && *f->mechanism)
        examine_refute(f, "it is there and did not hold: %s", error_text(error));
    else if (!f->holds)
        examine_refute(f, "--network none keeps a function away from cloud credentials; a filter "
                          "needs root and a cgroup v2 hierarchy (mount -t cgroup2 none DIR)");
}

static void judge_sockets(const struct look *l, struct examine_finding *f)
{
    struct utsname host = {0};
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    f->holds = number(l, "abstract") == EPERM;
    if (f->holds)
        return;
    f->mechanism[0] = 0;
    uname(&host);
    if (version < 0)
        examine_refute(f, "--network none keeps them away; or add landlock to the lsm= list of the "
                          "kernel's command line");
    else if (version < SCOPE_VERSION)
        examine_refute(f, "--network none keeps them away; or Linux 6.12 or newer, this is %.20s",
                       host.release);
    else
        examine_refute(f, "--network none keeps them away; connecting inside: %s",
                       error_text(number(l, "abstract")));
}

static void judge_owners(const struct look *l, struct examine_finding *f)
{
    f->holds = number(l, "usr_owner") == 0 && number(l, "task_owner") == 0;
    if (f->holds)
        return;
    f->mechanism[0] = 0;
    examine_refute(f, "the host's files are nobody's inside, and are read all the same; an owner "
                      "takes root and a file system that can (ext4, xfs, btrfs)");
}

static const struct {
    int item;
    const char *mechanism; /* NULL: the jail has told it */
    void (*judge)(const struct look *l, struct examine_finding *f);
} looks[] = {
    {JAIL_LIMIT_PIDS, NULL, judge_pids},
    {JAIL_LIMIT_TMP, NULL, judge_tmp},
    {JAIL_LIMIT_SECCOMP, NULL, judge_seccomp},
    {EXAMINE_USER, "user namespace", judge_user},
    {EXAMINE_ROOT, "mount namespace", judge_root},
    {EXAMINE_PROCESSES, "pid namespace", judge_processes},
    {EXAMINE_FILES, "resource limit", judge_files},
    {EXAMINE_RIGHTS, "no_new_privs", judge_rights},
    {EXAMINE_METADATA, NULL, judge_metadata},
    {EXAMINE_SOCKETS, "Landlock", judge_sockets},
    {EXAMINE_OWNERS, "idmapped mounts", judge_owners},
};

void examine_judge_look(const struct examine_run *r, const struct jail_spec *spec,
                        struct examine_finding out[static EXAMINE_COUNT])
{
    const struct look l = {r, spec};
    for (size_t i = 0; i < ARRAY_LEN(looks); i++) {
        struct examine_finding *f = &out[looks[i].item];
        if (looks[i].mechanism)
            snprintf(f->mechanism, sizeof f->mechanism, "%s", looks[i].mechanism);
        /* a limit that is missing has its reason already */
        if (*f->mechanism || looks[i].item >= JAIL_LIMIT_COUNT)
            looks[i].judge(&l, f);
    }
}

void examine_judge_eat(const struct examine_run *r, struct examine_finding *f)
{
    uint64_t eaten = examine_run_number(r, "eaten");
    f->holds = r->oom && eaten == EXAMINE_NONE;
    if (f->holds)
        return;
    if (eaten != EXAMINE_NONE)
        examine_refute(f, "it is there and did not hold: the program took %llu MB",
                       (unsigned long long)(eaten / MIB));
    else
        examine_refute(f, "it is there, but the program ended without being killed for memory");
}

bool examine_judge_spin(const struct examine_run *r, unsigned permille, struct examine_finding *f)
{
    uint64_t wall = examine_run_number(r, "wall_us"), cpu = examine_run_number(r, "cpu_us");
    if (wall == EXAMINE_NONE || cpu == EXAMINE_NONE || wall == 0) {
        examine_refute(f, "it is there, but the program ended before it was tried");
        return false;
    }
    uint64_t share = cpu * 1000 / wall;
    f->holds = share <= (uint64_t)permille * SHARE_FACTOR;
    if (f->holds)
        f->why[0] = 0;
    else
        examine_refute(f, "it is there and did not hold: %llu %% of a CPU instead of %u %%",
                       (unsigned long long)(share / 10), permille / 10);
    return f->holds;
}

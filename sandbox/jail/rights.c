/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/rights.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define CAPABILITIES_MAX 64

int rights_become(uid_t user, gid_t group, bool groups, struct err *err)
{
    if (groups && syscall(SYS_setgroups, 0, NULL) < 0)
        return err_sys(err, "setgroups");
    if (syscall(SYS_setresgid, group, group, group) < 0)
        return err_sys(err, "setresgid %u", group);
    if (syscall(SYS_setresuid, user, user, user) < 0)
        return err_sys(err, "setresuid %u", user);
    return 0;
}

int rights_bound(struct err *err)
{
    for (int cap = 0; cap < CAPABILITIES_MAX; cap++)
        if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0 && errno == EINVAL)
            break;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        return err_sys(err, "clear ambient capabilities");
    return prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) == 0
               ? 0
               : err_set(err, ERR_HOST, "the bounding set cannot be emptied");
}

static int keep(unsigned mask, struct err *err)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{.effective = mask, .permitted = mask}};
    return syscall(SYS_capset, &head, data) < 0 ? err_sys(err, "capset") : 0;
}

int rights_drop(struct err *err)
{
    return keep(0, err);
}

int rights_drop_to_kill(struct err *err)
{
    return keep(1u << CAP_KILL, err);
}

/* A soft limit of KEEP is as high as the hard one allows. */
#define KEEP RLIM_INFINITY

static int limit(int what, rlim_t soft, rlim_t hard, struct err *err)
{
    struct rlimit now;
    if (syscall(SYS_prlimit64, 0, what, NULL, &now) < 0)
        return err_sys(err, "prlimit %d", what);
    if (hard < now.rlim_max)
        now.rlim_max = hard;
    now.rlim_cur = soft < now.rlim_max ? soft : now.rlim_max;
    return syscall(SYS_prlimit64, 0, what, &now, NULL) < 0 ? err_sys(err, "prlimit %d", what) : 0;
}

int rights_limit(unsigned files, unsigned processes, struct err *err)
{
    const struct {
        int what;
        rlim_t soft, hard;
    } rows[] = {
        {RLIMIT_NOFILE, files, files},
        {RLIMIT_NPROC, processes, processes},
        {RLIMIT_MEMLOCK, 65536, 65536},
        {RLIMIT_STACK, 8388608, KEEP},
        /* 1 byte: no file is that small, and the kernel takes it as "no" for a pipe to a host's
         * collector too, which 0 is not */
        {RLIMIT_CORE, 1, 1},
        {RLIMIT_NICE, 0, 0},
        {RLIMIT_RTPRIO, 0, 0},
        {RLIMIT_CPU, KEEP, KEEP},
        {RLIMIT_AS, KEEP, KEEP},
        {RLIMIT_DATA, KEEP, KEEP},
        {RLIMIT_FSIZE, KEEP, KEEP},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (limit(rows[i].what, rows[i].soft, rows[i].hard, err) < 0)
            return -1;
    return 0;
}

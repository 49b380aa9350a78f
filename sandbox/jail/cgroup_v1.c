/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/cgroup_v1.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#include "jail/cgroup.h"
#include "jail/files.h"

#define FREEZE_TRIES 2000
#define FREEZE_NS    500000

const char *const cgroup_v1_names[V1_COUNT] = {
    [V1_FREEZER] = "freezer", [V1_MEMORY] = "memory", [V1_CPU] = "cpu",
    [V1_CPUACCT] = "cpuacct", [V1_PIDS] = "pids",
};

static int v1_write(struct cgroup *g, enum cgroup_v1_controller c, const char *name, int64_t value,
                    struct err *err)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, value);
    if (files_write(g->folders[c], name, text, err) < 0)
        return err_wrap(err, "cgroup '%s'", cgroup_v1_names[c]);
    return 0;
}

/* Memory and swap together: without it a host with swap would let the jail grow. */
static int v1_limit_swap(struct cgroup *g, int64_t bytes, struct err *err)
{
    if (faccessat(g->folders[V1_MEMORY], "memory.memsw.limit_in_bytes", F_OK, 0) == 0)
        return v1_write(g, V1_MEMORY, "memory.memsw.limit_in_bytes", bytes, err);
    if (cgroup_host_swaps())
        return err_set(err, ERR_HOST,
                       "memory cannot be limited: this host swaps and does not account for it; "
                       "run 'swapoff -a' or boot with swapaccount=1");
    return 0;
}

/* Counts an eventfd up at every out-of-memory condition. */
static int v1_watch_oom(struct cgroup *g, struct err *err)
{
    AUTO_FD int control = openat(g->folders[V1_MEMORY], "memory.oom_control", O_RDONLY | O_CLOEXEC);
    if (control < 0)
        return err_sys(err, "open 'memory.oom_control'");
    g->oom_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (g->oom_fd < 0)
        return err_sys(err, "eventfd");
    char text[32];
    snprintf(text, sizeof text, "%d %d", g->oom_fd, control);
    return files_write(g->folders[V1_MEMORY], "cgroup.event_control", text, err);
}

static int v1_limit_memory(struct cgroup *g, struct err *err)
{
    struct err ignored;
    int64_t bytes = (int64_t)(g->limits.memory_bytes + g->limits.slack_bytes);
    if (v1_write(g, V1_MEMORY, "memory.limit_in_bytes", bytes, err) < 0 ||
        v1_limit_swap(g, bytes, err) < 0)
        return -1;
    /* a hint only: the limit above holds without it */
    (void)!v1_write(g, V1_MEMORY, "memory.swappiness", 0, &ignored);
    return v1_watch_oom(g, err);
}

static int v1_limit_cpu(struct cgroup *g, struct err *err)
{
    return v1_write(g, V1_CPU, "cpu.cfs_quota_us", -1, err);
}

static int v1_limit_pids(struct cgroup *g, struct err *err)
{
    return v1_write(g, V1_PIDS, "pids.max", g->limits.processes, err);
}

static int v1_open_freezer(struct cgroup *g, struct err *err)
{
    g->thaw_fd = openat(g->folders[V1_FREEZER], "freezer.state", O_RDWR | O_CLOEXEC);
    if (g->thaw_fd < 0)
        return err_sys(err, "open 'freezer.state'");
    g->thaw_text = "THAWED";
    return 0;
}

/* What each controller is there for; cpuacct only counts. */
static const struct {
    enum jail_limit limit;
    int (*apply)(struct cgroup *g, struct err *err);
} uses[V1_COUNT] = {
    [V1_FREEZER] = {JAIL_LIMIT_FREEZE, v1_open_freezer},
    [V1_MEMORY] = {JAIL_LIMIT_MEMORY, v1_limit_memory},
    [V1_CPU] = {JAIL_LIMIT_CPU, v1_limit_cpu},
    [V1_CPUACCT] = {JAIL_LIMIT_COUNT, NULL},
    [V1_PIDS] = {JAIL_LIMIT_PIDS, v1_limit_pids},
};

/* A process that writes its own id as "0" to tasks is moved without waiting for an RCU grace period
 * of all CPUs; cgroup.procs, or another's id, costs 6 to 15 ms on an idle host. The kernel checks
 * the rights of who has opened the file, so that the jailed process can do it. */
static int v1_enter(struct cgroup *g, enum cgroup_v1_controller c, struct err *err)
{
    if (cgroup_make_folder(g, c, err) < 0)
        return -1;
    int fd = openat(g->folders[c], "tasks", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(err, "open 'tasks' of cgroup '%s'", cgroup_v1_names[c]);
    g->attach_fds[g->nattach++] = fd;
    return 0;
}

static void v1_miss(struct cgroup *g, enum cgroup_v1_controller c, const struct err *err)
{
    if (err->sys == EACCES || err->sys == EPERM)
        cgroup_miss(g, uses[c].limit,
                    "the cgroup v1 controller '%s' is root's: run it as root, or boot with "
                    "systemd.unified_cgroup_hierarchy=1",
                    cgroup_v1_names[c]);
    else if (err->sys == EROFS)
        cgroup_miss(g, uses[c].limit,
                    "the cgroup v1 controller '%s' is mounted read-only: a container needs "
                    "--privileged, or that mount writable",
                    cgroup_v1_names[c]);
    else
        cgroup_miss(g, uses[c].limit, "%s", err->msg);
}

static void v1_use(struct cgroup *g, enum cgroup_v1_controller c)
{
    struct err err = {0};
    bool limits = uses[c].apply != NULL;
    if (v1_enter(g, c, &err) == 0 && (!limits || uses[c].apply(g, &err) == 0)) {
        if (limits)
            cgroup_hold(g, uses[c].limit);
    } else if (limits) {
        v1_miss(g, c, &err);
    }
}

static int v1_create(struct cgroup *g, const struct slot *slot, struct err *err)
{
    for (size_t c = 0; c <= V1_UNIFIED; c++)
        if (g->base[c][0] && cgroup_note(g, c, slot, err) < 0)
            return -1;
    for (size_t c = 0; c < V1_COUNT; c++) {
        if (g->base[c][0])
            v1_use(g, (enum cgroup_v1_controller)c);
        else if (uses[c].apply)
            cgroup_miss(g, uses[c].limit,
                        "the cgroup v1 controller '%s' is not mounted: mkdir /sys/fs/cgroup/%s; "
                        "mount -t cgroup -o %s none /sys/fs/cgroup/%s",
                        cgroup_v1_names[c], cgroup_v1_names[c], cgroup_v1_names[c],
                        cgroup_v1_names[c]);
    }
    return 0;
}

static int v1_throttle(struct cgroup *g, bool on, struct err *err)
{
    if (!on)
        return v1_write(g, V1_CPU, "cpu.cfs_quota_us", -1, err);
    int64_t period = 0, quota = cgroup_quota_us(g->limits.cpu_permille, &period);
    if (v1_write(g, V1_CPU, "cpu.cfs_period_us", period, err) < 0)
        return -1;
    return v1_write(g, V1_CPU, "cpu.cfs_quota_us", quota, err);
}

static int v1_set_frozen(struct cgroup *g, const char *state, struct err *err)
{
    if (pwrite(g->thaw_fd, state, strlen(state), 0) < 0)
        return err_sys(err, "write '%s' to 'freezer.state'", state);
    return 0;
}

/* The state is FREEZING until every process has stopped; it has to be asked again. */
static int v1_freeze(struct cgroup *g, bool on, struct err *err)
{
    if (!on)
        return v1_set_frozen(g, g->thaw_text, err);
    if (v1_set_frozen(g, "FROZEN", err) < 0)
        return -1;
    for (int tries = 0; tries < FREEZE_TRIES; tries++) {
        char state[16] = "";
        if (pread(g->thaw_fd, state, sizeof state - 1, 0) < 0)
            return err_sys(err, "read 'freezer.state'");
        if (strncmp(state, "FROZEN", 6) == 0)
            return 0;
        if (tries > 20)
            nanosleep(&(struct timespec){.tv_nsec = FREEZE_NS}, NULL);
    }
    (void)!v1_set_frozen(g, g->thaw_text, err);
    return err_set(err, ERR_HOST, "a process of the jail did not freeze within a second");
}

/* Of the controllers that are there. */
static int v1_sample(struct cgroup *g, struct cgroup_sample *out, struct err *err)
{
    char stat[8192] = "";
    uint64_t cpu_ns = 0, processes = 0;
    if ((g->folders[V1_MEMORY] >= 0 &&
         files_read(g->folders[V1_MEMORY], "memory.stat", stat, sizeof stat, err) < 0) ||
        (g->folders[V1_CPUACCT] >= 0 &&
         files_read_number(g->folders[V1_CPUACCT], "cpuacct.usage", &cpu_ns, err) < 0) ||
        (g->folders[V1_PIDS] >= 0 &&
         files_read_number(g->folders[V1_PIDS], "pids.current", &processes, err) < 0))
        return -1;
    out->memory_bytes =
        files_find_number(stat, "total_rss", 0) + files_find_number(stat, "total_shmem", 0);
    out->cpu_us = cpu_ns / 1000;
    out->processes = (unsigned)processes;
    return 0;
}

static int v1_oom_kills(struct cgroup *g, uint64_t *out, struct err *err)
{
    char text[256];
    if (files_read(g->folders[V1_MEMORY], "memory.oom_control", text, sizeof text, err) < 0)
        return -1;
    *out = files_find_number(text, "oom_kill", 0);
    return 0;
}

static int v1_processes(struct cgroup *g, int *out, size_t max, struct err *err)
{
    static const enum cgroup_v1_controller any[] = {V1_MEMORY, V1_PIDS, V1_CPU, V1_FREEZER};
    for (size_t i = 0; i < ARRAY_LEN(any); i++)
        if (g->folders[any[i]] >= 0)
            return files_read_ids(g->folders[any[i]], "cgroup.procs", out, max, err);
    return 0;
}

const struct cgroup_ops cgroup_v1_ops = {
    .name = "cgroup v1",
    .create = v1_create,
    .throttle = v1_throttle,
    .freeze = v1_freeze,
    .sample = v1_sample,
    .oom_kills = v1_oom_kills,
    .processes = v1_processes,
};

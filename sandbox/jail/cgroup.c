/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "jail/cgroup_base.h"
#include "jail/cgroup_v1.h"
#include "jail/cgroup_v2.h"
#include "jail/files.h"
#include "jail/metadata.h"
#include "jail/mountinfo.h"
#include "jail/slot.h"

#define MOUNTINFO_MAX (1024 * 1024)
#define PERIOD_US     20000 /* shares are exact down to 128 MB, with the least spread */
#define PERIOD_MAX_US 1000000
#define QUOTA_MIN_US  1000 /* of the kernel */

static const enum jail_limit limited[] = {JAIL_LIMIT_MEMORY, JAIL_LIMIT_CPU, JAIL_LIMIT_PIDS,
                                          JAIL_LIMIT_FREEZE};

void cgroup_init(struct cgroup *g)
{
    memset(g, 0, sizeof *g);
    g->thaw_fd = g->clone_fd = g->program_fd = g->oom_fd = -1;
    for (size_t i = 0; i < CGROUP_FOLDERS_MAX; i++)
        g->folders[i] = g->attach_fds[i] = -1;
}

/* A controller belongs to one kind of hierarchy at a time: to v1 when a line of the caller's groups
 * names it, mounted here or not. */
static const struct cgroup_ops *choose_kind(const char *cgroups, bool v1_mounted, bool v2_mounted)
{
    static const char *const names[] = {"memory", "cpu", "pids"};
    size_t bound = 0;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        bound += mountinfo_has_controller(cgroups, names[i]);
    if (v1_mounted && (bound * 2 > ARRAY_LEN(names) || !v2_mounted))
        return &cgroup_v1_ops;
    return v2_mounted ? &cgroup_v2_ops : NULL;
}

int cgroup_find(struct cgroup *g, const char *mountinfo, const char *cgroups, struct err *err)
{
    bool v1_mounted = false;
    for (size_t i = 0; i <= V1_UNIFIED; i++) {
        int found =
            mountinfo_own_group(mountinfo, cgroups, i == V1_UNIFIED ? "" : cgroup_v1_names[i],
                                g->base[i], sizeof g->base[i], err);
        if (found < 0)
            return -1;
        if (!found)
            g->base[i][0] = 0;
        v1_mounted = v1_mounted || (found && i != V1_UNIFIED);
    }
    g->ops = choose_kind(cgroups, v1_mounted, g->base[V1_UNIFIED][0]);
    if (g->ops == &cgroup_v2_ops) {
        memmove(g->base[V2_OUTER], g->base[V1_UNIFIED], sizeof g->base[V2_OUTER]);
        for (size_t i = V2_OUTER + 1; i < CGROUP_FOLDERS_MAX; i++)
            g->base[i][0] = 0;
    }
    return 0;
}

int cgroup_note(const struct cgroup *g, size_t i, const struct slot *slot, struct err *err)
{
    char path[PATH_MAX + CGROUP_NAME_MAX];
    snprintf(path, sizeof path, "%s/%s", g->base[i], g->name);
    return slot_note(slot, path, err);
}

int cgroup_open(struct cgroup *g, const struct cgroup_limits *limits, const struct slot *slot,
                struct err *err)
{
    g->limits = *limits;
    AUTO_FREE char *mountinfo = malloc(MOUNTINFO_MAX);
    char cgroups[8192];
    if (!mountinfo)
        return err_set(err, ERR_MEMORY, "no memory to read mountinfo");
    if (files_read(AT_FDCWD, "/proc/self/mountinfo", mountinfo, MOUNTINFO_MAX, err) < 0 ||
        files_read(AT_FDCWD, "/proc/self/cgroup", cgroups, sizeof cgroups, err) < 0 ||
        cgroup_find(g, mountinfo, cgroups, err) < 0)
        return -1;
    if (!g->ops) {
        for (size_t i = 0; i < ARRAY_LEN(limited); i++)
            cgroup_miss(g, limited[i],
                        "no control groups are mounted: mount -t cgroup2 none /sys/fs/cgroup");
        return 0;
    }
    snprintf(g->name, sizeof g->name, CGROUP_PREFIX "%u.%d", slot->index, (int)getpid());
    return g->ops->create(g, slot, err);
}

int cgroup_make_folder(struct cgroup *g, size_t controller, struct err *err)
{
    char path[PATH_MAX + CGROUP_NAME_MAX];
    snprintf(path, sizeof path, "%s/%s", g->base[controller], g->name);
    bool shared = false;
    for (size_t i = 0; i < controller; i++)
        shared = shared || strcmp(g->base[i], g->base[controller]) == 0;
    if (!shared && mkdir(path, 0755) < 0)
        return err_sys(err, "mkdir '%s'", path);
    g->folders[controller] = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return g->folders[controller] < 0 ? err_sys(err, "open '%s'", path) : 0;
}

void cgroup_hold(struct cgroup *g, enum jail_limit limit)
{
    g->holds[limit].mechanism = g->ops->name;
    g->holds[limit].why[0] = 0;
}

void cgroup_miss(struct cgroup *g, enum jail_limit limit, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    g->holds[limit].mechanism = NULL;
    vsnprintf(g->holds[limit].why, sizeof g->holds[limit].why, fmt, args);
    va_end(args);
}

bool cgroup_host_swaps(void)
{
    char text[8192];
    struct err ignored;
    /* the first line is the heading */
    return files_read(AT_FDCWD, "/proc/swaps", text, sizeof text, &ignored) > 0 &&
           strchr(text, '\n') && strchr(text, '\n')[1];
}

int64_t cgroup_quota_us(unsigned permille, int64_t *out_period_us)
{
    int64_t share = permille ? permille : 1, period = PERIOD_US;
    if (share * period < QUOTA_MIN_US * 1000)
        period = (QUOTA_MIN_US * 1000 + share - 1) / share;
    *out_period_us = period < PERIOD_MAX_US ? period : PERIOD_MAX_US;
    return share * *out_period_us / 1000;
}

static bool holds(const struct cgroup *g, enum jail_limit limit)
{
    return g->ops && g->holds[limit].mechanism;
}

int cgroup_throttle(struct cgroup *g, bool on, struct err *err)
{
    return holds(g, JAIL_LIMIT_CPU) ? g->ops->throttle(g, on, err) : 0;
}

int cgroup_freeze(struct cgroup *g, bool on, struct err *err)
{
    return holds(g, JAIL_LIMIT_FREEZE) ? g->ops->freeze(g, on, err) : 0;
}

int cgroup_sample(struct cgroup *g, struct cgroup_sample *out, struct err *err)
{
    memset(out, 0, sizeof *out);
    return g->ops ? g->ops->sample(g, out, err) : 0;
}

int cgroup_oom_kills(struct cgroup *g, uint64_t *out, struct err *err)
{
    *out = 0;
    return holds(g, JAIL_LIMIT_MEMORY) ? g->ops->oom_kills(g, out, err) : 0;
}

int cgroup_processes(struct cgroup *g, int *out, size_t max, struct err *err)
{
    return g->ops ? g->ops->processes(g, out, max, err) : 0;
}

void cgroup_refuse_metadata(struct cgroup *g)
{
    struct err ignored;
    bool v2 = g->ops == &cgroup_v2_ops;
    size_t i = v2 ? V2_OUTER : V1_UNIFIED;
    if (!g->base[i][0] || (!v2 && cgroup_make_folder(g, i, &ignored) < 0))
        return;
    if (g->folders[i] < 0 || metadata_refuse_host(g->folders[i], &ignored) < 0)
        return;
    if (!v2)
        g->clone_fd = g->folders[i];
    g->metadata_refused = true;
}

static void close_fds(struct cgroup *g)
{
    for (size_t i = 0; i < CGROUP_FOLDERS_MAX; i++) {
        attr_close(&g->folders[i]);
        attr_close(&g->attach_fds[i]);
        g->folders[i] = g->attach_fds[i] = -1;
    }
    attr_close(&g->thaw_fd);
    attr_close(&g->oom_fd);
    g->thaw_fd = g->oom_fd = g->clone_fd = g->program_fd = -1;
    g->nattach = 0;
}

int cgroup_close(struct cgroup *g, struct err *err)
{
    int failed = 0;
    close_fds(g);
    for (size_t i = 0; i < CGROUP_FOLDERS_MAX && g->name[0]; i++) {
        char path[PATH_MAX + CGROUP_NAME_MAX];
        if (!g->base[i][0])
            continue;
        snprintf(path, sizeof path, "%s/%s", g->base[i], g->name);
        if (cgroup_remove(path, err) < 0)
            failed = -1;
    }
    if (g->name[0] && g->ops == &cgroup_v2_ops)
        cgroup_base_leave(g->base[V2_OUTER], getpid());
    g->name[0] = 0;
    return failed;
}

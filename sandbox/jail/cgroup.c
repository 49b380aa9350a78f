/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "jail/cgroup_v1.h"
#include "jail/files.h"
#include "jail/metadata.h"
#include "jail/mountinfo.h"
#include "jail/slot.h"

#define GROUP_PREFIX   "clambda."
#define MOUNTINFO_MAX  (1024 * 1024)
#define REMOVE_TRIES   3000
#define REMOVE_WAIT_NS 1000000

void cgroup_init(struct cgroup *g)
{
    memset(g, 0, sizeof *g);
    g->thaw_fd = g->clone_fd = g->program_fd = g->oom_fd = -1;
    for (size_t i = 0; i < CGROUP_FOLDERS_MAX; i++)
        g->folders[i] = g->attach_fds[i] = -1;
}

int cgroup_find(struct cgroup *g, const char *mountinfo, const char *cgroups, struct err *err)
{
    for (size_t i = 0; i < V1_COUNT; i++) {
        int found = mountinfo_own_group(mountinfo, cgroups, cgroup_v1_names[i], g->base[i],
                                        sizeof g->base[i], err);
        if (found < 0)
            return -1;
        if (!found)
            return err_set(err, ERR_HOST,
                           "the cgroup v1 controller '%s' is not mounted: boot with "
                           "systemd.unified_cgroup_hierarchy=0, or mount it with "
                           "mount -t cgroup -o %s none /sys/fs/cgroup/%s",
                           cgroup_v1_names[i], cgroup_v1_names[i], cgroup_v1_names[i]);
    }
    if (mountinfo_own_group(mountinfo, cgroups, "", g->base[V1_UNIFIED], sizeof g->base[V1_UNIFIED],
                            err) != 1)
        g->base[V1_UNIFIED][0] = 0;
    g->ops = &cgroup_v1_ops;
    return 0;
}

/* The slot learns the paths before the groups are made: a kill in between leaves nothing unknown.
 */
static int cgroup_note(const struct cgroup *g, const struct slot *slot, struct err *err)
{
    for (size_t i = 0; i < CGROUP_FOLDERS_MAX; i++) {
        char path[PATH_MAX + CGROUP_NAME_MAX];
        if (!g->base[i][0])
            continue;
        snprintf(path, sizeof path, "%s/%s", g->base[i], g->name);
        if (slot_note(slot, path, err) < 0)
            return -1;
    }
    return 0;
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
    snprintf(g->name, sizeof g->name, GROUP_PREFIX "%u.%d", slot->index, (int)getpid());
    if (cgroup_note(g, slot, err) < 0)
        return -1;
    if (g->ops->create(g, err) < 0)
        return -1;
    static const enum jail_limit limited[] = {JAIL_LIMIT_MEMORY, JAIL_LIMIT_CPU, JAIL_LIMIT_PIDS,
                                              JAIL_LIMIT_FREEZE};
    for (size_t i = 0; i < ARRAY_LEN(limited); i++)
        g->holds[limited[i]].mechanism = g->ops->name;
    return 0;
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

void cgroup_refuse_metadata(struct cgroup *g)
{
    struct err ignored;
    if (!g->base[V1_UNIFIED][0] || cgroup_make_folder(g, V1_UNIFIED, &ignored) < 0)
        return;
    if (metadata_refuse_host(g->folders[V1_UNIFIED], &ignored) < 0)
        return;
    g->clone_fd = g->folders[V1_UNIFIED];
    g->metadata_refused = true;
}

static bool cgroup_holds(const struct cgroup *g, enum jail_limit limit)
{
    return g->ops && g->holds[limit].mechanism;
}

int cgroup_throttle(struct cgroup *g, bool on, struct err *err)
{
    return cgroup_holds(g, JAIL_LIMIT_CPU) ? g->ops->throttle(g, on, err) : 0;
}

int cgroup_freeze(struct cgroup *g, bool on, struct err *err)
{
    return cgroup_holds(g, JAIL_LIMIT_FREEZE) ? g->ops->freeze(g, on, err) : 0;
}

int cgroup_sample(struct cgroup *g, struct cgroup_sample *out, struct err *err)
{
    memset(out, 0, sizeof *out);
    return g->ops ? g->ops->sample(g, out, err) : 0;
}

int cgroup_oom_kills(struct cgroup *g, uint64_t *out, struct err *err)
{
    *out = 0;
    return cgroup_holds(g, JAIL_LIMIT_MEMORY) ? g->ops->oom_kills(g, out, err) : 0;
}

int cgroup_processes(struct cgroup *g, int *out, size_t max, struct err *err)
{
    return g->ops ? g->ops->processes(g, out, max, err) : 0;
}

static void cgroup_close_fds(struct cgroup *g)
{
    for (size_t i = 0; i < CGROUP_FOLDERS_MAX; i++) {
        attr_close(&g->folders[i]);
        attr_close(&g->attach_fds[i]);
        g->folders[i] = g->attach_fds[i] = -1;
    }
    attr_close(&g->thaw_fd);
    attr_close(&g->oom_fd);
    g->thaw_fd = g->oom_fd = g->clone_fd = -1;
    g->nattach = 0;
}

int cgroup_close(struct cgroup *g, struct err *err)
{
    int failed = 0;
    cgroup_close_fds(g);
    for (size_t i = 0; i < CGROUP_FOLDERS_MAX && g->name[0]; i++) {
        char path[PATH_MAX + CGROUP_NAME_MAX];
        if (!g->base[i][0])
            continue;
        snprintf(path, sizeof path, "%s/%s", g->base[i], g->name);
        if (cgroup_remove(path, err) < 0)
            failed = -1;
    }
    g->name[0] = 0;
    return failed;
}

/* Only what this program has made: ".../clambda.SLOT.PID", without "..". */
static bool cgroup_is_ours(const char *path)
{
    unsigned slot, pid;
    int end = 0;
    const char *name = strrchr(path, '/');
    return *path == '/' && name && !strstr(path, "/../") &&
           sscanf(name + 1, GROUP_PREFIX "%u.%u%n", &slot, &pid, &end) == 2 && !name[1 + end];
}

static void cgroup_kill_all(int folder)
{
    char pids[16384];
    struct err ignored;
    if (files_read(folder, "cgroup.procs", pids, sizeof pids, &ignored) < 0)
        return;
    char *save = NULL;
    for (char *line = strtok_r(pids, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        int pid = atoi(line);
        if (pid > 0)
            kill(pid, SIGKILL);
    }
    /* a frozen process takes its death when it is thawed */
    (void)!files_write(folder, "freezer.state", "THAWED", &ignored);
}

int cgroup_remove(const char *path, struct err *err)
{
    if (!cgroup_is_ours(path))
        return err_set(err, ERR_INPUT, "'%s' is no group of a jail: it is left alone", path);
    for (int tries = 0; tries < REMOVE_TRIES; tries++) {
        if (rmdir(path) == 0 || errno == ENOENT)
            return 0;
        if (errno != EBUSY)
            break;
        AUTO_FD int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder >= 0)
            cgroup_kill_all(folder);
        nanosleep(&(struct timespec){.tv_nsec = REMOVE_WAIT_NS}, NULL);
    }
    return err_sys(err, "remove '%s'", path);
}

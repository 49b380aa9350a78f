/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "jail/cgroup.h"
#include "jail/cgroup_base.h"
#include "jail/cgroup_v2.h"
#include "jail/files.h"

#define KILL_MAX       2048
#define REMOVE_TRIES   3000
#define REMOVE_WAIT_NS 1000000

/* The last part of the path of a group that this program has made: absolute, without "..". */
static const char *own_name(const char *path)
{
    const char *name = strrchr(path, '/');
    return *path == '/' && name && !strstr(path, "/../") ? name + 1 : NULL;
}

/* "clambda.SLOT.PID" */
static bool is_jail(const char *name)
{
    unsigned slot, pid;
    int end = 0;
    return name && sscanf(name, CGROUP_PREFIX "%u.%u%n", &slot, &pid, &end) == 2 && !name[end];
}

/* "clambda.host.PID" */
static bool is_host(const char *name)
{
    unsigned pid;
    int end = 0;
    return name && sscanf(name, CGROUP_LEAF "%u%n", &pid, &end) == 1 && !name[end];
}

static void kill_listed(int folder)
{
    int pids[KILL_MAX];
    struct err ignored;
    int n = files_read_ids(folder, "cgroup.procs", pids, KILL_MAX, &ignored);
    for (int i = 0; i < n; i++)
        if (pids[i] > 0)
            kill(pids[i], SIGKILL);
}

/* cgroup.kill (Linux 5.14) takes those of the groups below along, however fast they fork. */
static void kill_all(int folder)
{
    struct err ignored;
    if (files_write(folder, "cgroup.kill", "1", &ignored) == 0)
        return;
    kill_listed(folder);
    for (size_t i = V2_OUTER + 1; i < V2_COUNT; i++) {
        AUTO_FD int child =
            openat(folder, cgroup_v2_children[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (child >= 0)
            kill_listed(child);
    }
    /* on v1, a frozen process takes its death when it is thawed */
    (void)!files_write(folder, "freezer.state", "THAWED", &ignored);
}

/* What v2 has below; anything else there is not ours, and keeps the group. */
static void remove_children(int folder)
{
    for (size_t i = V2_OUTER + 1; i < V2_COUNT; i++)
        (void)!unlinkat(folder, cgroup_v2_children[i], AT_REMOVEDIR);
}

static int remove_jail(const char *path, struct err *err)
{
    for (int tries = 0; tries < REMOVE_TRIES; tries++) {
        if (rmdir(path) == 0 || errno == ENOENT)
            return 0;
        AUTO_FD int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        /* a read-only mount refuses to remove even what was never made */
        if (folder < 0 && errno == ENOENT)
            return 0;
        if (folder < 0)
            break;
        remove_children(folder);
        if (rmdir(path) == 0)
            return 0;
        if (errno != EBUSY)
            break;
        kill_all(folder);
        nanosleep(&(struct timespec){.tv_nsec = REMOVE_WAIT_NS}, NULL);
    }
    return err_sys(err, "remove '%s'", path);
}

int cgroup_remove(const char *path, struct err *err)
{
    const char *name = own_name(path);
    if (is_jail(name))
        return remove_jail(path, err);
    if (!is_host(name))
        return err_set(err, ERR_INPUT, "'%s' is no group of a jail: it is left alone", path);
    char base[PATH_MAX];
    if (snprintf(base, sizeof base, "%.*s", (int)(name - 1 - path), path) < (int)sizeof base)
        cgroup_base_leave(base, atoi(name + strlen(CGROUP_LEAF)));
    return 0;
}

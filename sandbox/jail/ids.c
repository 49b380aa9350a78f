/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/ids.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "jail/files.h"
#include "jail/slot.h"
#include "jail/subids.h"

#define MAP_MAX   8192
#define BLOCK     (2u * SLOT_COUNT) /* ids for all slots */
#define BLOCK_END (2u * BLOCK)      /* below the end of a container's range, where "nobody" is */

const char ids_root_refused[] =
    "root without CAP_SETFCAP: run it as another user, docker run --user 1000";

static bool has_set_ids(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}};
    const unsigned need = 1u << CAP_SETUID | 1u << CAP_SETGID;
    return syscall(SYS_capget, &head, data) == 0 && (data[0].effective & need) == need;
}

/* Steps through the lines of a map: where the next one begins, NULL behind the last. */
static const char *map_next(const char *line, unsigned long *inside, unsigned long *end)
{
    unsigned long outside, count;
    if (sscanf(line, "%lu %lu %lu", inside, &outside, &count) != 3)
        return NULL;
    *end = *inside + count;
    return line + strcspn(line, "\n") + (strchr(line, '\n') != NULL);
}

/* Whether the caller's own namespace has the ids from first on. */
static bool map_covers(const char *map, unsigned long first)
{
    unsigned long inside, end;
    while ((map = map_next(map, &inside, &end)))
        if (inside <= first && first + BLOCK <= end)
            return true;
    return false;
}

/* The end of the map's last range. */
static unsigned long map_end(const char *map)
{
    unsigned long inside, end, last = 0;
    while ((map = map_next(map, &inside, &end)))
        last = end > last ? end : last;
    return last;
}

/* The first of the ids that all slots share; a container has fewer ids than the host. */
static bool find_block(unsigned long *out)
{
    char users[MAP_MAX], groups[MAP_MAX];
    struct err ignored;
    if (files_read(AT_FDCWD, "/proc/self/uid_map", users, sizeof users, &ignored) < 0 ||
        files_read(AT_FDCWD, "/proc/self/gid_map", groups, sizeof groups, &ignored) < 0)
        return false;
    unsigned long end = map_end(users);
    const unsigned long places[] = {IDS_BASE, end > BLOCK_END ? end - BLOCK_END : 0};
    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        if (places[i] && map_covers(users, places[i]) && map_covers(groups, places[i])) {
            *out = places[i];
            return true;
        }
    return false;
}

static void choose_own(struct ids *ids)
{
    ids->kind = IDS_OWN;
    ids->root_uid = ids->user_uid = geteuid();
    ids->root_gid = ids->user_gid = getegid();
}

void ids_choose_host(struct ids *ids, unsigned slot, uid_t inner_uid, gid_t inner_gid, bool closed)
{
    unsigned long first = 0;
    *ids = (struct ids){.inner_uid = inner_uid, .inner_gid = inner_gid};
    if (has_set_ids() && find_block(&first)) {
        ids->kind = IDS_SLOT;
        ids->root_uid = ids->root_gid = (uid_t)first + 2 * slot;
        ids->user_uid = ids->user_gid = (uid_t)first + 2 * slot + 1;
    } else if (!closed && subids_find(slot, &ids->user_uid, &ids->root_gid, &ids->user_gid)) {
        ids->kind = IDS_SUBORDINATE;
        ids->root_uid = geteuid();
    } else {
        choose_own(ids);
    }
}

static int map_write(pid_t child, const char *name, const char *text, struct err *err)
{
    char path[64];
    struct err why;
    snprintf(path, sizeof path, "/proc/%d/%s", (int)child, name);
    if (files_write(AT_FDCWD, path, text, &why) == 0)
        return 0;
    errno = why.sys;
    err_sys(err, "map the ids of the jail ('%s')", name);
    if (why.sys == EPERM && geteuid() == 0) {
        size_t used = strlen(err->msg);
        snprintf(err->msg + used, sizeof err->msg - used, " (%s)", ids_root_refused);
    }
    return -1;
}

static int map_slot(const struct ids *ids, pid_t child, struct err *err)
{
    char users[96], groups[96];
    snprintf(users, sizeof users, "0 %u 1\n%u %u 1\n", ids->root_uid, ids->inner_uid,
             ids->user_uid);
    snprintf(groups, sizeof groups, "0 %u 1\n%u %u 1\n", ids->root_gid, ids->inner_gid,
             ids->user_gid);
    if (map_write(child, "gid_map", groups, err) < 0)
        return -1;
    return map_write(child, "uid_map", users, err);
}

/* Who cannot drop groups may not get some by a map: the kernel wants setgroups off first. */
static int map_own(const struct ids *ids, pid_t child, struct err *err)
{
    char user[64], group[64];
    snprintf(user, sizeof user, "%u %u 1\n", ids->inner_uid, ids->user_uid);
    snprintf(group, sizeof group, "%u %u 1\n", ids->inner_gid, ids->user_gid);
    if (map_write(child, "setgroups", "deny", err) < 0 ||
        map_write(child, "gid_map", group, err) < 0)
        return -1;
    return map_write(child, "uid_map", user, err);
}

int ids_map_host(struct ids *ids, pid_t child, struct err *err)
{
    if (ids->kind == IDS_SLOT)
        return map_slot(ids, child, err);
    if (ids->kind == IDS_SUBORDINATE) {
        if (subids_map(child, ids))
            return 0;
        choose_own(ids);
    }
    return map_own(ids, child, err);
}

/* A namespace needs a process only until it is open. It ends with its parent. */
_Noreturn static void view_child(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (getppid() == parent)
        pause();
    _exit(0);
}

int ids_open_view(const struct ids *ids, uid_t owner, gid_t group, struct err *err)
{
    sigset_t all, before;
    pid_t parent = getpid();
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    long child = syscall(SYS_clone, CLONE_NEWUSER, NULL, NULL, NULL, NULL);
    if (child == 0)
        view_child(parent);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (child < 0)
        return err_sys(err, "a user namespace");

    char text[64], path[64];
    snprintf(text, sizeof text, "%u %u 1\n", owner, ids->root_uid);
    int failed = map_write((pid_t)child, "uid_map", text, err);
    snprintf(text, sizeof text, "%u %u 1\n", group, ids->root_gid);
    if (failed == 0)
        failed = map_write((pid_t)child, "gid_map", text, err);
    snprintf(path, sizeof path, "/proc/%ld/ns/user", child);
    int fd = failed < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (failed == 0 && fd < 0)
        err_sys(err, "open '%s'", path);
    kill((pid_t)child, SIGKILL);
    waitpid((pid_t)child, NULL, __WALL);
    return fd;
}

bool ids_are_counted(const struct ids *ids)
{
    char map[MAP_MAX];
    struct err ignored;
    unsigned long inside, outside;
    if (ids->user_uid != 0)
        return true;
    /* root of a container's own namespace is another id to the kernel */
    return files_read(AT_FDCWD, "/proc/self/uid_map", map, sizeof map, &ignored) >= 0 &&
           sscanf(map, "%lu %lu", &inside, &outside) == 2 && inside == 0 && outside != 0;
}

uid_t ids_first_uid(const struct ids *ids)
{
    return ids->kind == IDS_OWN ? ids->inner_uid : 0;
}

gid_t ids_first_gid(const struct ids *ids)
{
    return ids->kind == IDS_OWN ? ids->inner_gid : 0;
}

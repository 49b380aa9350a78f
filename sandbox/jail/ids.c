/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/ids.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "jail/files.h"

static int map_write(pid_t child, const char *name, const char *text, struct err *err)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)child, name);
    return files_write(AT_FDCWD, path, text, err);
}

int ids_map_host(pid_t child, unsigned slot, uid_t user, gid_t group, struct err *err)
{
    char users[96], groups[96];
    snprintf(users, sizeof users, "0 %u 1\n%u %u 1\n", IDS_OUTER_ROOT(slot), user,
             IDS_OUTER_USER(slot));
    snprintf(groups, sizeof groups, "0 %u 1\n%u %u 1\n", IDS_OUTER_ROOT(slot), group,
             IDS_OUTER_USER(slot));
    if (map_write(child, "gid_map", groups, err) < 0)
        return -1;
    return map_write(child, "uid_map", users, err);
}

/* A namespace needs a process only until it is open. It ends with its parent. */
_Noreturn static void view_child(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (getppid() == parent)
        pause();
    _exit(0);
}

int ids_open_view(uid_t owner, gid_t group, unsigned slot, struct err *err)
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
    snprintf(text, sizeof text, "%u %u 1\n", owner, IDS_OUTER_ROOT(slot));
    int failed = map_write((pid_t)child, "uid_map", text, err);
    snprintf(text, sizeof text, "%u %u 1\n", group, IDS_OUTER_ROOT(slot));
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

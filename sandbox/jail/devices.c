/* SPDX-License-Identifier: Apache-2.0 */
/* /dev and /proc of the new root; root.h has the interface. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "jail/files.h"
#include "jail/path.h"
#include "jail/root.h"
#include "jail/tree.h"

#define QUIET (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC)

static const char *const devices[] = {"null", "zero", "full", "random", "urandom"};

static const struct {
    const char *path, *target;
} links[] = {
    {"dev/stdin", "/proc/self/fd/0"},
    {"dev/stdout", "/proc/self/fd/1"},
    {"dev/stderr", "/proc/self/fd/2"},
};

/* Files and folders of /proc that tell about the host, and those that are read only. */
static const char *const proc_hidden[] = {
    "acpi",          "asound",      "kallsyms",    "kcore",         "key-users",
    "keys",          "kmsg",        "kpagecgroup", "kpagecount",    "kpageflags",
    "latency_stats", "sched_debug", "scsi",        "sysrq-trigger", "timer_list",
};
static const char *const proc_frozen[] = {"bus", "driver", "fs", "irq", "sys", "tty"};

int root_devices_child(struct build *b, struct err *err)
{
    char host[32];
    (void)b;
    for (size_t i = 0; i < ARRAY_LEN(devices); i++) {
        snprintf(host, sizeof host, "/dev/%s", devices[i]);
        /* read only as well: whoever may write to a device may set the times of the host's file,
         * and what is written to the device itself does not count */
        AUTO_FD int fd = tree_take(host, false, MOUNT_ATTR_RDONLY | QUIET, err);
        if (fd < 0 || path_make(path_inside(host), false, err) < 0 ||
            tree_attach(fd, path_inside(host), err) < 0)
            return -1;
    }
    for (size_t i = 0; i < ARRAY_LEN(links); i++)
        if (path_link(links[i].target, links[i].path, err) < 0)
            return -1;
    return 0;
}

static int hide(const char *path, struct err *err)
{
    struct stat st;
    if (lstat(path, &st) < 0)
        return 0;
    const char *cover = S_ISDIR(st.st_mode) ? "var/runtime" : "dev/null";
    AUTO_FD int fd = tree_take(cover, false, MOUNT_ATTR_RDONLY | QUIET, err);
    return fd < 0 ? -1 : tree_attach(fd, path, err);
}

static int freeze(const char *path, struct err *err)
{
    struct stat st;
    if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode))
        return 0;
    AUTO_FD int fd = tree_take(path, false, TREE_FROZEN | MOUNT_ATTR_NOEXEC, err);
    return fd < 0 ? -1 : tree_attach(fd, path, err);
}

int root_proc_child(struct build *b, struct err *err)
{
    char path[64];
    (void)b;
    if (mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        return err_sys(err, "mount /proc");
    /* user namespaces inside are refused by the system call filter; this is the second lock */
    if (files_write(AT_FDCWD, "proc/sys/user/max_user_namespaces", "0", err) < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(proc_hidden); i++) {
        snprintf(path, sizeof path, "proc/%s", proc_hidden[i]);
        if (hide(path, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < ARRAY_LEN(proc_frozen); i++) {
        snprintf(path, sizeof path, "proc/%s", proc_frozen[i]);
        if (freeze(path, err) < 0)
            return -1;
    }
    return 0;
}

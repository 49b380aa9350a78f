/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/examine_cause.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "jail/files.h"

#define FILTERED 2 /* of "Seccomp:" */

/* The value of a setting below /proc/sys, -1 when this kernel has none of that name. */
static long long setting(const char *name)
{
    char path[128];
    uint64_t value = 0;
    struct err ignored;
    snprintf(path, sizeof path, "/proc/sys/%s", name);
    return files_read_number(AT_FDCWD, path, &value, &ignored) < 0 ? -1 : (long long)value;
}

/* A root that is no mount, or another one than that of the first process. */
static bool in_chroot(void)
{
    struct statx root;
    struct stat here, first;
    if (statx(AT_FDCWD, "/", 0, STATX_BASIC_STATS, &root) == 0 &&
        (root.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) &&
        !(root.stx_attributes & STATX_ATTR_MOUNT_ROOT))
        return true;
    return stat("/", &here) == 0 && stat("/proc/1/root/", &first) == 0 &&
           (here.st_dev != first.st_dev || here.st_ino != first.st_ino);
}

static bool is_filtered(void)
{
    char text[8192];
    struct err ignored;
    return files_read(AT_FDCWD, "/proc/self/status", text, sizeof text, &ignored) > 0 &&
           files_find_number(text, "Seccomp:", 0) == FILTERED;
}

static void explain_quota(const char *quota, char *out, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "user/%s", quota);
    long long value = setting(path);
    if (value == 0)
        snprintf(out, size, "user.%s is 0: sysctl -w user.%s=15000", quota, quota);
    else
        snprintf(out, size,
                 "user.%s is %lld here and is reached, here or in a container around: raise it "
                 "with sysctl -w there",
                 quota, value);
}

static const char *user_cause(void)
{
    if (in_chroot())
        return "the kernel makes none for a caller in a chroot: run it outside, or enter the "
               "folder by pivot_root, as bwrap and systemd-nspawn do";
    if (geteuid() != 0 && setting("kernel/unprivileged_userns_clone") == 0)
        return "kernel.unprivileged_userns_clone is 0: sysctl -w "
               "kernel.unprivileged_userns_clone=1";
    if (is_filtered())
        return "the system call filter of a container engine refuses it: docker run --privileged, "
               "or --security-opt seccomp=unconfined --security-opt systempaths=unconfined";
    return "a security module or the container around refuses it: dmesg or its log tells which";
}

static const char *later_cause(enum examine_cause_kind kind)
{
    if (kind == EXAMINE_CAUSE_PROC)
        return "/proc is masked, as container engines do: docker run --privileged, or "
               "--security-opt systempaths=unconfined (podman: --security-opt unmask=ALL)";
    if (geteuid() != 0 && setting("kernel/apparmor_restrict_unprivileged_userns") == 1)
        return "kernel.apparmor_restrict_unprivileged_userns is 1: "
               "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0";
    if (is_filtered())
        return "a container engine refuses it: docker run --privileged, or --security-opt "
               "seccomp=unconfined --security-opt apparmor=unconfined";
    return "a security module or the container around refuses it: dmesg or its log tells which";
}

void examine_explain(enum examine_cause_kind kind, const char *quota, int error, char *out,
                     size_t size)
{
    const char *cause = "";
    if (quota && (error == ENOSPC || error == EUSERS)) {
        explain_quota(quota, out, size);
        return;
    }
    if (error == EPERM || error == EACCES)
        cause = kind == EXAMINE_CAUSE_USER ? user_cause() : later_cause(kind);
    else if (quota && (error == EINVAL || error == ENOSYS))
        cause = "this kernel is built without such namespaces";
    else if (kind == EXAMINE_CAUSE_ROOT && error == EINVAL)
        cause = "the root is the initial ramfs, which cannot be left: start from a disk, or "
                "switch_root to another mount";
    snprintf(out, size, "%s", cause);
}

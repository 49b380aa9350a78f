/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/refusal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jail/files.h"

#define FILTERED 2 /* of "Seccomp:" */

static const struct {
    const char *file;
    const char *value; /* with which it refuses */
    bool for_root;
    const char *text;
} settings[] = {
    {"/proc/sys/user/max_user_namespaces", "0", true,
     "user namespaces are switched off: sysctl -w user.max_user_namespaces=10000"},
    {"/proc/sys/kernel/unprivileged_userns_clone", "0", false,
     "user namespaces are for root only here: sysctl -w kernel.unprivileged_userns_clone=1, or "
     "run it as root"},
    {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", false,
     "AppArmor takes the rights in user namespaces: sysctl -w "
     "kernel.apparmor_restrict_unprivileged_userns=0, or run it as root"},
};

/* Another root than the first process's; where that may be looked at. */
static bool has_other_root(void)
{
    struct stat here, first;
    return stat("/", &here) == 0 && stat("/proc/1/root/", &first) == 0 &&
           (here.st_dev != first.st_dev || here.st_ino != first.st_ino);
}

/* The root of a process in a chroot is, as a rule, no mount point. */
static bool has_no_root_mount(void)
{
    char line[4096];
    bool found = false, any = false;
    FILE *mounts = fopen("/proc/self/mountinfo", "re");
    while (mounts && fgets(line, sizeof line, mounts)) {
        char point[4] = "";
        any = true;
        found =
            found || (sscanf(line, "%*s %*s %*s %*s %3s", point) == 1 && strcmp(point, "/") == 0);
    }
    if (mounts)
        fclose(mounts);
    return any && !found;
}

static bool is_filtered(void)
{
    char text[8192];
    struct err ignored;
    return files_read(AT_FDCWD, "/proc/self/status", text, sizeof text, &ignored) > 0 &&
           files_find_number(text, "Seccomp:", 0) == FILTERED;
}

void refusal_explain(char *out, size_t size)
{
    char value[32];
    struct err ignored;
    out[0] = 0;
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        if ((geteuid() == 0 && !settings[i].for_root) ||
            files_read(AT_FDCWD, settings[i].file, value, sizeof value, &ignored) < 0)
            continue;
        value[strcspn(value, "\n")] = 0;
        if (strcmp(value, settings[i].value) == 0) {
            snprintf(out, size, "%s", settings[i].text);
            return;
        }
    }
    if (has_no_root_mount() || has_other_root())
        snprintf(out, size,
                 "the kernel makes no user namespace for a caller in a chroot: run it outside, or "
                 "enter the folder by pivot_root, as bwrap and systemd-nspawn do");
    else if (is_filtered())
        snprintf(out, size,
                 "a container engine's filter of system calls refuses it: docker run --privileged, "
                 "or --security-opt seccomp=unconfined --security-opt systempaths=unconfined");
}

void refusal_add(struct err *err)
{
    static const int refused[] = {EPERM, EACCES, ENOSPC, EUSERS, ENOSYS};
    char why[ERR_MSG_MAX / 2];
    size_t used = strlen(err->msg);
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        if (err->kind != ERR_HOST || err->sys != refused[i])
            continue;
        refusal_explain(why, sizeof why);
        if (*why)
            snprintf(err->msg + used, sizeof err->msg - used, " (%s)", why);
    }
}

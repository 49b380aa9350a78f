/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/refusal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "jail/files.h"

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

/* The root of a process in a chroot is no mount point, and such a process may not make user
 * namespaces. */
static bool is_chrooted(void)
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
    if (is_chrooted())
        snprintf(out, size,
                 "the kernel allows no user namespaces in a chroot: use pivot_root, or a container "
                 "engine");
}

void refusal_add(struct err *err)
{
    static const int refused[] = {EPERM, EACCES, ENOSPC, EUSERS};
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

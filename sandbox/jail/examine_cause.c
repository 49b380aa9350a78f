/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/examine_cause.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/err.h"
#include "jail/files.h"
#include "jail/ids.h"
#include "jail/refusal.h"

/* The value of a setting below /proc/sys, -1 when this kernel has none of that name. */
static long long setting(const char *name)
{
    char path[128];
    uint64_t value = 0;
    struct err ignored;
    snprintf(path, sizeof path, "/proc/sys/%s", name);
    return files_read_number(AT_FDCWD, path, &value, &ignored) < 0 ? -1 : (long long)value;
}

static void explain_quota(const char *quota, char *out, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "user/%s", quota);
    long long value = setting(path);
    if (value == 0)
        snprintf(out, size, "user.%s is 0: sysctl -w user.%s=10000", quota, quota);
    else
        snprintf(out, size,
                 "user.%s is %lld here and is reached, here or in a container around: raise it "
                 "with sysctl -w there",
                 quota, value);
}

/* What is known of a host that refuses rights rather than numbers. */
static void explain_refusal(enum examine_cause_kind kind, char *out, size_t size)
{
    const char *cause = "a security module or the container around refuses it: its log tells which";
    refusal_explain(out, size);
    if (kind == EXAMINE_CAUSE_IDS && geteuid() == 0) {
        snprintf(out, size, "%s", ids_root_refused);
        return;
    }
    if (*out && kind != EXAMINE_CAUSE_PROC)
        return;
    if (kind == EXAMINE_CAUSE_PROC)
        cause = "/proc is masked, as container engines do: docker run --privileged, or "
                "--security-opt systempaths=unconfined (podman: --security-opt unmask=ALL)";
    snprintf(out, size, "%s", cause);
}

void examine_explain(enum examine_cause_kind kind, const char *quota, int error, char *out,
                     size_t size)
{
    out[0] = 0;
    if (quota && (error == ENOSPC || error == EUSERS))
        explain_quota(quota, out, size);
    else if (error == EPERM || error == EACCES)
        explain_refusal(kind, out, size);
    else if (quota && (error == EINVAL || error == ENOSYS))
        snprintf(out, size, "this kernel is built without such namespaces");
    else if (kind == EXAMINE_CAUSE_ROOT && error == EINVAL)
        snprintf(out, size,
                 "the root is the initial ramfs, which cannot be left: start from a disk, or "
                 "switch_root to another mount");
}

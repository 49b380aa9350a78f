/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "jail/mountinfo.h"

#define MOUNTS                                                                      \
    "22 27 0:21 / /proc rw,relatime - proc proc rw\n"                               \
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw master:3 shared:4 - cgroup cgroup " \
    "rw,cpu,cpuacct\n"                                                              \
    "35 31 0:32 / /sys/fs/cgroup/mem\\040ory rw - cgroup cgroup rw,memory\n"        \
    "36 31 0:33 /docker/abc /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"       \
    "41 31 0:38 / /sys/fs/cgroup/unified rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
#define GROUPS                     \
    "9:name=systemd:/user.slice\n" \
    "8:pids:/docker/abc/inner\n"   \
    "4:memory:/a/b\n"              \
    "2:cpu,cpuacct:/\n"            \
    "1:freezer:/x\n"               \
    "0::/init.scope\n"

static void test_found(void)
{
    static const struct {
        const char *controller, *want;
    } rows[] = {
        {"memory", "/sys/fs/cgroup/mem ory/a/b"},
        {"cpu", "/sys/fs/cgroup/cpu,cpuacct"},
        {"cpuacct", "/sys/fs/cgroup/cpu,cpuacct"},
        {"pids", "/sys/fs/cgroup/pids/inner"},
        {"", "/sys/fs/cgroup/unified/init.scope"},
        {"freezer", NULL}, /* a group, but no mount */
        {"cpus", NULL},
        {"systemd", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char path[256] = "";
        struct err err = {0};
        int found =
            mountinfo_own_group(MOUNTS, GROUPS, rows[i].controller, path, sizeof path, &err);
        CHECK_INT(found, rows[i].want != NULL);
        if (rows[i].want)
            CHECK_STR(path, rows[i].want);
    }
}

/* A namespace that hides where the group is: the mount point is the nearest that can be named. */
static void test_hidden_group(void)
{
    static const struct {
        const char *root, *group, *want;
    } rows[] = {
        {"/docker/abc", "/elsewhere", "/m"},
        {"/docker/abc", "/docker/abcd", "/m"},
        {"/docker/abc", "/docker/abc", "/m"},
        {"/", "/../../x", "/m"},
        {"/..", "/", "/m"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char mounts[128], groups[128], path[64] = "";
        struct err err = {0};
        snprintf(mounts, sizeof mounts, "36 31 0:33 %s /m rw - cgroup x rw,pids\n", rows[i].root);
        snprintf(groups, sizeof groups, "3:pids:%s\n", rows[i].group);
        CHECK_INT(mountinfo_own_group(mounts, groups, "pids", path, sizeof path, &err), 1);
        CHECK_STR(path, rows[i].want);
    }
}

static void test_broken(void)
{
    static const char *const rows[] = {"x\n", "1 2 3 / /m rw\n", "1 2 3 / /m rw - cgroup\n", "\n"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char path[64];
        struct err err = {0};
        CHECK_INT(mountinfo_own_group(rows[i], "1:pids:/\n", "pids", path, sizeof path, &err), -1);
        CHECK_INT(err.kind, ERR_HOST);
        CHECK_HAS(err.msg, "mountinfo has the line");
    }
    char tiny[4];
    struct err err = {0};
    CHECK_INT(mountinfo_own_group("1 2 3 / /mount rw - cgroup x rw,pids\n", "1:pids:/\n", "pids",
                                  tiny, sizeof tiny, &err),
              -1);
    CHECK_HAS(err.msg, "too long");
    CHECK_INT(mountinfo_own_group("", "", "pids", tiny, sizeof tiny, &err), 0);
    CHECK_INT(mountinfo_own_group("", "garbage\n:\n::", "pids", tiny, sizeof tiny, &err), 0);
}

static const struct check_test table[] = {
    {"found", test_found},
    {"hidden_group", test_hidden_group},
    {"broken", test_broken},
};
CHECK_MAIN(table)

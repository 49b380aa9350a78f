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

/* v2 at its usual places, several mounts of one hierarchy, views of containers. */
static void test_unified(void)
{
    static const struct {
        const char *mounts, *group, *want;
    } rows[] = {
        {"1 2 0:3 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n", "/user.slice/a",
         "/sys/fs/cgroup/user.slice/a"},
        {"1 2 0:3 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "/", "/sys/fs/cgroup"},
        {"1 2 0:2 / /sys/fs/cgroup ro - tmpfs tmpfs rw\n"
         "1 2 0:3 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
         "/a", "/sys/fs/cgroup/unified/a"},
        /* another read-only one: the writable one, wherever it stands */
        {"1 2 0:3 / /ro ro,nosuid - cgroup2 x rw\n1 2 0:3 / /rw rw - cgroup2 x rw\n", "/a",
         "/rw/a"},
        {"1 2 0:3 / /rw rw - cgroup2 x rw\n1 2 0:3 / /ro ro - cgroup2 x rw\n", "/a", "/rw/a"},
        {"1 2 0:3 / /ro ro - cgroup2 x rw\n", "/a", "/ro/a"},
        /* the super block's "ro" is none of the mount's */
        {"1 2 0:3 / /one rw - cgroup2 x ro\n1 2 0:3 / /two rw - cgroup2 x rw\n", "/a", "/one/a"},
        /* one that shows another part is no better for being first, or writable */
        {"1 2 0:3 /other /part rw - cgroup2 x rw\n1 2 0:3 / /all ro - cgroup2 x rw\n", "/a",
         "/all/a"},
        /* a later mount at the same place hides the earlier */
        {"1 2 0:3 / /m rw - cgroup2 x rw\n1 2 0:3 /b /m ro - cgroup2 x rw\n", "/b/c", "/m/c"},
        {"1 2 0:3 /.. /m rw - cgroup2 x rw\n", "/../a", "/m/a"},
        {"1 2 0:3 /.. /m rw - cgroup2 x rw\n", "/../../a", "/m"},
        {"1 2 0:3 / /m rw - cgroup2 x rw\n", "/..a/b", "/m/..a/b"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char groups[128], path[128] = "";
        struct err err = {0};
        snprintf(groups, sizeof groups, "1:name=systemd:/x\n0::%s\n", rows[i].group);
        CHECK_INT(mountinfo_own_group(rows[i].mounts, groups, "", path, sizeof path, &err), 1);
        CHECK_STR(path, rows[i].want);
    }
}

static void test_has_controller(void)
{
    CHECK(mountinfo_has_controller(GROUPS, "cpuacct"));
    CHECK(mountinfo_has_controller(GROUPS, "freezer"));
    CHECK(!mountinfo_has_controller(GROUPS, "cpus"));
    CHECK(!mountinfo_has_controller(GROUPS, "systemd"));
    CHECK(!mountinfo_has_controller("0::/memory\n", "memory"));
}

/* Lines of other file systems may have fields of any length. */
static void test_long_lines(void)
{
    static char mounts[3 * 8192];
    char path[64], group[8192];
    struct err err = {0};
    memset(group, 'l', sizeof group - 1);
    group[sizeof group - 1] = 0;
    snprintf(mounts, sizeof mounts,
             "1 2 0:1 / /merged rw - overlay overlay rw,lowerdir=%s\n"
             "1 2 0:3 / /m rw - cgroup2 x rw\n",
             group);
    CHECK_INT(mountinfo_own_group(mounts, "0::/a\n", "", path, sizeof path, &err), 1);
    CHECK_STR(path, "/m/a");
    snprintf(mounts, sizeof mounts, "0::/%s\n", group);
    CHECK_INT(mountinfo_own_group("1 2 0:3 / /m rw - cgroup2 x rw\n", mounts, "", path, sizeof path,
                                  &err),
              -1);
    CHECK_HAS(err.msg, "too long");
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
    {"found", test_found},           {"hidden_group", test_hidden_group},
    {"unified", test_unified},       {"has_controller", test_has_controller},
    {"long_lines", test_long_lines}, {"broken", test_broken},
};
CHECK_MAIN(table)

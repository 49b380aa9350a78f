/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroup v1 code on a tree of plain files: what it writes, what it makes of what it reads, and
 * how it fails. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "check.h"
#include "jail/cgroup.h"
#include "jail/cgroup_v1.h"
#include "jail/slot.h"

static char root[64];
static struct cgroup g;
static struct err err;

static const char *const files[V1_COUNT][6] = {
    [V1_FREEZER] = {"tasks", "freezer.state"},
    [V1_MEMORY] = {"tasks", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes",
                   "memory.oom_control", "cgroup.event_control"},
    [V1_CPU] = {"tasks", "cpu.cfs_quota_us", "cpu.cfs_period_us"},
    [V1_CPUACCT] = {"tasks", "cpuacct.usage"},
    [V1_PIDS] = {"tasks", "pids.max", "pids.current"},
};

static void path_of(char out[256], enum cgroup_v1_controller c, const char *name)
{
    snprintf(out, 256, "%s/%s/g/%s", root, cgroup_v1_names[c], name);
}

static void put(enum cgroup_v1_controller c, const char *name, const char *text)
{
    char path[256];
    path_of(path, c, name);
    AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

static const char *get(enum cgroup_v1_controller c, const char *name)
{
    static char text[256];
    char path[256];
    path_of(path, c, name);
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    text[n < 0 ? 0 : n] = 0;
    return text;
}

/* A group as it is after its creation. */
static void tree_make(void)
{
    char path[256];
    strcpy(root, "/tmp/clambda-cgroup-XXXXXX");
    CHECK(mkdtemp(root) != NULL);
    memset(&err, 0, sizeof err);
    cgroup_init(&g);
    g.ops = &cgroup_v1_ops;
    g.limits =
        (struct cgroup_limits){.memory_bytes = 134217728, .cpu_permille = 72, .processes = 64};
    strcpy(g.name, "g");
    for (size_t c = 0; c < V1_COUNT; c++) {
        snprintf(g.base[c], sizeof g.base[c], "%s/%s", root, cgroup_v1_names[c]);
        CHECK_INT(mkdir(g.base[c], 0700), 0);
        CHECK_INT(cgroup_make_folder(&g, c, &err), 0);
        for (size_t i = 0; i < ARRAY_LEN(files[c]) && files[c][i]; i++)
            put((enum cgroup_v1_controller)c, files[c][i], "");
    }
    path_of(path, V1_FREEZER, "freezer.state");
    g.thaw_fd = open(path, O_RDWR | O_CLOEXEC);
    g.thaw_text = "THAWED";
}

static void tree_remove(void)
{
    char command[96];
    for (size_t i = 0; i < CGROUP_FOLDERS_MAX; i++) {
        attr_close(&g.folders[i]);
        attr_close(&g.attach_fds[i]);
    }
    attr_close(&g.thaw_fd);
    attr_close(&g.oom_fd);
    snprintf(command, sizeof command, "rm -r %s", root);
    CHECK_INT(system(command), 0);
}

static void test_throttle(void)
{
    static const struct {
        unsigned permille;
        const char *period, *quota;
    } rows[] = {{72, "20000", "1440"}, {1000, "20000", "20000"}, {5788, "20000", "115760"},
                {50, "20000", "1000"}, {10, "100000", "1000"},   {1, "1000000", "1000"}};
    tree_make();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        put(V1_CPU, "cpu.cfs_period_us", "");
        put(V1_CPU, "cpu.cfs_quota_us", "");
        g.limits.cpu_permille = rows[i].permille;
        CHECK_INT(g.ops->throttle(&g, true, &err), 0);
        CHECK_STR(get(V1_CPU, "cpu.cfs_period_us"), rows[i].period);
        CHECK_STR(get(V1_CPU, "cpu.cfs_quota_us"), rows[i].quota);
    }
    put(V1_CPU, "cpu.cfs_quota_us", "");
    CHECK_INT(g.ops->throttle(&g, false, &err), 0);
    CHECK_STR(get(V1_CPU, "cpu.cfs_quota_us"), "-1");
    tree_remove();
}

static void test_sample(void)
{
    struct cgroup_sample sample;
    tree_make();
    put(V1_MEMORY, "memory.stat",
        "cache 9\nrss 1\nshmem 2\ntotal_cache 5\ntotal_rss 4096\ntotal_rss_huge 7\ntotal_shmem "
        "8192\n");
    put(V1_CPUACCT, "cpuacct.usage", "1234567\n");
    put(V1_PIDS, "pids.current", "12\n");
    CHECK_INT(g.ops->sample(&g, &sample, &err), 0);
    CHECK_INT(sample.memory_bytes, 12288);
    CHECK_INT(sample.cpu_us, 1234);
    CHECK_INT(sample.processes, 12);
    put(V1_PIDS, "pids.current", "many\n");
    CHECK_INT(g.ops->sample(&g, &sample, &err), -1);
    CHECK_HAS(err.msg, "'pids.current' holds 'many");
    tree_remove();
}

static void test_oom_and_processes(void)
{
    uint64_t kills = 0;
    int pids[3];
    tree_make();
    put(V1_MEMORY, "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
    CHECK_INT(g.ops->oom_kills(&g, &kills, &err), 0);
    CHECK_INT(kills, 3);
    put(V1_MEMORY, "cgroup.procs", "");
    CHECK_INT(g.ops->processes(&g, pids, 3, &err), 0);
    put(V1_MEMORY, "cgroup.procs", "10\n20\n");
    CHECK_INT(g.ops->processes(&g, pids, 3, &err), 2);
    CHECK_INT(pids[1], 20);
    put(V1_MEMORY, "cgroup.procs", "10\n20\n30\n40\n");
    CHECK_INT(g.ops->processes(&g, pids, 3, &err), 3);
    tree_remove();
}

static void test_freeze(void)
{
    tree_make();
    /* a plain file gives back what was written: frozen at once */
    CHECK_INT(g.ops->freeze(&g, true, &err), 0);
    CHECK_STR(get(V1_FREEZER, "freezer.state"), "FROZEN");
    CHECK_INT(g.ops->freeze(&g, false, &err), 0);
    CHECK_STR(get(V1_FREEZER, "freezer.state"), "THAWED");
    tree_remove();
}

/* The kernel's files are missing: each error says which, of which controller. */
static void test_missing(void)
{
    char path[256];
    tree_make();
    path_of(path, V1_CPU, "cpu.cfs_quota_us");
    CHECK_INT(unlink(path), 0);
    g.holds[JAIL_LIMIT_CPU].mechanism = "cgroup v1";
    CHECK_INT(cgroup_throttle(&g, false, &err), -1);
    CHECK_HAS(err.msg, "cgroup 'cpu': open 'cpu.cfs_quota_us'");
    tree_remove();
}

static const struct jail_hold *held(enum jail_limit limit)
{
    return &g.holds[limit];
}

/* Each controller stands for itself: what cannot be had is told, and the others are used. */
static void test_partial(void)
{
    struct slot slot = {.folder = "/nowhere", .fd = memfd_create("slot", MFD_CLOEXEC)};
    tree_make();
    for (size_t c = 0; c < V1_COUNT; c++)
        attr_close(&g.folders[c]), g.folders[c] = -1;
    attr_close(&g.thaw_fd);
    g.thaw_fd = -1;
    g.base[V1_PIDS][0] = 0;          /* not mounted */
    strcat(g.base[V1_CPU], "/gone"); /* no folder can be made */
    strcpy(g.name, "h");             /* the others: without the kernel's files */
    CHECK_INT(g.ops->create(&g, &slot, &err), 0);
    for (int i = 0; i < JAIL_LIMIT_COUNT; i++)
        CHECK(!g.holds[i].mechanism);
    CHECK_HAS(held(JAIL_LIMIT_PIDS)->why, "'pids' is not mounted: mkdir");
    CHECK_HAS(held(JAIL_LIMIT_CPU)->why, "mkdir");
    CHECK_HAS(held(JAIL_LIMIT_CPU)->why, "No such file");
    CHECK_HAS(held(JAIL_LIMIT_FREEZE)->why, "open 'tasks' of cgroup 'freezer'");
    CHECK_HAS(held(JAIL_LIMIT_MEMORY)->why, "open 'tasks' of cgroup 'memory'");
    CHECK_INT(g.nattach, 0);

    /* noted: all that may have been made, and nothing else */
    char notes[1024] = "";
    CHECK(pread(slot.fd, notes, sizeof notes - 1, 0) > 0);
    CHECK_HAS(notes, "/memory/h\n");
    CHECK(strstr(notes, "/pids/") == NULL);

    /* what does not hold is left alone */
    struct cgroup_sample sample = {1, 1, 1};
    uint64_t kills = 1;
    CHECK_INT(cgroup_throttle(&g, true, &err), 0);
    CHECK_INT(cgroup_freeze(&g, true, &err), 0);
    CHECK_INT(cgroup_oom_kills(&g, &kills, &err), 0);
    CHECK_INT(kills, 0);
    g.ops = NULL;
    CHECK_INT(cgroup_sample(&g, &sample, &err), 0);
    CHECK_INT(sample.processes, 0);
    CHECK_INT(cgroup_processes(&g, NULL, 0, &err), 0);
    attr_close(&slot.fd);
    tree_remove();
}

/* Which kind of hierarchy is used. */
static void test_find(void)
{
    static const char v1[] = "1 2 0:1 / /f rw - cgroup x rw,freezer\n"
                             "1 2 0:2 / /m rw - cgroup x rw,memory\n"
                             "1 2 0:3 / /c rw - cgroup x rw,cpu,cpuacct\n";
    static const char v2[] = "1 2 0:9 / /u rw - cgroup2 x rw\n";
    static const char v1_groups[] = "1:freezer:/\n2:memory:/\n3:cpu,cpuacct:/\n4:pids:/\n0::/own\n";
    static const struct {
        const char *mounts[2], *groups;
        const struct cgroup_ops *ops;
        const char *base; /* the first */
    } rows[] = {
        {{v1, ""}, v1_groups, &cgroup_v1_ops, "/f"},
        {{v1, v2}, v1_groups, &cgroup_v1_ops, "/f"},
        {{"", v2}, "0::/own\n", &cgroup_v2_ops, "/u/own"},
        {{"1 2 0:3 / /c rw - cgroup x rw,cpu\n", v2},
         "1:cpu:/\n0::/own\n",
         &cgroup_v2_ops,
         "/u/own"}, /* the others are v2's */
        {{"1 2 0:3 / /s rw - cgroup x rw,name=systemd\n", v2},
         "1:name=systemd:/\n0::/own\n",
         &cgroup_v2_ops,
         "/u/own"},
        {{"", v2}, v1_groups, &cgroup_v2_ops, "/u/own"}, /* v1's are not mounted */
        {{"", ""}, v1_groups, NULL, ""},
        {{"", ""}, "", NULL, ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char mounts[512];
        snprintf(mounts, sizeof mounts, "%s%s", rows[i].mounts[0], rows[i].mounts[1]);
        cgroup_init(&g);
        CHECK_INT(cgroup_find(&g, mounts, rows[i].groups, &err), 0);
        CHECK(g.ops == rows[i].ops);
        CHECK_STR(g.base[0], rows[i].base);
    }
    cgroup_init(&g);
    CHECK_INT(cgroup_find(&g, v1, v1_groups, &err), 0);
    CHECK_STR(g.base[V1_CPU], g.base[V1_CPUACCT]);
    CHECK_STR(g.base[V1_PIDS], "");
    CHECK_STR(g.base[V1_UNIFIED], "");
    CHECK_INT(cgroup_find(&g, "x\n", v1_groups, &err), -1);
    CHECK_INT(err.kind, ERR_HOST);
}

/* Only groups of jails are ever removed, whatever a file in the slot folder says. */
static void test_remove(void)
{
    static const char *const refused[] = {"/sys/fs/cgroup/memory",
                                          "/sys/fs/cgroup/memory/clambda.x.1",
                                          "clambda.1.2",
                                          "/sys/../etc/clambda.1.2",
                                          "/sys/fs/cgroup/clambda.1.2/x",
                                          "/a/clambda.1.2x",
                                          "/a/clambda.host.x",
                                          "/a/clambda.host.12/..",
                                          ""};
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        memset(&err, 0, sizeof err);
        CHECK_INT(cgroup_remove(refused[i], &err), -1);
        CHECK_HAS(err.msg, "is no group of a jail");
    }
    CHECK_INT(cgroup_remove("/nowhere/at/all/clambda.1.2", &err), 0);
    char path[128];
    tree_make();
    snprintf(path, sizeof path, "%s/clambda.3.4", root);
    CHECK_INT(mkdir(path, 0700), 0);
    CHECK_INT(cgroup_remove(path, &err), 0);
    CHECK(access(path, F_OK) < 0);
    /* with the groups that v2 has below; others stay, and keep it */
    snprintf(path, sizeof path, "cd %s && mkdir -p clambda.5.6/init clambda.5.6/function", root);
    CHECK_INT(system(path), 0);
    snprintf(path, sizeof path, "%s/clambda.5.6", root);
    CHECK_INT(cgroup_remove(path, &err), 0);
    CHECK(access(path, F_OK) < 0);
    snprintf(path, sizeof path, "cd %s && mkdir -p clambda.5.6/other", root);
    CHECK_INT(system(path), 0);
    snprintf(path, sizeof path, "%s/clambda.5.6", root);
    CHECK_INT(cgroup_remove(path, &err), -1);
    CHECK_HAS(err.msg, "not empty");
    tree_remove();
}

static const struct check_test table[] = {
    {"throttle", test_throttle},
    {"sample", test_sample},
    {"oom_and_processes", test_oom_and_processes},
    {"freeze", test_freeze},
    {"missing", test_missing},
    {"partial", test_partial},
    {"find", test_find},
    {"remove", test_remove},
};
CHECK_MAIN(table)

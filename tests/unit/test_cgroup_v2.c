/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroup v2 code on a tree of plain files: what it writes, what it makes of what it reads, and
 * how it fails. */
#include <sys/mman.h>

#include "cgroup_tree.h"
#include "jail/slot.h"

/* A group as it is after its creation. */
static void function_make(void)
{
    static const char *const files[] = {"memory.max",  "memory.swap.max", "memory.oom.group",
                                        "cpu.max",     "pids.max",        "cgroup.freeze",
                                        "cgroup.procs"};
    char path[128];
    tree_make();
    for (size_t i = 0; i < V2_COUNT; i++) {
        char name[32];
        snprintf(name, sizeof name, "o%s%s", i ? "/" : "", cgroup_v2_children[i]);
        folder(name);
        snprintf(path, sizeof path, "%s/%s", root, name);
        g.folders[i] = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    put("o/cgroup.procs", "");
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        snprintf(path, sizeof path, "o/function/%s", files[i]);
        put(path, "");
    }
}

static void test_limit(void)
{
    static const struct {
        const char *name, *want;
    } files[] = {{"memory.max", "134218728"},
                 {"memory.swap.max", "0"},
                 {"memory.oom.group", "1"},
                 {"cpu.max", "max"},
                 {"pids.max", "64"}};
    char path[64];
    function_make();
    cgroup_v2_limit(&g, M | C | P);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        snprintf(path, sizeof path, "o/function/%s", files[i].name);
        CHECK_STR(get(path), files[i].want);
    }
    static const enum jail_limit all[] = {JAIL_LIMIT_MEMORY, JAIL_LIMIT_CPU, JAIL_LIMIT_PIDS,
                                          JAIL_LIMIT_FREEZE};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        CHECK_STR(g.holds[all[i]].mechanism, "cgroup v2");
    CHECK(g.thaw_fd >= 0);
    tree_remove();
}

/* Each file that cannot be written, or is not there: that limit does not hold, the others do. */
static void test_limit_fails(void)
{
    static const struct {
        const char *file;
        enum jail_limit limit;
    } rows[] = {{"memory.max", JAIL_LIMIT_MEMORY},       {"memory.swap.max", JAIL_LIMIT_MEMORY},
                {"memory.oom.group", JAIL_LIMIT_MEMORY}, {"cpu.max", JAIL_LIMIT_CPU},
                {"pids.max", JAIL_LIMIT_PIDS},           {"cgroup.freeze", JAIL_LIMIT_FREEZE}};
    for (size_t i = 0; i < ARRAY_LEN(rows) * 2; i++) {
        const char *file = rows[i / 2].file;
        enum jail_limit limit = rows[i / 2].limit;
        bool missing = i % 2;
        /* a write comes later, or is needed on hosts with swap only */
        if ((limit == JAIL_LIMIT_FREEZE && !missing) ||
            (missing && strcmp(file, "memory.swap.max") == 0))
            continue;
        char path[512];
        function_make();
        snprintf(path, sizeof path, "o/function/%s", file);
        full(path);
        snprintf(path, sizeof path, "%s/o/function/%s", root, file);
        if (missing)
            CHECK_INT(unlink(path), 0);
        cgroup_v2_limit(&g, M | C | P);
        for (int other = 0; other < JAIL_LIMIT_COUNT; other++)
            if (other != JAIL_LIMIT_TMP && other != JAIL_LIMIT_SECCOMP)
                CHECK_INT(g.holds[other].mechanism != NULL, other != (int)limit);
        CHECK_HAS(g.holds[limit].why, file);
        CHECK_HAS(g.holds[limit].why, missing ? "No such file" : "No space left");
        tree_remove();
    }
    /* what was not given is not tried */
    function_make();
    cgroup_miss(&g, JAIL_LIMIT_CPU, "not given");
    cgroup_v2_limit(&g, M);
    CHECK_STR(get("o/function/cpu.max"), "");
    CHECK_STR(g.holds[JAIL_LIMIT_CPU].why, "not given");
    CHECK(!g.holds[JAIL_LIMIT_CPU].mechanism && g.holds[JAIL_LIMIT_MEMORY].mechanism);
    tree_remove();
}

static void test_throttle(void)
{
    static const struct {
        unsigned permille;
        const char *want;
    } rows[] = {{72, "1440 20000"}, {1000, "20000 20000"}, {5788, "115760 20000"},
                {50, "1000 20000"}, {10, "1000 100000"},   {1, "1000 1000000"},
                {0, "1000 1000000"}};
    function_make();
    cgroup_v2_limit(&g, C);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        put("o/function/cpu.max", "");
        g.limits.cpu_permille = rows[i].permille;
        CHECK_INT(cgroup_throttle(&g, true, &err), 0);
        CHECK_STR(get("o/function/cpu.max"), rows[i].want);
    }
    put("o/function/cpu.max", "");
    CHECK_INT(cgroup_throttle(&g, false, &err), 0);
    CHECK_STR(get("o/function/cpu.max"), "max");
    full("o/function/cpu.max");
    CHECK_INT(cgroup_throttle(&g, true, &err), -1);
    CHECK_HAS(err.msg, "cpu.max");
    tree_remove();
}

static void test_freeze(void)
{
    function_make();
    cgroup_v2_limit(&g, 0);
    CHECK_INT(cgroup_freeze(&g, true, &err), -1);
    CHECK_HAS(err.msg, "open 'cgroup.events'");
    put("o/function/cgroup.events", "populated 1\nfrozen 1\n");
    CHECK_INT(cgroup_freeze(&g, true, &err), 0);
    CHECK_STR(get("o/function/cgroup.freeze"), "1");
    CHECK_INT(cgroup_freeze(&g, false, &err), 0);
    CHECK_STR(get("o/function/cgroup.freeze"), "0");
    /* it never comes to rest: given up, and let go on */
    put("o/function/cgroup.events", "populated 1\nfrozen 0\n");
    CHECK_INT(cgroup_freeze(&g, true, &err), -1);
    CHECK_HAS(err.msg, "did not freeze");
    CHECK_STR(get("o/function/cgroup.freeze"), "0");
    tree_remove();
}

static void test_sample(void)
{
    struct cgroup_sample sample;
    uint64_t kills = 0;
    int ids[3];
    function_make();
    cgroup_v2_limit(&g, M | C | P);
    CHECK_INT(cgroup_sample(&g, &sample, &err), -1);
    CHECK_HAS(err.msg, "open 'cpu.stat'");
    put("o/function/cpu.stat", "usage_usec 1234\nuser_usec 1000\nsystem_usec 234\n");
    put("o/function/memory.stat", "anon 4096\nfile 999999\nkernel 55\nkernel_stack 16384\n"
                                  "pagetables 8192\nshmem 1\nanon_thp 7\n");
    put("o/function/pids.current", "12\n");
    put("o/function/memory.events", "low 0\nhigh 0\nmax 9\noom 4\noom_kill 3\noom_group_kill 1\n");
    put("o/function/cgroup.procs", "10\n20\n30\n40\n");
    CHECK_INT(cgroup_sample(&g, &sample, &err), 0);
    CHECK_INT(sample.memory_bytes, 4096 + 16384 + 8192 + 1);
    CHECK_INT(sample.cpu_us, 1234);
    CHECK_INT(sample.processes, 12);
    CHECK_INT(cgroup_oom_kills(&g, &kills, &err), 0);
    CHECK_INT(kills, 3);
    CHECK_INT(cgroup_processes(&g, ids, 3, &err), 3);
    CHECK_INT(ids[2], 30);
    put("o/function/pids.current", "many\n");
    CHECK_INT(cgroup_sample(&g, &sample, &err), -1);
    CHECK_HAS(err.msg, "'pids.current' holds 'many");
    /* CPU time is told without any controller */
    for (int i = 0; i < JAIL_LIMIT_COUNT; i++)
        g.holds[i].mechanism = NULL;
    CHECK_INT(cgroup_sample(&g, &sample, &err), 0);
    CHECK_INT(sample.cpu_us, 1234);
    CHECK_INT(sample.memory_bytes + sample.processes, 0);
    tree_remove();
}

/* Who clones the program: the owner of two files, or whoever holds a descriptor of one. */
static void test_hand_over(void)
{
    struct stat st;
    function_make();
    CHECK_INT(cgroup_v2_hand_over(&g, &err), 0);
    CHECK_INT(g.clone_fd, g.folders[V2_INIT]);
    CHECK_INT(g.program_fd, g.folders[V2_FUNCTION]);
    CHECK_INT(g.nattach, 0);
    if (geteuid() != 0) {
        tree_remove();
        check_skip("changing owners needs root");
        return;
    }
    g.limits.owner = USER;
    CHECK_INT(cgroup_v2_hand_over(&g, &err), 0);
    CHECK(fstatat(g.folders[V2_FUNCTION], "cgroup.procs", &st, 0) == 0 && st.st_uid == USER);
    CHECK(fstatat(g.folders[V2_OUTER], "cgroup.procs", &st, 0) == 0 && st.st_uid == USER);
    CHECK(fstatat(g.folders[V2_FUNCTION], "pids.max", &st, 0) == 0 && st.st_uid == 0);

    /* a user cannot give files to a subordinate id */
    g.limits.owner = USER - 1;
    g.program_fd = -1;
    CHECK_INT(seteuid(USER), 0);
    CHECK_INT(cgroup_v2_hand_over(&g, &err), 0);
    CHECK_INT(seteuid(0), 0);
    CHECK_INT(g.program_fd, -1);
    CHECK_INT(g.nattach, 1);
    CHECK(write(g.attach_fds[0], "0", 1) == 1);
    CHECK_STR(get("o/function/cgroup.procs"), "0");
    tree_remove();
}

/* The whole of it where no group comes to life: nothing holds, the reasons are told, what was made
 * is noted before and removed again. */
static void test_create(void)
{
    struct slot slot = {.folder = "/nowhere", .fd = memfd_create("slot", MFD_CLOEXEC)};
    char notes[1024] = "", file[64];
    tree_make();
    level_make("top", &(struct level){DOMAIN, ALL, ALL, "", false}, false);
    snprintf(g.base[V2_OUTER], sizeof g.base[V2_OUTER], "%s/top", root);
    snprintf(g.name, sizeof g.name, "clambda.7.%d", (int)getpid());
    CHECK_INT(g.ops->create(&g, &slot, &err), 0);
    CHECK(pread(slot.fd, notes, sizeof notes - 1, 0) > 0);
    CHECK_HAS(notes, g.name);
    CHECK(!g.holds[JAIL_LIMIT_MEMORY].mechanism && !g.holds[JAIL_LIMIT_FREEZE].mechanism);
    CHECK_HAS(g.holds[JAIL_LIMIT_MEMORY].why, "open 'cgroup.subtree_control'");
    CHECK_HAS(g.holds[JAIL_LIMIT_FREEZE].why, "Linux 5.2");
    snprintf(file, sizeof file, "top/%s", g.name);
    CHECK(there(file));
    CHECK_INT(cgroup_close(&g, &err), 0);
    CHECK(!there(file));

    /* a name that is taken, in the only group there is */
    put(file, "");
    snprintf(g.base[V2_OUTER], sizeof g.base[V2_OUTER], "%s/top", root);
    snprintf(g.name, sizeof g.name, "clambda.7.%d", (int)getpid());
    CHECK_INT(g.ops->create(&g, &slot, &err), 0);
    CHECK_HAS(g.holds[JAIL_LIMIT_PIDS].why, "File exists");
    CHECK_INT(g.clone_fd, -1);
    CHECK_INT(cgroup_close(&g, &err), 0);
    CHECK(there(file));
    attr_close(&slot.fd);

    /* a slot that takes no notes: nothing is made */
    slot.fd = -1;
    snprintf(g.base[V2_OUTER], sizeof g.base[V2_OUTER], "%s/top", root);
    snprintf(g.name, sizeof g.name, "clambda.8.%d", (int)getpid());
    CHECK_INT(g.ops->create(&g, &slot, &err), -1);
    CHECK_HAS(err.msg, "slot");
    snprintf(file, sizeof file, "top/%s", g.name);
    CHECK(!there(file));
    tree_remove();
}

static const struct check_test table[] = {
    {"limit", test_limit},   {"limit_fails", test_limit_fails}, {"throttle", test_throttle},
    {"freeze", test_freeze}, {"sample", test_sample},           {"hand_over", test_hand_over},
    {"create", test_create},
};
CHECK_MAIN(table)

/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroup v2 code on a tree of plain files: which group it builds in, what it writes, what it
 * makes of what it reads, and how it fails. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "check.h"
#include "jail/cgroup_base.h"
#include "jail/cgroup_v2.h"
#include "jail/slot.h"

#define USER   65534 /* an ordinary one, when the test is root */
#define LEVELS 3

static const unsigned M = 1u << JAIL_LIMIT_MEMORY, C = 1u << JAIL_LIMIT_CPU,
                      P = 1u << JAIL_LIMIT_PIDS;
static char root[64];
static struct cgroup g;
static struct err err;

static void put(const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", root, name);
    AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

static const char *get(const char *name)
{
    static char text[256];
    char path[512];
    snprintf(path, sizeof path, "%s/%s", root, name);
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    text[n < 0 ? 0 : n] = 0;
    return text;
}

static void folder(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", root, name);
    CHECK_INT(mkdir(path, 0755), 0);
}

/* Every write to it fails: no space left. */
static void full(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", root, name);
    unlink(path);
    CHECK_INT(symlink("/dev/full", path), 0);
}

static bool there(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", root, name);
    return access(path, F_OK) == 0;
}

static void tree_make(void)
{
    strcpy(root, "/tmp/clambda-cgroup-XXXXXX");
    CHECK(mkdtemp(root) != NULL);
    CHECK_INT(chmod(root, 0755), 0);
    memset(&err, 0, sizeof err);
    cgroup_init(&g);
    g.ops = &cgroup_v2_ops;
    g.limits = (struct cgroup_limits){.memory_bytes = 134217728,
                                      .slack_bytes = 1000,
                                      .cpu_permille = 72,
                                      .processes = 64,
                                      .owner = geteuid()};
}

static void tree_remove(void)
{
    char command[96];
    for (size_t i = 0; i < CGROUP_FOLDERS_MAX; i++) {
        attr_close(&g.folders[i]);
        attr_close(&g.attach_fds[i]);
    }
    attr_close(&g.thaw_fd);
    snprintf(command, sizeof command, "rm -r %s", root);
    CHECK_INT(system(command), 0);
}

struct level {
    const char *type; /* NULL: the root of all groups has none */
    const char *controllers, *given, *processes;
    bool foreign;
};

#define DOMAIN "domain\n"
#define ALL    "cpuset cpu io memory pids\n"
#define SELF   "SELF"
#define OTHERS "1\n2\n3\n"

static void level_make(const char *path, const struct level *level, bool user)
{
    char name[128], self[32];
    const char *const files[][2] = {{"cgroup.type", level->type},
                                    {"cgroup.controllers", level->controllers},
                                    {"cgroup.subtree_control", level->given},
                                    {"cgroup.procs", level->processes}};
    snprintf(self, sizeof self, "%d\n", (int)getpid());
    folder(path);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        if (!files[i][1])
            continue;
        snprintf(name, sizeof name, "%s/%s", path, files[i][0]);
        put(name, strcmp(files[i][1], SELF) == 0 ? self : files[i][1]);
        snprintf(name, sizeof name, "%s/%s/%s", root, path, files[i][0]);
        if (user && !level->foreign && geteuid() == 0)
            CHECK_INT(chown(name, USER, USER), 0);
        if (level->foreign && geteuid() != 0)
            CHECK_INT(chmod(name, 0444), 0);
    }
    snprintf(name, sizeof name, "%s/%s", root, path);
    if (user && !level->foreign && geteuid() == 0)
        CHECK_INT(chown(name, USER, USER), 0);
}

/* Foreign folders of a test that is not root: closed when all is in them. */
static void levels_close(const struct level levels[LEVELS], const char *const paths[LEVELS])
{
    char name[128];
    for (size_t i = LEVELS; i-- > 0 && geteuid() != 0;) {
        snprintf(name, sizeof name, "%s/%s", root, paths[i]);
        CHECK_INT(chmod(name, levels[i].foreign ? 0555 : 0755), 0);
    }
}

struct choice {
    const char *name;
    struct level levels[LEVELS]; /* top, slice, own */
    int best;                    /* level; -1: none */
    unsigned potential;
    bool move;
    const char *why; /* memory would not hold, when its potential lacks it */
};

static const char *const paths[LEVELS] = {"top", "top/slice", "top/slice/own"};

static void choice_try(const struct choice *row, bool user)
{
    struct cgroup_bases list;
    char own[128], why[JAIL_WHY_MAX] = "";
    tree_make();
    for (size_t i = 0; i < LEVELS; i++)
        level_make(paths[i], &row->levels[i], user);
    levels_close(row->levels, paths);
    snprintf(own, sizeof own, "%s/%s", root, paths[LEVELS - 1]);
    uid_t before = geteuid();
    if (user && before == 0)
        CHECK_INT(seteuid(USER), 0);
    cgroup_base_scan(&list, own, getpid());
    struct cgroup_base *best = cgroup_base_best(&list);
    cgroup_base_explain(&list, best, JAIL_LIMIT_MEMORY, why);
    CHECK_INT(seteuid(before), 0);
    CHECK_INT(list.count, LEVELS);
    CHECK_INT(best ? LEVELS - 1 - (best - list.items) : -1, row->best);
    CHECK_INT(best ? best->potential : 0, row->potential);
    CHECK_INT(best ? best->move : 0, row->move);
    if (row->why)
        CHECK_HAS(why, row->why);
    if (check_failures)
        printf("# in the row '%s'\n", row->name);
    for (size_t i = 0; i < LEVELS; i++) {
        snprintf(own, sizeof own, "%s/%s", root, paths[i]);
        chmod(own, 0755);
    }
    tree_remove();
}

static void test_choice_of_a_user(void)
{
    static const struct level foreign_top = {NULL, ALL, "memory pids\n", OTHERS, true},
                              foreign_slice = {DOMAIN, "memory pids\n", "", OTHERS, true};
    const struct choice rows[] = {
        {"a scope of its own",
         {foreign_top, {DOMAIN, ALL, ALL, "", false}, {DOMAIN, ALL, "", SELF, false}},
         2,
         M | C | P,
         true,
         NULL},
        {"with others in the scope: the slice above",
         {foreign_top, {DOMAIN, ALL, ALL, "", false}, {DOMAIN, ALL, "", OTHERS, false}},
         1,
         M | C | P,
         false,
         NULL},
        {"the slice above has not given CPU time yet",
         {foreign_top, {DOMAIN, ALL, "memory pids\n", "", false}, {DOMAIN, ALL, "", OTHERS, false}},
         1,
         M | C | P,
         false,
         NULL},
        {"CPU time is not handed to users",
         {foreign_top, {DOMAIN, "memory pids\n", "", "", false}, {DOMAIN, "", "", OTHERS, false}},
         1,
         M | P,
         false,
         NULL},
        {"memory is not handed to users",
         {foreign_top, {DOMAIN, "pids\n", "", "", false}, {DOMAIN, "pids\n", "", SELF, false}},
         2,
         P,
         true,
         "your groups do not get the 'memory' controller"},
        {"a login",
         {foreign_top, foreign_slice, {DOMAIN, ALL, "", OTHERS, true}},
         -1,
         0,
         false,
         "no control group of yours can be written: run it as root, or under 'systemd-run"},
        {"a delegated group with a shell in it",
         {foreign_top, foreign_slice, {DOMAIN, ALL, "", OTHERS, false}},
         2,
         0,
         false,
         "top/slice/own': start it alone in one, under 'systemd-run"},
        {"threads",
         {foreign_top, foreign_slice, {"threaded\n", ALL, "", "", false}},
         -1,
         0,
         false,
         "only threads"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        choice_try(&rows[i], true);
}

static void test_choice_of_root(void)
{
    static const struct level top = {NULL, ALL, ALL, OTHERS, false},
                              inner = {DOMAIN, ALL, ALL, "", false};
    const struct choice rows[] = {
        {"a session: the slice above",
         {top, inner, {DOMAIN, ALL, "", OTHERS, false}},
         1,
         M | C | P,
         false,
         NULL},
        {"alone in a group that was not left to it",
         {top, inner, {DOMAIN, ALL, "", SELF, false}},
         1,
         M | C | P,
         false,
         NULL},
        {"only the root of all groups has all",
         {top,
          {DOMAIN, "memory\n", "memory\n", "", false},
          {DOMAIN, "memory\n", "", OTHERS, false}},
         0,
         M | C | P,
         false,
         NULL},
        {"it stands in the root itself",
         {top, inner, {NULL, ALL, "", OTHERS, false}},
         2,
         M | C | P,
         false,
         NULL},
        {"a container of many processes",
         {{DOMAIN, ALL, "", OTHERS, false},
          {DOMAIN, "", "", "", false},
          {DOMAIN, "", "", "", false}},
         2,
         0,
         false,
         "processes stand in the control group '"},
        {"nobody offers memory",
         {{NULL, "cpu pids\n", "", OTHERS, false},
          {DOMAIN, "", "", "", false},
          {DOMAIN, "", "", "", false}},
         0,
         C | P,
         false,
         "does not offer the 'memory' controller"},
        {"garbage",
         {{NULL, "memory", "memoryx pids,cpu\n\n", "x", false},
          {"", "", "", "", false},
          {"domain invalid\n", ALL, ALL, "", false}},
         0,
         M,
         false,
         NULL},
    };
    if (geteuid() != 0) {
        check_skip("root's choice needs root");
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        choice_try(&rows[i], false);
}

/* The only process of a container is in the root of its view, which has a type: it may divide it.
 */
static void test_container_of_one(void)
{
    struct cgroup_bases list;
    char own[128];
    const struct level one = {DOMAIN, ALL, "", SELF, false};
    tree_make();
    level_make("top", &one, false);
    snprintf(own, sizeof own, "%s/top", root);
    cgroup_base_scan(&list, own, getpid());
    CHECK_INT(list.count, 1);
    CHECK(list.items[0].move && list.items[0].top);
    CHECK_INT(list.items[0].potential, M | C | P);
    /* moved by an earlier jail of this process: that leaf is not divided again */
    put("top/cgroup.procs", "");
    snprintf(own, sizeof own, "%s/top/clambda.host.%d", root, (int)getpid());
    cgroup_base_scan(&list, own, getpid());
    CHECK_INT(list.count, 1);
    CHECK(!list.items[0].move);
    CHECK_INT(list.items[0].potential, M | C | P);
    cgroup_base_scan(&list, "/nowhere/at/all", getpid());
    CHECK_INT(list.count, 0);
    CHECK(cgroup_base_best(&list) == NULL);
    tree_remove();
}

static void test_switch(void)
{
    tree_make();
    folder("top");
    put("top/cgroup.subtree_control", "");
    char path[128];
    snprintf(path, sizeof path, "%s/top", root);
    AUTO_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK_INT(cgroup_base_switch(fd, '+', M | C | P, &err), M | C | P);
    CHECK_STR(get("top/cgroup.subtree_control"), "+memory +cpu +pids");
    put("top/cgroup.subtree_control", "");
    CHECK_INT(cgroup_base_switch(fd, '-', P, &err), P);
    CHECK_STR(get("top/cgroup.subtree_control"), "-pids");
    CHECK_INT(cgroup_base_switch(fd, '+', 0, &err), 0);
    full("top/cgroup.subtree_control");
    CHECK_INT(cgroup_base_switch(fd, '+', M | P, &err), 0);
    CHECK_HAS(err.msg, "No space left");
    tree_remove();
}

static void test_leaf(void)
{
    char base[128], leaf[64], name[160];
    tree_make();
    level_make("top", &(struct level){DOMAIN, ALL, "memory pids\n", SELF, false}, false);
    snprintf(base, sizeof base, "%s/top", root);
    snprintf(leaf, sizeof leaf, "top/clambda.host.%d", (int)getpid());
    CHECK(!cgroup_base_moved(base, getpid()));
    /* without the kernel nothing is in a new group: it is given up */
    CHECK_INT(cgroup_base_enter(base, getpid(), &err), -1);
    CHECK_HAS(err.msg, "open 'cgroup.procs'");
    CHECK(!there(leaf));
    folder(leaf);
    snprintf(name, sizeof name, "%s/cgroup.procs", leaf);
    put(name, "");
    CHECK_INT(cgroup_base_enter(base, getpid(), &err), 0);
    CHECK_STR(get(name), "0");
    CHECK(cgroup_base_moved(base, getpid()));

    /* another group below: it stays */
    put("top/cgroup.procs", "");
    put("top/cgroup.subtree_control", "memory pids");
    folder("top/other");
    cgroup_base_leave(base, getpid());
    CHECK_STR(get("top/cgroup.procs"), "");
    CHECK_STR(get("top/cgroup.subtree_control"), "memory pids");
    snprintf(name, sizeof name, "%s/top/other", root);
    CHECK_INT(rmdir(name), 0);
    cgroup_base_leave(base, getpid());
    CHECK_STR(get("top/cgroup.procs"), "0");
    CHECK_HAS(get("top/cgroup.subtree_control"), "-memory -pids");

    /* one of a dead owner is removed, and nobody moved */
    put("top/cgroup.procs", "");
    snprintf(name, sizeof name, "%s/%s", root, leaf);
    char command[200];
    snprintf(command, sizeof command, "rm -r %s", name);
    CHECK_INT(system(command), 0);
    folder("top/clambda.host.1");
    snprintf(name, sizeof name, "%s/top/clambda.host.1", root);
    CHECK_INT(cgroup_remove(name, &err), 0);
    CHECK(!there("top/clambda.host.1"));
    CHECK_STR(get("top/cgroup.procs"), "");
    tree_remove();
}

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
    {"choice_of_a_user", test_choice_of_a_user},
    {"choice_of_root", test_choice_of_root},
    {"container_of_one", test_container_of_one},
    {"switch", test_switch},
    {"leaf", test_leaf},
    {"limit", test_limit},
    {"limit_fails", test_limit_fails},
    {"throttle", test_throttle},
    {"freeze", test_freeze},
    {"sample", test_sample},
    {"hand_over", test_hand_over},
    {"create", test_create},
};
CHECK_MAIN(table)

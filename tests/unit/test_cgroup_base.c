/* SPDX-License-Identifier: Apache-2.0 */
/* Which group of cgroup v2 a jail's groups are made in, on a tree of plain files. */
#include "cgroup_tree.h"

#define LEVELS 3

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
         "threads have groups of their own in"},
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
    };
    if (geteuid() != 0) {
        check_skip("root's choice needs root");
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        choice_try(&rows[i], false);
}

/* Files that the kernel would not write: what cannot be read is not there. */
static void test_choice_in_garbage(void)
{
    const struct choice rows[] = {
        {"garbage",
         {{NULL, "memory", "memoryx pids,cpu\n\n", "x", false},
          {"", "", "", "", false},
          {"domain invalid\n", ALL, ALL, "", false}},
         0,
         M,
         false,
         NULL},
    };
    if (geteuid() == 0)
        choice_try(&rows[0], false);
    else
        check_skip("root's choice needs root");
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

static const struct check_test table[] = {
    {"choice_of_a_user", test_choice_of_a_user},
    {"choice_of_root", test_choice_of_root},
    {"choice_in_garbage", test_choice_in_garbage},
    {"container_of_one", test_container_of_one},
    {"switch", test_switch},
    {"leaf", test_leaf},
};
CHECK_MAIN(table)

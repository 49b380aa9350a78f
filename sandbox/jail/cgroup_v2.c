/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/cgroup_v2.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "jail/cgroup_base.h"
#include "jail/files.h"
#include "jail/slot.h"

#define FREEZE_TRIES 2000
#define FREEZE_SPINS 200 /* a freeze takes some 50 us */
#define FREEZE_NS    500000

const char *const cgroup_v2_children[V2_COUNT] = {
    [V2_OUTER] = "",
    [V2_INIT] = "init",
    [V2_FUNCTION] = "function",
};

static int v2_write(const struct cgroup *g, const char *name, uint64_t value, struct err *err)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, value);
    return files_write(g->folders[V2_FUNCTION], name, text, err);
}

static int v2_limit_memory(const struct cgroup *g, struct err *err)
{
    int folder = g->folders[V2_FUNCTION];
    if (v2_write(g, "memory.max", g->limits.memory_bytes + g->limits.slack_bytes, err) < 0)
        return -1;
    if (faccessat(folder, "memory.swap.max", F_OK, 0) == 0) {
        if (v2_write(g, "memory.swap.max", 0, err) < 0)
            return -1;
    } else if (cgroup_host_swaps()) {
        return err_set(err, ERR_HOST,
                       "this host swaps and does not account for it: run 'swapoff -a' or boot with "
                       "swapaccount=1");
    }
    return v2_write(g, "memory.oom.group", 1, err);
}

static int v2_write_share(const struct cgroup *g, unsigned permille, struct err *err)
{
    char text[64];
    int64_t period = 0, quota = cgroup_quota_us(permille, &period);
    snprintf(text, sizeof text, "%" PRId64 " %" PRId64, quota, period);
    return files_write(g->folders[V2_FUNCTION], "cpu.max", text, err);
}

static int v2_limit_cpu(const struct cgroup *g, struct err *err)
{
    return files_write(g->folders[V2_FUNCTION], "cpu.max", "max", err);
}

static int v2_limit_pids(const struct cgroup *g, struct err *err)
{
    return v2_write(g, "pids.max", g->limits.processes, err);
}

static const struct {
    enum jail_limit limit;
    int (*apply)(const struct cgroup *g, struct err *err);
} uses[] = {
    {JAIL_LIMIT_MEMORY, v2_limit_memory},
    {JAIL_LIMIT_CPU, v2_limit_cpu},
    {JAIL_LIMIT_PIDS, v2_limit_pids},
};

void cgroup_v2_limit(struct cgroup *g, unsigned controllers)
{
    struct err err;
    for (size_t i = 0; i < ARRAY_LEN(uses); i++) {
        if (!(controllers >> uses[i].limit & 1))
            continue;
        if (uses[i].apply(g, &err) == 0)
            cgroup_hold(g, uses[i].limit);
        else
            cgroup_miss(g, uses[i].limit, "%s", err.msg);
    }
    g->thaw_text = "0";
    g->thaw_fd = openat(g->folders[V2_FUNCTION], "cgroup.freeze", O_RDWR | O_CLOEXEC);
    if (g->thaw_fd >= 0)
        cgroup_hold(g, JAIL_LIMIT_FREEZE);
    else
        cgroup_miss(g, JAIL_LIMIT_FREEZE, "open 'cgroup.freeze': %s: Linux 5.2 is needed",
                    strerror(errno));
}

/* The kernel wants the right to write cgroup.procs where a process goes to, and in the nearest
 * group that holds both ends of its way. */
int cgroup_v2_hand_over(struct cgroup *g, struct err *err)
{
    static const enum cgroup_v2_folder ways[] = {V2_OUTER, V2_FUNCTION};
    bool given = true;
    if (g->limits.owner != geteuid())
        for (size_t i = 0; i < ARRAY_LEN(ways); i++)
            given = given && fchownat(g->folders[ways[i]], "cgroup.procs", g->limits.owner,
                                      (gid_t)-1, AT_SYMLINK_NOFOLLOW) == 0;
    g->clone_fd = g->folders[V2_INIT];
    if (given) {
        g->program_fd = g->folders[V2_FUNCTION];
        return 0;
    }
    /* the kernel looks at the rights of who has opened the file */
    int fd = openat(g->folders[V2_FUNCTION], "cgroup.procs", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(err, "open 'cgroup.procs'");
    g->attach_fds[g->nattach++] = fd;
    return 0;
}

static int open_folder(int at, const char *path, int *out, struct err *err)
{
    *out = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return *out < 0 ? err_sys(err, "open '%s'", path) : 0;
}

static int make_groups(struct cgroup *g, unsigned *controllers, struct err *err)
{
    if (cgroup_make_folder(g, V2_OUTER, err) < 0)
        return -1;
    int outer = g->folders[V2_OUTER];
    *controllers = cgroup_base_switch(outer, '+', *controllers, err);
    for (size_t i = V2_OUTER + 1; i < V2_COUNT; i++) {
        const char *name = cgroup_v2_children[i];
        if (mkdirat(outer, name, 0755) < 0)
            return err_sys(err, "mkdir '%s/%s/%s'", g->base[V2_OUTER], g->name, name);
        if (open_folder(outer, name, &g->folders[i], err) < 0)
            return -1;
    }
    return 0;
}

static void forget_groups(struct cgroup *g)
{
    char path[PATH_MAX + CGROUP_NAME_MAX];
    struct err ignored;
    for (size_t i = 0; i < V2_COUNT; i++) {
        attr_close(&g->folders[i]);
        g->folders[i] = -1;
    }
    snprintf(path, sizeof path, "%s/%s", g->base[V2_OUTER], g->name);
    (void)!cgroup_remove(path, &ignored);
    cgroup_base_leave(g->base[V2_OUTER], getpid());
}

static int note_groups(const struct cgroup *g, bool leaf, const struct slot *slot, struct err *err)
{
    char path[PATH_MAX + CGROUP_NAME_MAX];
    if (cgroup_note(g, V2_OUTER, slot, err) < 0)
        return -1;
    if (!leaf && !cgroup_base_moved(g->base[V2_OUTER], getpid()))
        return 0;
    /* behind the other: a leaf is undone when nothing else is below */
    snprintf(path, sizeof path, "%s/" CGROUP_LEAF "%d", g->base[V2_OUTER], (int)getpid());
    return slot_note(slot, path, err);
}

/* Makes the groups in base. Gives the controllers that they have, all of the potential or fewer. */
static int build_in(struct cgroup *g, const struct cgroup_base *base, unsigned *out,
                    struct err *err)
{
    AUTO_FD int folder = -1;
    const char *path = g->base[V2_OUTER];
    if (open_folder(AT_FDCWD, path, &folder, err) < 0 ||
        (base->move && cgroup_base_enter(path, getpid(), err) < 0))
        return -1;
    unsigned missing = base->potential & ~base->enabled, added = 0;
    if (missing)
        added = cgroup_base_switch(folder, '+', missing, err);
    *out = base->enabled | added;
    if (make_groups(g, out, err) == 0)
        return 0;
    if (added) {
        struct err ignored;
        cgroup_base_switch(folder, '-', added, &ignored);
    }
    return -1;
}

/* The text of a failure for people: what the kernel means by EAGAIN is not what strerror says. */
static void record_failure(struct cgroup_bases *list, const char *path, const struct err *err)
{
    if (err->sys == EAGAIN)
        snprintf(list->failure, sizeof list->failure,
                 "no more control groups can be made in '%.60s': raise cgroup.max.depth and "
                 "cgroup.max.descendants there and above",
                 path);
    else
        snprintf(list->failure, sizeof list->failure, "control group '%.60s': %.110s", path,
                 err->msg);
}

/* Takes the groups of the base that gives most: what was promised, or no less than the next. */
static const struct cgroup_base *choose(struct cgroup *g, struct cgroup_bases *list,
                                        const struct slot *slot, unsigned *out, struct err *err)
{
    for (struct cgroup_base *base; (base = cgroup_base_best(list));) {
        struct err why = {0};
        unsigned has = 0, promised = base->potential;
        snprintf(g->base[V2_OUTER], sizeof g->base[V2_OUTER], "%.*s", (int)base->len, list->own);
        if (note_groups(g, base->move, slot, err) < 0)
            return NULL;
        int failed = build_in(g, base, &has, &why);
        base->potential = has;
        if (failed < 0 || has != promised)
            record_failure(list, g->base[V2_OUTER], &why);
        if (failed == 0 && cgroup_base_best(list) == base) {
            *out = has;
            return base;
        }
        forget_groups(g);
        base->usable = failed == 0;
    }
    g->base[V2_OUTER][0] = 0;
    return NULL;
}

static int v2_create(struct cgroup *g, const struct slot *slot, struct err *err)
{
    AUTO_FREE struct cgroup_bases *list = malloc(sizeof *list);
    if (!list)
        return err_set(err, ERR_MEMORY, "no memory to look for control groups");
    cgroup_base_scan(list, g->base[V2_OUTER], getpid());
    unsigned controllers = 0;
    struct err failed = {0};
    const struct cgroup_base *base = choose(g, list, slot, &controllers, &failed);
    if (!base && failed.kind != ERR_NONE) {
        *err = failed;
        return -1;
    }
    for (size_t i = 0; i < ARRAY_LEN(uses); i++)
        cgroup_base_explain(list, base, uses[i].limit, g->holds[uses[i].limit].why);
    cgroup_base_explain(list, base, JAIL_LIMIT_FREEZE, g->holds[JAIL_LIMIT_FREEZE].why);
    if (!base)
        return 0;
    cgroup_v2_limit(g, controllers);
    return cgroup_v2_hand_over(g, err);
}

static int v2_throttle(struct cgroup *g, bool on, struct err *err)
{
    return on ? v2_write_share(g, g->limits.cpu_permille, err) : v2_limit_cpu(g, err);
}

static int v2_set_frozen(const struct cgroup *g, const char *state, struct err *err)
{
    if (pwrite(g->thaw_fd, state, strlen(state), 0) < 0)
        return err_sys(err, "write '%s' to 'cgroup.freeze'", state);
    return 0;
}

/* The kernel tells that all have stopped in cgroup.events, and by poll up to 10 ms later: reading
 * again is quicker. */
static int v2_freeze(struct cgroup *g, bool on, struct err *err)
{
    if (v2_set_frozen(g, on ? "1" : g->thaw_text, err) < 0)
        return -1;
    if (!on)
        return 0;
    AUTO_FD int events = openat(g->folders[V2_FUNCTION], "cgroup.events", O_RDONLY | O_CLOEXEC);
    if (events < 0)
        return err_sys(err, "open 'cgroup.events'");
    for (int tries = 0; tries < FREEZE_TRIES; tries++) {
        char text[256] = "";
        if (pread(events, text, sizeof text - 1, 0) < 0)
            return err_sys(err, "read 'cgroup.events'");
        if (files_find_number(text, "frozen", 0))
            return 0;
        if (tries > FREEZE_SPINS)
            nanosleep(&(struct timespec){.tv_nsec = FREEZE_NS}, NULL);
    }
    (void)!v2_set_frozen(g, g->thaw_text, err);
    return err_set(err, ERR_HOST, "a process of the jail did not freeze within a second");
}

static int v2_processes(struct cgroup *g, int *out, size_t max, struct err *err)
{
    if (g->folders[V2_FUNCTION] < 0)
        return 0;
    return files_read_ids(g->folders[V2_FUNCTION], "cgroup.procs", out, max, err);
}

/* CPU time is counted without its controller too. */
static int v2_sample(struct cgroup *g, struct cgroup_sample *out, struct err *err)
{
    static const char *const parts[] = {"anon", "shmem", "kernel_stack", "pagetables"};
    char memory[8192] = "", cpu[2048] = "";
    uint64_t processes = 0;
    int folder = g->folders[V2_FUNCTION];
    if (folder < 0)
        return 0;
    if (files_read(folder, "cpu.stat", cpu, sizeof cpu, err) < 0 ||
        (g->holds[JAIL_LIMIT_MEMORY].mechanism &&
         files_read(folder, "memory.stat", memory, sizeof memory, err) < 0) ||
        (g->holds[JAIL_LIMIT_PIDS].mechanism &&
         files_read_number(folder, "pids.current", &processes, err) < 0))
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        out->memory_bytes += files_find_number(memory, parts[i], 0);
    out->cpu_us = files_find_number(cpu, "usage_usec", 0);
    out->processes = (unsigned)processes;
    return 0;
}

static int v2_oom_kills(struct cgroup *g, uint64_t *out, struct err *err)
{
    char text[512];
    if (files_read(g->folders[V2_FUNCTION], "memory.events", text, sizeof text, err) < 0)
        return -1;
    *out = files_find_number(text, "oom_kill", 0);
    return 0;
}

const struct cgroup_ops cgroup_v2_ops = {
    .name = "cgroup v2",
    .create = v2_create,
    .throttle = v2_throttle,
    .freeze = v2_freeze,
    .sample = v2_sample,
    .oom_kills = v2_oom_kills,
    .processes = v2_processes,
};

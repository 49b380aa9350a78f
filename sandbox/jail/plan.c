/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/plan.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "jail/cache.h"
#include "jail/files.h"
#include "jail/places.h"
#include "jail/refusal.h"
#include "jail/scope.h"

static int slot_host(struct build *b, struct err *err)
{
    struct jail *j = b->jail;
    if (places_slots(j->slot_folder, sizeof j->slot_folder, err) < 0)
        return -1;
    return slot_take(&j->slot, j->slot_folder, cgroup_remove, err);
}

/* Whether something that belongs inside is closed to others than its owner, the caller. Who takes
 * mounts can show it to the function as root's all the same. */
static bool is_closed(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0 || st.st_uid != geteuid())
        return false;
    mode_t needed = S_ISDIR(st.st_mode) ? S_IROTH | S_IXOTH : S_IROTH;
    return (st.st_mode & needed) != needed;
}

static bool has_closed_files(const struct jail_spec *spec)
{
    bool closed = false;
    for (size_t i = 0; i < spec->nbinds; i++)
        closed = closed || is_closed(spec->binds[i].source);
    for (size_t i = 0; i < spec->nlayers; i++)
        closed = closed || is_closed(spec->layers[i]);
    return closed;
}

static int ids_host(struct build *b, struct err *err)
{
    struct jail *j = b->jail;
    (void)err;
    ids_choose_host(&j->ids, j->slot.index, j->spec.uid, j->spec.gid, has_closed_files(&j->spec));
    AUTO_FD int tree = open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    j->takes_mounts = tree >= 0;
    return 0;
}

/* Without a cache folder filters are compiled each time, and there are no images. */
static int cache_host(struct build *b, struct err *err)
{
    struct jail *j = b->jail;
    j->cache_fd = cache_open(j->spec.cache_dir, err);
    return j->cache_fd < 0 && j->spec.cache_dir ? -1 : 0;
}

static int tmp_host(struct build *b, struct err *err)
{
    struct jail *j = b->jail;
    struct err why;
    bool image = j->takes_mounts && j->ids.kind == IDS_SLOT && j->cache_fd >= 0 &&
                 image_is_possible(j->cache_fd, j->spec.limits.tmp_bytes, &why);
    j->holds[JAIL_LIMIT_TMP].mechanism = image ? "ext4 image" : "tmpfs";
    j->tmp_in_memory = !image;
    if (image)
        return 0;
    if (holder_open(&j->holder, &j->ids, j->spec.limits.tmp_bytes, err) == 0)
        return 0;
    if (err->kind == ERR_SYSTEM)
        err->kind = ERR_HOST;
    refusal_add(err);
    return -1;
}

static int filter_host(struct build *b, struct err *err)
{
    struct jail *j = b->jail;
    struct jail_hold *hold = &j->holds[JAIL_LIMIT_SECCOMP];
    hold->mechanism = filter_is_possible() ? "seccomp filter" : NULL;
    if (!hold->mechanism)
        snprintf(hold->why, sizeof hold->why,
                 "this kernel takes no filters: it needs CONFIG_SECCOMP_FILTER");
    j->scoped = j->spec.network == JAIL_NETWORK_HOST && scope_is_there();
    return hold->mechanism ? filter_open(&j->filter, j->spec.policy_path, j->cache_fd, err) : 0;
}

/* A limit that is missing stops the run, unless it was relaxed by name. All that are missing are
 * told at once. */
static int holds_host(struct build *b, struct err *err)
{
    struct jail *j = b->jail;
    unsigned missing = 0;
    const char *why = "";
    for (int i = 0; i < JAIL_LIMIT_COUNT; i++) {
        if (j->holds[i].mechanism || (j->spec.relax >> i & 1))
            continue;
        missing |= 1u << i;
        if (!*why)
            why = j->holds[i].why;
    }
    if (!missing)
        return 0;
    char list[64];
    limit_list(missing, list, sizeof list);
    return err_set(err, ERR_HOST,
                   "this host cannot limit %s: %s; 'clambda doctor' tells more, --relax %s does "
                   "without",
                   list, why, list);
}

/* What holds without control groups too; and what a /tmp in memory makes of the memory limit. */
static void add_fallbacks(struct jail *j)
{
    struct jail_hold *pids = &j->holds[JAIL_LIMIT_PIDS], *freeze = &j->holds[JAIL_LIMIT_FREEZE];
    struct jail_hold *memory = &j->holds[JAIL_LIMIT_MEMORY];
    if (!pids->mechanism && ids_are_counted(&j->ids))
        pids->mechanism = "RLIMIT_NPROC";
    if (!freeze->mechanism) {
        freeze->mechanism = "stop signals";
        j->stops = true;
    }
    if (memory->mechanism && j->tmp_in_memory)
        memory->mechanism = strcmp(memory->mechanism, "cgroup v2") == 0
                                ? "cgroup v2, sampled: /tmp is in memory too"
                                : "cgroup v1, sampled: /tmp is in memory too";
}

static int groups_host(struct build *b, struct err *err)
{
    struct jail *j = b->jail;
    const struct cgroup_limits limits = {.memory_bytes = j->spec.limits.memory_bytes,
                                         .slack_bytes =
                                             j->tmp_in_memory ? j->spec.limits.tmp_bytes : 0,
                                         .cpu_permille = j->spec.limits.cpu_permille,
                                         .processes = j->spec.limits.processes,
                                         .owner = j->ids.root_uid};
    if (cgroup_open(&j->cgroup, &limits, &j->slot, err) < 0)
        return -1;
    static const enum jail_limit limited[] = {JAIL_LIMIT_MEMORY, JAIL_LIMIT_CPU, JAIL_LIMIT_PIDS,
                                              JAIL_LIMIT_FREEZE};
    for (size_t i = 0; i < ARRAY_LEN(limited); i++)
        j->holds[limited[i]] = j->cgroup.holds[limited[i]];
    add_fallbacks(j);
    if (j->spec.network == JAIL_NETWORK_HOST)
        cgroup_refuse_metadata(&j->cgroup);
    return 0;
}

/* Where this process's command line lies: numbers 48 and 49 of its stat, counted behind the name,
 * which may hold anything. A kernel that hides them leaves nothing to overwrite. */
static int command_line_host(struct build *b, struct err *err)
{
    char text[2048];
    if (files_read(AT_FDCWD, "/proc/self/stat", text, sizeof text, err) < 0)
        return -1;
    const char *at = strrchr(text, ')');
    for (int field = 2; at && field < 48; field++)
        at = strchr(at + 1, ' ');
    unsigned long start = 0, end = 0;
    if (at && sscanf(at, " %lu %lu", &start, &end) == 2 && end > start) {
        b->jail->command_line = (char *)start;
        b->jail->command_line_len = end - start;
    }
    return 0;
}

static const struct build_step steps[] = {
    {"slot", slot_host, NULL},          {"ids", ids_host, NULL},
    {"cache folder", cache_host, NULL}, {"system call filter", filter_host, NULL},
    {"/tmp", tmp_host, NULL},           {"control groups", groups_host, NULL},
    {"limits", holds_host, NULL},       {"command line", command_line_host, NULL},
};

int plan_make_host(struct build *b, struct err *err)
{
    return build_run(steps, ARRAY_LEN(steps), b, err);
}

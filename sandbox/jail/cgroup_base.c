/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/cgroup_base.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "jail/cgroup.h"
#include "jail/files.h"

#define IDS_LOOKED_AT 2 /* enough to tell "alone" */
#define PATH_SHOWN    60

/* Controllers and limits have the same names. */
static const enum jail_limit controllers[] = {JAIL_LIMIT_MEMORY, JAIL_LIMIT_CPU, JAIL_LIMIT_PIDS};

static bool has_word(const char *text, const char *word)
{
    size_t len = strlen(word);
    while (*text) {
        size_t part = strcspn(text, " \n");
        if (part == len && memcmp(text, word, len) == 0)
            return true;
        text += part;
        text += strspn(text, " \n");
    }
    return false;
}

/* "cpuset cpu io memory pids" as a set of limits. */
static unsigned read_controllers(int folder, const char *name)
{
    char text[1024];
    struct err ignored;
    unsigned set = 0;
    if (files_read(folder, name, text, sizeof text, &ignored) < 0)
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(controllers); i++)
        if (has_word(text, limit_names[controllers[i]]))
            set |= 1u << controllers[i];
    return set;
}

/* As the effective user, like everything that follows. An engine's filter that does not know the
 * newer call must not look like a missing right. */
static bool may_write(int folder, const char *name)
{
    return faccessat(folder, name, W_OK, getuid() == geteuid() ? 0 : AT_EACCESS) == 0;
}

/* A group whose manager has left it to whoever runs in it. */
static bool is_delegated(int folder, const struct cgroup_base *base, bool has_type)
{
    char value[8];
    return geteuid() != 0 || (base->top && has_type) ||
           fgetxattr(folder, "trusted.delegate", value, sizeof value) > 0 ||
           fgetxattr(folder, "user.delegate", value, sizeof value) > 0;
}

static enum cgroup_base_flaw find_flaw(int folder, bool has_type)
{
    char type[64];
    struct err ignored;
    if (!may_write(folder, ".") || !may_write(folder, "cgroup.procs"))
        return errno == EROFS ? CGROUP_BASE_READ_ONLY : CGROUP_BASE_FOREIGN;
    if (has_type && (files_read(folder, "cgroup.type", type, sizeof type, &ignored) < 0 ||
                     strcmp(type, "domain\n") != 0))
        return CGROUP_BASE_THREADED;
    return CGROUP_BASE_FINE;
}

static void base_look(int folder, pid_t self, struct cgroup_base *base)
{
    int ids[IDS_LOOKED_AT];
    struct err ignored;
    /* only the root of all groups has no type; it may have processes and give controllers */
    bool has_type = faccessat(folder, "cgroup.type", F_OK, 0) == 0;
    base->available = read_controllers(folder, "cgroup.controllers");
    base->enabled = read_controllers(folder, "cgroup.subtree_control");
    base->flaw = find_flaw(folder, has_type);
    base->usable = base->flaw == CGROUP_BASE_FINE;
    if (!base->usable)
        return;
    base->potential = base->enabled;
    if (!may_write(folder, "cgroup.subtree_control"))
        return;
    int n = has_type ? files_read_ids(folder, "cgroup.procs", ids, IDS_LOOKED_AT, &ignored) : 0;
    bool alone = n == 1 && ids[0] == self && is_delegated(folder, base, has_type);
    base->move = alone && base->available != base->enabled;
    if (n == 0 || alone)
        base->potential |= base->available;
    else if (base->available & ~base->enabled)
        base->flaw = CGROUP_BASE_BUSY;
}

static size_t parent_len(const char *path, size_t len)
{
    while (len > 0 && path[len - 1] != '/')
        len--;
    return len > 0 ? len - 1 : 0;
}

static int base_open(const char *own, size_t len)
{
    char path[PATH_MAX];
    if (len == 0 || snprintf(path, sizeof path, "%.*s", (int)len, own) >= (int)sizeof path)
        return -1;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && faccessat(fd, "cgroup.controllers", F_OK, 0) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

void cgroup_base_scan(struct cgroup_bases *list, const char *own, pid_t self)
{
    char leaf[64];
    memset(list, 0, sizeof *list);
    snprintf(list->own, sizeof list->own, "%s", own);
    snprintf(leaf, sizeof leaf, "/" CGROUP_LEAF "%d", (int)self);
    size_t len = strlen(list->own), tail = strlen(leaf);
    /* an earlier jail of this process has moved it */
    if (len > tail && strcmp(list->own + len - tail, leaf) == 0)
        len -= tail;
    int folder = base_open(list->own, len);
    while (folder >= 0 && list->count < CGROUP_BASES_MAX) {
        struct cgroup_base *base = &list->items[list->count++];
        base->len = len;
        len = parent_len(list->own, len);
        AUTO_FD int this = folder;
        folder = base_open(list->own, len);
        base->top = folder < 0;
        base_look(this, self, base);
    }
    attr_close(&folder);
}

struct cgroup_base *cgroup_base_best(struct cgroup_bases *list)
{
    struct cgroup_base *best = NULL;
    for (size_t i = 0; i < list->count; i++) {
        struct cgroup_base *base = &list->items[i];
        if (base->usable &&
            (!best || __builtin_popcount(base->potential) > __builtin_popcount(best->potential)))
            best = base;
    }
    return best;
}

/* The nearest that would have the limit but for this flaw. */
static const struct cgroup_base *find_flawed(const struct cgroup_bases *list,
                                             enum cgroup_base_flaw flaw, enum jail_limit limit)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct cgroup_base *base = &list->items[i];
        if (base->flaw == flaw && (limit == JAIL_LIMIT_FREEZE || base->available >> limit & 1))
            return base;
    }
    return NULL;
}

#define SCOPE "'systemd-run --user --scope -q -p Delegate=yes'"

/* What to say of a group, and behind its path. In the order in which they are looked for. */
static const struct {
    enum cgroup_base_flaw flaw;
    bool root;
    const char *before, *behind;
} reasons[] = {
    {CGROUP_BASE_BUSY, true, "processes stand in the control group",
     ": move them into one below it (mkdir G/all; write each line of G/cgroup.procs to "
     "G/all/cgroup.procs)"},
    {CGROUP_BASE_BUSY, false, "other processes are in the control group",
     ": start it alone in one, under " SCOPE},
    {CGROUP_BASE_READ_ONLY, true, "read-only mount of control groups at",
     ": a container needs --privileged, or that mount writable"},
    {CGROUP_BASE_READ_ONLY, false, "read-only mount of control groups at",
     ": a container needs that mount writable"},
    {CGROUP_BASE_THREADED, true, "threads have groups of their own in the control group",
     ": start it in another one"},
    {CGROUP_BASE_THREADED, false, "threads have groups of their own in the control group",
     ": start it under " SCOPE},
    {CGROUP_BASE_FOREIGN, true, "this user namespace's root may not change the control group",
     ": hand that folder and its cgroup.* files to it (chown)"},
};

static void explain_missing(const struct cgroup_bases *list, enum jail_limit limit,
                            char out[static JAIL_WHY_MAX])
{
    if (list->count == 0)
        snprintf(out, JAIL_WHY_MAX, "the control group '%.80s' cannot be opened", list->own);
    else if (geteuid() != 0)
        snprintf(out, JAIL_WHY_MAX,
                 "your groups do not get the '%s' controller: run it as root, or 'systemctl edit "
                 "user@.service' with Delegate=cpu memory pids",
                 limit_names[limit]);
    else
        snprintf(out, JAIL_WHY_MAX,
                 "cgroup v2 does not offer the '%s' controller: boot with cgroup_enable=%s, or "
                 "have the container's engine hand it down",
                 limit_names[limit], limit_names[limit]);
}

void cgroup_base_explain(const struct cgroup_bases *list, const struct cgroup_base *chosen,
                         enum jail_limit limit, char out[static JAIL_WHY_MAX])
{
    bool root = geteuid() == 0;
    if (list->failure[0]) {
        snprintf(out, JAIL_WHY_MAX, "%s", list->failure);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        const struct cgroup_base *base =
            reasons[i].root == root ? find_flawed(list, reasons[i].flaw, limit) : NULL;
        if (!base)
            continue;
        snprintf(out, JAIL_WHY_MAX, "%s '%.*s'%s", reasons[i].before,
                 (int)(base->len < PATH_SHOWN ? base->len : PATH_SHOWN), list->own,
                 reasons[i].behind);
        return;
    }
    if (chosen || root || list->count == 0)
        explain_missing(list, limit, out);
    else
        snprintf(out, JAIL_WHY_MAX,
                 "no control group of yours can be written: run it as root, or under " SCOPE);
}

static bool switch_set(int folder, char sign, unsigned set, struct err *err)
{
    char text[64] = "";
    size_t used = 0;
    for (size_t i = 0; i < ARRAY_LEN(controllers); i++)
        if (set >> controllers[i] & 1)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%c%s", used ? " " : "",
                                     sign, limit_names[controllers[i]]);
    return used && files_write(folder, "cgroup.subtree_control", text, err) == 0;
}

unsigned cgroup_base_switch(int folder, char sign, unsigned set, struct err *err)
{
    /* one write is one walk through the groups below; it takes all or none */
    if (switch_set(folder, sign, set, err))
        return set;
    unsigned changed = 0;
    for (size_t i = 0; i < ARRAY_LEN(controllers); i++)
        if (switch_set(folder, sign, set & 1u << controllers[i], err))
            changed |= 1u << controllers[i];
    return changed;
}

static int leaf_path(char out[static PATH_MAX], const char *base, pid_t owner)
{
    return snprintf(out, PATH_MAX, "%s/" CGROUP_LEAF "%d", base, (int)owner) < PATH_MAX ? 0 : -1;
}

bool cgroup_base_moved(const char *base, pid_t self)
{
    char leaf[PATH_MAX];
    return leaf_path(leaf, base, self) == 0 && access(leaf, F_OK) == 0;
}

int cgroup_base_enter(const char *base, pid_t self, struct err *err)
{
    char leaf[PATH_MAX];
    if (leaf_path(leaf, base, self) < 0)
        return err_set(err, ERR_LIMIT, "the path of control group '%.100s' is too long", base);
    if (mkdir(leaf, 0755) < 0 && errno != EEXIST)
        return err_sys(err, "mkdir '%s'", leaf);
    AUTO_FD int folder = open(leaf, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0 && files_write(folder, "cgroup.procs", "0", err) == 0)
        return 0;
    if (folder < 0)
        err_sys(err, "open '%s'", leaf);
    rmdir(leaf);
    return -1;
}

static bool has_groups(const char *base, const char *but)
{
    DIR *dir = opendir(base);
    bool found = false;
    for (struct dirent *e; dir && !found && (e = readdir(dir));)
        found = e->d_type == DT_DIR && *e->d_name != '.' && strcmp(e->d_name, but) != 0;
    if (dir)
        closedir(dir);
    return found;
}

void cgroup_base_leave(const char *base, pid_t owner)
{
    char leaf[PATH_MAX];
    struct err ignored;
    if (!cgroup_base_moved(base, owner) || leaf_path(leaf, base, owner) < 0 ||
        has_groups(base, strrchr(leaf, '/') + 1))
        return;
    AUTO_FD int folder = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return;
    /* its processes could not have gone in with controllers given, see cgroup_base_enter: all that
     * are given are ours */
    unsigned given = read_controllers(folder, "cgroup.subtree_control");
    cgroup_base_switch(folder, '-', given, &ignored);
    if (owner == getpid())
        (void)!files_write(folder, "cgroup.procs", "0", &ignored);
    rmdir(leaf);
}

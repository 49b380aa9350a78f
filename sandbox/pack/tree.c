/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MODE_MASK = 0777, MODE_FOLDER = 0755, MODE_OWNER = 0700 };

void tree_init(struct tree *t, int root_fd)
{
    *t = (struct tree){.root = root_fd, .last = -1};
}

void tree_fini(struct tree *t)
{
    if (t->last >= 0)
        close(t->last);
    t->last = -1;
}

static int count_node(struct tree *t, struct err *err)
{
    if (++t->nodes > PACK_ENTRIES_MAX)
        return err_set(err, ERR_LIMIT, "more than %d files and folders", PACK_ENTRIES_MAX);
    return 0;
}

static int open_folder(int parent, const char *name)
{
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Opens the folder, or makes it. */
static int enter(struct tree *t, int parent, const char *name, struct err *err)
{
    int fd = open_folder(parent, name);
    if (fd >= 0)
        return fd;
    if (errno == ENOTDIR || errno == ELOOP)
        return err_set(err, ERR_INPUT, "'%.100s' is no folder but a file or a link of the same zip",
                       name);
    if (errno != ENOENT)
        return err_sys(err, "open the folder '%.100s'", name);
    if (count_node(t, err))
        return -1;
    if (mkdirat(parent, name, MODE_OWNER))
        return err_sys(err, "make the folder '%.100s'", name);
    fd = open_folder(parent, name);
    if (fd < 0)
        return err_sys(err, "open the folder '%.100s'", name);
    if (fchmod(fd, MODE_FOLDER)) { /* not left to the umask */
        err_sys(err, "set the mode of '%.100s'", name);
        close(fd);
        return -1;
    }
    return fd;
}

/* Opens the folder at path, with all on the way; the tree keeps the descriptor. */
static int walk(struct tree *t, const char *path, size_t len, struct err *err)
{
    if (t->last >= 0 && strlen(t->last_path) == len && memcmp(t->last_path, path, len) == 0)
        return t->last;
    char copy[PACK_NAME_MAX + 1];
    memcpy(copy, path, len);
    copy[len] = '\0';
    int at = fcntl(t->root, F_DUPFD_CLOEXEC, 0);
    if (at < 0)
        return err_sys(err, "duplicate a descriptor");
    char *rest = NULL;
    for (char *part = strtok_r(copy, "/", &rest); part; part = strtok_r(NULL, "/", &rest)) {
        int next = enter(t, at, part, err);
        close(at);
        if (next < 0)
            return -1;
        at = next;
    }
    tree_fini(t);
    t->last = at;
    memcpy(t->last_path, path, len);
    t->last_path[len] = '\0';
    return at;
}

/* Opens the folder that holds path; *out_name is path's last component. */
static int walk_parent(struct tree *t, const char *path, const char **out_name, struct err *err)
{
    const char *slash = strrchr(path, '/');
    *out_name = slash ? slash + 1 : path;
    return walk(t, path, slash ? (size_t)(slash - path) : 0, err);
}

/* Makes room for a later entry of the same name. */
static int replace(int parent, const char *name, struct err *err)
{
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno == EISDIR)
        return err_set(err, ERR_INPUT, "is a file or link, and a folder of the same zip");
    return err_sys(err, "replace '%.100s'", name);
}

int tree_create_file(struct tree *t, const char *path, struct err *err)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    const char *name;
    int parent = walk_parent(t, path, &name, err);
    if (parent < 0 || count_node(t, err))
        return -1;
    int fd = openat(parent, name, flags, 0600);
    if (fd < 0 && errno == EEXIST) {
        if (replace(parent, name, err))
            return -1;
        fd = openat(parent, name, flags, 0600);
    }
    return fd >= 0 ? fd : err_sys(err, "create '%.100s'", name);
}

static struct timespec time_of(int64_t mtime)
{
    return (struct timespec){.tv_sec = (time_t)mtime};
}

int tree_finish_file(int fd, mode_t mode, int64_t mtime, struct err *err)
{
    const struct timespec times[2] = {time_of(mtime), time_of(mtime)};
    /* an ordinary user's function may be the owner here, on Lambda it never is: what others cannot
     * read or run, it cannot */
    if (geteuid() != 0)
        mode &= ~((~mode & 05) << 6);
    if (fchmod(fd, mode & MODE_MASK))
        return err_sys(err, "set its mode");
    if (futimens(fd, times))
        return err_sys(err, "set its time");
    return 0;
}

int tree_make_folder(struct tree *t, const char *path, mode_t mode, struct err *err)
{
    int fd = walk(t, path, strlen(path), err);
    if (fd < 0)
        return -1;
    if (fchmod(fd, (mode & MODE_MASK) | MODE_OWNER))
        return err_sys(err, "set its mode");
    return 0;
}

int tree_date_folder(struct tree *t, const char *path, int64_t mtime, struct err *err)
{
    const struct timespec times[2] = {time_of(mtime), time_of(mtime)};
    int fd = walk(t, path, strlen(path), err);
    if (fd < 0)
        return -1;
    return futimens(fd, times) ? err_sys(err, "set its time") : 0;
}

int tree_make_link(struct tree *t, const char *path, const char *target, int64_t mtime,
                   struct err *err)
{
    const struct timespec times[2] = {time_of(mtime), time_of(mtime)};
    const char *name;
    int parent = walk_parent(t, path, &name, err);
    if (parent < 0 || count_node(t, err))
        return -1;
    int failed = symlinkat(target, parent, name);
    if (failed && errno == EEXIST) {
        if (replace(parent, name, err))
            return -1;
        failed = symlinkat(target, parent, name);
    }
    if (failed)
        return err_sys(err, "make the link '%.100s'", name);
    if (utimensat(parent, name, times, AT_SYMLINK_NOFOLLOW))
        return err_sys(err, "set its time");
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>

static int tree_change(int fd, const char *path, unsigned flags, struct mount_attr *attr,
                       struct err *err)
{
    if (mount_setattr(fd, path, flags, attr, sizeof *attr) == 0)
        return 0;
    if (errno == ENOSYS)
        return err_set(err, ERR_HOST, "mount_setattr is missing: Linux 5.12 or newer is needed");
    return err_sys(err, "mount_setattr");
}

int tree_take_fd(int source, bool recursive, uint64_t attributes, struct err *err)
{
    unsigned depth = recursive ? AT_RECURSIVE : 0;
    AUTO_FD int fd =
        open_tree(source, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | depth);
    if (fd < 0)
        return err_sys(err, "open_tree");
    struct mount_attr attr = {.attr_set = attributes, .propagation = MS_PRIVATE};
    return tree_change(fd, "", AT_EMPTY_PATH | depth, &attr, err) < 0 ? -1 : TAKE_FD(fd);
}

int tree_take(const char *path, bool recursive, uint64_t attributes, struct err *err)
{
    AUTO_FD int source = open(path, O_PATH | O_CLOEXEC);
    if (source < 0)
        return err_sys(err, "open '%s'", path);
    int fd = tree_take_fd(source, recursive, attributes, err);
    return fd < 0 ? err_wrap(err, "'%s'", path) : fd;
}

bool tree_show_owner(int tree_fd, bool recursive, int userns_fd)
{
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns_fd};
    return mount_setattr(tree_fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr,
                         sizeof attr) == 0;
}

int tree_new_tmpfs(const char *bytes, const char *inodes, struct err *err)
{
    AUTO_FD int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);
    if (fs < 0)
        return err_sys(err, "fsopen 'tmpfs'");
    if (fsconfig(fs, FSCONFIG_SET_STRING, "size", bytes, 0) < 0 ||
        fsconfig(fs, FSCONFIG_SET_STRING, "nr_inodes", inodes, 0) < 0 ||
        fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
        fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return err_sys(err, "tmpfs of %s bytes", bytes);
    int fd = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    return fd < 0 ? err_sys(err, "fsmount tmpfs") : fd;
}

int tree_set(const char *path, uint64_t attributes, struct err *err)
{
    struct mount_attr attr = {.attr_set = attributes};
    if (tree_change(AT_FDCWD, path, 0, &attr, err) < 0)
        return err_wrap(err, "'%s'", path);
    return 0;
}

int tree_attach(int tree_fd, const char *path, struct err *err)
{
    if (move_mount(tree_fd, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return err_sys(err, "move_mount to '%s'", path);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Attempts by way of names: files, devices, mounts. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "escape.h"

#define PATTERN_MAX 128

static char found[4096];

static const char *try_read(char **a)
{
    char byte;
    int fd = open(a[0], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd < 0 ? -1 : read(fd, &byte, 1);
    return n < 0 ? outcome(n) : n ? "data" : "empty";
}

/* "_" in the text is a space. */
static const char *try_write(char **a)
{
    for (char *at = a[1]; (at = strchr(at, '_'));)
        *at = ' ';
    int fd = open(a[0], O_WRONLY | O_CLOEXEC | O_NONBLOCK);
    return outcome(fd < 0 ? -1 : write(fd, a[1], strlen(a[1])));
}

static const char *try_readlink(char **a)
{
    ssize_t n = readlink(a[0], found, sizeof found - 1);
    found[n < 0 ? 0 : n] = 0;
    return n < 0 ? outcome(n) : found;
}

static const char *try_list(char **a)
{
    DIR *dir = opendir(a[0]);
    if (!dir)
        return outcome(-1);
    size_t len = 0;
    found[0] = 0;
    for (struct dirent *e; (e = readdir(dir)) && len < sizeof found - 300;)
        if (e->d_name[0] != '.')
            len += (size_t)sprintf(found + len, "%s ", e->d_name);
    closedir(dir);
    return *found ? found : "empty";
}

static const char *try_kind(char **a)
{
    struct stat st;
    if (lstat(a[0], &st) < 0)
        return outcome(-1);
    if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
        return S_ISDIR(st.st_mode) ? "folder" : S_ISLNK(st.st_mode) ? "link" : "file";
    sprintf(found, "device %u:%u", major(st.st_rdev), minor(st.st_rdev));
    return found;
}

static const char *try_flags(char **a)
{
    struct statvfs fs;
    if (statvfs(a[0], &fs) < 0)
        return outcome(-1);
    sprintf(found, "%s%s%s", fs.f_flag & ST_RDONLY ? "ro" : "rw",
            fs.f_flag & ST_NOSUID ? " nosuid" : "", fs.f_flag & ST_NODEV ? " nodev" : "");
    return found;
}

static const char *try_create(char **a)
{
    return outcome(open(a[0], O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
}

static const char *try_mkdir(char **a)
{
    return outcome(mkdir(a[0], 0755));
}

static const char *try_unlink(char **a)
{
    return outcome(unlink(a[0]));
}

static const char *try_rename(char **a)
{
    return outcome(rename(a[0], a[1]));
}

static const char *try_hardlink(char **a)
{
    return outcome(link(a[0], a[1]));
}

static const char *try_chmod(char **a)
{
    return outcome(chmod(a[0], 0777));
}

static const char *try_chown(char **a)
{
    return outcome(chown(a[0], getuid(), getgid()));
}

static const char *try_truncate(char **a)
{
    return outcome(truncate(a[0], 0));
}

static const char *try_touch(char **a)
{
    return outcome(utimensat(AT_FDCWD, a[0], NULL, 0));
}

static const char *try_setxattr(char **a)
{
    return outcome(setxattr(a[0], a[1], "x", 1, 0));
}

static const char *try_mknod(char **a)
{
    mode_t type = *a[1] == 'b' ? S_IFBLK : S_IFCHR;
    return outcome(mknod(a[0], type | 0666, makedev((unsigned)atoi(a[2]), (unsigned)atoi(a[3]))));
}

static const char *try_mount(char **a)
{
    return outcome(mount(a[0], a[1], a[0], 0, NULL));
}

static const char *try_bind(char **a)
{
    return outcome(mount(a[0], a[1], NULL, MS_BIND | MS_REC, NULL));
}

static const char *try_remount(char **a)
{
    return outcome(mount(NULL, a[0], NULL, MS_REMOUNT | MS_BIND, NULL));
}

static const char *try_umount(char **a)
{
    return outcome(umount2(a[0], MNT_DETACH));
}

static const char *try_fsopen(char **a)
{
    return outcome(syscall(SYS_fsopen, a[0], 0));
}

static const char *try_tree(char **a)
{
    return outcome(syscall(SYS_open_tree, AT_FDCWD, a[0], OPEN_TREE_CLONE));
}

static const char *try_setattr(char **a)
{
    struct mount_attr attr = {.attr_clr = MOUNT_ATTR_RDONLY};
    return outcome(syscall(SYS_mount_setattr, AT_FDCWD, a[0], 0, &attr, sizeof attr));
}

static const char *try_pivot(char **a)
{
    return outcome(syscall(SYS_pivot_root, a[0], a[0]));
}

static const char *try_chroot(char **a)
{
    return outcome(chroot(a[0]));
}

/* Inode 2 is the root folder of most file systems of the host. */
static const char *try_handle(char **a)
{
    struct {
        struct file_handle head;
        unsigned bytes[2];
    } handle = {{.handle_bytes = 8, .handle_type = 1}, {2, 0}};
    int fd = open(a[0], O_RDONLY | O_CLOEXEC);
    return outcome(open_by_handle_at(fd, &handle.head, O_RDONLY));
}

static const char *try_flock(char **a)
{
    int fd = open(a[0], O_RDONLY | O_CLOEXEC);
    return outcome(fd < 0 ? -1 : flock(fd, LOCK_EX | LOCK_NB));
}

static const char *try_fds(char **a)
{
    size_t len = 0;
    (void)a;
    found[0] = 0;
    for (int fd = 0; fd < 4096; fd++) {
        char path[32], to[128];
        sprintf(path, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(path, to, sizeof to - 1);
        if (n > 0)
            len += (size_t)sprintf(found + len, "%d=%.*s ", fd,
                                   strncmp(to, "pipe", 4) == 0 ? 4 : (int)n, to);
    }
    return found;
}

static bool has_pattern(const char *path, const char *pattern)
{
    static char text[1 << 20];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    size_t len = 0;
    for (ssize_t n;
         fd >= 0 && len < sizeof text && (n = read(fd, text + len, sizeof text - len)) > 0;)
        len += (size_t)n;
    if (fd >= 0)
        close(fd);
    return len && memmem(text, len, pattern, strlen(pattern));
}

/* A text in what /proc tells; given in two halves, so that the own arguments do not have it. */
static const char *try_seek(char **a)
{
    static const char *const files[] = {"cmdline", "environ", "comm",   "status", "stat",  "maps",
                                        "cgroup",  "mounts",  "limits", "sched",  "wchan", "mem"};
    char pattern[PATTERN_MAX], path[300];
    snprintf(pattern, sizeof pattern, "%s%s", a[0], a[1]);
    DIR *dir = opendir("/proc");
    for (struct dirent *e; dir && (e = readdir(dir));) {
        snprintf(path, sizeof path, "/proc/%s", e->d_name);
        if (e->d_type == DT_REG && has_pattern(path, pattern))
            return strcpy(found, path);
        for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
            snprintf(path, sizeof path, "/proc/%s/%s", e->d_name, files[i]);
            if (e->d_name[0] <= '9' && has_pattern(path, pattern))
                return strcpy(found, path);
        }
    }
    return dir ? "absent" : outcome(-1);
}

/* A text in one file, in two halves as well. */
static const char *try_grep(char **a)
{
    char pattern[PATTERN_MAX];
    snprintf(pattern, sizeof pattern, "%s%s", a[1], a[2]);
    return has_pattern(a[0], pattern) ? "found" : "absent";
}

const struct verb file_verbs[] = {
    {"read", 1, try_read},         {"write", 2, try_write},       {"readlink", 1, try_readlink},
    {"list", 1, try_list},         {"kind", 1, try_kind},         {"flags", 1, try_flags},
    {"create", 1, try_create},     {"mkdir", 1, try_mkdir},       {"unlink", 1, try_unlink},
    {"rename", 2, try_rename},     {"hardlink", 2, try_hardlink}, {"chmod", 1, try_chmod},
    {"chown", 1, try_chown},       {"truncate", 1, try_truncate}, {"touch", 1, try_touch},
    {"setxattr", 2, try_setxattr}, {"mknod", 4, try_mknod},       {"mount", 2, try_mount},
    {"bind", 2, try_bind},         {"remount", 1, try_remount},   {"umount", 1, try_umount},
    {"fsopen", 1, try_fsopen},     {"tree", 1, try_tree},         {"setattr", 1, try_setattr},
    {"pivot", 1, try_pivot},       {"chroot", 1, try_chroot},     {"handle", 1, try_handle},
    {"flock", 1, try_flock},       {"fds", 0, try_fds},           {"seek", 2, try_seek},
    {"grep", 3, try_grep},
};
const size_t file_verbs_count = sizeof file_verbs / sizeof *file_verbs;

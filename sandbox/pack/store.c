/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "pack/limits.h"
#include "pack/remove.h"

#define STORE_FOLDER  "unzip-1" /* the number changes with how zips are unpacked */
#define STORE_DEFAULT "/var/cache/clambda"
#define WAY_OUT       "or unzip it yourself and name the folder"

enum { TRIES = 100 };

const char *store_path_variable(const char *name)
{
    const char *value = getenv(name);
    return value && value[0] == '/' ? value : NULL;
}

static int choose_dir(char out[static PATH_MAX], const char *dir, struct err *err)
{
    int n;
    if (dir && dir[0] != '/')
        return err_set(err, ERR_INPUT, "the cache folder '%.200s' is no absolute path", dir);
    const char *xdg = store_path_variable("XDG_CACHE_HOME"), *home = store_path_variable("HOME");
    if (dir)
        n = snprintf(out, PATH_MAX, "%s", dir);
    else if (geteuid() == 0)
        n = snprintf(out, PATH_MAX, "%s", STORE_DEFAULT);
    else if (xdg)
        n = snprintf(out, PATH_MAX, "%s/clambda", xdg);
    else if (home)
        n = snprintf(out, PATH_MAX, "%s/.cache/clambda", home);
    else
        return err_set(err, ERR_SYSTEM,
                       "no folder to unpack into: neither XDG_CACHE_HOME nor HOME is an absolute "
                       "path; set one, " WAY_OUT);
    if (n < 0 || n > PATH_MAX - 256)
        return err_set(err, ERR_INPUT, "the cache folder's path is too long");
    return 0;
}

/* Makes path and what is missing above it, for the owner only. */
static int make_dirs(char *path, struct err *err)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int failed = mkdir(path, 0700) && errno != EEXIST && errno != EISDIR && access(path, F_OK);
        if (failed)
            err_sys(err, "make the cache folder '%.200s'", path);
        *slash = '/';
        if (failed)
            return -1;
    }
    if (mkdir(path, 0700) && errno != EEXIST)
        return err_sys(err, "make the cache folder '%.200s'", path);
    return 0;
}

/* What others could have put there is not believed. */
static int open_trusted(int parent, const char *name, mode_t forbidden, struct err *err)
{
    struct stat st;
    AUTO_FD int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
        return err_set(err, ERR_HOST, "cache folder '%.200s' is a link or a file: remove it", name);
    if (fd < 0 || fstat(fd, &st))
        return err_sys(err, "open the cache folder '%.200s'", name);
    if (st.st_uid != geteuid())
        return err_set(err, ERR_HOST,
                       "cache folder '%.200s' belongs to user %u, not to %u: remove it", name,
                       (unsigned)st.st_uid, (unsigned)geteuid());
    if (st.st_mode & forbidden)
        return err_set(err, ERR_HOST,
                       "cache folder '%.200s' is open to others (mode %04o): remove it", name,
                       (unsigned)st.st_mode & 07777);
    return TAKE_FD(fd);
}

static void read_boot(char *out, size_t size)
{
    AUTO_FD int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    char id[37] = "";
    ssize_t n = fd < 0 ? -1 : read(fd, id, 36);
    snprintf(out, size, "-%s", n == 36 && !strchr(id, '/') ? id : "unknown");
}

bool store_is_noexec(int fd)
{
    struct statvfs fs;
    return fstatvfs(fd, &fs) == 0 && fs.f_flag & ST_NOEXEC;
}

static int open_store(struct store *s, const char *dir, bool make, struct err *err)
{
    struct store opened = {.fd = -1, .tmp = "tmp-"};
    if (choose_dir(opened.path, dir, err) || (make && make_dirs(opened.path, err)))
        return -1;
    /* other parts of the program keep their caches beside ours, readable perhaps */
    AUTO_FD int top = open_trusted(AT_FDCWD, opened.path, S_IWGRP | S_IWOTH, err);
    if (top < 0)
        return -1;
    if (store_is_noexec(top))
        return err_set(err, ERR_SYSTEM, "'%.200s' is mounted noexec", opened.path);
    if (make && mkdirat(top, STORE_FOLDER, 0700) && errno != EEXIST)
        return err_sys(err, "make '%.200s/" STORE_FOLDER "'", opened.path);
    AUTO_FD int fd = open_trusted(top, STORE_FOLDER, S_IRWXG | S_IRWXO, err);
    if (fd < 0)
        return err_wrap(err, "'%.200s'", opened.path);
    if (make && faccessat(fd, ".", W_OK, AT_EACCESS))
        return err_sys(err, "write to '%.200s/" STORE_FOLDER "'", opened.path);
    strcat(opened.path, "/" STORE_FOLDER); /* choose_dir has left room */
    read_boot(opened.boot, sizeof opened.boot);
    opened.fd = TAKE_FD(fd);
    *s = opened;
    return 0;
}

int store_open(struct store *s, const char *dir, struct err *err)
{
    return open_store(s, dir, true, err);
}

int store_look(struct store *s, const char *dir, struct err *err)
{
    return open_store(s, dir, false, err);
}

void store_close(struct store *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

bool store_is_same(const struct store *s, const char *name, int fd)
{
    struct stat by_name, by_fd;
    return fstatat(s->fd, name, &by_name, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &by_fd) == 0 &&
           by_name.st_ino == by_fd.st_ino && by_name.st_dev == by_fd.st_dev;
}

static int lock(int fd, int how)
{
    int failed;
    do
        failed = flock(fd, how);
    while (failed && errno == EINTR);
    return failed;
}

static int open_entry(const struct store *s, const char *name)
{
    return openat(s->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int store_find(const struct store *s, const char *name, int *out_fd, struct err *err)
{
    for (int i = 0; i < TRIES; i++) {
        AUTO_FD int fd = open_entry(s, name);
        if (fd < 0 && errno != ENOENT)
            return err_sys(err, "open '%s/%s'", s->path, name);
        if (fd < 0) {
            *out_fd = -1;
            return 0;
        }
        /* waits for somebody who is about to remove it: then it has another name */
        if (lock(fd, LOCK_SH))
            return err_sys(err, "lock '%s/%s'", s->path, name);
        if (!store_is_same(s, name, fd))
            continue;
        futimens(fd, NULL); /* for store_trim only */
        *out_fd = TAKE_FD(fd);
        return 0;
    }
    return err_set(err, ERR_SYSTEM, "'%s/%s' comes and goes", s->path, name);
}

uint64_t store_size(int entry_fd)
{
    char text[32] = "";
    AUTO_FD int fd = openat(entry_fd, STORE_SIZE_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || read(fd, text, sizeof text - 1) <= 0)
        return PACK_UNPACKED_MAX;
    return strtoull(text, NULL, 10);
}

static int name_tmp(const struct store *s, char out[static STORE_NAME_MAX], struct err *err)
{
    uint64_t salt;
    if (getrandom(&salt, sizeof salt, 0) != sizeof salt)
        return err_sys(err, "getrandom");
    snprintf(out, STORE_NAME_MAX, "%s%d-%016" PRIx64, s->tmp, (int)getpid(), salt);
    return 0;
}

int store_begin(const struct store *s, char out_name[static STORE_NAME_MAX], struct err *err)
{
    for (int i = 0; i < TRIES; i++) {
        char name[STORE_NAME_MAX];
        if (name_tmp(s, name, err))
            return -1;
        if (mkdirat(s->fd, name, 0700))
            return err_sys(err, "make '%s/%s'", s->path, name);
        AUTO_FD int fd = open_entry(s, name);
        if (fd >= 0 && lock(fd, LOCK_SH))
            return err_sys(err, "lock '%s/%s'", s->path, name);
        /* without its lock it looks like a dead one's for a moment, and may have been removed */
        if (fd < 0 || !store_is_same(s, name, fd))
            continue;
        memcpy(out_name, name, sizeof name);
        return TAKE_FD(fd);
    }
    return err_set(err, ERR_SYSTEM, "no temporary folder stays in '%s'", s->path);
}

static int move(const struct store *s, const char *from, const char *to)
{
    int failed = renameat2(s->fd, from, s->fd, to, RENAME_NOREPLACE);
    if (failed &&
        errno == EINVAL) /* not every file system knows the flag; folders with content stay */
        failed = renameat(s->fd, from, s->fd, to);
    return failed;
}

int store_publish(const struct store *s, const char *tmp, const char *name, struct err *err)
{
    if (move(s, tmp, name) == 0)
        return 0;
    if (errno != EEXIST && errno != ENOTEMPTY)
        return err_sys(err, "rename '%s/%s'", s->path, tmp);
    return remove_tree(s->fd, tmp, err);
}

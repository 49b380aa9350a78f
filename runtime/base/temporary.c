/* SPDX-License-Identifier: Apache-2.0 */
#include "base/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/symlink.h"

#define PRIVATE 0600

enum { TRIES = 100, FD_PATH_SIZE = 32 };

/* *out_mode: of what is there, 0: nothing is. */
static int check_target(const char *path, mode_t *out_mode, struct err *err)
{
    struct stat st;
    size_t len = strlen(path);
    bool exists = len && stat(path, &st) == 0;
    if (len == 0 || path[len - 1] == '/' || (exists && S_ISDIR(st.st_mode)))
        return err_set(err, ERR_INPUT, "'%.200s' is a folder, not a file: add the name of the file",
                       path);
    if (exists && !S_ISREG(st.st_mode))
        return err_set(err, ERR_INPUT,
                       "'%.200s' is a pipe or a device: the file is put together beside its name "
                       "and cannot be streamed",
                       path);
    *out_mode = exists ? st.st_mode : 0;
    return 0;
}

static int open_folder(struct temporary *t, const char *path, struct err *err)
{
    char folder[PATH_MAX] = ".";
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t len = slash ? (size_t)(slash - path) : 0;
    size_t name_len = strlen(name);
    if (len >= sizeof folder || name_len > NAME_MAX)
        return err_set(err, ERR_INPUT, "the name '%.200s' is too long", path);
    if (slash)
        snprintf(folder, sizeof folder, "%.*s", len ? (int)len : 1, path);
    memcpy(t->target, name, name_len + 1);
    t->dir_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (t->dir_fd >= 0)
        return 0;
    err_sys(err, "the folder '%.200s' of '%.100s'", folder, name);
    return err_place(err);
}

static int pick_name(struct temporary *t, struct err *err)
{
    uint64_t number;
    if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number)
        return err_sys(err, "ask for a random number");
    snprintf(t->name, sizeof t->name, ".clambda-%016llx", (unsigned long long)number);
    return 0;
}

static void path_of(int fd, char out[static FD_PATH_SIZE])
{
    snprintf(out, FD_PATH_SIZE, "/proc/self/fd/%d", fd);
}

/* Without a name nothing is left of it, however this process ends. Not every file system can, and
 * only /proc lets anybody name it later. */
static int open_nameless(struct temporary *t, mode_t mode)
{
    char path[FD_PATH_SIZE];
    AUTO_FD int fd = openat(t->dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
    if (fd < 0)
        return -1;
    path_of(fd, path);
    if (access(path, F_OK) < 0)
        return -1;
    t->fd = TAKE_FD(fd);
    return 0;
}

static int open_named(struct temporary *t, const char *path, mode_t mode, struct err *err)
{
    for (int tries = 0; tries < TRIES; tries++) {
        if (pick_name(t, err) < 0)
            return -1;
        t->fd = openat(t->dir_fd, t->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (t->fd >= 0)
            return 0;
        if (errno != EEXIST)
            break;
    }
    err_sys(err, "write '%.200s'", path);
    return err_place(err);
}

static int create(struct temporary *t, const char *path, mode_t mode, struct err *err)
{
    return open_nameless(t, mode) == 0 ? 0 : open_named(t, path, mode, err);
}

/* linkat replaces nothing: the name that is there goes by a rename. */
static int give_name(struct temporary *t, struct err *err)
{
    char path[FD_PATH_SIZE];
    path_of(t->fd, path);
    for (int tries = 0; tries < TRIES; tries++) {
        if (pick_name(t, err) < 0)
            break;
        if (linkat(AT_FDCWD, path, t->dir_fd, t->name, AT_SYMLINK_FOLLOW) == 0)
            return 0;
        err_sys(err, "write '%.200s'", t->target);
        if (err->sys != EEXIST)
            break;
    }
    t->name[0] = '\0';
    return -1;
}

static int begin(struct temporary *t, const char *path, mode_t mode, struct err *err)
{
    char place[PATH_MAX];
    mode_t kept = 0;
    if (check_target(path, &kept, err) < 0 || symlink_follow(path, place, err) < 0 ||
        open_folder(t, place, err) < 0 || create(t, path, kept ? PRIVATE : mode, err) < 0)
        return -1;
    return kept && fchmod(t->fd, kept & 0777) < 0 ? err_sys(err, "mode of '%.200s'", path) : 0;
}

int temporary_begin(struct temporary *t, const char *path, mode_t mode, struct err *err)
{
    *t = (struct temporary){.fd = -1, .dir_fd = -1};
    if (begin(t, path, mode, err) == 0)
        return 0;
    temporary_fini(t);
    return -1;
}

int temporary_publish(struct temporary *t, struct err *err)
{
    if (!t->name[0] && give_name(t, err) < 0)
        return -1;
    /* a network's file system may tell only now that the disk is full */
    if (close(TAKE_FD(t->fd)) < 0 || renameat(t->dir_fd, t->name, t->dir_fd, t->target) < 0) {
        err_sys(err, "write '%.200s'", t->target);
        unlinkat(t->dir_fd, t->name, 0);
        return -1;
    }
    return 0;
}

void temporary_fini(struct temporary *t)
{
    if (t->fd >= 0) {
        if (t->name[0])
            unlinkat(t->dir_fd, t->name, 0);
        close(t->fd);
    }
    if (t->dir_fd >= 0)
        close(t->dir_fd);
    *t = (struct temporary){.fd = -1, .dir_fd = -1};
}

int temporary_write(const char *path, const void *bytes, size_t len, struct err *err)
{
    struct temporary t;
    const char *at = bytes;
    int status = temporary_begin(&t, path, PRIVATE, err);
    while (status == 0 && len) {
        ssize_t n = write(t.fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            status = err_sys(err, "write '%.200s'", path);
            break;
        }
        at += n;
        len -= (size_t)n;
    }
    if (status == 0)
        status = temporary_publish(&t, err);
    temporary_fini(&t);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "deploy/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static int input_failed(struct err *err)
{
    static const int ours[] = {ENOENT, ENOTDIR, EACCES, EPERM, EROFS, ELOOP, ENAMETOOLONG};
    for (size_t i = 0; i < ARRAY_LEN(ours); i++)
        if (err->sys == ours[i])
            err->kind = ERR_INPUT;
    return -1;
}

static int check_target(const char *path, struct err *err)
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
    return 0;
}

static int open_folder(struct temporary *t, const char *path, struct err *err)
{
    char folder[PATH_MAX] = ".";
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t len = slash ? (size_t)(slash - path) : 0;
    if (len >= sizeof folder || strlen(name) > NAME_MAX)
        return err_set(err, ERR_INPUT, "the name '%.200s' is too long", path);
    if (slash)
        snprintf(folder, sizeof folder, "%.*s", len ? (int)len : 1, path);
    snprintf(t->target, sizeof t->target, "%s", name);
    t->dir_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (t->dir_fd >= 0)
        return 0;
    err_sys(err, "the folder '%.200s' of '%.100s'", folder, name);
    return input_failed(err);
}

static int create(struct temporary *t, const char *path, struct err *err)
{
    for (int tries = 0; tries < 100; tries++) {
        uint64_t number;
        if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number)
            return err_sys(err, "ask for a random number");
        snprintf(t->name, sizeof t->name, ".clambda-%016llx", (unsigned long long)number);
        t->fd = openat(t->dir_fd, t->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (t->fd >= 0)
            return 0;
        if (errno != EEXIST)
            break;
    }
    err_sys(err, "write '%.200s'", path);
    return input_failed(err);
}

int temporary_begin(struct temporary *t, const char *path, struct err *err)
{
    *t = (struct temporary){.fd = -1, .dir_fd = -1};
    if (check_target(path, err) == 0 && open_folder(t, path, err) == 0 && create(t, path, err) == 0)
        return 0;
    temporary_fini(t);
    return -1;
}

int temporary_publish(struct temporary *t, struct err *err)
{
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
        unlinkat(t->dir_fd, t->name, 0);
        close(t->fd);
    }
    if (t->dir_fd >= 0)
        close(t->dir_fd);
    *t = (struct temporary){.fd = -1, .dir_fd = -1};
}

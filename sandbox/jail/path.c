/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

const char *path_inside(const char *absolute)
{
    while (*absolute == '/')
        absolute++;
    return *absolute ? absolute : ".";
}

static int path_make_above(const char *path, struct err *err)
{
    char part[PATH_MAX];
    size_t len = strlen(path);
    if (len >= sizeof part)
        return err_set(err, ERR_INPUT, "a path of %zu bytes is too long", len);
    memcpy(part, path, len + 1);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdir(part, 0755) < 0 && errno != EEXIST)
            return err_sys(err, "mkdir '/%s'", part);
        *slash = '/';
    }
    return 0;
}

int path_make(const char *path, bool folder, struct err *err)
{
    if (path_make_above(path, err) < 0)
        return -1;
    if (folder)
        return mkdir(path, 0755) < 0 && errno != EEXIST ? err_sys(err, "mkdir '/%s'", path) : 0;
    AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    return fd < 0 && errno != EEXIST ? err_sys(err, "make '/%s'", path) : 0;
}

int path_write(const char *path, const char *text, size_t len, struct err *err)
{
    if (path_make_above(path, err) < 0)
        return -1;
    AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, text, len) != (ssize_t)len)
        return err_sys(err, "write '/%s'", path);
    return 0;
}

int path_link(const char *target, const char *path, struct err *err)
{
    if (path_make_above(path, err) < 0)
        return -1;
    return symlink(target, path) < 0 && errno != EEXIST ? err_sys(err, "link '/%s'", path) : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "jail/files.h"

static const char *const defaults[] = {"/var/cache/clambda", "/var/tmp/clambda"};

static int cache_try(const char *path, struct err *err)
{
    struct stat st;
    struct statfs fs;
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return err_sys(err, "mkdir '%s'", path);
    AUTO_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
        return err_sys(err, "open '%s'", path);
    if (st.st_uid != geteuid() || (st.st_mode & 022))
        return err_set(err, ERR_HOST, "'%s' is not writable by user %u alone: chown and chmod it",
                       path, (unsigned)geteuid());
    if (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC)
        return err_set(err, ERR_HOST, "'%s' is in memory, a disk is needed", path);
    AUTO_FD int probe = files_open_nameless(fd, 0600);
    if (probe < 0)
        return err_sys(err, "a file without a name (O_TMPFILE) in '%s'", path);
    return TAKE_FD(fd);
}

/* A user's own: below a home, which need not be there. */
static int cache_open_home(struct err *err)
{
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char path[PATH_MAX];
    int n = -1;
    if (xdg && *xdg == '/')
        n = snprintf(path, sizeof path, "%s/clambda", xdg);
    else if (home && *home == '/')
        n = snprintf(path, sizeof path, "%s/.cache/clambda", home);
    if (n < 0 || n >= (int)sizeof path)
        return err_set(err, ERR_HOST, "no cache folder: neither XDG_CACHE_HOME nor HOME is set");
    char *slash = strrchr(path, '/');
    *slash = 0;
    (void)!mkdir(path, 0700);
    *slash = '/';
    return cache_try(path, err);
}

int cache_open(const char *folder, struct err *err)
{
    if (folder)
        return cache_try(folder, err);
    if (geteuid() != 0)
        return cache_open_home(err);
    for (size_t i = 0; i < ARRAY_LEN(defaults); i++) {
        int fd = cache_try(defaults[i], err);
        if (fd >= 0)
            return fd;
    }
    return err_wrap(err, "no cache folder, name one with a disk below it");
}

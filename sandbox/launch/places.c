/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/places.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/attr.h"
#include "base/sha256.h"
#include "base/symlink.h"

/* The path, or of a file that is not there its folder's with the name behind it; free() it. */
static char *resolve(const char *name)
{
    char *real = realpath(name, NULL), *whole = NULL;
    char path[PATH_MAX];
    struct err ignored;
    if (real || symlink_follow(name, path, &ignored) < 0)
        return real;
    const char *slash = strrchr(path, '/');
    AUTO_FREE char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    AUTO_FREE char *real_folder = folder ? realpath(folder, NULL) : NULL;
    const char *between = real_folder && strcmp(real_folder, "/") == 0 ? "" : "/";
    if (real_folder &&
        asprintf(&whole, "%s%s%s", real_folder, between, slash ? slash + 1 : path) < 0)
        return NULL;
    return whole;
}

static bool are_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool place_is_same(const char *a, const char *b)
{
    struct stat x, y;
    if (stat(a, &x) == 0 && stat(b, &y) == 0)
        return are_same(&x, &y);
    AUTO_FREE char *real_a = resolve(a), *real_b = resolve(b);
    return real_a && real_b && strcmp(real_a, real_b) == 0;
}

/* A file of the folder may be a link to one that is elsewhere. */
static bool has_link(const char *folder, const char *path)
{
    struct stat wanted, st;
    bool found = false;
    if (stat(path, &wanted) < 0)
        return false;
    DIR *dir = opendir(folder);
    const struct dirent *d;
    while (dir && !found && (d = readdir(dir)))
        found = fstatat(dirfd(dir), d->d_name, &st, 0) == 0 && S_ISREG(st.st_mode) &&
                are_same(&st, &wanted);
    if (dir)
        closedir(dir);
    return found;
}

bool place_is_in(const char *folder, const char *path)
{
    AUTO_FREE char *real = resolve(path), *real_folder = realpath(folder, NULL);
    char *slash = real ? strrchr(real, '/') : NULL;
    struct stat st;
    if (!slash || !real_folder || stat(real_folder, &st) < 0 || !S_ISDIR(st.st_mode))
        return false;
    slash[slash == real] = '\0'; /* the root keeps its slash */
    return strcmp(real, real_folder) == 0 || has_link(real_folder, path);
}

bool place_is_below(const char *folder, const char *path)
{
    AUTO_FREE char *real = resolve(path), *real_folder = realpath(folder, NULL);
    size_t len = real_folder ? strlen(real_folder) : 0;
    bool below = real && len && strncmp(real, real_folder, len) == 0 &&
                 (real[len] == '\0' || real[len] == '/' || len == 1);
    return below || place_is_same(folder, path);
}

/* A name that the kernel forgets with the process, however it ends: of the folder as it is, and of
 * the file, which is another one whenever it is replaced. */
static bool make_claim(const char *path, struct sockaddr_un *out)
{
    AUTO_FREE char *real = resolve(path);
    char *slash = real ? strrchr(real, '/') : NULL;
    uint8_t digest[SHA256_BYTES];
    struct sha256 sum;
    struct stat st;
    if (!slash)
        return false;
    *slash = '\0';
    if (stat(slash == real ? "/" : real, &st) < 0)
        return false;
    sha256_init(&sum);
    sha256_add(&sum, &st.st_dev, sizeof st.st_dev);
    sha256_add(&sum, &st.st_ino, sizeof st.st_ino);
    sha256_add(&sum, slash + 1, strlen(slash + 1));
    sha256_end(&sum, digest);
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    sha256_hex(digest, out->sun_path + 1);
    return true;
}

int place_claim(const char *path, int *out_fd, struct err *err)
{
    struct sockaddr_un name;
    *out_fd = -1;
    if (!make_claim(path, &name))
        return 0;
    AUTO_FD int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_sys(err, "claim '%.200s'", path);
    if (bind(fd, (const struct sockaddr *)&name, sizeof name) < 0) {
        err_sys(err, "claim '%.200s'", path);
        if (err->sys == EADDRINUSE)
            err_set(err, ERR_USAGE, "another run writes '%.200s'", path);
        return -1;
    }
    *out_fd = TAKE_FD(fd);
    return 0;
}

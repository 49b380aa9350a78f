/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/places.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/attr.h"

/* The path, or of a file that is not there its folder's with the name behind it; free() it. */
static char *resolve(const char *path)
{
    char *real = realpath(path, NULL), *whole = NULL;
    if (real)
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

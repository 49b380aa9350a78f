/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/remove.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "pack/limits.h"

enum { DEPTH_MAX = PACK_DEPTH_MAX + 8 }; /* the cache's own folders on top */

static int remove_below(int parent_fd, const char *name, unsigned depth, struct err *err);

static int remove_entries(DIR *dir, unsigned depth, struct err *err)
{
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(dir);
        if (!entry)
            return errno ? err_sys(err, "read a cache folder") : 0;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (remove_below(dirfd(dir), entry->d_name, depth + 1, err))
            return -1;
    }
}

static int remove_below(int parent_fd, const char *name, unsigned depth, struct err *err)
{
    if (unlinkat(parent_fd, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return err_sys(err, "remove '%.100s'", name);
    if (depth > DEPTH_MAX)
        return err_set(err, ERR_LIMIT, "remove '%.100s': too deep", name);
    int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return err_sys(err, "open '%.100s'", name);
    DIR *dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return err_set(err, ERR_MEMORY, "no memory to read '%.100s'", name);
    }
    int failed = remove_entries(dir, depth, err);
    closedir(dir);
    if (failed)
        return -1;
    if (unlinkat(parent_fd, name, AT_REMOVEDIR) && errno != ENOENT)
        return err_sys(err, "remove '%.100s'", name);
    return 0;
}

int remove_tree(int parent_fd, const char *name, struct err *err)
{
    return remove_below(parent_fd, name, 0, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/symlink.h"

#include <string.h>
#include <unistd.h>

#define LINKS_MAX 40 /* as Linux has it */

int symlink_follow(const char *path, char out[static PATH_MAX], struct err *err)
{
    char next[PATH_MAX];
    size_t len = strlen(path), at = 0;
    for (int links = 0; links <= LINKS_MAX; links++) {
        if (at + len >= PATH_MAX)
            return err_set(err, ERR_INPUT, "the name '%.200s' is too long", path);
        memcpy(out + at, links ? next : path, len);
        out[at + len] = '\0';
        ssize_t n = readlink(out, next, sizeof next);
        if (n < 0)
            return 0; /* no link; whether it is there at all is told by who opens it */
        const char *slash = strrchr(out, '/');
        at = next[0] == '/' || !slash ? 0 : (size_t)(slash - out) + 1;
        len = (size_t)n;
    }
    return err_set(err, ERR_INPUT, "the links of '%.200s' go in circles", path);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>

#include "base/buf.h"

#define FILE_PIECE (64u << 10)

char *file_read(const char *path, size_t limit, size_t *out_len, struct err *err)
{
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        err_sys(err, "open '%.200s'", path);
        return NULL;
    }
    AUTO_BUF struct buf content;
    buf_init(&content, limit + FILE_PIECE);
    for (;;) {
        char *room = buf_reserve(&content, FILE_PIECE);
        if (!room) {
            err_set(err, ERR_MEMORY, "no memory for '%.200s'", path);
            return NULL;
        }
        ssize_t n = read(fd, room, FILE_PIECE);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            err_sys(err, "read '%.200s'", path);
            return NULL;
        }
        content.len += (size_t)n;
        if (content.len > limit) {
            err_set(err, ERR_LIMIT, "'%.200s' has more than %zu bytes", path, limit);
            return NULL;
        }
        if (n == 0)
            break;
    }
    content.ptr[content.len] = '\0';
    *out_len = content.len;
    return buf_take(&content);
}

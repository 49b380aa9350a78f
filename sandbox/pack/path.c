/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/path.h"

#include <limits.h>
#include <string.h>

static bool is_dots(const char *part, size_t len, size_t dots)
{
    return len == dots && memcmp(part, "..", dots) == 0;
}

static int check_name(const char *name, size_t len, struct err *err)
{
    if (len == 0)
        return err_set(err, ERR_INPUT, "has no name");
    if (len > PACK_NAME_MAX)
        return err_set(err, ERR_LIMIT, "has a name of %zu bytes, at most %d", len, PACK_NAME_MAX);
    if (memchr(name, '\0', len))
        return err_set(err, ERR_INPUT, "has a NUL byte in its name");
    if (name[0] == '/')
        return err_set(err, ERR_INPUT, "has an absolute path");
    return 0;
}

int path_clean(struct path *out, const char *name, size_t len, struct err *err)
{
    if (check_name(name, len, err))
        return -1;
    struct path path = {.directory = name[len - 1] == '/'};
    size_t used = 0, depth = 0;
    for (size_t at = 0; at < len;) {
        const char *part = name + at;
        const char *slash = memchr(part, '/', len - at);
        size_t part_len = slash ? (size_t)(slash - part) : len - at;
        at += part_len + 1;
        if (is_dots(part, part_len, 2))
            return err_set(err, ERR_INPUT, "has '..' in its path");
        if (part_len > NAME_MAX)
            return err_set(err, ERR_INPUT, "has a path component of %zu bytes, at most %d",
                           part_len, NAME_MAX);
        if (part_len == 0)
            continue;
        if (is_dots(part, part_len, 1)) {
            path.directory |= at >= len;
            continue;
        }
        if (++depth > PACK_DEPTH_MAX)
            return err_set(err, ERR_LIMIT, "lies more than %d folders deep", PACK_DEPTH_MAX);
        if (used)
            path.text[used++] = '/';
        memcpy(path.text + used, part, part_len);
        used += part_len;
    }
    path.text[used] = '\0';
    *out = path;
    return 0;
}

const char *path_show(const char *name, size_t len, char *out, size_t out_size)
{
    size_t cut = len < out_size ? len : out_size - 1;
    for (size_t i = 0; i < cut; i++)
        out[i] = (unsigned char)name[i] < 0x20 || name[i] == 0x7f ? '?' : name[i];
    out[cut] = '\0';
    if (cut < len && cut >= 3)
        memcpy(out + cut - 3, "...", 3);
    return out;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/maps.h"

#include <fcntl.h>
#include <string.h>

#include "base/hash.h"

#define MAPS_BUFFER 8192 /* no line is longer */

static const char *read_hex(const char *p, uintptr_t *out)
{
    uintptr_t value = 0;
    for (;; p++) {
        unsigned digit = (unsigned)*p - '0';
        if (digit > 9) {
            digit = (unsigned)*p - 'a' + 10;
            if (digit < 10 || digit > 15)
                break;
        }
        value = value << 4 | digit;
    }
    *out = value;
    return p;
}

static const char *skip_word(const char *p)
{
    while (*p && *p != ' ')
        p++;
    while (*p == ' ')
        p++;
    return p;
}

/* By the hash of device, inode and path: a copy of the path would be long, and lines move. */
static uint64_t file_of(const char *p)
{
    return hash_bytes(p, strlen(p));
}

static void parse_mapping(const char *line, struct mapping *out)
{
    const char *p = read_hex(line, &out->start);
    p = read_hex(p + (*p == '-'), &out->end);
    p = skip_word(p); /* to the rights */
    out->readable = *p == 'r';
    p = read_hex(skip_word(p), &out->offset); /* behind them */
    const char *file = skip_word(p);
    out->path = skip_word(skip_word(file));
    out->file = *out->path ? file_of(file) : 0;
}

/* Gives the bytes of whole lines. */
static size_t each_line(char *buf, size_t used, void (*fn)(const struct mapping *m, void *user),
                        void *user)
{
    size_t from = 0;
    for (char *nl; (nl = memchr(buf + from, '\n', used - from));) {
        struct mapping m;
        *nl = '\0';
        parse_mapping(buf + from, &m);
        fn(&m, user);
        from = (size_t)(nl - buf) + 1;
    }
    return from;
}

int maps_read(int fd, void (*fn)(const struct mapping *m, void *user), void *user)
{
    static char buf[MAPS_BUFFER];
    size_t used = 0;
    for (ssize_t n; (n = read(fd, buf + used, sizeof buf - 1 - used)) > 0;) {
        used += (size_t)n;
        size_t from = each_line(buf, used, fn, user);
        used -= from;
        memmove(buf, buf + from, used);
        if (used == sizeof buf - 1)
            return -1;
    }
    return 0;
}

int maps_each(void (*fn)(const struct mapping *m, void *user), void *user)
{
    AUTO_FD int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -1 : maps_read(fd, fn, user);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int files_write(int folder_fd, const char *name, const char *text, struct err *err)
{
    AUTO_FD int fd = openat(folder_fd, name, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(err, "open '%s'", name);
    size_t len = strlen(text);
    ssize_t n = write(fd, text, len);
    if (n < 0)
        return err_sys(err, "write '%s' to '%s'", text, name);
    return (size_t)n == len ? 0 : err_set(err, ERR_SYSTEM, "short write to '%s'", name);
}

ssize_t files_read(int folder_fd, const char *name, char *out, size_t size, struct err *err)
{
    AUTO_FD int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(err, "open '%s'", name);
    size_t used = 0;
    for (;;) {
        ssize_t n = read(fd, out + used, size - used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(err, "read '%s'", name);
        if (n == 0)
            break;
        used += (size_t)n;
        if (used == size)
            return err_set(err, ERR_LIMIT, "'%s' has more than %zu bytes", name, size - 1);
    }
    out[used] = 0;
    return (ssize_t)used;
}

int files_read_number(int folder_fd, const char *name, uint64_t *out, struct err *err)
{
    char text[64];
    if (files_read(folder_fd, name, text, sizeof text, err) < 0)
        return -1;
    char *end = NULL;
    errno = 0;
    uint64_t value = strtoull(text, &end, 10);
    if (errno || end == text || (*end && *end != '\n'))
        return err_set(err, ERR_HOST, "'%s' holds '%.40s', which is no number", name, text);
    *out = value;
    return 0;
}

int files_read_ids(int folder_fd, const char *name, int *out, size_t max, struct err *err)
{
    char text[16384];
    if (files_read(folder_fd, name, text, sizeof text, err) < 0)
        return -1;
    size_t n = 0;
    for (const char *line = text; *line && n < max;) {
        char *end = NULL;
        long id = strtol(line, &end, 10);
        if (end == line)
            break;
        out[n++] = (int)id;
        line = *end ? end + 1 : end;
    }
    return (int)n;
}

uint64_t files_find_number(const char *text, const char *word, uint64_t fallback)
{
    size_t len = strlen(word);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        if (*line == '\n')
            line++;
        if (strncmp(line, word, len) == 0 && (line[len] == ' ' || line[len] == '\t'))
            return strtoull(line + len, NULL, 10);
    }
    return fallback;
}

int files_open_nameless(int folder_fd, mode_t mode)
{
    return openat(folder_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
}

int files_name(int fd, int folder_fd, const char *name, struct err *err)
{
    char self[32];
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    for (int tries = 0; tries < 8; tries++) {
        if (linkat(AT_FDCWD, self, folder_fd, name, AT_SYMLINK_FOLLOW) == 0)
            return 0;
        if (errno != EEXIST)
            break;
        unlinkat(folder_fd, name, 0);
    }
    return err_sys(err, "link '%s'", name);
}

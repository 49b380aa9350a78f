/* SPDX-License-Identifier: Apache-2.0 */
#include "deploy/package.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "deploy/libs.h"
#include "pack/limits.h"

static int read_failed(const char *path, struct err *err)
{
    err_sys(err, "'%.200s'", path);
    if (err->sys != EIO)
        err->kind = ERR_INPUT;
    return -1;
}

/* Opens nothing that would wait for somebody. */
static int open_regular(const char *path, struct stat *st, struct err *err)
{
    AUTO_FD int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, st) < 0)
        return read_failed(path, err);
    if (!S_ISREG(st->st_mode))
        return err_set(err, ERR_INPUT, "'%.200s' is no regular file", path);
    return TAKE_FD(fd);
}

static ssize_t read_whole(int fd, char *out, size_t len)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = read(fd, out + done, len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

/* The table that a handler's name means when it names none. */
static const struct elf_handlers *find_default(const struct elf_file *elf)
{
    for (size_t i = 0; i < elf->nhandlers; i++)
        if (strcmp(elf->handlers[i].symbol, PACKAGE_DEFAULT_SYMBOL) == 0)
            return &elf->handlers[i];
    return NULL;
}

static void keep_glibc(struct package_identity *out, const struct elf_file *elf)
{
    static const char prefix[] = "GLIBC_2.";
    for (size_t i = 0; i < elf->nversions; i++) {
        const char *name = elf->versions[i].name, *number = name + sizeof "GLIBC_" - 1;
        if (strncmp(name, prefix, sizeof prefix - 1) == 0 && strlen(number) < sizeof out->glibc &&
            libs_compare(number, out->glibc) > 0)
            memcpy(out->glibc, number, strlen(number) + 1);
    }
}

static void keep_elf(struct package_identity *out, const struct elf_file *elf)
{
    const struct elf_handlers *first = find_default(elf);
    size_t kept = 0;
    out->arch = elf->arch;
    out->type = elf->type;
    out->nhandlers = elf->nhandlers;
    keep_glibc(out, elf);
    if (first)
        snprintf(out->handlers[kept++], sizeof *out->handlers, "%s", first->symbol);
    for (size_t i = 0; i < elf->nhandlers && kept < ARRAY_LEN(out->handlers); i++)
        if (&elf->handlers[i] != first)
            snprintf(out->handlers[kept++], sizeof *out->handlers, "%s", elf->handlers[i].symbol);
}

static int identify_elf(const char *bytes, size_t len, struct package_identity *out,
                        struct err *err)
{
    struct arena arena;
    struct elf_file elf;
    if (arena_init(&arena, ELF_ARENA_BYTES, err) < 0)
        return -1;
    int rc = elf_read(&elf, bytes, len, &arena, err);
    if (rc == 0)
        keep_elf(out, &elf);
    arena_fini(&arena);
    return rc;
}

static int identify(int fd, const char *path, size_t size, struct package_identity *out,
                    struct err *err)
{
    if (size > PACK_UNPACKED_MAX)
        return err_set(err, ERR_LIMIT,
                       "'%.200s' has %zu bytes, and Lambda takes packages of at most %llu bytes "
                       "unpacked",
                       path, size, PACK_UNPACKED_MAX);
    AUTO_FREE char *bytes = malloc(size + 1);
    if (!bytes)
        return err_set(err, ERR_MEMORY, "no memory for '%.200s'", path);
    ssize_t len = read_whole(fd, bytes, size);
    if (len < 0)
        return read_failed(path, err);
    out->is_script = len >= 2 && memcmp(bytes, "#!", 2) == 0;
    out->is_elf = elf_is(bytes, (size_t)len);
    if (out->is_elf && identify_elf(bytes, (size_t)len, out, err) < 0)
        return err_wrap(err, "'%.200s'", path);
    return 0;
}

int package_identify(const char *path, struct package_identity *out, struct err *err)
{
    struct stat st;
    AUTO_FD int fd = open_regular(path, &st, err);
    if (fd < 0)
        return -1;
    struct package_identity id = {.size = (uint64_t)st.st_size};
    if (identify(fd, path, (size_t)st.st_size, &id, err) < 0)
        return -1;
    *out = id;
    return 0;
}

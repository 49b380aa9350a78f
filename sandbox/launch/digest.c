/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/digest.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 64
#define STEP      65536

struct digest {
    struct sha256 sum;
    char block[STEP];
};

/* With the length before it, so that two parts are never taken for one. */
static void add_bytes(struct digest *d, const void *bytes, size_t len)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%zu:", len);
    sha256_add(&d->sum, text, (size_t)n);
    sha256_add(&d->sum, bytes, len);
}

static void add_text(struct digest *d, const char *text)
{
    add_bytes(d, text ? text : "", text ? strlen(text) : 0);
}

static void add_number(struct digest *d, long long number)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", number);
    add_text(d, text);
}

static int fail(const char *path, struct err *err)
{
    err_sys(err, "read '%.300s' for the digest of the function", path);
    err->kind = ERR_INPUT;
    return -1;
}

static int add_file(struct digest *d, int fd, const struct stat *st, const char *path,
                    struct err *err)
{
    ssize_t n;
    add_text(d, st->st_mode & S_IXUSR ? "program" : "file");
    add_number(d, (long long)st->st_size);
    while ((n = read(fd, d->block, sizeof d->block)) > 0)
        sha256_add(&d->sum, d->block, (size_t)n);
    return n < 0 ? fail(path, err) : 0;
}

static int add_link(struct digest *d, int parent, const char *name, const char *path,
                    struct err *err)
{
    ssize_t n = readlinkat(parent, name, d->block, sizeof d->block);
    add_text(d, "link");
    add_bytes(d, d->block, n < 0 ? 0 : (size_t)n);
    return n < 0 ? fail(path, err) : 0;
}

static int add_folder(struct digest *d, int fd, const char *path, int depth, struct err *err);

static int add_entry(struct digest *d, int parent, const char *name, const char *folder, int depth,
                     struct err *err)
{
    struct stat st;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    add_text(d, name);
    if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return fail(path, err);
    if (S_ISLNK(st.st_mode))
        return add_link(d, parent, name, path, err);
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
        add_text(d, "other");
        return 0;
    }
    AUTO_FD int fd = openat(parent, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return fail(path, err);
    return S_ISDIR(st.st_mode) ? add_folder(d, fd, path, depth + 1, err)
                               : add_file(d, fd, &st, path, err);
}

static int add_folder(struct digest *d, int fd, const char *path, int depth, struct err *err)
{
    struct dirent **names;
    if (depth > DEPTH_MAX)
        return err_set(err, ERR_LIMIT, "'%.300s' is more than %d folders deep", path, DEPTH_MAX);
    int n = scandirat(fd, ".", &names, NULL, alphasort), status = 0;
    if (n < 0)
        return fail(path, err);
    add_text(d, "folder");
    for (int i = 0; i < n; i++) {
        const char *name = names[i]->d_name;
        if (status == 0 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
            status = add_entry(d, fd, name, path, depth, err);
        free(names[i]);
    }
    free(names);
    add_text(d, "end");
    return status;
}

/* Files at target in the jail; path is followed when it is a link. */
static int add_place(struct digest *d, const char *path, const char *target, struct err *err)
{
    struct stat st;
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return fail(path, err);
    add_text(d, target);
    return S_ISDIR(st.st_mode) ? add_folder(d, fd, path, 0, err) : add_file(d, fd, &st, path, err);
}

static int compare_names(const void *a, const void *b)
{
    const struct var *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static void add_vars(struct digest *d, const struct vars *v)
{
    const struct var *sorted[VARS_MAX];
    for (size_t i = 0; i < v->count; i++)
        sorted[i] = &v->items[i];
    qsort(sorted, v->count, sizeof *sorted, compare_names);
    for (size_t i = 0; i < v->count; i++) {
        add_text(d, sorted[i]->name);
        add_text(d, sorted[i]->value);
    }
}

static void add_settings(struct digest *d, const struct settings *s)
{
    const char *texts[] = {s->name,    s->handler,       s->region,    s->account,
                           s->version, s->profile->name, s->log_level, s->rootfs};
    const long long numbers[] = {s->memory_mb, s->tmp_mb, s->timeout_ms, s->log, s->own_network};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        add_text(d, texts[i]);
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        add_number(d, numbers[i]);
    add_vars(d, &s->vars);
}

int digest_launch(const struct launch *l, char out[static DIGEST_SIZE], struct err *err)
{
    static const char prefix[] = "sha256:";
    const struct code *code = &l->function.code;
    uint8_t sum[SHA256_BYTES];
    AUTO_FREE struct digest *d = malloc(sizeof *d);
    if (!d)
        return err_set(err, ERR_MEMORY, "no memory for the digest of the function");
    sha256_init(&d->sum);
    for (size_t i = 0; i < code->nbinds; i++)
        if (add_place(d, code->binds[i].source, code->binds[i].target, err) < 0)
            return -1;
    for (size_t i = 0; i < code->nlayers; i++)
        if (add_place(d, code->layers[i], "/opt", err) < 0)
            return -1;
    add_settings(d, &l->settings);
    sha256_end(&d->sum, sum);
    memcpy(out, prefix, sizeof prefix - 1);
    sha256_hex(sum, out + sizeof prefix - 1);
    return 0;
}

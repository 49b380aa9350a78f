/* SPDX-License-Identifier: Apache-2.0 */
/* A folder for one test of pack.h, and zips in it. */
#pragma once

#include <dirent.h>
#include <ftw.h>
#include <limits.h>

#include "check.h"
#include "pack/pack.h"
#include "zip_build.h"

enum { MANY = 300 }; /* files of a zip that takes a while to unpack */

static char work[64]; /* the running test's folder */

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static inline void start(void)
{
    zip_folder(work);
    CHECK_INT(chmod(work, 0755), 0);
}

static inline void end(void)
{
    CHECK_INT(nftw(work, remove_one, 64, FTW_DEPTH | FTW_PHYS), 0);
}

static inline const char *at(const char *name)
{
    static char paths[4][PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, PATH_MAX, "%s/%s", work, name);
    return path;
}

static inline void write_file(const char *path, const void *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    CHECK(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
    close(fd);
}

static inline void write_zip(const char *path, const struct zip_entry *entries)
{
    struct zip_build *z = zip_of(entries);
    write_file(path, z->bytes, z->len);
    free(z);
}

static inline void write_simple(const char *path, const char *data)
{
    write_zip(path, (const struct zip_entry[]){
                        {.name = "bootstrap", .data = data, .mode = S_IFREG | 0755}, {0}});
}

/* Content of dir/name; valid until the next call. */
static inline const char *content(const char *dir, const char *name)
{
    static char text[256];
    char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    text[n < 0 ? 0 : n] = '\0';
    return n < 0 ? NULL : text;
}

/* How many names in cache/unzip-1 begin with prefix. */
static inline int count(const char *cache, const char *prefix)
{
    char path[PATH_MAX + 64];
    int found = 0;
    snprintf(path, sizeof path, "%s/unzip-1", cache);
    DIR *dir = opendir(path);
    for (struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir))
        found += d->d_name[0] != '.' && strncmp(d->d_name, prefix, strlen(prefix)) == 0;
    if (dir)
        closedir(dir);
    return found;
}

/* All but the shortcuts: on a slow machine a zip of the test is old enough to get one. */
static inline int count_folders(const char *cache)
{
    return count(cache, "") - count(cache, "id-");
}

static inline int open_in(struct pack *p, const char *zip, const char *cache, struct err *err)
{
    return pack_open(p, zip, &(struct pack_options){.cache_dir = cache}, err);
}

static inline void check_refused(const char *zip, const char *cache, enum err_kind kind,
                                 const char *words)
{
    struct pack p;
    struct err err = {0};
    CHECK_INT(open_in(&p, zip, cache, &err), -1);
    CHECK_INT(err.kind, kind);
    CHECK_HAS(err.msg, words);
    CHECK_HAS(err.msg, zip);
}

static inline void write_many(const char *path)
{
    static char names[MANY][16];
    static struct zip_entry entries[MANY + 1];
    for (size_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "d%zu/f%zu", i % 7, i);
        entries[i] = (struct zip_entry){.name = names[i], .data = names[i]};
    }
    write_zip(path, entries);
}

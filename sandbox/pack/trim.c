/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sha256.h"
#include "pack/limits.h"
#include "pack/remove.h"
#include "pack/store.h"

enum { ENTRIES_MAX = 4096 }; /* looked at in one go */

struct entry {
    char name[STORE_NAME_MAX];
    struct timespec used;
    uint64_t bytes;
};

struct list {
    struct entry *entries;
    size_t count;
    size_t links;
};

static bool is_tmp(const struct store *s, const char *name)
{
    return strncmp(name, s->tmp, strlen(s->tmp)) == 0;
}

static bool is_entry(const char *name)
{
    size_t digits = SHA256_HEX_SIZE - 1;
    return strspn(name, "0123456789abcdef") == digits && name[digits] == '-';
}

/* Its descriptor, locked, when it is ours and nobody uses it; else -1. */
static int seize(const struct store *s, const char *name)
{
    struct stat st;
    AUTO_FD int fd = openat(s->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) || st.st_uid != geteuid() || flock(fd, LOCK_EX | LOCK_NB) ||
        !store_is_same(s, name, fd))
        return -1;
    return TAKE_FD(fd);
}

static void remove_tmp(const struct store *s, const char *name)
{
    struct err ignored;
    AUTO_FD int fd = seize(s, name);
    if (fd >= 0 && remove_tree(s->fd, name, &ignored))
        return; /* the next one tries again */
}

/* Under its own name an entry is whole: it gets another before anything is taken out of it. */
static void evict(const struct store *s, const char *name)
{
    struct err ignored;
    char tmp[STORE_NAME_MAX];
    AUTO_FD int fd = seize(s, name);
    if (fd < 0)
        return;
    int n = snprintf(tmp, sizeof tmp, "tmp-%d-%.32s", (int)getpid(), name);
    if (n > 0 && renameat(s->fd, name, s->fd, tmp) == 0 && remove_tree(s->fd, tmp, &ignored))
        return;
}

static uint64_t read_size(const struct store *s, const char *name)
{
    AUTO_FD int fd = openat(s->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return store_size(fd);
}

static void look_at(const struct store *s, const char *name, struct list *list)
{
    struct stat st;
    if (!is_entry(name) || strlen(name) >= STORE_NAME_MAX)
        return;
    if (strcmp(name + SHA256_HEX_SIZE - 1, s->boot) != 0) {
        evict(s, name);
        return;
    }
    if (list->count == ENTRIES_MAX || fstatat(s->fd, name, &st, AT_SYMLINK_NOFOLLOW))
        return;
    struct entry *e = &list->entries[list->count++];
    snprintf(e->name, sizeof e->name, "%s", name);
    e->used = st.st_mtim;
    e->bytes = read_size(s, name);
}

static int newest_first(const void *a, const void *b)
{
    const struct timespec *x = &((const struct entry *)a)->used;
    const struct timespec *y = &((const struct entry *)b)->used;
    if (x->tv_sec != y->tv_sec)
        return (x->tv_sec < y->tv_sec) - (x->tv_sec > y->tv_sec);
    return (x->tv_nsec < y->tv_nsec) - (x->tv_nsec > y->tv_nsec);
}

static void keep_newest(const struct store *s, struct list *list)
{
    uint64_t bytes = 0;
    qsort(list->entries, list->count, sizeof *list->entries, newest_first);
    for (size_t i = 0; i < list->count; i++) {
        bytes += list->entries[i].bytes;
        if (i >= PACK_KEEP_ENTRIES || bytes > PACK_KEEP_BYTES)
            evict(s, list->entries[i].name);
    }
}

typedef void (*visit_fn)(const struct store *s, const char *name, struct list *list);

static void visit_all(const struct store *s, visit_fn visit, struct list *list)
{
    int fd = openat(s->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir && fd >= 0)
        close(fd);
    if (!dir)
        return;
    for (struct dirent *d = readdir(dir); d; d = readdir(dir))
        visit(s, d->d_name, list);
    closedir(dir);
}

/* Which shortcuts are kept does not matter: each is made again when it is missed. */
static void sweep_link(const struct store *s, const char *name, struct list *list)
{
    if (++list->links > PACK_KEEP_LINKS || faccessat(s->fd, name, F_OK, 0))
        unlinkat(s->fd, name, 0);
}

static void sweep_one(const struct store *s, const char *name, struct list *list)
{
    if (is_tmp(s, name))
        remove_tmp(s, name);
    else if (s->boot[0] && strncmp(name, STORE_SHORTCUT, strlen(STORE_SHORTCUT)) == 0)
        sweep_link(s, name, list);
}

void store_sweep(const struct store *s)
{
    struct list list = {0};
    visit_all(s, sweep_one, &list);
}

void store_trim(const struct store *s)
{
    struct list list = {.entries = calloc(ENTRIES_MAX, sizeof *list.entries)};
    store_sweep(s);
    if (list.entries) {
        visit_all(s, look_at, &list);
        keep_newest(s, &list);
    }
    free(list.entries);
}

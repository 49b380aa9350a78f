/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "deploy/listing.h"
#include "pack/limits.h"

enum { READ_BLOCK = 256 * 1024 };

/* A folder on the way; names are relative to the source. */
struct walk {
    struct listing *listing;
    const struct listing_source *source;
    char name[PACK_NAME_MAX + 256 + 2];
    size_t len;
    unsigned depth;
    size_t count;
};

int listing_read_content(struct listing *l, struct listing_item *item, int fd,
                         struct listing_content *c, struct err *err)
{
    AUTO_FREE char *block = malloc(READ_BLOCK);
    if (!block)
        return err_set(err, ERR_MEMORY, "no memory to read a file");
    int failed = 0;
    while (!failed && c->len < c->size) {
        uint64_t left = c->size - c->len;
        ssize_t n = read(fd, block, left < READ_BLOCK ? (size_t)left : READ_BLOCK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            failed = err_sys(err, "read '%.200s'", item->where);
        else if (n == 0) /* it was cut meanwhile: what is there counts */
            c->size = c->len;
        else
            failed = listing_take(c, block, (size_t)n, err);
    }
    if (!failed)
        return listing_finish(l, item, c, err);
    free(c->bytes);
    c->bytes = NULL;
    return -1;
}

/* Of one folder; the texts live in the listing's arena. */
struct names {
    const char **list;
    size_t count, cap;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_itself(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int keep_name(struct walk *w, struct names *names, const char *name, struct err *err)
{
    if (names->count >= names->cap) {
        size_t cap = names->cap * 2 + 64;
        const char **wider = realloc(names->list, cap * sizeof *wider);
        if (!wider)
            return err_set(err, ERR_MEMORY, "no memory for a folder of %zu files", names->count);
        names->list = wider;
        names->cap = cap;
    }
    const char *copy = arena_strndup(w->listing->arena, name, strlen(name));
    if (!copy)
        return err_set(err, ERR_MEMORY, "no memory for a folder of %zu files", names->count);
    names->list[names->count++] = copy;
    return 0;
}

/* Its names, sorted: the order of a folder is nobody's. One more than is allowed is enough. */
static int read_names(struct walk *w, DIR *dir, struct names *out, struct err *err)
{
    struct dirent *entry;
    while (errno = 0, (entry = readdir(dir))) {
        if (is_itself(entry->d_name))
            continue;
        if (keep_name(w, out, entry->d_name, err))
            return -1;
        if (out->count > PACK_ENTRIES_MAX)
            break;
    }
    if (errno)
        return err_sys(err, "read the folder '%.200s'", w->name);
    if (out->count)
        qsort(out->list, out->count, sizeof *out->list, by_name);
    return 0;
}

static int add_link(struct walk *w, struct listing_item *item, int folder, const char *name,
                    struct err *err)
{
    char target[PACK_LINK_MAX + 1];
    ssize_t len = readlinkat(folder, name, target, sizeof target - 1);
    if (len < 0)
        return err_sys(err, "read the link '%.200s'", item->where);
    item->type = LISTING_LINK;
    item->target = arena_strndup(w->listing->arena, target, (size_t)len);
    return item->target ? 0 : err_set(err, ERR_MEMORY, "no memory for a link");
}

static int add_file(struct walk *w, struct listing_item *item, int folder, const char *name,
                    struct err *err)
{
    struct listing_content content = {.size = item->size};
    w->listing->bytes += item->size;
    /* its content would not be believed either */
    if (w->listing->bytes > PACK_UNPACKED_MAX) {
        w->listing->full = true;
        return 0;
    }
    AUTO_FD int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        err_sys(err, "open '%.200s'", item->where);
        if (err->sys == EACCES || err->sys == ENOENT)
            err->kind = ERR_INPUT;
        return -1;
    }
    return listing_read_content(w->listing, item, fd, &content, err);
}

static int walk_folder(struct walk *w, int fd, struct err *err);

static int enter(struct walk *w, int folder, const char *name, struct err *err)
{
    int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return err_sys(err, "open the folder '%.200s'", w->name);
    w->depth++;
    int result = walk_folder(w, fd, err);
    w->depth--;
    return result;
}

static int add_name(struct walk *w, int folder, const char *name, struct err *err)
{
    struct stat st;
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW))
        return errno == ENOENT ? 0 : err_sys(err, "stat '%.200s'", w->name);
    struct listing_item *item = listing_add(w->listing, w->source, w->name, w->len, err);
    if (!item)
        return err->kind == ERR_NONE ? 0 : -1;
    item->mode = st.st_mode & 07777;
    if (S_ISLNK(st.st_mode))
        return add_link(w, item, folder, name, err);
    if (S_ISDIR(st.st_mode)) {
        item->type = LISTING_FOLDER;
        return enter(w, folder, name, err);
    }
    if (S_ISREG(st.st_mode)) {
        item->size = (uint64_t)st.st_size;
        return add_file(w, item, folder, name, err);
    }
    const char *where = item->where;
    w->listing->nitems--;
    return listing_fault(w->listing, LISTING_PATH, where,
                         "is neither file, folder nor symbolic link", err);
}

static int walk_names(struct walk *w, int folder, const struct names *names, struct err *err)
{
    size_t len = w->len;
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->list[i];
        size_t name_len = strlen(name);
        if (len + name_len + 2 > sizeof w->name || ++w->count > PACK_ENTRIES_MAX) {
            w->listing->full = true;
            return listing_fault(w->listing, LISTING_COUNT, w->source->path,
                                 "has too many files, or too long names", err);
        }
        w->len = len + (len != 0);
        if (len)
            w->name[len] = '/';
        memcpy(w->name + w->len, name, name_len + 1);
        w->len += name_len;
        int result = add_name(w, folder, name, err);
        w->len = len;
        w->name[len] = '\0';
        if (result)
            return -1;
        if (w->count > PACK_ENTRIES_MAX)
            return 0;
    }
    return 0;
}

/* Takes the descriptor. */
static int walk_folder(struct walk *w, int fd, struct err *err)
{
    DIR *dir = fdopendir(fd);
    if (!dir) {
        err_sys(err, "read a folder");
        if (err->sys == ENOMEM)
            err->kind = ERR_MEMORY;
        close(fd);
        return -1;
    }
    struct names names = {0};
    int result = read_names(w, dir, &names, err) || walk_names(w, dirfd(dir), &names, err) ? -1 : 0;
    free(names.list);
    closedir(dir);
    return result;
}

int listing_folder(struct listing *l, const struct listing_source *source, struct err *err)
{
    struct walk w = {.listing = l, .source = source};
    int fd = open(source->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        err_sys(err, "'%.200s'", source->path);
        err->kind = ERR_INPUT;
        return -1;
    }
    return walk_folder(&w, fd, err);
}

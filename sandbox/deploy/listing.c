/* SPDX-License-Identifier: Apache-2.0 */
#include "deploy/listing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "pack/interrupt.h"
#include "pack/limits.h"
#include "pack/path.h"
#include "pack/zip.h"

enum { GROW = 64, MAGIC = 4 };

int listing_init(struct listing *l, struct arena *arena, struct err *err)
{
    *l = (struct listing){.arena = arena};
    return arena_init(&l->scratch, ELF_ARENA_BYTES, err);
}

void listing_fini(struct listing *l)
{
    arena_fini(&l->scratch);
    facts_names_fini(&l->names);
    free(l->items);
    free(l->faults);
    *l = (struct listing){0};
}

static char *copy(struct listing *l, const char *text, size_t len, struct err *err)
{
    char *out = arena_strndup(l->arena, text, len);
    if (!out)
        err_set(err, ERR_MEMORY, "no memory for the files of a package");
    return out;
}

/* Room for one more in a list of entries. */
static void *grow(void *list, size_t count, size_t *cap, size_t size, struct err *err)
{
    if (count < *cap)
        return list;
    void *wider = realloc(list, (*cap * 2 + GROW) * size);
    if (!wider) {
        err_set(err, ERR_MEMORY, "no memory for %zu files of a package", count);
        return NULL;
    }
    *cap = *cap * 2 + GROW;
    return wider;
}

int listing_fault(struct listing *l, enum listing_fault_kind kind, const char *where,
                  const char *text, struct err *err)
{
    void *list = grow(l->faults, l->nfaults, &l->faults_cap, sizeof *l->faults, err);
    if (!list)
        return -1;
    l->faults = list;
    struct listing_fault fault = {kind, copy(l, where, strlen(where), err),
                                  copy(l, text, strlen(text), err), l->nsources};
    if (!fault.where || !fault.text)
        return -1;
    l->faults[l->nfaults++] = fault;
    return 0;
}

/* ---- one entry ----------------------------------------------------------------------------- */

static const char *join(struct listing *l, const char *a, const char *b, const char *c,
                        struct err *err)
{
    char text[2 * PACK_NAME_MAX + 64];
    int len = snprintf(text, sizeof text, "%s%s%s", a, b, c);
    if (len < 0 || (size_t)len >= sizeof text)
        len = sizeof text - 1;
    return copy(l, text, (size_t)len, err);
}

struct listing_item *listing_add(struct listing *l, const struct listing_source *source,
                                 const char *name, size_t name_len, struct err *err)
{
    struct path path;
    struct err why = {0};
    char shown[PACK_NAME_MAX + 1], where[PACK_NAME_MAX + 128];
    path_show(name, name_len, shown, sizeof shown);
    if (path_clean(&path, name, name_len, &why)) {
        snprintf(where, sizeof where, "%.100s%s", source->prefix, shown);
        if (listing_fault(l, LISTING_PATH, where, why.msg, err) == 0)
            err->kind = ERR_NONE;
        return NULL;
    }
    path_show(path.text, strlen(path.text), shown, sizeof shown);
    void *list = grow(l->items, l->nitems, &l->cap, sizeof *l->items, err);
    if (!list)
        return NULL;
    l->items = list;
    struct listing_item item = {.path =
                                    join(l, source->root, *path.text ? "/" : "", path.text, err),
                                .where = join(l, source->prefix, shown, "", err),
                                .type = path.directory ? LISTING_FOLDER : LISTING_FILE,
                                .head = "",
                                .source = l->nsources,
                                .order = l->nitems};
    if (!item.path || !item.where)
        return NULL;
    l->items[l->nitems] = item;
    return &l->items[l->nitems++];
}

int listing_take(void *content, const char *bytes, size_t len, struct err *err)
{
    struct listing_content *c = content;
    size_t room = c->len < LISTING_HEAD ? LISTING_HEAD - (size_t)c->len : 0;
    if (interrupt_check(err))
        return -1;
    if (!len) /* which may have no bytes at all */
        return 0;
    memcpy(c->head + (room ? c->len : 0), bytes, room < len ? room : len);
    uint64_t before = c->len;
    c->len += len;
    if (c->bytes)
        memcpy(c->bytes + before, bytes, len);
    if (c->bytes || before >= MAGIC || c->len < MAGIC || !elf_is(c->head, MAGIC))
        return 0;
    c->bytes = malloc((size_t)c->size + 1);
    if (!c->bytes)
        return err_set(err, ERR_MEMORY, "no memory for a file of %llu bytes",
                       (unsigned long long)c->size);
    memcpy(c->bytes, c->head, (size_t)before);
    memcpy(c->bytes + before, bytes, len);
    return 0;
}

static int read_elf(struct listing *l, struct listing_item *item, const struct listing_content *c,
                    struct err *err)
{
    struct elf_file file;
    arena_reset(&l->scratch);
    item->is_elf = true;
    if (elf_read(&file, c->bytes, (size_t)c->len, &l->scratch, err) == 0)
        item->elf = facts_keep(&file, l->arena, &l->names, err);
    else if (err->kind == ERR_INPUT || err->kind == ERR_LIMIT)
        item->damage = copy(l, err->msg, strlen(err->msg), err);
    return item->elf || item->damage ? 0 : -1;
}

int listing_finish(struct listing *l, struct listing_item *item, struct listing_content *c,
                   struct err *err)
{
    int result = 0;
    if (c->bytes)
        result = read_elf(l, item, c, err);
    free(c->bytes);
    c->bytes = NULL;
    item->head_len = (size_t)(c->len < LISTING_HEAD ? c->len : LISTING_HEAD);
    item->head = copy(l, c->head, item->is_elf ? 0 : item->head_len, err);
    return item->head ? result : -1;
}

/* ---- zips ---------------------------------------------------------------------------------- */

static int read_entry(struct listing *l, const struct listing_source *source, struct zip *z,
                      const struct directory_entry *e, struct err *err)
{
    struct listing_content content = {.size = e->size};
    struct listing_item *item = listing_add(l, source, e->name, e->name_len, err);
    if (!item)
        return err->kind == ERR_NONE ? 0 : -1;
    item->mode = e->mode & 07777;
    item->size = e->size;
    l->bytes += e->size;
    if (S_ISDIR(e->mode))
        item->type = LISTING_FOLDER;
    if (S_ISLNK(e->mode)) {
        item->type = LISTING_LINK;
        item->target = copy(l, z->target, strlen(z->target), err);
        return item->target ? 0 : -1;
    }
    if (item->type == LISTING_FOLDER)
        return 0;
    if (zip_read(z, listing_take, &content, err)) {
        free(content.bytes);
        return -1;
    }
    return listing_finish(l, item, &content, err);
}

static int read_entries(struct listing *l, const struct listing_source *source, int fd,
                        struct err *err)
{
    struct zip z;
    const struct directory_entry *e = NULL;
    int more;
    if (zip_open(&z, fd, err))
        return -1;
    while ((more = zip_next(&z, &e, err)) > 0)
        if (read_entry(l, source, &z, e, err)) {
            more = -1;
            break;
        }
    zip_close(&z);
    return more;
}

/* What is wrong with the zip is a finding, not a failure of the check. */
static int read_zip(struct listing *l, const struct listing_source *source, int fd, struct err *err)
{
    if (read_entries(l, source, fd, err) == 0)
        return 0;
    if (err->kind != ERR_INPUT && err->kind != ERR_LIMIT)
        return -1;
    const struct err why = *err;
    const char *slash = strrchr(source->path, '/');
    const char *where = *source->prefix ? source->prefix : slash ? slash + 1 : source->path;
    char name[PACK_NAME_MAX];
    path_show(where, strcspn(where, ":"), name, sizeof name);
    l->full |= why.kind == ERR_LIMIT;
    return listing_fault(l, why.kind == ERR_LIMIT ? LISTING_SIZE : LISTING_ZIP, name, why.msg, err);
}

/* ---- files --------------------------------------------------------------------------------- */

static int read_failed(const char *path, struct err *err)
{
    err_sys(err, "'%.200s'", path);
    if (err->sys != EIO && err->sys != ENOMEM && err->sys != EMFILE && err->sys != ENFILE)
        err->kind = ERR_INPUT;
    return -1;
}

static int open_source(const char *path, struct stat *st, struct err *err)
{
    AUTO_FD int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, st) < 0)
        return read_failed(path, err);
    if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
        return err_set(err, ERR_INPUT, "'%.200s' is neither a file nor a folder", path);
    return TAKE_FD(fd);
}

static bool ends_in_zip(const char *path)
{
    size_t len = strlen(path);
    return len > 4 && strcmp(path + len - 4, ".zip") == 0;
}

int listing_identify(const char *path, enum listing_kind *out, uint64_t *out_size, struct err *err)
{
    char head[MAGIC] = {0};
    struct stat st;
    AUTO_FD int fd = open_source(path, &st, err);
    if (fd < 0)
        return -1;
    if (S_ISDIR(st.st_mode)) {
        *out = LISTING_IS_FOLDER;
        *out_size = 0;
        return 0;
    }
    if (pread(fd, head, sizeof head, 0) < 0)
        return read_failed(path, err);
    bool zip = ends_in_zip(path) || memcmp(head, "PK", 2) == 0;
    *out = zip ? LISTING_IS_ZIP : LISTING_IS_FILE;
    *out_size = (uint64_t)st.st_size;
    return 0;
}

static int read_file(struct listing *l, const struct listing_source *source, struct err *err)
{
    struct listing_content content = {0};
    struct stat st;
    const char *slash = strrchr(source->path, '/'), *name = slash ? slash + 1 : source->path;
    AUTO_FD int fd = open_source(source->path, &st, err);
    if (fd < 0)
        return -1;
    content.size = (uint64_t)st.st_size;
    if (content.size > PACK_UNPACKED_MAX)
        return err_set(err, ERR_INPUT, "'%.200s' has %llu bytes, and Lambda takes at most %llu",
                       source->path, (unsigned long long)content.size, PACK_UNPACKED_MAX);
    if (source->name)
        name = source->name;
    struct listing_item *item = listing_add(l, source, name, strlen(name), err);
    if (!item)
        return err->kind != ERR_NONE ? -1 : err_set(err, ERR_INPUT, "'%.200s'", source->path);
    item->mode = st.st_mode & 07777;
    item->size = content.size;
    l->bytes += content.size;
    return listing_read_content(l, item, fd, &content, err);
}

int listing_read(struct listing *l, const struct listing_source *source, struct err *err)
{
    enum listing_kind kind;
    struct stat st;
    uint64_t size;
    int result;
    err->kind = ERR_NONE;
    if (listing_identify(source->path, &kind, &size, err))
        return -1;
    if (kind == LISTING_IS_FOLDER)
        result = listing_folder(l, source, err);
    else if (kind == LISTING_IS_FILE)
        result = read_file(l, source, err);
    else {
        AUTO_FD int fd = open_source(source->path, &st, err);
        result = fd < 0 ? -1 : read_zip(l, source, fd, err);
    }
    l->nsources++;
    return result;
}

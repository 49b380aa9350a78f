/* SPDX-License-Identifier: Apache-2.0 */
#include "deploy/files.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/utf8.h"
#include "pack/limits.h"
#include "pack/path.h"

/* What other systems take for the end of a name or for a separator, and what drives terminals. */
static bool has_odd_character(const char *name)
{
    for (; *name; name++)
        if ((unsigned char)*name < 0x20 || *name == 0x7f || *name == '\\')
            return true;
    return false;
}

static int check_name(const char *name, struct err *err)
{
    struct path path;
    size_t len = strlen(name);
    if (path_clean(&path, name, len, err) < 0)
        return -1;
    if (path.directory || strcmp(path.text, name) != 0)
        return err_set(err, ERR_INPUT,
                       "is no plain name of a file: write it without '.' and "
                       "without '/' at its ends or twice");
    if (has_odd_character(name))
        return err_set(err, ERR_INPUT,
                       "has a control character or a '\\' in its name, which readers of packages "
                       "take for different things");
    if (utf8_valid_prefix(name, len) != len)
        return err_set(err, ERR_INPUT, "has a name that is not UTF-8");
    return 0;
}

static int wrap_name(const char *name, struct err *err)
{
    char shown[128];
    return err_wrap(err, "file '%s' of the package",
                    path_show(name, strlen(name), shown, sizeof shown));
}

static int check_source(const struct package_file *file, const struct stat *target, uint64_t *bytes,
                        struct err *err)
{
    struct stat st;
    if (stat(file->source, &st) < 0) {
        err_sys(err, "'%.200s'", file->source);
        err->kind = ERR_INPUT;
        return -1;
    }
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_INPUT, "'%.200s' is no regular file", file->source);
    if (target && st.st_dev == target->st_dev && st.st_ino == target->st_ino)
        return err_set(err, ERR_INPUT,
                       "'%.200s' is also what would be written: give the package another name",
                       file->source);
    *bytes += (uint64_t)st.st_size;
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct package_file *)a)->name, ((const struct package_file *)b)->name);
}

/* Whether name, up to len, is a file of its own. */
static const struct package_file *find(const struct files *f, const char *name, size_t len)
{
    char text[PACK_NAME_MAX + 1];
    memcpy(text, name, len);
    text[len] = '\0';
    const struct package_file key = {.name = text};
    return bsearch(&key, f->list, f->count, sizeof key, by_name);
}

static int check_pair(const struct package_file *a, const struct package_file *b, struct err *err)
{
    if (strcmp(a->name, b->name) == 0)
        return err_set(err, ERR_INPUT,
                       "'%.100s' would be there twice, from '%.120s' and from '%.120s'", a->name,
                       a->source, b->source);
    return 0;
}

static int check_folders(const struct files *f, const struct package_file *file, struct err *err)
{
    for (const char *slash = strchr(file->name, '/'); slash; slash = strchr(slash + 1, '/')) {
        const struct package_file *other = find(f, file->name, (size_t)(slash - file->name));
        if (other)
            return err_set(err, ERR_INPUT,
                           "'%.100s' would be a file, and a folder with '%.100s' in it",
                           other->name, file->name);
    }
    return 0;
}

/* Names as they are together; the list is sorted by them. */
static int check_together(const struct files *f, struct err *err)
{
    for (size_t i = 0; i < f->count; i++) {
        if (i + 1 < f->count && check_pair(&f->list[i], &f->list[i + 1], err) < 0)
            return -1;
        if (check_folders(f, &f->list[i], err) < 0)
            return -1;
    }
    return 0;
}

static int check_each(struct files *f, const char *target, struct err *err)
{
    struct stat st;
    bool exists = target && stat(target, &st) == 0;
    for (size_t i = 0; i < f->count; i++) {
        if (check_name(f->list[i].name, err) < 0)
            return wrap_name(f->list[i].name, err);
        if (check_source(&f->list[i], exists ? &st : NULL, &f->bytes, err) < 0)
            return -1;
    }
    return 0;
}

static void bootstrap_first(struct files *f)
{
    const struct package_file *found = find(f, "bootstrap", strlen("bootstrap"));
    if (!found)
        return;
    const struct package_file bootstrap = *found;
    memmove(f->list + 1, f->list, (size_t)(found - f->list) * sizeof *f->list);
    f->list[0] = bootstrap;
}

static int arrange(struct files *f, const char *target, uint64_t max_bytes, struct err *err)
{
    if (check_each(f, target, err) < 0)
        return -1;
    if (max_bytes && f->bytes > max_bytes)
        return err_set(err, ERR_LIMIT,
                       "the files have %llu bytes together, and Lambda takes packages of at most "
                       "%llu bytes unpacked",
                       (unsigned long long)f->bytes, (unsigned long long)max_bytes);
    qsort(f->list, f->count, sizeof *f->list, by_name);
    if (check_together(f, err) < 0)
        return -1;
    bootstrap_first(f);
    return 0;
}

int files_arrange(struct files *out, const struct package_file *files, size_t nfiles,
                  const char *target, uint64_t max_bytes, struct err *err)
{
    if (nfiles == 0)
        return err_set(err, ERR_INPUT, "nothing to pack");
    if (nfiles > FILES_MAX)
        return err_set(err, ERR_LIMIT, "%zu files, and a package has at most %d", nfiles,
                       FILES_MAX);
    struct files f = {.list = malloc(nfiles * sizeof *files), .count = nfiles};
    if (!f.list)
        return err_set(err, ERR_MEMORY, "no memory for %zu files", nfiles);
    memcpy(f.list, files, nfiles * sizeof *files);
    if (arrange(&f, target, max_bytes, err) < 0) {
        files_fini(&f);
        return -1;
    }
    *out = f;
    return 0;
}

void files_fini(struct files *f)
{
    free(f->list);
    *f = (struct files){0};
}

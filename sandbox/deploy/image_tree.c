/* SPDX-License-Identifier: Apache-2.0 */
#include "deploy/image_tree.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "pack/path.h"

enum { FIRST = 64, MOST = 131072, TEXTS_MAX = 512 << 20 };

/* A file of this prefix says to those who unpack that another one is gone. */
#define WHITEOUT ".wh."

void image_tree_free(struct image_tree *tree)
{
    free(tree->entries);
    arena_fini(&tree->texts);
    *tree = (struct image_tree){0};
}

static bool is_whiteout(const char *name)
{
    for (const char *p = name; p; p = strchr(p, '/')) {
        p += *p == '/';
        if (strncmp(p, WHITEOUT, strlen(WHITEOUT)) == 0)
            return true;
    }
    return false;
}

static int check_name(const char *name, struct err *err)
{
    struct path path;
    char shown[200];
    path_show(name, strlen(name), shown, sizeof shown);
    if (path_clean(&path, name, strlen(name), err))
        return err_wrap(err, "the name '%s' in the image", shown);
    if (path.directory || strcmp(path.text, name) != 0)
        return err_set(err, ERR_INPUT, "the name '%s' in the image is not plain", shown);
    if (is_whiteout(name))
        return err_set(err, ERR_INPUT, "the name '%s' would remove a file of the image", shown);
    return 0;
}

static int grow(struct image_tree *tree, struct err *err)
{
    size_t cap = tree->cap ? tree->cap * 2 : FIRST;
    if (tree->count < tree->cap)
        return 0;
    if (cap > MOST)
        return err_set(err, ERR_LIMIT, "the image has more than %d files", MOST);
    struct image_entry *entries = realloc(tree->entries, cap * sizeof *entries);
    if (!entries)
        return err_set(err, ERR_MEMORY, "no memory for an image's files");
    tree->entries = entries;
    tree->cap = cap;
    return 0;
}

/* NULL stays NULL. */
static int keep(struct image_tree *tree, const char **out, const char *text, struct err *err)
{
    if (!tree->texts.base && arena_init(&tree->texts, TEXTS_MAX, err))
        return -1;
    *out = text ? arena_strndup(&tree->texts, text, strlen(text)) : NULL;
    return text && !*out ? err_set(err, ERR_LIMIT, "the names of an image's files are too long")
                         : 0;
}

static int add(struct image_tree *tree, const char *name, const char *source, const char *text,
               mode_t mode, struct err *err)
{
    struct image_entry e = {.mode = mode};
    if (check_name(name, err) || grow(tree, err) || keep(tree, &e.name, name, err) ||
        keep(tree, &e.source, source, err) || keep(tree, &e.text, text, err))
        return -1;
    tree->entries[tree->count++] = e;
    return 0;
}

int image_tree_folder(struct image_tree *tree, const char *name, mode_t mode, struct err *err)
{
    return add(tree, name, NULL, NULL, S_IFDIR | mode, err);
}

int image_tree_file(struct image_tree *tree, const char *name, const char *source, bool executable,
                    struct err *err)
{
    return add(tree, name, source, NULL, S_IFREG | (executable ? 0755 : 0644), err);
}

int image_tree_text(struct image_tree *tree, const char *name, const char *text, struct err *err)
{
    return add(tree, name, NULL, text, S_IFREG | 0644, err);
}

static int by_name(const void *a, const void *b)
{
    const struct image_entry *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : x->implied - y->implied;
}

static void sort(struct image_tree *tree)
{
    if (tree->count)
        qsort(tree->entries, tree->count, sizeof *tree->entries, by_name);
}

/* Folders of name that before does not lie in as well. */
static int add_parents(struct image_tree *tree, const char *name, const char *before,
                       struct err *err)
{
    char folder[PACK_NAME_MAX + 1];
    for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
        size_t len = (size_t)(slash - name);
        if (strncmp(name, before, len + 1) == 0)
            continue;
        memcpy(folder, name, len);
        folder[len] = '\0';
        if (image_tree_folder(tree, folder, 0755, err))
            return -1;
        tree->entries[tree->count - 1].implied = true;
    }
    return 0;
}

static int add_all_parents(struct image_tree *tree, struct err *err)
{
    size_t given = tree->count;
    for (size_t i = 0; i < given; i++) {
        const char *before = i ? tree->entries[i - 1].name : "";
        if (add_parents(tree, tree->entries[i].name, before, err))
            return -1;
    }
    return 0;
}

static int check_twice(const struct image_tree *tree, struct err *err)
{
    for (size_t i = 1; i < tree->count; i++) {
        const struct image_entry *a = &tree->entries[i - 1], *b = &tree->entries[i];
        if (strcmp(a->name, b->name) != 0 || (S_ISDIR(a->mode) && S_ISDIR(b->mode)))
            continue;
        return err_set(err, ERR_INPUT, "'%.200s' is in the image %s", a->name,
                       S_ISDIR(b->mode) ? "as a file and as a folder" : "twice");
    }
    return 0;
}

/* Of folders with one name the first stays, which was not implied. */
static void unite_folders(struct image_tree *tree)
{
    size_t kept = 0;
    for (size_t i = 0; i < tree->count; i++) {
        struct image_entry *e = &tree->entries[i];
        if (!kept || strcmp(tree->entries[kept - 1].name, e->name) != 0)
            tree->entries[kept++] = *e;
    }
    tree->count = kept;
}

int image_tree_end(struct image_tree *tree, struct err *err)
{
    sort(tree);
    if (add_all_parents(tree, err))
        return -1;
    sort(tree);
    if (check_twice(tree, err))
        return -1;
    unite_folders(tree);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/gather.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GATHER_MAX 65534 /* files of a package */
#define DEPTH_MAX  64

/* Source and name of a file, one behind the other. */
struct gather_text {
    struct gather_text *next;
    char text[];
};

static struct gather_text *copy(const char *source, const char *name)
{
    size_t n = strlen(source) + 1, m = strlen(name) + 1;
    struct gather_text *kept = malloc(sizeof *kept + n + m);
    if (!kept)
        return NULL;
    memcpy(kept->text, source, n);
    memcpy(kept->text + n, name, m);
    return kept;
}

static int make_room(struct gather *g, struct err *err)
{
    if (g->count < g->cap)
        return 0;
    size_t cap = g->cap ? g->cap * 2 : 16;
    struct package_file *files = realloc(g->files, cap * sizeof *files);
    if (!files)
        return err_set(err, ERR_MEMORY, "no memory for %zu files", cap);
    g->files = files;
    g->cap = cap;
    return 0;
}

int gather_file(struct gather *g, const char *source, const char *name, bool executable,
                struct err *err)
{
    if (g->count == GATHER_MAX)
        return err_set(err, ERR_LIMIT, "'%.200s' is one file too many: a package has at most %d",
                       source, GATHER_MAX);
    if (make_room(g, err) < 0)
        return -1;
    struct gather_text *kept = copy(source, name);
    if (!kept)
        return err_set(err, ERR_MEMORY, "no memory for '%.200s'", source);
    const char *kept_name = kept->text + strlen(source) + 1;
    g->files[g->count++] = (struct package_file){kept->text, kept_name, executable};
    kept->next = g->texts;
    g->texts = kept;
    return 0;
}

static int input_failed(struct err *err, const char *path)
{
    err_sys(err, "'%.200s'", path);
    err->kind = err->sys == ENOMEM ? ERR_MEMORY : ERR_INPUT;
    return -1;
}

static int join(char out[static PATH_MAX], const char *folder, const char *name, struct err *err)
{
    const char *between = *folder && folder[strlen(folder) - 1] != '/' ? "/" : "";
    if (snprintf(out, PATH_MAX, "%s%s%s", folder, between, name) >= PATH_MAX)
        return err_set(err, ERR_INPUT, "the path '%.150s/%.50s' is too long", folder, name);
    return 0;
}

static bool is_inside(const char *path, const char *root)
{
    size_t n = strlen(root);
    return strncmp(path, root, n) == 0 && (path[n] == '/' || root[n - 1] == '/');
}

/* A link would be what it leads to, wherever that is: it is taken where this is sure to be meant.
 */
static int check_link(const struct gather *g, const char *path, const struct stat *st,
                      struct err *err)
{
    AUTO_FREE char *real = realpath(path, NULL);
    if (!real)
        return input_failed(err, path);
    if (S_ISDIR(st->st_mode))
        return err_set(err, ERR_INPUT,
                       "'%.200s' is a link to a folder, and a package has no links: name the "
                       "folder by a --file of its own, or put it in place of the link",
                       path);
    if (!is_inside(real, g->root))
        return err_set(err, ERR_INPUT,
                       "'%.150s' is a link that leads out of its folder, to '%.150s': name that "
                       "file by a --file of its own, or put it in place of the link",
                       path, real);
    return 0;
}

static int walk_folder(struct gather *g, const char *folder, const char *name, struct err *err);

static int walk_entry(struct gather *g, const char *path, const char *name, struct err *err)
{
    struct stat st, own;
    if (stat(path, &st) < 0 || lstat(path, &own) < 0)
        return input_failed(err, path);
    if (S_ISLNK(own.st_mode) && check_link(g, path, &st, err) < 0)
        return -1;
    if (S_ISDIR(st.st_mode))
        return walk_folder(g, path, name, err);
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_INPUT, "'%.200s' is a pipe or a device", path);
    return gather_file(g, path, name, st.st_mode & 0111, err);
}

/* The name that deploy/temporary.h gives. */
static bool is_leftover(const char *name)
{
    static const char prefix[] = ".clambda-";
    const char *digits = name + sizeof prefix - 1;
    return strncmp(name, prefix, sizeof prefix - 1) == 0 && strlen(digits) == 16 &&
           strspn(digits, "0123456789abcdef") == 16;
}

static int walk_names(struct gather *g, DIR *dir, const char *folder, const char *name,
                      struct err *err)
{
    char path[PATH_MAX], inside[PATH_MAX];
    for (;;) {
        errno = 0;
        const struct dirent *d = readdir(dir);
        if (!d)
            return errno ? input_failed(err, folder) : 0;
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        if (is_leftover(d->d_name))
            return err_set(err, ERR_INPUT,
                           "'%.150s/%s' is what a killed run has left of its output, or another "
                           "one is writing: remove it, or wait",
                           folder, d->d_name);
        if (join(path, folder, d->d_name, err) < 0 || join(inside, name, d->d_name, err) < 0 ||
            walk_entry(g, path, inside, err) < 0)
            return -1;
    }
}

static int walk_folder(struct gather *g, const char *folder, const char *name, struct err *err)
{
    if (g->depth == DEPTH_MAX)
        return err_set(err, ERR_INPUT, "'%.200s' lies more than %d folders deep", folder,
                       DEPTH_MAX);
    DIR *dir = opendir(folder);
    if (!dir)
        return input_failed(err, folder);
    g->depth++;
    int rc = walk_names(g, dir, folder, name, err);
    g->depth--;
    closedir(dir);
    return rc;
}

int gather_path(struct gather *g, const char *source, const char *name, struct err *err)
{
    struct stat st;
    if (stat(source, &st) < 0)
        return input_failed(err, source);
    bool top = strcmp(name, ".") == 0;
    if (S_ISREG(st.st_mode) && !top)
        return gather_file(g, source, name, st.st_mode & 0111, err);
    if (!S_ISDIR(st.st_mode))
        return err_set(err, ERR_INPUT,
                       top ? "'%.200s' is no folder, and only a folder's content can be at '.'"
                           : "'%.200s' is neither a regular file nor a folder",
                       source);
    AUTO_FREE char *root = realpath(source, NULL);
    if (!root)
        return input_failed(err, source);
    g->root = root;
    int rc = walk_folder(g, source, top ? "" : name, err);
    g->root = NULL;
    return rc;
}

void gather_fini(struct gather *g)
{
    while (g->texts) {
        struct gather_text *text = g->texts;
        g->texts = text->next;
        free(text);
    }
    free(g->files);
    *g = (struct gather){0};
}

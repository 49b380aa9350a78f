/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/function.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/paths.h"
#include "pack/pack.h"

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n > m && strcmp(text + n - m, end) == 0;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* An absolute path that function_fini frees. */
static const char *keep(struct function *f, const char *path, struct err *err)
{
    size_t i = 0;
    while (f->paths[i])
        i++;
    f->paths[i] = realpath(path, NULL);
    if (!f->paths[i]) {
        err_sys(err, "resolve '%.200s'", path);
        err->kind = ERR_INPUT;
    }
    return f->paths[i];
}

/* The folder that the zip is unpacked in, as keep gives it. */
static const char *keep_zip(struct function *f, const char *path, const char *what, struct err *err)
{
    char dir[PATH_MAX];
    int fd = pack_open(path, NULL, dir, sizeof dir, err);
    if (fd < 0) {
        err_wrap(err, "%s", what);
        return NULL;
    }
    f->zips[f->nzips++] = fd;
    return keep(f, dir, err);
}

static int look(const char *path, const char *what, struct stat *st, struct err *err)
{
    if (stat(path, st) == 0)
        return 0;
    err_sys(err, "%s '%.200s'", what, path);
    err->kind = ERR_INPUT;
    return -1;
}

/* Whether one is the other or has it inside. */
static bool overlap(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b), least = n < m ? n : m;
    if (strncmp(a, b, least) != 0)
        return false;
    return n == m || (n < m ? b : a)[least] == '/';
}

/* Folders that overlap cannot be merged, and on Lambda a layer cannot be had twice. */
static int check_overlap(const struct function *f, const char *kept, struct err *err)
{
    for (size_t i = 0; i < f->code.nlayers; i++)
        if (overlap(f->code.layers[i], kept))
            return err_set(err, ERR_INPUT, "layers '%.150s' and '%.150s' are the same or overlap",
                           f->code.layers[i], kept);
    return 0;
}

int function_add_layer(struct function *f, const char *path, struct err *err)
{
    struct stat st;
    if (f->code.nlayers == CODE_LAYERS_MAX)
        return err_set(err, ERR_USAGE, "'%.200s' is one too many: a function has at most %d layers",
                       path, CODE_LAYERS_MAX);
    if (look(path, "layer", &st, err) < 0)
        return -1;
    bool zip = pack_is_zip(path);
    if (!S_ISDIR(st.st_mode) && !zip)
        return err_set(err, ERR_INPUT, "layer '%.200s' is not a folder or a zip", path);
    const char *kept = zip ? keep_zip(f, path, "layer", err) : keep(f, path, err);
    if (!kept || check_overlap(f, kept, err) < 0)
        return -1;
    f->code.layers[f->code.nlayers++] = kept;
    return 0;
}

static void add_bind(struct function *f, const char *source, const char *target)
{
    f->code.binds[f->code.nbinds++] = (struct jail_bind){source, target};
}

static void use_folder(struct function *f, const char *folder, const char *name, struct settings *s)
{
    add_bind(f, folder, "/var/task");
    if (!s->name[0])
        settings_name_from(s, name);
    if (!s->handler[0])
        snprintf(s->handler, sizeof s->handler, "bootstrap");
}

static int resolve_folder(struct function *f, const char *path, struct settings *s, struct err *err)
{
    const char *kept = keep(f, path, err);
    if (!kept)
        return -1;
    use_folder(f, kept, base_name(kept), s);
    return 0;
}

static int resolve_zip(struct function *f, const char *path, struct settings *s, struct err *err)
{
    char name[NAME_MAX + 1];
    const char *kept = keep_zip(f, path, "function", err);
    if (!kept)
        return -1;
    snprintf(name, sizeof name, "%s", base_name(path));
    if (ends_with(name, ".zip"))
        name[strlen(name) - strlen(".zip")] = '\0';
    use_folder(f, kept, name, s);
    return 0;
}

/* The handler's default name: the file without ".so". */
static int name_handler(struct settings *s, const char *file, struct err *err)
{
    char stem[NAME_MAX + 1];
    snprintf(stem, sizeof stem, "%.*s", (int)(strlen(file) - strlen(".so")), file);
    if (!s->name[0])
        settings_name_from(s, stem);
    if (s->handler[0])
        return 0;
    if (strchr(stem, '.'))
        return err_set(err, ERR_INPUT,
                       "'%.200s' has a dot in its name, and what follows a handler's dot is a "
                       "symbol: rename the file",
                       file);
    if (settings_set_handler(s, stem, err) < 0)
        return err_wrap(err, "the handler of '%.100s' (--handler sets it)", file);
    return 0;
}

static int resolve_handler(struct function *f, const char *path, struct settings *s,
                           struct err *err)
{
    const char *kept = keep(f, path, err);
    if (!kept || name_handler(s, base_name(kept), err) < 0)
        return -1;
    if (asprintf(&f->target, "/var/task/%s", base_name(kept)) < 0) {
        f->target = NULL;
        return err_set(err, ERR_MEMORY, "no memory for '%.200s'", path);
    }
    add_bind(f, kept, f->target);
    if (code_bootstrap(&f->code))
        return 0;
    char bootstrap[PATH_MAX];
    if (paths_bootstrap(bootstrap, err) < 0)
        return -1;
    kept = keep(f, bootstrap, err);
    if (!kept)
        return -1;
    add_bind(f, kept, "/opt/bootstrap");
    return 0;
}

int function_resolve(struct function *f, const char *path, struct settings *s, struct err *err)
{
    struct stat st;
    if (look(path, "function", &st, err) < 0)
        return -1;
    if (S_ISDIR(st.st_mode))
        return resolve_folder(f, path, s, err);
    if (S_ISREG(st.st_mode) && ends_with(base_name(path), ".so"))
        return resolve_handler(f, path, s, err);
    if (pack_is_zip(path))
        return resolve_zip(f, path, s, err);
    return err_set(
        err, ERR_INPUT,
        "function '%.200s' is neither a folder with a bootstrap nor a handler file (.so) "
        "nor a zip",
        path);
}

void function_fini(struct function *f)
{
    for (size_t i = 0; i < ARRAY_LEN(f->paths); i++)
        free(f->paths[i]);
    free(f->target);
    for (size_t i = 0; i < f->nzips; i++)
        close(f->zips[i]);
    *f = (struct function){0};
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/function.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launch/command.h"
#include "launch/layout.h"
#include "launch/paths.h"
#include "pack/limits.h"

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

/* AWS counts code and layers together. Only zips are counted here: a folder may have more in it
 * than will be packed. */
static int check_sizes(const struct function *f, struct err *err)
{
    uint64_t total = 0;
    for (size_t i = 0; i < f->npacks; i++)
        total += f->packs[i].bytes;
    if (total <= PACK_UNPACKED_MAX)
        return 0;
    return err_set(err, ERR_LIMIT,
                   "Function code combined with layers exceeds the maximum allowed size of %llu "
                   "bytes. The actual size is %llu bytes.",
                   PACK_UNPACKED_MAX, (unsigned long long)total);
}

/* The folder that the zip is unpacked in, as keep gives it. */
static const char *keep_zip(struct function *f, const char *path, const char *what, struct err *err)
{
    const struct pack_options o = {.no_cache = f->no_cache};
    const sigset_t set = command_signals();
    if (f->npacks == 0)
        sigprocmask(SIG_BLOCK, &set, &f->mask);
    struct pack *p = &f->packs[f->npacks++];
    if (pack_open(p, path, &o, err) < 0) {
        *p = (struct pack){.fd = -1, .parent_fd = -1};
        err_wrap(err, "%s", what);
        return NULL;
    }
    return check_sizes(f, err) < 0 ? NULL : keep(f, p->dir, err);
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
    if (f->nlayers == CODE_LAYERS_MAX)
        return err_set(err, ERR_USAGE, "'%.200s' is one too many: a function has at most %d layers",
                       path, CODE_LAYERS_MAX);
    f->layers[f->nlayers++] = path;
    return 0;
}

static int resolve_layer(struct function *f, const char *path, struct err *err)
{
    struct stat st;
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

/* The handler's default name: a file's without ".so". False when none can be made of it. */
static bool name_stem(struct settings *s, const char *file)
{
    struct err ignored;
    char stem[NAME_MAX + 1];
    snprintf(stem, sizeof stem, "%.*s", (int)(strlen(file) - strlen(".so")), file);
    return !strchr(stem, '.') && settings_set_handler(s, stem, &ignored) == 0;
}

/* A package with our runtime and one handler file means that one; other runtimes have their own
 * idea of the handler. */
static int name_packed(const struct layout *l, const char *path, struct settings *s,
                       struct err *err)
{
    if (l->handlers > 1)
        return err_set(err, ERR_USAGE,
                       "'%.150s' has several handler files, '%.80s' and '%.80s': say which by "
                       "--handler",
                       path, l->handler, l->other);
    if (l->handlers == 0 || !name_stem(s, l->handler))
        snprintf(s->handler, sizeof s->handler, "bootstrap");
    return 0;
}

/* Of several layers the last one's is started. */
static void tell_layer(const struct function *f)
{
    size_t i = f->nlayers;
    while (i > 0 && !layout_tell_bootstrap(f->code.layers[i - 1], f->layers[i - 1]))
        i--;
}

/* kept is the package's folder, path what the user calls it. */
static int use_folder(struct function *f, const char *kept, const char *path, const char *name,
                      struct settings *s, struct err *err)
{
    struct layout l;
    add_bind(f, kept, "/var/task");
    if (!s->name[0])
        settings_name_from(s, name);
    bool runs = code_bootstrap(&f->code) != NULL;
    if (!layout_tell_bootstrap(kept, path))
        tell_layer(f);
    if (runs && s->handler[0])
        return 0;
    layout_read(&l, kept);
    if (!runs)
        layout_tell(&l, path, pack_is_zip(path));
    return s->handler[0] ? 0 : name_packed(&l, path, s, err);
}

static int resolve_folder(struct function *f, const char *path, struct settings *s, struct err *err)
{
    const char *kept = keep(f, path, err);
    return kept ? use_folder(f, kept, path, base_name(kept), s, err) : -1;
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
    return use_folder(f, kept, path, name, s, err);
}

int function_name_handler(struct settings *s, const char *file, struct err *err)
{
    char stem[NAME_MAX + 1];
    snprintf(stem, sizeof stem, "%.*s", (int)(strlen(file) - strlen(".so")), file);
    if (strchr(stem, '.'))
        return err_set(err, ERR_INPUT,
                       "'%.200s' has a dot in its name, and what follows a handler's dot is a "
                       "symbol: rename the file",
                       file);
    if (settings_set_handler(s, stem, err) < 0)
        return err_wrap(err, "the handler of '%.100s', which another name of the file changes",
                        file);
    return 0;
}

/* Names what the command line has not named. */
static int name_handler(struct settings *s, const char *file, struct err *err)
{
    char stem[NAME_MAX + 1];
    snprintf(stem, sizeof stem, "%.*s", (int)(strlen(file) - strlen(".so")), file);
    if (!s->name[0])
        settings_name_from(s, stem);
    return s->handler[0] ? 0 : function_name_handler(s, file, err);
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
    tell_layer(f);
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

static int resolve_layers(struct function *f, struct err *err)
{
    for (size_t i = 0; i < f->nlayers; i++)
        if (resolve_layer(f, f->layers[i], err) < 0)
            return err_wrap(err, "--layer");
    return 0;
}

int function_resolve(struct function *f, const char *path, struct settings *s, struct err *err)
{
    struct stat st;
    if (resolve_layers(f, err) < 0)
        return -1;
    if (strcmp(path, "-") == 0)
        return err_set(
            err, ERR_USAGE,
            "a function is a file or a folder, '-' is none: standard input is for events");
    if (look(path, "function", &st, err) < 0)
        return -1;
    if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
        return err_set(err, ERR_INPUT,
                       "function '%.200s' is a pipe or a device: write the zip to a file first and "
                       "name that",
                       path);
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
    const sigset_t set = command_signals();
    for (size_t i = 0; i < ARRAY_LEN(f->paths); i++)
        free(f->paths[i]);
    free(f->target);
    for (size_t i = 0; i < f->npacks; i++)
        pack_close(&f->packs[i]);
    pack_sweep();
    if (f->npacks) {
        /* who asked for an end has it: the exit code tells */
        while (sigtimedwait(&set, NULL, &(struct timespec){0}) > 0)
            ;
        sigprocmask(SIG_SETMASK, &f->mask, NULL);
    }
    *f = (struct function){0};
}

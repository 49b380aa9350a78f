/* SPDX-License-Identifier: Apache-2.0 */
#include "deploy/closure.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "deploy/closure_folders.h"
#include "pack/interrupt.h"
#include "pack/path.h"

#define LIBC      "libc.so.6"
#define FILE_MAX  ((size_t)1 << 30)
#define TEXTS_MAX (16u << 20)

/* Where ld.so finds what the package brings along, besides run paths. */
static const char *const package_folders[] = {"var/task", "var/task/lib", "var/runtime",
                                              "var/runtime/lib", "opt/lib"};

/* Loaded by the C library or the runtime when they need it: stack traces, and names of hosts and
 * users before glibc 2.34 had them inside. */
static const char *const always[] = {"libgcc_s.so.1"};
static const char *const old_libc[] = {"libnss_files.so.2", "libnss_dns.so.2"};

struct search {
    struct closure *found;
    struct closure_folders folders;
    struct arena arena;
    enum elf_arch arch;
    const struct package_file *files;
    size_t nfiles;
    bool has_libc, libc_is_old;
};

/* A file with needs. */
struct wanting {
    const char *source; /* on this host, root included */
    const char *name;   /* in the image; NULL: a library of this host */
    const struct elf_file *elf;
};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool is_in_package(const struct search *s, const char *name)
{
    for (size_t i = 0; i < s->nfiles; i++)
        if (strcmp(s->files[i].name, name) == 0)
            return true;
    return false;
}

/* Of a library, or of an interpreter by the name that libraries call it. */
static struct closure_file *find(const struct search *s, const char *soname)
{
    for (size_t i = 0; i < s->found->count; i++) {
        struct closure_file *f = &s->found->files[i];
        if (strcmp(*f->soname ? f->soname : base_name(f->name), soname) == 0)
            return f;
    }
    return NULL;
}

/* Both parts behind each other, kept with what is found. */
static const char *keep(struct search *s, const char *first, const char *second, struct err *err)
{
    size_t n = strlen(first), m = strlen(second);
    char *text = arena_alloc(&s->found->texts, n + m + 1);
    if (!text) {
        err_set(err, ERR_LIMIT, "the libraries' names are too long");
        return NULL;
    }
    memcpy(text, first, n);
    memcpy(text + n, second, m + 1);
    return text;
}

/* path is on the host, without root; name is where it goes when that is known. */
static int add(struct search *s, const char *path, const char *name, const char *soname,
               struct err *err)
{
    struct closure *c = s->found;
    if (c->count == CLOSURE_FILES_MAX)
        return err_set(err, ERR_LIMIT, "more than %d libraries are needed", CLOSURE_FILES_MAX);
    const struct closure_file f = {keep(s, s->folders.root, path, err), keep(s, name, "", err),
                                   keep(s, soname, "", err)};
    if (!f.source || !f.name || !f.soname)
        return -1;
    c->files[c->count++] = f;
    return 0;
}

/* ---- run paths --------------------------------------------------------------------------------
 */

/* An entry of a run path for a library: with $ORIGIN at its start put in. False: there is another
 * such word in it, which depends on ld.so, or it does not fit. */
static bool expand(const char *entry, size_t len, const char *origin, const char *soname,
                   char out[static PATH_MAX])
{
    static const char *const words[] = {"$ORIGIN", "${ORIGIN}"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        size_t n = strlen(words[i]);
        if (len < n || strncmp(entry, words[i], n) != 0)
            continue;
        int dir = (int)(base_name(origin) - origin);
        return !memchr(entry + n, '$', len - n) &&
               snprintf(out, PATH_MAX, "%.*s.%.*s/%s", dir, origin, (int)(len - n), entry + n,
                        soname) < PATH_MAX;
    }
    return len && *entry == '/' && !memchr(entry, '$', len) &&
           snprintf(out, PATH_MAX, "%.*s/%s", (int)len, entry, soname) < PATH_MAX;
}

/* Without ".", ".." and double '/', in place; without the first '/'. */
static void flatten(char *path)
{
    char *out = path;
    for (char *in = path; *in;) {
        size_t len = strcspn(in, "/");
        if (len == 2 && in[0] == '.' && in[1] == '.') {
            while (out > path && *--out != '/')
                ;
        } else if (len && !(len == 1 && *in == '.')) {
            if (out > path)
                *out++ = '/';
            memmove(out, in, len);
            out += len;
        }
        in += len;
        in += *in == '/';
    }
    *out = '\0';
}

/* 1 found (in the package, or added), 0 not, -1. */
static int try_run_path(struct search *s, const struct wanting *w, const char *soname,
                        struct err *err)
{
    char path[PATH_MAX];
    const char *entry = w->elf->run_path, *origin = w->source + strlen(s->folders.root);
    for (size_t len; *entry; entry += len + (entry[len] == ':')) {
        len = strcspn(entry, ":");
        if (w->name && expand(entry, len, w->name, soname, path)) {
            flatten(path);
            if (is_in_package(s, path))
                return 1;
        }
        if (expand(entry, len, origin, soname, path) &&
            closure_folders_has(s->folders.root, path, s->arch))
            return add(s, path, "", soname, err) ? -1 : 1;
    }
    return 0;
}

/* ---- the search -------------------------------------------------------------------------------
 */

static bool package_brings(const struct search *s, const char *soname)
{
    char name[PATH_MAX];
    for (size_t i = 0; i < ARRAY_LEN(package_folders); i++) {
        snprintf(name, sizeof name, "%s/%s", package_folders[i], soname);
        if (is_in_package(s, name))
            return true;
    }
    return false;
}

/* 1 found and added, 0 not, -1. */
static int try_folders(struct search *s, const char *soname, struct err *err)
{
    char path[PATH_MAX];
    for (size_t i = 0; i < s->folders.count; i++) {
        if (snprintf(path, sizeof path, "%s/%s", s->folders.list[i], soname) >= PATH_MAX)
            continue;
        if (closure_folders_has(s->folders.root, path, s->arch))
            return add(s, path, "", soname, err) ? -1 : 1;
    }
    return 0;
}

static int find_needed(struct search *s, const struct wanting *w, const char *soname,
                       struct err *err)
{
    char shown[200];
    path_show(soname, strlen(soname), shown, sizeof shown);
    if (strchr(soname, '/'))
        return err_set(err, ERR_INPUT,
                       "'%.150s' needs the library '%s' at that path and nowhere else: link it by "
                       "its name (-l), or build on an image that has it (--base)",
                       w->source, shown);
    if (find(s, soname))
        return 0;
    int found = try_run_path(s, w, soname, err);
    if (found == 0 && package_brings(s, soname))
        return 0;
    if (found == 0)
        found = try_folders(s, soname, err);
    if (found)
        return found < 0 ? -1 : 0;
    return err_set(err, ERR_INPUT,
                   "'%.150s' needs the library '%s', which is neither in the package nor in this "
                   "host's folders of libraries: add it (--file), install it, or build on an "
                   "image that has it (--base)",
                   w->source, shown);
}

static int find_interpreter(struct search *s, const struct wanting *w, struct err *err)
{
    char name[PATH_MAX], shown[200];
    const char *path = w->elf->interpreter;
    path_show(path, strlen(path), shown, sizeof shown);
    if (!*path)
        return 0;
    if (*path != '/' || strlen(path) >= PATH_MAX ||
        !closure_folders_has(s->folders.root, path, s->arch))
        return err_set(err, ERR_INPUT,
                       "'%.150s' is started by '%s', which this host does not have: install it, "
                       "or build on an image that has it (--base)",
                       w->source, shown);
    snprintf(name, sizeof name, "%s", path);
    flatten(name);
    struct closure_file *known = find(s, base_name(path));
    if (!known)
        return add(s, path, name, "", err);
    /* a library may have named it before the program did: it is one file */
    if (*known->soname) {
        known->name = keep(s, name, "", err);
        known->soname = "";
    }
    return known->name ? 0 : -1;
}

static bool provides(const struct elf_file *elf, const char *version)
{
    for (size_t i = 0; i < elf->nprovides; i++)
        if (strcmp(elf->provides[i], version) == 0)
            return true;
    return false;
}

static int follow(struct search *s, const struct wanting *w, struct err *err)
{
    const struct elf_file *elf = w->elf;
    if (elf->arch != s->arch || elf->bits != 64 || (!elf->nneeded && !*elf->interpreter))
        return 0;
    if (s->arch != elf_arch_host() && !*s->folders.root)
        return err_set(err, ERR_INPUT,
                       "'%.150s' is for %s and needs libraries, and this host has those for %s: "
                       "build on an image for %s (--base DIR)",
                       w->source, elf_arch_name(s->arch), elf_arch_name(elf_arch_host()),
                       elf_arch_name(s->arch));
    if (find_interpreter(s, w, err))
        return -1;
    for (size_t i = 0; i < elf->nneeded; i++)
        if (find_needed(s, w, elf->needed[i], err))
            return -1;
    return 0;
}

/* What is no ELF file, or none that can be read, needs nothing that could be found for it. */
static int look_at(struct search *s, const char *source, const char *name, struct err *err)
{
    struct elf_file elf;
    size_t len;
    if (interrupt_check(err))
        return -1;
    AUTO_FREE char *bytes = file_read(source, FILE_MAX, &len, err);
    if (!bytes)
        return -1;
    if (!elf_is(bytes, len))
        return 0;
    arena_reset(&s->arena);
    if (elf_read(&elf, bytes, len, &s->arena, err))
        return name && err->kind != ERR_MEMORY ? 0 : err_wrap(err, "'%.200s'", source);
    if (!name && strcmp(base_name(source), LIBC) == 0) {
        s->has_libc = true;
        s->libc_is_old = !provides(&elf, "GLIBC_2.34");
    }
    return follow(s, &(struct wanting){source, name, &elf}, err);
}

/* Libraries that are found make the list longer. */
static int follow_found(struct search *s, size_t *next, struct err *err)
{
    for (; *next < s->found->count; (*next)++)
        if (look_at(s, s->found->files[*next].source, NULL, err))
            return -1;
    return 0;
}

static int add_optional(struct search *s, const char *const *sonames, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (!find(s, sonames[i]) && !package_brings(s, sonames[i]) &&
            try_folders(s, sonames[i], err) < 0)
            return -1;
    return 0;
}

static int find_all(struct search *s, struct err *err)
{
    size_t next = 0;
    for (size_t i = 0; i < s->nfiles; i++)
        if (look_at(s, s->files[i].source, s->files[i].name, err))
            return -1;
    if (follow_found(s, &next, err))
        return -1;
    if (s->has_libc && (add_optional(s, always, ARRAY_LEN(always), err) ||
                        (s->libc_is_old && add_optional(s, old_libc, ARRAY_LEN(old_libc), err))))
        return -1;
    return follow_found(s, &next, err);
}

/* ---- places in the image ----------------------------------------------------------------------
 */

/* The folder with the C library is one that ld.so knows without a cache and without variables: all
 * others go there too. */
static const char *common_folder(const struct search *s)
{
    const char *folder = NULL;
    for (size_t i = 0; i < s->found->count; i++) {
        const struct closure_file *f = &s->found->files[i];
        if (*f->soname && (!folder || strcmp(f->soname, LIBC) == 0))
            folder = f->source;
    }
    return folder ? folder + strlen(s->folders.root) : "";
}

static int place_all(struct search *s, struct err *err)
{
    char name[PATH_MAX];
    const char *folder = common_folder(s);
    int dir = (int)(base_name(folder) - folder);
    for (size_t i = 0; i < s->found->count; i++) {
        struct closure_file *f = &s->found->files[i];
        if (!*f->soname)
            continue;
        if (snprintf(name, sizeof name, "%.*s%s", dir, folder, f->soname) >= PATH_MAX)
            return err_set(err, ERR_LIMIT, "'%.200s' has too long a path", f->source);
        flatten(name);
        f->name = keep(s, name, "", err);
        if (!f->name)
            return -1;
    }
    return 0;
}

static int search(struct search *s, const char *root, struct err *err)
{
    if (closure_folders_read(&s->folders, root, s->arch, err))
        return -1;
    int done = arena_init(&s->arena, ELF_ARENA_BYTES, err);
    if (!done)
        done = find_all(s, err) || place_all(s, err) ? -1 : 0;
    arena_fini(&s->arena);
    closure_folders_free(&s->folders);
    return done;
}

int closure_find(struct closure *out, const char *root, enum elf_arch arch,
                 const struct package_file *files, size_t nfiles, struct err *err)
{
    struct search s = {.found = out, .arch = arch, .files = files, .nfiles = nfiles};
    *out = (struct closure){.files = calloc(CLOSURE_FILES_MAX, sizeof *out->files)};
    int done = out->files ? arena_init(&out->texts, TEXTS_MAX, err)
                          : err_set(err, ERR_MEMORY, "no memory to look for libraries");
    if (!done)
        done = search(&s, root, err);
    if (done)
        closure_free(out);
    return done;
}

void closure_free(struct closure *c)
{
    free(c->files);
    arena_fini(&c->texts);
    *c = (struct closure){0};
}

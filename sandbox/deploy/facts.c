/* SPDX-License-Identifier: Apache-2.0 */
#include "deploy/facts.h"

#include <string.h>

#include "base/hash.h"

enum { NAMES_FIRST = 1024, RUNTIME_SYMBOLS_MIN = 3, SEARCHES_MAX = 1 << 28 };

/* ---- names --------------------------------------------------------------------------------- */

static uint64_t hash_of(const char *name)
{
    uint64_t hash = hash_bytes(name, strlen(name));
    return hash ? hash : 1;
}

static size_t slot_of(const struct facts_names *names, uint64_t hash)
{
    size_t at = hash & (names->cap - 1);
    while (names->slots[at] && names->slots[at] != hash)
        at = (at + 1) & (names->cap - 1);
    return at;
}

static int grow_names(struct facts_names *names, struct err *err)
{
    struct facts_names wider = {.cap = names->cap ? names->cap * 2 : NAMES_FIRST,
                                .count = names->count};
    wider.slots = calloc(wider.cap, sizeof *wider.slots);
    if (!wider.slots)
        return err_set(err, ERR_MEMORY, "no memory for the symbols of a package");
    for (size_t i = 0; i < names->cap; i++)
        if (names->slots[i])
            wider.slots[slot_of(&wider, names->slots[i])] = names->slots[i];
    free(names->slots);
    *names = wider;
    return 0;
}

int facts_add_name(struct facts_names *names, const char *name, struct err *err)
{
    uint64_t hash = hash_of(name);
    if (2 * names->count >= names->cap && grow_names(names, err))
        return -1;
    size_t at = slot_of(names, hash);
    names->count += !names->slots[at];
    names->slots[at] = hash;
    return 0;
}

bool facts_has_name(const struct facts_names *names, const char *name)
{
    return names->cap && names->slots[slot_of(names, hash_of(name))];
}

void facts_names_fini(struct facts_names *names)
{
    free(names->slots);
    *names = (struct facts_names){0};
}

/* ---- the copy ------------------------------------------------------------------------------ */

/* Sticky: a NULL fails the whole copy at its end. */
struct copy {
    struct arena *arena;
    bool full;
};

static const char *copy_text(struct copy *c, const char *text)
{
    const char *copy = *text ? arena_strndup(c->arena, text, strlen(text)) : "";
    c->full |= !copy;
    return copy ? copy : "";
}

static void *copy_room(struct copy *c, size_t count, size_t size)
{
    void *room = arena_alloc(c->arena, count * size + 1);
    if (room)
        memset(room, 0, count * size);
    c->full |= !room;
    return room;
}

static const char *const *copy_list(struct copy *c, const char *const *list, size_t count)
{
    const char **out = copy_room(c, count, sizeof *out);
    for (size_t i = 0; out && i < count; i++)
        out[i] = copy_text(c, list[i]);
    return out;
}

static const struct elf_handlers *copy_handlers(struct copy *c, const struct elf_file *f)
{
    struct elf_handlers *out = copy_room(c, f->nhandlers, sizeof *out);
    for (size_t i = 0; out && i < f->nhandlers; i++) {
        out[i] = f->handlers[i];
        out[i].symbol = copy_text(c, out[i].symbol);
    }
    return out;
}

/* A version that no symbol wants, and that of a symbol, have the same texts in the file. */
static struct facts_version *find_version(struct facts_version *list, const struct elf_file *f,
                                          const struct elf_symbol *s)
{
    for (size_t i = 0; i < f->nversions; i++)
        if (f->versions[i].name == s->version && f->versions[i].library == s->library)
            return &list[i];
    return NULL;
}

static void copy_versions(struct copy *c, const struct elf_file *f, struct facts *out)
{
    struct facts_version *list = copy_room(c, f->nversions, sizeof *list);
    if (!list)
        return;
    for (size_t i = 0; i < f->nversions; i++)
        list[i] = (struct facts_version){.library = copy_text(c, f->versions[i].library),
                                         .name = copy_text(c, f->versions[i].name),
                                         .weak = f->versions[i].weak};
    bool quick = (uint64_t)f->nundefined * f->nversions <= SEARCHES_MAX;
    for (size_t i = 0; i < f->nundefined && quick; i++) {
        const struct elf_symbol *s = &f->undefined[i];
        struct facts_version *v = *s->library ? find_version(list, f, s) : NULL;
        if (v && v->nsymbols++ < FACTS_SYMBOLS)
            v->symbols[v->nsymbols - 1] = copy_text(c, s->name);
    }
    out->versions = list;
    out->nversions = f->nversions;
}

static bool is_loose(const struct elf_symbol *s)
{
    return !s->weak && !*s->version;
}

static void copy_loose(struct copy *c, const struct elf_file *f, struct facts *out)
{
    size_t count = 0;
    for (size_t i = 0; i < f->nundefined; i++)
        count += is_loose(&f->undefined[i]);
    const char **list = copy_room(c, count, sizeof *list);
    for (size_t i = 0; list && i < f->nundefined; i++)
        if (is_loose(&f->undefined[i]))
            list[out->nloose++] = copy_text(c, f->undefined[i].name);
    out->loose = list;
}

static void copy_file(struct copy *c, const struct elf_file *f, struct facts *out)
{
    struct elf_file *file = &out->file;
    *file = *f;
    file->interpreter = copy_text(c, f->interpreter);
    file->soname = copy_text(c, f->soname);
    file->run_path = copy_text(c, f->run_path);
    file->needed = copy_list(c, f->needed, f->nneeded);
    file->provides = copy_list(c, f->provides, f->nprovides);
    file->handlers = copy_handlers(c, f);
    file->versions = NULL;
    file->undefined = file->defined = NULL;
    file->nversions = file->nundefined = file->ndefined = 0;
    copy_versions(c, f, out);
    copy_loose(c, f, out);
}

static int keep_names(const struct elf_file *f, struct facts_names *names, struct facts *out,
                      struct err *err)
{
    static const char prefix[] = "lambda_";
    size_t ours = 0;
    for (size_t i = 0; i < f->ndefined; i++) {
        ours += strncmp(f->defined[i].name, prefix, sizeof prefix - 1) == 0;
        if (facts_add_name(names, f->defined[i].name, err))
            return -1;
    }
    out->is_runtime = f->type == ELF_TYPE_PROGRAM && ours >= RUNTIME_SYMBOLS_MIN;
    return 0;
}

const struct facts *facts_keep(const struct elf_file *file, struct arena *arena,
                               struct facts_names *names, struct err *err)
{
    struct copy c = {.arena = arena};
    struct facts *out = copy_room(&c, 1, sizeof *out);
    if (out)
        copy_file(&c, file, out);
    if (c.full) {
        err_set(err, ERR_MEMORY, "no memory for what is known of an ELF file");
        return NULL;
    }
    return keep_names(file, names, out, err) ? NULL : out;
}

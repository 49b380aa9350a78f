/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "deploy/elf_view.h"

enum {
    VERSION_MASK = 0x7fff,
    MODULE_MIN = 24, /* abi, size, handler_size, number of handlers, their address */
    MODULE_MAX = 4096,
    NAME_MAX_BYTES = 1 << 16,
};

static const char module_name[] = "lambda_module";

/* ---- how many there are: the dynamic segment does not say ---------------------------------- */

static uint64_t count_by_hash(const struct elf_view *v, uint64_t address)
{
    struct elf_range r;
    if (!elf_view_find(v, address, &r) || r.size < 8)
        return 0;
    return elf_view_word(v, r.offset + 4);
}

/* The last symbol of the last chain that begins in a bucket, see the layout: 4 words, bloom filter
 * of 64-bit words, buckets, chains whose last word is odd. */
static uint64_t count_by_gnu_hash(const struct elf_view *v, uint64_t address)
{
    struct elf_range r;
    if (!elf_view_find(v, address, &r) || r.size < 16)
        return 0;
    uint64_t nbuckets = elf_view_word(v, r.offset);
    uint64_t first = elf_view_word(v, r.offset + 4);
    uint64_t buckets = 16 + 8 * (uint64_t)elf_view_word(v, r.offset + 8);
    uint64_t chains = buckets + 4 * nbuckets;
    uint64_t last = 0;
    if (chains > r.size)
        return 0;
    for (uint64_t i = 0; i < nbuckets; i++) {
        uint64_t symbol = elf_view_word(v, r.offset + buckets + 4 * i);
        if (symbol > last)
            last = symbol;
    }
    if (last < first)
        return first;
    for (;; last++) {
        uint64_t at = chains + 4 * (last - first);
        if (at > r.size - 4)
            return last;
        if (elf_view_word(v, r.offset + at) & 1)
            return last + 1;
    }
}

/* The highest symbol that ld.so is asked to find. */
static int count_by_relocations(const struct elf_view *v, uint64_t address, uint64_t size,
                                uint64_t *count, struct err *err)
{
    static const char what[] = "its relocations";
    struct elf_range r;
    if (!address || size < sizeof(Elf64_Rela))
        return 0;
    if (!elf_view_find(v, address, &r) || size > r.size)
        return err_set(err, ERR_INPUT, "is damaged: %s out of place", what);
    r.size = size;
    Elf_Data *data = elf_view_data(v, &r, ELF_T_RELA, what, err);
    if (!data)
        return -1;
    GElf_Rela rela;
    for (int i = 0; gelf_getrela(data, i, &rela); i++)
        if (GELF_R_SYM(rela.r_info) >= *count)
            *count = GELF_R_SYM(rela.r_info) + 1;
    return 0;
}

static int count_symbols(const struct elf_view *v, const struct elf_tables *t, uint64_t *out,
                         struct err *err)
{
    uint64_t count = 0, hashed[] = {t->hash ? count_by_hash(v, t->hash) : 0,
                                    t->gnu_hash ? count_by_gnu_hash(v, t->gnu_hash) : 0};
    if (count_by_relocations(v, t->relocations, t->relocations_size, &count, err) ||
        count_by_relocations(v, t->calls, t->calls_size, &count, err))
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(hashed); i++)
        if (hashed[i] > count)
            count = hashed[i];
    if (count > ELF_TABLE_MAX)
        return err_set(err, ERR_LIMIT, "has %llu dynamic symbols, at most %d are looked at",
                       (unsigned long long)count, ELF_TABLE_MAX);
    *out = count;
    return 0;
}

/* ---- the symbols --------------------------------------------------------------------------- */

struct symbols {
    const struct elf_view *v;
    const struct elf_range *strings;
    Elf_Data *data, *indexes; /* of versions; NULL: none */
    int count;
    struct elf_label *labels;
    size_t nlabels;
    uint64_t name_bytes;
};

enum kind { KIND_NONE, KIND_UNDEFINED, KIND_DEFINED };

static enum kind kind_of(const GElf_Sym *s)
{
    unsigned bind = GELF_ST_BIND(s->st_info), type = GELF_ST_TYPE(s->st_info);
    unsigned visibility = GELF_ST_VISIBILITY(s->st_other);
    if (!s->st_name || bind == STB_LOCAL || type == STT_SECTION || type == STT_FILE)
        return KIND_NONE;
    if (s->st_shndx == SHN_UNDEF)
        return KIND_UNDEFINED;
    return visibility == STV_DEFAULT || visibility == STV_PROTECTED ? KIND_DEFINED : KIND_NONE;
}

static int count_kinds(struct symbols *t, size_t counts[static 3], struct err *err)
{
    GElf_Sym s;
    for (int i = 1; i < t->count; i++) {
        if (!gelf_getsym(t->data, i, &s))
            return err_set(err, ERR_INPUT, "is damaged: symbol %d cannot be read", i);
        counts[kind_of(&s)]++;
    }
    return 0;
}

static const struct elf_label *label_of(const struct symbols *t, int index)
{
    static const struct elf_label none = {.name = "", .library = ""};
    GElf_Versym version;
    if (!t->indexes || !gelf_getversym(t->indexes, index, &version))
        return &none;
    size_t at = version & VERSION_MASK;
    return at < t->nlabels && t->labels[at].name ? &t->labels[at] : &none;
}

/* Names may share bytes, but not so that reading them all takes forever. */
static const char *name_of(struct symbols *t, const GElf_Sym *s, struct err *err)
{
    const char *name = elf_view_text(t->v, t->strings, s->st_name, err);
    if (!name)
        return NULL;
    size_t len = strnlen(name, NAME_MAX_BYTES);
    t->name_bytes += len;
    if (len < NAME_MAX_BYTES && t->name_bytes <= 4 * (uint64_t)t->v->len)
        return name;
    err_set(err, ERR_LIMIT, "has names of symbols that are too long");
    return NULL;
}

static int fill_symbol(struct symbols *t, int index, const GElf_Sym *s, struct elf_symbol *out,
                       struct err *err)
{
    const char *name = name_of(t, s, err);
    if (!name)
        return -1;
    const struct elf_label *label = label_of(t, index);
    if (label->version && (!*label->version->symbol || GELF_ST_BIND(s->st_info) != STB_WEAK))
        label->version->symbol = name;
    *out = (struct elf_symbol){.name = name,
                               .version = label->name,
                               .library = label->library,
                               .weak = GELF_ST_BIND(s->st_info) == STB_WEAK};
    return 0;
}

/* Whether the symbol may be a table of handlers: an object that begins with a version number and
 * with its own size. One with the default name is meant as a table whatever is in it. */
static bool read_handlers(const struct elf_view *v, const GElf_Sym *s, const char *name,
                          struct elf_handlers *out)
{
    struct elf_range r;
    if (GELF_ST_TYPE(s->st_info) != STT_OBJECT || s->st_size < 8 ||
        !elf_view_find(v, s->st_value, &r) || r.size < s->st_size)
        return false;
    *out =
        (struct elf_handlers){.symbol = name,
                              .abi = elf_view_word(v, r.offset),
                              .size = elf_view_word(v, r.offset + 4),
                              .handler_size = s->st_size < 12 ? 0 : elf_view_word(v, r.offset + 8)};
    if (strcmp(name, module_name) == 0)
        return true;
    return s->st_size >= MODULE_MIN && s->st_size <= MODULE_MAX && out->size == s->st_size &&
           out->abi && out->abi <= UINT16_MAX && out->handler_size;
}

static int fill_all(struct symbols *t, struct elf_file *file, struct elf_symbol *undefined,
                    struct elf_symbol *defined, struct elf_handlers *handlers, struct err *err)
{
    GElf_Sym s;
    for (int i = 1; i < t->count; i++) {
        enum kind kind = gelf_getsym(t->data, i, &s) ? kind_of(&s) : KIND_NONE;
        if (kind == KIND_NONE)
            continue;
        struct elf_symbol *out =
            kind == KIND_DEFINED ? &defined[file->ndefined++] : &undefined[file->nundefined++];
        if (fill_symbol(t, i, &s, out, err))
            return -1;
        if (kind == KIND_DEFINED && file->nhandlers < ELF_MODULES_MAX &&
            read_handlers(t->v, &s, out->name, &handlers[file->nhandlers]))
            file->nhandlers++;
    }
    return 0;
}

static int find_symbols(struct symbols *t, const struct elf_tables *tables, uint64_t count,
                        struct err *err)
{
    static const char what[] = "its table of symbols";
    struct elf_range r;
    if (!elf_view_find(t->v, tables->symbols, &r) || count * sizeof(Elf64_Sym) > r.size)
        return err_set(err, ERR_INPUT, "is damaged: %s out of place", what);
    r.size = count * sizeof(Elf64_Sym);
    t->data = elf_view_data(t->v, &r, ELF_T_SYM, what, err);
    if (!t->data)
        return -1;
    t->count = (int)count;
    if (!tables->version_index)
        return 0;
    if (!elf_view_find(t->v, tables->version_index, &r) || count * sizeof(Elf64_Half) > r.size)
        return err_set(err, ERR_INPUT, "is damaged: the versions of its symbols out of place");
    r.size = count * sizeof(Elf64_Half);
    t->indexes = elf_view_data(t->v, &r, ELF_T_HALF, what, err);
    return t->indexes ? 0 : -1;
}

int elf_symbols_read(const struct elf_view *v, const struct elf_tables *tables,
                     const struct elf_range *strings, struct elf_file *file, struct err *err)
{
    uint64_t count = 0;
    size_t kinds[3] = {0};
    struct symbols t = {.v = v, .strings = strings};
    if (elf_versions_read(v, tables, strings, file, &t.labels, &t.nlabels, err) ||
        count_symbols(v, tables, &count, err))
        return -1;
    if (!tables->symbols || count < 2)
        return 0;
    if (find_symbols(&t, tables, count, err) || count_kinds(&t, kinds, err))
        return -1;
    struct elf_symbol *undefined = elf_view_alloc(v, kinds[KIND_UNDEFINED], sizeof *undefined, err);
    struct elf_symbol *defined = elf_view_alloc(v, kinds[KIND_DEFINED], sizeof *defined, err);
    struct elf_handlers *handlers = elf_view_alloc(v, ELF_MODULES_MAX, sizeof *handlers, err);
    if (!undefined || !defined || !handlers)
        return -1;
    file->undefined = undefined;
    file->defined = defined;
    file->handlers = handlers;
    return fill_all(&t, file, undefined, defined, handlers, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <string.h>

#include "deploy/elf_view.h"

/* What the segment's entries say; the order of members is that of the table below. */
struct values {
    struct elf_tables tables;
    uint64_t strings, strings_size, soname, rpath, runpath, flags, flags1, textrel;
    bool has_soname, has_rpath, has_runpath;
};

static const struct {
    int64_t tag;
    size_t value; /* offset of the member */
    size_t seen;  /* of the bool that it was there, where 0 means something; 0: none */
} rows[] = {
    {DT_STRTAB, offsetof(struct values, strings), 0},
    {DT_STRSZ, offsetof(struct values, strings_size), 0},
    {DT_SYMTAB, offsetof(struct values, tables.symbols), 0},
    {DT_HASH, offsetof(struct values, tables.hash), 0},
    {DT_GNU_HASH, offsetof(struct values, tables.gnu_hash), 0},
    {DT_RELA, offsetof(struct values, tables.relocations), 0},
    {DT_RELASZ, offsetof(struct values, tables.relocations_size), 0},
    {DT_JMPREL, offsetof(struct values, tables.calls), 0},
    {DT_PLTRELSZ, offsetof(struct values, tables.calls_size), 0},
    {DT_VERSYM, offsetof(struct values, tables.version_index), 0},
    {DT_VERNEED, offsetof(struct values, tables.wanted), 0},
    {DT_VERNEEDNUM, offsetof(struct values, tables.nwanted), 0},
    {DT_VERDEF, offsetof(struct values, tables.given), 0},
    {DT_VERDEFNUM, offsetof(struct values, tables.ngiven), 0},
    {DT_SONAME, offsetof(struct values, soname), offsetof(struct values, has_soname)},
    {DT_RPATH, offsetof(struct values, rpath), offsetof(struct values, has_rpath)},
    {DT_RUNPATH, offsetof(struct values, runpath), offsetof(struct values, has_runpath)},
    {DT_FLAGS, offsetof(struct values, flags), 0},
    {DT_FLAGS_1, offsetof(struct values, flags1), 0},
    {DT_TEXTREL, offsetof(struct values, textrel), 0},
};

static void keep(struct values *out, const GElf_Dyn *d)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].tag != d->d_tag)
            continue;
        /* the mark alone says it */
        uint64_t value = d->d_tag == DT_TEXTREL ? 1 : d->d_un.d_val;
        memcpy((char *)out + rows[i].value, &value, sizeof value);
        if (rows[i].seen)
            *(bool *)((char *)out + rows[i].seen) = true;
    }
}

/* Entries up to DT_NULL; keeps what has a row, counts the needed libraries. */
static size_t scan(Elf_Data *data, struct values *out, size_t *out_needed)
{
    GElf_Dyn d;
    size_t count = 0;
    for (; gelf_getdyn(data, (int)count, &d) && d.d_tag != DT_NULL; count++) {
        keep(out, &d);
        *out_needed += d.d_tag == DT_NEEDED;
    }
    return count;
}

/* Every name in it ends: the table does. */
static int find_strings(const struct elf_view *v, const struct values *values,
                        struct elf_range *out, struct err *err)
{
    struct elf_range r = {0};
    if (!values->strings && !values->strings_size) {
        *out = r;
        return 0;
    }
    if (!elf_view_find(v, values->strings, &r) || values->strings_size > r.size ||
        !values->strings_size || v->bytes[r.offset + values->strings_size - 1])
        return err_set(err, ERR_INPUT, "is damaged: its string table is out of place");
    *out = (struct elf_range){.offset = r.offset, .size = values->strings_size};
    return 0;
}

static int read_needed(const struct elf_view *v, Elf_Data *data, size_t count,
                       const struct elf_range *strings, struct elf_file *file, struct err *err)
{
    GElf_Dyn d;
    const char **needed = elf_view_alloc(v, file->nneeded, sizeof *needed, err);
    if (!needed)
        return -1;
    for (size_t i = 0, at = 0; i < count; i++) {
        if (!gelf_getdyn(data, (int)i, &d) || d.d_tag != DT_NEEDED)
            continue;
        needed[at] = elf_view_text(v, strings, d.d_un.d_val, err);
        if (!needed[at++])
            return -1;
    }
    file->needed = needed;
    return 0;
}

static int read_names(const struct elf_view *v, const struct values *values,
                      const struct elf_range *strings, struct elf_file *file, struct err *err)
{
    uint64_t path = values->has_runpath ? values->runpath : values->rpath;
    if (values->has_soname)
        file->soname = elf_view_text(v, strings, values->soname, err);
    if (values->has_runpath || values->has_rpath)
        file->run_path = elf_view_text(v, strings, path, err);
    file->run_path_first = values->has_rpath && !values->has_runpath;
    return file->soname && file->run_path ? 0 : -1;
}

int elf_dynamic_read(const struct elf_view *v, const GElf_Phdr *segment, struct elf_file *file,
                     struct elf_dynamic *out, struct err *err)
{
    struct values values = {0};
    const struct elf_range r = {.offset = segment->p_offset, .size = segment->p_filesz};
    if (r.size < sizeof(Elf64_Dyn))
        return 0;
    Elf_Data *data = elf_view_data(v, &r, ELF_T_DYN, "its dynamic segment", err);
    if (!data)
        return -1;
    size_t count = scan(data, &values, &file->nneeded);
    if (file->nneeded > ELF_NAMES_MAX)
        return err_set(err, ERR_LIMIT, "needs %zu libraries, at most %d are looked at",
                       file->nneeded, ELF_NAMES_MAX);
    if (find_strings(v, &values, &out->strings, err) ||
        read_needed(v, data, count, &out->strings, file, err) ||
        read_names(v, &values, &out->strings, file, err))
        return -1;
    file->text_relocations = values.textrel || values.flags & DF_TEXTREL;
    out->pie = values.flags1 & DF_1_PIE;
    return elf_symbols_read(v, &values.tables, &out->strings, file, err);
}

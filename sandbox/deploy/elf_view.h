/* SPDX-License-Identifier: Apache-2.0 */
/* A file on its way through elf_read: its bytes, and what the kernel maps of them. What matters for
 * running is read from the program headers and the dynamic segment, as the kernel and ld.so do:
 * section headers may be missing, or tell a tale of their own. */
#pragma once

#include <gelf.h>

#include "deploy/elf.h"

struct elf_view {
    const char *bytes;
    size_t len;
    Elf *elf; /* libelf's, on these bytes or on a copy */
    struct arena *arena;
    const GElf_Phdr *segments;
    size_t nsegments;
};

/* Bytes of the file. */
struct elf_range {
    uint64_t offset, size;
};

/* From the address to the end of what the file has for its segment. False: the file has nothing for
 * it. */
bool elf_view_find(const struct elf_view *v, uint64_t address, struct elf_range *out);

/* The range as libelf's entries of that type; whole ones only. It is aligned, or damaged. NULL with
 * ERR_INPUT naming what. */
Elf_Data *elf_view_data(const struct elf_view *v, const struct elf_range *r, Elf_Type type,
                        const char *what, struct err *err) ATTR_CHECK;

/* Zeroed; NULL with ERR_MEMORY. */
void *elf_view_alloc(const struct elf_view *v, size_t count, size_t size,
                     struct err *err) ATTR_CHECK;

/* A little-endian number of the file, which has these bytes. */
uint32_t elf_view_word(const struct elf_view *v, uint64_t offset);

/* What the dynamic segment says besides lists. */
struct elf_dynamic {
    struct elf_range strings;
    bool pie; /* it calls itself a program */
};

/* Reads the dynamic segment (in elf_dynamic.c), and by its addresses versions and symbols (in
 * elf_symbols.c). */
int elf_dynamic_read(const struct elf_view *v, const GElf_Phdr *segment, struct elf_file *file,
                     struct elf_dynamic *out, struct err *err) ATTR_CHECK;

/* Addresses and sizes that the dynamic segment gives; 0: it does not. */
struct elf_tables {
    uint64_t symbols, hash, gnu_hash;
    uint64_t relocations, relocations_size, calls, calls_size;
    uint64_t version_index, wanted, nwanted, given, ngiven;
};

int elf_symbols_read(const struct elf_view *v, const struct elf_tables *t,
                     const struct elf_range *strings, struct elf_file *file,
                     struct err *err) ATTR_CHECK;

/* The text at an offset of the string table, which ends in a NUL. NULL with ERR_INPUT. */
const char *elf_view_text(const struct elf_view *v, const struct elf_range *strings,
                          uint64_t offset, struct err *err) ATTR_CHECK;

/* A name that a symbol's version index stands for. */
struct elf_label {
    const char *name;
    const char *library;         /* "" for a version of its own */
    struct elf_version *version; /* NULL for a version of its own */
};

/* By index, with file->versions and file->provides filled. */
int elf_versions_read(const struct elf_view *v, const struct elf_tables *t,
                      const struct elf_range *strings, struct elf_file *file,
                      struct elf_label **out_labels, size_t *out_count, struct err *err) ATTR_CHECK;

/* SPDX-License-Identifier: Apache-2.0 */
/* Small ELF files, wrong where a test wants them wrong. One segment is the whole file, and address
 * is offset:
 *
 *   head | program headers | interpreter | dynamic | symbols | version index | hash | wanted
 *   versions | given versions | relocations | data | strings
 */
#pragma once

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ELF_BUILD_MAX = 1 << 16, ELF_LIST = 8 };

struct elf_want {
    const char *library, *version;
    bool weak;
};

struct elf_sym {
    const char *name;
    const char *version; /* one of wanted or given; NULL: none */
    bool defined, weak, object;
    const uint32_t *words; /* of an object's content */
    unsigned nwords;
};

/* What is zero gets a sensible value, or is left out. */
struct elf_spec {
    uint16_t machine, type; /* EM_X86_64, ET_DYN */
    const char *interpreter, *soname, *runpath, *rpath;
    const char *needed[ELF_LIST];
    struct elf_want wanted[ELF_LIST];
    const char *given[ELF_LIST];
    struct elf_sym symbols[ELF_LIST];
    bool static_program; /* no dynamic segment */
    bool no_stack, exec_stack;
    bool textrel, pie;
    bool sysv_hash, no_hash; /* instead of the GNU one */
    uint64_t entry;
};

struct elf_build {
    char bytes[ELF_BUILD_MAX];
    size_t len;
    char strings[8192];
    size_t strings_len;
    /* where the parts are, for tests that spoil them */
    size_t phdr, dynamic, symbols, version_index, hash, wanted, given, relocations;
    size_t nsymbols, nphdr, nrelocations;
};

static inline size_t elf_align(struct elf_build *b, size_t align)
{
    b->len = (b->len + align - 1) / align * align;
    return b->len;
}

static inline size_t elf_put(struct elf_build *b, const void *bytes, size_t len)
{
    size_t at = b->len;
    if (b->len + len > sizeof b->bytes)
        abort();
    memcpy(b->bytes + b->len, bytes, len);
    b->len += len;
    return at;
}

static inline uint32_t elf_string(struct elf_build *b, const char *text)
{
    size_t at = b->strings_len, len = strlen(text) + 1;
    if (at + len > sizeof b->strings)
        abort();
    memcpy(b->strings + at, text, len);
    b->strings_len += len;
    return (uint32_t)at;
}

/* Indexes of versions: wanted from 2, given behind them. */
static inline uint16_t elf_version_index(const struct elf_spec *s, const char *version)
{
    uint16_t index = 2;
    if (!version)
        return 1;
    for (int i = 0; i < ELF_LIST && s->wanted[i].version; i++, index++)
        if (strcmp(s->wanted[i].version, version) == 0)
            return index;
    for (int i = 0; i < ELF_LIST && s->given[i]; i++, index++)
        if (strcmp(s->given[i], version) == 0)
            return index;
    return 1;
}

static inline uint32_t elf_gnu_hash(const char *name)
{
    uint32_t hash = 5381;
    for (; *name; name++)
        hash = hash * 33 + (uint8_t)*name;
    return hash;
}

/* Undefined symbols first, as linkers have them. */
static inline void elf_put_symbols(struct elf_build *b, const struct elf_spec *s,
                                   const struct elf_sym *order[], size_t *out_first)
{
    size_t count = 0, first = 0;
    for (int pass = 0; pass < 2; pass++) {
        if (pass)
            first = count;
        for (int i = 0; i < ELF_LIST && s->symbols[i].name; i++)
            if (s->symbols[i].defined == pass)
                order[count++] = &s->symbols[i];
    }
    *out_first = first + 1;
    b->nsymbols = count + 1;
}

static inline void elf_put_symbol_table(struct elf_build *b, const struct elf_sym *const order[],
                                        const size_t contents[])
{
    const Elf64_Sym none = {0};
    elf_align(b, 8);
    b->symbols = elf_put(b, &none, sizeof none);
    for (size_t i = 0; i + 1 < b->nsymbols; i++) {
        const struct elf_sym *sym = order[i];
        Elf64_Sym e = {
            .st_name = elf_string(b, sym->name),
            .st_info = (uint8_t)ELF64_ST_INFO(sym->weak ? STB_WEAK : STB_GLOBAL,
                                              sym->object ? STT_OBJECT : STT_FUNC),
            .st_shndx = sym->defined ? 1 : SHN_UNDEF,
            .st_value = sym->defined ? (contents[i] ? contents[i] : 64) : 0,
            .st_size = sym->nwords * 4,
        };
        elf_put(b, &e, sizeof e);
    }
}

static inline void elf_put_hash(struct elf_build *b, const struct elf_spec *s,
                                const struct elf_sym *const order[], size_t first)
{
    elf_align(b, 8);
    b->hash = b->len;
    if (s->sysv_hash) {
        uint32_t head[] = {1, (uint32_t)b->nsymbols, 1};
        elf_put(b, head, sizeof head);
        for (size_t i = 0; i < b->nsymbols; i++)
            elf_put(b, &(uint32_t){i + 1 < b->nsymbols ? (uint32_t)i + 1 : 0}, 4);
        return;
    }
    bool any = first < b->nsymbols;
    uint32_t head[] = {1, (uint32_t)first, 1, 6};
    elf_put(b, head, sizeof head);
    elf_put(b, &(uint64_t){~0ull}, 8);
    elf_put(b, &(uint32_t){any ? (uint32_t)first : 0}, 4);
    for (size_t i = first; i < b->nsymbols; i++) {
        uint32_t hash = elf_gnu_hash(order[i - 1]->name);
        elf_put(b, &(uint32_t){i + 1 < b->nsymbols ? hash & ~1u : hash | 1}, 4);
    }
}

static inline void elf_put_wanted(struct elf_build *b, const struct elf_spec *s)
{
    elf_align(b, 4);
    b->wanted = b->len;
    for (int i = 0; i < ELF_LIST && s->wanted[i].version; i++) {
        bool last = i + 1 == ELF_LIST || !s->wanted[i + 1].version;
        Elf64_Verneed need = {.vn_version = 1,
                              .vn_cnt = 1,
                              .vn_file = elf_string(b, s->wanted[i].library),
                              .vn_aux = sizeof need,
                              .vn_next = last ? 0 : sizeof need + sizeof(Elf64_Vernaux)};
        Elf64_Vernaux aux = {.vna_flags = s->wanted[i].weak ? VER_FLG_WEAK : 0,
                             .vna_other = (Elf64_Half)(2 + i),
                             .vna_name = elf_string(b, s->wanted[i].version)};
        elf_put(b, &need, sizeof need);
        elf_put(b, &aux, sizeof aux);
    }
}

static inline void elf_put_given(struct elf_build *b, const struct elf_spec *s)
{
    elf_align(b, 4);
    b->given = b->len;
    for (int i = 0; i < ELF_LIST && s->given[i]; i++) {
        bool last = i + 1 == ELF_LIST || !s->given[i + 1];
        Elf64_Verdef def = {.vd_version = 1,
                            .vd_ndx = elf_version_index(s, s->given[i]),
                            .vd_cnt = 1,
                            .vd_aux = sizeof def,
                            .vd_next = last ? 0 : sizeof def + sizeof(Elf64_Verdaux)};
        Elf64_Verdaux aux = {.vda_name = elf_string(b, s->given[i])};
        elf_put(b, &def, sizeof def);
        elf_put(b, &aux, sizeof aux);
    }
}

static inline void elf_put_relocations(struct elf_build *b, size_t first)
{
    elf_align(b, 8);
    b->relocations = b->len;
    for (size_t i = 1; i < first; i++, b->nrelocations++) {
        Elf64_Rela r = {.r_offset = 64, .r_info = ELF64_R_INFO(i, R_X86_64_GLOB_DAT)};
        elf_put(b, &r, sizeof r);
    }
}

static inline void elf_put_dyn(struct elf_build *b, size_t *at, int64_t tag, uint64_t value)
{
    Elf64_Dyn d = {.d_tag = tag, .d_un.d_val = value};
    memcpy(b->bytes + *at, &d, sizeof d);
    *at += sizeof d;
}

static inline void elf_put_entries(struct elf_build *b, const struct elf_spec *s, size_t nwanted,
                                   size_t ngiven)
{
    size_t at = b->dynamic;
    for (int i = 0; i < ELF_LIST && s->needed[i]; i++)
        elf_put_dyn(b, &at, DT_NEEDED, elf_string(b, s->needed[i]));
    if (s->soname)
        elf_put_dyn(b, &at, DT_SONAME, elf_string(b, s->soname));
    if (s->runpath)
        elf_put_dyn(b, &at, DT_RUNPATH, elf_string(b, s->runpath));
    if (s->rpath)
        elf_put_dyn(b, &at, DT_RPATH, elf_string(b, s->rpath));
    if (s->textrel)
        elf_put_dyn(b, &at, DT_TEXTREL, 0);
    if (s->pie)
        elf_put_dyn(b, &at, DT_FLAGS_1, DF_1_PIE);
    elf_put_dyn(b, &at, DT_SYMTAB, b->symbols);
    if (!s->no_hash)
        elf_put_dyn(b, &at, s->sysv_hash ? DT_HASH : DT_GNU_HASH, b->hash);
    if (b->nrelocations) {
        elf_put_dyn(b, &at, DT_RELA, b->relocations);
        elf_put_dyn(b, &at, DT_RELASZ, b->nrelocations * sizeof(Elf64_Rela));
    }
    if (nwanted || ngiven)
        elf_put_dyn(b, &at, DT_VERSYM, b->version_index);
    if (nwanted) {
        elf_put_dyn(b, &at, DT_VERNEED, b->wanted);
        elf_put_dyn(b, &at, DT_VERNEEDNUM, nwanted);
    }
    if (ngiven) {
        elf_put_dyn(b, &at, DT_VERDEF, b->given);
        elf_put_dyn(b, &at, DT_VERDEFNUM, ngiven);
    }
    /* all texts are in the table by now */
    elf_put_dyn(b, &at, DT_STRTAB, b->len);
    elf_put_dyn(b, &at, DT_STRSZ, b->strings_len);
    elf_put_dyn(b, &at, DT_NULL, 0);
}

static inline void elf_put_dynamic(struct elf_build *b, const struct elf_spec *s)
{
    const struct elf_sym *order[ELF_LIST + 1] = {0};
    size_t contents[ELF_LIST + 1] = {0}, first, nwanted = 0, ngiven = 0;
    while (nwanted < ELF_LIST && s->wanted[nwanted].version)
        nwanted++;
    while (ngiven < ELF_LIST && s->given[ngiven])
        ngiven++;
    elf_put_symbols(b, s, order, &first);
    elf_align(b, 16);
    b->dynamic = b->len;
    b->len += (ELF_LIST + 24) * sizeof(Elf64_Dyn);
    for (size_t i = 0; i + 1 < b->nsymbols; i++)
        if (order[i]->words)
            contents[i] = elf_put(b, order[i]->words, order[i]->nwords * 4);
    elf_put_symbol_table(b, order, contents);
    b->version_index = elf_put(b, &(uint16_t){0}, 2);
    for (size_t i = 0; i + 1 < b->nsymbols; i++)
        elf_put(b, &(uint16_t){elf_version_index(s, order[i]->version)}, 2);
    elf_put_hash(b, s, order, first);
    elf_put_wanted(b, s);
    elf_put_given(b, s);
    elf_put_relocations(b, first);
    elf_put_entries(b, s, nwanted, ngiven);
    elf_put(b, b->strings, b->strings_len);
}

static inline void elf_put_segment(struct elf_build *b, size_t *at, const Elf64_Phdr *p)
{
    memcpy(b->bytes + *at, p, sizeof *p);
    *at += sizeof *p;
    b->nphdr++;
}

static inline void elf_put_segments(struct elf_build *b, const struct elf_spec *s, size_t interp)
{
    size_t at = b->phdr;
    elf_put_segment(b, &at,
                    &(Elf64_Phdr){.p_type = PT_LOAD,
                                  .p_flags = PF_R | PF_X,
                                  .p_filesz = b->len,
                                  .p_memsz = b->len,
                                  .p_align = 4096});
    if (s->interpreter)
        elf_put_segment(b, &at,
                        &(Elf64_Phdr){.p_type = PT_INTERP,
                                      .p_offset = interp,
                                      .p_vaddr = interp,
                                      .p_filesz = strlen(s->interpreter) + 1});
    if (!s->static_program)
        elf_put_segment(b, &at,
                        &(Elf64_Phdr){.p_type = PT_DYNAMIC,
                                      .p_offset = b->dynamic,
                                      .p_vaddr = b->dynamic,
                                      .p_filesz = (ELF_LIST + 24) * sizeof(Elf64_Dyn)});
    if (!s->no_stack)
        elf_put_segment(b, &at,
                        &(Elf64_Phdr){.p_type = PT_GNU_STACK,
                                      .p_flags = PF_R | PF_W | (s->exec_stack ? PF_X : 0)});
}

static inline void elf_build_file(struct elf_build *b, const struct elf_spec *s)
{
    size_t interp = 0;
    memset(b, 0, sizeof *b);
    elf_string(b, "");
    b->phdr = sizeof(Elf64_Ehdr);
    b->len = b->phdr + 4 * sizeof(Elf64_Phdr);
    if (s->interpreter)
        interp = elf_put(b, s->interpreter, strlen(s->interpreter) + 1);
    if (!s->static_program)
        elf_put_dynamic(b, s);
    elf_put_segments(b, s, interp);
    Elf64_Ehdr head = {
        .e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = s->type ? s->type : ET_DYN,
        .e_machine = s->machine ? s->machine : EM_X86_64,
        .e_version = EV_CURRENT,
        .e_entry = s->entry,
        .e_phoff = b->phdr,
        .e_ehsize = sizeof head,
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = (Elf64_Half)b->nphdr,
    };
    memcpy(b->bytes, &head, sizeof head);
}

/* One of a few files that have some of everything, for fuzzers. */
static inline void elf_build_sample(struct elf_build *b, unsigned which)
{
    static const uint32_t table[] = {1, 24, 96, 1, 0, 0};
    const struct elf_spec spec = {
        .machine = which & 1 ? EM_AARCH64 : EM_X86_64,
        .interpreter = which & 2 ? "/lib64/ld-linux-x86-64.so.2" : NULL,
        .soname = which & 4 ? "libsample.so.1" : NULL,
        .runpath = which & 8 ? "$ORIGIN/lib:/home/user" : NULL,
        .needed = {"libc.so.6", "libm.so.6"},
        .wanted = {{"libc.so.6", "GLIBC_2.17", false}, {"libm.so.6", "GLIBC_2.29", true}},
        .given = {which & 16 ? "SAMPLE_1" : NULL},
        .symbols = {{.name = "malloc", .version = "GLIBC_2.17"},
                    {.name = "exp", .version = "GLIBC_2.29", .weak = true},
                    {.name = "loose"},
                    {.name = "lambda_module",
                     .defined = true,
                     .object = true,
                     .words = table,
                     .nwords = 6},
                    {.name = "own", .defined = true, .version = which & 16 ? "SAMPLE_1" : NULL}},
        .sysv_hash = which & 32,
        .no_hash = which & 64,
        .pie = which & 128,
    };
    elf_build_file(b, &spec);
}

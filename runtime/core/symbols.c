/* SPDX-License-Identifier: Apache-2.0 */
#include "core/symbols.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>

#include "base/attr.h"

#define SYMBOLS_CHUNK 128        /* symbols that are read at once */
#define SYMBOLS_MAX   (1u << 20) /* of one file that are looked at, so that it ends in time */
#define HEADERS_MAX   512        /* sections or segments of a file */

/* One file and its table. */
struct table {
    int fd;
    uintptr_t base;   /* where the file is mapped */
    uintptr_t linked; /* the address that it was linked for at that place */
    ElfW(Shdr) symbols;
    uint64_t names; /* offset of the names in the file */
};

static bool read_at(int fd, void *out, size_t size, uint64_t offset)
{
    return offset <= INT64_MAX && pread(fd, out, size, (off_t)offset) == (ssize_t)size;
}

static bool find_linked(struct table *t, const ElfW(Ehdr) * header)
{
    for (size_t i = 0; i < header->e_phnum && i < HEADERS_MAX; i++) {
        ElfW(Phdr) segment;
        if (!read_at(t->fd, &segment, sizeof segment, header->e_phoff + i * sizeof segment))
            return false;
        if (segment.p_type != PT_LOAD)
            continue;
        t->linked = segment.p_vaddr - segment.p_offset;
        return true;
    }
    return false;
}

static bool find_symbols(struct table *t, const ElfW(Ehdr) * header)
{
    t->symbols.sh_type = SHT_NULL;
    for (size_t i = 0; i < header->e_shnum && i < HEADERS_MAX; i++) {
        ElfW(Shdr) section;
        if (!read_at(t->fd, &section, sizeof section, header->e_shoff + i * sizeof section))
            return false;
        if (section.sh_type == SHT_SYMTAB ||
            (section.sh_type == SHT_DYNSYM && t->symbols.sh_type == SHT_NULL))
            t->symbols = section;
    }
    ElfW(Shdr) names;
    if (t->symbols.sh_type == SHT_NULL || t->symbols.sh_link >= header->e_shnum ||
        !read_at(t->fd, &names, sizeof names, header->e_shoff + t->symbols.sh_link * sizeof names))
        return false;
    t->names = names.sh_offset;
    return true;
}

static bool open_table(struct table *t)
{
    ElfW(Ehdr) header;
    return read_at(t->fd, &header, sizeof header, 0) &&
           memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_ident[EI_CLASS] == ELFCLASS64 &&
           header.e_phentsize == sizeof(ElfW(Phdr)) && header.e_shentsize == sizeof(ElfW(Shdr)) &&
           find_linked(t, &header) && find_symbols(t, &header);
}

static void take_name(const struct table *t, const ElfW(Sym) * symbol, struct frame *frame,
                      uintptr_t offset)
{
    char name[FRAMES_NAME];
    if (frame->name[0] || symbol->st_name > UINT32_MAX / 2)
        return;
    ssize_t n = pread(t->fd, name, sizeof name, (off_t)(t->names + symbol->st_name));
    size_t len = n > 0 ? strnlen(name, (size_t)n) : 0;
    if (len == sizeof name) /* cut */
        len--;
    memcpy(frame->name, name, len);
    frame->name[len] = '\0';
    frame->offset = offset;
}

static void match(const struct table *t, const ElfW(Sym) * symbol, struct frames *f)
{
    unsigned type = ELF64_ST_TYPE(symbol->st_info);
    if ((type != STT_FUNC && type != STT_GNU_IFUNC) || symbol->st_shndx == SHN_UNDEF)
        return;
    for (size_t i = 0; i < f->count; i++) {
        uintptr_t at = f->list[i].ip - t->base + t->linked;
        if (f->list[i].base == t->base && at >= symbol->st_value &&
            at - symbol->st_value < symbol->st_size)
            take_name(t, symbol, &f->list[i], at - symbol->st_value);
    }
}

static void search_file(struct frames *f, const struct frame *frame)
{
    static ElfW(Sym) chunk[SYMBOLS_CHUNK];
    AUTO_FD int fd = open(frame->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct table t = {.fd = fd, .base = frame->base};
    if (fd < 0 || !open_table(&t))
        return;
    size_t count = t.symbols.sh_size / sizeof *chunk;
    for (size_t from = 0; from < count && from < SYMBOLS_MAX; from += SYMBOLS_CHUNK) {
        size_t n = count - from < SYMBOLS_CHUNK ? count - from : SYMBOLS_CHUNK;
        if (!read_at(fd, chunk, n * sizeof *chunk, t.symbols.sh_offset + from * sizeof *chunk))
            return;
        for (size_t i = 0; i < n; i++)
            match(&t, &chunk[i], f);
    }
}

void symbols_find(struct frames *f)
{
    for (size_t i = 0; i < f->count; i++)
        if (frames_is_first(f, i) && f->list[i].path[0] == '/')
            search_file(f, &f->list[i]);
}

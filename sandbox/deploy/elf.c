/* SPDX-License-Identifier: Apache-2.0 */
#include "deploy/elf.h"

#include <endian.h>
#include <limits.h>
#include <string.h>

#include "deploy/elf_view.h"

enum { SEGMENTS_MAX = 65536 / sizeof(Elf64_Phdr) }; /* the kernel's limit */

/* ---- the view ------------------------------------------------------------------------------ */

bool elf_view_find(const struct elf_view *v, uint64_t address, struct elf_range *out)
{
    for (size_t i = 0; i < v->nsegments; i++) {
        const GElf_Phdr *p = &v->segments[i];
        if (p->p_type != PT_LOAD || address < p->p_vaddr || address - p->p_vaddr >= p->p_filesz)
            continue;
        uint64_t skip = address - p->p_vaddr;
        *out = (struct elf_range){.offset = p->p_offset + skip, .size = p->p_filesz - skip};
        return true;
    }
    return false;
}

Elf_Data *elf_view_data(const struct elf_view *v, const struct elf_range *r, Elf_Type type,
                        const char *what, struct err *err)
{
    /* tables of versions have entries of several sizes, made of words */
    bool words = type == ELF_T_VNEED || type == ELF_T_VDEF;
    size_t one = words ? sizeof(Elf64_Word) : gelf_fsize(v->elf, type, 1, EV_CURRENT);
    size_t size = one ? (size_t)r->size / one * one : 0;
    size_t align = one < sizeof(Elf64_Xword) ? one : sizeof(Elf64_Xword);
    if (!size || r->offset > v->len || size > v->len - r->offset || size > INT_MAX ||
        r->offset % align) {
        err_set(err, ERR_INPUT, "is damaged: %s out of place", what);
        return NULL;
    }
    Elf_Data *data = elf_getdata_rawchunk(v->elf, (int64_t)r->offset, size, type);
    if (!data)
        err_set(err, ERR_INPUT, "is damaged: %s cannot be read: %s", what, elf_errmsg(-1));
    return data;
}

void *elf_view_alloc(const struct elf_view *v, size_t count, size_t size, struct err *err)
{
    size_t bytes;
    void *block = NULL;
    if (!__builtin_mul_overflow(count, size, &bytes))
        block = arena_alloc(v->arena, bytes ? bytes : 1);
    if (!block) {
        err_set(err, ERR_MEMORY, "no memory for %zu entries of an ELF file", count);
        return NULL;
    }
    return memset(block, 0, bytes);
}

uint32_t elf_view_word(const struct elf_view *v, uint64_t offset)
{
    uint32_t word;
    memcpy(&word, v->bytes + offset, sizeof word);
    return le32toh(word);
}

const char *elf_view_text(const struct elf_view *v, const struct elf_range *strings,
                          uint64_t offset, struct err *err)
{
    if (offset < strings->size)
        return v->bytes + strings->offset + offset;
    err_set(err, ERR_INPUT, "is damaged: a name lies outside of its string table");
    return NULL;
}

/* ---- the head ------------------------------------------------------------------------------ */

bool elf_is(const char *bytes, size_t len)
{
    return len >= SELFMAG && memcmp(bytes, ELFMAG, SELFMAG) == 0;
}

/* Where the two layouts of a head have what libelf must not be trusted with. */
struct head_layout {
    size_t size, segment_size, section_size;
    size_t sections_at, sections_width; /* offset and width of e_shoff */
    size_t counts_at;                   /* of e_shentsize, e_shnum, e_shstrndx */
};

static const struct head_layout layouts[] = {
    [ELFCLASS32] = {sizeof(Elf32_Ehdr), sizeof(Elf32_Phdr), sizeof(Elf32_Shdr),
                    offsetof(Elf32_Ehdr, e_shoff), sizeof(Elf32_Off),
                    offsetof(Elf32_Ehdr, e_shentsize)},
    [ELFCLASS64] = {sizeof(Elf64_Ehdr), sizeof(Elf64_Phdr), sizeof(Elf64_Shdr),
                    offsetof(Elf64_Ehdr, e_shoff), sizeof(Elf64_Off),
                    offsetof(Elf64_Ehdr, e_shentsize)},
};

static uint64_t get_number(const char *p, size_t width, bool big_endian)
{
    uint64_t value = 0;
    for (size_t i = 0; i < width; i++)
        value |= (uint64_t)(uint8_t)p[i] << 8 * (big_endian ? width - 1 - i : i);
    return value;
}

static const struct head_layout *read_ident(const char *bytes, size_t len, struct elf_file *file,
                                            struct err *err)
{
    if (!elf_is(bytes, len)) {
        err_set(err, ERR_INPUT, "is no ELF file");
        return NULL;
    }
    uint8_t class = len > EI_CLASS ? (uint8_t)bytes[EI_CLASS] : ELFCLASSNONE;
    uint8_t order = len > EI_DATA ? (uint8_t)bytes[EI_DATA] : ELFDATANONE;
    const struct head_layout *layout = class < ARRAY_LEN(layouts) ? &layouts[class] : NULL;
    if (!layout || !layout->size || (order != ELFDATA2LSB && order != ELFDATA2MSB) ||
        len < layout->size) {
        err_set(err, ERR_INPUT, "is damaged: its ELF header is cut off or unknown");
        return NULL;
    }
    file->bits = class == ELFCLASS64 ? 64 : 32;
    file->big_endian = order == ELFDATA2MSB;
    return layout;
}

/* Whether the section headers are where the head says: more than that libelf does not check in
 * every version before it allocates. Without any they are fine. */
static bool has_good_sections(const char *bytes, size_t len, const struct head_layout *l, bool big)
{
    uint64_t at = get_number(bytes + l->sections_at, l->sections_width, big);
    uint64_t size = get_number(bytes + l->counts_at, 2, big);
    uint64_t count = get_number(bytes + l->counts_at + 2, 2, big);
    if (at == 0)
        return count == 0;
    return count && size == l->section_size && at % (l->sections_width) == 0 && at <= len &&
           count * size <= len - at;
}

/* The same file without section headers. */
static char *copy_without_sections(const char *bytes, size_t len, const struct head_layout *l,
                                   struct err *err)
{
    char *copy = malloc(len);
    if (!copy) {
        err_set(err, ERR_MEMORY, "no memory for %zu bytes of an ELF file", len);
        return NULL;
    }
    memcpy(copy, bytes, len);
    memset(copy + l->sections_at, 0, l->sections_width);
    memset(copy + l->counts_at, 0, 6);
    return copy;
}

/* ---- segments ------------------------------------------------------------------------------ */

static int read_segments(struct elf_view *v, const GElf_Ehdr *head, const struct head_layout *l,
                         struct err *err)
{
    size_t count = head->e_phnum;
    if (count > SEGMENTS_MAX || (count && head->e_phentsize != l->segment_size))
        return err_set(err, ERR_INPUT, "is damaged: %zu program headers of %u bytes", count,
                       head->e_phentsize);
    if (count && (head->e_phoff > v->len || count * l->segment_size > v->len - head->e_phoff))
        return err_set(err, ERR_INPUT, "is cut off within its program headers");
    GElf_Phdr *segments = elf_view_alloc(v, count, sizeof *segments, err);
    if (!segments)
        return -1;
    for (size_t i = 0; i < count; i++) {
        const GElf_Phdr *p = &segments[i];
        if (!gelf_getphdr(v->elf, (int)i, &segments[i]))
            return err_set(err, ERR_INPUT, "is damaged: program header %zu cannot be read: %s", i,
                           elf_errmsg(-1));
        if ((p->p_type == PT_LOAD || p->p_type == PT_INTERP || p->p_type == PT_DYNAMIC) &&
            (p->p_offset > v->len || p->p_filesz > v->len - p->p_offset))
            return err_set(err, ERR_INPUT,
                           "is cut off: its %zu bytes are not all that its header speaks of",
                           v->len);
    }
    v->segments = segments;
    v->nsegments = count;
    return 0;
}

static const GElf_Phdr *find_segment(const struct elf_view *v, uint32_t type)
{
    for (size_t i = 0; i < v->nsegments; i++)
        if (v->segments[i].p_type == type)
            return &v->segments[i];
    return NULL;
}

static int read_interpreter(const struct elf_view *v, struct elf_file *file, struct err *err)
{
    const GElf_Phdr *p = find_segment(v, PT_INTERP);
    if (!p)
        return 0;
    const char *text = v->bytes + p->p_offset;
    if (p->p_filesz < 2 || p->p_filesz > PATH_MAX || text[p->p_filesz - 1])
        return err_set(err, ERR_INPUT, "is damaged: the name of its interpreter has no end");
    file->interpreter = text;
    return 0;
}

/* ---- sections ------------------------------------------------------------------------------ */

static bool is_debug(const struct elf_view *v, const GElf_Shdr *names, const GElf_Shdr *s)
{
    static const char *const prefixes[] = {".debug_", ".zdebug_"};
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
        size_t len = strlen(prefixes[i]);
        if (s->sh_name <= names->sh_size && len <= names->sh_size - s->sh_name &&
            memcmp(v->bytes + names->sh_offset + s->sh_name, prefixes[i], len) == 0)
            return true;
    }
    return false;
}

static bool lies_inside(const struct elf_view *v, const GElf_Shdr *s)
{
    return s->sh_type != SHT_NOBITS && s->sh_offset <= v->len &&
           s->sh_size <= v->len - s->sh_offset;
}

/* Section headers are for people and tools: what is wrong with them is no fault of the file. */
static void read_sections(const struct elf_view *v, const GElf_Ehdr *head, struct elf_file *file)
{
    GElf_Shdr names = {0}, s;
    file->stripped = true;
    Elf_Scn *scn = elf_getscn(v->elf, head->e_shstrndx);
    if (!scn || !gelf_getshdr(scn, &names) || !lies_inside(v, &names))
        names = (GElf_Shdr){0};
    for (scn = NULL; (scn = elf_nextscn(v->elf, scn));) {
        if (!gelf_getshdr(scn, &s) || !lies_inside(v, &s))
            continue;
        if (s.sh_type == SHT_SYMTAB && s.sh_size)
            file->stripped = false;
        if (is_debug(v, &names, &s) && s.sh_size <= v->len - file->debug_bytes)
            file->debug_bytes += s.sh_size;
    }
}

/* ---- all of it ----------------------------------------------------------------------------- */

static enum elf_type type_of(const GElf_Ehdr *head, const struct elf_file *file, bool dynamic,
                             bool pie)
{
    if (head->e_type == ET_EXEC)
        return ELF_TYPE_PROGRAM;
    if (head->e_type != ET_DYN)
        return ELF_TYPE_OTHER;
    if (!dynamic) /* packed, or of another machine */
        return head->e_entry ? ELF_TYPE_PROGRAM : ELF_TYPE_OBJECT;
    /* libc.so.6 has an interpreter too */
    bool program = pie || (*file->interpreter && !*file->soname);
    return program ? ELF_TYPE_PROGRAM : ELF_TYPE_OBJECT;
}

/* Without the mark, ld.so of x86-64 takes a file for one that needs an executable stack; kernel and
 * ld.so of arm64 do not. */
static bool wants_executable_stack(const struct elf_view *v, const struct elf_file *file,
                                   bool dynamic)
{
    const GElf_Phdr *p = find_segment(v, PT_GNU_STACK);
    if (p)
        return p->p_flags & PF_X;
    return dynamic && file->type != ELF_TYPE_OTHER && file->arch != ELF_ARCH_ARM64;
}

static enum elf_arch arch_of(const struct elf_file *file)
{
    if (file->bits != 64 || file->big_endian)
        return ELF_ARCH_OTHER;
    return file->machine == EM_X86_64    ? ELF_ARCH_X86_64
           : file->machine == EM_AARCH64 ? ELF_ARCH_ARM64
                                         : ELF_ARCH_OTHER;
}

static int read_all(struct elf_view *v, const struct head_layout *layout, struct elf_file *file,
                    struct err *err)
{
    GElf_Ehdr head;
    struct elf_dynamic dynamic = {0};
    if (elf_kind(v->elf) != ELF_K_ELF || !gelf_getehdr(v->elf, &head))
        return err_set(err, ERR_INPUT, "is damaged: its ELF header cannot be read");
    file->machine = head.e_machine;
    file->arch = arch_of(file);
    if (read_segments(v, &head, layout, err) || read_interpreter(v, file, err))
        return -1;
    read_sections(v, &head, file);
    const GElf_Phdr *p = find_segment(v, PT_DYNAMIC);
    if (p && file->bits == 64 && !file->big_endian && elf_dynamic_read(v, p, file, &dynamic, err))
        return -1;
    file->type = type_of(&head, file, p != NULL, dynamic.pie);
    file->executable_stack = wants_executable_stack(v, file, p != NULL);
    return 0;
}

int elf_read(struct elf_file *out, const char *bytes, size_t len, struct arena *arena,
             struct err *err)
{
    struct elf_file file = {.interpreter = "", .soname = "", .run_path = ""};
    struct elf_view v = {.bytes = bytes, .len = len, .arena = arena};
    AUTO_FREE char *copy = NULL;
    const struct head_layout *layout = read_ident(bytes, len, &file, err);
    if (!layout)
        return -1;
    if (!has_good_sections(bytes, len, layout, file.big_endian)) {
        copy = copy_without_sections(bytes, len, layout, err);
        if (!copy)
            return -1;
    }
    elf_version(EV_CURRENT);
    /* libelf changes nothing of what it only reads */
    v.elf = elf_memory(copy ? copy : (char *)(uintptr_t)bytes, len);
    if (!v.elf)
        return err_set(err, ERR_INPUT, "is damaged: %s", elf_errmsg(-1));
    int result = read_all(&v, layout, &file, err);
    elf_end(v.elf);
    if (result == 0)
        *out = file;
    return result;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A module on disk and in memory: a small shared object with some bytes changed and cut somewhere,
 * as the loader's check, the crash report's symbols and its build ids see it. What is mapped ends
 * where a page that cannot be read begins. */
#include "core/object.h"

#include <elf.h>
#include <sys/mman.h>

#include "core/symbols.h"
#include "fuzz.h"

#define PAGE       4096u
#define SEGMENTS   64u
#define NOTE       256u
#define SECTIONS   320u
#define SYMBOLS    640u
#define NAMES      800u
#define FILE_BYTES 900u

static int file = -1;
static uint8_t *memory;
static char path[32];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    file = memfd_create("fuzz", MFD_CLOEXEC);
    memory = mmap(NULL, 2ul * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    FUZZ_CHECK(file >= 0 && memory != MAP_FAILED && mprotect(memory + PAGE, PAGE, PROT_NONE) == 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    return 0;
}

static void make(uint8_t out[static PAGE])
{
    Elf64_Ehdr head = {
        .e_type = ET_DYN,
#if defined(__x86_64__)
        .e_machine = EM_X86_64,
#else
        .e_machine = EM_AARCH64,
#endif
        .e_phoff = SEGMENTS,
        .e_shoff = SECTIONS,
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = 2,
        .e_shentsize = sizeof(Elf64_Shdr),
        .e_shnum = 3
    };
    Elf64_Phdr segments[] = {
        {.p_type = PT_LOAD, .p_filesz = FILE_BYTES, .p_memsz = FILE_BYTES},
        {.p_type = PT_NOTE, .p_offset = NOTE, .p_vaddr = NOTE, .p_filesz = 36}};
    Elf64_Shdr sections[] = {
        {.sh_type = SHT_NULL},
        {.sh_type = SHT_SYMTAB, .sh_offset = SYMBOLS, .sh_size = 72, .sh_link = 2},
        {.sh_type = SHT_STRTAB, .sh_offset = NAMES, .sh_size = 40}};
    Elf64_Sym symbols[3] = {{0}};
    for (size_t i = 1; i < 3; i++)
        symbols[i] = (Elf64_Sym){.st_name = (uint32_t)i * 4,
                                 .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
                                 .st_shndx = 1,
                                 .st_value = i * 100,
                                 .st_size = 100};
    memset(out, 'n', PAGE);
    memcpy(head.e_ident, ELFMAG "\2\1\1", 7);
    memcpy(out, &head, sizeof head);
    memcpy(out + SEGMENTS, segments, sizeof segments);
    memcpy(out + NOTE, "\4\0\0\0\x14\0\0\0\3\0\0\0GNU", 16);
    memcpy(out + SECTIONS, sections, sizeof sections);
    memcpy(out + SYMBOLS, symbols, sizeof symbols);
}

/* Frames in and beside the module, whose page ends where size says. */
static void print(uint8_t *base, size_t size, uint8_t where)
{
    static struct frames f;
    static char text[8192];
    struct report r = {.text = text, .cap = sizeof text};
    frames_clear(&f);
    for (unsigned i = 0; i < 3; i++) {
        frames_add(&f, (uintptr_t)base + where * i);
        f.list[i].base = (uintptr_t)base;
        f.list[i].head = size;
        f.list[i].path = path;
    }
    symbols_find(&f);
    for (size_t i = 0; i < f.count; i++)
        FUZZ_CHECK(memchr(f.list[i].name, '\0', sizeof f.list[i].name));
    frames_print(&f, 0, &r);
    frames_print_modules(&f, &r);
    r.len = 0;
    frames_print_json(&f, &r, 16);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    uint8_t bytes[PAGE], where = fuzz_byte(&in), cut = fuzz_byte(&in);
    size_t len = cut % 4 ? FILE_BYTES : FILE_BYTES * cut / 255;
    static struct failure f;
    make(bytes);
    while (in.left >= 3) {
        size_t at = fuzz_byte(&in) * 256u;
        at += fuzz_byte(&in);
        bytes[at % FILE_BYTES] = fuzz_byte(&in);
    }
    FUZZ_CHECK(ftruncate(file, 0) == 0 && pwrite(file, bytes, len, 0) == (ssize_t)len);
    f.set = false;
    FUZZ_CHECK((object_check(path, "Runtime.ImportModuleError", &f) == 0) != f.set);
    size_t mapped = len & ~(size_t)7; /* its base is aligned as an object's is */
    memcpy(memory + PAGE - mapped, bytes, mapped);
    print(memory + PAGE - mapped, mapped, where);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "deploy/elf.h"

#include "base/file.h"
#include "check.h"
#include "elf_build.h"

#define LD "/lib64/ld-linux-x86-64.so.2"

static struct arena arena;
static struct elf_build build;

static int read_bytes(const char *bytes, size_t len, struct elf_file *out, struct err *err)
{
    arena_reset(&arena);
    *err = (struct err){0};
    return elf_read(out, bytes, len, &arena, err);
}

static int read_spec(const struct elf_spec *spec, struct elf_file *out)
{
    struct err err;
    elf_build_file(&build, spec);
    int result = read_bytes(build.bytes, build.len, out, &err);
    if (result)
        printf("# %s\n", err.msg);
    return result;
}

/* ---- what files are ------------------------------------------------------------------------ */

static void test_kinds(void)
{
    static const struct {
        struct elf_spec spec;
        enum elf_arch arch;
        enum elf_type type;
        bool stack;
    } rows[] = {
        {{.soname = "a.so"}, ELF_ARCH_X86_64, ELF_TYPE_OBJECT, false},
        {{.machine = EM_AARCH64}, ELF_ARCH_ARM64, ELF_TYPE_OBJECT, false},
        {{.machine = EM_RISCV}, ELF_ARCH_OTHER, ELF_TYPE_OBJECT, false},
        {{.interpreter = LD}, ELF_ARCH_X86_64, ELF_TYPE_PROGRAM, false},
        {{.interpreter = LD, .type = ET_EXEC}, ELF_ARCH_X86_64, ELF_TYPE_PROGRAM, false},
        {{.interpreter = LD, .soname = "libc.so.6"}, ELF_ARCH_X86_64, ELF_TYPE_OBJECT, false},
        {{.pie = true}, ELF_ARCH_X86_64, ELF_TYPE_PROGRAM, false},
        {{.type = ET_EXEC, .static_program = true}, ELF_ARCH_X86_64, ELF_TYPE_PROGRAM, false},
        {{.static_program = true, .entry = 64}, ELF_ARCH_X86_64, ELF_TYPE_PROGRAM, false},
        {{.static_program = true}, ELF_ARCH_X86_64, ELF_TYPE_OBJECT, false},
        {{.type = ET_REL, .static_program = true}, ELF_ARCH_X86_64, ELF_TYPE_OTHER, false},
        {{.exec_stack = true}, ELF_ARCH_X86_64, ELF_TYPE_OBJECT, true},
        {{.no_stack = true}, ELF_ARCH_X86_64, ELF_TYPE_OBJECT, true},
        {{.machine = EM_AARCH64, .no_stack = true}, ELF_ARCH_ARM64, ELF_TYPE_OBJECT, false},
        {{.machine = EM_AARCH64, .exec_stack = true}, ELF_ARCH_ARM64, ELF_TYPE_OBJECT, true},
        {{.no_stack = true, .type = ET_EXEC, .static_program = true},
         ELF_ARCH_X86_64,
         ELF_TYPE_PROGRAM,
         false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct elf_file f = {0};
        CHECK_INT(read_spec(&rows[i].spec, &f), 0);
        if (f.arch != rows[i].arch || f.type != rows[i].type || f.executable_stack != rows[i].stack)
            printf("# row %zu: arch %d type %d stack %d\n", i, f.arch, f.type, f.executable_stack);
        CHECK_INT(f.arch, rows[i].arch);
        CHECK_INT(f.type, rows[i].type);
        CHECK_INT(f.executable_stack, rows[i].stack);
        CHECK_INT(f.bits, 64);
        CHECK(f.stripped);
    }
}

/* 32-bit and big-endian files are told apart, nothing more. */
static void test_foreign(void)
{
    Elf32_Ehdr head32 = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT},
                         .e_type = ET_EXEC,
                         .e_machine = EM_386,
                         .e_version = EV_CURRENT,
                         .e_ehsize = sizeof head32};
    Elf64_Ehdr big = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2MSB, EV_CURRENT},
                      .e_type = __builtin_bswap16(ET_DYN),
                      .e_machine = __builtin_bswap16(EM_S390),
                      .e_version = __builtin_bswap32(EV_CURRENT)};
    struct elf_file f = {0};
    struct err err;
    CHECK_INT(read_bytes((const char *)&head32, sizeof head32, &f, &err), 0);
    CHECK_INT(f.bits, 32);
    CHECK_INT(f.machine, EM_386);
    CHECK_INT(f.type, ELF_TYPE_PROGRAM);
    CHECK_INT(f.arch, ELF_ARCH_OTHER);
    CHECK_INT(read_bytes((const char *)&big, sizeof big, &f, &err), 0);
    CHECK(f.big_endian);
    CHECK_INT(f.machine, EM_S390);
    CHECK_INT(f.arch, ELF_ARCH_OTHER);
}

/* ---- lists --------------------------------------------------------------------------------- */

static const uint32_t module_words[] = {1, 24, 96, 1, 0, 0}, other_words[] = {7, 24, 96, 1, 0, 0},
                      plain_words[] = {1, 2, 3, 4, 5, 6};

static const struct elf_spec full = {
    .interpreter = LD,
    .runpath = "$ORIGIN/lib",
    .needed = {"libc.so.6", "libx.so.1"},
    .wanted = {{"libc.so.6", "GLIBC_2.34", false}, {"libm.so.6", "GLIBC_2.29", true}},
    .given = {"OWN_1"},
    .textrel = true,
    .symbols =
        {{.name = "main", .version = "GLIBC_2.34"},
         {.name = "pow", .version = "GLIBC_2.29", .weak = true},
         {.name = "loose"},
         {.name = "lambda_module",
          .defined = true,
          .object = true,
          .words = module_words,
          .nwords = 6},
         {.name = "other", .defined = true, .object = true, .words = other_words, .nwords = 6},
         {.name = "plain", .defined = true, .object = true, .words = plain_words, .nwords = 6},
         {.name = "own", .defined = true, .version = "OWN_1"}},
};

static const struct elf_symbol *find(const struct elf_symbol *list, size_t count, const char *name)
{
    static const struct elf_symbol none = {"", "", "", false};
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0)
            return &list[i];
    return &none;
}

static void check_full(const struct elf_file *f)
{
    CHECK_STR(f->interpreter, LD);
    CHECK_STR(f->run_path, "$ORIGIN/lib");
    CHECK(!f->run_path_first && f->text_relocations);
    CHECK_INT(f->nneeded, 2);
    CHECK_STR(f->needed[0], "libc.so.6");
    CHECK_STR(f->needed[1], "libx.so.1");
    CHECK_INT(f->nversions, 2);
    CHECK_STR(f->versions[0].name, "GLIBC_2.34");
    CHECK_STR(f->versions[0].symbol, "main");
    CHECK(!f->versions[0].weak && f->versions[1].weak);
    CHECK_STR(f->versions[1].library, "libm.so.6");
    CHECK_INT(f->nprovides, 1);
    CHECK_STR(f->provides[0], "OWN_1");
    CHECK_INT(f->nundefined, 3);
    CHECK_STR(find(f->undefined, f->nundefined, "main")->library, "libc.so.6");
    CHECK(find(f->undefined, f->nundefined, "pow")->weak);
    CHECK_STR(find(f->undefined, f->nundefined, "loose")->version, "");
    CHECK_STR(find(f->defined, f->ndefined, "own")->version, "OWN_1");
}

static void test_lists(void)
{
    for (int sysv = 0; sysv < 2; sysv++) {
        struct elf_spec spec = full;
        struct elf_file f = {0};
        spec.sysv_hash = sysv;
        CHECK_INT(read_spec(&spec, &f), 0);
        check_full(&f);
        CHECK_INT(f.ndefined, 4);
        CHECK_INT(f.nhandlers, 2);
        CHECK_STR(f.handlers[0].symbol, "lambda_module");
        CHECK_INT(f.handlers[0].abi, 1);
        CHECK_INT(f.handlers[0].handler_size, 96);
        CHECK_STR(f.handlers[1].symbol, "other");
        CHECK_INT(f.handlers[1].abi, 7);
    }
}

/* Without a hash table, what relocations ask for is still found. */
static void test_no_hash(void)
{
    struct elf_spec spec = full;
    struct elf_file f = {0};
    spec.no_hash = true;
    CHECK_INT(read_spec(&spec, &f), 0);
    check_full(&(struct elf_file){.interpreter = f.interpreter,
                                  .run_path = f.run_path,
                                  .text_relocations = true,
                                  .needed = f.needed,
                                  .nneeded = f.nneeded,
                                  .versions = f.versions,
                                  .nversions = f.nversions,
                                  .provides = f.provides,
                                  .nprovides = f.nprovides,
                                  .undefined = f.undefined,
                                  .nundefined = f.nundefined,
                                  .defined = &(struct elf_symbol){"own", "OWN_1", "", false},
                                  .ndefined = 1});
    CHECK_INT(f.ndefined, 0);
}

static void test_rpath(void)
{
    struct elf_file f = {0};
    CHECK_INT(read_spec(&(struct elf_spec){.rpath = "/a"}, &f), 0);
    CHECK_STR(f.run_path, "/a");
    CHECK(f.run_path_first);
    CHECK_INT(read_spec(&(struct elf_spec){.rpath = "/a", .runpath = "/b"}, &f), 0);
    CHECK_STR(f.run_path, "/b");
    CHECK(!f.run_path_first);
}

/* ---- damage -------------------------------------------------------------------------------- */

static void put64(size_t at, uint64_t value)
{
    memcpy(build.bytes + at, &value, sizeof value);
}

static void put32(size_t at, uint32_t value)
{
    memcpy(build.bytes + at, &value, sizeof value);
}

/* Changes the value of a tag in the dynamic segment. */
static void set_tag(int64_t tag, uint64_t value)
{
    for (size_t at = build.dynamic;; at += sizeof(Elf64_Dyn)) {
        int64_t found;
        memcpy(&found, build.bytes + at, sizeof found);
        if (found != tag && found != DT_NULL)
            continue;
        CHECK_INT(found, tag);
        put64(at + 8, value);
        return;
    }
}

static void cut_segments(void)
{
    put64(build.phdr + offsetof(Elf64_Phdr, p_filesz), 1u << 30);
}

static void move_segments(void)
{
    put64(offsetof(Elf64_Ehdr, e_phoff), ~0ull - 8);
}

static void many_segments(void)
{
    uint16_t many = 0xffff;
    memcpy(build.bytes + offsetof(Elf64_Ehdr, e_phnum), &many, sizeof many);
}

static void far_strings(void)
{
    set_tag(DT_STRTAB, 1u << 30);
}

static void open_strings(void)
{
    set_tag(DT_STRSZ, build.strings_len - 1);
}

static void far_name(void)
{
    set_tag(DT_NEEDED, 100000);
}

static void far_symbols(void)
{
    set_tag(DT_SYMTAB, build.len - 8);
}

static void odd_symbols(void)
{
    set_tag(DT_SYMTAB, build.symbols + 1);
}

static void many_symbols(void)
{
    put32(build.hash + 4, 0x7fffffff);
    put32(build.hash + 8 + 8, 0);
}

static void far_versions(void)
{
    put32(build.wanted + offsetof(Elf64_Verneed, vn_aux), 0x7ffffff0);
}

static void far_next(void)
{
    set_tag(DT_VERNEEDNUM, 99);
    put32(build.wanted + offsetof(Elf64_Verneed, vn_next), 0xfffffff0);
}

static void far_given(void)
{
    put32(build.given + offsetof(Elf64_Verdef, vd_aux), 0xffffff00);
}

static void far_relocations(void)
{
    set_tag(DT_RELASZ, 1u << 20);
}

static void high_relocation(void)
{
    put64(build.relocations + offsetof(Elf64_Rela, r_info), ELF64_R_INFO(0x7fffffffull, 1));
}

static void open_interpreter(void)
{
    size_t at = build.phdr + sizeof(Elf64_Phdr) + offsetof(Elf64_Phdr, p_filesz);
    put64(at, strlen(LD));
}

static void short_head(void)
{
    build.len = 40;
}

static void unknown_class(void)
{
    build.bytes[EI_CLASS] = 9;
}

static void test_damage(void)
{
    static const struct {
        const char *name;
        void (*spoil)(void);
        const char *says;
    } rows[] = {
        {"segment past the end", cut_segments, "cut off"},
        {"program headers past the end", move_segments, "program headers"},
        {"too many program headers", many_segments, "program headers"},
        {"strings past the end", far_strings, "string table"},
        {"strings without an end", open_strings, "string table"},
        {"name past the strings", far_name, "name"},
        {"symbols past the end", far_symbols, "symbols"},
        {"symbols at an odd address", odd_symbols, "symbols"},
        {"versions past the end", far_versions, "wanted versions"},
        {"next version past the end", far_next, "wanted versions"},
        {"given version past the end", far_given, "versions"},
        {"relocations past the end", far_relocations, "relocations"},
        {"relocation of no symbol", high_relocation, "symbols"},
        {"interpreter without an end", open_interpreter, "interpreter"},
        {"short head", short_head, "header"},
        {"unknown class", unknown_class, "header"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct elf_file f = {.nneeded = 77};
        struct err err;
        elf_build_file(&build, &full);
        rows[i].spoil();
        int result = read_bytes(build.bytes, build.len, &f, &err);
        if (result != -1)
            printf("# %s\n", rows[i].name);
        CHECK_INT(result, -1);
        CHECK(err.kind == ERR_INPUT || err.kind == ERR_LIMIT);
        CHECK_HAS(err.msg, rows[i].says);
        CHECK_INT(f.nneeded, 77); /* untouched */
    }
}

/* A hash table without an end, and one that promises too much, give no more than there is. */
static void test_hash_lies(void)
{
    struct elf_file f = {0};
    struct err err;
    elf_build_file(&build, &full);
    many_symbols();
    int result = read_bytes(build.bytes, build.len, &f, &err);
    CHECK(result == 0 || err.kind == ERR_INPUT || err.kind == ERR_LIMIT);
}

/* Section headers that lie do not keep the rest from being read. */
static void test_sections(void)
{
    static const struct {
        uint64_t at;
        uint16_t size, count, names;
    } rows[] = {
        {1u << 30, 64, 9, 3},  {64, 64, 0xffff, 1}, {64, 1, 1, 1},
        {~0ull - 7, 64, 2, 1}, {64, 64, 0, 0},      {65, 64, 1, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct elf_file f = {0};
        struct err err;
        elf_build_file(&build, &full);
        put64(offsetof(Elf64_Ehdr, e_shoff), rows[i].at);
        memcpy(build.bytes + offsetof(Elf64_Ehdr, e_shentsize), &rows[i].size, 2);
        memcpy(build.bytes + offsetof(Elf64_Ehdr, e_shnum), &rows[i].count, 2);
        memcpy(build.bytes + offsetof(Elf64_Ehdr, e_shstrndx), &rows[i].names, 2);
        CHECK_INT(read_bytes(build.bytes, build.len, &f, &err), 0);
        check_full(&f);
    }
}

/* Cut anywhere: an answer or an error, never more bytes than there are (sanitizers look). */
static void test_cut(void)
{
    for (size_t len = 0; len < 4096; len += 7) {
        struct elf_file f;
        struct err err;
        elf_build_file(&build, &full);
        if (len >= build.len)
            break;
        char *bytes = malloc(len + 1);
        memcpy(bytes, build.bytes, len);
        CHECK_INT(read_bytes(bytes, len, &f, &err), -1);
        CHECK_INT(err.kind, ERR_INPUT);
        free(bytes);
    }
}

static void test_no_room(void)
{
    struct arena small;
    struct elf_file f;
    struct err err = {0};
    CHECK_INT(arena_init(&small, 4096, &err), 0);
    CHECK(arena_alloc(&small, small.cap - 64));
    elf_build_file(&build, &full);
    CHECK_INT(elf_read(&f, build.bytes, build.len, &small, &err), -1);
    CHECK_INT(err.kind, ERR_MEMORY);
    arena_fini(&small);
}

/* ---- real files ---------------------------------------------------------------------------- */

static void read_path(const char *path, struct elf_file *out, char **out_bytes)
{
    struct err err = {0};
    size_t len = 0;
    *out_bytes = file_read(path, 1u << 28, &len, &err);
    CHECK(*out_bytes);
    if (*out_bytes && read_bytes(*out_bytes, len, out, &err))
        check_report(__FILE__, __LINE__, err.msg);
}

static void test_real(void)
{
    struct elf_file f = {0};
    char *bytes;
    read_path("/proc/self/exe", &f, &bytes);
    CHECK_INT(f.type, ELF_TYPE_PROGRAM);
    CHECK_INT(f.bits, 64);
    CHECK(f.nneeded > 1 && f.nversions > 1 && f.nundefined > 10 && *f.interpreter);
    CHECK_STR(find(f.undefined, f.nundefined, "__libc_start_main")->library, "libc.so.6");
    CHECK(!f.stripped && !f.executable_stack && !f.text_relocations);
    CHECK_INT(f.nhandlers, 0);
    free(bytes);
    read_path(HANDLER_PATH, &f, &bytes);
    CHECK_INT(f.type, ELF_TYPE_OBJECT);
    CHECK_INT(f.nhandlers, 1);
    CHECK_STR(f.handlers[0].symbol, "lambda_module");
    CHECK_INT(f.handlers[0].abi, 1);
    CHECK_INT(f.handlers[0].size, 24);
    free(bytes);
}

static void test_names(void)
{
    CHECK(elf_is("\177ELF", 4) && !elf_is("\177EL", 3) && !elf_is("#!/bin/sh", 9));
    CHECK_STR(elf_arch_name(ELF_ARCH_ARM64), "arm64");
    CHECK_INT(elf_arch_find("x86_64"), ELF_ARCH_X86_64);
    CHECK_INT(elf_arch_find(""), ELF_ARCH_OTHER);
    CHECK_INT(elf_arch_find("aarch64"), ELF_ARCH_OTHER);
}

/* More needed libraries than are looked for: the segment is moved behind the rest of the file. */
static void test_many_needed(void)
{
    enum { COUNT = ELF_NAMES_MAX + 1 };
    struct elf_file f;
    struct err err;
    elf_build_file(&build, &(struct elf_spec){.needed = {"liba.so"}});
    size_t at = (build.len + 7) / 8 * 8, size = COUNT * sizeof(Elf64_Dyn);
    char *bytes = calloc(1, at + size);
    memcpy(bytes, build.bytes, build.len);
    for (size_t i = 0; i < COUNT; i++)
        bytes[at + i * sizeof(Elf64_Dyn)] = DT_NEEDED;
    for (size_t i = 0; i < build.nphdr; i++) {
        Elf64_Phdr p;
        memcpy(&p, bytes + build.phdr + i * sizeof p, sizeof p);
        if (p.p_type == PT_DYNAMIC)
            p.p_offset = at, p.p_filesz = size;
        memcpy(bytes + build.phdr + i * sizeof p, &p, sizeof p);
    }
    CHECK_INT(read_bytes(bytes, at + size, &f, &err), -1);
    CHECK_INT(err.kind, ERR_LIMIT);
    CHECK_HAS(err.msg, "needs 4097 libraries");
    free(bytes);
}

static const struct check_test tests[] = {
    {"kinds", test_kinds},
    {"foreign", test_foreign},
    {"lists", test_lists},
    {"no_hash", test_no_hash},
    {"rpath", test_rpath},
    {"damage", test_damage},
    {"hash_lies", test_hash_lies},
    {"sections", test_sections},
    {"cut", test_cut},
    {"no_room", test_no_room},
    {"real", test_real},
    {"names", test_names},
    {"many_needed", test_many_needed},
};

int main(int argc, char **argv)
{
    struct err err;
    if (arena_init(&arena, ELF_ARENA_BYTES, &err))
        return 1;
    int result = check_main(tests, sizeof tests / sizeof *tests, argc, argv);
    arena_fini(&arena);
    return result;
}

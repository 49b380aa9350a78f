/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the input as an ELF file: as it is, or a small well-formed object with some bytes changed.
 * Whatever it gives must be readable to its end. */
#include "base/arena.h"
#include "deploy/elf.h"
#include "elf_build.h"
#include "fuzz.h"

static struct arena arena;
static uint64_t sum; /* of all bytes of all texts, so that they are read */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct err err;
    (void)argc;
    (void)argv;
    FUZZ_CHECK(arena_init(&arena, ELF_ARENA_BYTES, &err) == 0);
    return 0;
}

static void read_text(const char *text)
{
    FUZZ_CHECK(text);
    for (; *text; text++)
        sum += (uint8_t)*text;
}

static void read_symbols(const struct elf_symbol *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        read_text(list[i].name);
        read_text(list[i].version);
        read_text(list[i].library);
    }
}

static void read_all(const struct elf_file *f)
{
    read_text(f->interpreter);
    read_text(f->soname);
    read_text(f->run_path);
    for (size_t i = 0; i < f->nneeded; i++)
        read_text(f->needed[i]);
    for (size_t i = 0; i < f->nprovides; i++)
        read_text(f->provides[i]);
    for (size_t i = 0; i < f->nversions; i++) {
        read_text(f->versions[i].library);
        read_text(f->versions[i].name);
        read_text(f->versions[i].symbol);
    }
    for (size_t i = 0; i < f->nhandlers; i++)
        read_text(f->handlers[i].symbol);
    read_symbols(f->undefined, f->nundefined);
    read_symbols(f->defined, f->ndefined);
}

/* Three bytes of the input change one byte of the file. */
static size_t make_elf(struct elf_build *b, struct fuzz_input *in)
{
    elf_build_sample(b, fuzz_byte(in));
    while (in->left >= 3) {
        size_t at = fuzz_byte(in);
        at |= (size_t)fuzz_byte(in) << 8;
        b->bytes[at % b->len] = (char)fuzz_byte(in);
    }
    return b->len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct elf_build build;
    struct fuzz_input in = {data, size};
    struct elf_file file;
    struct err err = {0};
    bool plain = size && data[0] == 0x7f;
    size_t len = plain ? size : make_elf(&build, &in);
    /* a copy of its exact size, so that a read behind it is seen */
    char *bytes = malloc(len);
    FUZZ_CHECK(bytes);
    memcpy(bytes, plain ? (const char *)data : build.bytes, len);
    arena_reset(&arena);
    if (elf_read(&file, bytes, len, &arena, &err) == 0)
        read_all(&file);
    else
        FUZZ_CHECK((err.kind == ERR_INPUT || err.kind == ERR_LIMIT || err.kind == ERR_MEMORY) &&
                   err.msg[0]);
    free(bytes);
    return 0;
}

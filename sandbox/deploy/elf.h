/* SPDX-License-Identifier: Apache-2.0 */
/* What an ELF file is and what it needs of the system that will run it, read by libelf from bytes
 * that nobody vouches for. Pure: no file is opened, no code of it runs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define ELF_TABLE_MAX (1 << 20) /* entries of one list below; a file with more is refused */
#define ELF_ARENA_BYTES                                                        \
    (160ull << 20) /* an arena that holds the lists of any file; untouched, it \
                      costs nothing */
#define ELF_MODULES_MAX 64
#define ELF_NAMES_MAX   4096 /* needed libraries; versions that are asked for, or given */

enum elf_arch { ELF_ARCH_OTHER, ELF_ARCH_X86_64, ELF_ARCH_ARM64, ELF_ARCH_COUNT };

enum elf_type {
    ELF_TYPE_OTHER,   /* relocatable, core, ... */
    ELF_TYPE_PROGRAM, /* fixed address, or position independent with an interpreter or without one
                       */
    ELF_TYPE_OBJECT,  /* shared object */
};

/* A version of a library's symbols that the file asks for. */
struct elf_version {
    const char *library; /* "libc.so.6" */
    const char *name;    /* "GLIBC_2.34" */
    const char *symbol;  /* one that is wanted in this version: "__libc_start_main"; "": none */
    bool weak;           /* nothing fails where the library has not got it */
};

struct elf_symbol {
    const char *name;
    const char *version; /* "" without one */
    const char *library; /* that the version is of: "libc.so.6"; "" for the file's own, or none */
    bool weak;
};

/* A handler table of this project (LAMBDA_MODULE) that the object exports. */
struct elf_handlers {
    const char *symbol;    /* "lambda_module" */
    uint32_t abi, size;    /* its first two members */
    uint32_t handler_size; /* its third; 0: it is too short for one */
};

/* Lists may be empty; texts are never NULL. A file of another word size or byte order than AWS's
 * machines has no lists, and nothing that its dynamic segment would tell. */
struct elf_file {
    enum elf_arch arch;
    uint16_t machine; /* e_machine */
    uint8_t bits;     /* 32 or 64 */
    bool big_endian;
    enum elf_type type;
    const char *interpreter; /* "" without one */
    const char *soname;
    const char *run_path; /* DT_RUNPATH, else DT_RPATH */
    bool run_path_first;  /* it is DT_RPATH, which comes before LD_LIBRARY_PATH */
    bool executable_stack, text_relocations;
    bool stripped;        /* no symbol table besides the dynamic one */
    uint64_t debug_bytes; /* of debug sections */
    const char *const *needed;
    size_t nneeded;
    const struct elf_version *versions;
    size_t nversions;
    const char *const *provides; /* versions that it defines itself: "GLIBCXX_3.4.30" */
    size_t nprovides;
    const struct elf_symbol *undefined;
    size_t nundefined;
    const struct elf_symbol *defined; /* exported */
    size_t ndefined;
    const struct elf_handlers *handlers;
    size_t nhandlers;
};

/* Whether the bytes begin like an ELF file. */
bool elf_is(const char *bytes, size_t len);

/* Everything in *out lives in the arena, or in bytes. -1 with ERR_INPUT (what is damaged),
 * ERR_LIMIT or ERR_MEMORY (the arena is full). */
int elf_read(struct elf_file *out, const char *bytes, size_t len, struct arena *arena,
             struct err *err) ATTR_CHECK;

/* "x86_64", "arm64": AWS's names; "" for another. */
const char *elf_arch_name(enum elf_arch arch);

/* ELF_ARCH_OTHER when it is none of AWS's names. */
enum elf_arch elf_arch_find(const char *name);

/* What this program was built for; OTHER where Lambda has not got it. */
enum elf_arch elf_arch_host(void);

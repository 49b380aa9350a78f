/* SPDX-License-Identifier: Apache-2.0 */
/* What the images of Lambda's OS-only runtimes have: data, one table per fact, so that a change by
 * AWS is a change of rows. The lists were taken from the file systems of the images (2024 for
 * al2023, 2022 for al2). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "deploy/elf.h"

struct libs_profile {
    const char *name;  /* "al2023" */
    const char *glibc; /* "2.34" */
    unsigned bit;      /* in the tables' masks */
    bool env_splits;   /* its env knows -S */
};

/* NULL for an unknown name. */
const struct libs_profile *libs_profile_find(const char *name);
const char *libs_profile_names(void); /* "al2023, al2" */

enum libs_trust {
    LIBS_ABSENT,
    LIBS_BASE, /* C and C++ library, and what AWS documents or every program there uses */
    LIBS_SEEN, /* was there when somebody looked; nobody promises it */
};

/* Whether the image has a library of that name. */
enum libs_trust libs_find(const struct libs_profile *p, enum elf_arch arch, const char *name);

/* Whether all symbols of the image's library have versions, so that a symbol without one is not
 * from there. */
bool libs_is_versioned(const char *name);

/* Whether the library is a part of glibc. */
bool libs_is_glibc(const char *name);

enum libs_verdict { LIBS_HAS, LIBS_LACKS, LIBS_UNKNOWN };

/* Whether the image's library has the version. *out_highest is what it has of that family:
 * "GLIBC_2.26"; NULL when nothing is known of it. */
enum libs_verdict libs_has_version(const struct libs_profile *p, enum elf_arch arch,
                                   const char *version, const char **out_highest);

/* Order of the numbers in two texts: "2.9" before "2.34". */
int libs_compare(const char *a, const char *b);

/* The image's dynamic linker of the architecture. */
bool libs_has_interpreter(enum elf_arch arch, const char *path);

/* Whether the image has the program, by its path or (without a '/') in its folders of programs. */
bool libs_has_program(const char *path);

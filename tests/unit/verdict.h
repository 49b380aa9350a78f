/* SPDX-License-Identifier: Apache-2.0 */
/* Packages for check_run, and what it has to say of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "elf_build.h"

#define SCRIPT   "#!/bin/sh\necho\n"
#define FILES    8
#define FINDINGS 6

struct file {
    const char *name;
    const char *text;           /* content, or a link's target */
    const struct elf_spec *elf; /* content */
    unsigned mode;              /* 0644; with a type for links and folders */
};

struct row {
    const char *name;
    struct file files[FILES];
    const char *profile, *arch, *handler; /* al2023; found in the package */
    const struct file *layer;             /* files of one layer */
    size_t nlayers;                       /* the same layer several times */
    bool zip_only, folder_only;
    /* exactly these: "E rule where: part of what", with W for warnings */
    const char *wants[FINDINGS];
};

#define BOOT(spec)                       \
    {                                    \
        "bootstrap", NULL, &(spec), 0755 \
    }
#define END                 \
    {                       \
        NULL, NULL, NULL, 0 \
    }

extern const struct row verdict_rows[];
extern const size_t verdict_nrows;

/* Files that other tests use as well. */
extern const struct elf_spec verdict_good;
extern const struct elf_spec verdict_new_glibc;
extern const struct elf_spec verdict_runtime;
extern const struct elf_spec verdict_handler;
extern const struct elf_spec verdict_old_handler;
extern const struct elf_spec verdict_foo;
extern const struct elf_spec verdict_loose;

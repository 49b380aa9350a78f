/* SPDX-License-Identifier: Apache-2.0 */
/* Where ld.so looks for libraries on this host. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "deploy/elf.h"

#define CLOSURE_FOLDERS_MAX 256

struct closure_folders {
    const char *root;
    char *list[CLOSURE_FOLDERS_MAX]; /* without root: "/usr/lib" */
    size_t count;
};

/* From ROOT/etc/ld.so.conf, then ld.so's own. closure_folders_free it. -1 with ERR_MEMORY. */
int closure_folders_read(struct closure_folders *out, const char *root, enum elf_arch arch,
                         struct err *err) ATTR_CHECK;
void closure_folders_free(struct closure_folders *f);

/* Whether ROOT/path is an ELF file for arch that ld.so would take. */
bool closure_folders_has(const char *root, const char *path, enum elf_arch arch);

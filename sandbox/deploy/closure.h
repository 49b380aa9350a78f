/* SPDX-License-Identifier: Apache-2.0 */
/* What programs and handlers need of the system that runs them: their interpreter and the libraries
 * that ld.so would load, found on this host as ld.so finds them (DT_RUNPATH with $ORIGIN, folders
 * of ld.so.conf, its own folders) and those of them again. What the package brings along is not
 * looked for. Nothing is run. */
#pragma once

#include "base/arena.h"
#include "deploy/package.h"

#define CLOSURE_FILES_MAX 1024

struct closure_file {
    const char *source; /* on this host */
    const char *name;   /* in the image: "lib64/ld-linux-x86-64.so.2" */
    const char *soname; /* "" for an interpreter */
};

struct closure {
    struct closure_file *files;
    size_t count;
    struct arena texts;
};

/* root: "" for this host, or a folder that is taken for it and that the sources lie in. Names in
 * files are as in package_image. closure_free it. -1 with ERR_INPUT: a library is nowhere; needs
 * are of another architecture than the host's libraries; ERR_SYSTEM, ERR_LIMIT, ERR_MEMORY. */
int closure_find(struct closure *out, const char *root, enum elf_arch arch,
                 const struct package_file *files, size_t nfiles, struct err *err) ATTR_CHECK;
void closure_free(struct closure *c);

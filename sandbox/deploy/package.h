/* SPDX-License-Identifier: Apache-2.0 */
/* Writes what is uploaded: zips, and layouts of container images. The same files give the same
 * bytes: order, times, modes and owners are fixed, whatever the sources' are. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "deploy/elf.h"

#define PACKAGE_DEFAULT_SYMBOL "lambda_module" /* that LAMBDA_MODULE exports */

/* What is wanted to know of a file before it is packed. */
struct package_identity {
    bool is_elf, is_script; /* begins with ELF's bytes, with "#!" */
    enum elf_arch arch;
    enum elf_type type;
    size_t nhandlers;                    /* handler tables that it exports */
    char handlers[ELF_MODULES_MAX][128]; /* their names, PACKAGE_DEFAULT_SYMBOL first */
    char glibc[16];                      /* highest version that it wants: "2.34"; "" without one */
    uint64_t size;
};

/* One file of the package. */
struct package_file {
    const char *source; /* path on this machine; a regular file, links are followed */
    const char *name;   /* in the package: "bootstrap", "lib/libfoo.so.1" */
    bool executable;    /* 0755, else 0644 */
};

struct package_size {
    uint64_t zip_bytes, bytes; /* written, and unpacked; of an image: all its blobs, and what its
                                  last layer holds */
};

/* A container image on the file system's own terms: names in files are absolute without the first
 * '/': "var/runtime/bootstrap". */
struct package_image {
    const char *dir;  /* of the OCI layout: made, or added to when it is one */
    const char *tag;  /* "latest" */
    const char *base; /* OCI layout "DIR" or "DIR:TAG" to build on; NULL: from nothing */
    enum elf_arch arch;
    const struct package_file *files;
    size_t nfiles;
    const char *const *entry, *const *command; /* NULL-terminated, as the next two */
    const char *const *env;                    /* "NAME=VALUE" in place of the base's */
    const char *const *env_default;            /* where the base has none of that name */
    const char *working_dir;                   /* NULL: the base's */
    const char *user;                          /* NULL: the base's, or root */
};

/* -1 with ERR_INPUT (cannot be read, no regular file). */
int package_identify(const char *path, struct package_identity *out, struct err *err) ATTR_CHECK;

/* Writes to path by way of a temporary name beside it. -1 with ERR_INPUT (a source cannot be read,
 * a name is wrong or there twice), ERR_LIMIT (AWS's sizes), ERR_SYSTEM, ERR_MEMORY; path is then as
 * it was. */
int package_write_zip(const char *path, const struct package_file *files, size_t nfiles,
                      struct package_size *out, struct err *err) ATTR_CHECK;

/* Appends one layer with the files, and a configuration, to what the base has. Without a base the
 * layer holds, besides them, what they need to run: the C library, its loader and every library of
 * this host that one of them wants, users, certificates, names of ports, folders. The layout's
 * other images stay, and all of it stays as it was on failure, besides blobs that no image names.
 * -1 as above, and with ERR_INPUT for a base that is no image layout, is damaged or of another
 * architecture, and for files that cannot run on what this host has. */
int package_write_image(const struct package_image *image, struct package_size *out,
                        struct err *err) ATTR_CHECK;

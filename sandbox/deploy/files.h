/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a package in the order in which they are written, once all of them are known to be
 * fit for it. */
#pragma once

#include "deploy/package.h"

/* One less than a zip's own record can count: readers take the highest count for a zip64. */
#define FILES_MAX 65534

struct files {
    struct package_file *list; /* texts are the caller's */
    size_t count;
    uint64_t bytes; /* of all sources, as they are now */
};

/* Sorts by name, bytewise, "bootstrap" first, whatever the order and the locale are. files_fini it.
 * -1 with ERR_INPUT: a source is no regular file, is the file target (which is about to be
 * written), a name is not plain ("a//b", "../a"), no UTF-8, there twice, or a file and a folder;
 * ERR_LIMIT: more than FILES_MAX or than max_bytes (0: any); ERR_MEMORY. */
int files_arrange(struct files *out, const struct package_file *files, size_t nfiles,
                  const char *target, uint64_t max_bytes, struct err *err) ATTR_CHECK;
void files_fini(struct files *f);

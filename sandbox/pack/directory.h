/* SPDX-License-Identifier: Apache-2.0 */
/* The central directory of a zip: what is in it, before anything is unpacked.
 *
 * Readers of zips differ in whom they believe when the directory and the header in front of an
 * entry's data disagree (libarchive takes the header's name). A zip where they do is refused here,
 * so that every reader sees the same. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct directory_entry {
    const char *name; /* as it stands there, no NUL; lives as long as the directory */
    size_t name_len;
    uint64_t offset; /* of the header in front of the data */
    uint64_t packed; /* bytes in the zip */
    uint64_t size;   /* bytes unpacked, as the zip claims */
    int64_t mtime;   /* seconds since the epoch; a time without zone is taken as UTC */
    uint32_t crc;
    mode_t mode; /* type and permissions; a zip without modes: 0644 and 0755 */
    uint16_t flags, method;
};

struct directory {
    char *bytes;
    struct directory_entry *entries; /* in the order of their data in the file */
    size_t count;
    uint64_t start; /* where the central directory begins: the end of the data */
};

/* Reads and checks all of it: bounds, limits, both copies of name, method, sum and sizes, no
 * encryption, no overlap, only stored and deflated entries, only files, folders and symbolic links.
 * directory_free it. -1 with ERR_INPUT or ERR_LIMIT naming the entry. */
int directory_read(int zip_fd, struct directory *out, struct err *err) ATTR_CHECK;

void directory_free(struct directory *d);

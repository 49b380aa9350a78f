/* SPDX-License-Identifier: Apache-2.0 */
/* The entries of a zip with their content, one after the other in the order of their data. What
 * directory_read refuses is refused here, and content that is not what the directory says.
 *
 *   zip_open, then zip_next and zip_read by turns until zip_next gives NULL, zip_close */
#pragma once

#include <locale.h>

#include "pack/directory.h"

struct archive;

struct zip {
    struct archive *archive;
    struct directory directory;
    size_t at;          /* entries that zip_next has given */
    const char *target; /* of the entry, when it is a link; until the next one */
    locale_t locale, locale_before;
};

/* zip_fd can be read at any offset, stays open and is the caller's. zip_close it, in the same
 * thread. -1 with ERR_INPUT, ERR_LIMIT, ERR_SYSTEM or ERR_MEMORY. */
int zip_open(struct zip *z, int zip_fd, struct err *err) ATTR_CHECK;
void zip_close(struct zip *z);

/* 1 with the next entry, 0 behind the last. -1 with ERR_INPUT naming the entry. */
int zip_next(struct zip *z, const struct directory_entry **out, struct err *err) ATTR_CHECK;

typedef int (*zip_sink)(void *data, const char *bytes, size_t len, struct err *err);

/* Gives the content of the entry that zip_next gave to the sink, in pieces, as many bytes as the
 * directory says. Ends when the sink gives -1. */
int zip_read(struct zip *z, zip_sink sink, void *data, struct err *err) ATTR_CHECK;

/* Puts "entry 'NAME': " before the text. */
int zip_wrap(const struct directory_entry *e, struct err *err);

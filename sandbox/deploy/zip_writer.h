/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a zip, in the plainest form that there is: no extra fields, no records behind the
 * data, one fixed time. libarchive writes the time of each file twice and sizes behind the data,
 * which some readers refuse, and cannot be told not to.
 *
 *   (header, data)...   directory   end
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct zip_writer {
    int fd; /* the caller's; an empty file */
    uint64_t at;
    struct buf directory;
    unsigned count;
};

void zip_writer_begin(struct zip_writer *z, int fd);

/* Deflates the file, or stores it where that is not larger. Gives its bytes. -1 with ERR_LIMIT for
 * more than max_bytes, ERR_SYSTEM, ERR_MEMORY, ERR_CLOSED (interrupt_check). */
int64_t zip_writer_add(struct zip_writer *z, const char *name, int source_fd, bool executable,
                       uint64_t max_bytes, struct err *err) ATTR_CHECK;

/* Writes the directory. Gives the size of the zip. */
int64_t zip_writer_end(struct zip_writer *z, struct err *err) ATTR_CHECK;

/* Frees memory, at any time. */
void zip_writer_fini(struct zip_writer *z);

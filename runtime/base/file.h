/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files, with a limit. */
#pragma once

#include <stddef.h>

#include "base/err.h"

/* The content of a file (a pipe or device is read to its end), to be freed, with a NUL behind its
 * *out_len bytes. NULL: it cannot be opened or read (ERR_SYSTEM), holds more than limit bytes
 * (ERR_LIMIT), or memory is short. Messages name the path. */
char *file_read(const char *path, size_t limit, size_t *out_len, struct err *err) ATTR_CHECK;

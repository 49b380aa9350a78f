/* SPDX-License-Identifier: Apache-2.0 */
/* Small files of the kernel: read and written whole. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Writes text in one write. */
int files_write(int folder_fd, const char *name, const char *text, struct err *err) ATTR_CHECK;

/* Reads up to size - 1 bytes and ends them with a NUL; their number. A longer file is an error. */
ssize_t files_read(int folder_fd, const char *name, char *out, size_t size,
                   struct err *err) ATTR_CHECK;

/* A file that holds one number, up to a newline. */
int files_read_number(int folder_fd, const char *name, uint64_t *out, struct err *err) ATTR_CHECK;

/* The numbers in the lines of a file such as cgroup.procs; at most max. Their number, or -1. */
int files_read_ids(int folder_fd, const char *name, int *out, size_t max,
                   struct err *err) ATTR_CHECK;

/* The number behind a word at the start of a line ("rss 4096"); fallback when there is none. */
uint64_t files_find_number(const char *text, const char *word, uint64_t fallback);

/* A temporary file without a name in the folder; -1 with errno when the file system has none. */
int files_open_nameless(int folder_fd, mode_t mode);

/* Gives a nameless file its name, in the place of one that is there. */
int files_name(int fd, int folder_fd, const char *name, struct err *err) ATTR_CHECK;

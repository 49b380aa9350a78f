/* SPDX-License-Identifier: Apache-2.0 */
/* Makes files and folders of the new root, relative to the current folder. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* "/a/b" as seen from the new root that is the current folder: "a/b". */
const char *path_inside(const char *absolute);

/* Makes all folders above path, and path itself as a folder or an empty file. One that is there
 * stays as it is. */
int path_make(const char *path, bool folder, struct err *err) ATTR_CHECK;

/* Writes a file of mode 0644. */
int path_write(const char *path, const char *text, size_t len, struct err *err) ATTR_CHECK;

/* Makes a symbolic link; one that is there stays. */
int path_link(const char *target, const char *path, struct err *err) ATTR_CHECK;

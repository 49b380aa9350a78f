/* SPDX-License-Identifier: Apache-2.0 */
/* The name of a zip's entry as a path below a folder. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "pack/limits.h"

struct path {
    char text[PACK_NAME_MAX + 1]; /* "a/b/c"; empty for the folder itself ("./") */
    bool directory;               /* the name ends in '/' or in a "." */
};

/* Makes name plain: no "." and no empty component, no '/' at the ends. -1 with ERR_INPUT for an
 * empty name, one that starts with '/', has a ".." component, a NUL byte or a component longer than
 * a file name may be, ERR_LIMIT when it is too long or too deep. The text does not repeat the name.
 */
int path_clean(struct path *out, const char *name, size_t len, struct err *err) ATTR_CHECK;

/* name for a message: what is not printable is '?', a long one is cut. */
const char *path_show(const char *name, size_t len, char *out, size_t out_size);

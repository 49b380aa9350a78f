/* SPDX-License-Identifier: Apache-2.0 */
/* The list of a package's files, put together from files and folders. */
#pragma once

#include "deploy/package.h"

struct gather_text;

struct gather {
    struct package_file *files;
    size_t count, cap;
    struct gather_text *texts; /* of the files */
    const char *root;          /* real path of the folder on its way in */
    int depth;                 /* below it */
};

/* One file; both texts are copied. -1 with ERR_MEMORY, ERR_LIMIT. */
int gather_file(struct gather *g, const char *source, const char *name, bool executable,
                struct err *err) ATTR_CHECK;

/* A file, executable as it is now, or a folder with everything in it. name is its path in the
 * package: "." for a folder's content at the top. Links in a folder are packed as the files that
 * they lead to, when these are in the folder too. -1 with ERR_INPUT: not there, a link that leads
 * elsewhere or to a folder, a pipe, a device, a half output; a name that leaves the package. */
int gather_path(struct gather *g, const char *source, const char *name, struct err *err) ATTR_CHECK;

void gather_fini(struct gather *g);

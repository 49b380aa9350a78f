/* SPDX-License-Identifier: Apache-2.0 */
/* What lies at the top of a function's package, as far as somebody who packed it may want to know.
 * Links are not followed: the package may be anybody's. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct layout {
    size_t handlers;            /* handler files (.so) for this project's runtime */
    char handler[NAME_MAX + 1]; /* one of them */
    char other[NAME_MAX + 1];   /* another one */
    char folder[NAME_MAX + 1];  /* a folder with a bootstrap in it */
    char zip[NAME_MAX + 1];     /* a zip in the package */
    size_t names;               /* all of them */
};

/* What cannot be read is not there. */
void layout_read(struct layout *out, const char *folder);

/* For a package that no bootstrap runs: tells on stderr what was probably meant, if that can be
 * seen. path is the package's name for the message. */
void layout_tell(const struct layout *l, const char *path, bool zip);

/* Tells on stderr why the bootstrap in folder cannot be started, if that can be seen. False: there
 * is none that could be looked at. */
bool layout_tell_bootstrap(const char *folder, const char *path);

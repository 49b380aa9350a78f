/* SPDX-License-Identifier: Apache-2.0 */
/* A file that is written without a name, or where the file system cannot do that under another one
 * beside its own, and has its own when it is whole. */
#pragma once

#include <limits.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

struct temporary {
    int fd;        /* -1: none */
    int dir_fd;    /* of its folder */
    char name[32]; /* "": none yet */
    char target[NAME_MAX + 1];
};

/* path may be there already, as a regular file, whose mode the new one gets; else it gets mode,
 * less the umask. A link is written through: what it leads to is replaced, in its own folder.
 * temporary_fini it. -1 with ERR_INPUT: path is a folder, a pipe or a device, its folder is not
 * there or cannot be written to; ERR_SYSTEM. */
int temporary_begin(struct temporary *t, const char *path, mode_t mode, struct err *err) ATTR_CHECK;

/* Gives it its name, in place of what has it now. */
int temporary_publish(struct temporary *t, struct err *err) ATTR_CHECK;

/* Removes what was not published. Accepts what temporary_begin has failed for. */
void temporary_fini(struct temporary *t);

/* A whole file of these bytes, in place of what has the name now. A new one is for its owner alone,
 * as data of customers is. */
int temporary_write(const char *path, const void *bytes, size_t len, struct err *err) ATTR_CHECK;

/* SPDX-License-Identifier: Apache-2.0 */
/* Writes files, folders and links below one folder and never elsewhere: every step of a path is
 * opened by itself and must be a real folder, so that no entry is written through a link that an
 * earlier one made. Paths are what path_clean gives. A later file or link takes the place of an
 * earlier one of the same name; a file and a folder of one name are an error. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "pack/limits.h"

struct tree {
    int root; /* the caller's */
    int last; /* the folder opened last, or -1 */
    char last_path[PACK_NAME_MAX + 1];
    size_t nodes; /* files, folders and links made: at most PACK_ENTRIES_MAX */
};

void tree_init(struct tree *t, int root_fd);
void tree_fini(struct tree *t);

/* A new empty file, to be written, with tree_finish_file at the end. Gives the descriptor, the
 * caller's to close. */
int tree_create_file(struct tree *t, const char *path, struct err *err) ATTR_CHECK;

/* Sets permissions (without setuid, setgid and sticky; for an ordinary user the owner may not read
 * or run what others may not) and time. */
int tree_finish_file(int fd, mode_t mode, int64_t mtime, struct err *err) ATTR_CHECK;

/* Makes the folder or changes its permissions; its owner can always use it. Folders on the way that
 * nobody names are 0755. */
int tree_make_folder(struct tree *t, const char *path, mode_t mode, struct err *err) ATTR_CHECK;

/* To be called when all is written: writing changes a folder's time. */
int tree_date_folder(struct tree *t, const char *path, int64_t mtime, struct err *err) ATTR_CHECK;

/* target is written as it is: it is followed only where the function runs. */
int tree_make_link(struct tree *t, const char *path, const char *target, int64_t mtime,
                   struct err *err) ATTR_CHECK;

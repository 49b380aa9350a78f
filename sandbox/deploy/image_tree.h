/* SPDX-License-Identifier: Apache-2.0 */
/* What an image's layer holds, before it is written: files of this machine, texts and folders under
 * names without the first '/'. Add in any order, then image_tree_end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"

struct image_entry {
    const char *name;
    const char *source; /* file on this machine; NULL: text, or a folder */
    const char *text;
    mode_t mode;  /* with its type */
    bool implied; /* a folder that only names go through */
};

struct image_tree {
    struct image_entry *entries;
    size_t count, cap;
    struct arena texts;
};

void image_tree_free(struct image_tree *tree);

/* Of a zeroed tree. Texts are copied. -1 with ERR_INPUT (the name is not plain), ERR_LIMIT,
 * ERR_MEMORY. */
int image_tree_folder(struct image_tree *tree, const char *name, mode_t mode,
                      struct err *err) ATTR_CHECK;
int image_tree_file(struct image_tree *tree, const char *name, const char *source, bool executable,
                    struct err *err) ATTR_CHECK;
int image_tree_text(struct image_tree *tree, const char *name, const char *text,
                    struct err *err) ATTR_CHECK;

/* Adds the folders that names go through and sorts, bytewise. -1 with ERR_INPUT: a name is there
 * twice, or as a file and as a folder. */
int image_tree_end(struct image_tree *tree, struct err *err) ATTR_CHECK;

/* SPDX-License-Identifier: Apache-2.0 */
/* FUNCTION and --layer of the command line: which files they mean and where the jail has them. */
#pragma once

#include "env/code.h"
#include "env/settings.h"

/* Owns the strings that its code points to, and keeps unpacked zips as they are. */
struct function {
    struct code code;
    char *paths[CODE_BINDS_MAX + CODE_LAYERS_MAX];
    int zips[1 + CODE_LAYERS_MAX]; /* descriptors of pack_open */
    size_t nzips;
    char *target; /* of a handler file: /var/task/NAME.so */
};

/* A folder or zip to lay into /opt. -1 with ERR_INPUT: not there, neither of them, more than
 * CODE_LAYERS_MAX; or what pack_open has. */
int function_add_layer(struct function *f, const char *path, struct err *err) ATTR_CHECK;

/* path: a folder or a zip, which becomes /var/task, or a handler file (.so), which this project's
 * own runtime runs unless a layer brings one. After the layers. Fills name and handler of s where
 * they are empty. -1 with ERR_INPUT, or what pack_open has. */
int function_resolve(struct function *f, const char *path, struct settings *s,
                     struct err *err) ATTR_CHECK;

void function_fini(struct function *f);

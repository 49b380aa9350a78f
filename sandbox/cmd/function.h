/* SPDX-License-Identifier: Apache-2.0 */
/* FUNCTION and --layer of the command line: which files they mean and where the jail has them. */
#pragma once

#include "env/code.h"
#include "env/settings.h"

/* Owns the strings that its code points to. */
struct function {
    struct code code;
    char *paths[CODE_BINDS_MAX + CODE_LAYERS_MAX];
    char *target; /* of a handler file: /var/task/NAME.so */
};

/* A folder to lay into /opt. -1 with ERR_INPUT: not there, not a folder, more than CODE_LAYERS_MAX.
 */
int function_add_layer(struct function *f, const char *path, struct err *err) ATTR_CHECK;

/* path: a folder, which becomes /var/task, or a handler file (.so), which this project's own
 * runtime runs unless a layer brings one. After the layers. Fills name and handler of s where they
 * are empty. -1 with ERR_INPUT. */
int function_resolve(struct function *f, const char *path, struct settings *s,
                     struct err *err) ATTR_CHECK;

void function_fini(struct function *f);

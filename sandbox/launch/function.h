/* SPDX-License-Identifier: Apache-2.0 */
/* FUNCTION and --layer of the command line: which files they mean and where the jail has them. */
#pragma once

#include <signal.h>
#include <stdbool.h>

#include "env/code.h"
#include "env/settings.h"
#include "pack/pack.h"

/* Owns the strings that its code points to, and keeps unpacked zips as they are. */
struct function {
    struct code code;
    const char *layers[CODE_LAYERS_MAX]; /* as given */
    size_t nlayers;
    bool no_cache; /* zips are unpacked for this run only */
    char *paths[CODE_BINDS_MAX + CODE_LAYERS_MAX];
    struct pack packs[1 + CODE_LAYERS_MAX];
    size_t npacks;
    sigset_t mask; /* of signals, before the first pack was opened */
    char *target;  /* of a handler file: /var/task/NAME.so */
};

/* A folder or zip to lay into /opt; path is kept as it is, the caller's. -1 with ERR_USAGE: more
 * than CODE_LAYERS_MAX. */
int function_add_layer(struct function *f, const char *path, struct err *err) ATTR_CHECK;

/* path: a folder or a zip, which becomes /var/task, or a handler file (.so), which this project's
 * own runtime runs unless a layer brings one. After the layers. Fills name and handler of s where
 * they are empty. From the first zip on, SIGINT, SIGTERM and SIGHUP are blocked until
 * function_fini: what was unpacked for this run must go before them. -1 with ERR_INPUT (not there,
 * neither of them), ERR_LIMIT (zips that are too large together), ERR_CLOSED (one of these signals
 * came), or what pack_open has. */
int function_resolve(struct function *f, const char *path, struct settings *s,
                     struct err *err) ATTR_CHECK;

/* Fills handler of s with what means a handler file ("orders.so": "orders"). -1 with ERR_INPUT: its
 * name makes none. */
int function_name_handler(struct settings *s, const char *file, struct err *err) ATTR_CHECK;

/* Removes what was unpacked for this run, and what killed runs have left of theirs. */
void function_fini(struct function *f);

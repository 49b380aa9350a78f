/* SPDX-License-Identifier: Apache-2.0 */
/* What goes into a package, and whether it fits together. */
#pragma once

#include <limits.h>
#include <stdbool.h>

#include "cmd/gather.h"
#include "deploy/module.h"
#include "env/settings.h"

#define PACKAGE_HANDLERS_MAX 64
#define PACKAGE_EXTRAS_MAX   256

/* The first members are what the command line says; package_parts_find fills in the others. */
struct package_parts {
    const char *handlers[PACKAGE_HANDLERS_MAX];
    size_t nhandlers;
    const char *extras[PACKAGE_EXTRAS_MAX]; /* FILE, FILE=NAME */
    size_t nextras;
    const char *bootstrap; /* NULL: this project's */
    bool layer;            /* the runtime is in a layer, or this is that layer */
    enum elf_arch arch;    /* OTHER: what the files are for; stays so when they run anywhere */

    const struct deploy_module *deploy;
    struct gather files;    /* without the runtime */
    char runtime[PATH_MAX]; /* "": it is in a layer */
    bool made_here;         /* the runtime is no release build */
    char glibc[16];         /* that the runtime wants: "2.34" */
    char names[PACKAGE_HANDLERS_MAX][SETTINGS_HANDLER_MAX + 1]; /* _HANDLER of each */
};

/* Looks at every file, before anything is written. package_parts_fini it, also when it failed: -1
 * with ERR_INPUT (what is wrong with which file), ERR_USAGE, ERR_HOST, or what identify has. */
int package_parts_find(struct package_parts *p, struct err *err) ATTR_CHECK;

/* Whether this project's runtime finds the handler in one of the files: ERR_INPUT, which names
 * those that it would find, or what identify has. After package_parts_find. */
int package_parts_check_handler(const struct package_parts *p, const char *handler,
                                struct err *err) ATTR_CHECK;
void package_parts_fini(struct package_parts *p);

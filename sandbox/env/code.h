/* SPDX-License-Identifier: Apache-2.0 */
/* What runs in an environment: the function's files and its layers, as folders and files of the
 * host. */
#pragma once

#include <stddef.h>

#include "jail/jail.h"

#define CODE_BINDS_MAX  2
#define CODE_LAYERS_MAX 5

/* Strings belong to the caller and outlive every environment made of it. */
struct code {
    struct jail_bind binds[CODE_BINDS_MAX]; /* /var/task, or single files */
    size_t nbinds;
    const char *layers[CODE_LAYERS_MAX]; /* later wins */
    size_t nlayers;
};

/* Where the jail has the program to run: "/var/task/bootstrap", else "/opt/bootstrap", else NULL.
 * Only asks whether something of that name is there: starting it tells the rest. */
const char *code_bootstrap(const struct code *c);

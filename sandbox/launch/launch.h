/* SPDX-License-Identifier: Apache-2.0 */
/* What every subcommand that runs a function takes from its command line. */
#pragma once

#include <stdbool.h>

#include "env/settings.h"
#include "launch/function.h"
#include "launch/options.h"
#include "launch/record.h"

/* First member of a subcommand's option target. */
struct launch {
    struct settings settings;
    struct function function;
    struct record_options record;
    const char *path;   /* FUNCTION */
    const char **reads; /* files that options have read; heap, the names are the command line's */
    size_t nreads;
};

extern const struct option_table launch_options;

int launch_init(struct launch *l, struct err *err) ATTR_CHECK;

/* An argument that is not an option: FUNCTION, once. */
int launch_argument(void *target, const char *value, struct err *err);

/* After the options: finds the function's files and checks what only shows together. */
int launch_resolve(struct launch *l, struct err *err) ATTR_CHECK;

void launch_fini(struct launch *l);

/* SPDX-License-Identifier: Apache-2.0 */
/* The environment of the runtime: the gateway's own, and what Lambda adds to it. */
#pragma once

#include <stddef.h>

#include "base/buf.h"

struct variables_source {
    char **inherited;       /* environ */
    const char *api;        /* AWS_LAMBDA_RUNTIME_API */
    const char *handler;    /* NULL: none */
    const char *log_stream; /* its name */
    unsigned memory_mb;     /* unless inherited */
};

struct variables {
    char **envp; /* NULL at its end; its texts are those that were inherited, and in text */
    struct buf text;
    const char *name, *region; /* of the function, in envp */
};

/* What is inherited stays, but for what this gateway alone can say and what would make the runtime
 * ask for more than it serves. */
int variables_init(struct variables *v, const struct variables_source *source,
                   struct err *err) ATTR_CHECK;
void variables_fini(struct variables *v);

/* The value in a list as environ is; NULL: none, or an empty one. */
const char *variables_get(char **list, const char *name);

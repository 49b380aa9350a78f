/* SPDX-License-Identifier: Apache-2.0 */
#include "env/code.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char task[] = "/var/task/bootstrap", opt[] = "/opt/bootstrap";

/* A symbolic link counts: it may lead to a file that only the jail has. */
static bool has_bootstrap(const char *folder)
{
    char path[PATH_MAX];
    struct stat st;
    int n = snprintf(path, sizeof path, "%s/bootstrap", folder);
    return n > 0 && (size_t)n < sizeof path && lstat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

const char *code_bootstrap(const struct code *c)
{
    const char *found = NULL;
    for (size_t i = 0; i < c->nlayers; i++)
        if (has_bootstrap(c->layers[i]))
            found = opt;
    for (size_t i = 0; i < c->nbinds; i++)
        if (strcmp(c->binds[i].target, opt) == 0)
            found = opt;
    for (size_t i = 0; i < c->nbinds; i++)
        if (strcmp(c->binds[i].target, "/var/task") == 0 && has_bootstrap(c->binds[i].source))
            return task;
    return found;
}

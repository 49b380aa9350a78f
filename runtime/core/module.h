/* SPDX-License-Identifier: Apache-2.0 */
/* The handler's shared object: found by the handler name, loaded, checked. */
#pragma once

#include "core/failure.h"
#include "core/settings.h"
#include "lambda.h"

#define MODULE_HANDLERS_MAX 256
#define MODULE_NAME_MAX     255 /* bytes of file and of symbol in a handler name */

struct module {
    void *handle;
    const struct lambda_module *table;
};

/* A handler name in its parts. */
struct module_name {
    char file[MODULE_NAME_MAX + 1];   /* "orders", "bin/orders": without ".so" */
    char symbol[MODULE_NAME_MAX + 1]; /* "lambda_module" when the name has none */
};

/* "FILE" or "FILE.SYMBOL", FILE with or without ".so", relative and without "..". */
int module_parse_name(const char *handler, struct module_name *out, struct failure *f) ATTR_CHECK;

/* Loads TASK_ROOT/FILE.so, or /opt/lib/FILE.so when the first is not there, checks its table and
 * prepares its types. -1: f has an errorType of the Runtime API and, where the dynamic linker has
 * something to say, its words. */
int module_load(struct module *m, const struct settings *settings, struct failure *f) ATTR_CHECK;

/* module_load for a table that is in memory already. */
int module_check(const struct lambda_module *table, const char *where,
                 struct failure *f) ATTR_CHECK;

/* Whether a row is a hook, not a handler for events. */
bool module_is_hook(const struct lambda_handler *h);

/* Unloads. Accepts a zeroed module. */
void module_close(struct module *m);

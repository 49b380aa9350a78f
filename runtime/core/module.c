/* SPDX-License-Identifier: Apache-2.0 */
#include "core/module.h"

#include <dlfcn.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#include "core/object.h"
#include "decode/decode.h"

static const char layer_root[] = "/opt/lib";
static const char default_symbol[] = "lambda_module";

#define MALFORMED "Runtime.MalformedHandlerName"
#define IMPORT    "Runtime.ImportModuleError"
#define NOT_FOUND "Runtime.HandlerNotFound"

/* ---- the name ------------------------------------------------------------------------------ */

static bool is_symbol(const char *text)
{
    if (!*text || (*text >= '0' && *text <= '9'))
        return false;
    return text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] ==
           0;
}

/* Relative, below the root, and naming a file. */
static bool is_inside(const char *file)
{
    size_t len = strlen(file);
    if (!len || file[0] == '/' || file[len - 1] == '/')
        return false;
    for (const char *part = file; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
            return false;
    }
    return true;
}

int module_parse_name(const char *handler, struct module_name *out, struct failure *f)
{
    const char *slash = strrchr(handler, '/');
    const char *dot = strchr(slash ? slash : handler, '.');
    size_t len = dot ? (size_t)(dot - handler) : strlen(handler);
    if (!*handler)
        return failure_set(f, MALFORMED,
                           "_HANDLER is not set: it names the module, as in 'orders'");
    if (dot && strncmp(dot, ".so", 3) == 0 && (dot[3] == '.' || dot[3] == '\0'))
        dot += 3;
    const char *symbol = dot && *dot ? dot + 1 : default_symbol;
    if (len > MODULE_NAME_MAX || strlen(symbol) > MODULE_NAME_MAX)
        return failure_set(f, MALFORMED, "handler '%.300s': file and symbol have at most %d bytes",
                           handler, MODULE_NAME_MAX);
    memcpy(out->file, handler, len);
    out->file[len] = '\0';
    snprintf(out->symbol, sizeof out->symbol, "%s", symbol);
    if (!is_inside(out->file))
        return failure_set(
            f, MALFORMED, "handler '%s': the file is named relative to the task root, without '..'",
            handler);
    if (!is_symbol(symbol))
        return failure_set(f, MALFORMED,
                           "handler '%s': expected FILE or FILE.SYMBOL, and '%s' is no symbol",
                           handler, symbol);
    return 0;
}

/* ---- the table ----------------------------------------------------------------------------- */

bool module_is_hook(const struct lambda_handler *h)
{
    return h->mode >= LAMBDA_M_INIT && h->mode <= LAMBDA_M_RESTORE;
}

static bool holds_text(const struct lambda_type *type, uint32_t offset)
{
    return type->size >= sizeof(lambda_str) && offset <= type->size - sizeof(lambda_str);
}

/* What is wrong with a row, or NULL. */
static const char *find_fault(const struct lambda_handler *h)
{
    const struct lambda_type *record = h->mode == LAMBDA_M_EACH ? h->type : h->record;
    if (h->mode < LAMBDA_M_RAW || h->mode > LAMBDA_M_RESTORE)
        return "its mode is unknown";
    if (!h->fn)
        return "it has no function";
    if (module_is_hook(h) || h->mode == LAMBDA_M_RAW)
        return NULL;
    if (!h->type)
        return "it has no type";
    if (h->partial > LAMBDA_P_STREAM)
        return "its rule for failed records is unknown";
    if (h->mode == LAMBDA_M_EACH && !h->records)
        return "it does not say where its records are";
    if (h->partial == LAMBDA_P_NONE)
        return NULL;
    if (!record || !holds_text(record, h->id_offset) ||
        (h->has_group &&
         (!holds_text(record, h->group_offset) || !holds_text(record, h->order_offset))))
        return "the id or group of its records is outside of them";
    if (h->mode == LAMBDA_M_EVENT && !holds_text(h->type, h->records_offset))
        return "its records are outside of the event";
    return NULL;
}

static int check_handler(const struct lambda_handler *h, size_t index, const char *where,
                         struct failure *f)
{
    const char *fault = find_fault(h);
    const char *event = h->event ? h->event : "hook";
    struct err err;
    if (fault)
        return failure_set(f, IMPORT, "%s: handler %zu (%s): %s", where, index + 1, event, fault);
    if ((h->match && decode_match_check(h->match, &err) != 0) ||
        (h->type && decode_prepare(h->type, &err) != 0) ||
        (h->record && decode_prepare(h->record, &err) != 0))
        return failure_set(f, IMPORT, "%s: handler %zu (%s): %s", where, index + 1, event, err.msg);
    return 0;
}

int module_check(const struct lambda_module *table, const char *where, struct failure *f)
{
    if (table->abi != LAMBDA_ABI)
        return failure_set(f, IMPORT,
                           "%s was built for version %u of the handler interface, and this runtime "
                           "has version %u: build both from the same release",
                           where, table->abi, LAMBDA_ABI);
    if (table->size != sizeof *table || table->handler_size != sizeof *table->handlers)
        return failure_set(f, IMPORT,
                           "%s has a module of %u bytes with handlers of %u, this runtime expects "
                           "%zu and %zu: build both from the same release",
                           where, table->size, table->handler_size, sizeof *table,
                           sizeof *table->handlers);
    if (table->nhandlers > MODULE_HANDLERS_MAX || (table->nhandlers && !table->handlers))
        return failure_set(f, IMPORT, "%s has %u handlers, at most %d are possible", where,
                           table->nhandlers, MODULE_HANDLERS_MAX);
    size_t events = 0;
    for (size_t i = 0; i < table->nhandlers; i++) {
        if (check_handler(&table->handlers[i], i, where, f) != 0)
            return -1;
        events += !module_is_hook(&table->handlers[i]);
    }
    if (!events)
        return failure_set(f, NOT_FOUND, "%s has no handler for events, only hooks", where);
    return 0;
}

/* ---- loading ------------------------------------------------------------------------------- */

/* Opens the first that exists; its path is in path then. */
static void *open_first(const char *const roots[2], const char *file, char path[PATH_MAX],
                        struct failure *f)
{
    for (size_t i = 0; i < 2; i++) {
        if (snprintf(path, PATH_MAX, "%s/%s.so", roots[i], file) >= PATH_MAX ||
            access(path, F_OK) != 0)
            continue;
        if (object_check(path, IMPORT, f) != 0)
            return NULL;
        void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        if (!handle)
            failure_set(f, IMPORT, "cannot load '%s': %s", path, dlerror());
        return handle;
    }
    failure_set(f, IMPORT, "there is no '%s.so' in '%s' or '%s'", file, roots[0], roots[1]);
    return NULL;
}

/* Whether a symbol can be a table at all. What stands in a handler name instead is the name of the
 * handler function, as other runtimes want it. */
static bool is_table(const void *symbol)
{
    Dl_info info;
    void *found = NULL;
    if (!dladdr1(symbol, &info, &found, RTLD_DL_SYMENT) || !found)
        return false;
    const ElfW(Sym) *entry = found;
    return ELF64_ST_TYPE(entry->st_info) == STT_OBJECT &&
           entry->st_size >= sizeof(struct lambda_module);
}

int module_load(struct module *m, const struct settings *settings, struct failure *f)
{
    struct module_name name;
    if (module_parse_name(settings->handler, &name, f) != 0)
        return -1;
    char path[PATH_MAX];
    struct module loaded = {0};
    loaded.handle =
        open_first((const char *const[2]){settings->task_root, layer_root}, name.file, path, f);
    if (!loaded.handle)
        return -1;
    bool good = false;
    loaded.table = dlsym(loaded.handle, name.symbol);
    if (!loaded.table)
        failure_set(f, NOT_FOUND, "'%s' has no module '%s' (made by %s): %s", path, name.symbol,
                    strcmp(name.symbol, default_symbol) == 0 ? "LAMBDA_MODULE" : "LAMBDA_MODULE_AS",
                    dlerror());
    else if (!is_table(loaded.table))
        failure_set(
            f, NOT_FOUND,
            "'%s' in '%s' is no module: the handler name is FILE alone, or FILE.NAME with a "
            "NAME that LAMBDA_MODULE_AS defines",
            name.symbol, path);
    else
        good = module_check(loaded.table, path, f) == 0;
    if (!good) {
        module_close(&loaded);
        return -1;
    }
    *m = loaded;
    return 0;
}

void module_close(struct module *m)
{
    if (m->handle)
        dlclose(m->handle);
    *m = (struct module){0};
}

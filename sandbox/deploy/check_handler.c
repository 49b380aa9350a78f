/* SPDX-License-Identifier: Apache-2.0 */
/* Handler objects of this project, where the bootstrap is this project's. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "deploy/check_state.h"

enum { NAMES_MAX = 5 };

static const char default_symbol[] = "lambda_module";

static bool is_symbol(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    if (!*text || !strchr(letters, *text))
        return false;
    while (*text && (strchr(letters, *text) || (*text >= '0' && *text <= '9')))
        text++;
    return *text == '\0';
}

static bool has_parent(const char *path)
{
    for (; path; path = strchr(path, '/')) {
        path += *path == '/';
        if (strncmp(path, "..", 2) == 0 && (path[2] == '/' || path[2] == '\0'))
            return true;
    }
    return false;
}

/* "orders", "orders.so", "dir/orders.symbol": as the runtime reads it. */
struct name {
    char file[256], symbol[256];
};

static bool parse_name(const char *text, struct name *out)
{
    const char *slash = strrchr(text, '/');
    const char *dot = strchr(slash ? slash : text, '.');
    size_t len = dot ? (size_t)(dot - text) : strlen(text);
    if (dot && strncmp(dot, ".so", 3) == 0 && (dot[3] == '.' || dot[3] == '\0'))
        dot += 3;
    const char *symbol = dot && *dot ? dot + 1 : default_symbol;
    if (!len || len >= sizeof out->file || !*symbol || strlen(symbol) >= sizeof out->symbol ||
        text[0] == '/' || text[len - 1] == '/' || !is_symbol(symbol))
        return false;
    memcpy(out->file, text, len);
    out->file[len] = '\0';
    snprintf(out->symbol, sizeof out->symbol, "%s", symbol);
    return !has_parent(out->file);
}

static const struct listing_item *find_file(const struct check *c, const char *file)
{
    static const char *const roots[] = {CHECK_TASK, CHECK_OPT "/lib"};
    char path[PATH_MAX];
    for (size_t i = 0; i < ARRAY_LEN(roots); i++) {
        snprintf(path, sizeof path, "%s/%s.so", roots[i], file);
        const struct listing_item *item = check_tree_find(c, path);
        if (item)
            return item;
    }
    return NULL;
}

/* ---- tables -------------------------------------------------------------------------------- */

static void check_table(struct check *c, const struct listing_item *item,
                        const struct elf_handlers *h)
{
    struct check_note note = {.severity = CHECK_ERROR,
                              .item = item,
                              .fix = "build handler and bootstrap from the same release"};
    if (h->abi != CHECK_HANDLER_ABI) {
        note.why = check_text(c,
                              "Runtime.ImportModuleError: %s was built for version %u of the "
                              "handler interface",
                              item->path, h->abi);
        check_note(c, &note, "'%.100s' has version %u of the handler interface, the runtime %u",
                   h->symbol, h->abi, CHECK_HANDLER_ABI);
    } else if (h->size != CHECK_HANDLER_SIZE || h->handler_size != CHECK_HANDLER_ROW_SIZE) {
        note.why = check_text(c,
                              "Runtime.ImportModuleError: %s has a module of %u bytes with "
                              "handlers of %u",
                              item->path, h->size, h->handler_size);
        check_note(c, &note,
                   "'%.100s' is a module of %u bytes with handlers of %u, the runtime expects %u "
                   "and %u",
                   h->symbol, h->size, h->handler_size, CHECK_HANDLER_SIZE, CHECK_HANDLER_ROW_SIZE);
    }
}

static const struct elf_handlers *find_table(const struct facts *elf, const char *symbol)
{
    for (size_t i = 0; i < elf->file.nhandlers; i++)
        if (strcmp(elf->file.handlers[i].symbol, symbol) == 0)
            return &elf->file.handlers[i];
    return NULL;
}

static const char *list_tables(struct check *c, const struct facts *elf)
{
    if (!elf->file.nhandlers)
        return "it has none: LAMBDA_MODULE makes one";
    return check_text(c, "it has '%.100s'%s", elf->file.handlers[0].symbol,
                      elf->file.nhandlers > 1 ? " and others" : "");
}

/* ---- names that there are ------------------------------------------------------------------ */

/* What Lambda would call the file; NULL: it is no handler that can be named. */
static const char *name_of(struct check *c, const struct listing_item *item)
{
    static const char *const roots[] = {CHECK_TASK "/", CHECK_OPT "/lib/"};
    size_t len = strlen(item->path);
    if (!check_is_code(c, item) || !item->elf->file.nhandlers || len < 3 ||
        strcmp(item->path + len - 3, ".so") != 0)
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(roots); i++) {
        size_t n = strlen(roots[i]);
        if (strncmp(item->path, roots[i], n) == 0)
            return check_text(c, "%.*s", (int)(len - n - 3), item->path + n);
    }
    return NULL;
}

/* "'bills', 'orders'"; "" without any. */
static const char *list_names(struct check *c)
{
    char text[NAMES_MAX * 110] = "";
    size_t used = 0, count = 0;
    for (size_t i = 0; i < c->listing.nitems && count <= NAMES_MAX; i++) {
        const char *name = name_of(c, &c->listing.items[i]);
        if (name && count++ < NAMES_MAX)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s'%.100s'",
                                     count > 1 ? ", " : "", name);
    }
    return check_text(c, "%s%s", text, count > NAMES_MAX ? ", ..." : "");
}

/* The handler's file is not there. */
static const char *fix_name(struct check *c, const char *handler)
{
    const char *names = list_names(c), *dot = strrchr(handler, '.');
    bool file = dot && strcmp(dot, ".so") == 0;
    return check_text(c, "%s%s%s", file ? "a handler is called like its file, without '.so'; " : "",
                      *names
                          ? "set the function's handler to one that is there: "
                          : "put the file into the package's root: no other one there has handlers",
                      names);
}

/* ---- the handler that is named -------------------------------------------------------------- */

static void check_named(struct check *c, const char *handler)
{
    struct name name;
    struct check_note note = {.severity = CHECK_ERROR,
                              .where = check_text(c, "handler %.100s", handler)};
    if (!parse_name(handler, &name)) {
        note.why = "Runtime.MalformedHandlerName";
        note.fix = "name it FILE or FILE.SYMBOL, relative to the package's root";
        check_note(c, &note, "is no name of a handler");
        return;
    }
    const struct listing_item *item = find_file(c, name.file);
    if (!item || item->type != LISTING_FILE) {
        note.why = check_text(c,
                              "Runtime.ImportModuleError: there is no '%.200s.so' in '/var/task' "
                              "or '/opt/lib'",
                              name.file);
        note.fix = fix_name(c, handler);
        check_note(c, &note, "there is no '%.200s.so' in the package's root", name.file);
        return;
    }
    note.item = item;
    note.where = NULL;
    if (!item->is_elf) {
        note.why = check_why(c, item, "it is no ELF file");
        note.fix = "build it with -shared -fPIC";
        check_note(c, &note, "is no shared object");
        return;
    }
    const struct elf_handlers *table = item->elf ? find_table(item->elf, name.symbol) : NULL;
    if (item->elf && !table) {
        note.why = check_text(c, "Runtime.HandlerNotFound: '%s' has no module '%.200s'", item->path,
                              name.symbol);
        note.fix = "name a module that it has (FILE.SYMBOL), or define it with LAMBDA_MODULE or "
                   "LAMBDA_MODULE_AS";
        check_note(c, &note, "exports no module '%.200s': %s", name.symbol,
                   list_tables(c, item->elf));
    }
}

/* ---- all ----------------------------------------------------------------------------------- */

/* A file in the package's root that would be a handler if it had a module. */
static const struct listing_item *find_object(const struct check *c)
{
    static const char root[] = CHECK_TASK "/";
    for (size_t i = 0; i < c->listing.nitems; i++) {
        const struct listing_item *item = &c->listing.items[i];
        bool object = check_is_code(c, item) && item->elf->file.type == ELF_TYPE_OBJECT;
        if (!object || strncmp(item->path, root, sizeof root - 1) != 0)
            continue;
        const char *name = item->path + sizeof root - 1, *dot = strrchr(name, '.');
        if (c->lone || (!strchr(name, '/') && dot && strcmp(dot, ".so") == 0))
            return item;
    }
    return NULL;
}

static void check_any(struct check *c)
{
    const struct listing_item *object = find_object(c);
    if (object)
        check_note(c,
                   &(struct check_note){
                       .severity = CHECK_ERROR,
                       .item = object,
                       .why = "Runtime.HandlerNotFound, when it is a function's handler",
                       .fix = c->lone ? "define the module with LAMBDA_MODULE; a library is "
                                        "checked in the package that has it"
                                      : "define the module with LAMBDA_MODULE"},
                   "exports no module of handlers%s",
                   c->lone ? "" : ", and neither does any other file");
}

void check_handler(struct check *c)
{
    const struct facts *runtime = c->bootstrap ? c->bootstrap->elf : NULL;
    bool ours = runtime && runtime->is_runtime;
    size_t count = 0;
    if (!ours && c->bootstrap)
        return; /* what another runtime calls a handler is its own affair */
    for (size_t i = 0; i < c->listing.nitems; i++) {
        const struct listing_item *item = &c->listing.items[i];
        if (!check_is_code(c, item))
            continue;
        count += item->elf->file.nhandlers != 0;
        for (size_t j = 0; j < item->elf->file.nhandlers; j++)
            check_table(c, item, &item->elf->file.handlers[j]);
    }
    if (c->request->handler && *c->request->handler && ours) {
        check_named(c, c->request->handler);
        return;
    }
    if (!count && (c->lone || ours))
        check_any(c);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/package_parts.h"

#include <stdio.h>
#include <string.h>

#include "launch/function.h"
#include "launch/paths.h"

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n > m && strcmp(text + n - m, end) == 0;
}

/* path is for arch: so is the package, unless it is for another one. */
static int agree(struct package_parts *p, const char *path, enum elf_arch arch, struct err *err)
{
    if (arch == ELF_ARCH_OTHER)
        return err_set(err, ERR_INPUT,
                       "'%.200s' is for a machine that Lambda has not got: it has x86_64 and arm64",
                       path);
    if (p->arch == ELF_ARCH_OTHER)
        p->arch = arch;
    if (p->arch == arch)
        return 0;
    return err_set(err, ERR_INPUT,
                   "'%.200s' is for %s, and the package is for %s: a function has one "
                   "architecture",
                   path, elf_arch_name(arch), elf_arch_name(p->arch));
}

static int check_object(const char *path, const struct package_identity *id, struct err *err)
{
    if (!id->is_elf)
        return err_set(err, ERR_INPUT,
                       "'%.200s' is no shared object: build one by cc -shared -fPIC", path);
    if (id->type == ELF_TYPE_PROGRAM)
        return err_set(err, ERR_INPUT,
                       "'%.200s' is a program, not a shared object: link it with -shared, or give "
                       "it as --bootstrap when it is a runtime of its own",
                       path);
    if (id->type != ELF_TYPE_OBJECT)
        return err_set(err, ERR_INPUT,
                       "'%.200s' is not linked: build a shared object by cc -shared -fPIC", path);
    if (id->nhandlers == 0)
        return err_set(err, ERR_INPUT,
                       "'%.150s' exports no handler: LAMBDA_MODULE(...) in its source makes them "
                       "known; a library goes into the package by --file",
                       path);
    return 0;
}

/* "orders", or "orders.symbol" for a table that LAMBDA_MODULE_AS has named. */
static int name_handler(struct package_parts *p, size_t i, const struct package_identity *id,
                        struct err *err)
{
    struct settings s = {0};
    char name[NAME_MAX + sizeof id->handlers[0] + 1];
    const char *symbol = id->handlers[0];
    if (function_name_handler(&s, base_name(p->handlers[i]), err) < 0)
        return -1;
    if (strcmp(symbol, PACKAGE_DEFAULT_SYMBOL) != 0) {
        snprintf(name, sizeof name, "%s.%s", s.handler, symbol);
        if (settings_set_handler(&s, name, err) < 0)
            return err_wrap(err, "'%.150s'", p->handlers[i]);
    }
    memcpy(p->names[i], s.handler, sizeof s.handler);
    return 0;
}

static int add_handler(struct package_parts *p, size_t i, struct err *err)
{
    const char *path = p->handlers[i], *file = base_name(path);
    struct package_identity id;
    if (!ends_with(file, ".so"))
        return err_set(err, ERR_INPUT,
                       "'%.200s' is no handler file, its name does not end in .so: other files go "
                       "into the package by --file, other runtimes by --bootstrap",
                       path);
    if (p->deploy->identify(path, &id, err) < 0 || check_object(path, &id, err) < 0 ||
        name_handler(p, i, &id, err) < 0 || agree(p, path, id.arch, err) < 0)
        return -1;
    return gather_file(&p->files, path, file, true, err);
}

/* FILE=NAME, or FILE, whose name is its last part. */
static int add_extra(struct package_parts *p, const char *text, struct err *err)
{
    char source[PATH_MAX];
    const char *equal = strrchr(text, '=');
    size_t len = equal ? (size_t)(equal - text) : strlen(text);
    while (len > 1 && text[len - 1] == '/')
        len--;
    if (len == 0 || len >= sizeof source || (equal && !equal[1]))
        return err_set(err, ERR_USAGE, "--file: '%.200s' is not FILE or FILE=NAME", text);
    snprintf(source, sizeof source, "%.*s", (int)len, text);
    const char *name = equal ? equal + 1 : base_name(source);
    if (!equal && (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || !*name))
        return err_set(err, ERR_USAGE,
                       "--file: '%.200s' has no name of its own: say by FILE=NAME what it is "
                       "called in the package; '.' is its top",
                       text);
    if (gather_path(&p->files, source, name, err) < 0)
        return err_wrap(err, "--file");
    return 0;
}

/* Somebody else's program, or script, that speaks to the Runtime API by itself. */
static int use_bootstrap(struct package_parts *p, struct err *err)
{
    struct package_identity id;
    if (p->deploy->identify(p->bootstrap, &id, err) < 0)
        return err_wrap(err, "--bootstrap");
    if (!id.is_script && (!id.is_elf || id.type != ELF_TYPE_PROGRAM))
        return err_set(err, ERR_INPUT,
                       "--bootstrap: '%.200s' is neither a program (ELF) nor a script (#!): "
                       "Lambda could not start it",
                       p->bootstrap);
    if (id.is_elf && agree(p, p->bootstrap, id.arch, err) < 0)
        return err_wrap(err, "--bootstrap");
    if (snprintf(p->runtime, sizeof p->runtime, "%s", p->bootstrap) >= PATH_MAX)
        return err_set(err, ERR_INPUT, "--bootstrap: the path '%.200s' is too long", p->bootstrap);
    return 0;
}

static int use_runtime(struct package_parts *p, struct err *err)
{
    struct package_identity id;
    bool release;
    if (p->arch == ELF_ARCH_OTHER)
        p->arch = elf_arch_host();
    if (paths_runtime(p->arch, p->runtime, &release, err) < 0 ||
        p->deploy->identify(p->runtime, &id, err) < 0)
        return -1;
    p->made_here = !release;
    memcpy(p->glibc, id.glibc, sizeof p->glibc);
    return agree(p, p->runtime, id.arch, err);
}

static int find_runtime(struct package_parts *p, struct err *err)
{
    if (p->layer && p->nhandlers)
        return 0;
    return p->bootstrap ? use_bootstrap(p, err) : use_runtime(p, err);
}

int package_parts_find(struct package_parts *p, struct err *err)
{
    p->deploy = deploy_load(err);
    if (!p->deploy)
        return -1;
    for (size_t i = 0; i < p->nhandlers; i++)
        if (add_handler(p, i, err) < 0)
            return -1;
    if (find_runtime(p, err) < 0)
        return -1;
    for (size_t i = 0; i < p->nextras; i++)
        if (add_extra(p, p->extras[i], err) < 0)
            return -1;
    return 0;
}

static void list_names(const struct package_parts *p, char *out, size_t size)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < p->nhandlers && len < size; i++)
        len += (size_t)snprintf(out + len, size - len, "%s%s", i ? ", " : "", p->names[i]);
}

static int check_symbol(const struct package_parts *p, const struct package_file *file,
                        const char *symbol, struct err *err)
{
    struct package_identity id;
    if (p->deploy->identify(file->source, &id, err) < 0)
        return -1;
    for (size_t i = 0; i < id.nhandlers; i++)
        if (strcmp(id.handlers[i], symbol) == 0)
            return 0;
    return err_set(err, ERR_INPUT, "'%.100s' has no table of handlers '%.100s'%s%s", file->name,
                   symbol, id.nhandlers ? ", it has " : "", id.nhandlers ? id.handlers[0] : "");
}

/* FILE or FILE.SYMBOL, and ".so" may follow FILE: as the runtime reads it. */
int package_parts_check_handler(const struct package_parts *p, const char *handler, struct err *err)
{
    char file[PATH_MAX], names[200];
    const char *slash = strrchr(handler, '/');
    const char *dot = strchr(slash ? slash : handler, '.');
    snprintf(file, sizeof file, "%.*s.so", dot ? (int)(dot - handler) : (int)strlen(handler),
             handler);
    if (dot && strncmp(dot, ".so", 3) == 0 && (dot[3] == '.' || !dot[3]))
        dot += 3;
    for (size_t i = 0; i < p->files.count; i++)
        if (strcmp(p->files.files[i].name, file) == 0)
            return check_symbol(p, &p->files.files[i],
                                dot && *dot ? dot + 1 : PACKAGE_DEFAULT_SYMBOL, err);
    list_names(p, names, sizeof names);
    return err_set(err, ERR_INPUT,
                   "'%.100s' is no handler of the package, there is no '%.100s': it has %s",
                   handler, file, names);
}

void package_parts_fini(struct package_parts *p)
{
    gather_fini(&p->files);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that look at one ELF file at a time. */
#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "deploy/check_state.h"

enum { UNSTRIPPED_MIN = 1 << 20 };

const char *check_why(struct check *c, const struct listing_item *item, const char *message)
{
    static const char *const forms[] = {
        [ROLE_NONE] = "a function that runs or loads it fails: %s",
        [ROLE_EXTENSION] = "it does not start: %s",
        [ROLE_HANDLER] = "Runtime.ImportModuleError: %s",
        [ROLE_BOOTSTRAP] = "Runtime.ExitError, the process ends before it begins: %s",
    };
    enum check_role role = check_role_of(c, item);
    char text[1024];
    const char *form = forms[role], *at = strstr(form, "%s");
    snprintf(text, sizeof text, "%.*s%s", (int)(at - form), form, message);
    return check_text(c, "%s", text);
}

static enum check_severity severity_of(const struct check *c, const struct listing_item *item)
{
    return check_role_of(c, item) == ROLE_NONE ? CHECK_WARNING : CHECK_ERROR;
}

typedef void (*item_fn)(struct check *c, const struct listing_item *item);

static void each_code(struct check *c, item_fn fn)
{
    for (size_t i = 0; i < c->listing.nitems; i++)
        if (check_is_code(c, &c->listing.items[i]))
            fn(c, &c->listing.items[i]);
}

void check_damage(struct check *c)
{
    for (size_t i = 0; i < c->listing.nitems; i++) {
        const struct listing_item *item = &c->listing.items[i];
        if (!item->damage || item->hidden)
            continue;
        check_note(c,
                   &(struct check_note){
                       .severity = item == c->bootstrap ? CHECK_ERROR : severity_of(c, item),
                       .item = item,
                       .why = check_why(c, item, "it ends in an error or a crash of the loader"),
                       .fix = "build or copy it again"},
                   "%s", item->damage);
    }
}

/* ---- machines ------------------------------------------------------------------------------ */

static const struct {
    uint16_t number;
    const char *name;
} machines[] = {
    {EM_X86_64, "x86_64"}, {EM_AARCH64, "arm64"}, {EM_386, "32-bit x86"}, {EM_ARM, "32-bit ARM"},
    {EM_RISCV, "RISC-V"},  {EM_PPC64, "PowerPC"}, {EM_S390, "IBM Z"},     {EM_MIPS, "MIPS"},
};

static const char *machine_name(struct check *c, const struct elf_file *f)
{
    for (size_t i = 0; i < ARRAY_LEN(machines); i++)
        if (machines[i].number == f->machine)
            return check_text(c, "%s%s", machines[i].name,
                              f->machine == EM_X86_64 && f->bits == 32 ? " (32-bit: x32)" : "");
    return check_text(c, "machine %u", f->machine);
}

void check_arch(struct check *c)
{
    for (size_t i = 0; i < c->listing.nitems; i++) {
        const struct listing_item *item = &c->listing.items[i];
        if (!item->elf || item->hidden || item->elf->file.arch == c->arch ||
            (item->elf->file.type == ELF_TYPE_OTHER && item != c->bootstrap))
            continue;
        enum check_role role = check_role_of(c, item);
        const char *why =
            role == ROLE_BOOTSTRAP
                ? check_text(c, "Runtime.InvalidEntrypoint: fork/exec %s: exec format error",
                             item->path)
                : check_why(c, item,
                            "wrong ELF class, or it is passed over as if it was not "
                            "there");
        check_note(c,
                   &(struct check_note){
                       .severity = severity_of(c, item),
                       .item = item,
                       .why = why,
                       .fix = check_text(c,
                                         "build it for %s, or make the function one for the other "
                                         "architecture, with all its files",
                                         elf_arch_name(c->arch))},
                   "is built for %s, and the function is for %s", machine_name(c, &item->elf->file),
                   elf_arch_name(c->arch));
    }
}

static void interpreter_of(struct check *c, const struct listing_item *item)
{
    const char *path = item->elf->file.interpreter;
    const struct listing_item *own = *path ? check_tree_find(c, path) : NULL;
    if (!*path || item->elf->file.type != ELF_TYPE_PROGRAM || (own && own->type == LISTING_FILE) ||
        libs_has_interpreter(c->arch, path))
        return;
    bool musl = strstr(path, "ld-musl");
    bool bootstrap = check_role_of(c, item) == ROLE_BOOTSTRAP;
    check_note(
        c,
        &(struct check_note){
            .severity = CHECK_ERROR,
            .item = item,
            .why = bootstrap ? check_text(c,
                                          "Runtime.InvalidEntrypoint: fork/exec %s: no such file "
                                          "or directory",
                                          item->path)
                             : check_why(c, item, "no such file or directory"),
            .fix = musl ? "link it statically (musl: -static; Rust: target *-linux-musl; Go: "
                          "CGO_ENABLED=0), or build it with glibc"
                        : "build it for Linux with glibc, without another --dynamic-linker"},
        "wants the dynamic linker '%.200s', which the image of %s has not got%s", path,
        c->profile->name, musl ? ": it was built for musl (Alpine)" : "");
}

void check_interpreter(struct check *c)
{
    each_code(c, interpreter_of);
}

/* ---- what runs, but not as it should -------------------------------------------------------- */

static void stack_of(struct check *c, const struct listing_item *item)
{
    if (item->elf->file.executable_stack)
        check_note(c,
                   &(struct check_note){
                       .severity = CHECK_WARNING,
                       .item = item,
                       .why = "the loader makes the whole process's stack executable, so that any "
                              "overflow of a buffer can become code; where that is forbidden, and "
                              "with glibc 2.41, loading fails",
                       .fix = "link with -z noexecstack; assembler sources need a "
                              ".note.GNU-stack section"},
                   "asks for an executable stack");
}

void check_stack(struct check *c)
{
    each_code(c, stack_of);
}

static void relocations_of(struct check *c, const struct listing_item *item)
{
    if (item->elf->file.text_relocations)
        check_note(c,
                   &(struct check_note){
                       .severity = CHECK_WARNING,
                       .item = item,
                       .why = "the loader makes the code writable and changes it at every start: "
                              "slow, its pages are copied, and it fails where that is forbidden",
                       .fix = "compile all of it with -fPIC"},
                   "has relocations in its code");
}

void check_text_relocations(struct check *c)
{
    each_code(c, relocations_of);
}

static bool is_lambda_folder(const char *path, size_t len)
{
    static const char *const folders[] = {"/var/task", "/opt",     "/var/lang", "/var/runtime",
                                          "/lib",      "/usr/lib", "/lib64",    "/usr/lib64",
                                          "$ORIGIN",   "${ORIGIN}"};
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        size_t n = strlen(folders[i]);
        if (len >= n && memcmp(path, folders[i], n) == 0 && (len == n || path[n] == '/'))
            return true;
    }
    return false;
}

static void run_path_of(struct check *c, const struct listing_item *item)
{
    const char *list = item->elf->file.run_path;
    for (const char *at = list; *at;) {
        size_t len = strcspn(at, ":");
        if (len && !is_lambda_folder(at, len)) {
            check_note(c,
                       &(struct check_note){
                           .severity = CHECK_WARNING,
                           .item = item,
                           .why = "the folder is not there on Lambda: what it holds on the build "
                                  "machine is not found, and its name tells where it was built",
                           .fix = "link without -rpath, or with -rpath '$ORIGIN/lib'; patchelf "
                                  "--remove-rpath changes a finished file"},
                       "looks for libraries in '%.*s'", (int)(len < 200 ? len : 200), at);
            return;
        }
        at += len + (at[len] == ':');
    }
}

void check_run_path(struct check *c)
{
    each_code(c, run_path_of);
}

static void debug_of(struct check *c, const struct listing_item *item)
{
    const struct elf_file *f = &item->elf->file;
    struct check_note note = {.severity = CHECK_WARNING,
                              .item = item,
                              .why = "nothing on Lambda reads it; larger packages start later and "
                                     "reach the size limits sooner",
                              .fix = "strip it (link with -s, or strip FILE), and keep the "
                                     "unstripped file for debuggers"};
    if (f->debug_bytes)
        check_note(c, &note, "has %llu bytes of debug information, of %llu in all",
                   (unsigned long long)f->debug_bytes, (unsigned long long)item->size);
    else if (!f->stripped && item->size >= UNSTRIPPED_MIN)
        check_note(c, &note, "is not stripped: it has its symbol table, and %llu bytes in all",
                   (unsigned long long)item->size);
}

void check_debug(struct check *c)
{
    each_code(c, debug_of);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What Lambda starts: the bootstrap. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "deploy/check_state.h"

static const char no_bootstrap[] = "Runtime.InvalidEntrypoint: Couldn't find valid bootstrap(s): "
                                   "[/var/task/bootstrap /opt/bootstrap]";

/* ---- there is none ------------------------------------------------------------------------- */

static bool ends_in(const char *text, const char *end)
{
    size_t len = strlen(text), n = strlen(end);
    return len >= n && strcmp(text + len - n, end) == 0;
}

static const struct listing_item *find_deeper(const struct check *c)
{
    for (size_t i = 0; i < c->listing.nitems; i++)
        if (c->listing.items[i].type == LISTING_FILE &&
            ends_in(c->listing.items[i].path, "/" CHECK_BOOTSTRAP))
            return &c->listing.items[i];
    return NULL;
}

static const struct listing_item *find_handler(const struct check *c)
{
    for (size_t i = 0; i < c->listing.nitems; i++)
        if (c->listing.items[i].elf && c->listing.items[i].elf->file.nhandlers)
            return &c->listing.items[i];
    return NULL;
}

static const struct listing_item *find_program(const struct check *c)
{
    for (size_t i = 0; i < c->listing.nitems; i++)
        if (c->listing.items[i].elf && c->listing.items[i].elf->file.type == ELF_TYPE_PROGRAM)
            return &c->listing.items[i];
    return NULL;
}

static void note_missing(struct check *c)
{
    const struct listing_item *deeper = find_deeper(c), *handler = find_handler(c),
                              *program = find_program(c);
    struct check_note note = {.severity = CHECK_ERROR,
                              .why = no_bootstrap,
                              .fix = "put the program that speaks the Runtime API into the "
                                     "package's root as 'bootstrap'"};
    if (deeper) {
        note.item = deeper;
        note.fix = "pack the content of the folder, not the folder: cd into it first, zip -r "
                   "../package.zip .";
        check_note(c, &note, "is in a folder, and Lambda looks for it in the root only");
        return;
    }
    if (handler)
        note.fix = check_text(c,
                              "make the package by: clambda package %.200s -o FILE.zip, or give "
                              "the layer that has the runtime: --layer FILE.zip",
                              handler->where);
    else if (program)
        note.fix = check_text(c, "rename '%.200s' to 'bootstrap' if it is what Lambda should start",
                              program->where);
    check_note(c, &note, "there is no 'bootstrap'%s", handler ? ", only handlers" : "");
}

/* A handler file, and no runtime for its architecture to look at it with. */
static void note_alone(struct check *c)
{
    const struct listing_item *handler = find_handler(c);
    const char *arch = elf_arch_name(c->arch);
    if (!handler || handler->elf->file.arch != c->arch)
        return;
    check_note(c,
               &(struct check_note){
                   .severity = CHECK_WARNING,
                   .item = handler,
                   .why = "whether the runtime has what the handler calls is not known",
                   .fix = check_text(c,
                                     "layers/release %s makes it, and clambda package packs both; "
                                     "or name the layer that has it: --layer FILE.zip",
                                     arch)},
               "was not checked together with a runtime: there is none for %s here", arch);
}

/* ---- it is no program ---------------------------------------------------------------------- */

static void note_format(struct check *c, const char *what, const char *fix)
{
    check_note(
        c,
        &(struct check_note){
            .severity = CHECK_ERROR,
            .item = c->bootstrap,
            .why = check_text(c, "Runtime.InvalidEntrypoint: fork/exec %s: exec format error",
                              c->bootstrap->path),
            .fix = fix},
        "%s", what);
}

static bool is_script(const struct listing_item *item)
{
    return item->head_len >= 2 && memcmp(item->head, "#!", 2) == 0;
}

void check_bootstrap(struct check *c)
{
    const struct listing_item *b = c->bootstrap;
    if (!b && c->listing.nfaults && !c->listing.nitems)
        return; /* a zip that could not be read */
    if (!b && c->programs) {
        check_note(c,
                   &(struct check_note){.severity = CHECK_WARNING,
                                        .why = "as a package it would not start",
                                        .fix = "name what Lambda should start 'bootstrap'"},
                   "has no 'bootstrap': looked at as a folder of programs");
        return;
    }
    if (!b) {
        if (c->lone)
            note_alone(c);
        else
            note_missing(c);
        return;
    }
    if (b->type != LISTING_FILE)
        check_note(c,
                   &(struct check_note){.severity = CHECK_ERROR,
                                        .item = b,
                                        .why = no_bootstrap,
                                        .fix = "put a program there"},
                   "is no file");
    else if (b->size == 0)
        note_format(c, "is empty", "put the program there");
    else if (!b->is_elf && !is_script(b))
        note_format(c, "is neither an ELF program nor a script with '#!' in its first line",
                    "build it for Linux, or begin the script with #!/bin/sh");
    else if (b->elf && b->elf->file.type == ELF_TYPE_OBJECT)
        note_format(c, "is a shared object, not a program",
                    "link it as a program (without -shared); a handler of this project is loaded "
                    "by the project's own bootstrap");
    else if (b->elf && b->elf->file.type == ELF_TYPE_OTHER)
        note_format(c, "is an object file, not a program", "link it");
}

/* ---- scripts ------------------------------------------------------------------------------- */

/* The first line as the kernel takes it: the interpreter, and the rest as one argument. */
struct line {
    char program[sizeof CHECK_TASK + LISTING_HEAD + 1];
    char rest[LISTING_HEAD + 1];
    bool carriage_return;
};

static void split_line(const struct listing_item *item, struct line *out)
{
    char text[LISTING_HEAD + 1];
    *out = (struct line){0};
    size_t len = strcspn(item->head + 2, "\n");
    memcpy(text, item->head + 2, len);
    out->carriage_return = len && text[len - 1] == '\r';
    len -= out->carriage_return;
    while (len && strchr(" \t", text[len - 1]))
        len--;
    text[len] = '\0';
    char *at = text + strspn(text, " \t");
    size_t n = strcspn(at, " \t");
    /* a relative one begins at the working folder */
    snprintf(out->program, sizeof out->program, "%s%.*s", *at == '/' ? "" : CHECK_TASK "/", (int)n,
             at);
    at += n + strspn(at + n, " \t");
    memcpy(out->rest, at, strlen(at) + 1);
}

static const struct listing_item *find_file(const struct check *c, const char *path)
{
    const struct listing_item *item = check_tree_find(c, path);
    return item && item->type == LISTING_FILE ? item : NULL;
}

/* In the package: at its path, or along PATH. */
static const struct listing_item *find_command(const struct check *c, const char *name)
{
    char path[PATH_MAX];
    const struct listing_item *item = NULL;
    if (*name == '/')
        return find_file(c, name);
    if (strchr(name, '/')) {
        snprintf(path, sizeof path, CHECK_TASK "/%s", name);
        return find_file(c, path);
    }
    for (const char *at = c->request->program_path; *at && *name && !item;) {
        size_t len = strcspn(at, ":");
        snprintf(path, sizeof path, "%.*s/%s", (int)len, at, name);
        item = find_file(c, path);
        at += len + (at[len] == ':');
    }
    return item;
}

static bool has_command(const struct check *c, const char *name)
{
    return libs_has_program(name) || find_command(c, name);
}

static bool is_env(const struct line *line)
{
    return ends_in(line->program, "/env");
}

/* env was asked to make words of its one argument. */
static bool is_split(const struct line *line)
{
    return is_env(line) && strncmp(line->rest, "-S", 2) == 0;
}

/* What will read the script. With env: its argument, or of words the first one behind options and
 * settings. */
static const char *command_of(struct line *line)
{
    char *save = NULL;
    if (!is_split(line))
        return is_env(line) ? line->rest : line->program;
    for (char *word = strtok_r(line->rest + 2, " \t", &save); word;
         word = strtok_r(NULL, " \t", &save))
        if (*word != '-' && !strchr(word, '='))
            return word;
    return "";
}

static bool is_script_file(const struct listing_item *b)
{
    return b && b->type == LISTING_FILE && is_script(b);
}

const struct listing_item *check_script_starter(const struct check *c)
{
    struct line line;
    if (!is_script_file(c->bootstrap))
        return NULL;
    split_line(c->bootstrap, &line);
    const char *command = command_of(&line);
    return libs_has_program(command) ? NULL : find_command(c, command);
}

/* env is there, and ends without having started anything. */
static void check_env_line(struct check *c, struct line *line)
{
    struct check_note note = {.severity = CHECK_ERROR, .item = c->bootstrap};
    bool words = is_split(line) || strpbrk(line->rest, " \t");
    if (is_split(line) && !c->profile->env_splits) {
        note.why = "Runtime.ExitError: Runtime exited with error: exit status 125 (env: invalid "
                   "option -- 'S')";
        note.fix = "name the interpreter by its path, without env: #!/bin/bash";
        check_note(c, &note, "is a script for 'env -S', which the env of %s does not know",
                   c->profile->name);
        return;
    }
    const char *command = command_of(line);
    if (has_command(c, command))
        return;
    note.why = check_text(c,
                          "Runtime.ExitError: Runtime exited with error: exit status 127 (env: "
                          "'%.100s': No such file or directory)",
                          command);
    note.fix = words ? "env takes all that follows as one name: name the interpreter by its path, "
                       "without env (#!/bin/bash -e)"
                     : "put the interpreter into the package or a layer (/opt/bin is in PATH)";
    check_note(c, &note, "is a script for '%.200s', which the image of %s has not got", command,
               c->profile->name);
}

void check_script(struct check *c)
{
    const struct listing_item *b = c->bootstrap;
    struct line line;
    if (!is_script_file(b))
        return;
    split_line(b, &line);
    const char *why = check_text(c,
                                 "Runtime.InvalidEntrypoint: fork/exec %s: no such file or "
                                 "directory",
                                 b->path);
    struct check_note note = {.severity = CHECK_ERROR, .item = b, .why = why};
    if (line.carriage_return) {
        note.fix = "write it with Unix line ends: sed -i 's/\\r$//' bootstrap";
        check_note(c, &note, "its lines end in CR LF: the interpreter is looked for as '%.200s\\r'",
                   *line.rest ? line.rest : line.program);
        return;
    }
    if (!has_command(c, line.program)) {
        note.fix = "use #!/bin/sh or #!/bin/bash, or put the interpreter into the package or a "
                   "layer and name it by its path (/opt/bin/...)";
        check_note(c, &note, "is a script for '%.200s', which the image of %s has not got",
                   line.program, c->profile->name);
        return;
    }
    if (is_env(&line))
        check_env_line(c, &line);
}

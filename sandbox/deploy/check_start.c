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
        if (!c->lone)
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

/* The words of the first line as the kernel takes them: the interpreter, and the rest as one. */
struct line {
    char program[LISTING_HEAD + 1];
    char rest[LISTING_HEAD + 1];
    bool carriage_return;
};

static void split_line(const struct listing_item *item, struct line *out)
{
    char text[LISTING_HEAD + 1];
    *out = (struct line){0};
    size_t len = strcspn(item->head + 2, "\n");
    memcpy(text, item->head + 2, len);
    text[len] = '\0';
    out->carriage_return = len && text[len - 1] == '\r';
    if (out->carriage_return)
        text[len - 1] = '\0';
    char *at = text + strspn(text, " \t");
    size_t n = strcspn(at, " \t");
    memcpy(out->program, at, n);
    at += n + strspn(at + n, " \t");
    memcpy(out->rest, at, strlen(at) + 1);
}

static bool has_file(const struct check *c, const char *path)
{
    const struct listing_item *item = check_tree_find(c, path);
    return item && item->type == LISTING_FILE;
}

/* Along PATH, in the image and in the package. */
static bool has_command(const struct check *c, const char *name)
{
    char path[PATH_MAX];
    if (strchr(name, '/'))
        return libs_has_program(name) || has_file(c, name);
    if (libs_has_program(name))
        return true;
    for (const char *at = c->profile->path; *at;) {
        size_t len = strcspn(at, ":");
        snprintf(path, sizeof path, "%.*s/%s", (int)len, at, name);
        if (has_file(c, path))
            return true;
        at += len + (at[len] == ':');
    }
    return false;
}

/* What "env" would run: behind its options and settings. */
static const char *env_command(char *rest)
{
    char *save = NULL;
    for (char *word = strtok_r(rest, " \t", &save); word; word = strtok_r(NULL, " \t", &save))
        if (*word != '-' && !strchr(word, '='))
            return word;
    return "";
}

void check_script(struct check *c)
{
    const struct listing_item *b = c->bootstrap;
    struct line line;
    if (!b || b->type != LISTING_FILE || !is_script(b))
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
    if (!has_command(c, line.program) || line.program[0] != '/') {
        note.fix = "use #!/bin/sh or #!/bin/bash, or put the interpreter into the package or a "
                   "layer and name it by its path (/opt/bin/...)";
        check_note(c, &note, "is a script for '%.200s', which the image of %s has not got",
                   line.program, c->profile->name);
        return;
    }
    const char *command = ends_in(line.program, "/env") ? env_command(line.rest) : NULL;
    if (!command || has_command(c, command))
        return;
    note.why = check_text(c,
                          "Runtime.ExitError: Runtime exited with error: exit status 127 (env: "
                          "'%.100s': No such file or directory)",
                          command);
    note.fix = "put the interpreter into the package or a layer (/opt/bin is in PATH)";
    check_note(c, &note, "is a script for '%.200s', which the image of %s has not got", command,
               c->profile->name);
}

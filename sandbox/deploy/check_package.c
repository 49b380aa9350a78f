/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <string.h>

#include "deploy/check_state.h"
#include "pack/limits.h"

enum { UPLOAD_MAX = 52428800, LAYERS_MAX = 5, OTHERS_READ = 04, OTHERS_RUN = 01 };

static void note_faults(struct check *c, enum listing_fault_kind kind, const char *why,
                        const char *fix)
{
    for (size_t i = 0; i < c->listing.nfaults; i++) {
        const struct listing_fault *f = &c->listing.faults[i];
        if (f->kind == kind)
            check_note(c,
                       &(struct check_note){
                           .severity = CHECK_ERROR, .where = f->where, .why = why, .fix = fix},
                       "%s", f->text);
    }
}

void check_zip(struct check *c)
{
    note_faults(c, LISTING_ZIP,
                "Lambda answers \"Could not unzip uploaded file. Please check your file, then try "
                "to upload again.\", or unpacks something else than other programs do; the rest of "
                "the zip was not looked at",
                "make the zip again with plain files, stored or deflated: clambda package, or zip "
                "-r");
}

/* ---- names --------------------------------------------------------------------------------- */

static void check_twice(struct check *c, const struct listing_item *item)
{
    const struct listing_item *last = NULL;
    char path[PATH_MAX];
    if (item->hidden)
        last = check_tree_at(c, item->path, path, sizeof path);
    /* a later layer may replace what an earlier one has */
    if (last && last->source == item->source && last != item &&
        !(item->type == LISTING_FOLDER && last->type == LISTING_FOLDER))
        check_note(c,
                   &(struct check_note){
                       .severity = CHECK_ERROR,
                       .item = item,
                       .why = "which of the two is unpacked depends on the program that does it",
                       .fix = "make the zip again: a second one is added when an old zip is "
                              "written to"},
                   "is there more than once");
}

/* Something lies below what is no folder. */
static void check_parent(struct check *c, const struct listing_item *item)
{
    char path[PATH_MAX];
    size_t len = strlen(item->path);
    if (len >= sizeof path)
        return;
    memcpy(path, item->path, len + 1);
    for (char *slash = strrchr(path, '/'); slash && slash != path; slash = strrchr(path, '/')) {
        *slash = '\0';
        const struct listing_item *parent = check_tree_exact(c, path);
        if (!parent || parent->type == LISTING_FOLDER)
            continue;
        check_note(c,
                   &(struct check_note){
                       .severity = CHECK_ERROR,
                       .item = item,
                       .why = "it cannot be unpacked, or is written to where the link leads",
                       .fix = "make the package again from plain folders"},
                   "lies below '%s', which is no folder", parent->where);
        return;
    }
}

void check_paths(struct check *c)
{
    note_faults(c, LISTING_PATH,
                "Lambda refuses the zip, or the file is not where it is looked for",
                "name files relative to the package's root, without '..'");
    note_faults(c, LISTING_COUNT, "Lambda takes no package like this", "leave files out");
    for (size_t i = 0; i < c->listing.nitems; i++) {
        const struct listing_item *item = &c->listing.items[i];
        check_twice(c, item);
        check_parent(c, item);
        if (strchr(item->path, '\\'))
            check_note(
                c,
                &(struct check_note){
                    .severity = CHECK_ERROR,
                    .item = item,
                    .why = "on Lambda '\\' is a letter of the name like any other: the file is not "
                           "in the folder that was meant",
                    .fix = "make the zip with a program that writes '/' (clambda package, zip, "
                           "7-Zip)"},
                "has a backslash in its name");
    }
}

static bool is_below(const char *path, const char *root)
{
    size_t len = strlen(root);
    return strncmp(path, root, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

void check_links(struct check *c)
{
    char end[PATH_MAX];
    for (size_t i = 0; i < c->listing.nitems; i++) {
        const struct listing_item *item = &c->listing.items[i];
        if (item->type != LISTING_LINK || item->hidden)
            continue;
        bool found = check_tree_at(c, item->path, end, sizeof end);
        bool inside = is_below(end, CHECK_TASK) || is_below(end, CHECK_OPT);
        if (found && inside)
            continue;
        if (!inside && item->target[0] != '/') {
            check_note(c,
                       &(struct check_note){
                           .severity = CHECK_ERROR,
                           .item = item,
                           .why = "where it ends depends on where the package is unpacked",
                           .fix = "put the file into the package, or link to its absolute path"},
                       "is a link to '%.200s', which leaves the package", item->target);
            continue;
        }
        check_note(c,
                   &(struct check_note){.severity = CHECK_WARNING,
                                        .item = item,
                                        .why = "what is opened by this name may not be there on "
                                               "Lambda",
                                        .fix = "put the file itself into the package"},
                   "is a link to '%.200s', which is not in the package", item->target);
    }
}

/* ---- sizes --------------------------------------------------------------------------------- */

void check_size(struct check *c)
{
    static const char why[] = "Lambda answers \"Unzipped size must be smaller than 262144000 "
                              "bytes\"";
    static const char fix[] = "leave files out, strip programs and libraries, or deploy an image "
                              "(up to 10 GB)";
    note_faults(c, LISTING_SIZE, why, fix);
    if (c->listing.bytes > PACK_UNPACKED_MAX)
        check_note(c, &(struct check_note){.severity = CHECK_ERROR, .why = why, .fix = fix},
                   "has %llu bytes unpacked, with layers; at most %llu are possible%s",
                   (unsigned long long)c->listing.bytes, PACK_UNPACKED_MAX,
                   c->listing.full ? " (the files behind that were not looked at)" : "");
    if (c->zip_bytes > UPLOAD_MAX)
        check_note(c,
                   &(struct check_note){
                       .severity = CHECK_WARNING,
                       .why = "a direct upload is refused: \"Zipped size must be smaller than "
                              "52428800 bytes\"",
                       .fix = "upload it to S3 and name it there (--code S3Bucket=...), or strip "
                              "programs and libraries"},
                   "is a zip of %llu bytes, at most %d can be uploaded directly",
                   (unsigned long long)c->zip_bytes, UPLOAD_MAX);
}

void check_layers(struct check *c)
{
    if (c->request->nlayers > LAYERS_MAX)
        check_note(c,
                   &(struct check_note){.severity = CHECK_ERROR,
                                        .why = "Lambda refuses a function with more",
                                        .fix = "put several layers into one"},
                   "has %zu layers, at most %d are possible", c->request->nlayers, LAYERS_MAX);
}

/* ---- modes --------------------------------------------------------------------------------- */

static bool is_started(const struct check *c, const struct listing_item *item)
{
    static const char folder[] = CHECK_OPT "/extensions/";
    bool extension = strncmp(item->path, folder, sizeof folder - 1) == 0 &&
                     !strchr(item->path + sizeof folder - 1, '/');
    return item->type == LISTING_FILE && (item == c->bootstrap || item == c->starter || extension);
}

static void check_start(struct check *c, const struct listing_item *item)
{
    bool script = !item->is_elf;
    mode_t wanted = OTHERS_RUN | (script ? OTHERS_READ : 0);
    if ((item->mode & wanted) == wanted)
        return;
    bool bootstrap = item == c->bootstrap || item == c->starter;
    check_note(
        c,
        &(struct check_note){
            .severity = CHECK_ERROR,
            .item = item,
            .why = check_text(c, "%s: fork/exec %s: permission denied",
                              bootstrap ? "Runtime.InvalidEntrypoint" : "Extension.LaunchError",
                              bootstrap ? c->bootstrap->path : item->path),
            .fix = "chmod 755 before it is packed; a zip made on Windows has no modes: make it "
                   "with clambda package"},
        "has mode %04o: Lambda's user may not run it", (unsigned)item->mode);
}

void check_modes(struct check *c)
{
    if (c->lone)
        return;
    for (size_t i = 0; i < c->listing.nitems; i++) {
        const struct listing_item *item = &c->listing.items[i];
        bool folder = item->type == LISTING_FOLDER;
        mode_t wanted = OTHERS_READ | (folder ? OTHERS_RUN : 0);
        if (item->hidden || item->type == LISTING_LINK)
            continue;
        if (is_started(c, item)) {
            check_start(c, item);
            continue;
        }
        if ((item->mode & wanted) == wanted)
            continue;
        /* files of a folder that can be entered are found by their names */
        bool needed = folder ? !(item->mode & OTHERS_RUN) : check_role_of(c, item) != ROLE_NONE;
        check_note(c,
                   &(struct check_note){
                       .severity = needed ? CHECK_ERROR : CHECK_WARNING,
                       .item = item,
                       .why = "the function runs as a user who owns nothing here: opening it fails "
                              "with \"permission denied\"",
                       .fix = folder ? "chmod 755 before it is packed"
                                     : "chmod 644 (755 for programs) before it is packed"},
                   "has mode %04o: Lambda's user may not read it", (unsigned)item->mode);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "deploy/check.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "deploy/check_state.h"
#include "pack/limits.h"

/* Steps take a few ns each. */
enum { ARENA_BYTES = 512 << 20, FINDINGS_MAX = 2000, TEXT_MAX = 2048, STEPS_MAX = 1 << 30 };

static const struct {
    struct check_rule rule;
    check_fn fn;
} rules[] = {
    {{"zip", "the zip is whole, and has nothing that Lambda or unzippers refuse"}, check_zip},
    {{"path", "names are plain, relative and there once"}, check_paths},
    {{"link", "symbolic links lead to files of the package"}, check_links},
    {{"size", "50 MB as zip, 250 MB unpacked with all layers"}, check_size},
    {{"layers", "at most 5 layers"}, check_layers},
    {{"bootstrap", "there is a bootstrap, where Lambda looks for it, and it is a program"},
     check_bootstrap},
    {{"script", "a bootstrap script has an interpreter in the runtime's image"}, check_script},
    {{"mode", "Lambda's user may run and read the files"}, check_modes},
    {{"elf", "programs and libraries are whole"}, check_damage},
    {{"architecture", "all is built for one of Lambda's machines, and for the same"}, check_arch},
    {{"interpreter", "the dynamic linker is in the runtime's image"}, check_interpreter},
    {{"library", "needed libraries are in the package or in the runtime's image"}, check_libraries},
    {{"shadowed", "libraries of the package are not hidden by those of the image"}, check_shadowed},
    {{"glibc-version", "the runtime's glibc is new enough"}, check_glibc},
    {{"library-version", "other libraries have the versions that are asked for"}, check_versions},
    {{"symbol", "undefined symbols are defined somewhere"}, check_symbols},
    {{"handler", "handler objects are there and fit the runtime"}, check_handler},
    {{"executable-stack", "no file asks for an executable stack"}, check_stack},
    {{"text-relocations", "code does not have to be changed when it is loaded"},
     check_text_relocations},
    {{"run-path", "no path of the build machine is searched for libraries"}, check_run_path},
    {{"debug-info", "what only debuggers read is left out"}, check_debug},
};

const struct check_rule *check_rules(size_t *out_count)
{
    static struct check_rule list[ARRAY_LEN(rules)];
    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        list[i] = rules[i].rule;
    *out_count = ARRAY_LEN(rules);
    return list;
}

/* ---- findings ------------------------------------------------------------------------------ */

__attribute__((format(printf, 2, 0))) static const char *text_of(struct check *c, const char *fmt,
                                                                 va_list args)
{
    char text[TEXT_MAX];
    if (c->nentries >= FINDINGS_MAX) /* nobody will read it */
        return "";
    int len = vsnprintf(text, sizeof text, fmt, args);
    size_t kept = len < 0 ? 0 : (size_t)len < sizeof text ? (size_t)len : sizeof text - 1;
    const char *copy = arena_strndup(&c->arena, text, kept);
    c->starved |= !copy;
    return copy ? copy : "";
}

const char *check_text(struct check *c, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *text = text_of(c, fmt, args);
    va_end(args);
    return text;
}

bool check_spend(const struct check *c, uint64_t steps)
{
    bool enough = steps < *c->left;
    *c->left = enough ? *c->left - steps : 0;
    return enough;
}

static struct check_entry *new_entry(struct check *c)
{
    if (c->nentries >= FINDINGS_MAX)
        return NULL;
    if (c->nentries >= c->cap) {
        size_t cap = c->cap * 2 + 16;
        struct check_entry *wider = realloc(c->entries, cap * sizeof *wider);
        c->starved |= !wider;
        if (!wider)
            return NULL;
        c->entries = wider;
        c->cap = cap;
    }
    return &c->entries[c->nentries];
}

void check_note(struct check *c, const struct check_note *note, const char *what, ...)
{
    static const char whole[] = "package";
    va_list args;
    c->nerrors += note->severity == CHECK_ERROR;
    struct check_entry *e = new_entry(c);
    if (!e)
        return;
    va_start(args, what);
    *e = (struct check_entry){
        .finding = {.severity = note->severity,
                    .rule = c->rule,
                    .where = note->where  ? note->where
                             : note->item ? note->item->where
                                          : whole,
                    .what = text_of(c, what, args),
                    .why = note->why ? note->why : "",
                    .fix = note->fix ? note->fix : ""},
        .order = note->item ? note->item->order + 1 : 0,
        .rule = c->rule_index,
        .sequence = c->nentries,
    };
    va_end(args);
    c->nentries++;
}

static int by_weight(const void *a, const void *b)
{
    const struct check_entry *x = a, *y = b;
    const size_t keys[][2] = {{x->finding.severity, y->finding.severity},
                              {x->order, y->order},
                              {x->rule, y->rule},
                              {x->sequence, y->sequence}};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (keys[i][0] != keys[i][1])
            return keys[i][0] < keys[i][1] ? -1 : 1;
    return 0;
}

/* ---- what is looked at --------------------------------------------------------------------- */

static int read_layers(struct check *c, struct err *err)
{
    for (size_t i = 0; i < c->request->nlayers; i++) {
        const char *path = c->request->layers[i], *slash = strrchr(path, '/');
        const char *name = slash && slash[1] ? slash + 1 : path;
        const struct listing_source source = {
            .path = path, .root = CHECK_OPT, .prefix = check_text(c, "layer %.80s: ", name)};
        if (listing_read(&c->listing, &source, err))
            return -1;
    }
    return 0;
}

/* A handler is looked at together with the runtime that it will run on, a program as what it would
 * be the bootstrap of. */
static int read_lone(struct check *c, struct err *err)
{
    const struct check_request *r = c->request;
    struct listing_source source = {.path = r->path, .root = CHECK_TASK, .prefix = ""};
    c->lone = true;
    if (listing_read(&c->listing, &source, err))
        return -1;
    const struct listing_item *item = &c->listing.items[c->listing.nitems - 1];
    bool script = item->head_len >= 2 && memcmp(item->head, "#!", 2) == 0;
    if (!item->is_elf && !script)
        return err_set(err, ERR_INPUT,
                       "'%.200s' is no zip, no folder, and no program or shared object", r->path);
    bool handler = item->elf && item->elf->file.type == ELF_TYPE_OBJECT;
    if (!handler || !r->runtime)
        return 0;
    source = (struct listing_source){
        .path = r->runtime, .root = CHECK_OPT, .prefix = "runtime: ", .name = CHECK_BOOTSTRAP};
    return listing_read(&c->listing, &source, err);
}

/* Of container images: blobs, and an index of them. */
static bool is_image_layout(const char *folder)
{
    static const char *const names[] = {"oci-layout", "index.json"};
    char path[PATH_MAX];
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (snprintf(path, sizeof path, "%s/%s", folder, names[i]) >= PATH_MAX ||
            access(path, F_OK) < 0)
            return false;
    return true;
}

static int read_sources(struct check *c, struct err *err)
{
    const struct listing_source source = {
        .path = c->request->path, .root = CHECK_TASK, .prefix = ""};
    enum listing_kind kind;
    uint64_t size;
    if (listing_identify(source.path, &kind, &size, err))
        return -1;
    if (kind == LISTING_IS_FOLDER && is_image_layout(source.path))
        return err_set(err, ERR_INPUT,
                       "'%.60s' is an image layout, which check does not look into: 'umoci unpack "
                       "--image DIR:TAG OUT' and check OUT/rootfs/var/task --layer "
                       "OUT/rootfs/var/runtime, or check the zip of the same files",
                       source.path);
    if (kind == LISTING_IS_ZIP)
        c->zip_bytes = size;
    int result =
        kind == LISTING_IS_FILE ? read_lone(c, err) : listing_read(&c->listing, &source, err);
    return result ? -1 : read_layers(c, err);
}

/* OTHER: nothing tells. */
static enum elf_arch find_arch(const struct check *c)
{
    const struct listing_item *started = c->starter ? c->starter : c->bootstrap;
    const struct facts *first = started ? started->elf : NULL;
    if (first && first->file.arch != ELF_ARCH_OTHER && !c->lone)
        return first->file.arch;
    static const enum elf_type types[] = {ELF_TYPE_PROGRAM, ELF_TYPE_OBJECT};
    for (size_t i = 0; i < ARRAY_LEN(types) * c->listing.nitems; i++) {
        const struct facts *elf = c->listing.items[i % c->listing.nitems].elf;
        if (elf && elf->file.arch != ELF_ARCH_OTHER &&
            elf->file.type == types[i / c->listing.nitems])
            return elf->file.arch;
    }
    return ELF_ARCH_OTHER;
}

static int read_request(struct check *c, struct err *err)
{
    const struct check_request *r = c->request;
    c->profile = libs_profile_find(r->profile);
    if (!c->profile)
        return err_set(err, ERR_INPUT, "profile '%.60s': expected one of %s", r->profile,
                       libs_profile_names());
    c->arch = r->arch ? elf_arch_find(r->arch) : ELF_ARCH_OTHER;
    if (r->arch && c->arch == ELF_ARCH_OTHER)
        return err_set(err, ERR_INPUT, "architecture '%.60s': expected x86_64 or arm64", r->arch);
    return 0;
}

/* ---- the report ---------------------------------------------------------------------------- */

/* The report is the caller's, with all that it points to. */
struct owned {
    struct check_report report;
    struct arena arena;
};

static void count_elf(const struct check *c, struct check_report *out)
{
    out->glibc = "";
    for (size_t i = 0; i < c->listing.nitems; i++) {
        const struct listing_item *item = &c->listing.items[i];
        out->nfiles += item->type == LISTING_FILE;
        out->nelf += item->is_elf;
        for (size_t j = 0; item->elf && j < item->elf->nversions; j++) {
            const char *name = item->elf->versions[j].name;
            if (strncmp(name, "GLIBC_2.", 8) == 0 && libs_compare(name + 6, out->glibc) > 0)
                out->glibc = name + 6;
        }
    }
}

static int fill_report(struct check *c, struct check_report *out, struct err *err)
{
    struct check_finding *findings = arena_alloc(&c->arena, (c->nentries + 1) * sizeof *findings);
    if (!findings || c->starved)
        return err_set(err, ERR_MEMORY, "no memory for what was found");
    if (c->nentries)
        qsort(c->entries, c->nentries, sizeof *c->entries, by_weight);
    for (size_t i = 0; i < c->nentries; i++)
        findings[i] = c->entries[i].finding;
    *out = (struct check_report){.findings = findings,
                                 .nfindings = c->nentries,
                                 .nerrors = c->nerrors,
                                 .arch = c->arch_known ? c->arch : ELF_ARCH_OTHER,
                                 .profile = c->profile->name,
                                 .zip_bytes = c->zip_bytes,
                                 .bytes = c->listing.bytes};
    count_elf(c, out);
    return 0;
}

static int run(struct check *c, struct check_report *out, struct err *err)
{
    if (read_request(c, err) || read_sources(c, err) || check_tree_build(c, err))
        return -1;
    if (c->arch == ELF_ARCH_OTHER)
        c->arch = find_arch(c);
    c->arch_known = c->arch != ELF_ARCH_OTHER;
    if (!c->arch_known)
        c->arch = ELF_ARCH_X86_64;
    if (check_tree_roles(c, err))
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        c->rule = rules[i].rule.name;
        c->rule_index = i;
        rules[i].fn(c);
    }
    if (!*c->left)
        return err_set(err, ERR_LIMIT,
                       "'%.200s' needs libraries from more folders than are looked at",
                       c->request->path);
    return fill_report(c, out, err);
}

struct check_report *check_run(const struct check_request *request, struct err *err)
{
    uint64_t left = STEPS_MAX;
    struct check c = {.request = request, .left = &left};
    AUTO_FREE struct owned *owned = calloc(1, sizeof *owned);
    if (!owned) {
        err_set(err, ERR_MEMORY, "no memory for a check");
        return NULL;
    }
    if (arena_init(&c.arena, ARENA_BYTES, err))
        return NULL;
    int result = listing_init(&c.listing, &c.arena, err);
    if (result == 0)
        result = run(&c, &owned->report, err);
    listing_fini(&c.listing);
    host_fini(&c.brought);
    host_fini(&c.hints);
    free(c.entries);
    if (result) {
        arena_fini(&c.arena);
        return NULL;
    }
    owned->arena = c.arena;
    return &TAKE(owned)->report;
}

void check_free(struct check_report *report)
{
    struct owned *owned = (struct owned *)report;
    if (!owned)
        return;
    arena_fini(&owned->arena);
    free(owned);
}

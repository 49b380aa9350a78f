/* SPDX-License-Identifier: Apache-2.0 */
/* The rule about symbols that a file wants of nobody in particular: they have no version, which
 * tells the library. */
#include <string.h>

#include "deploy/check_state.h"

enum { NAMED_MAX = 3 };

/* Symbols that are told of together. */
struct group {
    const char *named[NAMED_MAX];
    size_t count, ours;
};

/* Whether a symbol without a version may come from a library of which nothing is known. */
static bool has_unknown_source(const struct check *c, const struct listing_item *item)
{
    for (size_t i = 0; i < item->elf->file.nneeded; i++) {
        const char *name = item->elf->file.needed[i];
        const struct check_found found = check_tree_library(c, item, name);
        if (found.item ? !found.item->elf : found.trust == LIBS_ABSENT || !libs_is_versioned(name))
            return true;
    }
    return false;
}

static bool needs_glibc(const struct listing_item *item)
{
    for (size_t i = 0; i < item->elf->file.nneeded; i++)
        if (libs_is_glibc(item->elf->file.needed[i]))
            return true;
    return false;
}

static bool is_ours(const char *name)
{
    return strncmp(name, "lambda_", 7) == 0;
}

/* Whether nothing that is loaded can have it. What is linked to the C library would name its
 * versions; what is not may mean it all the same, where our bootstrap has loaded it. */
static bool is_sure(struct check *c, const struct listing_item *item, const char *name,
                    bool runtime_known)
{
    if (is_ours(name))
        return true;
    enum host_answer answer =
        runtime_known ? host_exports(&c->brought, name, c->profile->glibc) : HOST_UNKNOWN;
    return answer == HOST_LACKS || (answer == HOST_UNKNOWN && needs_glibc(item));
}

static void add(struct group *g, const char *name)
{
    if (g->count < NAMED_MAX)
        g->named[g->count] = name;
    g->count++;
    g->ours += is_ours(name);
}

/* How the first that a library of this host has is linked. */
static const char *fix_sure(struct check *c, const struct group *g)
{
    const char *soname;
    for (size_t i = 0; i < g->count && i < NAMED_MAX; i++) {
        const char *flag = host_flag(&c->hints, g->named[i], c->profile->glibc, &soname);
        if (flag)
            return check_text(c, "link with %s, which defines %.200s%s", flag, g->named[i],
                              libs_find(c->profile, c->arch, soname) == LIBS_BASE
                                  ? "; the image has it"
                                  : ", and pack it (--file), unless the image has it");
    }
    return "link the library that defines it (-lNAME) and pack it, unless the image has it; or add "
           "the source that is missing";
}

static void note_group(struct check *c, const struct listing_item *item, const struct group *g,
                       bool sure)
{
    if (!g->count)
        return;
    check_note(
        c,
        &(struct check_note){
            .severity = sure && check_role_of(c, item) != ROLE_NONE ? CHECK_ERROR : CHECK_WARNING,
            .item = item,
            .why = check_why(
                c, item,
                check_text(c, "%.200s: undefined symbol: %.200s", item->path, g->named[0])),
            .fix = g->ours == g->count ? "build handler and bootstrap from the same release"
                   : sure              ? fix_sure(c, g)
                          : "link it with all that it uses (-lc, -lNAME), so that it says "
                            "which libraries it needs"},
        "has %zu undefined symbol%s that no file of the package defines: %.200s%s%.200s%s",
        g->count, g->count == 1 ? "" : "s", g->named[0], g->count > 1 ? ", " : "",
        g->count > 1 ? g->named[1] : "",
        g->count > 2 ? check_text(c, ", %.200s%s", g->named[2], g->count > 3 ? ", ..." : "") : "");
}

static void symbols_of(struct check *c, const struct listing_item *item, bool runtime_known)
{
    const struct facts *elf = item->elf;
    struct group sure = {0}, unsure = {0};
    bool unknown = elf->nloose && has_unknown_source(c, item);
    for (size_t i = 0; i < elf->nloose; i++) {
        const char *name = elf->loose[i];
        /* what is the runtime's comes from nowhere else */
        if (facts_has_name(&c->listing.names, name) || (is_ours(name) ? !runtime_known : unknown))
            continue;
        add(is_sure(c, item, name, runtime_known) ? &sure : &unsure, name);
    }
    note_group(c, item, &sure, true);
    note_group(c, item, &unsure, false);
}

/* The libraries that our bootstrap has in the process before a handler is loaded. */
static void find_brought(struct check *c, const struct listing_item *bootstrap)
{
    for (size_t i = 0; i < bootstrap->elf->file.nneeded; i++) {
        const char *name = bootstrap->elf->file.needed[i];
        if (check_tree_library(c, bootstrap, name).item)
            c->brought.full = true;                 /* and what that one needs */
        else if (strncmp(name, "ld-linux", 8) != 0) /* the C library needs this host's */
            host_add(&c->brought, name);
    }
}

void check_symbols(struct check *c)
{
    bool runtime = c->bootstrap && c->bootstrap->elf && c->bootstrap->elf->is_runtime;
    if (runtime)
        find_brought(c, c->bootstrap);
    for (size_t i = 0; i < c->listing.nitems; i++)
        if (check_is_code(c, &c->listing.items[i]))
            symbols_of(c, &c->listing.items[i], runtime);
}

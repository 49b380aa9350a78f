/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about what one file wants of others: libraries, and their versions. */
#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "deploy/check_state.h"

enum { LIST_MAX = 1024 };

/* ---- libraries ----------------------------------------------------------------------------- */

static void note_absent(struct check *c, const struct listing_item *item, const char *name)
{
    const bool musl = strncmp(name, "libc.musl", 9) == 0 || strcmp(name, "libc.so") == 0;
    check_note(
        c,
        &(struct check_note){
            /* packages bring a file for each C library, and load the one that fits */
            .severity = musl && check_role_of(c, item) == ROLE_NONE ? CHECK_WARNING : CHECK_ERROR,
            .item = item,
            .why = check_why(c, item,
                             check_text(c,
                                        "error while loading shared libraries: %.200s: cannot open "
                                        "shared object file: No such file or directory",
                                        name)),
            .fix = musl ? "it was built for musl: link it statically, or build it with glibc"
                        : "put the library into the package as lib/NAME (or into a layer as "
                          "lib/NAME), or link it statically"},
        "needs '%.200s', which is neither in the package nor known to be in the image of %s", name,
        c->profile->name);
}

static void note_unpromised(struct check *c, const struct listing_item *item, const char *name)
{
    check_note(c,
               &(struct check_note){
                   .severity = CHECK_WARNING,
                   .item = item,
                   .why = "it was in the image when somebody looked; AWS does not promise it, and "
                          "updates images on its own",
                   .fix = "put a library of your own into the package and link with -rpath "
                          "'$ORIGIN/lib' -Wl,--disable-new-dtags, or link it statically"},
               "needs '%.200s' of the image of %s", name, c->profile->name);
}

typedef void (*needed_fn)(struct check *c, const struct listing_item *item, const char *name,
                          const struct check_found *found);

static void each_needed(struct check *c, needed_fn fn)
{
    for (size_t i = 0; i < c->listing.nitems; i++) {
        const struct listing_item *item = &c->listing.items[i];
        for (size_t j = 0; check_is_code(c, item) && j < item->elf->file.nneeded; j++) {
            const char *name = item->elf->file.needed[j];
            const struct check_found found = check_tree_library(c, item, name);
            fn(c, item, name, &found);
        }
    }
}

/* ld.so takes what it finds first, and does not look further. */
static void note_no_library(struct check *c, const struct listing_item *item, const char *name,
                            const struct listing_item *found)
{
    const char *problem =
        found->size < sizeof(Elf64_Ehdr) ? "file too short" : "invalid ELF header";
    check_note(
        c,
        &(struct check_note){
            .severity = CHECK_ERROR,
            .item = item,
            .why = check_why(c, item,
                             check_text(c, "error while loading shared libraries: %.200s: %s",
                                        found->path, problem)),
            .fix = "put the library itself there: it may be a pointer of Git LFS, or a "
                   "linker's script"},
        "needs '%.200s', and '%.200s' is no ELF file", name, found->where);
}

static void library_of(struct check *c, const struct listing_item *item, const char *name,
                       const struct check_found *found)
{
    if (found->item && !found->item->is_elf)
        note_no_library(c, item, name, found->item);
    else if (!found->item && found->trust == LIBS_ABSENT)
        note_absent(c, item, name);
    else if (!found->item && found->trust == LIBS_SEEN)
        note_unpromised(c, item, name);
}

void check_libraries(struct check *c)
{
    each_needed(c, library_of);
}

static void shadow_of(struct check *c, const struct listing_item *item, const char *name,
                      const struct check_found *found)
{
    if (found->shadowed)
        check_note(c,
                   &(struct check_note){
                       .severity = CHECK_WARNING,
                       .item = item,
                       .why = "LD_LIBRARY_PATH on Lambda has /lib64 before /var/task/lib and "
                              "/opt/lib, so the one of the package is never loaded",
                       .fix = "leave it out, or link with -Wl,--disable-new-dtags,-rpath,"
                              "'$ORIGIN/lib': a DT_RPATH comes first"},
                   "gets '%.200s' of the image of %s, not '%.200s'", name, c->profile->name,
                   found->shadowed->where);
}

void check_shadowed(struct check *c)
{
    each_needed(c, shadow_of);
}

/* ---- versions ------------------------------------------------------------------------------ */

/* "sym, sym, ..." */
static const char *name_symbols(struct check *c, const struct facts_version *v)
{
    char text[LIST_MAX] = "";
    size_t used = 0;
    for (size_t i = 0; i < v->nsymbols && i < FACTS_SYMBOLS; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%.200s", i ? ", " : "",
                                 v->symbols[i]);
    if (v->nsymbols > FACTS_SYMBOLS)
        snprintf(text + used, sizeof text - used, ", ...");
    return *text ? check_text(c, " (%s)", text) : "";
}

static bool provides(const struct check *c, const struct facts *library, const char *version)
{
    /* without any version the loader takes every symbol, and says so on stderr */
    if (!library->file.nprovides || !check_spend(c, library->file.nprovides))
        return true;
    for (size_t i = 0; i < library->file.nprovides; i++)
        if (strcmp(library->file.provides[i], version) == 0)
            return true;
    return false;
}

static bool is_lacking(const struct check *c, const struct listing_item *item,
                       const struct facts_version *v, const char **out_highest)
{
    const struct check_found found = check_tree_library(c, item, v->library);
    *out_highest = NULL;
    if (v->weak)
        return false;
    if (found.item)
        return found.item->elf && !provides(c, found.item->elf, v->name);
    return found.trust != LIBS_ABSENT &&
           libs_has_version(c->profile, c->arch, v->name, out_highest) == LIBS_LACKS;
}

static const char *not_found(struct check *c, const struct listing_item *item,
                             const struct facts_version *v)
{
    return check_why(c, item,
                     check_text(c, "%.100s: version `%.100s' not found (required by %.200s)",
                                v->library, v->name, item->path));
}

/* What the compilers are told that layers/release leaves. */
static const char *target_of(const struct check *c)
{
    return c->arch == ELF_ARCH_ARM64 ? "aarch64-linux-gnu.2.26" : "x86_64-linux-gnu.2.26";
}

static const char *fix_glibc(struct check *c, const struct listing_item *item)
{
    bool runtime = item == c->bootstrap && item->elf->is_runtime;
    return check_text(
        c,
        "%sbuild it against an older glibc: zig cc -target %s (C++: zig c++; "
        "layers/release leaves both, see layers/README.md), an image of Amazon Linux, "
        "or statically with musl; a host's newer glibc cannot be packed along",
        runtime ? "layers/release makes one that runs on al2 and al2023, which "
                  "clambda package then takes; or "
                : "",
        target_of(c));
}

/* The highest version that is lacking: the others fail for the same reason. */
static void glibc_of(struct check *c, const struct listing_item *item)
{
    const struct facts *elf = item->elf;
    const struct facts_version *worst = NULL;
    const char *highest;
    bool relr = false;
    for (size_t i = 0; i < elf->nversions; i++) {
        const struct facts_version *v = &elf->versions[i];
        const char *number = strncmp(v->name, "GLIBC_", 6) == 0 ? v->name + 6 : NULL;
        if (!number || !libs_is_glibc(v->library) || !is_lacking(c, item, v, &highest))
            continue;
        relr |= *number == 'A'; /* which is less than any number */
        if (!worst || libs_compare(number, worst->name + 6) > 0)
            worst = v;
    }
    if (!worst)
        return;
    bool numbered = worst->name[6] != 'A';
    check_note(c,
               &(struct check_note){.severity = CHECK_ERROR,
                                    .item = item,
                                    .why = not_found(c, item, worst),
                                    .fix = numbered ? fix_glibc(c, item)
                                                    : "link with -Wl,-z,nopack-relative-relocs"},
               "needs %s of %s%s, and %s has glibc %s%s", worst->name, worst->library,
               name_symbols(c, worst), c->profile->name, c->profile->glibc,
               relr && numbered ? "; it also needs GLIBC_ABI_DT_RELR (-z pack-relative-relocs)"
                                : "");
}

void check_glibc(struct check *c)
{
    for (size_t i = 0; i < c->listing.nitems; i++)
        if (check_is_code(c, &c->listing.items[i]))
            glibc_of(c, &c->listing.items[i]);
}

static const char *fix_version(struct check *c, const struct facts_version *v)
{
    bool cxx =
        strncmp(v->library, "libstdc++.", 10) == 0 || strncmp(v->library, "libgcc_s.", 9) == 0;
    if (!cxx)
        return "link the library statically, build against the older one, or put the newer one "
               "into the package with -Wl,--disable-new-dtags,-rpath,'$ORIGIN/lib'";
    /* GCC's own, linked statically, wants the glibc that it was built with */
    return check_text(c,
                      "build it by zig c++ -target %s (layers/release leaves one, see "
                      "layers/README.md), which puts its C++ library into the file; "
                      "-static-libstdc++ -static-libgcc do where the compiler's glibc is no newer "
                      "than %s",
                      target_of(c), c->profile->glibc);
}

static void version_of(struct check *c, const struct listing_item *item,
                       const struct facts_version *v)
{
    const char *highest;
    const struct check_found found = check_tree_library(c, item, v->library);
    if (strcmp(v->name, "GLIBC_PRIVATE") == 0 && !libs_is_glibc(item->elf->file.soname)) {
        check_note(c,
                   &(struct check_note){
                       .severity = CHECK_WARNING,
                       .item = item,
                       .why = "only the glibc that it was built with is sure to have what it wants",
                       .fix = "use public functions of glibc"},
                   "uses symbols%s that glibc keeps for itself", name_symbols(c, v));
        return;
    }
    if ((libs_is_glibc(v->library) && strncmp(v->name, "GLIBC_", 6) == 0 && !found.item) ||
        !is_lacking(c, item, v, &highest))
        return;
    check_note(c,
               &(struct check_note){.severity = CHECK_ERROR,
                                    .item = item,
                                    .why = not_found(c, item, v),
                                    .fix = fix_version(c, v)},
               "needs %s of %s%s, and %s%s%s", v->name, v->library, name_symbols(c, v),
               found.item ? found.item->where : c->profile->name,
               highest ? " has " : " has not got it", highest ? highest : "");
}

void check_versions(struct check *c)
{
    for (size_t i = 0; i < c->listing.nitems; i++) {
        const struct listing_item *item = &c->listing.items[i];
        for (size_t j = 0; check_is_code(c, item) && j < item->elf->nversions; j++)
            version_of(c, item, &item->elf->versions[j]);
    }
}

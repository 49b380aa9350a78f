/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "deploy/oci_base.h"
#include "pack/path.h"

enum { LIST_SHOWN = 300 };

/* What speaks for an entry of an index: the higher, the better; NONE against it. */
enum fit { FIT_NONE, FIT_VARIANT, FIT_PLAIN };

static const char *tag_of(const struct json *entry)
{
    return json_string(json_get(json_get(entry, "annotations"), OCI_TAG_KEY));
}

static const char *platform_of(const struct json *entry, const char *key)
{
    const char *text = json_string(json_get(json_get(entry, "platform"), key));
    return text ? text : "";
}

/* The entry's tag or its platform, for a list of them. */
static void add_name(struct buf *out, const struct json *entry, bool tags)
{
    char shown[100], name[160];
    const char *tag = tag_of(entry);
    if (tags)
        snprintf(name, sizeof name, "%.100s", tag ? tag : "");
    else
        snprintf(name, sizeof name, "%.50s/%.50s%s%.50s", platform_of(entry, "os"),
                 platform_of(entry, "architecture"), *platform_of(entry, "variant") ? "/" : "",
                 platform_of(entry, "variant"));
    if (*name && strcmp(name, "/") != 0 && out->len < LIST_SHOWN)
        buf_addf(out, "%s%s", out->len ? ", " : "",
                 path_show(name, strlen(name), shown, sizeof shown));
}

/* Text of out, valid as long as it. */
static const char *list(struct buf *out, const struct json *entries, bool tags)
{
    buf_init(out, 2 * LIST_SHOWN);
    for (const struct json *e = json_first(entries); e; e = json_next(e))
        add_name(out, e, tags);
    return out->len ? out->ptr : "none";
}

/* An entry without a platform may be anything: its configuration tells. */
static enum fit fit(const struct json *entry, const char *tag, enum elf_arch arch)
{
    const char *own = tag_of(entry), *variant = platform_of(entry, "variant");
    if (tag && (!own || strcmp(own, tag) != 0))
        return FIT_NONE;
    if (json_kind(json_get(entry, "platform")) != JSON_OBJECT)
        return FIT_PLAIN;
    if (strcmp(platform_of(entry, "os"), "linux") != 0 ||
        strcmp(platform_of(entry, "architecture"), oci_arch_name(arch)) != 0)
        return FIT_NONE;
    bool plain = !*variant || (arch == ELF_ARCH_ARM64 && strcmp(variant, "v8") == 0);
    return plain ? FIT_PLAIN : FIT_VARIANT;
}

static size_t count_tagged(const struct json *entries, const char *tag)
{
    size_t count = 0;
    for (const struct json *e = json_first(entries); e; e = json_next(e)) {
        const char *own = tag_of(e);
        count += !tag || (own && strcmp(own, tag) == 0);
    }
    return count;
}

static int refuse(const struct json *entries, const char *tag, enum elf_arch arch, size_t found,
                  struct err *err)
{
    AUTO_BUF struct buf names = {0};
    char shown[100];
    if (json_count(entries) == 0)
        return err_set(err, ERR_INPUT, "has no image");
    if (!count_tagged(entries, tag))
        return err_set(err, ERR_INPUT, "has no tag '%s'; its tags: %s",
                       path_show(tag, strlen(tag), shown, sizeof shown),
                       list(&names, entries, true));
    if (!found)
        return err_set(err, ERR_INPUT, "has no image for linux/%s; it is for: %s",
                       oci_arch_name(arch), list(&names, entries, false));
    return err_set(err, ERR_INPUT, "has %zu images that fit; name one as DIR:TAG; its tags: %s",
                   found, list(&names, entries, true));
}

const struct json *oci_base_pick(const struct json *index, const char *tag, enum elf_arch arch,
                                 struct err *err)
{
    const struct json *entries = json_get(index, "manifests"), *best = NULL;
    enum fit best_fit = FIT_NONE;
    size_t found = 0;
    if (json_count(entries) > OCI_ENTRIES_MAX) {
        err_set(err, ERR_LIMIT, "an index has more than %d entries", OCI_ENTRIES_MAX);
        return NULL;
    }
    for (const struct json *e = json_first(entries); e; e = json_next(e)) {
        enum fit f = fit(e, tag, arch);
        if (f > best_fit) {
            best = e;
            best_fit = f;
            found = 0;
        }
        found += f != FIT_NONE && f == best_fit;
    }
    if (found == 1)
        return best;
    refuse(entries, tag, arch, found, err);
    return NULL;
}

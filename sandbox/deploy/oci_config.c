/* SPDX-License-Identifier: Apache-2.0 */
#include "deploy/oci_config.h"

#include <string.h>

#include "base/json.h"

#define CREATED_BY "clambda package"

/* Members of a base's configuration that are about more than its own making. */
static const char *const kept[] = {"author", "variant", "os.version", "os.features"};

/* Members of "config" that are ours; the others are the base's. */
static const char *const replaced[] = {"Env", "Entrypoint", "Cmd"};

static int print(struct buf *out, const struct json *v, struct err *err)
{
    buf_init(out, OCI_JSON_MAX);
    return json_print(v, out, err);
}

/* v as a member of to; its own key when none is given. A failure sticks to to. */
static int add_copy(struct json *to, const char *key, const struct json *v, struct err *err)
{
    AUTO_BUF struct buf text = {0};
    if (print(&text, v, err))
        return -1;
    if (!json_add_raw(to, key, text.ptr, text.len))
        return err_set(err, ERR_MEMORY, "no memory for an image's documents");
    return 0;
}

static int add_copies(struct json *to, const struct json *list, struct err *err)
{
    for (const struct json *v = json_first(list); v; v = json_next(v))
        if (add_copy(to, NULL, v, err))
            return -1;
    return 0;
}

static void add_texts(struct json *to, const char *key, const char *const *texts)
{
    struct json *list = texts ? json_add_array(to, key) : NULL;
    for (size_t i = 0; texts && texts[i]; i++)
        json_add_string(list, NULL, texts[i]);
}

static bool same_name(const char *a, const char *b)
{
    size_t len = strcspn(a, "=");
    return len == strcspn(b, "=") && strncmp(a, b, len) == 0;
}

static bool has_name(const char *const *list, const char *text)
{
    for (size_t i = 0; list && list[i]; i++)
        if (same_name(list[i], text))
            return true;
    return false;
}

/* The base's variables in their order, then ours that it has not got. */
static void add_env(struct json *to, const struct package_image *image, const struct json *config)
{
    struct json *list = json_add_array(to, "Env");
    const struct json *base = json_get(config, "Env");
    for (const struct json *v = json_first(base); v; v = json_next(v))
        if (json_string(v) && !has_name(image->env, json_string(v)))
            json_add_string(list, NULL, json_string(v));
    for (size_t i = 0; image->env && image->env[i]; i++)
        json_add_string(list, NULL, image->env[i]);
    for (size_t i = 0; image->env_default && image->env_default[i]; i++) {
        const struct json *v = json_first(base);
        while (v && !(json_string(v) && same_name(json_string(v), image->env_default[i])))
            v = json_next(v);
        if (!v && !has_name(image->env, image->env_default[i]))
            json_add_string(list, NULL, image->env_default[i]);
    }
}

static bool is_replaced(const struct package_image *image, const char *key)
{
    for (size_t i = 0; i < ARRAY_LEN(replaced); i++)
        if (strcmp(key, replaced[i]) == 0)
            return true;
    return (image->working_dir && strcmp(key, "WorkingDir") == 0) ||
           (image->user && strcmp(key, "User") == 0);
}

static int add_process(struct json *document, const struct package_image *image,
                       const struct json *base, struct err *err)
{
    struct json *config = json_add_object(document, "config");
    for (const struct json *v = json_first(base); v; v = json_next(v))
        if (!is_replaced(image, json_key(v)) && add_copy(config, json_key(v), v, err))
            return -1;
    if (image->user)
        json_add_string(config, "User", image->user);
    add_env(config, image, base);
    add_texts(config, "Entrypoint", image->entry);
    add_texts(config, "Cmd", image->command);
    if (image->working_dir)
        json_add_string(config, "WorkingDir", image->working_dir);
    return 0;
}

/* Tools that take an image apart want as many steps as layers: without the base's there are none.
 */
static int add_history(struct json *document, const struct json *base, struct err *err)
{
    const struct json *old = json_get(base, "history");
    if (base && json_kind(old) != JSON_ARRAY)
        return 0;
    struct json *history = json_add_array(document, "history");
    if (add_copies(history, old, err))
        return -1;
    struct json *step = json_add_object(history, NULL);
    json_add_string(step, "created", OCI_CREATED);
    json_add_string(step, "created_by", CREATED_BY);
    return 0;
}

static int fill_config(struct json *document, const struct package_image *image,
                       const struct oci_base *base, const struct oci_top *top, struct err *err)
{
    const struct json *old = base ? base->config : NULL;
    json_add_string(document, "created", OCI_CREATED);
    json_add_string(document, "architecture", oci_arch_name(image->arch));
    json_add_string(document, "os", "linux");
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        const struct json *v = json_get(old, kept[i]);
        if (v && add_copy(document, kept[i], v, err))
            return -1;
    }
    if (add_process(document, image, json_get(old, "config"), err))
        return -1;
    struct json *rootfs = json_add_object(document, "rootfs");
    json_add_string(rootfs, "type", "layers");
    struct json *ids = json_add_array(rootfs, "diff_ids");
    if (add_copies(ids, json_get(json_get(old, "rootfs"), "diff_ids"), err))
        return -1;
    json_add_string(ids, NULL, top->diff_id);
    return add_history(document, old, err);
}

static struct json *add_descriptor(struct json *container, const char *key, const char *media_type,
                                   const struct oci_blob *blob)
{
    char digest[OCI_DIGEST_SIZE];
    struct json *d = json_add_object(container, key);
    json_add_string(d, "mediaType", media_type);
    json_add_string(d, "digest", oci_blob_digest(blob, digest));
    json_add_i64(d, "size", (int64_t)blob->size);
    return d;
}

static int put(const struct oci_layout *layout, const struct json *document, struct oci_blob *out,
               struct err *err)
{
    AUTO_BUF struct buf text = {0};
    return print(&text, document, err) || oci_layout_put(layout, text.ptr, text.len, out, err) ? -1
                                                                                               : 0;
}

static int put_config(const struct oci_layout *layout, const struct package_image *image,
                      const struct oci_base *base, const struct oci_top *top, struct oci_blob *out,
                      struct err *err)
{
    struct json *document = json_new_object();
    int done = fill_config(document, image, base, top, err) || put(layout, document, out, err);
    json_free(document);
    return done ? err_wrap(err, "the image's configuration") : 0;
}

int oci_config_write(const struct oci_layout *layout, const struct package_image *image,
                     const struct oci_base *base, const struct oci_top *top,
                     struct oci_blob *out_manifest, uint64_t *out_total, struct err *err)
{
    struct oci_blob config;
    if (put_config(layout, image, base, top, &config, err))
        return -1;
    struct json *manifest = json_new_object();
    json_add_i64(manifest, "schemaVersion", 2);
    json_add_string(manifest, "mediaType", OCI_MANIFEST);
    add_descriptor(manifest, "config", OCI_CONFIG, &config);
    struct json *layers = json_add_array(manifest, "layers");
    uint64_t total = config.size + top->layer.blob.size;
    for (size_t i = 0; base && i < base->nlayers; i++) {
        add_descriptor(layers, NULL, base->layers[i].media_type, &base->layers[i].blob);
        total += base->layers[i].blob.size;
    }
    add_descriptor(layers, NULL, top->layer.media_type, &top->layer.blob);
    int done = put(layout, manifest, out_manifest, err);
    json_free(manifest);
    if (done)
        return err_wrap(err, "the image's manifest");
    *out_total = total + out_manifest->size;
    return 0;
}

static bool has_tag(const struct json *entry, const char *tag)
{
    const char *own = json_string(json_get(json_get(entry, "annotations"), OCI_TAG_KEY));
    return own && strcmp(own, tag) == 0;
}

static int fill_index(struct json *document, const struct json *old, const char *tag,
                      enum elf_arch arch, const struct oci_blob *manifest, struct err *err)
{
    for (const struct json *v = json_first(old); v; v = json_next(v))
        if (strcmp(json_key(v), "manifests") != 0 && add_copy(document, json_key(v), v, err))
            return -1;
    struct json *entries = json_add_array(document, "manifests");
    for (const struct json *e = json_first(json_get(old, "manifests")); e; e = json_next(e))
        if (!has_tag(e, tag) && add_copy(entries, NULL, e, err))
            return -1;
    struct json *entry = add_descriptor(entries, NULL, OCI_MANIFEST, manifest);
    struct json *platform = json_add_object(entry, "platform");
    json_add_string(platform, "architecture", oci_arch_name(arch));
    json_add_string(platform, "os", "linux");
    json_add_string(json_add_object(entry, "annotations"), OCI_TAG_KEY, tag);
    return 0;
}

int oci_config_tag(const struct oci_layout *layout, const char *tag, enum elf_arch arch,
                   const struct oci_blob *manifest, struct err *err)
{
    AUTO_BUF struct buf text = {0};
    struct json *old = oci_layout_index(layout, err), *document = json_new_object();
    int done = !old || fill_index(document, old, tag, arch, manifest, err) ||
                       print(&text, document, err) ||
                       oci_layout_replace_index(layout, text.ptr, text.len, err)
                   ? -1
                   : 0;
    json_free(old);
    json_free(document);
    return done;
}

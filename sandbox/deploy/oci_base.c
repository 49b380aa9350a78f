/* SPDX-License-Identifier: Apache-2.0 */
#include "deploy/oci_base.h"

#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "pack/path.h"

#define DOCKER_LAYER "application/vnd.docker.image.rootfs.diff.tar"

/* What a layer may be, and what it is called in the image made of it: registries and tools refuse
 * an OCI manifest with Docker's names. */
static const char *const layer_types[][2] = {
    {OCI_LAYER, OCI_LAYER},
    {OCI_LAYER_GZIP, OCI_LAYER_GZIP},
    {OCI_LAYER_ZSTD, OCI_LAYER_ZSTD},
    {DOCKER_LAYER, OCI_LAYER},
    {DOCKER_LAYER ".gzip", OCI_LAYER_GZIP},
    {DOCKER_LAYER ".zstd", OCI_LAYER_ZSTD},
};

static int read_layer(struct oci_layer *out, const struct json *descriptor, struct err *err)
{
    char shown[100];
    const char *type = json_string(json_get(descriptor, "mediaType"));
    if (oci_blob_parse(&out->blob, descriptor, OCI_BLOB_MAX, err))
        return -1;
    if (json_get(descriptor, "urls") || json_get(descriptor, "data"))
        return err_set(err, ERR_INPUT, "layer sha256:%.12s... lies elsewhere", out->blob.hex);
    for (size_t i = 0; type && i < ARRAY_LEN(layer_types); i++)
        if (strcmp(type, layer_types[i][0]) == 0) {
            out->media_type = layer_types[i][1];
            return 0;
        }
    type = type ? type : "";
    return err_set(err, ERR_INPUT, "layer sha256:%.12s... is of the unknown type '%s'",
                   out->blob.hex, path_show(type, strlen(type), shown, sizeof shown));
}

static int read_layers(struct oci_base *base, const struct json *manifest, struct err *err)
{
    const struct json *layers = json_get(manifest, "layers");
    uint64_t total = 0;
    if (json_kind(layers) != JSON_ARRAY)
        return err_set(err, ERR_INPUT, "the manifest has no list of layers");
    if (json_count(layers) > OCI_LAYERS_MAX)
        return err_set(err, ERR_LIMIT, "the image has %zu layers, the most is %d",
                       json_count(layers), OCI_LAYERS_MAX);
    for (const struct json *l = json_first(layers); l; l = json_next(l)) {
        if (read_layer(&base->layers[base->nlayers], l, err))
            return -1;
        total += base->layers[base->nlayers++].blob.size;
    }
    if (total > OCI_BLOB_MAX)
        return err_set(err, ERR_LIMIT, "the image has %llu bytes of layers, the most is %llu",
                       (unsigned long long)total, (unsigned long long)OCI_BLOB_MAX);
    return 0;
}

static bool is_text(const struct json *object, const char *key, const char *want)
{
    const char *text = json_string(json_get(object, key));
    return text && strcmp(text, want) == 0;
}

/* The sums of unpacked layers are taken over as they are: who unpacks the image compares them. */
static int check_diff_ids(const struct oci_base *base, struct err *err)
{
    const struct json *ids = json_get(json_get(base->config, "rootfs"), "diff_ids");
    if (json_kind(ids) != JSON_ARRAY || json_count(ids) != base->nlayers)
        return err_set(err, ERR_INPUT, "the configuration has %zu diff_ids for %zu layers",
                       json_count(ids), base->nlayers);
    for (const struct json *id = json_first(ids); id; id = json_next(id))
        if (!json_string(id) || strncmp(json_string(id), "sha256:", 7) != 0 ||
            strlen(json_string(id)) != 7 + SHA256_HEX_SIZE - 1)
            return err_set(err, ERR_INPUT, "the configuration has a diff_id that is no sha256");
    return 0;
}

/* Members that are taken over. What reads images fails for one of another kind. */
static const struct {
    const char *key;
    enum json_kind kind;
    const char *wanted;
} taken[] = {
    {"User", JSON_STRING, "a text"},
    {"WorkingDir", JSON_STRING, "a text"},
    {"StopSignal", JSON_STRING, "a text"},
    {"Env", JSON_ARRAY, "a list of texts"},
    {"Labels", JSON_OBJECT, "an object"},
    {"Volumes", JSON_OBJECT, "an object"},
    {"ExposedPorts", JSON_OBJECT, "an object"},
};

static bool is_fit(const struct json *v, enum json_kind kind)
{
    if (json_kind(v) != kind)
        return json_kind(v) == JSON_NULL;
    for (const struct json *e = json_first(v); kind == JSON_ARRAY && e; e = json_next(e))
        if (!json_string(e))
            return false;
    return true;
}

static int check_process(const struct json *document, struct err *err)
{
    const struct json *process = json_get(document, "config");
    if (!is_fit(process, JSON_OBJECT))
        return err_set(err, ERR_INPUT, "the configuration's 'config' is not an object");
    for (size_t i = 0; i < ARRAY_LEN(taken); i++)
        if (!is_fit(json_get(process, taken[i].key), taken[i].kind))
            return err_set(err, ERR_INPUT, "the configuration's '%s' is not %s", taken[i].key,
                           taken[i].wanted);
    return 0;
}

static int read_config(struct oci_base *base, const struct json *manifest, enum elf_arch arch,
                       struct err *err)
{
    struct oci_blob blob;
    char shown[50];
    if (oci_blob_parse(&blob, json_get(manifest, "config"), OCI_JSON_MAX, err))
        return err_wrap(err, "the manifest's configuration");
    base->config = oci_layout_read(&base->layout, &blob, err);
    if (!base->config)
        return -1;
    const char *is = json_string(json_get(base->config, "architecture"));
    if (!is_text(base->config, "os", "linux"))
        return err_set(err, ERR_INPUT, "the image is not for linux");
    if (!is || strcmp(is, oci_arch_name(arch)) != 0)
        return err_set(err, ERR_INPUT, "the image is for %s, and the package for %s",
                       is ? path_show(is, strlen(is), shown, sizeof shown) : "nothing",
                       oci_arch_name(arch));
    return check_process(base->config, err) || check_diff_ids(base, err) ? -1 : 0;
}

static int read_manifest(struct oci_base *base, const struct json *manifest, enum elf_arch arch,
                         struct err *err)
{
    return read_layers(base, manifest, err) || read_config(base, manifest, arch, err) ? -1 : 0;
}

/* From the index down to a manifest. The tag counts on top only. */
static int descend(struct oci_base *base, const struct json *at, const char *tag,
                   enum elf_arch arch, int depth, struct err *err)
{
    struct oci_blob blob;
    if (json_kind(json_get(at, "manifests")) != JSON_ARRAY)
        return read_manifest(base, at, arch, err);
    if (depth > OCI_DEPTH_MAX)
        return err_set(err, ERR_LIMIT, "its indexes lie more than %d deep", OCI_DEPTH_MAX);
    const struct json *entry = oci_base_pick(at, tag, arch, err);
    if (!entry || oci_blob_parse(&blob, entry, OCI_JSON_MAX, err))
        return -1;
    struct json *below = oci_layout_read(&base->layout, &blob, err);
    int done = below ? descend(base, below, NULL, arch, depth + 1, err) : -1;
    json_free(below);
    return done;
}

/* A folder may have a ':' in its name. */
static const char *split(char *where)
{
    struct stat st;
    char *colon = strrchr(where, ':');
    if (!colon || (stat(where, &st) == 0 && S_ISDIR(st.st_mode)))
        return NULL;
    *colon = '\0';
    return colon + 1;
}

int oci_base_open(struct oci_base *out, const char *where, enum elf_arch arch, struct err *err)
{
    memset(out, 0, sizeof *out);
    out->layout = (struct oci_layout)OCI_LAYOUT_NONE;
    AUTO_FREE char *path = strdup(where);
    if (!path)
        return err_set(err, ERR_MEMORY, "no memory to read '%.200s'", where);
    const char *tag = split(path);
    if (oci_layout_open(&out->layout, path, err))
        return -1;
    out->layout.path = where;
    struct json *index = oci_layout_index(&out->layout, err);
    int done = index ? descend(out, index, tag, arch, 0, err) : -1;
    json_free(index);
    if (done) {
        oci_base_close(out);
        return err_wrap(err, "'%.200s'", where);
    }
    return 0;
}

void oci_base_close(struct oci_base *base)
{
    json_free(base->config);
    base->config = NULL;
    oci_layout_close(&base->layout);
}

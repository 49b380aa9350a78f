/* SPDX-License-Identifier: Apache-2.0 */
#include "deploy/oci.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "pack/path.h"

#define ALGORITHM  "sha256:"
#define HEX_DIGITS "0123456789abcdef"
#define TAG_FIRST  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

static int parse_digest(struct oci_blob *out, const char *digest, struct err *err)
{
    char shown[100];
    size_t prefix = strlen(ALGORITHM), len = digest ? strlen(digest) : 0;
    if (!digest)
        return err_set(err, ERR_INPUT, "a descriptor has no digest");
    if (strncmp(digest, ALGORITHM, prefix) != 0 || len != prefix + SHA256_HEX_SIZE - 1 ||
        strspn(digest + prefix, HEX_DIGITS) != SHA256_HEX_SIZE - 1)
        return err_set(err, ERR_INPUT, "'%s' is no digest of the form sha256:64-hex-digits",
                       path_show(digest, len, shown, sizeof shown));
    memcpy(out->hex, digest + prefix, SHA256_HEX_SIZE);
    return 0;
}

int oci_blob_parse(struct oci_blob *out, const struct json *descriptor, uint64_t max,
                   struct err *err)
{
    int64_t size;
    struct oci_blob blob;
    if (parse_digest(&blob, json_string(json_get(descriptor, "digest")), err))
        return -1;
    if (!json_i64(json_get(descriptor, "size"), &size) || size < 0)
        return err_set(err, ERR_INPUT, "descriptor sha256:%.12s... has no size", blob.hex);
    blob.size = (uint64_t)size;
    if (blob.size > max)
        return err_set(err, ERR_LIMIT, "blob sha256:%.12s... has %llu bytes, the most is %llu",
                       blob.hex, (unsigned long long)blob.size, (unsigned long long)max);
    *out = blob;
    return 0;
}

const char *oci_blob_digest(const struct oci_blob *blob, char out[static OCI_DIGEST_SIZE])
{
    snprintf(out, OCI_DIGEST_SIZE, ALGORITHM "%s", blob->hex);
    return out;
}

int oci_tag_check(const char *tag, struct err *err)
{
    char shown[OCI_TAG_MAX + 4];
    size_t len = strlen(tag);
    if (len && len <= OCI_TAG_MAX && strspn(tag, TAG_FIRST) && strspn(tag, TAG_FIRST ".-") == len)
        return 0;
    return err_set(err, ERR_INPUT,
                   "'%s' is no tag: up to %d letters, digits, '_', '.' and '-', the first of them "
                   "neither '.' nor '-'",
                   path_show(tag, len, shown, sizeof shown), OCI_TAG_MAX);
}

const char *oci_arch_name(enum elf_arch arch)
{
    static const char *const names[ELF_ARCH_COUNT] = {
        [ELF_ARCH_OTHER] = "unknown", [ELF_ARCH_X86_64] = "amd64", [ELF_ARCH_ARM64] = "arm64"};
    return names[arch];
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Names and limits of OCI image layouts: what is read of somebody else's is held to them. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/sha256.h"
#include "deploy/elf.h"

struct json;

#define OCI_JSON_MAX    (8 << 20)     /* bytes of an index, manifest or configuration */
#define OCI_BLOB_MAX    (10ull << 30) /* AWS: 10 GB for a whole image, unpacked */
#define OCI_LAYERS_MAX  126           /* one more is ours: file systems stack 127 */
#define OCI_ENTRIES_MAX 4096          /* of one index */
#define OCI_DEPTH_MAX   4             /* indexes within indexes */
#define OCI_TAG_MAX     128           /* as registries have it */
#define OCI_TAG_KEY     "org.opencontainers.image.ref.name"
#define OCI_CREATED     "1970-01-01T00:00:00Z"
#define OCI_INDEX       "application/vnd.oci.image.index.v1+json"
#define OCI_MANIFEST    "application/vnd.oci.image.manifest.v1+json"
#define OCI_CONFIG      "application/vnd.oci.image.config.v1+json"
#define OCI_LAYER       "application/vnd.oci.image.layer.v1.tar"
#define OCI_LAYER_GZIP  OCI_LAYER "+gzip"
#define OCI_LAYER_ZSTD  OCI_LAYER "+zstd"
#define OCI_DIGEST_SIZE (SHA256_HEX_SIZE + 7) /* "sha256:..." */

/* Content with its name. */
struct oci_blob {
    char hex[SHA256_HEX_SIZE]; /* of its SHA-256: 64 lower-case digits, never anything else */
    uint64_t size;
};

/* Of a descriptor's digest and size. -1 with ERR_INPUT or ERR_LIMIT. */
int oci_blob_parse(struct oci_blob *out, const struct json *descriptor, uint64_t max,
                   struct err *err) ATTR_CHECK;

/* "sha256:..." */
const char *oci_blob_digest(const struct oci_blob *blob, char out[static OCI_DIGEST_SIZE]);

/* Whether a registry takes the tag: ERR_INPUT. */
int oci_tag_check(const char *tag, struct err *err) ATTR_CHECK;

/* "amd64", "arm64". */
const char *oci_arch_name(enum elf_arch arch);

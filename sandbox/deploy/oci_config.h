/* SPDX-License-Identifier: Apache-2.0 */
/* The documents of an image of ours: configuration, manifest, and its entry in the index. */
#pragma once

#include "deploy/oci_base.h"
#include "deploy/package.h"

/* What stands above the base, or alone. */
struct oci_top {
    struct oci_layer layer;
    char diff_id[OCI_DIGEST_SIZE]; /* the layer's sum before it was compressed */
};

/* Writes configuration and manifest as blobs. base may be NULL. *out_total: bytes of all blobs of
 * the image. */
int oci_config_write(const struct oci_layout *layout, const struct package_image *image,
                     const struct oci_base *base, const struct oci_top *top,
                     struct oci_blob *out_manifest, uint64_t *out_total,
                     struct err *err) ATTR_CHECK;

/* Makes the tag mean the manifest; other tags stay. */
int oci_config_tag(const struct oci_layout *layout, const char *tag, enum elf_arch arch,
                   const struct oci_blob *manifest, struct err *err) ATTR_CHECK;

/* SPDX-License-Identifier: Apache-2.0 */
/* The image that another is built on, read from somebody's layout: which of its images it is, its
 * layers and its configuration. Nothing is unpacked; oci_layout_copy checks each layer's sum. */
#pragma once

#include <stddef.h>

#include "deploy/oci_layout.h"

struct oci_layer {
    struct oci_blob blob;
    const char *media_type; /* OCI's, also for a layer of Docker's type */
};

struct oci_base {
    struct oci_layout layout;
    struct oci_layer layers[OCI_LAYERS_MAX];
    size_t nlayers;
    struct json *config; /* its document: has "config", "rootfs", maybe "history" */
};

/* where is "DIR" or "DIR:TAG". -1 with ERR_INPUT: no layout, no such tag (the message lists those
 * that are there), several images without saying which, none for the architecture, damaged;
 * ERR_LIMIT, ERR_SYSTEM, ERR_MEMORY. oci_base_close it. */
int oci_base_open(struct oci_base *out, const char *where, enum elf_arch arch,
                  struct err *err) ATTR_CHECK;

/* Accepts one that was not opened. */
void oci_base_close(struct oci_base *base);

/* Of index, the entry with the tag (NULL: any) that is for arch. NULL with ERR_INPUT. Lives as long
 * as index. */
const struct json *oci_base_pick(const struct json *index, const char *tag, enum elf_arch arch,
                                 struct err *err) ATTR_CHECK;

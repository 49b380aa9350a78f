/* SPDX-License-Identifier: Apache-2.0 */
/* A layer's blob: the tree as a tar, compressed. The bytes depend on names, modes and content only:
 * the owner is root, the time is the epoch. */
#pragma once

#include <stdint.h>

#include "deploy/image_tree.h"
#include "deploy/oci_config.h"

/* *out_bytes: of the files. -1 with ERR_INPUT (a source cannot be read, is no regular file, grew
 * or shrank meanwhile), ERR_LIMIT (AWS's 10 GB), ERR_SYSTEM, ERR_MEMORY. */
int image_layer_write(const struct oci_layout *layout, const struct image_tree *tree,
                      struct oci_top *out, uint64_t *out_bytes, struct err *err) ATTR_CHECK;

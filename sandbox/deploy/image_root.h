/* SPDX-License-Identifier: Apache-2.0 */
/* What an image that is built on nothing needs besides its program: libraries and loader from this
 * host, users, certificates, names of ports, folders. */
#pragma once

#include "deploy/image_tree.h"
#include "deploy/package.h"

int image_root_add(struct image_tree *tree, const struct package_image *image,
                   struct err *err) ATTR_CHECK;

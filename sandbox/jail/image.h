/* SPDX-License-Identifier: Apache-2.0 */
/* The jail's /tmp: an ext4 file system in a sparse file without a name. Its pages are cache that
 * the kernel can reclaim, so that they do not count against the jail's memory as those of a tmpfs
 * do.
 *
 *   image_open    copies the template of the size (made once), binds a loop device, mounts
 *   image_mount   the mount for one spawn
 *   image_close   throws the content away */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "jail/loop.h"

#define IMAGE_EXTRA_KIB 1434 /* folders and extents; Lambda shows 513.4 MiB free of 512 */

struct image {
    int loop_fd;  /* holds the device between spawns */
    int mount_fd; /* holds the file system between spawns: nothing is written back when one ends */
    char device[LOOP_NAME_MAX];
};

/* Whether this host can probably make images: loop devices, mkfs.ext4 or a template. Else says what
 * is missing. */
bool image_is_possible(int cache_fd, uint64_t tmp_bytes, struct err *err) ATTR_CHECK;

/* tmp_bytes is what it accepts at least, rounded up to MiB, and not much more. cache_fd is the
 * folder of the templates, see cache.h. The root folder belongs to owner, mode 1777. */
int image_open(struct image *image, int cache_fd, uint64_t tmp_bytes, uid_t owner,
               struct err *err) ATTR_CHECK;

/* A new detached mount of it, nosuid and nodev; the caller closes the descriptor. */
int image_mount(const struct image *image, struct err *err) ATTR_CHECK;

void image_close(struct image *image);

/* SPDX-License-Identifier: Apache-2.0 */
/* Mount trees that belong to no namespace yet: taken from a path, changed, then attached. Needs
 * Linux 5.12 (mount_setattr). Allocates nothing: the child side uses it too. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* Attributes of everything that comes from the host. MOUNT_ATTR_* of <sys/mount.h>. */
#define TREE_FROZEN (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

/* A private copy of the tree at path (final links are followed), with its submounts when recursive,
 * and attributes added. The caller closes the descriptor. -1 on failure. */
int tree_take(const char *path, bool recursive, uint64_t attributes, struct err *err) ATTR_CHECK;

/* The same of an open path. */
int tree_take_fd(int source, bool recursive, uint64_t attributes, struct err *err) ATTR_CHECK;

/* Shows the tree's owner through a user namespace (idmap.h). False where a file system cannot. */
bool tree_show_owner(int tree_fd, bool recursive, int userns_fd);

/* An empty tmpfs of at most bytes and inodes. */
int tree_new_tmpfs(const char *bytes, const char *inodes, struct err *err) ATTR_CHECK;

/* Adds attributes to what is mounted at path, submounts excluded. */
int tree_set(const char *path, uint64_t attributes, struct err *err) ATTR_CHECK;

/* Mounts the tree on a path that exists. */
int tree_attach(int tree_fd, const char *path, struct err *err) ATTR_CHECK;

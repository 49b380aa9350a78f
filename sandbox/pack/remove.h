/* SPDX-License-Identifier: Apache-2.0 */
/* Removes a folder of the cache with all that is in it. */
#pragma once

#include "base/err.h"

/* name below parent_fd, and what is below it; links are removed, never followed. A name that is not
 * there is no error. */
int remove_tree(int parent_fd, const char *name, struct err *err) ATTR_CHECK;

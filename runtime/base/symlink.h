/* SPDX-License-Identifier: Apache-2.0 */
/* Where a name leads that is a symbolic link, also to a file that is not there yet. */
#pragma once

#include <limits.h>

#include "base/err.h"

/* path itself when it is no link. What stands before its last part is taken as it is. -1 with
 * ERR_INPUT: the name is too long, or the links go in circles. */
int symlink_follow(const char *path, char out[static PATH_MAX], struct err *err) ATTR_CHECK;

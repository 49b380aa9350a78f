/* SPDX-License-Identifier: Apache-2.0 */
/* Whether two names are of one file, however they are spelled and linked: what is written must not
 * be what is read. Names that are not there yet are told apart by their folder. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

bool place_is_same(const char *a, const char *b);

/* Whether path is, or would be, one of the files right in folder; false when that is no folder. */
bool place_is_in(const char *folder, const char *path);

/* Whether path is folder itself or anywhere below it. */
bool place_is_below(const char *folder, const char *path);

/* For this process alone, until *out_fd is closed; nothing is written. *out_fd -1: its folder is
 * not there. Other network namespaces of this machine have claims of their own. -1 with ERR_USAGE:
 * another run has it. */
int place_claim(const char *path, int *out_fd, struct err *err) ATTR_CHECK;

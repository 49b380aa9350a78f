/* SPDX-License-Identifier: Apache-2.0 */
/* Text from outside as a terminal may show it. Pure. */
#pragma once

#include "base/buf.h"

#define VISIBLE_GROWTH 4 /* one byte becomes four at most: \x1b */

/* Appends text; control characters other than those in kept, bytes that are not UTF-8 and
 * characters that turn the direction of writing become \x1b or \u202e. */
void visible_add(const char *text, size_t len, const char *kept, struct buf *out);

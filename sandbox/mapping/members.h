/* SPDX-License-Identifier: Apache-2.0 */
/* Members of JSON objects that stand in a text, without a tree. Pure. */
#pragma once

#include <stdbool.h>

#include "base/scan.h"

/* The values of the members names[0..n), found in one pass; absent where there is none. Of
 * duplicate keys the first counts. A value that is no object has no members. */
void members_find(struct scan_value object, const char *const *names, size_t n,
                  struct scan_value *out);

/* What stands between the quotes of a string, escapes as they are; absent when v is none. */
struct scan_value members_text(struct scan_value v);

bool members_equal(struct scan_value v, const char *text);
bool members_same(struct scan_value a, struct scan_value b);

/* Of what members_text gives: bytes of UTF-8 without the escapes. */
size_t members_bytes(struct scan_value text);

/* Whether that is base64 with its padding; it may have escapes. */
bool members_is_base64(struct scan_value text);

/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 as Unicode defines it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the character that starts at text (len >= 1 bytes may be read), 0 when it is not one. */
size_t utf8_step(const char *text, size_t len);

/* Offset of the first byte that is not UTF-8; len when all of it is. */
size_t utf8_valid_prefix(const char *text, size_t len);

/* Writes the character in 1 to 4 bytes and returns how many. A surrogate or a value above U+10FFFF
 * is written as U+FFFD. */
size_t utf8_encode(uint32_t code_point, char out[4]);

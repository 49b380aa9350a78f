/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON number for comparisons: exact, and no float.
 *
 * AWS's Event Ruler 2.1.0, which tests/rules compares with, has no range: it compares numbers that
 * a double holds as they are written, which have at most 17 digits, and refuses others. It refuses
 * some of 16 and 17 digits, too, that are compared here (9007199254740993). Pages of AWS that are
 * older know -5.0e9 to 5.0e9 with 15 digits, six of them behind the point; which version Lambda's
 * filters have is not known. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PATTERN_DIGITS_MAX 17 /* significant ones, at most */

struct pattern_number {
    bool negative;
    int64_t point;   /* places before the decimal point of 0.digits: 5 is 0.5 and 1 */
    uint64_t digits; /* PATTERN_DIGITS_MAX of them, from the left; 0: zero */
};

/* text is a JSON number. false: too many digits. */
bool pattern_number_parse(const char *text, size_t len, struct pattern_number *out);

/* <0, 0, >0 */
int pattern_number_compare(const struct pattern_number *a, const struct pattern_number *b);

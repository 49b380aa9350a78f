/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON number for comparisons: exact, and no float. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PATTERN_DIGITS_MAX 17 /* more significant ones the rule engine of AWS does not compare */

struct pattern_number {
    bool negative;
    int64_t point;   /* places before the decimal point of 0.digits: 5 is 0.5 and 1 */
    uint64_t digits; /* PATTERN_DIGITS_MAX of them, from the left; 0: zero */
};

/* text is a JSON number. false: too many digits. */
bool pattern_number_parse(const char *text, size_t len, struct pattern_number *out);

/* <0, 0, >0 */
int pattern_number_compare(const struct pattern_number *a, const struct pattern_number *b);

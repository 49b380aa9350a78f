/* SPDX-License-Identifier: Apache-2.0 */
/* One test of a leaf: "x", 300, null, {"prefix": "x"}, {"anything-but": [...]}. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pattern/pattern_number.h"

enum pattern_kind {
    PATTERN_TEXT,    /* a string */
    PATTERN_LITERAL, /* a number by its digits, true, false, null */
    PATTERN_PREFIX,
    PATTERN_SUFFIX,
    PATTERN_IGNORE_CASE,
    PATTERN_PREFIX_IGNORE_CASE,
    PATTERN_SUFFIX_IGNORE_CASE,
    PATTERN_WILDCARD,
    PATTERN_NUMERIC,
    PATTERN_CIDR,
    PATTERN_PRESENT,
    PATTERN_ABSENT,
    PATTERN_ANYTHING_BUT,
    PATTERN_KIND_COUNT
};

struct pattern_range {
    struct pattern_number low, high;
    bool has_low, has_high, low_open, high_open;
};

struct pattern_cidr {
    uint8_t address[16];
    uint8_t bytes; /* of an address: 4 or 16 */
    uint8_t bits;
};

struct pattern_test {
    enum pattern_kind kind;
    const char *text; /* of the kinds about text */
    size_t len;
    struct pattern_range range;
    struct pattern_cidr cidr;
    const struct pattern_test *inner; /* of PATTERN_ANYTHING_BUT */
    size_t ninner;
};

/* A scalar of an event. */
struct pattern_value {
    bool string;
    const char *ptr; /* of a string: unescaped, without quotes */
    size_t len;
};

bool pattern_test_passes(const struct pattern_test *t, const struct pattern_value *v);

/* "10.0.0.0/24": false with why. */
bool pattern_cidr_parse(const char *text, size_t len, struct pattern_cidr *out, const char **why);

/* Why text is no wildcard; NULL: it is one. */
const char *pattern_wildcard_fault(const char *text, size_t len);

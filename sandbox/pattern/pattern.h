/* SPDX-License-Identifier: Apache-2.0 */
/* A filter pattern: {"body": {"price": [{"numeric": [">", 100]}]}}. Compiled once, matched against
 * JSON texts. The language is EventBridge's, as event source mappings take it. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define PATTERN_LENGTH_MAX       4096 /* characters */
#define PATTERN_COMBINATIONS_MAX 1000 /* of $or */
#define PATTERN_DEPTH_MAX        32

struct pattern;

/* NULL with ERR_INPUT: "Invalid filter pattern definition. ...": what and where. */
struct pattern *pattern_compile(const char *text, size_t len, struct err *err) ATTR_CHECK;
void pattern_free(struct pattern *p); /* accepts NULL */

/* 1: the text matches; 0: not; -1 with ERR_MEMORY, which only long strings with escapes take. text
 * is valid JSON (scan_valid). */
int pattern_matches(const struct pattern *p, const char *text, size_t len,
                    struct err *err) ATTR_CHECK;

/* The n-th name at its top, those in $or included, each once; NULL: there are no more. */
const char *pattern_top(const struct pattern *p, size_t n, size_t *out_len);

/* What it uses of EventBridge's language that Lambda's own page does not list ("Filter rule
 * syntax"), a bit each. */
enum pattern_extra {
    PATTERN_EXTRA_WILDCARD,
    PATTERN_EXTRA_CIDR,
    PATTERN_EXTRA_AFFIX,    /* prefix or suffix with equals-ignore-case */
    PATTERN_EXTRA_EXCLUDED, /* anything-but with an operator in it */
    PATTERN_EXTRA_COUNT
};
extern const char *const pattern_extra_names[PATTERN_EXTRA_COUNT];
unsigned pattern_extras(const struct pattern *p);

/* What the pattern says of one member at its top ("body", "data"), outside of $or: whether it says
 * anything, and whether that is about members of JSON in it (an object) or about its text (a list).
 */
enum pattern_member { PATTERN_SILENT, PATTERN_ABOUT_TEXT, PATTERN_ABOUT_JSON };
enum pattern_member pattern_member(const struct pattern *p, const char *name);

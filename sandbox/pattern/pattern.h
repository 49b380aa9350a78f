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

/* What the pattern says of one member at its top ("body", "data"), outside of $or: whether it says
 * anything, and whether that is about members of JSON in it (an object) or about its text (a list).
 */
enum pattern_member { PATTERN_SILENT, PATTERN_ABOUT_TEXT, PATTERN_ABOUT_JSON };
enum pattern_member pattern_member(const struct pattern *p, const char *name);

/* SPDX-License-Identifier: Apache-2.0 */
/* What a check has found, for people and as JSON for programs. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "deploy/check.h"

#define CHECK_WIDTH     100 /* of lines, where the terminal does not say */
#define CHECK_WIDTH_MIN 40

/* The report, and findings of the command's own. */
struct check_sight {
    const char *path; /* as given */
    const struct check_report *report;
    const struct check_finding *more;
    size_t nmore;
};

size_t check_print_count(const struct check_sight *s, enum check_severity severity);

/* Lines of at most width columns, as far as words allow. What would drive a terminal is made
 * visible, but for the colours. */
void check_print_text(const struct check_sight *s, size_t width, bool colour, struct buf *out);

/* One object on one line. */
int check_print_json(const struct check_sight *s, struct buf *out, struct err *err) ATTR_CHECK;

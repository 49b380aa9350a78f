/* SPDX-License-Identifier: Apache-2.0 */
/* What the doctor has found, as a table for people and as JSON for programs. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "jail/examine.h"

struct doctor_row {
    const char *name;  /* of --relax, where it can be relaxed */
    const char *limit; /* in Lambda's words */
    bool required;     /* an invoke without options fails, or is less than it says, without it */
    struct examine_finding found;
};

struct doctor_report {
    const char *user;   /* name, or number */
    const char *kernel; /* "Linux 6.12.3" */
    const struct doctor_row *rows;
    size_t count;
};

/* Whether all that is required holds. */
bool doctor_holds(const struct doctor_report *r);

/* At most 100 columns wide. What would drive a terminal is made visible, but for the colours. */
void doctor_print_table(const struct doctor_report *r, bool colour, struct buf *out);

/* One object on one line. */
int doctor_print_json(const struct doctor_report *r, struct buf *out, struct err *err) ATTR_CHECK;

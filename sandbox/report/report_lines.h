/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a given width for a terminal. Text from outside is made visible first, colour is put
 * around it: ESC [ ... m takes no room. Pure. */
#pragma once

#include "base/buf.h"

struct report_lines {
    unsigned width; /* columns */
    bool colour;
};

#define REPORT_RED    "31"
#define REPORT_GREEN  "32"
#define REPORT_YELLOW "33"
#define REPORT_BOLD   "1"
#define REPORT_DIM    "2"

/* Columns that len bytes of UTF-8 take. */
size_t report_columns(const char *text, size_t len);

/* Each line of text, cut with "…" where it is too long. */
void report_lines_cut(const struct report_lines *l, const char *text, size_t len, struct buf *out);

struct report_label {
    const char *text;
    const char *sgr; /* its colour; or NULL */
    bool command;    /* broken so that a shell takes the lines as one */
};

/* "label     text": text broken at blanks, its further lines below the first one's beginning. */
void report_lines_wrap(const struct report_lines *l, const struct report_label *label,
                       const char *text, struct buf *out);

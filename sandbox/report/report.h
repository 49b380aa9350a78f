/* SPDX-License-Identifier: Apache-2.0 */
/* The reports of a replay, each from the same tally. Pure: text is appended. */
#pragma once

#include "base/buf.h"
#include "report/tally.h"

#define REPORT_MAX (96u << 20)

/* For the terminal: totals, the first differences, findings, verdict. */
void report_text(const struct tally *t, bool colour, unsigned width, struct buf *out);

/* One self-contained page: works without network, by keyboard, in light and dark. */
void report_html(const struct tally *t, struct buf *out);

/* JUnit: one case for each kept difference and each finding, one for the rest. */
void report_xml(const struct tally *t, struct buf *out);

void report_json(const struct tally *t, struct buf *out);

typedef void (*report_fn)(const struct tally *t, struct buf *out);

/* By the name's end: ".html", ".xml", ".json"; NULL: none of these. */
report_fn report_find(const char *path);

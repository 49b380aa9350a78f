/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of a replay through event source rules, inside of each report. Pure. */
#pragma once

#include "report/report.h"
#include "report/report_lines.h"

/* The members 'source', 'chaos' and 'histories'. */
void report_messages_json(const struct tally *t, struct buf *out);

/* Lines of all histories, and what chaos found. */
void report_messages_text(const struct tally *t, const struct report_lines *lines, struct buf *out);

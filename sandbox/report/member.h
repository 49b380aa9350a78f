/* SPDX-License-Identifier: Apache-2.0 */
/* Members of JSON objects and, with a key that is NULL, elements of arrays: commas come by
 * themselves. Pure. */
#pragma once

#include "base/buf.h"
#include "report/tally.h"

void member_open(struct buf *out, const char *key, char bracket);
void member_close(struct buf *out, char bracket);
void member_size(struct buf *out, const char *key, size_t value);
/* A negative time is one that nobody knows: null. */
void member_time(struct buf *out, const char *key, int64_t value);
/* What is not finite: null. */
void member_number(struct buf *out, const char *key, double value);
void member_bool(struct buf *out, const char *key, bool value);
void member_string(struct buf *out, const char *key, const char *text); /* NULL: null */
void member_view(struct buf *out, const char *key, struct trace_text text);
/* An object with the text, how long it was, and whether it is UTF-8. */
void member_text(struct buf *out, const char *key, const struct tally_text *text);

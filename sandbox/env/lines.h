/* SPDX-License-Identifier: Apache-2.0 */
/* Turns what a function writes to a pipe into whole log lines: cuts what is longer than Lambda
 * keeps, completes a last line without a newline. Pure. */
#pragma once

#include <stddef.h>

#include "base/buf.h"

#define LINES_MAX 262144 /* bytes of a line that are kept */

struct lines {
    struct buf partial; /* the line that has not ended; when it is full the rest is dropped */
};

/* Receives one or more whole lines, each with its newline. */
typedef void (*lines_sink)(void *owner, const char *text, size_t len);

void lines_init(struct lines *l);
void lines_fini(struct lines *l);

void lines_feed(struct lines *l, const char *bytes, size_t len, lines_sink sink, void *owner);

/* Completes and hands out the line that has not ended, if there is one. */
void lines_flush(struct lines *l, lines_sink sink, void *owner);

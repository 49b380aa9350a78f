/* SPDX-License-Identifier: Apache-2.0 */
/* A byte buffer that grows up to a limit it is born with. The first failure frees the memory and
 * sticks: later appends do nothing, so that a chain of appends is checked once, at the end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct buf {
    char *ptr;    /* NUL-terminated after any append; NULL before */
    size_t len;   /* bytes, without the NUL */
    size_t cap;   /* bytes allocated */
    size_t limit; /* most bytes it may hold, without the NUL */
    bool failed;  /* limit or memory was passed */
    bool starved; /* it was memory */
};

void buf_init(struct buf *b, size_t limit);
void buf_free(struct buf *b);

/* Forgets the content, keeps memory and limit; clears failed. */
void buf_reset(struct buf *b);

void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_adds(struct buf *b, const char *text);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) ATTR_PRINTF(2, 3);

/* Appends text as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD. */
void buf_add_json_string(struct buf *b, const char *text, size_t len);

/* Room for at least len more bytes behind ptr + len (plus a NUL); the caller writes there and
 * raises len. NULL after a failure. */
char *buf_reserve(struct buf *b, size_t len);

/* Fails b as part has, if it has: for a text of several. */
void buf_inherit(struct buf *b, const struct buf *part);

/* 0, or -1 with ERR_LIMIT or ERR_MEMORY naming what the buffer holds. */
int buf_check(const struct buf *b, const char *what, struct err *err) ATTR_CHECK;

/* Moves the memory out (free() it); the buffer is empty then. NULL when nothing was added. */
char *buf_take(struct buf *b);

#define AUTO_BUF __attribute__((cleanup(buf_free)))

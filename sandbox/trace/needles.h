/* SPDX-License-Identifier: Apache-2.0 */
/* Many texts to be replaced in others, in one pass. needles_add as often as needed, needles_ready,
 * then needles_replace. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define NEEDLES_FILTER 65536

struct needle {
    size_t at, len; /* in texts */
    size_t with, with_len;
    size_t up; /* the longest other one that this one begins with; SIZE_MAX: none */
};

struct needles {
    struct buf texts;
    struct needle *items; /* heap */
    size_t count, cap;
    bool failed;                        /* no memory */
    uint8_t filter[NEEDLES_FILTER / 8]; /* of the first bytes */
};

/* limit: bytes of all texts. */
void needles_init(struct needles *n, size_t limit);
void needles_fini(struct needles *n);
void needles_clear(struct needles *n);

/* At least 4 bytes long. */
void needles_add(struct needles *n, const char *text, size_t len, const char *with,
                 size_t with_len);

int needles_ready(struct needles *n, struct err *err) ATTR_CHECK;

/* Whether text is one of them. */
bool needles_has(const struct needles *n, const char *text, size_t len);

/* Appends text with what occurs in it replaced, of those at one place the longest; only needles of
 * at least least bytes. As it is, and as strings of JSON write it, in up to four layers. False, and
 * nothing is appended, when nothing occurs. */
bool needles_replace(const struct needles *n, const char *text, size_t len, size_t least,
                     struct buf *out);

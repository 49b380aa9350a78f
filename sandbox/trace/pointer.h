/* SPDX-License-Identifier: Apache-2.0 */
/* JSON pointers (RFC 6901) in which a component "*" stands for every member or element:
 * "/Records/STAR/body" with an asterisk for STAR. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define POINTER_PARTS_MAX 32
#define POINTER_TEXT_MAX  1024

struct pointer {
    char text[POINTER_TEXT_MAX + 1]; /* as it was given */
    char parts_text[POINTER_TEXT_MAX + 1];
    const char *parts[POINTER_PARTS_MAX]; /* unescaped; into parts_text */
    bool any[POINTER_PARTS_MAX];          /* is "*" */
    size_t nparts;
};

/* -1 with ERR_USAGE: what is wrong with the text. p must not be moved afterwards. */
int pointer_parse(struct pointer *p, const char *text, struct err *err) ATTR_CHECK;

/* Whether a part names a member, or with key NULL an element, of an object or array that the parts
 * before it name. */
bool pointer_part_is(const struct pointer *p, size_t part, const char *key, size_t len,
                     size_t index);

/* A place in a document while it is walked: keys from the root on. */
struct pointer_place {
    const struct pointer_place *up; /* NULL: this is the root */
    const char *key;                /* unescaped, NUL-terminated; NULL in an array */
    size_t index;
};

/* Whether p names the place. */
bool pointer_matches(const struct pointer *p, const struct pointer_place *place);

/* Whether p names the place or one above it. */
bool pointer_covers(const struct pointer *p, const struct pointer_place *place);

/* SPDX-License-Identifier: Apache-2.0 */
/* Replaces values of a document by pseudonyms: equal values get equal ones, within a recording and
 * from one to the next when the key is given; kind and rough shape stay (a text stays a text of the
 * same length class, a number a number), so that what compares values still does. */
#pragma once

#include "base/buf.h"
#include "trace/pointer.h"

#define REDACT_POINTERS_MAX 64

struct redact {
    struct pointer *pointers; /* heap */
    size_t count;
    unsigned char key[32]; /* of the pseudonyms */
};

/* A random key. */
int redact_init(struct redact *r, struct err *err) ATTR_CHECK;
void redact_fini(struct redact *r);

/* Pseudonyms that are the same in every run that has the same words. */
void redact_set_key(struct redact *r, const char *words);

int redact_add(struct redact *r, const char *pointer, struct err *err) ATTR_CHECK;

/* Appends the document with its values replaced. A text that is no JSON document is replaced as a
 * whole: nothing can be told apart in it. -1: out's limit or memory. */
int redact_apply(const struct redact *r, const char *text, size_t len, struct buf *out,
                 struct err *err) ATTR_CHECK;

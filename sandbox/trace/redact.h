/* SPDX-License-Identifier: Apache-2.0 */
/* Replaces values of a document by pseudonyms: equal values get equal ones, within a recording and
 * from one to the next when the key is given; kind and rough shape stay (a text stays a text of the
 * same length class, a number a number), so that what compares values still does. */
#pragma once

#include "base/buf.h"
#include "trace/entry.h"
#include "trace/pointer.h"
#include "trace/pseudonym.h"

#define REDACT_POINTERS_MAX 64
#define REDACT_TEXT_MIN     4 /* bytes of a value that is replaced wherever it occurs */
#define REDACT_KEY_MIN      8 /* the same in the names of members, which are mostly structure */
#define REDACT_ID_SIZE      17

struct redact {
    struct pointer *pointers; /* heap */
    size_t count;
    struct pseudonym_key key;
    char id[REDACT_ID_SIZE]; /* tells recordings with the same key, and nothing of the key */
};

/* A random key, which is kept nowhere. */
int redact_init(struct redact *r, struct err *err) ATTR_CHECK;
void redact_fini(struct redact *r);

/* Pseudonyms that are the same in every run that has the same words. Takes some 0.1 s, so that
 * words cannot be guessed fast. -1 with ERR_USAGE: there are none. */
int redact_set_key(struct redact *r, const char *words, struct err *err) ATTR_CHECK;

int redact_add(struct redact *r, const char *pointer, struct err *err) ATTR_CHECK;

/* Appends the document with its values replaced. A text that is no JSON document is replaced as a
 * whole: nothing can be told apart in it. -1: out's limit or memory. */
int redact_apply(const struct redact *r, const char *text, size_t len, struct buf *out,
                 struct err *err) ATTR_CHECK;

/* Whole invocations, one after another. */
struct redactor;

/* redact outlives it. */
struct redactor *redactor_open(const struct redact *r, struct err *err) ATTR_CHECK;
void redactor_close(struct redactor *r); /* accepts NULL */

/* Replaces the values in event and answer, and where they occur in other texts of e as well. The
 * new texts are the redactor's, until the next call. */
int redactor_apply(struct redactor *r, struct trace_entry *e, struct err *err) ATTR_CHECK;

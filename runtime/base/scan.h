/* SPDX-License-Identifier: Apache-2.0 */
/* Strict JSON (RFC 8259) as text: is it valid, where does it break, where does a value stand.
 * No tree, no heap, no recursion deeper than SCAN_DEPTH_MAX. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define SCAN_DEPTH_MAX 200 /* nested arrays and objects */

/* Where a document breaks. Lines and columns count from 1, columns in characters. */
struct scan_fault {
    size_t offset, line, column;
    const char *reason; /* static text: "expected ',' or '}'" */
};

/* Checks that text[0..len) is one JSON value in UTF-8 with nothing but white space around it. false
 * fills fault. An empty text is a fault ("empty document"). */
bool scan_valid(const char *text, size_t len, struct scan_fault *fault);

/* Line and column of an offset into text; leaves fault->reason. */
void scan_locate(const char *text, size_t offset, struct scan_fault *fault);

/* Looks at the scalar or the opening of the container at text (no white space before it): why it is
 * no valid one, with the offset of that place, or NULL when it is. For decoders of their own that
 * tell faults as scan_valid does. */
const char *scan_token(const char *text, size_t len, size_t *offset);

/* A view of a value inside a text. ptr NULL: there is none. */
struct scan_value {
    const char *ptr;
    size_t len;
};

/* The value at a JSON pointer (RFC 6901: "/Records/0/eventSource"; "" is the whole document), a
 * view into text without white space around it; an absent value when the pointer leads nowhere or
 * the text breaks on the way. Of duplicate keys the first counts. Keys are compared after
 * unescaping. Only the text up to the value is looked at. */
struct scan_value scan_find(const char *text, size_t len, const char *pointer);

/* The same with a pointer of pointer_len bytes. */
struct scan_value scan_find_len(const char *text, size_t len, const char *pointer,
                                size_t pointer_len);

/* Steps through the members or elements of the container at v: start with *at = 0; false at the
 * end. key is the raw text between the quotes, absent in arrays. */
bool scan_next(struct scan_value v, size_t *at, struct scan_value *key, struct scan_value *value);

/* Writes the unescaped form of the JSON string at v (with its quotes) to out, which holds v.len
 * bytes at least and may be the string itself; gives its length, or -1 when v is not a valid
 * string. Lone surrogates become U+FFFD; \u0000 gives a NUL byte. No NUL is added. */
long scan_unescape(struct scan_value v, char *out);

/* The UTF-16 unit that the four hexadecimal digits at p are, or -1: fewer stand there before end.
 */
int scan_hex_unit(const char *p, const char *end);

/* The same text to be changed in place, by who knows that its memory may be written to. */
static inline char *scan_writable(struct scan_value v)
{
    union {
        const char *in;
        char *out;
    } text = {v.ptr};
    return text.out;
}

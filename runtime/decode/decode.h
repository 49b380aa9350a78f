/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text to C structs in one pass, driven by the descriptor tables of lambda.h.
 *
 *   decode_prepare(&type)  once per type, at load: checks the table, builds its key plan
 *   decode_document(...)   per event, or decode_each(...) record by record
 *
 * Text is decoded in place: closing quotes become NUL, base64 is decoded over itself; only strings
 * with escapes are copied to the arena. Absent, null and wrong-typed members become zero values;
 * only broken syntax, which invalid UTF-8 is, rejects a document.
 *
 * A number is read from a string, too ("60"), an integer with a zero fraction (60.0); one that does
 * not fit its type is a zero value. A number or truth value where text is declared gives its text.
 * Of duplicate keys the last counts, also when it is null; a map keeps them all. Base64 that is
 * broken is an absent member. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "lambda.h"

#define DECODE_PAD          128          /* writable bytes behind every text that is decoded */
#define DECODE_DEPTH_MAX    200          /* nested arrays and objects in a document */
#define DECODE_KEY_MAX      255          /* bytes of a key in a table */
#define DECODE_FIELDS_MAX   255          /* rows of one table */
#define DECODE_TYPE_DEPTH   32           /* nested types in a table */
#define DECODE_DOCUMENT_MAX (256u << 20) /* bytes of a document */
#define DECODE_MATCH_MAX    255          /* bytes of one term of a match expression */

/* Checks the table (kinds, offsets, sizes, key lengths, depth) and builds its plan and those below
 * it. Calling again is free. -1 names type and member. Not thread-safe. */
int decode_prepare(struct lambda_type *type, struct err *err) ATTR_CHECK;

/* Decodes the object in text[0..len) into out (type->size bytes). text must be writable, with
 * DECODE_PAD more bytes behind it, and lives as long as out. type is prepared. -1: ERR_INPUT with
 * line and column, or ERR_MEMORY when the arena is full; out is undefined then. */
int decode_document(const struct lambda_type *type, char *text, size_t len, void *out,
                    struct arena *arena, struct err *err) ATTR_CHECK;

/* Called per record; valid until it returns. Non-zero stops the walk: decode_each gives it back. */
typedef int (*decode_record_fn)(void *record, size_t index, void *user);

/* Walks the array under the top-level key member and decodes each element into the same record,
 * which lies in the arena; the arena is rewound between records. An element that is no object gives
 * a zeroed record. A member that is there twice is walked twice, one that is no array not at all.
 * After a stop the rest of the text is not looked at. 0 at the end, -1 on broken syntax (as
 * decode_document), else what fn gave. next: NULL, or set before each call to where the text behind
 * the record starts. */
int decode_each(const struct lambda_type *record_type, const char *member, char *text, size_t len,
                struct arena *arena, decode_record_fn fn, void *user, char **next,
                struct err *err) ATTR_CHECK;

/* The records behind one at which a walk was left: next is what decode_each set, end the end of its
 * text. To the end of the array; what follows it is not looked at. Async-signal-safe when fn is,
 * unless the text is broken. */
int decode_rest(const struct lambda_type *record_type, char *next, const char *end,
                struct arena *arena, decode_record_fn fn, void *user, struct err *err) ATTR_CHECK;

/* Whether the match expression of a handler (see struct lambda_handler) applies to a document.
 * Looks at raw text, before decode_document changes it. */
bool decode_match(const char *match, const char *text, size_t len);

/* 0 when the expression can be parsed; -1 names what is wrong. */
int decode_match_check(const char *match, struct err *err) ATTR_CHECK;

/* Appends value as compact JSON: absent members, which all zero values are, are left out, aliases
 * never written; absent elements of a list are null. type is prepared. -1: ERR_LIMIT or ERR_MEMORY
 * of the buffer, ERR_INPUT for a lambda_json that is no JSON or a number that is not finite. */
int decode_encode(const struct lambda_type *type, const void *value, struct buf *out,
                  struct err *err) ATTR_CHECK;

/* The same contract as decode_document by the cJSON tree of base/json.h: the oracle that tests and
 * fuzzers compare with. Text is not changed; everything is copied to the arena. Refuses what cJSON
 * cannot hold exactly (see base/json.h) with ERR_LIMIT. In the library decode_oracle, which is not
 * linked into the bootstrap. */
int decode_oracle(const struct lambda_type *type, const char *text, size_t len, void *out,
                  struct arena *arena, struct err *err) ATTR_CHECK;

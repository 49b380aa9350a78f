/* SPDX-License-Identifier: Apache-2.0 */
/* JSON documents as trees, over cJSON, for answers and small free-form documents. The only place
 * that knows cJSON: no other file includes it and no cJSON type appears here.
 * What cJSON cannot hold exactly is an error, not a guess: a string with \u0000, an integer beyond
 * 2^53. Text is checked by the strict scanner first. Keys are compared with case. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define JSON_DEPTH_MAX 200 /* nested arrays and objects */

struct json; /* a value; a tree is owned by its root */

enum json_kind {
    JSON_NULL,
    JSON_BOOL,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

/* The document in text, to be freed with json_free; NULL with ERR_INPUT ("line 3, column 7: ..."),
 * ERR_LIMIT (valid JSON that cJSON cannot hold exactly: \u0000, a lone surrogate, an integer beyond
 * 2^53, a number out of range or of more than 60 characters) or ERR_MEMORY. Text after the document
 * is an error. */
struct json *json_parse(const char *text, size_t len, struct err *err) ATTR_CHECK;

/* Frees a root and all below it. Accepts NULL. */
void json_free(struct json *v);

/* Reading. All accept NULL and answer as for an absent value: JSON_NULL, NULL, 0, false. Results
 * live as long as the tree. */
enum json_kind json_kind(const struct json *v);
const struct json *json_get(const struct json *object, const char *key);
const struct json *json_first(const struct json *container); /* members or elements in order */
const struct json *json_next(const struct json *v);
const char *json_key(const struct json *member); /* NULL for an element */
size_t json_count(const struct json *container);
const char *json_string(const struct json *v); /* NULL when it is not a string */
bool json_bool(const struct json *v);          /* true only for the value true */
double json_number(const struct json *v);
bool json_i64(const struct json *v, int64_t *out); /* false unless it is an exact integer */

/* Building. The new_ functions give a root or NULL when memory is short. The add_ functions give
 * the new value (owned by its container) or NULL; they accept a NULL container, and a failure
 * sticks to the container, so that a chain of calls is checked once, by json_print. key is NULL
 * when the container is an array. A number that is not finite becomes null. Strings are cut at the
 * first NUL and bytes that are not UTF-8 become U+FFFD when printed. */
struct json *json_new_object(void);
struct json *json_new_array(void);
struct json *json_add_object(struct json *container, const char *key);
struct json *json_add_array(struct json *container, const char *key);
struct json *json_add_string(struct json *container, const char *key, const char *value);
struct json *json_add_i64(struct json *container, const char *key, int64_t value);
struct json *json_add_number(struct json *container, const char *key, double value);
struct json *json_add_bool(struct json *container, const char *key, bool value);
struct json *json_add_null(struct json *container, const char *key);
/* text must be a JSON document; it is printed as it is. */
struct json *json_add_raw(struct json *container, const char *key, const char *text, size_t len);

/* Appends the compact text of v. -1 when v is NULL (a failed build), the buffer is at its limit or
 * memory is short. */
int json_print(const struct json *v, struct buf *out, struct err *err) ATTR_CHECK;

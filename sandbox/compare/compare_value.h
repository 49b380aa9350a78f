/* SPDX-License-Identifier: Apache-2.0 */
/* JSON values as text: of which kind they are, whether they mean the same. All texts are valid JSON
 * without white space around them. Pure. */
#pragma once

#include <stdint.h>

#include "base/scan.h"

enum value_kind { VALUE_OBJECT, VALUE_ARRAY, VALUE_STRING, VALUE_NUMBER, VALUE_WORD };

enum value_kind value_kind(struct scan_value v);

/* What stands between the quotes of a string. */
struct scan_value value_inside(struct scan_value string);

/* Order of two texts between quotes, by the bytes that they mean. */
int value_order_texts(struct scan_value a, struct scan_value b);
uint64_t value_hash_text(struct scan_value inside);
uint64_t value_hash_bytes(const char *bytes, size_t len);

/* Exact, of any length. */
bool value_equal_numbers(struct scan_value a, struct scan_value b);
uint64_t value_hash_number(struct scan_value v);

bool value_is_near(struct scan_value expected, struct scan_value got, double tolerance,
                   bool relative);
bool value_is_uuid(struct scan_value v);

/* Both are times of one form: ISO 8601, or numbers since 1970 (also as strings) in one unit. */
bool value_are_times(struct scan_value a, struct scan_value b);

/* Bytes of an ISO 8601 date, with or without a time, at the beginning of a text; 0: there is none.
 */
size_t value_match_time(const char *text, size_t len);
/* 36 or 0. */
size_t value_match_uuid(const char *text, size_t len);

/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers by decimal arithmetic: no rounding on the way to integers and times, and no locale. All
 * take text that need not be a number, follow JSON's grammar, and give false when it is none or the
 * value does not fit. text is followed by a byte that no number has, such as a comma or NUL. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Characters of the JSON number that text starts with, 0 when it starts with none. */
size_t number_prefix(const char *text);

/* An integer, also as 60.0 or 6e1. */
bool number_i64(const char *text, size_t len, int64_t *out);

/* Seconds as microseconds; what lies below a microsecond is cut off. */
bool number_epoch_us(const char *text, size_t len, int64_t *out);

/* The nearest double; false beyond its range. */
bool number_f64(const char *text, size_t len, double *out);

/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers by decimal arithmetic: no rounding on the way to integers and times, and no locale. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* mantissa * 10^exponent of the number at text. */
struct number {
    const char *text;
    size_t len; /* characters of the number */
    uint64_t mantissa;
    int64_t exponent;
    bool negative;
    bool cut; /* digits other than 0 were left off behind the mantissa */
};

/* Reads the JSON number that text starts with and gives its characters, 0 when it starts with none.
 * Somewhere behind it stands a byte that no number has, such as a comma or NUL. */
size_t number_read(const char *text, struct number *out);

/* These give false when the value does not fit; out is left alone then.
 * An integer, also as 60.0 or 6e1. */
bool number_i64(const struct number *n, int64_t *out);

/* Seconds as microseconds; what lies below a microsecond is cut off. */
bool number_epoch_us(const struct number *n, int64_t *out);

#define NUMBER_TEXT 40 /* bytes of a double as text, with its NUL */

/* The shortest text that reads back as the same finite double, in every locale. */
void number_print(double value, char out[NUMBER_TEXT]);

/* The nearest double; false beyond its range. */
bool number_f64(const struct number *n, double *out);

/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/number.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>

#define DIGITS_MAX   19              /* always fit a uint64_t */
#define EXPONENT_MAX 1000000000000LL /* more than any document has digits */

/* mantissa * 10^exponent; cut: other digits than 0 were left off behind the mantissa. */
struct decimal {
    bool negative, cut;
    uint64_t mantissa;
    int64_t exponent;
};

static const char *skip_digits(const char *p)
{
    while (*p >= '0' && *p <= '9')
        p++;
    return p;
}

size_t number_prefix(const char *text)
{
    const char *p = text + (*text == '-'), *digits = p;
    p = skip_digits(p);
    if (p == digits || (*digits == '0' && p != digits + 1))
        return *digits == '0' ? (size_t)(digits + 1 - text) : 0;
    if (*p == '.') {
        const char *fraction = p + 1;
        p = skip_digits(fraction);
        if (p == fraction)
            return 0;
    }
    if (*p == 'e' || *p == 'E') {
        const char *exponent = p + 1 + (p[1] == '+' || p[1] == '-');
        p = skip_digits(exponent);
        if (p == exponent)
            return 0;
    }
    return (size_t)(p - text);
}

static int64_t read_exponent(const char *p, const char *end)
{
    bool negative = *p == '-';
    int64_t value = 0;
    for (p += *p == '-' || *p == '+'; p < end; p++)
        if (value < EXPONENT_MAX)
            value = value * 10 + (*p - '0');
    return negative ? -value : value;
}

static bool read_decimal(const char *text, size_t len, struct decimal *out)
{
    if (!len || number_prefix(text) != len)
        return false;
    struct decimal d = {.negative = *text == '-'};
    const char *p = text + d.negative, *end = text + len;
    bool fraction = false;
    int digits = 0; /* significant ones */
    for (; p < end && (*p | 0x20) != 'e'; p++) {
        if (*p == '.') {
            fraction = true;
            continue;
        }
        if (digits < DIGITS_MAX) {
            d.mantissa = d.mantissa * 10 + (uint64_t)(*p - '0');
            digits += d.mantissa != 0;
            d.exponent -= fraction;
        } else {
            d.cut = d.cut || *p != '0';
            d.exponent += !fraction;
        }
    }
    if (p < end)
        d.exponent += read_exponent(p + 1, end);
    *out = d;
    return true;
}

/* The value cut to an integer; false when it does not fit, or is none and exact is asked for. */
static bool to_integer(struct decimal d, bool exact, int64_t *out)
{
    uint64_t limit = (uint64_t)INT64_MAX + d.negative;
    if (exact && d.cut) /* a fraction, or more than 19 digits */
        return false;
    for (; d.exponent < 0 && d.mantissa; d.exponent++) {
        if (exact && d.mantissa % 10)
            return false;
        d.mantissa /= 10;
    }
    for (; d.exponent > 0 && d.mantissa; d.exponent--) {
        if (d.mantissa > limit / 10)
            return false;
        d.mantissa *= 10;
    }
    if (d.mantissa > limit)
        return false;
    *out = (int64_t)(d.negative ? 0 - d.mantissa : d.mantissa);
    return true;
}

bool number_i64(const char *text, size_t len, int64_t *out)
{
    struct decimal d;
    return read_decimal(text, len, &d) && to_integer(d, true, out);
}

bool number_epoch_us(const char *text, size_t len, int64_t *out)
{
    struct decimal d;
    if (!read_decimal(text, len, &d))
        return false;
    d.exponent += 6;
    return to_integer(d, false, out);
}

/* strtod of the C locale: a handler may have set another. */
static double parse_double(const char *text)
{
    static locale_t c_locale;
    if (!c_locale)
        c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return c_locale ? strtod_l(text, NULL, c_locale) : strtod(text, NULL);
}

bool number_f64(const char *text, size_t len, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    struct decimal d;
    if (!read_decimal(text, len, &d))
        return false;
    double value;
    if (!d.cut && d.mantissa <= (uint64_t)1 << 53 && d.exponent >= -22 && d.exponent <= 22) {
        /* both are exact doubles, so that one operation rounds once */
        value = (double)d.mantissa;
        value = d.exponent < 0 ? value / powers[-d.exponent] : value * powers[d.exponent];
        value = d.negative ? -value : value;
    } else {
        value = parse_double(text);
    }
    if (!isfinite(value))
        return false;
    *out = value;
    return true;
}

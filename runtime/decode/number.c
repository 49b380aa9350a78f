/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/number.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"

#define DIGITS_MAX   19              /* always fit a uint64_t */
#define EXPONENT_MAX 1000000000000LL /* more than any document has digits */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *read_exponent(const char *p, int64_t *exponent)
{
    bool negative = *p == '-';
    int64_t value = 0;
    p += *p == '-' || *p == '+';
    if (!is_digit(*p))
        return NULL;
    for (; is_digit(*p); p++)
        if (value < EXPONENT_MAX)
            value = value * 10 + (*p - '0');
    *exponent += negative ? -value : value;
    return p;
}

/* More digits than a mantissa holds: takes the first significant ones once more. */
static void read_long(struct number *n, const char *digits, const char *end)
{
    bool fraction = false;
    int kept = 0;
    n->mantissa = 0;
    n->exponent = 0;
    for (const char *p = digits; p < end; p++) {
        if (*p == '.') {
            fraction = true;
        } else if (kept < DIGITS_MAX) {
            n->mantissa = n->mantissa * 10 + (uint64_t)(*p - '0');
            kept += n->mantissa != 0;
            n->exponent -= fraction;
        } else {
            n->cut = n->cut || *p != '0';
            n->exponent += !fraction;
        }
    }
}

size_t number_read(const char *text, struct number *out)
{
    struct number n = {.text = text, .negative = *text == '-'};
    const char *digits = text + n.negative, *p = digits;
    uint64_t mantissa = 0;
    while (is_digit(*p))
        mantissa = mantissa * 10 + (uint64_t)(*p++ - '0');
    if (*digits == '0' && p > digits) /* no digit may follow: the rest is not part of it */
        p = digits + 1;
    size_t count = (size_t)(p - digits);
    if (!count)
        return 0;
    if (*p == '.') {
        const char *fraction = ++p;
        while (is_digit(*p))
            mantissa = mantissa * 10 + (uint64_t)(*p++ - '0');
        n.exponent = fraction - p;
        count += (size_t)(p - fraction);
        if (p == fraction)
            return 0;
    }
    n.mantissa = mantissa;
    if (UNLIKELY(count > DIGITS_MAX)) /* the mantissa has wrapped around */
        read_long(&n, digits, p);
    if (*p == 'e' || *p == 'E')
        p = read_exponent(p + 1, &n.exponent);
    if (!p)
        return 0;
    n.len = (size_t)(p - text);
    *out = n;
    return n.len;
}

/* The value cut to an integer; false when it does not fit, or is none and exact is asked for. */
static bool to_integer(const struct number *n, int64_t exponent, bool exact, int64_t *out)
{
    uint64_t mantissa = n->mantissa, limit = (uint64_t)INT64_MAX + n->negative;
    if (exact && n->cut) /* a fraction, or more than 19 digits */
        return false;
    for (; exponent < 0 && mantissa; exponent++) {
        if (exact && mantissa % 10)
            return false;
        mantissa /= 10;
    }
    for (; exponent > 0 && mantissa; exponent--) {
        if (mantissa > limit / 10)
            return false;
        mantissa *= 10;
    }
    if (mantissa > limit)
        return false;
    *out = (int64_t)(n->negative ? 0 - mantissa : mantissa);
    return true;
}

bool number_i64(const struct number *n, int64_t *out)
{
    return to_integer(n, n->exponent, true, out);
}

bool number_epoch_us(const struct number *n, int64_t *out)
{
    return to_integer(n, n->exponent + 6, false, out);
}

/* strtod of the C locale: a handler may have set another. */
static double parse_double(const char *text)
{
    static locale_t c_locale;
    if (!c_locale)
        c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return c_locale ? strtod_l(text, NULL, c_locale) : strtod(text, NULL);
}

void number_print(double value, char out[NUMBER_TEXT])
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, NUMBER_TEXT, "%.*g", digits, value);
        if (strtod(out, NULL) == value)
            break;
    }
    char *comma = strchr(out, ','); /* the process may have set a locale */
    if (comma)
        *comma = '.';
}

bool number_f64(const struct number *n, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    double value;
    if (!n->cut && n->mantissa <= (uint64_t)1 << 53 && n->exponent >= -22 && n->exponent <= 22) {
        /* both are exact doubles, so that one operation rounds once */
        value = (double)n->mantissa;
        value = n->exponent < 0 ? value / powers[-n->exponent] : value * powers[n->exponent];
        value = n->negative ? -value : value;
    } else {
        value = parse_double(n->text);
    }
    if (!isfinite(value))
        return false;
    *out = value;
    return true;
}

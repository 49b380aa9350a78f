/* SPDX-License-Identifier: Apache-2.0 */
#include "pattern/pattern_number.h"

#define EXPONENT_MAX 100000000 /* where it stops growing: no text has as many digits */

struct reading {
    const char *p, *end;
    uint64_t digits;
    int ndigits;   /* significant ones in digits */
    int64_t zeros; /* seen behind them, not in digits yet */
    int64_t point; /* places before the decimal point */
    bool full;
};

static bool is_digit(const struct reading *r)
{
    return r->p < r->end && *r->p >= '0' && *r->p <= '9';
}

static void add_digit(struct reading *r, unsigned digit)
{
    if (!digit) {
        r->zeros += r->ndigits > 0;
        return;
    }
    if (r->ndigits + r->zeros + 1 > PATTERN_DIGITS_MAX) {
        r->full = true;
        return;
    }
    for (r->ndigits += (int)r->zeros + 1; r->zeros; r->zeros--)
        r->digits *= 10;
    r->digits = r->digits * 10 + digit;
}

static void read_digits(struct reading *r, bool before_point)
{
    for (; is_digit(r); r->p++) {
        bool leading = !r->ndigits && *r->p == '0';
        add_digit(r, (unsigned)(*r->p - '0'));
        if (before_point && !leading)
            r->point++;
        if (!before_point && leading)
            r->point--;
    }
}

static int64_t read_exponent(struct reading *r)
{
    int64_t value = 0;
    bool negative = *r->p == '-';
    if (*r->p == '-' || *r->p == '+')
        r->p++;
    for (; is_digit(r); r->p++)
        if (value < EXPONENT_MAX)
            value = value * 10 + (*r->p - '0');
    return negative ? -value : value;
}

bool pattern_number_parse(const char *text, size_t len, struct pattern_number *out)
{
    struct reading r = {.p = text, .end = text + len};
    bool negative = r.p < r.end && *r.p == '-';
    r.p += negative;
    read_digits(&r, true);
    if (r.p < r.end && *r.p == '.') {
        r.p++;
        read_digits(&r, false);
    }
    if (r.end - r.p > 1 && (*r.p == 'e' || *r.p == 'E')) {
        r.p++;
        r.point += read_exponent(&r);
    }
    for (int i = r.ndigits; i < PATTERN_DIGITS_MAX; i++)
        r.digits *= 10;
    *out = (struct pattern_number){.negative = negative && r.digits, .digits = r.digits};
    out->point = r.digits ? r.point : 0;
    return !r.full;
}

static int compare_size(const struct pattern_number *a, const struct pattern_number *b)
{
    if (!a->digits || !b->digits)
        return (a->digits > 0) - (b->digits > 0);
    if (a->point != b->point)
        return a->point < b->point ? -1 : 1;
    return (a->digits > b->digits) - (a->digits < b->digits);
}

int pattern_number_compare(const struct pattern_number *a, const struct pattern_number *b)
{
    if (a->negative != b->negative)
        return a->negative ? -1 : 1;
    return a->negative ? compare_size(b, a) : compare_size(a, b);
}

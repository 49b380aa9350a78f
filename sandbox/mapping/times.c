/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/times.h"

#include <string.h>

#include "base/iso.h"
#include "mapping/members.h"

static bool is_digit(const char *at, const char *end)
{
    return at < end && *at >= '0' && *at <= '9';
}

/* A number as its digits and the power of ten that they count. */
struct decimal {
    int64_t digits;
    int64_t power;
};

/* Digits behind the eighteenth are too small to matter to a time, but they count. */
static const char *read_digits(const char *at, const char *end, bool fraction, struct decimal *d)
{
    for (; is_digit(at, end); at++) {
        bool fits = d->digits < 100000000000000000;
        if (fits)
            d->digits = d->digits * 10 + (*at - '0');
        d->power += (int)(!fits) - (int)fraction;
    }
    return at;
}

static const char *read_power(const char *at, const char *end, struct decimal *d)
{
    int64_t power = 0, sign = 1;
    if (at < end && (*at == '-' || *at == '+'))
        sign = *at++ == '-' ? -1 : 1;
    if (!is_digit(at, end))
        return NULL;
    for (; is_digit(at, end); at++)
        if (power < 1000)
            power = power * 10 + (*at - '0');
    d->power += sign * power;
    return at;
}

bool times_number(struct scan_value text, int64_t scale, int64_t *out_ms)
{
    struct decimal d = {0};
    if (!text.ptr)
        return false;
    const char *at = text.ptr, *end = text.ptr + text.len;
    if (!is_digit(at, end))
        return false;
    at = read_digits(at, end, false, &d);
    if (at < end && *at == '.') {
        if (!is_digit(at + 1, end))
            return false;
        at = read_digits(at + 1, end, true, &d);
    }
    if (at < end && (*at == 'e' || *at == 'E'))
        at = read_power(at + 1, end, &d);
    if (at != end)
        return false;
    for (; scale > 1; scale /= 10)
        d.power++;
    for (; d.power < 0 && d.digits; d.power++)
        d.digits /= 10;
    for (; d.power > 0 && d.digits && d.digits <= ISO_MAX_MS; d.power--)
        d.digits *= 10;
    *out_ms = d.digits;
    return d.digits <= ISO_MAX_MS;
}

bool times_iso(struct scan_value text, int64_t *out_ms)
{
    return text.ptr && iso_read(text.ptr, text.len, out_ms) == text.len && *out_ms <= ISO_MAX_MS;
}

bool times_value(struct scan_value v, int64_t scale, int64_t *out_ms)
{
    struct scan_value text = members_text(v);
    if (!text.ptr)
        return times_number(v, scale, out_ms);
    return times_iso(text, out_ms) || times_number(text, scale, out_ms);
}

/* "1.5" is none, "1.7E12" is one. */
static bool read_milliseconds(struct scan_value v, int64_t *out_ms)
{
    struct scan_value text = members_text(v), digits = text.ptr ? text : v;
    bool plain = true;
    for (size_t i = 0; i < digits.len; i++)
        plain &= digits.ptr[i] >= '0' && digits.ptr[i] <= '9';
    bool exponent = memchr(digits.ptr, 'e', digits.len) || memchr(digits.ptr, 'E', digits.len);
    return (plain || (exponent && !text.ptr)) && times_number(digits, 1, out_ms);
}

int times_take(const char *name, struct scan_value v, enum times_form form, int64_t *out_ms,
               struct err *err)
{
    static const char *const forms[] = {
        [TIMES_MILLISECONDS] = "milliseconds since 1970, in digits, before the year 10000",
        [TIMES_SECONDS] = "seconds since 1970, before the year 10000",
        [TIMES_ISO] = "a time like 2026-01-31T12:00:00.000Z",
    };
    struct scan_value text = members_text(v);
    bool read;
    if (!v.ptr || members_equal(v, "null"))
        return 0;
    if (form == TIMES_MILLISECONDS)
        read = read_milliseconds(v, out_ms);
    else
        read = form == TIMES_ISO ? times_iso(text, out_ms) : times_value(v, 1000, out_ms);
    if (read)
        return 0;
    if (text.ptr)
        v = text;
    return err_set(err, ERR_INPUT, "%s is '%.*s', and has to be %s", name,
                   v.len > 40 ? 40 : (int)v.len, v.ptr, forms[form]);
}

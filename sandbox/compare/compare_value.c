/* SPDX-License-Identifier: Apache-2.0 */
#include "compare/compare_value.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/scan.h"
#include "base/utf8.h"

enum value_kind value_kind(struct scan_value v)
{
    switch (*v.ptr) {
    case '{':
        return VALUE_OBJECT;
    case '[':
        return VALUE_ARRAY;
    case '"':
        return VALUE_STRING;
    case 't':
    case 'f':
    case 'n':
        return VALUE_WORD;
    default:
        return VALUE_NUMBER;
    }
}

struct scan_value value_inside(struct scan_value string)
{
    return (struct scan_value){string.ptr + 1, string.len - 2};
}

/* ---- texts --------------------------------------------------------------------------------- */

struct reader {
    const char *p, *end;
    char bytes[4]; /* of an escape */
    size_t at, count;
};

/* A lone half of a pair gets bytes that no UTF-8 text has, so that it equals only itself. */
static size_t encode(uint32_t unit, char out[4])
{
    if (unit < 0xD800 || unit > 0xDFFF)
        return utf8_encode(unit, out);
    out[0] = (char)0xED;
    out[1] = (char)(0x80 | (unit >> 6 & 0x3f));
    out[2] = (char)(0x80 | (unit & 0x3f));
    return 3;
}

static void read_escape(struct reader *r)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    r->at = 0;
    if (r->p[1] != 'u') {
        r->bytes[0] = to[strchr(from, r->p[1]) - from];
        r->count = 1;
        r->p += 2;
        return;
    }
    uint32_t unit = (uint32_t)scan_hex_unit(r->p + 2, r->end);
    r->p += 6;
    if (unit >= 0xD800 && unit < 0xDC00 && r->end - r->p >= 6 && r->p[0] == '\\' &&
        r->p[1] == 'u') {
        uint32_t low = (uint32_t)scan_hex_unit(r->p + 2, r->end);
        if (low >= 0xDC00 && low < 0xE000) {
            unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
            r->p += 6;
        }
    }
    r->count = encode(unit, r->bytes);
}

/* -1 at the end. */
static int read_byte(struct reader *r)
{
    if (r->at == r->count) {
        if (r->p == r->end)
            return -1;
        if (*r->p != '\\')
            return (unsigned char)*r->p++;
        read_escape(r);
    }
    return (unsigned char)r->bytes[r->at++];
}

static struct reader begin(struct scan_value v)
{
    return (struct reader){.p = v.ptr, .end = v.ptr + v.len};
}

int value_order_texts(struct scan_value a, struct scan_value b)
{
    if (a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0)
        return 0;
    struct reader x = begin(a), y = begin(b);
    for (;;) {
        int c = read_byte(&x), d = read_byte(&y);
        if (c != d)
            return c < d ? -1 : 1;
        if (c < 0)
            return 0;
    }
}

uint64_t value_hash_bytes(const char *bytes, size_t len)
{
    uint64_t hash = hash_bytes(bytes, len);
    return hash ^ hash >> 29;
}

uint64_t value_hash_text(struct scan_value inside)
{
    struct reader r = begin(inside);
    uint64_t hash = HASH_BEGIN;
    if (!inside.len || !memchr(inside.ptr, '\\', inside.len))
        return value_hash_bytes(inside.ptr, inside.len);
    for (int c = read_byte(&r); c >= 0; c = read_byte(&r))
        hash = hash_byte(hash, (unsigned char)c);
    return hash ^ hash >> 29;
}

/* ---- numbers ------------------------------------------------------------------------------- */

/* 0.DIGITS times ten to the power of exponent; a point may stand among the digits. */
struct number {
    const char *digits, *end; /* without zeros at both ends; none: the number is 0 */
    int64_t exponent;
    bool negative;
};

#define EXPONENT_MAX ((int64_t)100000000000000000)

static int64_t read_exponent(const char *p, const char *end)
{
    int64_t exponent = 0;
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    for (; p < end; p++)
        if (exponent < EXPONENT_MAX)
            exponent = exponent * 10 + (*p - '0');
    return negative ? -exponent : exponent;
}

static struct number read_number(struct scan_value v)
{
    struct number n = {.negative = *v.ptr == '-'};
    const char *p = v.ptr + n.negative, *end = v.ptr + v.len, *point = NULL, *stop = p;
    for (; stop < end && *stop != 'e' && *stop != 'E'; stop++)
        if (*stop == '.')
            point = stop;
    while (p < stop && (*p == '0' || *p == '.'))
        p++;
    n.digits = n.end = p;
    if (p == stop) {
        n.negative = false;
        return n;
    }
    if (!point)
        n.exponent = stop - p;
    else
        n.exponent = p < point ? point - p : point + 1 - p;
    if (stop < end)
        n.exponent += read_exponent(stop + 1, end);
    n.end = stop;
    while (n.end[-1] == '0' || n.end[-1] == '.')
        n.end--;
    return n;
}

static int read_digit(const char **p, const char *end)
{
    if (*p < end && **p == '.')
        ++*p;
    return *p < end ? *(*p)++ : -1;
}

bool value_equal_numbers(struct scan_value a, struct scan_value b)
{
    struct number x = read_number(a), y = read_number(b);
    if (x.negative != y.negative || x.exponent != y.exponent)
        return false;
    if (x.exponent >= EXPONENT_MAX / 2 || x.exponent <= -EXPONENT_MAX / 2)
        return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
    for (;;) {
        int c = read_digit(&x.digits, x.end), d = read_digit(&y.digits, y.end);
        if (c != d)
            return false;
        if (c < 0)
            return true;
    }
}

uint64_t value_hash_number(struct scan_value v)
{
    struct number n = read_number(v);
    uint64_t hash = HASH_BEGIN ^ (uint64_t)n.exponent * HASH_PRIME ^ n.negative;
    for (int c = read_digit(&n.digits, n.end); c >= 0; c = read_digit(&n.digits, n.end))
        hash = hash_byte(hash, (unsigned char)c);
    return hash ^ hash >> 29;
}

/* Not finite: it does not fit, or its text is too long. */
static long double to_real(struct scan_value v)
{
    char text[512];
    if (v.len >= sizeof text)
        return HUGE_VALL;
    memcpy(text, v.ptr, v.len);
    text[v.len] = '\0';
    return strtold(text, NULL);
}

bool value_is_near(struct scan_value expected, struct scan_value got, double tolerance,
                   bool relative)
{
    long double x = to_real(expected), y = to_real(got);
    if (value_equal_numbers(expected, got))
        return true;
    if (!isfinite(x) || !isfinite(y))
        return false;
    long double most = (long double)tolerance * (relative ? fabsl(x) : 1);
    /* of two numbers that are the same only rounded, the difference is not known, but its limit */
    return x == y ? most >= nextafterl(fabsl(x), HUGE_VALL) - fabsl(x) : fabsl(x - y) <= most;
}

/* ---- times and ids ------------------------------------------------------------------------- */

/* Bytes of text that have the form: '0' stands for a digit, 'T' for what parts date and time, other
 * characters for themselves. */
static size_t match_form(const char *text, size_t len, const char *form)
{
    size_t i = 0;
    for (; form[i]; i++) {
        if (i == len)
            return 0;
        bool fits = form[i] == '0'   ? isdigit((unsigned char)text[i]) != 0
                    : form[i] == 'T' ? strchr("Tt ", text[i]) && text[i]
                                     : text[i] == form[i];
        if (!fits)
            return 0;
    }
    return i;
}

static size_t match_zone(const char *text, size_t len)
{
    if (len && (*text == 'Z' || *text == 'z'))
        return 1;
    if (!len || (*text != '+' && *text != '-'))
        return 0;
    size_t n = match_form(text + 1, len - 1, "00:00");
    if (!n)
        n = match_form(text + 1, len - 1, "0000");
    return n ? n + 1 : 0;
}

size_t value_match_time(const char *text, size_t len)
{
    size_t n = match_form(text, len, "0000-00-00");
    if (!n)
        return 0;
    size_t clock = match_form(text + n, len - n, "T00:00");
    if (!clock)
        return n;
    n += clock;
    n += match_form(text + n, len - n, ":00");
    if (n + 1 < len && (text[n] == '.' || text[n] == ',') && isdigit((unsigned char)text[n + 1]))
        for (n++; n < len && isdigit((unsigned char)text[n]);)
            n++;
    return n + match_zone(text + n, len - n);
}

size_t value_match_uuid(const char *text, size_t len)
{
    static const char form[] = "00000000-0000-0000-0000-000000000000";
    const size_t size = sizeof form - 1;
    if (len < size)
        return 0;
    for (size_t i = 0; i < size; i++)
        if (form[i] == '-' ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
            return 0;
    return size;
}

bool value_is_uuid(struct scan_value v)
{
    return value_kind(v) == VALUE_STRING && v.len == 38 && value_match_uuid(v.ptr + 1, 36);
}

static bool is_iso_time(struct scan_value v)
{
    return value_kind(v) == VALUE_STRING && v.len > 2 &&
           value_match_time(v.ptr + 1, v.len - 2) == v.len - 2;
}

/* 1: seconds, 2: milliseconds, 3: microseconds, 4: nanoseconds; 0: no time since 1973. */
static int find_unit(struct scan_value v)
{
    static const double least[] = {1e8, 1e11, 1e14, 1e17, 1e20};
    size_t digits = 0;
    if (value_kind(v) == VALUE_STRING) {
        v = value_inside(v);
        while (digits < v.len && (isdigit((unsigned char)v.ptr[digits]) || v.ptr[digits] == '.'))
            digits++;
        if (digits == 0 || digits != v.len)
            return 0;
    }
    double value = (double)to_real(v);
    for (int i = 4; i > 0; i--)
        if (value >= least[i - 1] && value < least[i])
            return i;
    return 0;
}

bool value_are_times(struct scan_value a, struct scan_value b)
{
    enum value_kind kind = value_kind(a);
    if (value_kind(b) != kind || (kind != VALUE_STRING && kind != VALUE_NUMBER))
        return false;
    if (kind == VALUE_STRING && is_iso_time(a) && is_iso_time(b))
        return true;
    int unit = find_unit(a);
    return unit && unit == find_unit(b);
}

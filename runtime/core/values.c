/* SPDX-License-Identifier: Apache-2.0 */
/* The lambda_* functions of lambda.h that turn texts into values: free-form JSON, structs by their
 * tables, URL encoding. */
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/scan.h"
#include "core/ctx.h"
#include "decode/decode.h"

#define NUMBER_MAX   400 /* characters of a number; a double has at most 309 before its point */
#define EXPONENT_MAX 400
#define ENCODED_MAX  (64u << 20) /* bytes of a struct as JSON */

static struct scan_value find(lambda_json json, const char *pointer)
{
    if (!json.ptr || !pointer)
        return (struct scan_value){NULL, 0};
    return scan_find(json.ptr, json.len, pointer);
}

static bool is_text(struct scan_value v, const char *text)
{
    return v.ptr && v.len == strlen(text) && memcmp(v.ptr, text, v.len) == 0;
}

CTX_EXPORT lambda_json lambda_json_get(lambda_json json, const char *pointer)
{
    struct scan_value v = find(json, pointer);
    if (!v.ptr || is_text(v, "null"))
        return (lambda_json){NULL, 0};
    return (lambda_json){v.ptr, v.len};
}

CTX_EXPORT lambda_str lambda_json_str(lambda_ctx *ctx, lambda_json json, const char *pointer)
{
    struct scan_value v = find(json, pointer);
    if (!v.ptr || v.len < 2 || v.ptr[0] != '"')
        return (lambda_str){NULL, 0};
    char *out = arena_alloc(ctx->arena, v.len + 1);
    long len = out ? scan_unescape(v, out) : -1;
    if (len < 0)
        return (lambda_str){NULL, 0};
    out[len] = '\0';
    return (lambda_str){out, (size_t)len};
}

/* A JSON number as digits without point, and where the point stands among them. */
struct decimal {
    char digits[NUMBER_MAX];
    int count, point;
    bool negative;
};

static int read_exponent(const char *p, const char *end, int *out)
{
    int sign = p < end && *p == '-' ? -1 : 1;
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    int value = 0;
    if (p == end)
        return -1;
    for (; p < end; p++) {
        if (*p < '0' || *p > '9' || value > EXPONENT_MAX)
            return -1;
        value = value * 10 + (*p - '0');
    }
    *out = sign * value;
    return 0;
}

static int read_decimal(struct scan_value v, struct decimal *d)
{
    const char *p = v.ptr, *end = v.ptr + v.len;
    d->negative = *p == '-';
    d->count = 0;
    d->point = -1;
    for (p += d->negative; p < end && *p != 'e' && *p != 'E'; p++) {
        if (*p == '.' && d->point < 0)
            d->point = d->count;
        else if (*p >= '0' && *p <= '9' && d->count < NUMBER_MAX)
            d->digits[d->count++] = *p;
        else
            return -1;
    }
    if (d->point < 0)
        d->point = d->count;
    int exponent = 0;
    if (p < end && read_exponent(p + 1, end, &exponent) != 0)
        return -1;
    d->point += exponent;
    return d->count ? 0 : -1;
}

/* -1 when the number has a fraction or does not fit. */
static int decimal_to_i64(const struct decimal *d, int64_t *out)
{
    int64_t value = 0; /* negative all the way: its range is the larger one */
    for (int i = 0; i < d->point; i++) {
        int digit = i < d->count ? d->digits[i] - '0' : 0;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digit, &value))
            return -1;
        if (i >= d->count && value == 0)
            break; /* zero with any exponent */
    }
    for (int i = d->point < 0 ? 0 : d->point; i < d->count; i++)
        if (d->digits[i] != '0')
            return -1;
    if (!d->negative && __builtin_mul_overflow(value, -1, &value))
        return -1;
    *out = value;
    return 0;
}

static bool is_number(struct scan_value v)
{
    return v.ptr && v.len && (v.ptr[0] == '-' || (v.ptr[0] >= '0' && v.ptr[0] <= '9'));
}

CTX_EXPORT int64_t lambda_json_i64(lambda_json json, const char *pointer, int64_t fallback)
{
    struct scan_value v = find(json, pointer);
    struct decimal d;
    int64_t value;
    if (!is_number(v) || read_decimal(v, &d) != 0 || decimal_to_i64(&d, &value) != 0)
        return fallback;
    return value;
}

/* By the C locale: a handler's setlocale may have made the point a comma. */
CTX_EXPORT double lambda_json_f64(lambda_json json, const char *pointer, double fallback)
{
    struct scan_value v = find(json, pointer);
    char text[NUMBER_MAX + 1], *end;
    if (!is_number(v) || v.len > NUMBER_MAX)
        return fallback;
    memcpy(text, v.ptr, v.len);
    text[v.len] = '\0';
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!c_locale)
        return fallback;
    double value = strtod_l(text, &end, c_locale);
    freelocale(c_locale);
    return *end || !isfinite(value) ? fallback : value;
}

CTX_EXPORT bool lambda_json_bool(lambda_json json, const char *pointer, bool fallback)
{
    struct scan_value v = find(json, pointer);
    if (is_text(v, "true"))
        return true;
    return is_text(v, "false") ? false : fallback;
}

CTX_EXPORT int lambda_decode_type(lambda_ctx *ctx, struct lambda_type *type, const void *text,
                                  size_t len, void *out)
{
    struct err err;
    if (!text)
        return failure_set(&ctx->failure, "InvalidJson", "%s: there is no text", type->name);
    if (decode_prepare(type, &err) != 0)
        return failure_set(&ctx->failure, "InvalidJson", "%s", err.msg);
    char *copy = len < SIZE_MAX - DECODE_PAD ? arena_alloc(ctx->arena, len + DECODE_PAD) : NULL;
    if (!copy)
        return failure_set(&ctx->failure, "InvalidJson", "%s: no memory for %zu bytes of text",
                           type->name, len);
    memcpy(copy, text, len);
    memset(copy + len, 0, DECODE_PAD);
    if (decode_document(type, copy, len, out, ctx->arena, &err) != 0)
        return failure_set(&ctx->failure, "InvalidJson", "%s: %s", type->name, err.msg);
    return 0;
}

CTX_EXPORT lambda_str lambda_encode_type(lambda_ctx *ctx, struct lambda_type *type,
                                         const void *value)
{
    lambda_str result = {NULL, 0};
    struct err err;
    AUTO_BUF struct buf text;
    buf_init(&text, ENCODED_MAX);
    if (decode_prepare(type, &err) != 0 || decode_encode(type, value, &text, &err) != 0)
        return result;
    result.ptr = arena_strndup(ctx->arena, text.ptr, text.len);
    result.len = result.ptr ? text.len : 0;
    return result;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

CTX_EXPORT lambda_str lambda_url_decode(lambda_ctx *ctx, lambda_str text)
{
    lambda_str result = {NULL, 0};
    char *out = text.ptr ? arena_strndup(ctx->arena, text.ptr, text.len) : NULL;
    if (!out)
        return result;
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        int high = c == '%' && text.len - i > 2 ? hex_value(text.ptr[i + 1]) : -1;
        int low = high >= 0 ? hex_value(text.ptr[i + 2]) : -1;
        if (low >= 0) {
            out[n++] = (char)(high << 4 | low);
            i += 2;
        } else {
            out[n++] = c == '+' ? ' ' : c;
        }
    }
    out[n] = '\0';
    result.ptr = out;
    result.len = n;
    return result;
}

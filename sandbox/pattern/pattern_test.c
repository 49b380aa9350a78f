/* SPDX-License-Identifier: Apache-2.0 */
#include "pattern/pattern_test.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/attr.h"
#include "base/utf8.h"

#define ADDRESS_TEXT_MAX 64 /* of an IP address */

static bool is_equal(const struct pattern_test *t, const char *ptr, size_t len)
{
    return t->len == len && memcmp(t->text, ptr, len) == 0;
}

static bool passes_text(const struct pattern_test *t, const struct pattern_value *v)
{
    return v->string && is_equal(t, v->ptr, v->len);
}

/* AWS docs: "Amazon EventBridge event patterns": numbers are compared as they are written, 300 is
 * not 300.0. */
static bool passes_literal(const struct pattern_test *t, const struct pattern_value *v)
{
    return !v->string && is_equal(t, v->ptr, v->len);
}

static bool passes_prefix(const struct pattern_test *t, const struct pattern_value *v)
{
    return v->string && v->len >= t->len && is_equal(t, v->ptr, t->len);
}

static bool passes_suffix(const struct pattern_test *t, const struct pattern_value *v)
{
    return v->string && v->len >= t->len && is_equal(t, v->ptr + v->len - t->len, t->len);
}

/* Letters of Latin, Greek and Cyrillic; others are compared as they are. Of every step-th letter
 * from first to last the other case is distance behind. */
static uint32_t fold_case(uint32_t c)
{
    static const struct {
        uint32_t first, last, step, distance;
    } rows[] = {
        {'A', 'Z', 1, 32},     {0xc0, 0xd6, 1, 32},   {0xd8, 0xde, 1, 32},   {0x100, 0x12e, 2, 1},
        {0x132, 0x136, 2, 1},  {0x139, 0x147, 2, 1},  {0x14a, 0x176, 2, 1},  {0x179, 0x17d, 2, 1},
        {0x391, 0x3a1, 1, 32}, {0x3a3, 0x3ab, 1, 32}, {0x400, 0x40f, 1, 80}, {0x410, 0x42f, 1, 32},
        {0x460, 0x480, 2, 1},  {0x48a, 0x4be, 2, 1},  {0x4d0, 0x52e, 2, 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows) && c >= rows[i].first; i++)
        if (c <= rows[i].last && (c - rows[i].first) % rows[i].step == 0)
            return c + rows[i].distance;
    return c;
}

/* The character at *p, which moves behind it. What is no UTF-8 counts byte by byte. */
static uint32_t next_char(const char **p, const char *end)
{
    static const uint8_t masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    size_t step = utf8_step(*p, (size_t)(end - *p));
    if (!step)
        return (unsigned char)*(*p)++ | 0x80000000u;
    uint32_t c = (unsigned char)**p & masks[step];
    for (size_t i = 1; i < step; i++)
        c = c << 6 | ((unsigned char)(*p)[i] & 0x3f);
    *p += step;
    return c;
}

/* Does the text at p begin with t, and where does that end? */
static bool begins_folded(const struct pattern_test *t, const char *p, const char *end,
                          const char **behind)
{
    const char *want = t->text, *want_end = t->text + t->len;
    while (want < want_end) {
        if (p == end || fold_case(next_char(&want, want_end)) != fold_case(next_char(&p, end)))
            return false;
    }
    *behind = p;
    return true;
}

static bool passes_prefix_folded(const struct pattern_test *t, const struct pattern_value *v)
{
    const char *behind;
    return v->string && begins_folded(t, v->ptr, v->ptr + v->len, &behind);
}

static bool passes_ignore_case(const struct pattern_test *t, const struct pattern_value *v)
{
    const char *behind, *end = v->ptr + v->len;
    return v->string && begins_folded(t, v->ptr, end, &behind) && behind == end;
}

static size_t count_chars(const char *p, size_t len)
{
    size_t n = 0;
    for (const char *end = p + len; p < end; n++)
        next_char(&p, end);
    return n;
}

static bool passes_suffix_folded(const struct pattern_test *t, const struct pattern_value *v)
{
    if (!v->string)
        return false;
    size_t have = count_chars(v->ptr, v->len), want = count_chars(t->text, t->len);
    const char *p = v->ptr, *end = v->ptr + v->len, *behind;
    if (have < want)
        return false;
    for (; have > want; have--)
        next_char(&p, end);
    return begins_folded(t, p, end, &behind) && behind == end;
}

/* One piece of a wildcard, up to a star or the end, without its escapes. */
struct piece {
    char text[4096 * 4]; /* PATTERN_LENGTH_MAX */
    size_t len;
    bool star; /* it ends at one */
};

static const char *read_piece(const char *p, const char *end, struct piece *out)
{
    out->len = 0;
    for (; p < end && *p != '*'; p++) {
        if (*p == '\\' && p + 1 < end)
            p++;
        out->text[out->len++] = *p;
    }
    out->star = p < end;
    return out->star ? p + 1 : p;
}

/* The first piece stands at the start, the last at the end, those between as far left as they can:
 * no way back is ever needed. */
static bool passes_wildcard(const struct pattern_test *t, const struct pattern_value *v)
{
    if (!v->string)
        return false;
    struct piece piece;
    const char *p = t->text, *end = t->text + t->len, *at = v->ptr, *stop = v->ptr + v->len;
    p = read_piece(p, end, &piece);
    if ((size_t)(stop - at) < piece.len || memcmp(at, piece.text, piece.len) != 0)
        return false;
    at += piece.len;
    while (piece.star) {
        p = read_piece(p, end, &piece);
        if (!piece.star)
            return (size_t)(stop - at) >= piece.len &&
                   memcmp(stop - piece.len, piece.text, piece.len) == 0;
        at = memmem(at, (size_t)(stop - at), piece.text, piece.len);
        if (!at)
            return false;
        at += piece.len;
    }
    return at == stop;
}

const char *pattern_wildcard_fault(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '*' && i + 1 < len && text[i + 1] == '*')
            return "two '*' beside each other";
        if (text[i] != '\\')
            continue;
        if (i + 1 == len || (text[i + 1] != '*' && text[i + 1] != '\\'))
            return "a '\\' that is neither before '*' nor before '\\'";
        i++;
    }
    return NULL;
}

static bool passes_numeric(const struct pattern_test *t, const struct pattern_value *v)
{
    const struct pattern_range *r = &t->range;
    struct pattern_number n;
    bool number = !v->string && (*v->ptr == '-' || (*v->ptr >= '0' && *v->ptr <= '9'));
    if (!number || !pattern_number_parse(v->ptr, v->len, &n))
        return false;
    if (r->has_low && pattern_number_compare(&n, &r->low) < (r->low_open ? 1 : 0))
        return false;
    return !r->has_high || pattern_number_compare(&n, &r->high) <= (r->high_open ? -1 : 0);
}

/* Bytes of the address, 0 when it is none. */
static uint8_t read_address(const char *text, size_t len, uint8_t out[16])
{
    char copy[ADDRESS_TEXT_MAX];
    if (len >= sizeof copy || memchr(text, '\0', len))
        return 0;
    memcpy(copy, text, len);
    copy[len] = '\0';
    if (inet_pton(AF_INET, copy, out) == 1)
        return 4;
    return inet_pton(AF_INET6, copy, out) == 1 ? 16 : 0;
}

bool pattern_cidr_parse(const char *text, size_t len, struct pattern_cidr *out, const char **why)
{
    const char *slash = memchr(text, '/', len);
    size_t digits = slash ? (size_t)(text + len - slash) - 1 : 0;
    *why = "an address, '/' and a number of bits are wanted";
    if (!digits || digits > 3 || (digits > 1 && slash[1] == '0'))
        return false;
    unsigned bits = 0;
    for (size_t i = 1; i <= digits; i++) {
        if (slash[i] < '0' || slash[i] > '9')
            return false;
        bits = bits * 10 + (unsigned)(slash[i] - '0');
    }
    *why = "no address of IPv4 or IPv6";
    out->bytes = read_address(text, (size_t)(slash - text), out->address);
    if (!out->bytes)
        return false;
    *why = out->bytes == 4 ? "the bits of IPv4 are 0 to 31" : "the bits of IPv6 are 0 to 127";
    out->bits = (uint8_t)bits;
    return bits < out->bytes * 8u;
}

static bool passes_cidr(const struct pattern_test *t, const struct pattern_value *v)
{
    uint8_t address[16];
    if (!v->string || read_address(v->ptr, v->len, address) != t->cidr.bytes)
        return false;
    size_t whole = t->cidr.bits / 8, rest = t->cidr.bits % 8;
    if (memcmp(address, t->cidr.address, whole) != 0)
        return false;
    return !rest || (address[whole] ^ t->cidr.address[whole]) >> (8 - rest) == 0;
}

static bool passes_present(const struct pattern_test *t, const struct pattern_value *v)
{
    (void)t;
    return v->ptr;
}

static bool passes_absent(const struct pattern_test *t, const struct pattern_value *v)
{
    (void)t;
    return !v->ptr;
}

static bool passes_anything_but(const struct pattern_test *t, const struct pattern_value *v)
{
    for (size_t i = 0; i < t->ninner; i++)
        if (pattern_test_passes(&t->inner[i], v))
            return false;
    return true;
}

static bool (*const testers[PATTERN_KIND_COUNT])(const struct pattern_test *t,
                                                 const struct pattern_value *v) = {
    [PATTERN_TEXT] = passes_text,
    [PATTERN_LITERAL] = passes_literal,
    [PATTERN_PREFIX] = passes_prefix,
    [PATTERN_SUFFIX] = passes_suffix,
    [PATTERN_IGNORE_CASE] = passes_ignore_case,
    [PATTERN_PREFIX_IGNORE_CASE] = passes_prefix_folded,
    [PATTERN_SUFFIX_IGNORE_CASE] = passes_suffix_folded,
    [PATTERN_WILDCARD] = passes_wildcard,
    [PATTERN_NUMERIC] = passes_numeric,
    [PATTERN_CIDR] = passes_cidr,
    [PATTERN_PRESENT] = passes_present,
    [PATTERN_ABSENT] = passes_absent,
    [PATTERN_ANYTHING_BUT] = passes_anything_but,
};

bool pattern_test_passes(const struct pattern_test *t, const struct pattern_value *v)
{
    return testers[t->kind](t, v);
}

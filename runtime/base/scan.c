/* SPDX-License-Identifier: Apache-2.0 */
#include "base/scan.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

/* A walk over a text. A fault is recorded once; the walk ends there. */
struct scan {
    const char *p, *end;
    const char *fault; /* where, NULL while there is none */
    const char *reason;
};

/* The open containers, one bit each: 1 for an object. */
struct nest {
    uint64_t objects[(SCAN_DEPTH_MAX + 63) / 64];
    size_t depth;
};

enum { FAULT = -1, COMPLETE, VALUE_FOLLOWS };

static int scan_fail(struct scan *s, const char *at, const char *reason)
{
    s->fault = at;
    s->reason = reason;
    return FAULT;
}

static void skip_space(struct scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t'))
        s->p++;
}

static bool at_char(const struct scan *s, char c)
{
    return s->p < s->end && *s->p == c;
}

static bool is_digit(const struct scan *s)
{
    return s->p < s->end && *s->p >= '0' && *s->p <= '9';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

int scan_hex_unit(const char *p, const char *end)
{
    if (end - p < 4)
        return -1;
    int unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_value(p[i]);
        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

/* First byte at or after p that is a quote, a backslash, a control character or not ASCII. */
static const char *find_special(const char *p, const char *end)
{
    const uint64_t ones = 0x0101010101010101u;
    for (; end - p >= 8; p += 8) {
        uint64_t word;
        memcpy(&word, p, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap64(word);
#endif
        /* A borrow only spoils bytes above a true hit, so the lowest hit is exact. */
        uint64_t hit = word | (word - ones * 0x20) | ((word ^ ones * '"') - ones) |
                       ((word ^ ones * '\\') - ones);
        hit &= ones * 0x80;
        if (hit)
            return p + (__builtin_ctzll(hit) >> 3);
    }
    while (p < end && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80 && *p != '"' &&
           *p != '\\')
        p++;
    return p;
}

static int skip_escape(struct scan *s)
{
    if (s->end - s->p < 2)
        return scan_fail(s, s->end, "string without an end");
    char c = s->p[1];
    if (c == 'u') {
        if (scan_hex_unit(s->p + 2, s->end) < 0)
            return scan_fail(s, s->p, "\\u without four hexadecimal digits");
        s->p += 6;
        return COMPLETE;
    }
    if (!c || !strchr("\"\\/bfnrt", c))
        return scan_fail(s, s->p, "unknown escape in a string");
    s->p += 2;
    return COMPLETE;
}

/* From the opening quote to behind the closing one. */
static int skip_string(struct scan *s)
{
    s->p++;
    for (;;) {
        s->p = find_special(s->p, s->end);
        if (s->p == s->end)
            return scan_fail(s, s->end, "string without an end");
        unsigned char c = (unsigned char)*s->p;
        if (c == '"') {
            s->p++;
            return COMPLETE;
        }
        if (c == '\\') {
            if (skip_escape(s))
                return FAULT;
            continue;
        }
        if (c < 0x20)
            return scan_fail(s, s->p, "control character in a string");
        size_t step = utf8_step(s->p, (size_t)(s->end - s->p));
        if (!step)
            return scan_fail(s, s->p, "invalid UTF-8");
        s->p += step;
    }
}

static bool skip_digits(struct scan *s)
{
    if (!is_digit(s))
        return false;
    while (is_digit(s))
        s->p++;
    return true;
}

static int skip_number(struct scan *s)
{
    const char *start = s->p;
    if (*s->p == '-')
        s->p++;
    if (at_char(s, '0'))
        s->p++;
    else if (!skip_digits(s))
        return scan_fail(s, start, "invalid number");
    if (at_char(s, '.')) {
        s->p++;
        if (!skip_digits(s))
            return scan_fail(s, start, "invalid number");
    }
    if (at_char(s, 'e') || at_char(s, 'E')) {
        s->p++;
        if (at_char(s, '+') || at_char(s, '-'))
            s->p++;
        if (!skip_digits(s))
            return scan_fail(s, start, "invalid number");
    }
    return COMPLETE;
}

static int skip_word(struct scan *s, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(s->end - s->p) < len || memcmp(s->p, word, len) != 0)
        return scan_fail(s, s->p, "expected a value");
    s->p += len;
    return COMPLETE;
}

/* A key with its colon, up to the value. */
static int skip_key(struct scan *s)
{
    if (!at_char(s, '"'))
        return scan_fail(s, s->p, "expected a key in double quotes");
    if (skip_string(s))
        return FAULT;
    skip_space(s);
    if (!at_char(s, ':'))
        return scan_fail(s, s->p, "expected ':'");
    s->p++;
    skip_space(s);
    return COMPLETE;
}

/* Opens the container at p, up to its first value; an empty one is consumed. */
static int skip_open(struct scan *s, struct nest *n)
{
    bool object = *s->p == '{';
    if (n->depth == SCAN_DEPTH_MAX)
        return scan_fail(s, s->p, "nested too deep");
    s->p++;
    skip_space(s);
    if (at_char(s, object ? '}' : ']')) {
        s->p++;
        return COMPLETE;
    }
    uint64_t bit = (uint64_t)1 << n->depth % 64;
    uint64_t *word = &n->objects[n->depth / 64];
    *word = object ? *word | bit : *word & ~bit;
    n->depth++;
    return object && skip_key(s) ? FAULT : VALUE_FOLLOWS;
}

static int skip_start(struct scan *s, struct nest *n)
{
    if (s->p == s->end)
        return scan_fail(s, s->p, "expected a value");
    switch (*s->p) {
    case '{':
    case '[':
        return skip_open(s, n);
    case '"':
        return skip_string(s);
    case 't':
        return skip_word(s, "true");
    case 'f':
        return skip_word(s, "false");
    case 'n':
        return skip_word(s, "null");
    default:
        if (*s->p == '-' || is_digit(s))
            return skip_number(s);
        return scan_fail(s, s->p, "expected a value");
    }
}

/* Behind a complete value: closes what ends here, or goes on to the next value. */
static int skip_rest(struct scan *s, struct nest *n)
{
    while (n->depth) {
        bool object = n->objects[(n->depth - 1) / 64] >> (n->depth - 1) % 64 & 1;
        skip_space(s);
        if (at_char(s, ',')) {
            s->p++;
            skip_space(s);
            return object && skip_key(s) ? FAULT : VALUE_FOLLOWS;
        }
        if (!at_char(s, object ? '}' : ']'))
            return scan_fail(s, s->p, object ? "expected ',' or '}'" : "expected ',' or ']'");
        s->p++;
        n->depth--;
    }
    return COMPLETE;
}

static int skip_value(struct scan *s)
{
    struct nest n;
    n.depth = 0;
    for (;;) {
        int r = skip_start(s, &n);
        if (r == COMPLETE)
            r = skip_rest(s, &n);
        if (r != VALUE_FOLLOWS)
            return r;
    }
}

void scan_locate(const char *text, size_t offset, struct scan_fault *fault)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < offset; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '\n') {
            line++;
            column = 1;
        } else if ((c & 0xC0) != 0x80) {
            column++;
        }
    }
    fault->offset = offset;
    fault->line = line;
    fault->column = column;
}

const char *scan_token(const char *text, size_t len, size_t *offset)
{
    struct scan s = {.p = text, .end = text + len};
    struct nest n;
    n.depth = 0;
    if (skip_start(&s, &n) != FAULT)
        return NULL;
    *offset = (size_t)(s.fault - text);
    return s.reason;
}

bool scan_valid(const char *text, size_t len, struct scan_fault *fault)
{
    struct scan s = {.p = text, .end = text + len};
    skip_space(&s);
    if (s.p == s.end) {
        scan_fail(&s, s.p, "empty document");
    } else if (skip_value(&s) == COMPLETE) {
        skip_space(&s);
        if (s.p == s.end)
            return true;
        scan_fail(&s, s.p, "text after the document");
    }
    scan_locate(text, (size_t)(s.fault - text), fault);
    fault->reason = s.reason;
    return false;
}

/* ---- looking into a text: scan_find and scan_next ---------------------------------------------
 */

/* A step into the container at p (first), or on from behind one of its values: up to the next key
 * and value. 1, or 0 at the end and at a fault. key is absent in arrays. */
static int step_member(struct scan *s, bool first, bool object, struct scan_value *key)
{
    if (first)
        s->p++;
    skip_space(s);
    if (first ? at_char(s, object ? '}' : ']') : !at_char(s, ','))
        return 0;
    if (!first) {
        s->p++;
        skip_space(s);
    }
    *key = (struct scan_value){0};
    if (!object)
        return s->p < s->end;
    const char *quote = s->p;
    if (!at_char(s, '"') || skip_string(s))
        return 0;
    *key = (struct scan_value){quote + 1, (size_t)(s->p - quote) - 2};
    skip_space(s);
    if (!at_char(s, ':'))
        return 0;
    s->p++;
    skip_space(s);
    return s->p < s->end;
}

bool scan_next(struct scan_value v, size_t *at, struct scan_value *key, struct scan_value *value)
{
    if (!v.ptr || v.len < 2 || *at >= v.len || (*v.ptr != '{' && *v.ptr != '['))
        return false;
    struct scan s = {.p = v.ptr + *at, .end = v.ptr + v.len};
    struct scan_value name;
    if (!step_member(&s, *at == 0, *v.ptr == '{', &name))
        return false;
    const char *start = s.p;
    if (skip_value(&s) != COMPLETE)
        return false;
    *key = name;
    *value = (struct scan_value){start, (size_t)(s.p - start)};
    *at = (size_t)(s.p - v.ptr);
    return true;
}

/* One character of a valid string at *p, unescaped, to out; gives its bytes. */
static size_t unescape_step(const char **p, const char *end, char out[4])
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *s = *p;
    if (*s != '\\') {
        out[0] = *s;
        *p = s + 1;
        return 1;
    }
    if (s[1] != 'u') {
        out[0] = to[strchr(from, s[1]) - from];
        *p = s + 2;
        return 1;
    }
    uint32_t unit = (uint32_t)scan_hex_unit(s + 2, end);
    s += 6;
    if (unit >= 0xD800 && unit < 0xDC00 && end - s >= 6 && s[0] == '\\' && s[1] == 'u') {
        uint32_t low = (uint32_t)scan_hex_unit(s + 2, end);
        if (low >= 0xDC00 && low < 0xE000) {
            unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
            s += 6;
        }
    }
    *p = s;
    return utf8_encode(unit, out); /* a lone surrogate becomes U+FFFD there */
}

/* Whether a raw key means the reference token (RFC 6901: ~0 is '~', ~1 is '/'). */
static bool key_equals(struct scan_value key, const char *token, size_t len)
{
    const char *k = key.ptr, *k_end = key.ptr + key.len, *t_end = token + len;
    char bytes[4];
    if (!memchr(key.ptr, '\\', key.len) && !memchr(token, '~', len))
        return key.len == len && memcmp(key.ptr, token, len) == 0;
    while (k < k_end) {
        size_t n = unescape_step(&k, k_end, bytes);
        for (size_t i = 0; i < n; i++) {
            if (token == t_end)
                return false;
            char want = *token++;
            if (want == '~' && token < t_end && (*token == '0' || *token == '1'))
                want = *token++ == '0' ? '~' : '/';
            if (want != bytes[i])
                return false;
        }
    }
    return token == t_end;
}

/* The array index in a reference token: digits without a leading zero; -1 for anything else. */
static long token_index(const char *token, size_t len)
{
    if (!len || len > 9 || (len > 1 && *token == '0'))
        return -1;
    long index = 0;
    for (size_t i = 0; i < len; i++) {
        if (token[i] < '0' || token[i] > '9')
            return -1;
        index = index * 10 + (token[i] - '0');
    }
    return index;
}

/* Goes from the container at p to the value that one reference token names. */
static bool descend(struct scan *s, const char *token, size_t len)
{
    if (!at_char(s, '{') && !at_char(s, '['))
        return false;
    bool object = *s->p == '{';
    long want = token_index(token, len);
    if (!object && want < 0)
        return false;
    struct scan_value key;
    for (long i = 0; step_member(s, i == 0, object, &key); i++) {
        if (object ? key_equals(key, token, len) : i == want)
            return true;
        if (skip_value(s) != COMPLETE)
            return false;
    }
    return false;
}

struct scan_value scan_find_len(const char *text, size_t len, const char *pointer,
                                size_t pointer_len)
{
    struct scan s = {.p = text, .end = text + len};
    struct scan_value none = {0};
    const char *end = pointer + pointer_len;
    skip_space(&s);
    while (pointer < end && *pointer == '/') {
        const char *token = pointer + 1;
        const char *slash = memchr(token, '/', (size_t)(end - token));
        pointer = slash ? slash : end;
        if (!descend(&s, token, (size_t)(pointer - token)))
            return none;
    }
    const char *start = s.p;
    if (pointer != end || s.p == s.end || skip_value(&s) != COMPLETE)
        return none;
    return (struct scan_value){start, (size_t)(s.p - start)};
}

struct scan_value scan_find(const char *text, size_t len, const char *pointer)
{
    return scan_find_len(text, len, pointer, strlen(pointer));
}

long scan_unescape(struct scan_value v, char *out)
{
    if (!v.ptr || !v.len || *v.ptr != '"')
        return -1;
    struct scan s = {.p = v.ptr, .end = v.ptr + v.len};
    if (skip_string(&s) || s.p != s.end)
        return -1;
    const char *p = v.ptr + 1, *end = s.end - 1;
    char *w = out;
    while (p < end) {
        const char *escape = memchr(p, '\\', (size_t)(end - p));
        size_t plain = (size_t)((escape ? escape : end) - p);
        memmove(w, p, plain); /* out may be the text itself */
        w += plain;
        p += plain;
        if (escape) {
            char bytes[4];
            size_t n = unescape_step(&p, end, bytes);
            memcpy(w, bytes, n);
            w += n;
        }
    }
    return (long)(w - out);
}

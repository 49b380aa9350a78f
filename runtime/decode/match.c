/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/scan.h"
#include "decode/decode.h"

/* One term of an expression: !pointer, pointer or pointer=text. */
struct term {
    const char *pointer, *text; /* text NULL: no comparison */
    size_t pointer_len, text_len;
    bool negated;
};

static struct term split_term(const char *at, size_t len)
{
    struct term t = {.negated = len && *at == '!'};
    t.pointer = at + t.negated;
    t.pointer_len = len - t.negated;
    const char *equal = memchr(t.pointer, '=', t.pointer_len);
    if (equal) {
        t.text = equal + 1;
        t.text_len = (size_t)(at + len - t.text);
        t.pointer_len = (size_t)(equal - t.pointer);
    }
    return t;
}

/* A string is compared after unescaping, byte by byte of the text; anything else as it stands. */
static bool value_equals(struct scan_value v, const char *text, size_t len)
{
    if (*v.ptr != '"')
        return v.len == len && memcmp(v.ptr, text, len) == 0;
    if (v.len == len + 2 && memcmp(v.ptr + 1, text, len) == 0)
        return !memchr(text, '\\', len);
    if (v.len > DECODE_MATCH_MAX * 6 + 2 || !memchr(v.ptr, '\\', v.len))
        return false;
    char plain[DECODE_MATCH_MAX * 6 + 2];
    long plain_len = scan_unescape(v, plain);
    return plain_len == (long)len && memcmp(plain, text, len) == 0;
}

static bool term_holds(struct term t, const char *text, size_t len)
{
    struct scan_value v = scan_find_len(text, len, t.pointer, t.pointer_len);
    bool present = v.ptr && *v.ptr != 'n'; /* null equals absent */
    if (!present || !t.text)
        return present != t.negated;
    return value_equals(v, t.text, t.text_len);
}

bool decode_match(const char *match, const char *text, size_t len)
{
    for (;;) {
        bool holds = true;
        const char *at = match;
        for (;; at++) {
            size_t term_len = strcspn(at, "&|");
            holds = holds && term_holds(split_term(at, term_len), text, len);
            at += term_len;
            if (*at != '&')
                break;
        }
        if (holds || *at != '|')
            return holds;
        match = at + 1;
    }
}

static int check_term(const char *at, size_t len, struct err *err)
{
    struct term t = split_term(at, len);
    const char *what = NULL;
    if (len > DECODE_MATCH_MAX)
        what = "is too long";
    else if (!t.pointer_len || *t.pointer != '/')
        what = "does not start with '/', as a JSON pointer does";
    else if (t.negated && t.text)
        what = "is negated and has a text to compare with";
    else if (t.text && !t.text_len)
        what = "compares with an empty text";
    if (!what)
        return 0;
    return err_set(err, ERR_INPUT, "match term '%.*s' %s", (int)(len < 80 ? len : 80), at, what);
}

int decode_match_check(const char *match, struct err *err)
{
    for (const char *at = match;; at++) {
        size_t len = strcspn(at, "&|");
        if (check_term(at, len, err))
            return -1;
        at += len;
        if (!*at)
            return 0;
    }
}

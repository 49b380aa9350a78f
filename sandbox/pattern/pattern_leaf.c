/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "pattern/pattern_tree.h"

#define NAME_TOLD    60  /* bytes of a name in a message */
#define NAME_RAW_MAX 128 /* of an operator's name, all of it in escapes */

typedef int (*operator_fn)(struct pattern_compiler *c, struct scan_value v, struct pattern_test *t,
                           struct err *err);

static bool is_text(struct scan_value v, const char *text)
{
    return v.len == strlen(text) && memcmp(v.ptr, text, v.len) == 0;
}

/* Is the string between the quotes around v this one? Names may be written with escapes. */
static bool is_name(struct scan_value v, const char *text)
{
    char plain[NAME_RAW_MAX];
    if (!memchr(v.ptr, '\\', v.len) || v.len + 2 > sizeof plain)
        return is_text(v, text);
    long len = scan_unescape((struct scan_value){v.ptr - 1, v.len + 2}, plain);
    return len >= 0 && is_text((struct scan_value){plain, (size_t)len}, text);
}

static bool is_string(struct scan_value v)
{
    return *v.ptr == '"';
}

static bool is_number(struct scan_value v)
{
    return *v.ptr == '-' || (*v.ptr >= '0' && *v.ptr <= '9');
}

static int take_text(struct pattern_compiler *c, struct scan_value v, enum pattern_kind kind,
                     struct pattern_test *t, struct err *err)
{
    t->kind = kind;
    return pattern_take_string(c, v, &t->text, &t->len, err);
}

static int take_number(struct pattern_compiler *c, struct scan_value v, struct pattern_number *out,
                       struct err *err)
{
    if (!is_number(v))
        return pattern_fault(c, v.ptr, err, "a number was expected");
    if (!pattern_number_parse(v.ptr, v.len, out))
        return pattern_fault(c, v.ptr, err, "a number to compare has at most %d digits",
                             PATTERN_DIGITS_MAX);
    return 0;
}

/* The only member of an object: {"prefix": "x"}. */
static int only_member(struct pattern_compiler *c, struct scan_value v, struct scan_value *key,
                       struct scan_value *value, struct err *err)
{
    struct scan_value more_key, more;
    size_t at = 0;
    if (!scan_next(v, &at, key, value))
        return pattern_fault(c, v.ptr, err, "the name of an operator was expected");
    if (scan_next(v, &at, &more_key, &more))
        return pattern_fault(c, more_key.ptr, err, "only one operator is allowed in an object");
    return 0;
}

/* "x", or {"equals-ignore-case": "x"}. */
static int take_affix(struct pattern_compiler *c, struct scan_value v, enum pattern_kind kind,
                      enum pattern_kind folded, struct pattern_test *t, struct err *err)
{
    struct scan_value key;
    if (is_string(v))
        return take_text(c, v, kind, t, err);
    if (*v.ptr != '{')
        return pattern_fault(c, v.ptr, err, "a prefix or suffix is a string");
    if (only_member(c, v, &key, &v, err) < 0)
        return -1;
    if (!is_name(key, "equals-ignore-case") || !is_string(v))
        return pattern_fault(
            c, key.ptr, err,
            "in a prefix or suffix only equals-ignore-case with a string is known");
    return take_text(c, v, folded, t, err);
}

static int take_prefix(struct pattern_compiler *c, struct scan_value v, struct pattern_test *t,
                       struct err *err)
{
    return take_affix(c, v, PATTERN_PREFIX, PATTERN_PREFIX_IGNORE_CASE, t, err);
}

static int take_suffix(struct pattern_compiler *c, struct scan_value v, struct pattern_test *t,
                       struct err *err)
{
    return take_affix(c, v, PATTERN_SUFFIX, PATTERN_SUFFIX_IGNORE_CASE, t, err);
}

static int take_ignore_case(struct pattern_compiler *c, struct scan_value v, struct pattern_test *t,
                            struct err *err)
{
    if (!is_string(v))
        return pattern_fault(c, v.ptr, err, "equals-ignore-case takes a string");
    return take_text(c, v, PATTERN_IGNORE_CASE, t, err);
}

static int take_wildcard(struct pattern_compiler *c, struct scan_value v, struct pattern_test *t,
                         struct err *err)
{
    if (!is_string(v))
        return pattern_fault(c, v.ptr, err, "wildcard takes a string");
    if (take_text(c, v, PATTERN_WILDCARD, t, err) < 0)
        return -1;
    const char *why = pattern_wildcard_fault(t->text, t->len);
    return why ? pattern_fault(c, v.ptr, err, "a wildcard with %s", why) : 0;
}

static int take_cidr(struct pattern_compiler *c, struct scan_value v, struct pattern_test *t,
                     struct err *err)
{
    const char *why;
    if (!is_string(v))
        return pattern_fault(c, v.ptr, err, "cidr takes a string");
    if (take_text(c, v, PATTERN_CIDR, t, err) < 0)
        return -1;
    if (!pattern_cidr_parse(t->text, t->len, &t->cidr, &why))
        return pattern_fault(c, v.ptr, err, "cidr: %s", why);
    return 0;
}

static int take_exists(struct pattern_compiler *c, struct scan_value v, struct pattern_test *t,
                       struct err *err)
{
    if (!is_text(v, "true") && !is_text(v, "false"))
        return pattern_fault(c, v.ptr, err, "exists is true or false");
    t->kind = is_text(v, "true") ? PATTERN_PRESENT : PATTERN_ABSENT;
    return 0;
}

/* One bound: "<", 5. Those of a range are a lower one first, then an upper one. */
static int take_bound(struct pattern_compiler *c, struct scan_value name, struct scan_value number,
                      struct pattern_range *r, struct err *err)
{
    struct scan_value inside = {name.ptr + 1, is_string(name) ? name.len - 2 : 0};
    bool low_open = is_name(inside, ">"), high_open = is_name(inside, "<");
    bool low = low_open || is_name(inside, ">="), high = high_open || is_name(inside, "<=");
    bool equal = is_name(inside, "=");
    if (!low && !high && !equal)
        return pattern_fault(c, name.ptr, err, "numeric knows =, <, <=, > and >=");
    if (r->has_high || (r->has_low && !high))
        return pattern_fault(c, name.ptr, err,
                             "numeric takes one operator, or > or >= and then < or <=");
    struct pattern_number n;
    if (take_number(c, number, &n, err) < 0)
        return -1;
    if (!high) {
        r->low = n;
        r->low_open = low_open;
        r->has_low = true;
    }
    if (!low) {
        r->high = n;
        r->high_open = high_open;
        r->has_high = true;
    }
    return 0;
}

static int take_numeric(struct pattern_compiler *c, struct scan_value v, struct pattern_test *t,
                        struct err *err)
{
    struct scan_value none, name, number;
    size_t at = 0, bounds = 0;
    t->kind = PATTERN_NUMERIC;
    if (*v.ptr != '[')
        return pattern_fault(c, v.ptr, err, "numeric takes an array");
    for (; scan_next(v, &at, &none, &name); bounds++) {
        if (!scan_next(v, &at, &none, &number))
            return pattern_fault(c, name.ptr, err, "an operator of numeric without its number");
        if (take_bound(c, name, number, &t->range, err) < 0)
            return -1;
    }
    if (!bounds)
        return pattern_fault(c, v.ptr, err, "numeric takes an operator and a number");
    if (bounds == 2 && pattern_number_compare(&t->range.low, &t->range.high) >= 0)
        return pattern_fault(c, v.ptr, err, "bottom must be less than top");
    return 0;
}

/* What anything-but excludes: a number by its value, not by its digits. */
static int take_excluded(struct pattern_compiler *c, struct scan_value v, struct pattern_test *t,
                         struct err *err)
{
    if (is_string(v))
        return take_text(c, v, PATTERN_TEXT, t, err);
    if (!is_number(v))
        return pattern_fault(c, v.ptr, err, "anything-but takes strings or numbers");
    t->kind = PATTERN_NUMERIC;
    t->range.has_low = t->range.has_high = true;
    if (take_number(c, v, &t->range.low, err) < 0)
        return -1;
    t->range.high = t->range.low;
    return 0;
}

/* A prefix or suffix in anything-but is not empty, and no object. */
static int take_excluded_affix(struct pattern_compiler *c, struct scan_value v,
                               struct pattern_test *t, struct err *err)
{
    if (!is_string(v) || v.len == 2)
        return pattern_fault(c, v.ptr, err, "a prefix or suffix here is a string with characters");
    return take_text(c, v, PATTERN_PREFIX, t, err);
}

static int take_excluded_suffix(struct pattern_compiler *c, struct scan_value v,
                                struct pattern_test *t, struct err *err)
{
    int rc = take_excluded_affix(c, v, t, err);
    t->kind = PATTERN_SUFFIX;
    return rc;
}

/* One value, or a list of them, all of one kind. */
static int take_values(struct pattern_compiler *c, struct scan_value v, operator_fn take,
                       struct pattern_test *t, struct err *err)
{
    struct pattern *p = c->p;
    struct scan_value none, value = v;
    size_t at = 0;
    t->inner = &p->inners[p->ninners];
    if (*v.ptr != '[') {
        t->ninner = 1;
        return take(c, v, &p->inners[p->ninners++], err);
    }
    for (; scan_next(v, &at, &none, &value); t->ninner++) {
        if (take(c, value, &p->inners[p->ninners++], err) < 0)
            return -1;
        if (t->inner[t->ninner].kind != t->inner[0].kind)
            return pattern_fault(c, value.ptr, err,
                                 "in anything-but either all values are numbers or all strings");
    }
    return t->ninner ? 0 : pattern_fault(c, v.ptr, err, "empty arrays are not allowed");
}

static int take_anything_but(struct pattern_compiler *c, struct scan_value v,
                             struct pattern_test *t, struct err *err)
{
    static const struct {
        const char *name;
        operator_fn take;
    } inner[] = {
        {"prefix", take_excluded_affix},
        {"suffix", take_excluded_suffix},
        {"equals-ignore-case", take_ignore_case},
        {"wildcard", take_wildcard},
    };
    struct scan_value key;
    t->kind = PATTERN_ANYTHING_BUT;
    if (*v.ptr != '{')
        return take_values(c, v, take_excluded, t, err);
    if (only_member(c, v, &key, &v, err) < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(inner); i++)
        if (is_name(key, inner[i].name))
            return take_values(c, v, inner[i].take, t, err);
    return pattern_fault(c, key.ptr, err,
                         "anything-but knows prefix, suffix, equals-ignore-case and wildcard");
}

static const struct {
    const char *name;
    operator_fn take;
} operators[] = {
    {"prefix", take_prefix},
    {"suffix", take_suffix},
    {"equals-ignore-case", take_ignore_case},
    {"wildcard", take_wildcard},
    {"cidr", take_cidr},
    {"exists", take_exists},
    {"numeric", take_numeric},
    {"anything-but", take_anything_but},
};

bool pattern_is_reserved(struct scan_value name)
{
    static const char *const more[] = {"exactly", "=", "<", "<=", ">", ">="};
    for (size_t i = 0; i < ARRAY_LEN(operators); i++)
        if (is_name(name, operators[i].name))
            return true;
    for (size_t i = 0; i < ARRAY_LEN(more); i++)
        if (is_name(name, more[i]))
            return true;
    return false;
}

static int take_operator(struct pattern_compiler *c, struct scan_value v, struct pattern_test *t,
                         struct err *err)
{
    struct scan_value key;
    if (only_member(c, v, &key, &v, err) < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(operators); i++)
        if (is_name(key, operators[i].name))
            return operators[i].take(c, v, t, err);
    return pattern_fault(c, key.ptr, err, "unrecognized match type '%.*s'",
                         (int)(key.len < NAME_TOLD ? key.len : NAME_TOLD), key.ptr);
}

static int take_literal(struct pattern_compiler *c, struct scan_value v, struct pattern_test *t)
{
    t->kind = PATTERN_LITERAL;
    t->text = memcpy(c->free, v.ptr, v.len);
    t->len = v.len;
    c->free += v.len;
    return 0;
}

static int take_test(struct pattern_compiler *c, struct scan_value v, struct pattern_test *t,
                     struct err *err)
{
    if (is_string(v))
        return take_text(c, v, PATTERN_TEXT, t, err);
    if (*v.ptr == '{')
        return take_operator(c, v, t, err);
    if (*v.ptr == '[')
        return pattern_fault(c, v.ptr, err,
                             "match value must be a string, number, true, false, or null");
    return take_literal(c, v, t);
}

int pattern_take_list(struct pattern_compiler *c, struct scan_value v, struct err *err)
{
    struct pattern *p = c->p;
    struct pattern_list *list = &p->lists[p->nlists];
    struct scan_value none, value;
    size_t at = 0;
    list->tests = &p->tests[p->ntests];
    for (; scan_next(v, &at, &none, &value); list->ntests++) {
        struct pattern_test *t = &p->tests[p->ntests++];
        if (take_test(c, value, t, err) < 0)
            return -1;
        list->absence |= t->kind == PATTERN_ABSENT;
    }
    if (!list->ntests)
        return pattern_fault(c, v.ptr, err, "empty arrays are not allowed");
    return (int)++p->nlists;
}

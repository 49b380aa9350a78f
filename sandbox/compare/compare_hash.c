/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"
#include "compare/compare_run.h"
#include "compare/compare_value.h"

/* In one pass over a valid text, however deep it is. */
struct hasher {
    const char *p, *end;
    const struct compare_rules *rules;
};

static char peek(struct hasher *h)
{
    while (h->p < h->end && (*h->p == ' ' || *h->p == '\n' || *h->p == '\r' || *h->p == '\t'))
        h->p++;
    return h->p < h->end ? *h->p : '\0';
}

static bool take(struct hasher *h, char c)
{
    if (peek(h) != c)
        return false;
    h->p++;
    return true;
}

/* Between the quotes. */
static struct scan_value take_text(struct hasher *h)
{
    const char *start = ++h->p;
    while (h->p < h->end && *h->p != '"')
        h->p += *h->p == '\\' && h->p + 1 < h->end ? 2 : 1;
    struct scan_value text = {start, (size_t)(h->p - start)};
    h->p += h->p < h->end;
    return text;
}

static struct scan_value take_plain(struct hasher *h)
{
    const char *start = h->p;
    for (char c; h->p < h->end; h->p++) {
        c = *h->p;
        if (c == ',' || c == ']' || c == '}' || c == ' ' || c == '\n' || c == '\r' || c == '\t')
            break;
    }
    return (struct scan_value){start, (size_t)(h->p - start)};
}

static uint64_t hash_value(struct hasher *h, struct rules_path path);

/* The order of members does not count, that of one key's values does little: a sum. */
static uint64_t hash_object(struct hasher *h, struct rules_path path)
{
    uint64_t sum = 1;
    h->p++;
    while (peek(h) == '"') {
        struct scan_value key = take_text(h);
        take(h, ':');
        uint64_t value = hash_value(h, rules_enter(h->rules, path, key, 0));
        if (value)
            sum += hash_mix(value_hash_text(key) ^ hash_mix(value));
        take(h, ',');
    }
    take(h, '}');
    return hash_mix(sum);
}

static uint64_t hash_array(struct hasher *h, struct rules_path path)
{
    static const struct scan_value none;
    uint64_t hash = 2;
    h->p++;
    for (size_t i = 0; h->p < h->end && !take(h, ']'); i++) {
        hash = hash_mix(hash ^ hash_value(h, rules_enter(h->rules, path, none, i))) + 3;
        take(h, ',');
    }
    return hash_mix(hash);
}

static uint64_t hash_scalar(struct hasher *h)
{
    if (*h->p == '"')
        return hash_mix(value_hash_text(take_text(h)) + 4);
    if (*h->p == '-' || (*h->p >= '0' && *h->p <= '9'))
        return hash_mix(value_hash_number(take_plain(h)) + 5);
    return hash_mix(value_hash_text(take_plain(h)) + 6);
}

/* 0: it is ignored, whether it is there or not. */
static uint64_t hash_value(struct hasher *h, struct rules_path path)
{
    char c = peek(h);
    if (!c)
        return 0;
    uint64_t hash = c == '{'   ? hash_object(h, path)
                    : c == '[' ? hash_array(h, path)
                               : hash_scalar(h);
    const struct compare_rule *rule = rules_find(h->rules, path);
    if (!rule)
        return hash | 1;
    return rule->how == COMPARE_IGNORE ? 0 : 1;
}

uint64_t compare_hash(const struct compare_rules *rules, struct rules_path path,
                      struct scan_value v)
{
    struct hasher h = {v.ptr, v.ptr + v.len, rules};
    return hash_value(&h, path);
}

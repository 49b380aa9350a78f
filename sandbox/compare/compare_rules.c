/* SPDX-License-Identifier: Apache-2.0 */
#include "compare/compare_rules.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare/compare_value.h"

/* A pointer must not be moved: all have their place from the beginning. */
static struct compare_rule *add(struct compare_rules *r, const char *pointer, struct err *err)
{
    if (!r->rules)
        r->rules = calloc(COMPARE_RULES_MAX, sizeof *r->rules);
    if (!r->rules) {
        err_set(err, ERR_MEMORY, "no memory for rules");
        return NULL;
    }
    if (r->count == COMPARE_RULES_MAX) {
        err_set(err, ERR_USAGE, "'%.200s' is one too many: at most %d of --ignore and --match",
                pointer, COMPARE_RULES_MAX);
        return NULL;
    }
    struct compare_rule *rule = &r->rules[r->count];
    if (pointer_parse(&rule->pointer, pointer, err) < 0)
        return NULL;
    rule->how = COMPARE_IGNORE;
    rule->seen = false;
    return rule;
}

int compare_add_ignore(struct compare_rules *r, const char *pointer, struct err *err)
{
    if (!add(r, pointer, err))
        return -1;
    r->count++;
    return 0;
}

/* "1e-9" or "5%" */
static bool parse_tolerance(const char *text, struct compare_rule *out)
{
    char *end;
    if (*text < '0' || *text > '9' || strpbrk(text, "xX"))
        return false;
    out->tolerance = strtod(text, &end);
    out->relative = *end == '%';
    if (out->relative) {
        out->tolerance /= 100;
        end++;
    }
    return *end == '\0' && isfinite(out->tolerance);
}

int compare_add_match(struct compare_rules *r, const char *text, struct err *err)
{
    static const struct {
        const char *name;
        enum compare_how how;
    } words[] = {{"time", COMPARE_TIME}, {"uuid", COMPARE_UUID}, {"any", COMPARE_ANY}};
    static const char number[] = "number~";
    AUTO_FREE char *pointer = NULL;
    const char *equals = strrchr(text, '='); /* a name in the pointer may have one */
    if (!equals)
        return err_set(err, ERR_USAGE,
                       "'%.200s' lacks how to compare: POINTER=time, uuid, any, number~1e-9 or "
                       "number~5%%",
                       text);
    pointer = strndup(text, (size_t)(equals - text));
    if (!pointer)
        return err_set(err, ERR_MEMORY, "no memory for rules");
    struct compare_rule *rule = add(r, pointer, err);
    if (!rule)
        return -1;
    const char *how = equals + 1;
    bool known = false;
    if (strncmp(how, number, sizeof number - 1) == 0) {
        rule->how = COMPARE_NUMBER;
        known = parse_tolerance(how + sizeof number - 1, rule);
    }
    for (size_t i = 0; i < ARRAY_LEN(words) && !known; i++) {
        known = strcmp(how, words[i].name) == 0;
        if (known)
            rule->how = words[i].how;
    }
    if (!known)
        return err_set(err, ERR_USAGE,
                       "'%.100s' is no way to compare: time, uuid, any, number~1e-9 or number~5%%",
                       how);
    r->count++;
    return 0;
}

void compare_rules_fini(struct compare_rules *r)
{
    free(r->rules);
    *r = (struct compare_rules){0};
}

struct rules_path rules_begin(const struct compare_rules *r)
{
    uint64_t alive = r->count < 64 ? ((uint64_t)1 << r->count) - 1 : UINT64_MAX;
    return (struct rules_path){alive, 0};
}

static uint64_t enter(const struct compare_rules *r, struct rules_path path, const char *key,
                      size_t len, size_t index)
{
    uint64_t alive = 0;
    for (uint64_t rest = path.alive; rest; rest &= rest - 1) {
        const struct pointer *p = &r->rules[__builtin_ctzll(rest)].pointer;
        if (p->nparts > path.depth && pointer_part_is(p, path.depth, key, len, index))
            alive |= rest & -rest;
    }
    return alive;
}

struct rules_path rules_enter(const struct compare_rules *r, struct rules_path path,
                              struct scan_value key, size_t index)
{
    char plain[POINTER_TEXT_MAX * 6 + 2]; /* \u0061 for each byte; a longer one fits no pointer */
    struct rules_path below = {0, path.depth + 1};
    if (!path.alive)
        return below;
    if (key.ptr && key.len + 2 <= sizeof plain && memchr(key.ptr, '\\', key.len)) {
        long len = scan_unescape((struct scan_value){key.ptr - 1, key.len + 2}, plain);
        below.alive = enter(r, path, plain, len < 0 ? 0 : (size_t)len, index);
    } else {
        below.alive = enter(r, path, key.ptr, key.len, index);
    }
    return below;
}

const struct compare_rule *rules_find(const struct compare_rules *r, struct rules_path path)
{
    for (uint64_t rest = path.alive; rest; rest &= rest - 1) {
        const struct compare_rule *rule = &r->rules[__builtin_ctzll(rest)];
        if (rule->pointer.nparts == path.depth)
            return rule;
    }
    return NULL;
}

/* Bits of rules that name something in v, of those that path says lead here. */
static uint64_t look(const struct compare_rules *r, struct rules_path path, struct scan_value v)
{
    uint64_t found = 0;
    for (uint64_t rest = path.alive; rest; rest &= rest - 1)
        if (r->rules[__builtin_ctzll(rest)].pointer.nparts == path.depth)
            found |= rest & -rest;
    path.alive &= ~found;
    struct scan_value key, value;
    size_t at = 0;
    for (size_t i = 0; path.alive && scan_next(v, &at, &key, &value); i++) {
        struct rules_path below = rules_enter(r, path, key, i);
        if (below.alive)
            found |= look(r, below, value);
        path.alive &= ~found;
    }
    return found;
}

void rules_mark_seen(const struct compare_rules *r, struct trace_text document)
{
    struct rules_path path = rules_begin(r);
    for (size_t i = 0; i < r->count; i++)
        if (r->rules[i].seen)
            path.alive &= ~((uint64_t)1 << i);
    if (!path.alive || !document.ptr)
        return;
    struct scan_value root = scan_find(document.ptr, document.len, "");
    if (!root.ptr)
        return;
    uint64_t found = look(r, path, root);
    for (; found; found &= found - 1)
        r->rules[__builtin_ctzll(found)].seen = true;
}

bool rules_allow(const struct compare_rule *rule, struct scan_value expected, struct scan_value got)
{
    enum value_kind kind = value_kind(expected);
    switch (rule->how) {
    case COMPARE_NUMBER:
        return kind == VALUE_NUMBER && value_kind(got) == VALUE_NUMBER &&
               value_is_near(expected, got, rule->tolerance, rule->relative);
    case COMPARE_TIME:
        return value_are_times(expected, got);
    case COMPARE_UUID:
        return value_is_uuid(expected) && value_is_uuid(got);
    case COMPARE_IGNORE:
    case COMPARE_ANY:
    default:
        return true;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "compare/compare_align.h"
#include "compare/compare_keys.h"
#include "compare/compare_run.h"
#include "compare/compare_value.h"

#define HASHED_MAX (128u << 20) /* bytes: ten times two answers of 6 MB */

/* ---- elements that belong together --------------------------------------------------------- */

/* What is left of an array behind the beginning that both have. */
struct rest {
    const struct compare_run *run;
    const struct compare_place *place;
    struct scan_value array;
    size_t at, index; /* where it begins */
    uint32_t *hashes; /* heap */
    uint32_t *places; /* heap: at of each element */
    size_t count;     /* ALIGN_MAX + 1: too many to be put in order */
};

static void rest_fini(struct rest *rest)
{
    free(rest->hashes);
    free(rest->places);
}

static bool rest_grow(struct rest *rest)
{
    size_t cap = rest->count ? rest->count * 2 : 16;
    uint32_t *hashes = realloc(rest->hashes, cap * sizeof *hashes);
    if (hashes)
        rest->hashes = hashes;
    uint32_t *places = realloc(rest->places, cap * sizeof *places);
    if (places)
        rest->places = places;
    return hashes && places;
}

static uint64_t hash_element(const struct rest *rest, size_t i, struct scan_value v)
{
    static const struct scan_value none;
    const struct compare_place below =
        compare_place_below(rest->run, rest->place, none, rest->index + i);
    return compare_hash(rest->run->rules, below.path, v);
}

/* False: no memory. */
static bool rest_list(struct rest *rest)
{
    struct scan_value key, value;
    size_t at = rest->at;
    for (size_t from = at; scan_next(rest->array, &at, &key, &value); from = at) {
        bool full =
            rest->count == 0 || (rest->count >= 16 && (rest->count & (rest->count - 1)) == 0);
        if (rest->count == ALIGN_MAX) {
            rest->count++;
            return true;
        }
        if (full && !rest_grow(rest))
            return false;
        rest->places[rest->count++] = (uint32_t)from;
    }
    return true;
}

static struct scan_value rest_read(const struct rest *rest, size_t i)
{
    struct scan_value key, value = {0};
    size_t at = rest->places[i];
    (void)scan_next(rest->array, &at, &key, &value);
    return value;
}

/* Elements at the end whose bytes are the same. */
static size_t count_equal_back(const struct rest *a, const struct rest *b)
{
    size_t back = 0, least = a->count < b->count ? a->count : b->count;
    for (; back < least; back++) {
        struct scan_value x = rest_read(a, a->count - 1 - back);
        struct scan_value y = rest_read(b, b->count - 1 - back);
        if (x.len != y.len || memcmp(x.ptr, y.ptr, x.len) != 0)
            break;
    }
    return back;
}

static void rest_hash(struct rest *rest, size_t count)
{
    for (size_t i = 0; i < count; i++)
        rest->hashes[i] = (uint32_t)hash_element(rest, i, rest_read(rest, i));
}

/* Of objects the members with their values, of arrays the elements. */
static void sketch(void *owner, size_t index, struct align_sketch *out)
{
    const struct rest *rest = owner;
    const struct rules_path nowhere = {0};
    struct scan_value key, value, element = rest_read(rest, index);
    size_t at = 0;
    while (out->count < ALIGN_SKETCH && scan_next(element, &at, &key, &value)) {
        uint64_t hash = compare_hash(rest->run->rules, nowhere, value);
        if (key.ptr)
            hash = hash * 31 + value_hash_text(key);
        out->parts[out->count++] = (uint32_t)(hash ^ hash >> 32);
    }
}

static size_t count_bytes(const struct rest *rest, size_t count)
{
    size_t end = count < rest->count ? rest->places[count] : rest->array.len;
    return end - rest->places[0];
}

/* Hashes cost a pass over all that they are of: a single element on each side needs none, and in
 * arrays within arrays it is not done for ever. */
static bool pair_middle(struct compare_run *r, struct rest *a, size_t na, struct rest *b, size_t nb,
                        uint32_t *pairs)
{
    if (na == 1 && nb == 1) {
        pairs[0] = 0;
        return true;
    }
    if (na && nb) {
        r->hashed += count_bytes(a, na) + count_bytes(b, nb);
        if (r->hashed > HASHED_MAX) {
            for (size_t i = 0; i < na; i++)
                pairs[i] = i < nb ? (uint32_t)i : ALIGN_NONE;
            return true;
        }
    }
    rest_hash(a, na);
    rest_hash(b, nb);
    const struct align_side left = {a->hashes, na, sketch, a};
    const struct align_side right = {b->hashes, nb, sketch, b};
    return align_pair(&left, &right, pairs);
}

/* NULL: place by place. */
static uint32_t *pair_rests(struct compare_run *r, struct rest *a, struct rest *b)
{
    AUTO_FREE uint32_t *pairs = NULL;
    if (!rest_list(a) || !rest_list(b)) {
        r->starved = true;
        return NULL;
    }
    if (a->count > ALIGN_MAX || b->count > ALIGN_MAX)
        return NULL;
    size_t back = count_equal_back(a, b);
    pairs = malloc((a->count + 1) * sizeof *pairs);
    if (!pairs || !pair_middle(r, a, a->count - back, b, b->count - back, pairs)) {
        r->starved = true;
        return NULL;
    }
    /* Behind the last one, what is left was added. */
    for (size_t i = 0; i <= back; i++)
        pairs[a->count - i] = (uint32_t)(b->count - i);
    return TAKE(pairs);
}

static void compare_element(struct compare_run *r, const struct compare_place *up, size_t index,
                            struct scan_value expected, struct scan_value got)
{
    static const struct scan_value none;
    const struct compare_place place = compare_place_below(r, up, none, index);
    compare_values(r, &place, expected, got);
}

/* pairs NULL: place by place. */
static void compare_pairs(struct compare_run *r, const struct compare_place *place,
                          const struct rest *a, const struct rest *b, const uint32_t *pairs)
{
    static const struct scan_value none;
    struct scan_value key, x, y;
    size_t a_at = a->at, b_at = b->at;
    for (size_t i = 0, k = 0; compare_run_goes_on(r); i++) {
        bool more = scan_next(a->array, &a_at, &key, &x);
        size_t until = !pairs ? k : pairs[i];
        if (more && until == ALIGN_NONE) {
            compare_element(r, place, a->index + i, x, none);
            continue;
        }
        bool b_more = true;
        for (; b_more && (!more || k < until); k++) {
            b_more = compare_run_goes_on(r) && scan_next(b->array, &b_at, &key, &y);
            if (b_more)
                compare_element(r, place, b->index + k, none, y);
        }
        if (!more)
            return;
        b_more = b_more && scan_next(b->array, &b_at, &key, &y);
        k++;
        compare_element(r, place, a->index + i, x, b_more ? y : none);
    }
}

static bool is_last(struct scan_value array, size_t at)
{
    while (at + 1 < array.len && memchr(" \t\r\n", array.ptr[at], 4))
        at++;
    return at + 1 >= array.len;
}

void compare_arrays(struct compare_run *r, const struct compare_place *place, struct scan_value a,
                    struct scan_value b)
{
    struct rest x = {.run = r, .place = place, .array = a};
    struct rest y = {.run = r, .place = place, .array = b};
    struct scan_value key, a_value, b_value;
    size_t a_at = 0, b_at = 0;
    bool a_more, b_more;
    for (size_t i = 0;; i++) {
        x.at = a_at;
        y.at = b_at;
        x.index = y.index = i;
        a_more = scan_next(a, &a_at, &key, &a_value);
        b_more = scan_next(b, &b_at, &key, &b_value);
        if (!a_more || !b_more || a_value.len != b_value.len ||
            memcmp(a_value.ptr, b_value.ptr, a_value.len) != 0)
            break;
    }
    if (a_more && b_more && is_last(a, a_at) && is_last(b, b_at)) {
        compare_element(r, place, x.index, a_value, b_value);
        return;
    }
    uint32_t *pairs = NULL;
    if (a_more && b_more && !r->stop_at_first)
        pairs = pair_rests(r, &x, &y);
    rest_fini(&x);
    rest_fini(&y);
    if (a_more || b_more)
        compare_pairs(r, place, &x, &y, pairs);
    free(pairs);
}

/* ---- batchItemFailures --------------------------------------------------------------------- */

/* scan_next with the identifier as the key. */
static bool step_failure(struct scan_value v, size_t *at, struct scan_value *key,
                         struct scan_value *value)
{
    if (!scan_next(v, at, key, value))
        return false;
    struct scan_value id = scan_find(value->ptr, value->len, "/itemIdentifier");
    *key = id;
    if (id.ptr && *id.ptr == '"')
        *key = value_inside(id);
    else if (id.ptr && *id.ptr == 'n')
        *key = (struct scan_value){0};
    return true;
}

/* Whether Lambda takes it as a list of some failures. */
static bool is_failures(struct scan_value v)
{
    struct scan_value key, value;
    size_t at = 0;
    if (!v.ptr || *v.ptr == 'n')
        return true;
    if (*v.ptr != '[')
        return false;
    while (step_failure(v, &at, &key, &value))
        if (*value.ptr != '{' || key.len == 0)
            return false;
    return true;
}

/* One that is named again is no other one. */
static bool is_first(const struct keys *k, struct scan_value key, size_t at)
{
    size_t first = keys_find(k, key);
    return first != KEYS_NONE && k->items[first].at == at;
}

/* Elements of a that b lacks, and unless these were added to the other side, those that both have.
 */
static void compare_sets(struct compare_run *r, const struct compare_place *place,
                         const struct keys *a, const struct keys *b, bool added)
{
    static const struct scan_value none;
    struct scan_value key, value, b_key, b_value;
    size_t at = 0, from = 0;
    for (size_t i = 0; compare_run_goes_on(r) && step_failure(a->v, &at, &key, &value);
         i++, from = at) {
        if (!is_first(a, key, from))
            continue;
        size_t other = keys_find(b, key);
        if (other == KEYS_NONE)
            compare_element(r, place, i, added ? none : value, added ? value : none);
        if (other == KEYS_NONE || added)
            continue;
        keys_read(b, other, &b_key, &b_value);
        compare_element(r, place, i, value, b_value);
    }
}

bool compare_failures(struct compare_run *r, const struct compare_place *place,
                      struct scan_value expected, struct scan_value got)
{
    struct keys a, b;
    if (!is_failures(expected) || !is_failures(got))
        return false;
    if (!keys_init(&a, expected, 0, step_failure)) {
        r->starved = true;
        return true;
    }
    if (keys_init(&b, got, 0, step_failure)) {
        compare_sets(r, place, &a, &b, false);
        compare_sets(r, place, &b, &a, true);
        keys_fini(&b);
    } else {
        r->starved = true;
    }
    keys_fini(&a);
    return true;
}

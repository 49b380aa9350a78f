/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "trace/compare_align.h"
#include "trace/compare_keys.h"
#include "trace/compare_run.h"
#include "trace/compare_value.h"

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
        rest->hashes[rest->count] = (uint32_t)hash_element(rest, rest->count, value);
        rest->places[rest->count++] = (uint32_t)from;
    }
    return true;
}

/* Of objects the members with their values, of arrays the elements. */
static void sketch(void *owner, size_t index, struct align_sketch *out)
{
    const struct rest *rest = owner;
    struct scan_value key, element, value;
    size_t at = rest->places[index];
    if (!scan_next(rest->array, &at, &key, &element))
        return;
    at = 0;
    const struct rules_path nowhere = {0};
    while (out->count < ALIGN_SKETCH && scan_next(element, &at, &key, &value)) {
        uint64_t hash = compare_hash(rest->run->rules, nowhere, value);
        if (key.ptr)
            hash = hash * 31 + value_hash_text(key);
        out->parts[out->count++] = (uint32_t)(hash ^ hash >> 32);
    }
}

/* NULL: place by place. */
static uint32_t *pair_rests(struct compare_run *r, struct rest *a, struct rest *b)
{
    if (!rest_list(a) || !rest_list(b)) {
        r->starved = true;
        return NULL;
    }
    if (a->count > ALIGN_MAX || b->count > ALIGN_MAX)
        return NULL;
    uint32_t *pairs = malloc((a->count + 1) * sizeof *pairs);
    const struct align_side left = {a->hashes, a->count, sketch, a};
    const struct align_side right = {b->hashes, b->count, sketch, b};
    if (!pairs || !align_pair(&left, &right, pairs)) {
        r->starved = true;
        free(pairs);
        return NULL;
    }
    pairs[a->count] = (uint32_t)b->count; /* what is left at the end was added */
    return pairs;
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

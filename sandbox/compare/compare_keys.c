/* SPDX-License-Identifier: Apache-2.0 */
#include "compare/compare_keys.h"

#include <stdlib.h>

#include "compare/compare_value.h"

void keys_read(const struct keys *k, size_t i, struct scan_value *out_key,
               struct scan_value *out_value)
{
    size_t at = k->items[i].at;
    *out_key = *out_value = (struct scan_value){0};
    (void)k->step(k->v, &at, out_key, out_value);
}

static int order_keys(const struct keys *k, const struct keys_item *item, uint32_t hash,
                      struct scan_value key)
{
    struct scan_value own, value;
    if (item->hash != hash)
        return item->hash < hash ? -1 : 1;
    keys_read(k, (size_t)(item - k->items), &own, &value);
    return value_order_texts(own, key);
}

static int compare_items(const void *a, const void *b, void *owner)
{
    const struct keys_item *x = a, *y = b;
    const struct keys *k = owner;
    struct scan_value x_key, y_key, value;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    size_t x_at = x->at, y_at = y->at;
    (void)k->step(k->v, &x_at, &x_key, &value);
    (void)k->step(k->v, &y_at, &y_key, &value);
    int order = value_order_texts(x_key, y_key);
    return order ? order : (x->at > y->at) - (x->at < y->at);
}

static int compare_places(const void *a, const void *b)
{
    const struct keys_item *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

static bool grow(struct keys *k)
{
    size_t cap = k->count ? k->count * 2 : 16;
    struct keys_item *items = realloc(k->items, cap * sizeof *items);
    if (items)
        k->items = items;
    return items != NULL;
}

bool keys_init(struct keys *k, struct scan_value v, size_t at, keys_step step)
{
    struct scan_value key, value;
    *k = (struct keys){.v = v, .step = step};
    for (size_t from = at; step(v, &at, &key, &value); from = at) {
        bool full = k->count == 0 || (k->count >= 16 && (k->count & (k->count - 1)) == 0);
        if (full && !grow(k)) {
            keys_fini(k);
            return false;
        }
        k->items[k->count++] =
            (struct keys_item){(uint32_t)value_hash_text(key), (uint32_t)from, 0};
    }
    if (k->count)
        qsort_r(k->items, k->count, sizeof *k->items, compare_items, k);
    return true;
}

void keys_fini(struct keys *k)
{
    free(k->items);
    *k = (struct keys){0};
}

size_t keys_find(const struct keys *k, struct scan_value key)
{
    uint32_t hash = (uint32_t)value_hash_text(key);
    size_t low = 0, high = k->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (order_keys(k, &k->items[middle], hash, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == k->count || order_keys(k, &k->items[low], hash, key) != 0)
        return KEYS_NONE;
    return low;
}

bool keys_take(struct keys *k, struct scan_value key, struct scan_value *out_value)
{
    struct scan_value own;
    size_t first = keys_find(k, key);
    if (first == KEYS_NONE)
        return false;
    size_t i = first + k->items[first].taken;
    if (i >= k->count || order_keys(k, &k->items[i], k->items[first].hash, key) != 0)
        return false;
    k->items[first].taken++;
    keys_read(k, i, &own, out_value);
    return true;
}

size_t keys_keep_rest(struct keys *k)
{
    size_t kept = 0, drop = 0; /* drop: so many from here on were taken */
    for (size_t i = 0; i < k->count; i++) {
        if (k->items[i].taken)
            drop = k->items[i].taken;
        if (drop)
            drop--;
        else
            k->items[kept++] = k->items[i];
    }
    if (kept)
        qsort(k->items, kept, sizeof *k->items, compare_places);
    k->count = kept;
    return kept;
}

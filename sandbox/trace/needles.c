/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/needles.h"

#include <stdlib.h>
#include <string.h>

#define PREFIX 4

void needles_init(struct needles *n, size_t limit)
{
    *n = (struct needles){0};
    buf_init(&n->texts, limit);
}

void needles_fini(struct needles *n)
{
    buf_free(&n->texts);
    free(n->items);
    *n = (struct needles){0};
}

void needles_clear(struct needles *n)
{
    if (n->count)
        memset(n->filter, 0, sizeof n->filter);
    buf_reset(&n->texts);
    n->count = 0;
    n->failed = false;
}

static uint32_t hash(const char *text)
{
    uint32_t word;
    memcpy(&word, text, PREFIX);
    return (word * 2654435761u) >> 16;
}

static struct needle *next_item(struct needles *n)
{
    if (n->count < n->cap)
        return &n->items[n->count++];
    size_t cap = n->cap ? 2 * n->cap : 64;
    struct needle *items = reallocarray(n->items, cap, sizeof *items);
    if (!items) {
        n->failed = true;
        return NULL;
    }
    n->items = items;
    n->cap = cap;
    return &n->items[n->count++];
}

void needles_add(struct needles *n, const char *text, size_t len, const char *with, size_t with_len)
{
    struct needle *item = len < PREFIX ? NULL : next_item(n);
    if (!item)
        return;
    *item = (struct needle){n->texts.len, len, n->texts.len + len, with_len, SIZE_MAX};
    buf_add(&n->texts, text, len);
    buf_add(&n->texts, with, with_len);
    n->filter[hash(text) / 8] |= (uint8_t)(1u << hash(text) % 8);
}

static int compare_texts(const char *a, size_t a_len, const char *b, size_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return order ? order : (a_len > b_len) - (a_len < b_len);
}

static int compare_items(const void *a, const void *b, void *texts)
{
    const struct needle *x = a, *y = b;
    const char *text = texts;
    return compare_texts(text + x->at, x->len, text + y->at, y->len);
}

static bool begins_with(const struct needles *n, const struct needle *item, const char *text,
                        size_t len)
{
    return item->len <= len && memcmp(n->texts.ptr + item->at, text, item->len) == 0;
}

/* In the order of texts what begins with another one stands behind it. */
static void link_items(struct needles *n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n->count; i++) {
        struct needle item = n->items[i];
        const char *text = n->texts.ptr + item.at;
        item.up = kept ? kept - 1 : SIZE_MAX;
        while (item.up != SIZE_MAX && !begins_with(n, &n->items[item.up], text, item.len))
            item.up = n->items[item.up].up;
        if (item.up == SIZE_MAX || n->items[item.up].len < item.len)
            n->items[kept++] = item;
    }
    n->count = kept;
}

int needles_ready(struct needles *n, struct err *err)
{
    if (n->failed)
        return err_set(err, ERR_MEMORY, "no memory for the values to be replaced");
    if (buf_check(&n->texts, "the values to be replaced", err) < 0)
        return -1;
    if (n->count)
        qsort_r(n->items, n->count, sizeof *n->items, compare_items, n->texts.ptr);
    link_items(n);
    return 0;
}

/* The longest one that text begins with: among those not behind it in order, the last one or one
 * that the last one begins with. */
static const struct needle *find(const struct needles *n, const char *text, size_t len)
{
    size_t low = 0, high = n->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct needle *item = &n->items[middle];
        if (compare_texts(n->texts.ptr + item->at, item->len, text, len) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t i = low ? low - 1 : SIZE_MAX; i != SIZE_MAX; i = n->items[i].up)
        if (begins_with(n, &n->items[i], text, len))
            return &n->items[i];
    return NULL;
}

static const struct needle *find_filtered(const struct needles *n, const char *text, size_t len)
{
    uint32_t h = hash(text);
    return n->filter[h / 8] >> h % 8 & 1 ? find(n, text, len) : NULL;
}

bool needles_has(const struct needles *n, const char *text, size_t len)
{
    const struct needle *item = len < PREFIX ? NULL : find_filtered(n, text, len);
    return item && item->len == len;
}

bool needles_replace(const struct needles *n, const char *text, size_t len, size_t least,
                     struct buf *out)
{
    size_t copied = 0;
    if (!n->count || len < PREFIX)
        return false;
    for (size_t i = 0; i + PREFIX <= len;) {
        const struct needle *item = find_filtered(n, text + i, len - i);
        if (!item || item->len < least) {
            i++;
            continue;
        }
        buf_add(out, text + copied, i - copied);
        buf_add(out, n->texts.ptr + item->with, item->with_len);
        i += item->len;
        copied = i;
    }
    if (!copied)
        return false;
    buf_add(out, text + copied, len - copied);
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/needles.h"

#include <stdlib.h>
#include <string.h>

#include "base/scan.h"
#include "base/utf8.h"

#define PREFIX      4
#define ESCAPED_MAX 4 /* JSON in a string in a string in a string */

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

/* A text as it means something else: what a byte stands for begins at at[i] of the source. */
struct view {
    char *text;   /* heap */
    uint32_t *at; /* heap: one more than len */
    size_t len;
};

static void view_fini(struct view *v)
{
    free(v->text);
    free(v->at);
}

/* Appends source with what occurs in its view replaced; without text the view is the source. */
static bool replace_view(const struct needles *n, const char *source, size_t source_len,
                         const struct view *v, size_t least, struct buf *out)
{
    const char *text = v->text ? v->text : source;
    size_t copied = 0;
    for (size_t i = 0; i + PREFIX <= v->len;) {
        const struct needle *item = find_filtered(n, text + i, v->len - i);
        if (!item || item->len < least) {
            i++;
            continue;
        }
        size_t from = v->at ? v->at[i] : i;
        i += item->len;
        buf_add(out, source + copied, from - copied);
        buf_add(out, n->texts.ptr + item->with, item->with_len);
        copied = v->at ? v->at[i] : i;
    }
    if (!copied)
        return false;
    buf_add(out, source + copied, source_len - copied);
    return true;
}

static bool read_unit(const char *p, const char *end, uint32_t *out)
{
    int unit = end - p < 2 || p[0] != '\\' || p[1] != 'u' ? -1 : scan_hex_unit(p + 2, end);
    if (unit < 0)
        return false;
    *out = (uint32_t)unit;
    return true;
}

/* Bytes of an escape, and what it stands for; 0: it is none. */
static size_t read_escape(const char *p, const char *end, char out[4], size_t *out_len)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    uint32_t unit, low;
    const char *one = end - p >= 2 && p[1] ? strchr(from, p[1]) : NULL;
    if (one) {
        out[0] = to[one - from];
        *out_len = 1;
        return 2;
    }
    if (!read_unit(p, end, &unit))
        return 0;
    size_t len = 6;
    if (unit >= 0xD800 && unit < 0xDC00 && read_unit(p + 6, end, &low) && low >= 0xDC00 &&
        low < 0xE000) {
        unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        len = 12;
    }
    *out_len = utf8_encode(unit >= 0xD800 && unit < 0xE000 ? 0xFFFD : unit, out);
    return len;
}

/* Takes one layer of escapes away, in place: of a text that is not known to be JSON, what looks
 * like them. False: there are none. */
static bool view_unescape(struct view *v)
{
    size_t w = 0, step;
    const char *end = v->text + v->len;
    if (!memchr(v->text, '\\', v->len))
        return false;
    for (size_t i = 0; i < v->len; i += step) {
        char bytes[4] = {v->text[i]};
        size_t count = 1, escape = 0;
        uint32_t at = v->at[i];
        if (v->text[i] == '\\')
            escape = read_escape(v->text + i, end, bytes, &count);
        step = escape ? escape : 1;
        for (size_t k = 0; k < count; k++) {
            v->text[w] = bytes[k];
            v->at[w++] = at;
        }
    }
    v->at[w] = v->at[v->len];
    v->len = w;
    return true;
}

/* 1; 0: there are not so many layers of escapes; -1: no memory. */
static int view_make(struct view *v, const char *text, size_t len, size_t layers)
{
    *v = (struct view){malloc(len + 1), calloc(len + 1, sizeof *v->at), len};
    if (!v->text || !v->at)
        return -1;
    memcpy(v->text, text, len);
    for (size_t i = 0; i <= len; i++)
        v->at[i] = (uint32_t)i;
    while (layers && view_unescape(v))
        layers--;
    return !layers;
}

/* With so many layers of escapes taken away; in *more, whether there are. */
static bool replace_layer(const struct needles *n, const char *text, size_t len, size_t layers,
                          size_t least, struct buf *out, bool *more)
{
    static const struct buf starved = {.failed = true, .starved = true};
    struct view v = {0};
    if (!layers)
        return replace_view(n, text, len, &(struct view){.len = len}, least, out);
    int made = memchr(text, '\\', len) ? view_make(&v, text, len, layers) : 0;
    if (made < 0)
        buf_inherit(out, &starved);
    *more = made > 0;
    bool found = *more && replace_view(n, text, len, &v, least, out);
    view_fini(&v);
    return found;
}

bool needles_replace(const struct needles *n, const char *text, size_t len, size_t least,
                     struct buf *out)
{
    AUTO_BUF struct buf last;
    struct buf next; /* becomes the last one, or is empty */
    bool found = false, more = n->count && len >= PREFIX;
    buf_init(&last, out->limit);
    for (size_t layers = 0; more && layers <= ESCAPED_MAX && !last.failed; layers++) {
        buf_init(&next, out->limit);
        const char *from = found ? last.ptr : text;
        if (replace_layer(n, from, found ? last.len : len, layers, least, &next, &more) ||
            next.failed) {
            buf_free(&last);
            last = next;
            found = true;
        }
    }
    if (!found)
        return false;
    buf_add(out, last.ptr, last.len);
    buf_inherit(out, &last);
    return true;
}

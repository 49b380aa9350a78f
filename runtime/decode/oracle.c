/* SPDX-License-Identifier: Apache-2.0 */
/* The second engine: structure, strings and truth values come from a cJSON tree, the raw text of
 * numbers and free-form members from the strict scanner, which walks beside it. Nothing of the fast
 * decoder's code is used, and speed does not matter here. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/json.h"
#include "base/scan.h"
#include "decode/decode.h"

/* A value both ways. */
struct node {
    const struct json *tree;
    struct scan_value raw;
};

struct oracle {
    struct arena *arena;
    bool full; /* the arena is */
};

typedef bool (*put_fn)(struct oracle *o, const struct lambda_field *f, struct node n, void *out);

static bool put_struct(struct oracle *o, const struct lambda_type *type, struct node n, char *out);

static void *allocate(struct oracle *o, size_t size)
{
    void *p = arena_alloc(o->arena, size);
    o->full = o->full || !p;
    return p ? memset(p, 0, size) : NULL;
}

static bool copy_text(struct oracle *o, const char *text, size_t len, lambda_str *out)
{
    char *copy = allocate(o, len + 1);
    if (!copy)
        return false;
    memcpy(copy, text, len);
    *out = (lambda_str){copy, len};
    return true;
}

/* ---- numbers, by moving digits about in text ----------------------------------------------------
 */

struct digits {
    char text[96];   /* significant digits, without leading and trailing zeros */
    long len, point; /* point: digits in front of the decimal point, may be negative */
    bool negative;
};

/* Refuses longer numbers, which cJSON does not take either. */
static bool split_digits(const char *text, size_t len, struct digits *d)
{
    struct scan_fault fault;
    if (!len || len > 64 || (*text != '-' && (*text < '0' || *text > '9')) ||
        text[len - 1] <= ' ' || !scan_valid(text, len, &fault))
        return false;
    *d = (struct digits){.negative = *text == '-'};
    const char *end = text + len, *p = text + d->negative, *e = p;
    while (e < end && *e != 'e' && *e != 'E')
        e++;
    const char *dot = memchr(p, '.', (size_t)(e - p));
    d->point = (dot ? dot : e) - p;
    for (; p < e; p++) {
        if (*p == '.')
            continue;
        if (d->len || *p != '0')
            d->text[d->len++] = *p;
        else
            d->point--;
    }
    if (e < end) {
        char exponent[72] = "";
        memcpy(exponent, e + 1, (size_t)(end - e - 1));
        long value = strtol(exponent, NULL, 10); /* saturates */
        d->point += value > 100000 ? 100000 : value < -100000 ? -100000 : value;
    }
    while (d->len && d->text[d->len - 1] == '0')
        d->len--;
    return true;
}

static bool digits_to_i64(const struct digits *d, bool exact, int64_t *out)
{
    char whole[24] = "";
    if (d->len == 0 || d->point <= 0) {
        *out = 0;
        return d->len == 0 || !exact;
    }
    if (d->point > 19 || (exact && d->len > d->point))
        return false;
    memset(whole, '0', (size_t)d->point);
    memcpy(whole, d->text, (size_t)(d->len < d->point ? d->len : d->point));
    unsigned long long value = strtoull(whole, NULL, 10);
    if (value > (unsigned long long)INT64_MAX + d->negative)
        return false;
    *out = (int64_t)(d->negative ? 0 - value : value);
    return true;
}

/* The number's text: of a number, or what a string holds. */
static struct scan_value number_text(struct node n)
{
    const char *text = json_string(n.tree);
    if (text)
        return (struct scan_value){text, strlen(text)};
    struct scan_value none = {0};
    return json_kind(n.tree) == JSON_NUMBER ? n.raw : none;
}

static bool node_i64(struct node n, int64_t *out)
{
    struct scan_value text = number_text(n);
    struct digits d;
    return text.ptr && split_digits(text.ptr, text.len, &d) && digits_to_i64(&d, true, out);
}

/* ---- members -----------------------------------------------------------------------------------
 */

static bool put_str(struct oracle *o, const struct lambda_field *f, struct node n, void *out)
{
    const char *text = json_string(n.tree);
    enum json_kind kind = json_kind(n.tree);
    (void)f;
    if (text)
        return copy_text(o, text, strlen(text), out);
    if (kind == JSON_NUMBER || kind == JSON_BOOL)
        return copy_text(o, n.raw.ptr, n.raw.len, out);
    return true;
}

static bool put_i64(struct oracle *o, const struct lambda_field *f, struct node n, void *out)
{
    int64_t value;
    (void)o, (void)f;
    if (node_i64(n, &value))
        *(int64_t *)out = value;
    return true;
}

static bool put_opt_i64(struct oracle *o, const struct lambda_field *f, struct node n, void *out)
{
    lambda_opt_i64 *opt = out;
    (void)o, (void)f;
    opt->present = node_i64(n, &opt->value);
    return true;
}

static bool put_f64(struct oracle *o, const struct lambda_field *f, struct node n, void *out)
{
    struct scan_value text = number_text(n);
    struct digits d;
    (void)o, (void)f;
    if (!text.ptr || !split_digits(text.ptr, text.len, &d))
        return true;
    char copy[72] = "";
    memcpy(copy, text.ptr, text.len);
    double value = strtod(copy, NULL);
    *(double *)out = isfinite(value) ? value : 0;
    return true;
}

static bool put_epoch(struct oracle *o, const struct lambda_field *f, struct node n, void *out)
{
    struct scan_value text = number_text(n);
    struct digits d;
    lambda_epoch *epoch = out;
    (void)o, (void)f;
    if (text.ptr && split_digits(text.ptr, text.len, &d)) {
        d.point += 6;
        if (!digits_to_i64(&d, false, &epoch->us))
            epoch->us = 0;
    }
    return true;
}

static bool put_bool(struct oracle *o, const struct lambda_field *f, struct node n, void *out)
{
    (void)o, (void)f;
    *(bool *)out = json_bool(n.tree);
    return true;
}

static bool put_opt_bool(struct oracle *o, const struct lambda_field *f, struct node n, void *out)
{
    (void)o, (void)f;
    *(lambda_opt_bool *)out = (lambda_opt_bool){json_bool(n.tree), json_kind(n.tree) == JSON_BOOL};
    return true;
}

static bool put_bytes(struct oracle *o, const struct lambda_field *f, struct node n, void *out)
{
    const char *text = json_string(n.tree);
    lambda_bytes *bytes = out;
    (void)f;
    if (!text)
        return true;
    unsigned char *decoded = allocate(o, strlen(text) + 3);
    if (!decoded)
        return false;
    long len = base64_decode_scalar(text, strlen(text), decoded);
    if (len >= 0)
        *bytes = (lambda_bytes){decoded, (size_t)len};
    return true;
}

static bool put_json(struct oracle *o, const struct lambda_field *f, struct node n, void *out)
{
    (void)f;
    if (json_kind(n.tree) == JSON_NULL)
        return true;
    return copy_text(o, n.raw.ptr, n.raw.len, out);
}

static bool put_obj(struct oracle *o, const struct lambda_field *f, struct node n, void *out)
{
    if (json_kind(n.tree) != JSON_OBJECT)
        return true;
    return put_struct(o, f->sub, n, out);
}

/* ---- lists and maps ----------------------------------------------------------------------------
 */

struct view {
    const void *ptr;
    size_t len;
};

/* Elements of size bytes, each with its key in front when the container is an object. */
static bool put_items(struct oracle *o, const struct lambda_field *f, struct node n, void *out,
                      size_t size, put_fn put)
{
    bool object = json_kind(n.tree) == JSON_OBJECT;
    size_t count = json_count(n.tree), at = 0, index = 0;
    char *items = allocate(o, count * size + 1);
    if (!items)
        return false;
    struct scan_value key;
    struct node child = {json_first(n.tree), {0}};
    for (; scan_next(n.raw, &at, &key, &child.raw); child.tree = json_next(child.tree)) {
        char *slot = items + index++ * size;
        const char *name = json_key(child.tree);
        if (object && !copy_text(o, name, strlen(name), (lambda_str *)(void *)slot))
            return false;
        if (!put(o, f, child, object ? slot + sizeof(lambda_str) : slot))
            return false;
    }
    *(struct view *)out = (struct view){items, count};
    return true;
}

static bool put_strs(struct oracle *o, const struct lambda_field *f, struct node n, void *out)
{
    return json_kind(n.tree) != JSON_ARRAY || put_items(o, f, n, out, sizeof(lambda_str), put_str);
}

static bool put_bytes_list(struct oracle *o, const struct lambda_field *f, struct node n, void *out)
{
    return json_kind(n.tree) != JSON_ARRAY ||
           put_items(o, f, n, out, sizeof(lambda_bytes), put_bytes);
}

static bool put_list(struct oracle *o, const struct lambda_field *f, struct node n, void *out)
{
    return json_kind(n.tree) != JSON_ARRAY || put_items(o, f, n, out, f->sub->size, put_obj);
}

static bool put_map(struct oracle *o, const struct lambda_field *f, struct node n, void *out)
{
    return json_kind(n.tree) != JSON_OBJECT ||
           put_items(o, f, n, out, 2 * sizeof(lambda_str), put_str);
}

static bool put_map_list(struct oracle *o, const struct lambda_field *f, struct node n, void *out)
{
    size_t size = sizeof(lambda_str) + (f->sub->size + 7) / 8 * 8;
    return json_kind(n.tree) != JSON_OBJECT || put_items(o, f, n, out, size, put_obj);
}

static const struct {
    put_fn put;
    size_t size; /* 0: of the nested struct */
} members[] = {
    [LAMBDA_K_STR] = {put_str, sizeof(lambda_str)},
    [LAMBDA_K_I64] = {put_i64, sizeof(int64_t)},
    [LAMBDA_K_F64] = {put_f64, sizeof(double)},
    [LAMBDA_K_BOOL] = {put_bool, sizeof(bool)},
    [LAMBDA_K_EPOCH] = {put_epoch, sizeof(lambda_epoch)},
    [LAMBDA_K_BYTES] = {put_bytes, sizeof(lambda_bytes)},
    [LAMBDA_K_JSON] = {put_json, sizeof(lambda_json)},
    [LAMBDA_K_STRS] = {put_strs, sizeof(lambda_strs)},
    [LAMBDA_K_BYTES_LIST] = {put_bytes_list, sizeof(lambda_bytes_list)},
    [LAMBDA_K_MAP] = {put_map, sizeof(lambda_map)},
    [LAMBDA_K_OPT_I64] = {put_opt_i64, sizeof(lambda_opt_i64)},
    [LAMBDA_K_OPT_BOOL] = {put_opt_bool, sizeof(lambda_opt_bool)},
    [LAMBDA_K_OBJ] = {put_obj, 0},
    [LAMBDA_K_LIST] = {put_list, sizeof(struct view)},
    [LAMBDA_K_MAP_LIST] = {put_map_list, sizeof(struct view)},
};

static const struct lambda_field *find_field(const struct lambda_type *type, const char *key)
{
    for (uint32_t i = 0; i < type->nfields; i++)
        if (strcmp(type->fields[i].key, key) == 0)
            return &type->fields[i];
    return NULL;
}

static bool put_struct(struct oracle *o, const struct lambda_type *type, struct node n, char *out)
{
    size_t at = 0;
    struct scan_value key;
    struct node child = {json_first(n.tree), {0}};
    memset(out, 0, type->size);
    for (; scan_next(n.raw, &at, &key, &child.raw); child.tree = json_next(child.tree)) {
        const struct lambda_field *f = find_field(type, json_key(child.tree));
        if (!f)
            continue;
        char *member = out + f->offset; /* of duplicate keys the last counts */
        memset(member, 0, f->kind == LAMBDA_K_OBJ ? f->sub->size : members[f->kind].size);
        if (!members[f->kind].put(o, f, child, member))
            return false;
    }
    return true;
}

int decode_oracle(const struct lambda_type *type, const char *text, size_t len, void *out,
                  struct arena *arena, struct err *err)
{
    struct json *tree = json_parse(text, len, err);
    if (!tree)
        return -1;
    struct oracle o = {.arena = arena};
    struct node root = {tree, scan_find(text, len, "")};
    int r = 0;
    if (json_kind(tree) != JSON_OBJECT)
        r = err_set(err, ERR_INPUT, "the document is no object");
    else if (!put_struct(&o, type, root, out))
        r = err_set(err, ERR_MEMORY, "the arena is full");
    json_free(tree);
    return r;
}

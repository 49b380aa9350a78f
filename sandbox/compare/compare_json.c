/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "compare/compare_keys.h"
#include "compare/compare_run.h"
#include "compare/compare_value.h"

#define KEY_SHOWN   200 /* bytes of a name in a pointer */
#define POINTER_MAX (64u << 10)

/* ---- what was found ------------------------------------------------------------------------ */

/* As RFC 6901 has it: "~1" is a '/' in a name. */
static void add_key(struct buf *out, struct scan_value key)
{
    AUTO_FREE char *plain = malloc(key.len + 2);
    long len = plain ? scan_unescape((struct scan_value){key.ptr - 1, key.len + 2}, plain) : 0;
    long shown = len;
    if (len > KEY_SHOWN) {
        shown = KEY_SHOWN;
        while (shown && ((unsigned char)plain[shown] & 0xc0) == 0x80)
            shown--;
    }
    for (long i = 0; i < shown; i++) {
        unsigned char c = (unsigned char)plain[i];
        if (c == '~' || c == '/')
            buf_adds(out, c == '~' ? "~0" : "~1");
        else if (c < 0x20 || c == 0x7f)
            buf_addf(out, "\\u%04x", c);
        else
            buf_addc(out, (char)c);
    }
    if (shown < len)
        buf_adds(out, "...");
}

static void add_place(struct buf *out, const struct compare_place *place)
{
    if (!place->up)
        return;
    add_place(out, place->up);
    buf_addc(out, '/');
    if (place->key.ptr)
        add_key(out, place->key);
    else
        buf_addf(out, "%zu", place->index);
}

static const char *make_pointer(struct compare_run *r, const struct compare_place *place)
{
    AUTO_BUF struct buf b;
    buf_init(&b, POINTER_MAX);
    buf_adds(&b, "");
    add_place(&b, place);
    return b.failed ? NULL : arena_strndup(r->arena, b.ptr, b.len);
}

static struct trace_text as_text(struct scan_value v)
{
    return (struct trace_text){v.ptr, v.len};
}

void compare_run_add(struct compare_run *r, enum compare_kind kind,
                     const struct compare_place *place, const char *text,
                     struct scan_value expected, struct scan_value got)
{
    r->count++;
    if (r->nitems == COMPARE_DIFFERENCES_MAX || r->stop_at_first || r->starved)
        return;
    if (!r->items)
        r->items = arena_alloc(r->arena, COMPARE_DIFFERENCES_MAX * sizeof *r->items);
    const char *pointer =
        place ? make_pointer(r, place) : arena_strndup(r->arena, text, strlen(text));
    if (!r->items || !pointer) {
        r->starved = true;
        return;
    }
    r->items[r->nitems++] = (struct compare_difference){
        .kind = kind, .pointer = pointer, .expected = as_text(expected), .got = as_text(got)};
}

bool compare_run_goes_on(const struct compare_run *r)
{
    return !r->starved && !(r->stop_at_first && r->count);
}

struct compare_place compare_place_below(const struct compare_run *r,
                                         const struct compare_place *up, struct scan_value key,
                                         size_t index)
{
    return (struct compare_place){up, key, index, rules_enter(r->rules, up->path, key, index)};
}

/* ---- objects ------------------------------------------------------------------------------- */

static bool is_key(struct scan_value key, const char *name)
{
    return key.ptr && key.len == strlen(name) && memcmp(key.ptr, name, key.len) == 0;
}

static bool is_member(const struct compare_place *place, const char *name)
{
    return place->up && !place->up->up && is_key(place->key, name);
}

static void compare_member(struct compare_run *r, const struct compare_place *up,
                           struct scan_value key, struct scan_value expected, struct scan_value got)
{
    const struct compare_place place = compare_place_below(r, up, key, 0);
    compare_values(r, &place, expected, got);
}

/* The rest of two objects, whose members have another order or other names. */
static void compare_rests(struct compare_run *r, const struct compare_place *place,
                          struct scan_value a, size_t a_at, struct scan_value b, size_t b_at)
{
    static const struct scan_value none;
    struct scan_value key, value, got;
    struct keys keys;
    if (!keys_init(&keys, b, b_at, scan_next)) {
        r->starved = true;
        return;
    }
    while (compare_run_goes_on(r) && scan_next(a, &a_at, &key, &value))
        compare_member(r, place, key, value, keys_take(&keys, key, &got) ? got : none);
    size_t rest = compare_run_goes_on(r) ? keys_keep_rest(&keys) : 0;
    for (size_t i = 0; i < rest && compare_run_goes_on(r); i++) {
        keys_read(&keys, i, &key, &value);
        compare_member(r, place, key, none, value);
    }
    keys_fini(&keys);
}

static void compare_objects(struct compare_run *r, const struct compare_place *place,
                            struct scan_value a, struct scan_value b)
{
    size_t a_at = 0, b_at = 0;
    while (compare_run_goes_on(r)) {
        struct scan_value a_key, a_value, b_key, b_value;
        size_t a_next = a_at, b_next = b_at;
        bool a_more = scan_next(a, &a_next, &a_key, &a_value);
        bool b_more = scan_next(b, &b_next, &b_key, &b_value);
        if (!a_more && !b_more)
            return;
        if (!a_more || !b_more || value_order_texts(a_key, b_key) != 0) {
            compare_rests(r, place, a, a_at, b, b_at);
            return;
        }
        compare_member(r, place, a_key, a_value, b_value);
        a_at = a_next;
        b_at = b_next;
    }
}

/* ---- values -------------------------------------------------------------------------------- */

static bool equal_bytes(struct scan_value a, struct scan_value b)
{
    return a.ptr && b.ptr && a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

/* Of a JSON string; false: no memory. */
static bool add_without_ids(struct buf *out, struct scan_value v, const struct trace_text *id)
{
    AUTO_FREE char *plain = malloc(v.len);
    long len = plain ? scan_unescape(v, plain) : -1;
    buf_init(out, v.len);
    buf_adds(out, "");
    if (len < 0)
        return false;
    compare_add_without_ids(out, plain, (size_t)len, id, 1);
    return !out->failed;
}

static bool equal_without_ids(const struct compare_run *r, struct scan_value a, struct scan_value b)
{
    AUTO_BUF struct buf x, y;
    bool done = add_without_ids(&x, a, r->ids[0]);
    done &= add_without_ids(&y, b, r->ids[1]);
    return done && x.len == y.len && memcmp(x.ptr, y.ptr, x.len) == 0;
}

/* Members of an error document that say where something is in a build. */
static bool is_of_build(struct scan_value key)
{
    return is_key(key, "stackTrace") || is_key(key, "trace");
}

/* Those that may name the run. */
static bool has_ids(struct scan_value key)
{
    return is_key(key, "errorMessage") || is_key(key, "requestId");
}

/* What an error document says of its run or of its build and not of the function. */
static bool is_of_run(const struct compare_run *r, const struct compare_place *place,
                      struct scan_value a, struct scan_value b)
{
    if (!place->up || place->up->up)
        return false;
    if (!has_ids(place->key))
        return is_of_build(place->key);
    return a.ptr && b.ptr && *a.ptr == '"' && *b.ptr == '"' && equal_without_ids(r, a, b);
}

static void add_error_member(struct buf *out, struct scan_value key, struct scan_value value,
                             const struct trace_text *id)
{
    static const struct buf starved = {.failed = true, .starved = true};
    AUTO_BUF struct buf plain = {0};
    buf_addc(out, '"');
    buf_add(out, key.ptr, key.len);
    buf_adds(out, "\":");
    if (!has_ids(key) || *value.ptr != '"')
        buf_add(out, value.ptr, value.len);
    else if (add_without_ids(&plain, value, id))
        buf_add_json_string(out, plain.ptr, plain.len);
    else
        buf_inherit(out, &starved);
}

void compare_add_error(struct buf *out, const char *text, size_t len,
                       const struct trace_text *request_id)
{
    struct scan_value document = {0}, key, value;
    struct scan_fault fault;
    size_t at = 0, members = 0;
    if (scan_valid(text, len, &fault))
        document = scan_find(text, len, "");
    if (!document.ptr || *document.ptr != '{') {
        compare_add_without_ids(out, text, len, request_id, 1);
        return;
    }
    buf_addc(out, '{');
    while (scan_next(document, &at, &key, &value)) {
        if (is_of_build(key))
            continue;
        if (members++)
            buf_addc(out, ',');
        add_error_member(out, key, value, request_id);
    }
    buf_addc(out, '}');
}

static bool are_equal_scalars(enum value_kind kind, struct scan_value a, struct scan_value b)
{
    if (kind == VALUE_NUMBER)
        return value_equal_numbers(a, b);
    return kind == VALUE_STRING && value_order_texts(value_inside(a), value_inside(b)) == 0;
}

static void compare_kinds(struct compare_run *r, const struct compare_place *place,
                          struct scan_value a, struct scan_value b)
{
    enum value_kind kind = value_kind(a);
    if (value_kind(b) == kind && kind == VALUE_OBJECT)
        compare_objects(r, place, a, b);
    else if (value_kind(b) == kind && kind == VALUE_ARRAY)
        compare_arrays(r, place, a, b);
    else if (value_kind(b) != kind || !are_equal_scalars(kind, a, b))
        compare_run_add(r, COMPARE_CHANGED, place, NULL, a, b);
}

void compare_values(struct compare_run *r, const struct compare_place *place,
                    struct scan_value expected, struct scan_value got)
{
    if (equal_bytes(expected, got))
        return;
    const struct compare_rule *rule = rules_find(r->rules, place->path);
    if (rule && rule->how == COMPARE_IGNORE)
        return;
    if (r->of == COMPARE_OF_ERRORS && is_of_run(r, place, expected, got))
        return;
    if (r->of == COMPARE_OF_ANSWERS && is_member(place, "batchItemFailures") &&
        compare_failures(r, place, expected, got))
        return;
    if (r->of == COMPARE_OF_LOG_LINES && place->up && !place->up->up &&
        compare_is_of_line(place->key))
        return;
    if (!expected.ptr)
        compare_run_add(r, COMPARE_ADDED, place, NULL, expected, got);
    else if (!got.ptr)
        compare_run_add(r, COMPARE_GONE, place, NULL, expected, got);
    else if (!rule || !rules_allow(rule, expected, got))
        compare_kinds(r, place, expected, got);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/scan.h"
#include "decode/decode.h"
#include "decode/number.h"
#include "decode/plan.h"

/* What is written where, and for which member, for messages. */
struct encoder {
    struct buf *out;
    struct err *err;
    const struct plan *plan;
    const struct plan_row *row;
};

/* Appends a value; 1 when it is absent and nothing was appended, -1 on an error. */
typedef int (*writer_fn)(struct encoder *e, const void *value);

enum { WRITTEN = 0, ABSENT = 1 };

static int write_object(struct encoder *e, const struct plan *plan, const void *value);

static int write_str(struct encoder *e, const void *value)
{
    const lambda_str *s = value;
    if (!s->ptr)
        return ABSENT;
    buf_add_json_string(e->out, s->ptr, s->len);
    return WRITTEN;
}

static int write_int(struct encoder *e, int64_t value)
{
    buf_addf(e->out, "%" PRId64, value);
    return WRITTEN;
}

static int write_i64(struct encoder *e, const void *value)
{
    int64_t v = *(const int64_t *)value;
    return v ? write_int(e, v) : ABSENT;
}

static int write_opt_i64(struct encoder *e, const void *value)
{
    const lambda_opt_i64 *v = value;
    return v->present ? write_int(e, v->value) : ABSENT;
}

static int write_truth(struct encoder *e, bool value)
{
    buf_adds(e->out, value ? "true" : "false");
    return WRITTEN;
}

static int write_bool(struct encoder *e, const void *value)
{
    return *(const bool *)value ? write_truth(e, true) : ABSENT;
}

static int write_opt_bool(struct encoder *e, const void *value)
{
    const lambda_opt_bool *v = value;
    return v->present ? write_truth(e, v->value) : ABSENT;
}

static int write_f64(struct encoder *e, const void *value)
{
    double v = *(const double *)value;
    char text[NUMBER_TEXT];
    if (v == 0 && !signbit(v))
        return ABSENT;
    if (!isfinite(v))
        return err_set(e->err, ERR_INPUT, "member '%s' of struct '%s' is not a finite number",
                       e->row->key, e->plan->name);
    number_print(v, text);
    buf_adds(e->out, text);
    return WRITTEN;
}

static int write_epoch(struct encoder *e, const void *value)
{
    const lambda_epoch *v = value;
    if (!v->us)
        return ABSENT;
    uint64_t us = v->us < 0 ? 0 - (uint64_t)v->us : (uint64_t)v->us;
    char text[40];
    int len = snprintf(text, sizeof text, "%s%" PRIu64 ".%06" PRIu64, v->us < 0 ? "-" : "",
                       us / 1000000, us % 1000000);
    while (text[len - 1] == '0')
        len--;
    len -= text[len - 1] == '.';
    buf_add(e->out, text, (size_t)len);
    return WRITTEN;
}

static int write_bytes(struct encoder *e, const void *value)
{
    const lambda_bytes *b = value;
    if (!b->ptr)
        return ABSENT;
    buf_addc(e->out, '"');
    char *at = buf_reserve(e->out, BASE64_ENCODED(b->len));
    if (at) {
        e->out->len += base64_encode(b->ptr, b->len, at);
        buf_addc(e->out, '"');
    }
    return WRITTEN;
}

static int write_json(struct encoder *e, const void *value)
{
    const lambda_json *j = value;
    struct scan_fault fault;
    if (!j->ptr)
        return ABSENT;
    if (!scan_valid(j->ptr, j->len, &fault))
        return err_set(e->err, ERR_INPUT,
                       "member '%s' of struct '%s' is no JSON: line %zu, column %zu: %s",
                       e->row->key, e->plan->name, fault.line, fault.column, fault.reason);
    buf_add(e->out, j->ptr, j->len);
    return WRITTEN;
}

static int write_struct(struct encoder *e, const void *value)
{
    return write_object(e, e->row->sub, value);
}

/* ---- lists and maps ----------------------------------------------------------------------------
 */

/* An element that is absent stands there as null, so that the others keep their places. */
static int write_element(struct encoder *e, const void *value, writer_fn writer)
{
    int r = writer(e, value);
    if (r == ABSENT)
        buf_adds(e->out, "null");
    return r < 0 ? -1 : WRITTEN;
}

static int write_array(struct encoder *e, const void *value, writer_fn writer)
{
    const lambda_strs *list = value; /* all lists have this layout */
    if (!list->ptr)
        return ABSENT;
    const char *item = (const char *)list->ptr;
    size_t size = e->row->element;
    buf_addc(e->out, '[');
    for (size_t i = 0; i < list->len; i++, item += size) {
        if (i)
            buf_addc(e->out, ',');
        if (write_element(e, item, writer))
            return -1;
    }
    buf_addc(e->out, ']');
    return WRITTEN;
}

static int write_strs(struct encoder *e, const void *value)
{
    return write_array(e, value, write_str);
}

static int write_bytes_list(struct encoder *e, const void *value)
{
    return write_array(e, value, write_bytes);
}

static int write_list(struct encoder *e, const void *value)
{
    return write_array(e, value, write_struct);
}

static int write_members(struct encoder *e, const void *value, writer_fn writer)
{
    const lambda_strs *list = value;
    if (!list->ptr)
        return ABSENT;
    const char *item = (const char *)list->ptr;
    size_t size = e->row->element, value_offset = e->row->value_offset;
    buf_addc(e->out, '{');
    for (size_t i = 0; i < list->len; i++, item += size) {
        const lambda_str *key = (const lambda_str *)(const void *)item;
        if (i)
            buf_addc(e->out, ',');
        buf_add_json_string(e->out, key->ptr ? key->ptr : "", key->len);
        buf_addc(e->out, ':');
        if (write_element(e, item + value_offset, writer))
            return -1;
    }
    buf_addc(e->out, '}');
    return WRITTEN;
}

static int write_map(struct encoder *e, const void *value)
{
    return write_members(e, value, write_str);
}

static int write_map_list(struct encoder *e, const void *value)
{
    return write_members(e, value, write_struct);
}

/* ---- objects -----------------------------------------------------------------------------------
 */

static const writer_fn writers[] = {
    [LAMBDA_K_STR] = write_str,
    [LAMBDA_K_I64] = write_i64,
    [LAMBDA_K_F64] = write_f64,
    [LAMBDA_K_BOOL] = write_bool,
    [LAMBDA_K_EPOCH] = write_epoch,
    [LAMBDA_K_BYTES] = write_bytes,
    [LAMBDA_K_JSON] = write_json,
    [LAMBDA_K_STRS] = write_strs,
    [LAMBDA_K_BYTES_LIST] = write_bytes_list,
    [LAMBDA_K_MAP] = write_map,
    [LAMBDA_K_OPT_I64] = write_opt_i64,
    [LAMBDA_K_OPT_BOOL] = write_opt_bool,
    [LAMBDA_K_OBJ] = write_struct,
    [LAMBDA_K_LIST] = write_list,
    [LAMBDA_K_MAP_LIST] = write_map_list,
};

/* One member with its key; gives the key back when the value turns out to be absent. A nested
 * struct of absent members is absent itself. */
static int write_member(struct encoder *e, const struct plan_row *row, const char *base, bool first)
{
    struct encoder inner = {e->out, e->err, e->plan, row};
    size_t mark = e->out->len;
    if (!first)
        buf_addc(e->out, ',');
    buf_add_json_string(e->out, row->key, row->key_len);
    buf_addc(e->out, ':');
    size_t start = e->out->len;
    int r = writers[row->kind](&inner, base + row->offset);
    if (r < 0)
        return -1;
    bool empty = row->kind == LAMBDA_K_OBJ && e->out->len == start + 2;
    if ((r == ABSENT || empty) && !e->out->failed) {
        e->out->len = mark;
        return ABSENT;
    }
    return WRITTEN;
}

static int write_object(struct encoder *e, const struct plan *plan, const void *value)
{
    struct encoder inner = {e->out, e->err, plan, NULL};
    bool first = true;
    buf_addc(e->out, '{');
    for (uint32_t i = 0; i < plan->nrows; i++) {
        if (plan->rows[i].flags & LAMBDA_FIELD_ALIAS)
            continue;
        int r = write_member(&inner, &plan->rows[i], value, first);
        if (r < 0)
            return -1;
        first = first && r == ABSENT;
    }
    buf_addc(e->out, '}');
    return WRITTEN;
}

int decode_encode(const struct lambda_type *type, const void *value, struct buf *out,
                  struct err *err)
{
    if (!type->plan)
        return err_set(err, ERR_INPUT, "struct '%s' was not prepared", type->name);
    struct encoder e = {out, err, plan_of(type), NULL};
    if (write_object(&e, e.plan, value) < 0)
        return -1;
    return buf_check(out, "the encoded document", err);
}

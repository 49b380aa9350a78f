/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "decode/decode.h"

#define KIND(type, T)                       \
    {                                       \
        type, sizeof(T), _Alignof(T), false \
    }

static const struct plan_kind kinds[] = {
    [LAMBDA_K_STR] = KIND("lambda_str", lambda_str),
    [LAMBDA_K_I64] = KIND("int64_t", int64_t),
    [LAMBDA_K_F64] = KIND("double", double),
    [LAMBDA_K_BOOL] = KIND("bool", bool),
    [LAMBDA_K_EPOCH] = KIND("lambda_epoch", lambda_epoch),
    [LAMBDA_K_BYTES] = KIND("lambda_bytes", lambda_bytes),
    [LAMBDA_K_JSON] = KIND("lambda_json", lambda_json),
    [LAMBDA_K_STRS] = KIND("lambda_strs", lambda_strs),
    [LAMBDA_K_BYTES_LIST] = KIND("lambda_bytes_list", lambda_bytes_list),
    [LAMBDA_K_MAP] = KIND("lambda_map", lambda_map),
    [LAMBDA_K_OPT_I64] = KIND("lambda_opt_i64", lambda_opt_i64),
    [LAMBDA_K_OPT_BOOL] = KIND("lambda_opt_bool", lambda_opt_bool),
    [LAMBDA_K_OBJ] = {"struct", 0, 1, true},
    [LAMBDA_K_LIST] = {"list of structs", sizeof(lambda_strs), _Alignof(lambda_strs), true},
    [LAMBDA_K_MAP_LIST] = {"map of structs", sizeof(lambda_strs), _Alignof(lambda_strs), true},
};

const struct plan_kind *plan_kind(unsigned kind)
{
    return kind < ARRAY_LEN(kinds) && kinds[kind].name ? &kinds[kind] : NULL;
}

static int row_fail(const struct lambda_type *type, const struct lambda_field *f, const char *what,
                    struct err *err)
{
    return err_set(err, ERR_INPUT, "table of struct '%s', member '%s': %s", type->name,
                   f->key ? f->key : "", what);
}

static int check_row(const struct lambda_type *type, size_t index, struct err *err)
{
    const struct lambda_field *f = &type->fields[index];
    const struct plan_kind *kind = plan_kind(f->kind);
    if (!f->key || f->key_len > DECODE_KEY_MAX || strlen(f->key) != f->key_len)
        return row_fail(type, f, "the key is missing, too long or holds a NUL", err);
    if (utf8_valid_prefix(f->key, f->key_len) != f->key_len)
        return row_fail(type, f, "the key is not UTF-8", err);
    if (!kind)
        return row_fail(type, f, "unknown kind: the module needs a newer runtime", err);
    if (kind->nested != (f->sub != NULL))
        return row_fail(type, f, "only nested structs have a table of their own", err);
    size_t size = f->kind == LAMBDA_K_OBJ ? f->sub->size : kind->size;
    if (f->offset > type->size || size > type->size - f->offset || f->offset % kind->align)
        return row_fail(type, f, "it does not lie inside the struct", err);
    if (f->flags & ~LAMBDA_FIELD_ALIAS)
        return row_fail(type, f, "unknown flags: the module needs a newer runtime", err);
    if (f->flags & LAMBDA_FIELD_ALIAS &&
        (!index || f[-1].offset != f->offset || f[-1].kind != f->kind))
        return row_fail(type, f, "an alias stands below its member and has its type", err);
    for (size_t i = 0; i < index; i++)
        if (type->fields[i].key_len == f->key_len &&
            memcmp(type->fields[i].key, f->key, f->key_len) == 0)
            return row_fail(type, f, "the key is there twice", err);
    return 0;
}

static int check_type(const struct lambda_type *type, struct err *err)
{
    if (!type->name || (type->nfields && !type->fields))
        return err_set(err, ERR_INPUT, "a table without name or rows");
    if (!type->size || type->size > PLAN_SIZE_MAX)
        return err_set(err, ERR_INPUT, "table of struct '%s': %u bytes, expected 1 to %u",
                       type->name, type->size, PLAN_SIZE_MAX);
    if (type->nfields > DECODE_FIELDS_MAX)
        return err_set(err, ERR_INPUT, "table of struct '%s': %u members, at most %d", type->name,
                       type->nfields, DECODE_FIELDS_MAX);
    for (size_t i = 0; i < type->nfields; i++)
        if (check_row(type, i, err))
            return -1;
    return 0;
}

/* A key that needs escapes in JSON cannot be compared with raw text, and one that is not ASCII has
 * its characters counted for the place of a fault. */
static bool is_plain(const char *key, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (key[i] < 0x20 || key[i] == '"' || key[i] == '\\' || (unsigned char)key[i] >= 0x80)
            return false;
    return true;
}

static void fill_elements(struct plan_row *row)
{
    static const uint8_t plain[] = {
        [LAMBDA_K_STRS] = sizeof(lambda_str),
        [LAMBDA_K_BYTES_LIST] = sizeof(lambda_bytes),
        [LAMBDA_K_MAP] = sizeof(lambda_pair),
    };
    if (row->kind == LAMBDA_K_LIST)
        row->element = row->sub->size;
    else if (row->kind == LAMBDA_K_MAP_LIST) /* struct { lambda_str key; struct T value; } */
        row->element = (uint32_t)(sizeof(lambda_str) + (row->sub->size + 7) / 8 * 8);
    else if (row->kind < sizeof plain)
        row->element = plain[row->kind];
    if (row->kind == LAMBDA_K_MAP || row->kind == LAMBDA_K_MAP_LIST)
        row->value_offset = sizeof(lambda_str);
}

static void fill_row(struct plan *plan, uint32_t index, const struct lambda_field *f)
{
    struct plan_row *row = &plan->rows[index];
    *row = (struct plan_row){
        .kind = f->kind,
        .flags = f->flags,
        .key = f->key,
        .key_len = f->key_len,
        .offset = f->offset,
        .sub = f->sub ? plan_of(f->sub) : NULL,
        .size = f->kind == LAMBDA_K_OBJ ? f->sub->size : kinds[f->kind].size,
    };
    fill_elements(row);
    if (f->key_len + 2u <= PLAN_PATTERN && is_plain(f->key, f->key_len)) {
        row->pattern_len = (uint8_t)(f->key_len + 2);
        memcpy(row->pattern, f->key, f->key_len);
        memcpy(row->pattern + f->key_len, "\":", 2);
        row->pattern_mask = (uint32_t)(((uint64_t)1 << row->pattern_len) - 1);
    }
    unsigned slot = plan_hash(f->key, f->key_len);
    while (plan->slots[slot])
        slot = (slot + 1) % PLAN_SLOTS;
    plan->slots[slot] = (uint8_t)(index + 1);
}

static int prepare(struct lambda_type *type, unsigned level, struct err *err)
{
    if (type->plan)
        return 0;
    if (level == DECODE_TYPE_DEPTH)
        return err_set(err, ERR_INPUT, "table of struct '%s': structs nest deeper than %d",
                       type->name, DECODE_TYPE_DEPTH);
    if (check_type(type, err))
        return -1;
    uint32_t depth = 1;
    for (size_t i = 0; i < type->nfields; i++) {
        /* LAMBDA_TYPE's objects are not const; a row only promises not to change them itself */
        struct lambda_type *sub = (struct lambda_type *)(uintptr_t)type->fields[i].sub;
        if (!sub)
            continue;
        if (prepare(sub, level + 1, err))
            return -1;
        if (plan_of(sub)->depth >= depth)
            depth = plan_of(sub)->depth + 1;
    }
    if (depth > DECODE_TYPE_DEPTH)
        return err_set(err, ERR_INPUT, "table of struct '%s': structs nest deeper than %d",
                       type->name, DECODE_TYPE_DEPTH);
    struct plan *plan = calloc(1, sizeof *plan + (type->nfields + 2) * sizeof plan->rows[0]);
    if (!plan)
        return err_set(err, ERR_MEMORY, "no memory for the table of struct '%s'", type->name);
    plan->name = type->name;
    plan->size = type->size;
    plan->nrows = type->nfields;
    plan->depth = depth;
    for (uint32_t i = 0; i < type->nfields; i++)
        fill_row(plan, i, &type->fields[i]);
    type->plan = plan;
    return 0;
}

int decode_prepare(struct lambda_type *type, struct err *err)
{
    return prepare(type, 0, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Tables: which are refused and why, and that the public ones describe every byte of their structs.
 */
#include "check.h"

#include "decode/decode.h"
#include "decode/plan.h"
#include "kinds.h"
#include "lambda/kinesis.h"
#include "lambda/s3.h"
#include "lambda/sqs.h"

static struct lambda_type *const public_types[] = {
    &lambda_s3_event_type,
    &lambda_sqs_event_type,
    &lambda_kinesis_event_type,
    &kinds_type,
};

static size_t row_size(const struct lambda_field *f)
{
    return f->kind == LAMBDA_K_OBJ ? f->sub->size : plan_kind(f->kind)->size;
}

/* Marks what rows say of a struct; nested tables on their own. Bytes that no row has must be
 * padding: at most 7, behind a member that is smaller than its neighbours. */
static void check_coverage(const struct lambda_type *type)
{
    AUTO_FREE char *marks = calloc(1, type->size);
    for (uint32_t i = 0; i < type->nfields; i++) {
        const struct lambda_field *f = &type->fields[i];
        memset(marks + f->offset, 1, row_size(f));
        if (f->sub)
            check_coverage(f->sub);
    }
    size_t gap = 0;
    bool small = false; /* a bool lies in front of the gap */
    for (uint32_t at = 0; at < type->size; at++) {
        gap = marks[at] ? 0 : gap + 1;
        for (uint32_t i = 0; i < type->nfields && gap == 1; i++)
            small = small || (type->fields[i].offset + row_size(&type->fields[i]) == at &&
                              row_size(&type->fields[i]) < 8);
        if (gap == 8 || (gap && !small)) {
            printf("# struct %s: no row for the member at byte %u\n", type->name, at);
            check_report(__FILE__, __LINE__, "every member has a row");
            return;
        }
    }
}

static void test_coverage(void)
{
    for (size_t i = 0; i < ARRAY_LEN(public_types); i++)
        check_coverage(public_types[i]);
}

static void test_forgotten_row(void)
{
    static const struct lambda_field one[] = {{"a", 1, LAMBDA_K_STR, 0, 0, NULL}};
    const struct lambda_type holes = {"holes", 32, 1, one, NULL};
    int before = check_failures;
    check_coverage(&holes);
    CHECK(check_failures == before + 1); /* the check above can fail */
    check_failures = before;
}

static void test_prepare(void)
{
    struct err err;
    for (size_t i = 0; i < ARRAY_LEN(public_types); i++) {
        CHECK_INT(decode_prepare(public_types[i], &err), 0);
        const void *plan = public_types[i]->plan;
        CHECK_INT(decode_prepare(public_types[i], &err), 0);
        CHECK(plan && plan == public_types[i]->plan);
    }
    CHECK_INT(plan_of(&lambda_s3_event_type)->depth, 5);
}

static char long_key[DECODE_KEY_MAX + 2];
static struct lambda_type recursive;

static void test_refused(void)
{
#define ROW(...) ((const struct lambda_field[]){__VA_ARGS__})
    const struct {
        const struct lambda_field *rows;
        uint32_t size, count;
        const char *want;
    } cases[] = {
        {ROW({"a", 1, 99, 0, 0, NULL}), 16, 1, "member 'a': unknown kind"},
        {ROW({"a", 1, 0, 0, 0, NULL}), 16, 1, "member 'a': unknown kind"},
        {ROW({NULL, 1, LAMBDA_K_STR, 0, 0, NULL}), 16, 1, "the key is missing"},
        {ROW({"ab", 1, LAMBDA_K_STR, 0, 0, NULL}), 16, 1, "the key is missing"},
        {ROW({"a", 2, LAMBDA_K_STR, 0, 0, NULL}), 16, 1, "the key is missing"},
        {ROW({long_key, DECODE_KEY_MAX + 1, LAMBDA_K_STR, 0, 0, NULL}), 16, 1, "too long"},
        {ROW({"\xFF", 1, LAMBDA_K_STR, 0, 0, NULL}), 16, 1, "not UTF-8"},
        {ROW({"a", 1, LAMBDA_K_STR, 0, 8, NULL}), 16, 1, "does not lie inside"},
        {ROW({"a", 1, LAMBDA_K_STR, 0, UINT32_MAX, NULL}), 16, 1, "does not lie inside"},
        {ROW({"a", 1, LAMBDA_K_I64, 0, 4, NULL}), 16, 1, "does not lie inside"},
        {ROW({"a", 1, LAMBDA_K_OBJ, 0, 0, &kinds_type}), 16, 1, "does not lie inside"},
        {ROW({"a", 1, LAMBDA_K_OBJ, 0, 0, NULL}), 16, 1, "only nested structs"},
        {ROW({"a", 1, LAMBDA_K_STR, 0, 0, &kinds_type}), 16, 1, "only nested structs"},
        {ROW({"a", 1, LAMBDA_K_STR, 0x80, 0, NULL}), 16, 1, "unknown flags"},
        {ROW({"a", 1, LAMBDA_K_STR, LAMBDA_FIELD_ALIAS, 0, NULL}), 16, 1, "an alias stands below"},
        {ROW({"a", 1, LAMBDA_K_STR, 0, 0, NULL}, {"a", 1, LAMBDA_K_STR, 0, 16, NULL}), 32, 2,
         "the key is there twice"},
        {ROW({"a", 1, LAMBDA_K_STR, 0, 0, NULL}), 0, 1, "0 bytes, expected 1 to"},
        {ROW({"a", 1, LAMBDA_K_STR, 0, 0, NULL}), UINT32_MAX, 1, "bytes, expected 1 to"},
        {ROW({"a", 1, LAMBDA_K_STR, 0, 0, NULL}), 16, 256, "256 members, at most 255"},
        {NULL, 16, 1, "a table without name or rows"},
        {ROW({"a", 1, LAMBDA_K_LIST, 0, 0, &recursive}), 16, 1, "structs nest deeper than 32"},
    };
    memset(long_key, 'k', DECODE_KEY_MAX + 1);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct lambda_type type = {"bad", cases[i].size, cases[i].count, cases[i].rows, NULL};
        struct err err = {0};
        recursive = type;
        CHECK_INT(decode_prepare(&recursive, &err), -1);
        CHECK_HAS(err.msg, cases[i].want);
        CHECK(!recursive.plan);
    }
}

/* A chain of 33 structs is refused although its lower part was prepared before. */
static void test_chain(void)
{
    static struct lambda_type chain[DECODE_TYPE_DEPTH + 1];
    static struct lambda_field rows[DECODE_TYPE_DEPTH + 1];
    struct err err;
    for (int i = 0; i <= DECODE_TYPE_DEPTH; i++) {
        bool leaf = i == DECODE_TYPE_DEPTH;
        rows[i] = (struct lambda_field){"a", 1, leaf ? LAMBDA_K_STR : LAMBDA_K_LIST,
                                        0,   0, leaf ? NULL : &chain[i + 1]};
        chain[i] = (struct lambda_type){"chain", 16, 1, &rows[i], NULL};
    }
    CHECK_INT(decode_prepare(&chain[1], &err), 0);
    CHECK_INT(decode_prepare(&chain[0], &err), -1);
    CHECK_HAS(err.msg, "nest deeper than 32");
    for (int i = 0; i <= DECODE_TYPE_DEPTH; i++)
        free(chain[i].plan);
}

/* As many rows as a table may have, each of which is found. */
static void test_full_table(void)
{
    static struct lambda_field rows[DECODE_FIELDS_MAX];
    static char keys[DECODE_FIELDS_MAX][8];
    static int64_t values[DECODE_FIELDS_MAX];
    static struct lambda_type full = {"full", sizeof values, DECODE_FIELDS_MAX, rows, NULL};
    static char text[8000 + DECODE_PAD];
    struct arena arena;
    struct err err;
    size_t len = 1;
    text[0] = '{';
    for (int i = 0; i < DECODE_FIELDS_MAX; i++) {
        int key_len = sprintf(keys[i], "k%d", i * 7 % 1000);
        rows[i] = (struct lambda_field){keys[i], (uint16_t)key_len, LAMBDA_K_I64,
                                        0,       (uint32_t)i * 8,   NULL};
    }
    for (int i = DECODE_FIELDS_MAX - 1; i >= 0; i--)
        len += (size_t)sprintf(text + len, "\"%s\":%d%s", keys[i], i + 1, i ? "," : "}");
    CHECK_INT(arena_init(&arena, 1 << 16, &err), 0);
    CHECK_INT(decode_prepare(&full, &err), 0);
    CHECK_INT(decode_document(&full, text, len, values, &arena, &err), 0);
    for (int i = 0; i < DECODE_FIELDS_MAX; i++)
        CHECK_INT(values[i], i + 1);
    arena_fini(&arena);
    free(full.plan);
}

static const struct check_test tests[] = {
    {"every member has a row", test_coverage},
    {"a forgotten row is found", test_forgotten_row},
    {"prepare", test_prepare},
    {"refused tables", test_refused},
    {"chain of structs", test_chain},
    {"full table", test_full_table},
};
CHECK_MAIN(tests)

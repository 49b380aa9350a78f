/* SPDX-License-Identifier: Apache-2.0 */
#include "core/entry.h"

#include "base/json.h"
#include "base/utf8.h"
#include "check.h"

#define SMALLEST 1024
#define LARGEST  3000

static const char text[] = "quote \" back \\ \xE2\x82\xAC \x01\x1f\x7f \xff broken \xE2\x82 end";

/* Texts of all kinds, so that every place of a line is once the place where it is cut. */
static struct entry make_entry(const struct lambda_kv *fields, size_t count, const char *message)
{
    return (struct entry){.level = LAMBDA_WARN,
                          .request_id = "id-1",
                          .tenant_id = "blue",
                          .trace_id = "Root=1",
                          .text = message,
                          .len = strlen(message),
                          .fields = fields,
                          .nfields = count};
}

/* One line, which is valid whatever was left out; nothing is written behind cap. */
static void check_json(const struct entry *e, size_t cap)
{
    struct err err = {0};
    char *buf = malloc(cap);
    struct report r = {buf, 0, cap, false};
    entry_print_json(e, &r);
    CHECK(r.len <= cap && r.cap == cap && r.text[r.len - 1] == '\n');
    CHECK(!memchr(r.text, '\n', r.len - 1));
    struct json *v = json_parse(r.text, r.len, &err);
    if (!v)
        printf("# cap %zu: %s: %.*s\n", cap, err.msg, (int)r.len, r.text);
    CHECK(v != NULL);
    CHECK_STR(json_string(json_get(v, "level")), "WARN");
    CHECK_STR(json_string(json_get(v, "requestId")), "id-1");
    CHECK_STR(json_string(json_get(v, "tenantId")), "blue");
    CHECK_STR(json_string(json_get(v, "traceId")), "Root=1");
    json_free(v);
    free(buf);
}

static void check_text(const struct entry *e, size_t cap)
{
    char *buf = malloc(cap);
    struct report r = {buf, 0, cap, false};
    entry_print_text(e, &r);
    CHECK(r.len <= cap && r.cap == cap && r.text[r.len - 1] == '\n');
    CHECK(!memchr(r.text, '\n', r.len - 1));
    free(buf);
}

static void test_every_cut(void)
{
    char message[1500] = "";
    struct lambda_kv fields[40];
    while (strlen(message) + sizeof text < 700)
        strcat(message, text);
    for (size_t i = 0; i < 40; i++)
        fields[i] = i % 3 == 0   ? lambda_kv_text(text, text)
                    : i % 3 == 1 ? lambda_kv_i64("key", -9007199254740991)
                                 : lambda_kv_f64("f", -2.2250738585072014e-300);
    struct entry whole = make_entry(fields, 40, message), failed = make_entry(fields, 2, message);
    failed.error_type = "Type";
    failed.error_message = message;
    char long_type[120] = "";
    memset(long_type, 1, sizeof long_type - 1);
    struct entry odd = failed; /* its type may leave no room for the next key */
    odd.error_type = long_type;
    for (size_t cap = SMALLEST; cap < LARGEST; cap++) {
        check_json(&whole, cap);
        check_json(&failed, cap);
        check_json(&odd, cap);
        check_text(&whole, cap);
    }
}

/* A number in a text line is all there or not at all. */
static void test_whole_numbers(void)
{
    char buf[LARGEST];
    const struct lambda_kv fields[] = {lambda_kv_u64("a", UINT64_MAX), lambda_kv_u64("b", 7)};
    static const char first[] = " a=18446744073709551615", both[] = " b=7\n";
    struct entry e = make_entry(fields, ARRAY_LEN(fields), "x");
    for (size_t cap = 80; cap < 300; cap++) {
        struct report r = {buf, 0, cap, false};
        entry_print_text(&e, &r);
        buf[r.len] = '\0';
        CHECK(strstr(buf, first) || !strchr(buf, '='));
        CHECK_INT(strstr(buf, both) != NULL, !r.cut);
    }
}

static void test_values(void)
{
    char buf[LARGEST];
    struct err err = {0};
    const struct lambda_kv fields[] = {lambda_kv_text("t", text),
                                       lambda_kv_bool("b", false),
                                       {.key = NULL, .kind = LAMBDA_KV_I64, .i64 = 7},
                                       {.key = "odd", .kind = 99}};
    struct entry e = make_entry(fields, ARRAY_LEN(fields), text);
    struct report r = {buf, 0, sizeof buf, false};
    entry_print_json(&e, &r);
    struct json *v = json_parse(r.text, r.len, &err);
    static const char want[] = "quote \" back \\ \xE2\x82\xAC \x01\x1f\x7f \xEF\xBF\xBD broken "
                               "\xEF\xBF\xBD\xEF\xBF\xBD end";
    CHECK_STR(json_string(json_get(v, "message")), want);
    CHECK_STR(json_string(json_get(v, "t")), want);
    CHECK_INT(json_bool(json_get(v, "b")), 0);
    CHECK_INT(json_kind(json_get(v, "odd")), JSON_NULL);
    CHECK(json_number(json_get(v, "_")) > 6);
    CHECK(!r.cut);
    json_free(v);
}

/* Keys meet each other and the line's own names, with as many "_" as there are. */
static void test_keys(void)
{
    char buf[8192];
    struct err err = {0};
    struct lambda_kv fields[ENTRY_FIELDS_MAX];
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        fields[i] = lambda_kv_i64(i % 2 ? "level" : "_____level", (int64_t)i);
    struct entry e = make_entry(fields, 20, "x");
    struct report r = {buf, 0, sizeof buf, false};
    entry_print_json(&e, &r);
    struct json *v = json_parse(r.text, r.len, &err);
    CHECK_INT(json_count(v), 6 + 20);
    char key[64] = "";
    for (size_t i = 0; i < 20; i++) {
        strcat(key, "_");
        char name[80];
        snprintf(name, sizeof name, "%slevel", key);
        CHECK_INT(json_kind(json_get(v, name)), JSON_NUMBER);
    }
    json_free(v);
}

static const struct check_test tests[] = {{"every cut", test_every_cut},
                                          {"values", test_values},
                                          {"whole numbers", test_whole_numbers},
                                          {"keys", test_keys}};
CHECK_MAIN(tests)

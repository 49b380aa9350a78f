/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/attr.h"
#include "base/json.h"

static void check_print(const struct json *v, const char *want)
{
    struct buf out;
    struct err err = {0};
    buf_init(&out, 10000);
    CHECK_INT(json_print(v, &out, &err), want ? 0 : -1);
    if (want)
        CHECK_STR(out.ptr, want);
    else
        CHECK(err.kind == ERR_MEMORY || err.kind == ERR_LIMIT);
    buf_free(&out);
}

static void test_parse(void)
{
    static const struct {
        const char *text, *want; /* want: printed again, or the error */
        enum err_kind kind;
    } rows[] = {
        {" { \"a\" : [ 1 , -2.5 , true , null , \"\\u00e4\\n\" ] } ",
         "{\"a\":[1,-2.5,true,null,\"\xC3\xA4\\n\"]}", ERR_NONE},
        {"{\"a\":1,\"a\":2,\"A\":3}", "{\"a\":1,\"a\":2,\"A\":3}", ERR_NONE},
        {"1480641523477", "1480641523477", ERR_NONE},
        {"9007199254740991", "9007199254740991", ERR_NONE},
        {"0.1", "0.1", ERR_NONE},
        {"1e300", "1e+300", ERR_NONE},
        {"\"\\ud83d\\ude00\"", "\"\xF0\x9F\x98\x80\"", ERR_NONE},
        {"\"\\\\u0000\"", "\"\\\\u0000\"", ERR_NONE},
        {"", "line 1, column 1: empty document", ERR_INPUT},
        {"{\"a\":1,\n x}", "line 2, column 2: expected a key in double quotes", ERR_INPUT},
        {"{} x", "line 1, column 4: text after the document", ERR_INPUT},
        {"01", "line 1, column 2: text after the document", ERR_INPUT},
        {"\"\xFF\"", "line 1, column 2: invalid UTF-8", ERR_INPUT},
        {"\"a\\u0000\"", "line 1, column 3: \\u0000 in a string cannot be kept exactly", ERR_LIMIT},
        {"\"\\ud800\"", "line 1, column 2: a lone surrogate in a string cannot be kept exactly",
         ERR_LIMIT},
        {"\"\\ud83d\\ud83d\\ude00\"",
         "line 1, column 2: a lone surrogate in a string cannot be kept exactly", ERR_LIMIT},
        {"[1,\n9007199254740993]",
         "line 2, column 1: an integer beyond 2^53 cannot be kept exactly", ERR_LIMIT},
        {"-9007199254740992", "line 1, column 1: an integer beyond 2^53 cannot be kept exactly",
         ERR_LIMIT},
        {"1e400", "line 1, column 1: a number out of range cannot be kept exactly", ERR_LIMIT},
        {"0.0000000000000000000000000000000000000000000000000000000000000000001",
         "line 1, column 1: a number of more than 60 characters cannot be kept exactly", ERR_LIMIT},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = {0};
        struct json *v = json_parse(rows[i].text, strlen(rows[i].text), &err);
        CHECK_INT(v != NULL, rows[i].kind == ERR_NONE);
        CHECK_INT(err.kind, rows[i].kind);
        if (v)
            check_print(v, rows[i].want);
        else
            CHECK_STR(err.msg, rows[i].want);
        json_free(v);
    }
}

static void test_read(void)
{
    static const char text[] =
        "{\"s\":\"x\",\"n\":12.5,\"i\":-7,\"t\":true,\"f\":false,\"z\":null,"
        "\"a\":[1,2,3],\"o\":{},\"S\":\"big\",\"s\":\"second\",\"ms\":1480641523477}";
    struct err err;
    struct json *v = json_parse(text, sizeof text - 1, &err);
    int64_t i = 0;
    CHECK_INT(json_kind(v), JSON_OBJECT);
    CHECK_INT(json_count(v), 11);
    CHECK_STR(json_string(json_get(v, "s")), "x"); /* the first of two */
    CHECK_STR(json_string(json_get(v, "S")), "big");
    CHECK(json_number(json_get(v, "n")) == 12.5 && !json_i64(json_get(v, "n"), &i));
    CHECK(json_i64(json_get(v, "i"), &i) && i == -7);
    CHECK(json_i64(json_get(v, "ms"), &i) && i == 1480641523477);
    CHECK(json_bool(json_get(v, "t")) && !json_bool(json_get(v, "f")));
    CHECK_INT(json_kind(json_get(v, "z")), JSON_NULL);
    CHECK_INT(json_kind(json_get(v, "f")), JSON_BOOL);
    CHECK_INT(json_count(json_get(v, "a")), 3);
    CHECK(!json_first(json_get(v, "o")) && !json_key(json_first(json_get(v, "a"))));
    CHECK_STR(json_key(json_first(v)), "s");
    CHECK_STR(json_key(json_next(json_first(v))), "n");
    CHECK(!json_get(v, "missing") && !json_get(json_get(v, "a"), "s"));
    CHECK(!json_string(json_get(v, "n")) && !json_bool(json_get(v, "s")));
    CHECK(json_number(json_get(v, "s")) == 0 && !json_i64(json_get(v, "s"), &i));
    json_free(v);
    CHECK(json_kind(NULL) == JSON_NULL && !json_get(NULL, "a") && !json_first(NULL) &&
          !json_next(NULL) && !json_key(NULL) && !json_count(NULL) && !json_string(NULL) &&
          !json_bool(NULL) && json_number(NULL) == 0 && !json_i64(NULL, &i));
    json_free(NULL);
}

static void test_build(void)
{
    struct json *v = json_new_object();
    struct json *a = json_add_array(v, "a");
    int64_t i = 0;
    json_add_string(a, NULL, "q\"\n\xFF");
    json_add_i64(a, NULL, INT64_MAX);
    json_add_i64(a, NULL, -5);
    json_add_number(a, NULL, 0.25);
    json_add_number(a, NULL, 1e308 * 10);
    json_add_bool(a, NULL, true);
    json_add_null(a, NULL);
    json_add_object(a, NULL);
    CHECK(json_add_raw(v, "raw", "{\"x\": [1]}", 10) != NULL);
    CHECK_INT(json_kind(json_get(v, "raw")), JSON_OBJECT);
    CHECK(json_i64(json_next(json_first(a)), &i) && i == INT64_MAX);
    check_print(v,
                "{\"a\":[\"q\\\"\\n\xEF\xBF\xBD\",9223372036854775807,-5,0.25,null,true,null,{}],"
                "\"raw\":{\"x\": [1]}}");
    json_free(v);
}

static void test_failed_build(void)
{
    struct json *v = json_new_object(), *inner = json_add_object(v, "inner");
    CHECK(!json_add_raw(inner, "raw", "{", 1));   /* no JSON */
    CHECK(!json_add_string(inner, "later", "x")); /* the failure sticks */
    check_print(v, NULL);
    json_free(v);
    v = json_new_object();
    CHECK(!json_add_null(v, NULL)); /* an object needs a key */
    check_print(v, NULL);
    json_free(v);
    CHECK(!json_add_string(NULL, "a", "b") && !json_add_object(NULL, NULL));
    check_print(NULL, NULL);

    struct json *deep = json_new_array(), *at = deep;
    for (int i = 0; i < JSON_DEPTH_MAX + 1; i++)
        at = json_add_array(at, NULL);
    check_print(deep, NULL);
    json_free(deep);
}

static void test_limit(void)
{
    struct json *v = json_new_array();
    struct buf out;
    struct err err = {0};
    json_add_string(v, NULL, "0123456789");
    buf_init(&out, 10);
    CHECK_INT(json_print(v, &out, &err), -1);
    CHECK_INT(err.kind, ERR_LIMIT);
    buf_free(&out);
    json_free(v);
}

static const struct check_test tests[] = {
    {"parse", test_parse}, {"read", test_read},
    {"build", test_build}, {"failed build", test_failed_build},
    {"limit", test_limit},
};
CHECK_MAIN(tests)

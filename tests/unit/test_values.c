/* SPDX-License-Identifier: Apache-2.0 */
/* The lambda_* functions as a handler calls them. */
#include <time.h>

#include "check.h"
#include "core/ctx.h"
#include "core/log.h"

static struct arena arena;
static struct lambda_ctx ctx;

static void begin(const struct rapi_event *event)
{
    struct err err;
    if (!arena.base) {
        CHECK_INT(arena_init(&arena, 1 << 20, &err), 0);
        ctx_init(&ctx, &arena, true);
        log_set_level(LAMBDA_FATAL);
    }
    arena_reset(&arena);
    ctx_begin(&ctx, event);
}

static lambda_json json(const char *text)
{
    return (lambda_json){text, strlen(text)};
}

static void test_url_decode(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", ""},           {"a+b", "a b"}, {"%C3%a4", "\xC3\xA4"}, {"100%", "100%"}, {"%4", "%4"},
        {"%zz%20", "%zz "}, {"%%41", "%A"}, {"a%2Fb%2fc", "a/b/c"}, {"%2541", "%41"},
    };
    begin(NULL);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        lambda_str got =
            lambda_url_decode(&ctx, (lambda_str){cases[i].text, strlen(cases[i].text)});
        CHECK_STR(got.ptr, cases[i].want);
        CHECK_INT(got.len, strlen(cases[i].want));
    }
    CHECK(!lambda_url_decode(&ctx, (lambda_str){NULL, 0}).ptr);
    lambda_str nul = lambda_url_decode(&ctx, (lambda_str){"a%00b", 5});
    CHECK_MEM(nul.ptr, nul.len, "a\0b", 3);
}

static void test_i64(void)
{
    static const struct {
        const char *text;
        int64_t want;
    } cases[] = {
        {"0", 0},
        {"-0", 0},
        {"60", 60},
        {"60.0", 60},
        {"60.000", 60},
        {"60.5", -7},
        {"6e1", 60},
        {"6E+1", 60},
        {"600e-1", 60},
        {"605e-1", -7},
        {"1e-1", -7},
        {"0e99", 0},
        {"0.0e5", 0},
        {"1.25e2", 125},
        {"9223372036854775807", INT64_MAX},
        {"9223372036854775808", -7},
        {"-9223372036854775808", INT64_MIN},
        {"-9223372036854775809", -7},
        {"9007199254740993", 9007199254740993},
        {"1e18", 1000000000000000000},
        {"1e19", -7},
        {"1e400", -7},
        {"1e99999999999", -7},
        {"\"60\"", -7},
        {"true", -7},
        {"null", -7},
        {"[60]", -7},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (lambda_json_i64(json(cases[i].text), "", -7) != cases[i].want)
            printf("# %s\n", cases[i].text);
        CHECK_INT(lambda_json_i64(json(cases[i].text), "", -7), cases[i].want);
    }
    CHECK_INT(lambda_json_i64(json("{\"a\":{\"b\":[1,2]}}"), "/a/b/1", -7), 2);
    CHECK_INT(lambda_json_i64(json("{}"), "/a", -7), -7);
    CHECK_INT(lambda_json_i64((lambda_json){NULL, 0}, "", -7), -7);
}

static void test_f64_and_bool(void)
{
    CHECK(lambda_json_f64(json("1.5"), "", 0) == 1.5);
    CHECK(lambda_json_f64(json("-2e3"), "", 0) == -2000);
    CHECK(lambda_json_f64(json("\"1.5\""), "", 4) == 4);
    CHECK(lambda_json_f64(json("{}"), "/a", 4) == 4);
    CHECK(lambda_json_f64(json("1e999999"), "", 4) == 4);
    CHECK(lambda_json_f64(json("-1e309"), "", 4) == 4);
    CHECK(lambda_json_bool(json("true"), "", false));
    CHECK(!lambda_json_bool(json("false"), "", true));
    CHECK(lambda_json_bool(json("1"), "", true));
    CHECK(!lambda_json_bool(json("\"true\""), "", false));
}

static void test_get(void)
{
    begin(NULL);
    lambda_json doc = json("{\"a\": {\"b\": [ \"x\\n\\u00e4\", null ] } }");
    lambda_json b = lambda_json_get(doc, "/a/b");
    CHECK_MEM(b.ptr, b.len, "[ \"x\\n\\u00e4\", null ]", 21);
    CHECK(!lambda_json_get(doc, "/a/b/1").ptr);
    CHECK(!lambda_json_get(doc, "/a/c").ptr);
    CHECK_STR(lambda_json_str(&ctx, b, "/0").ptr, "x\n\xC3\xA4");
    CHECK_INT(lambda_json_str(&ctx, b, "/0").len, 4);
    CHECK(!lambda_json_str(&ctx, b, "/1").ptr);
    CHECK(!lambda_json_str(&ctx, doc, "/a").ptr);
    CHECK_STR(lambda_json_str(&ctx, json("\"\""), "").ptr, "");
}

struct point {
    int64_t x, y;
    lambda_str name;
};
LAMBDA_TYPE(point, LAMBDA_F(point, x, "x"), LAMBDA_F(point, y, "y"), LAMBDA_F(point, name, "name"));

static void test_typed(void)
{
    struct point p;
    begin(NULL);
    lambda_str text = {"{\"x\":1,\"name\":\"n\",\"y\":2}", 24};
    CHECK_INT(lambda_decode(&ctx, point, text, &p), 0);
    CHECK(p.x == 1 && p.y == 2);
    CHECK_STR(p.name.ptr, "n");
    lambda_str back = lambda_encode(&ctx, point, &p);
    CHECK_STR(back.ptr, "{\"x\":1,\"y\":2,\"name\":\"n\"}");
    CHECK_INT(back.len, strlen(back.ptr));
    CHECK(!ctx.failure.set);
    static const char *const bad[] = {"", "{\"x\":1", "[1]", "{\"x\":1} 2"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        ctx.failure.set = false;
        CHECK_INT(lambda_decode(&ctx, point, json(bad[i]), &p), -1);
        CHECK_STR(ctx.failure.type, "InvalidJson");
        CHECK_HAS(ctx.failure.message, "point: ");
    }
    CHECK_INT(lambda_decode(&ctx, point, ((lambda_str){NULL, 0}), &p), -1);
}

static void test_memory(void)
{
    begin(NULL);
    unsigned char *p = lambda_alloc(&ctx, 100);
    memset(p, 7, 100);
    begin(NULL);
    p = lambda_alloc(&ctx, 100);
    for (int i = 0; i < 100; i++)
        CHECK_INT(p[i], 0);
    CHECK(!lambda_alloc(&ctx, 2 << 20));
    CHECK(!lambda_alloc(&ctx, SIZE_MAX));
    CHECK(lambda_alloc(&ctx, 1 << 19));
    static char large[1 << 20];
    lambda_str text = {large, sizeof large};
    struct point point;
    CHECK(!lambda_url_decode(&ctx, text).ptr);
    CHECK_INT(lambda_decode(&ctx, point, text, &point), -1);
}

static void test_reply(void)
{
    struct rapi_event event = {.request_id = {"id", 2}};
    static char bytes[RAPI_BODY_MAX + 1];
    begin(&event);
    CHECK_INT(lambda_reply(&ctx, "a\0b", 3), 0);
    CHECK_MEM(ctx.reply.ptr, ctx.reply.len, "a\0b", 3);
    CHECK_INT(lambda_reply(&ctx, bytes, RAPI_BODY_MAX), 0);
    CHECK_INT(ctx.reply.len, RAPI_BODY_MAX);
    CHECK_INT(lambda_reply(&ctx, bytes, RAPI_BODY_MAX + 1), -1);
    CHECK_STR(ctx.failure.type, "Function.ResponseSizeTooLarge");
    CHECK(!ctx.replied);
    CHECK_INT(lambda_reply(&ctx, NULL, 0), 0);
    CHECK(ctx.replied);
    ctx_end(&ctx);
    CHECK(ctx.reply.cap < RAPI_BODY_MAX);
}

static void test_context(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct rapi_event event = {.request_id = {"id", 2},
                               .function_arn = {"arn", 3},
                               .client_context = {"{\"a\":1}", 7},
                               .deadline_ms = ((int64_t)now.tv_sec + 100) * 1000};
    begin(&event);
    CHECK_STR(lambda_request_id(&ctx).ptr, "id");
    CHECK_STR(lambda_function_arn(&ctx).ptr, "arn");
    CHECK_INT(lambda_json_i64(lambda_client_context(&ctx), "/a", 0), 1);
    CHECK(!lambda_trace_id(&ctx).ptr);
    CHECK(!lambda_cognito_identity(&ctx).ptr);
    CHECK_INT(lambda_deadline_ms(&ctx), event.deadline_ms);
    CHECK(lambda_remaining_ms(&ctx) > 0 && lambda_remaining_ms(&ctx) <= 100000);
    event.deadline_ms = 1;
    CHECK_INT(lambda_remaining_ms(&ctx), 0);
    begin(NULL);
    CHECK(!lambda_request_id(&ctx).ptr);
    CHECK_INT(lambda_deadline_ms(&ctx), 0);
    CHECK_INT(lambda_remaining_ms(&ctx), 0);
}

static const struct check_test tests[] = {
    {"url decode", test_url_decode},
    {"integers", test_i64},
    {"numbers and booleans", test_f64_and_bool},
    {"pointers", test_get},
    {"typed", test_typed},
    {"memory", test_memory},
    {"reply", test_reply},
    {"context", test_context},
};
CHECK_MAIN(tests)

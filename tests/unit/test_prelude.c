/* SPDX-License-Identifier: Apache-2.0 */
#include "core/prelude.h"

#include "base/json.h"
#include "check.h"

#define TEXT(literal)                \
    {                                \
        literal, sizeof(literal) - 1 \
    }
#define HEADERS(...)                      \
    .http_headers = (const lambda_pair[]) \
    {                                     \
        __VA_ARGS__                       \
    }
#define ONE(name, value) HEADERS({TEXT(name), TEXT(value)}), .nhttp_headers = 1
#define COOKIE(value)    .http_cookies = (const lambda_str[]){TEXT(value)}, .nhttp_cookies = 1

static const struct good_test {
    struct lambda_stream_head head;
    const char *type, *json;
} good_tests[] = {
    {{0}, "application/octet-stream", ""},
    {{.content_type = "text/html"}, "text/html", ""},
    {{.content_type = "text/html; charset=utf-8"}, "text/html; charset=utf-8", ""},
    {{.http_status = 200},
     PRELUDE_TYPE,
     "{\"statusCode\":200,\"headers\":{\"content-type\":\"application/octet-stream\"}}"},
    {{.http_status = 599, .content_type = "a/b"},
     PRELUDE_TYPE,
     "{\"statusCode\":599,\"headers\":{\"content-type\":\"a/b\"}}"},
    {{.http_status = 100, ONE("Content-TYPE", "x/y")},
     PRELUDE_TYPE,
     "{\"statusCode\":100,\"headers\":{\"Content-TYPE\":\"x/y\"}}"},
    {{.http_status = 302, ONE("Location", "/\"\\\t\xC3\xA4")},
     PRELUDE_TYPE,
     "{\"statusCode\":302,\"headers\":{\"Location\":\"/\\\"\\\\\\t\xC3\xA4\","
     "\"content-type\":\"application/octet-stream\"}}"},
    {{.http_status = 200, COOKIE("a=\"b\"; Secure")},
     PRELUDE_TYPE,
     "{\"statusCode\":200,\"headers\":{\"content-type\":\"application/octet-stream\"},"
     "\"cookies\":[\"a=\\\"b\\\"; Secure\"]}"},
};

static void test_good(void)
{
    for (size_t i = 0; i < ARRAY_LEN(good_tests); i++) {
        const struct good_test *t = &good_tests[i];
        struct failure f = {0};
        AUTO_BUF struct buf out;
        buf_init(&out, PRELUDE_MAX);
        CHECK_INT(prelude_print(&t->head, &out, &f), 0);
        CHECK_STR(f.message, "");
        CHECK_STR(prelude_content_type(&t->head), t->type);
        size_t len = strlen(t->json);
        CHECK_INT(out.len, len ? len + 8 : 0);
        if (!len)
            continue;
        CHECK_MEM(out.ptr, len, t->json, len);
        CHECK_MEM(out.ptr + len, 8, "\0\0\0\0\0\0\0", 8);
    }
}

static const struct bad_test {
    struct lambda_stream_head head;
    const char *message;
} bad_tests[] = {
    {{.content_type = ""}, "content_type '' is no media type"},
    {{.content_type = "html"}, "content_type 'html'"},
    {{.content_type = "text/"}, "content_type 'text/'"},
    {{.content_type = "/html"}, "content_type '/html'"},
    {{.content_type = "text/html\r\nX-Injected: 1"}, "content_type 'text/html\r\n"},
    {{.content_type = "text/html; a=\n"}, "content_type"},
    {{.content_type = "text/\xC3\xA4"}, "content_type"},
    {{.http_status = 99}, "http_status 99 is not between 100 and 599"},
    {{.http_status = 600}, "http_status 600"},
    {{.http_status = -200}, "http_status -200"},
    {{ONE("A", "b")}, "headers and cookies need an http_status"},
    {{COOKIE("a=b")}, "headers and cookies need an http_status"},
    {{.http_status = 200, ONE("", "b")}, "'' is no name of a header"},
    {{.http_status = 200, HEADERS({{NULL, 0}, TEXT("b")}), .nhttp_headers = 1}, "'' is no name"},
    {{.http_status = 200, ONE("A:", "b")}, "'A:' is no name of a header"},
    {{.http_status = 200, ONE("A b", "b")}, "'A b' is no name of a header"},
    {{.http_status = 200, ONE("A", "b\r\nC: d")}, "header 'A' has byte 0x0d at offset 1"},
    {{.http_status = 200, ONE("A", "b\0")}, "header 'A' has byte 0x00 at offset 1"},
    {{.http_status = 200, ONE("A", "\x7f")}, "has byte 0x7f at offset 0"},
    {{.http_status = 200, ONE("A", "b\xff")}, "header 'A' is no UTF-8 at offset 1"},
    {{.http_status = 200, .content_type = "a/b", ONE("content-type", "c/d")},
     "header 'content-type' is there twice"},
    {{.http_status = 200,
      HEADERS({TEXT("A"), TEXT("1")}, {TEXT("a"), TEXT("2")}),
      .nhttp_headers = 2},
     "header 'a' is there twice"},
    {{.http_status = 200, COOKIE("")}, "cookie '' does not begin with NAME="},
    {{.http_status = 200, COOKIE("a")}, "cookie 'a' does not begin with NAME="},
    {{.http_status = 200, COOKIE("=a")}, "cookie '=a' does not begin"},
    {{.http_status = 200, COOKIE("a b=c")}, "cookie 'a b=c' does not begin"},
    {{.http_status = 200, COOKIE("a=b\nc")}, "has byte 0x0a at offset 3"},
};

static void test_bad(void)
{
    for (size_t i = 0; i < ARRAY_LEN(bad_tests); i++) {
        const struct bad_test *t = &bad_tests[i];
        struct failure f = {0};
        AUTO_BUF struct buf out;
        buf_init(&out, PRELUDE_MAX);
        CHECK_INT(prelude_print(&t->head, &out, &f), -1);
        CHECK_STR(f.type, "Runtime.StreamError");
        CHECK_HAS(f.message, t->message);
    }
}

/* More than a prelude may have: said, not cut. */
static void test_too_much(void)
{
    static lambda_pair headers[1001];
    static char names[1001][8], value[70000];
    struct lambda_stream_head head = {.http_status = 200, .http_headers = headers};
    struct failure f = {0};
    AUTO_BUF struct buf out;
    buf_init(&out, PRELUDE_MAX);
    memset(value, 'v', sizeof value);
    for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
        snprintf(names[i], sizeof names[i], "h%zu", i);
        headers[i] = (lambda_pair){{names[i], strlen(names[i])}, {value, 1}};
    }
    head.nhttp_headers = 1001;
    CHECK_INT(prelude_print(&head, &out, &f), -1);
    CHECK_HAS(f.message, "1001 headers and 0 cookies: at most 1000 of each");
    head.nhttp_headers = 1000;
    CHECK_INT(prelude_print(&head, &out, &f), 0);
    headers[0].value.len = sizeof value;
    CHECK_INT(prelude_print(&head, &out, &f), -1);
    CHECK_HAS(f.message, "status, headers and cookies of the stream");
}

/* Heads of older and newer headers. */
static void test_sizes(void)
{
    struct {
        struct lambda_stream_head head;
        char more[16];
    } newer = {.head = {.content_type = "a/b", .http_status = 200}};
    struct lambda_stream_head got;
    struct failure f = {0};
    CHECK_INT(prelude_take_head(NULL, 0, &got, &f), 0);
    CHECK(!got.content_type && !got.http_status && !got.nhttp_headers);
    CHECK_INT(prelude_take_head(&newer.head, sizeof(char *), &got, &f), 0);
    CHECK_STR(got.content_type, "a/b");
    CHECK_INT(got.http_status, 0);
    CHECK_INT(prelude_take_head(&newer.head, sizeof newer, &got, &f), 0);
    CHECK_INT(got.http_status, 200);
    newer.more[15] = 1;
    CHECK_INT(prelude_take_head(&newer.head, sizeof newer, &got, &f), -1);
    CHECK_HAS(f.message, "newer lambda.h");
    newer.head.reserved_ = 1;
    CHECK_INT(prelude_take_head(&newer.head, sizeof newer.head, &got, &f), -1);
    CHECK_HAS(f.message, "reserved_");
}

static const struct check_test tests[] = {
    {"heads", test_good},
    {"wrong heads", test_bad},
    {"too much", test_too_much},
    {"older and newer heads", test_sizes},
};
CHECK_MAIN(tests)

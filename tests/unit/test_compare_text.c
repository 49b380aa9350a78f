/* SPDX-License-Identifier: Apache-2.0 */
/* Comparison of logs, and differences as people see them. */
#include "compare_work.h"

#define UUID_1 "11111111-2222-3333-4444-555555555555"
#define UUID_2 "99999999-8888-7777-6666-aaaaaaaaaaaa"

static void test_logs(void)
{
    static const struct {
        const char *expected, *got, *want;
        bool expected_cut, got_cut;
    } rows[] = {
        {"a\nb\n", "a\nb\n", "", false, false},
        {"a\nb\n", "a\nb", "", false, false},
        {"a\nb\nc\n", "a\nx\nb\nc\n", "+log line 2", false, false},
        {"a\nb\nc\n", "a\nc\n", "-log line 2", false, false},
        {"a\nb\nc\n", "a\nB\nc\n", "~log line 2", false, false},
        {"", "a\n", "+log line 1", false, false},
        {NULL, "a\n", "", false, false},
        {"a\n", NULL, "-log line 1", false, false},
        {"START RequestId: " UUID_1 " Version: $LATEST\na\nEND RequestId: " UUID_1
         "\nREPORT RequestId: " UUID_1 "\tDuration: 1.00 ms\n",
         "a\n", "", false, false},
        {"2024-01-02T03:04:05.678Z\t" UUID_1 "\tINFO\ta\n",
         "2025-01-02T03:04:05.678Z\t" UUID_2 "\tINFO\ta\n", "", false, false},
        {"2024-01-02T03:04:05.678Z\t" UUID_1 "\tINFO\ta\n",
         "2025-01-02T03:04:05.678Z\t" UUID_2 "\tWARN\ta\n", "~log line 1", false, false},
        {"[2024-01-02 03:04:05,678] a\n", "[2024-01-02 03:04:06,001] a\n", "", false, false},
        {"began at 2024-01-02\n", "began at 2024-01-03\n", "~log line 1", false, false},
        {"for " UUID_1 ".\n", "for " UUID_2 ".\n", "", false, false},
        {"for " UUID_2 "\n", "for " UUID_1 "\n", "~log line 1", false, false},
        {"{\"level\":\"INFO\",\"timestamp\":\"2024\",\"message\":\"a\",\"requestId\":\"x\"}\n",
         "{\"timestamp\":\"2025\",\"level\":\"INFO\",\"message\":\"\\u0061\"}\n", "", false, false},
        {"{\"level\":\"INFO\",\"message\":\"a\"}\n", "{\"level\":\"INFO\",\"message\":\"b\"}\n",
         "~log line 1", false, false},
        {"{\"message\":{\"timestamp\":1}}\n", "{\"message\":{\"timestamp\":2}}\n", "~log line 1",
         false, false},
        {"{\"type\":\"platform.start\",\"record\":{}}\na\n", "a\n", "", false, false},
        {"{\"a\":\"" UUID_1 "\",\"n\":1}\n", "{\"n\":1.0,\"a\":\"" UUID_2 "\"}\n", "", false,
         false},
        {"{\"a\":\"\\u" UUID_1 "\"}\n", "{\"a\":\"\\u" UUID_2 "\"}\n", "", false, false},
        {"\\q\n{\"\\q\n", "\\p\n{\"\\q\n", "~log line 1", false, false},
        {"a\nb\n", "a\nb\nc\n", "", true, false},
        {"a\nb\n", "a\n", "", false, true},
        {"a\nb\n", "a\n", "-log line 2", true, false},
        {"a\nb\n", "x\nb\nc\n", "~log line 1", true, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct sides s = make(NULL, NULL, TRACE_STATUS_SUCCESS);
        struct compare_result result = {0};
        struct err err = {0};
        s.expected.log = as_text(rows[i].expected);
        s.expected.log_cut = rows[i].expected_cut;
        s.expected.request_id = as_text(UUID_1);
        s.got.log = as_text(rows[i].got);
        s.got.log_cut = rows[i].got_cut;
        s.got.request_id = as_text(UUID_2);
        begin();
        CHECK_INT(compare_logs(&s.expected, &s.got, &arena, &result, &err), 0);
        check_found(rows[i].expected ? rows[i].expected : "(none)", &result, rows[i].want);
    }
}

static void test_add_error(void)
{
    static const struct {
        const char *error, *want;
    } rows[] = {
        {"", ""},
        {"no JSON, of " UUID_1 " and of " UUID_2, "no JSON, of * and of " UUID_2},
        {"RequestId: " UUID_2 " Error: Task timed out", "RequestId: * Error: Task timed out"},
        {"[\"" UUID_1 "\"]", "[\"*\"]"},
        {" {}\n", "{}"},
        {"{\"trace\":[1]}", "{}"},
        {"{\"stackTrace\":[\"a\"], \"errorType\" : \"" UUID_1
         "\",\"trace\":[], \"requestId\":\"" UUID_1 "\",\"n\":{\"trace\": 1}}",
         "{\"errorType\":\"" UUID_1 "\",\"requestId\":\"*\",\"n\":{\"trace\": 1}}"},
        {"{\"errorMessage\":\"2024-01-02T03:04:05.678Z " UUID_2 " a\\u0000\\\"b\"}",
         "{\"errorMessage\":\"* * a\\u0000\\\"b\"}"},
        {"{\"errorMessage\":7,\"requestId\":\"" UUID_2 "\"}",
         "{\"errorMessage\":7,\"requestId\":\"" UUID_2 "\"}"},
    };
    const struct trace_text id = as_text(UUID_1);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_BUF struct buf out;
        buf_init(&out, 1 << 16);
        buf_adds(&out, "");
        compare_add_error(&out, rows[i].error, strlen(rows[i].error), &id);
        CHECK_STR(out.ptr, rows[i].want);
    }
}

static void test_print(void)
{
    static char x[1001], y[1001];
    memset(x, 'x', 1000);
    memset(y, 'x', 1000);
    y[500] = 'y';
    const struct {
        struct compare_difference d;
        bool colour;
        const char *want;
    } rows[] = {
        {{.kind = COMPARE_CHANGED,
          .pointer = "/total",
          .expected = as_text("5"),
          .got = as_text("6")},
         false,
         "  /total\n    - 5\n    + 6\n"},
        {{.kind = COMPARE_CHANGED,
          .pointer = "/total",
          .expected = as_text("5"),
          .got = as_text("6")},
         true,
         "  /total\n    \033[31m- 5\033[0m\n    \033[32m+ 6\033[0m\n"},
        {{.kind = COMPARE_GONE, .pointer = "/a\033[2J", .expected = as_text("{\n  \"x\": 1\n}")},
         false,
         "  /a\\x1b[2J\n    - { \"x\": 1 }\n"},
        {{.kind = COMPARE_ADDED, .pointer = "", .got = as_text("a\n\033\xe2\x80\xae\xff")},
         false,
         "  the answer as a whole\n    + a\\x0a\\x1b\\u202e\\xff\n"},
        {{.kind = COMPARE_STATUS,
          .pointer = "",
          .expected = as_text("1"),
          .got = as_text(NULL),
          .expected_status = TRACE_STATUS_SUCCESS,
          .got_status = TRACE_STATUS_TIMEOUT},
         false,
         "  the answer as a whole\n    - success 1\n    + timeout\n"},
        {{.kind = COMPARE_CHANGED, .pointer = "", .expected = as_text(""), .got = as_text("1")},
         false,
         "  the answer as a whole\n    - (empty)\n    + 1\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_BUF struct buf out;
        buf_init(&out, 1 << 16);
        compare_print(&rows[i].d, rows[i].colour, &out);
        CHECK_STR(out.ptr, rows[i].want);
    }
    AUTO_BUF struct buf out;
    buf_init(&out, 1 << 16);
    const struct compare_difference d = {
        COMPARE_CHANGED, "/x", as_text(x), as_text(y), TRACE_STATUS_UNKNOWN, TRACE_STATUS_UNKNOWN};
    compare_print(&d, false, &out);
    CHECK(out.len < 400);
    CHECK_HAS(out.ptr, "+ ...xxxx");
    CHECK_HAS(out.ptr, "xxyxx");
    CHECK_HAS(out.ptr, "xx... (1000 bytes)\n");
}

static void test_print_line(void)
{
    static char x[1001], y[1001];
    const struct {
        struct compare_difference d;
        const char *want;
    } rows[] = {
        {{.kind = COMPARE_CHANGED,
          .pointer = "/at",
          .expected = as_text("12"),
          .got = as_text("17")},
         "/at: 12, then 17"},
        {{.kind = COMPARE_GONE, .pointer = "/a/b", .expected = as_text("\"x\"")},
         "/a/b: \"x\", then absent"},
        {{.kind = COMPARE_ADDED, .pointer = "/a", .got = as_text("[1]")}, "/a: absent, then [1]"},
        {{.kind = COMPARE_CHANGED,
          .pointer = "",
          .expected = as_text("a\x1b"),
          .got = as_text("b")},
         "a\\x1b, then b"},
    };
    AUTO_BUF struct buf out;
    buf_init(&out, 1 << 16);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        buf_reset(&out);
        compare_print_line(&rows[i].d, &out);
        CHECK_STR(out.ptr, rows[i].want);
    }
    memset(x, 'x', 1000);
    memset(y, 'x', 1000);
    y[500] = 'y';
    const struct compare_difference d = {
        .kind = COMPARE_CHANGED, .pointer = "/x", .expected = as_text(x), .got = as_text(y)};
    buf_reset(&out);
    compare_print_line(&d, &out);
    CHECK(out.len < 150);
    CHECK_HAS(out.ptr, "... (1000 bytes), then ...xxxx");
    CHECK_HAS(out.ptr, "xxyxx");
}

static const struct check_test tests[] = {
    {"logs", test_logs},
    {"add_error", test_add_error},
    {"print", test_print},
    {"print_line", test_print_line},
};
CHECK_MAIN(tests)

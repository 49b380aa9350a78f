/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "simulate/history_lines.h"

#define LINE "{\"clambda_history\":1,"
#define NEST "[[[[[[[[[["
#define DEEP \
    NEST NEST NEST NEST NEST NEST NEST NEST NEST NEST NEST NEST NEST NEST NEST NEST NEST NEST NEST
#define TSEN "]]]]]]]]]]"
#define PEED \
    TSEN TSEN TSEN TSEN TSEN TSEN TSEN TSEN TSEN TSEN TSEN TSEN TSEN TSEN TSEN TSEN TSEN TSEN TSEN

/* Instead of compare's: the id is seen. */
static void add_plain(struct buf *out, const char *error, size_t len, const char *request_id)
{
    buf_addf(out, "{\"id\":\"%.8s\",\"error\":", request_id);
    buf_add_json_string(out, error, len);
    buf_addc(out, '}');
}

static const struct {
    const char *text;
    const char *documents[3]; /* of each record, by name */
} told[] = {
    {"", {NULL}},
    {LINE "\"time_ms\":5,\"what\":\"arrived\",\"records\":[\"b\",\"a\"]}\n",
     {"[{\"time_ms\":5,\"what\":\"arrived\"}]", "[{\"time_ms\":5,\"what\":\"arrived\"}]"}},
    /* the answer stands with its invocation, once for each record of the batch */
    {LINE "\"what\":\"invoked\",\"invocation\":1,\"attempt\":1,\"records\":[\"a\"]}\n" LINE
          "\"what\":\"answered\",\"invocation\":1,\"status\":\"partial\",\"answer\":"
          "\"{\\\"b\\\": [1]}\",\"records\":[\"a\"]}\n" LINE
          "\"what\":\"done\",\"invocation\":1,\"records\":[\"a\"]}",
     {"[{\"what\":\"invoked\",\"attempt\":1,\"answered\":{\"what\":\"answered\",\"status\":"
      "\"partial\",\"answer\":{\"b\": [1]}}},{\"what\":\"done\"}]"}},
    {LINE "\"what\":\"invoked\",\"invocation\":2,\"records\":[\"a\"]}\n" LINE
          "\"what\":\"answered\",\"invocation\":2,\"answer\":\"no \\u0000\\ufffd\","
          "\"records\":[]}",
     {"[{\"what\":\"invoked\",\"answered\":{\"what\":\"answered\",\"answer\":"
      "\"no \\u0000\\ufffd\"}}]"}},
    {LINE "\"what\":\"invoked\",\"invocation\":1,\"records\":[\"a\"]}\n" LINE
          "\"what\":\"answered\",\"invocation\":1,\"answer\":\"\",\"records\":[\"z\"]}",
     {"[{\"what\":\"invoked\",\"answered\":{\"what\":\"answered\",\"answer\":\"\"}}]", "[]"}},
    /* an error without what names its run, here by the first bytes of its request id */
    {LINE "\"what\":\"invoked\",\"invocation\":1,\"records\":[\"a\"]}\n" LINE
          "\"what\":\"answered\",\"invocation\":1,\"status\":\"error\",\"answer\":"
          "\"{\\\"b\\\":1}\",\"records\":[\"a\"]}\n" LINE
          "\"what\":\"invoked\",\"invocation\":2,\"records\":[\"b\"]}\n" LINE
          "\"what\":\"answered\",\"invocation\":2,\"status\":\"timeout\",\"answer\":"
          "\"\\u0000\",\"records\":[\"b\"]}\n" LINE
          "\"what\":\"invoked\",\"invocation\":3,\"records\":[\"c\"]}\n" LINE
          "\"what\":\"answered\",\"invocation\":3,\"status\":\"refused\",\"answer\":"
          "\"{}\",\"records\":[\"c\"]}",
     {"[{\"what\":\"invoked\",\"answered\":{\"what\":\"answered\",\"status\":\"error\","
      "\"answer\":{\"id\":\"08b4fda8\",\"error\":\"{\\\"b\\\":1}\"}}}]",
      "[{\"what\":\"invoked\",\"answered\":{\"what\":\"answered\",\"status\":\"timeout\","
      "\"answer\":{\"id\":\"d7cc9674\",\"error\":\"\\u0000\"}}}]",
      "[{\"what\":\"invoked\",\"answered\":{\"what\":\"answered\",\"status\":\"refused\","
      "\"answer\":{}}}]"}},
    /* numbers that no history of so many lines has */
    {LINE "\"what\":\"invoked\",\"invocation\":999999999,\"records\":[\"a\"]}\n" LINE
          "\"what\":\"answered\",\"invocation\":999999999,\"records\":[]}",
     {"[{\"what\":\"invoked\"}]"}},
    {LINE "\"what\":\"invoked\",\"invocation\":18446744073709551617,\"records\":[\"a\"]}\n" LINE
          "\"what\":\"answered\",\"invocation\":1,\"records\":[]}",
     {"[{\"what\":\"invoked\"}]"}},
    {"\t " LINE "\"what\":\"invoked\",\"invocation\":1,\"records\":[\"a\"]} ",
     {"[{\"what\":\"invoked\"}]"}},
    {LINE "\"what\":\"done\",\"records\":[]}", {NULL}},
    /* as JSON it would nest the document too deep */
    {LINE "\"what\":\"invoked\",\"invocation\":1,\"records\":[\"a\"]}\n" LINE
          "\"what\":\"answered\",\"invocation\":1,\"answer\":\"" DEEP "[[[[[[[[]]]]]]]]" PEED
          "\",\"records\":[]}",
     {"[{\"what\":\"invoked\",\"answered\":{\"what\":\"answered\",\"answer\":\"" DEEP
      "[[[[[[[[]]]]]]]]" PEED "\"}}]"}},
};

static void test_tell(void)
{
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        struct history_lines h = {0};
        struct err err = {0};
        AUTO_BUF struct buf out;
        size_t at = 0, n = 0;
        buf_init(&out, 1 << 20);
        CHECK_INT(history_lines_read(&h, told[i].text, strlen(told[i].text), add_plain, &err), 0);
        CHECK_STR(err.msg, "");
        while (at < h.nmentions && n < 3 && told[i].documents[n]) {
            history_lines_tell(&h, &at, &out);
            CHECK_STR(out.ptr, told[i].documents[n++]);
        }
        CHECK_INT(at, h.nmentions);
        CHECK(n == 3 || !told[i].documents[n]);
        history_lines_fini(&h);
    }
}

static void test_refuse(void)
{
    static const struct {
        const char *text, *message;
        size_t lines; /* before it */
    } rows[] = {
        {"\n", "column 1: empty document", 0},
        {"{}", "no line of a history", 0},
        {"[]", "no line of a history", 0},
        {"{\"clambda_history\":1,", "column 22", 0},
        {LINE "\"what\":\"done\"}", "no line of a history", 0},
        {LINE "\"what\":1,\"records\":[]}", "no line of a history", 0},
        {LINE "\"what\":\"done\",\"records\":{\"a\":\"b\"}}", "no line of a history", 0},
        {LINE "\"what\":\"done\",\"records\":[],\"answer\":{}}", "no line of a history", 0},
        {LINE "\"what\":\"done\",\"records\":[]}\n" LINE "\"what\":\"done\",\"records\":[1]}",
         "a name in \"records\" is no text", 1},
        {"{\"clambda_trace\":1,\"what\":\"done\",\"records\":[]}", "no line of a history", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct history_lines h = {0};
        struct err err = {0};
        CHECK_INT(history_lines_read(&h, rows[i].text, strlen(rows[i].text), add_plain, &err), -1);
        CHECK_INT(err.kind, ERR_INPUT);
        CHECK_HAS(err.msg, rows[i].message);
        CHECK_INT(h.nlines, rows[i].lines);
        history_lines_fini(&h);
    }
}

static void test_begin(void)
{
    static const struct {
        const char *text;
        bool begins;
    } rows[] = {
        {LINE "\"what\":\"done\",\"records\":[]}", true},
        {"\t " LINE, true},
        {"{\"clambda_history\":", true},
        {"{\"clambda_history\"", false},
        {"{\"clambda_trace\":1}", false},
        {"", false},
        {" ", false},
        {"#!/bin/sh\n" LINE, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        CHECK_INT(history_lines_begin(rows[i].text, strlen(rows[i].text)), rows[i].begins);
}

static const struct check_test tests[] = {
    {"tell", test_tell},
    {"refuse", test_refuse},
    {"begin", test_begin},
};

CHECK_MAIN(tests)

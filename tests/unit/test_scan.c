/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/attr.h"
#include "base/scan.h"

/* A heap copy of exactly len bytes, so that a sanitizer sees a read behind it. */
static char *exact(const char *text, size_t len)
{
    char *copy = malloc(len ? len : 1);
    if (len)
        memcpy(copy, text, len);
    return copy;
}

static void check_text(const char *text, size_t len, const char *want)
{
    AUTO_FREE char *copy = exact(text, len);
    struct scan_fault fault = {0};
    char got[200] = "valid";
    if (!scan_valid(copy, len, &fault))
        snprintf(got, sizeof got, "%zu:%zu %s", fault.line, fault.column, fault.reason);
    if (strcmp(got, want) != 0)
        printf("# '%.*s'\n", (int)len, text);
    CHECK_STR(got, want);
}

static void test_valid(void)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "null",
        "true",
        "false",
        "0",
        "-0",
        "-1.5e-10",
        "1E+2",
        "\"\"",
        " {} ",
        "\t\r\n1\n",
        "[1,[2,[3,{}]],{\"a\":[]}]",
        "{\"\":\"\"}",
        "{\"a\":1,\"a\":2}",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uD834\\udd1e\\uD800\"",
        "1e400",
        "\"\x7f\"",
        "\"\xC2\x80\xE0\xA0\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF\"",
        "123456789012345678901234567890.123456789012345678901234567890",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        check_text(texts[i], strlen(texts[i]), "valid");
}

static void test_faults(void)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"", "1:1 empty document"},
        {" \n", "2:1 empty document"},
        {"{", "1:2 expected a key in double quotes"},
        {"[", "1:2 expected a value"},
        {"[1", "1:3 expected ',' or ']'"},
        {"[1,", "1:4 expected a value"},
        {"[1,]", "1:4 expected a value"},
        {"[,1]", "1:2 expected a value"},
        {"[1 2]", "1:4 expected ',' or ']'"},
        {"[1}", "1:3 expected ',' or ']'"},
        {"{\"a\"}", "1:5 expected ':'"},
        {"{\"a\":}", "1:6 expected a value"},
        {"{\"a\":1,}", "1:8 expected a key in double quotes"},
        {"{\"a\":1]", "1:7 expected ',' or '}'"},
        {"{a:1}", "1:2 expected a key in double quotes"},
        {"{\"a\":1 \"b\":2}", "1:8 expected ',' or '}'"},
        {"{}{}", "1:3 text after the document"},
        {"{}\n\nx", "3:1 text after the document"},
        {"01", "1:2 text after the document"},
        {"-", "1:1 invalid number"},
        {"1.", "1:1 invalid number"},
        {"[1.e1]", "1:2 invalid number"},
        {"1e", "1:1 invalid number"},
        {"1e+", "1:1 invalid number"},
        {".5", "1:1 expected a value"},
        {"+1", "1:1 expected a value"},
        {"NaN", "1:1 expected a value"},
        {"tru", "1:1 expected a value"},
        {"nulL", "1:1 expected a value"},
        {"truex", "1:5 text after the document"},
        {"\"", "1:2 string without an end"},
        {"\"abc", "1:5 string without an end"},
        {"\"\\", "1:3 string without an end"},
        {"\"\\\"", "1:4 string without an end"},
        {"\"\\x\"", "1:2 unknown escape in a string"},
        {"\"\\u12G4\"", "1:2 \\u without four hexadecimal digits"},
        {"\"\\u123", "1:2 \\u without four hexadecimal digits"},
        {"\"a\tb\"", "1:3 control character in a string"},
        {"\"a\nb\"", "1:3 control character in a string"},
        {"\"\xFF\"", "1:2 invalid UTF-8"},
        {"\"\xC3\"", "1:2 invalid UTF-8"},
        {"\"\xC3", "1:2 invalid UTF-8"},
        {"\"\xC0\x80\"", "1:2 invalid UTF-8"},
        {"\"\xED\xA0\x80\"", "1:2 invalid UTF-8"},
        {"\"\xF4\x90\x80\x80\"", "1:2 invalid UTF-8"},
        {"\"\xC3\xA4\xE2\x82\xAC\xFF\"", "1:4 invalid UTF-8"},
        {"\xEF\xBB\xBF{}", "1:1 expected a value"},
        {"{\"\xC3\xA4\":\n  \"\xC3\xA4\", x", "2:8 expected a key in double quotes"},
        {"'a'", "1:1 expected a value"},
        {"[1] // c", "1:5 text after the document"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        check_text(rows[i].text, strlen(rows[i].text), rows[i].want);
    check_text("\"a\0b\"", 5, "1:3 control character in a string");
    check_text("1\0", 2, "1:2 text after the document");
}

static void test_depth(void)
{
    static char text[2 * SCAN_DEPTH_MAX + 8];
    for (int depth = SCAN_DEPTH_MAX - 1; depth <= SCAN_DEPTH_MAX + 1; depth++) {
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        check_text(text, 2 * (size_t)depth,
                   depth <= SCAN_DEPTH_MAX ? "valid" : "1:201 nested too deep");
    }
    /* siblings do not add up, and kinds alternate beyond one word of bits */
    size_t len = 0;
    for (int i = 0; i < 70; i++)
        len += (size_t)sprintf(text + len, "%s", i % 2 ? "[" : "{\"\":");
    text[len++] = '1';
    for (int i = 69; i >= 0; i--)
        text[len++] = i % 2 ? ']' : '}';
    check_text(text, len, "valid");
}

/* Specials at every place of a word. */
static void test_places(void)
{
    for (size_t before = 0; before < 40; before++) {
        char text[80] = "\"";
        memset(text + 1, 'x', 60);
        strcpy(text + 61, "\"");
        check_text(text, 62, "valid");
        text[1 + before] = '\x1f';
        char want[64];
        snprintf(want, sizeof want, "1:%zu control character in a string", before + 2);
        check_text(text, 62, want);
        text[1 + before] = '\x80';
        snprintf(want, sizeof want, "1:%zu invalid UTF-8", before + 2);
        check_text(text, 62, want);
        text[1 + before] = '"';
        snprintf(want, sizeof want, "1:%zu text after the document", before + 3);
        check_text(text, 62, want);
    }
}

static void test_find(void)
{
    static const char doc[] = " {\"a\":{\"b\":[10,{\"c\":\"x\"},[]]},\"\":1,\"a/"
                              "b\":2,\"m~n\":3,\"\\u00e4\\n\":4,\"d\":null,"
                              "\"dup\":1,\"dup\":2,\" \":{\"\":7},\"~1\":8} ";
    static const struct {
        const char *pointer, *want;
    } rows[] = {
        {"/a/b/0", "10"},
        {"/a/b/1", "{\"c\":\"x\"}"},
        {"/a/b/1/c", "\"x\""},
        {"/a/b/2", "[]"},
        {"/a/b/3", NULL},
        {"/a/b/-", NULL},
        {"/a/b/00", NULL},
        {"/a/b/01", NULL},
        {"/a/b/x", NULL},
        {"/a/b/", NULL},
        {"/a/b/0/0", NULL},
        {"/a/b/2/0", NULL},
        {"/", "1"},
        {"/a~1b", "2"},
        {"/m~0n", "3"},
        {"/m~n", "3"},
        {"/\xC3\xA4\n", "4"},
        {"/d", "null"},
        {"/dup", "1"},
        {"/ /", "7"},
        {"/~01", "8"},
        {"/A", NULL},
        {"a", NULL},
        {"/a/", NULL},
        {"/a/b/999999999999", NULL},
        {"/d/x", NULL},
        {"/a/b/+1", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_FREE char *copy = exact(doc, sizeof doc - 1);
        struct scan_value v = scan_find(copy, sizeof doc - 1, rows[i].pointer);
        char got[200];
        snprintf(got, sizeof got, "%.*s", (int)v.len, v.ptr ? v.ptr : "");
        if (!v.ptr != !rows[i].want)
            printf("# pointer '%s'\n", rows[i].pointer);
        CHECK_STR(v.ptr ? got : NULL, rows[i].want);
    }
    struct scan_value all = scan_find(doc, sizeof doc - 1, "");
    CHECK(all.ptr == doc + 1 && all.len == sizeof doc - 3);
    CHECK(!scan_find("", 0, "").ptr && !scan_find("{", 1, "").ptr && !scan_find("{", 1, "/a").ptr);
    CHECK(!scan_find("{\"a\":1,x", 8, "/b").ptr && scan_find("{\"a\":1,x", 8, "/a").ptr);
    CHECK(!scan_find("{\"a\"1}", 6, "/a").ptr && !scan_find("{\"a\":", 5, "/a").ptr);
}

static void test_next(void)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"{}", ""},
        {"[]", ""},
        {"[ ]", ""},
        {"{ }", ""},
        {"1", ""},
        {"\"\"", ""},
        {"", ""},
        {"{\"a\":1,\"b\":[2]}", "a=1 b=[2] "},
        {"[1, \"x\" ,{}]", "=1 =\"x\" ={} "},
        {"{ \"a\\n\" : null , \"\" : 1 }", "a\\n=null =1 "},
        {"[1,", "=1 "},
        {"[1 2]", "=1 "},
        {"{\"a\":1,\"b\"}", "a=1 "},
        {"{\"a\":x}", ""},
        {"[1,]", "=1 "},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t len = strlen(rows[i].text), at = 0, out = 0;
        AUTO_FREE char *copy = exact(rows[i].text, len);
        struct scan_value key, value;
        char got[200] = "";
        while (scan_next((struct scan_value){copy, len}, &at, &key, &value))
            out += (size_t)snprintf(got + out, sizeof got - out, "%.*s=%.*s ", (int)key.len,
                                    key.ptr ? key.ptr : "", (int)value.len, value.ptr);
        CHECK_STR(got, rows[i].want);
    }
    struct scan_value none = {0}, key, value;
    size_t at = 0;
    CHECK(!scan_next(none, &at, &key, &value));
}

static void test_unescape(void)
{
    static const struct {
        const char *text, *want;
        long len;
    } rows[] = {
        {"\"\"", "", 0},
        {"\"abc\"", "abc", 3},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", 8},
        {"\"a\\u0000b\"", "a\0b", 3},
        {"\"\\u00e4\\u20AC\\uD83d\\ude00\"", "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", 9},
        {"\"\\ud800\"", "\xEF\xBF\xBD", 3},
        {"\"\\udc00\"", "\xEF\xBF\xBD", 3},
        {"\"\\ud800x\"", "\xEF\xBF\xBDx", 4},
        {"\"\\ud800\\ud83d\\ude00\"", "\xEF\xBF\xBD\xF0\x9F\x98\x80", 7},
        {"\"\\ud800\\u0041\"",
         "\xEF\xBF\xBD"
         "A",
         4},
        {"\"\xC3\xA4\"", "\xC3\xA4", 2},
        {"\"a", NULL, -1},
        {"a", NULL, -1},
        {"", NULL, -1},
        {"\"a\"x", NULL, -1},
        {"\"\\q\"", NULL, -1},
        {"\"\xFF\"", NULL, -1},
        {"12", NULL, -1},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t len = strlen(rows[i].text);
        AUTO_FREE char *copy = exact(rows[i].text, len), *out = malloc(len + 1);
        CHECK_INT(scan_unescape((struct scan_value){copy, len}, out), rows[i].len);
        if (rows[i].len >= 0) {
            CHECK_MEM(out, (size_t)rows[i].len, rows[i].want, (size_t)rows[i].len);
            CHECK_INT(scan_unescape((struct scan_value){copy, len}, copy), rows[i].len);
            CHECK_MEM(copy, (size_t)rows[i].len, rows[i].want, (size_t)rows[i].len);
        }
    }
    struct scan_value none = {0};
    CHECK_INT(scan_unescape(none, NULL), -1);
}

static const struct check_test tests[] = {
    {"valid", test_valid},       {"faults", test_faults}, {"depth", test_depth},
    {"places", test_places},     {"find", test_find},     {"next", test_next},
    {"unescape", test_unescape},
};
CHECK_MAIN(tests)

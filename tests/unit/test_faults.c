/* SPDX-License-Identifier: Apache-2.0 */
/* Where and why a document is refused: the same place and reason from every engine and from the
 * scanner, although the engines decode over the text. */
#include "check.h"

#include "base/scan.h"
#include "engines.h"
#include "kinds.h"

static struct guarded memory;
static struct arena arena;

static void check_fault(const char *text, size_t len, const char *want)
{
    const struct engine *engines[ENGINES_MAX];
    size_t n = engines_list(engines);
    for (size_t e = 0; e < n; e++) {
        struct kinds value;
        struct err err = {0};
        arena_reset(&arena);
        int r = document_decode(engines[e], &kinds_type, guarded_text(&memory, text, len), len,
                                &value, &arena, &err);
        CHECK_INT(r, -1);
        CHECK_INT(err.kind, ERR_INPUT);
        CHECK_STR(err.msg, want);
    }
    struct scan_fault fault = {0};
    char msg[200];
    if (scan_valid(text, len, &fault))
        return; /* valid, but no object */
    snprintf(msg, sizeof msg, "line %zu, column %zu: %s", fault.line, fault.column, fault.reason);
    if (!strstr(want, "expected an object"))
        CHECK_STR(msg, want);
}

static void test_places(void)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"", "line 1, column 1: empty document"},
        {"\n \n", "line 3, column 1: empty document"},
        {"[]", "line 1, column 1: expected an object"},
        {"  nul", "line 1, column 3: expected an object"},
        {"{\"str\":\"a\",\n \"i64\":x}", "line 2, column 8: expected a value"},
        {"{\"str\":\"a\"\n \"i64\":1}", "line 2, column 2: expected ',' or '}'"},
        {"{\"strs\":[\"a\"\n,\n\"b\" \"c\"]}", "line 3, column 5: expected ',' or ']'"},
        {"{\"str\":\"\xC3\xA4\xC3\xB6\", \"i64\":!}", "line 1, column 20: expected a value"},
        {"{\"str\":\"\xC3\xA4\xC3\xB6\",\n\"i64\":!}", "line 2, column 7: expected a value"},
        {"{\"str\":\"\xE2\x82\xAC\\n\xE2\x82\xAC\", \"i64\":!}",
         "line 1, column 22: expected a value"},
        {"{\"x\":\"\xE2\x82\xAC\", \"y\":[\"\xE2\x82\xAC\\n\"], !}",
         "line 1, column 24: expected a key in double quotes"},
        {"{\"bytes\":\"CgoKCgoKCgoKCgoKCgoK\",\"i64\":?}", "line 1, column 39: expected a value"},
        {"{\"bytes\":\"v7+/v7+/v7+/v7+/\",\"i64\":?}", "line 1, column 35: expected a value"},
        {"{\"str\":\"\xC3\xA4\xFF\"}", "line 1, column 10: invalid UTF-8"},
        {"{\"str\":\"a\\q\"}", "line 1, column 10: unknown escape in a string"},
        {"{\"x\":\"\xC3\xA4\\q\"}", "line 1, column 8: unknown escape in a string"},
        {"{\"str\":\"a\\u12x4\"}", "line 1, column 10: \\u without four hexadecimal digits"},
        {"{\"str\":\"a\nb\"}", "line 1, column 10: control character in a string"},
        {"{\"str\":\"abc", "line 1, column 12: string without an end"},
        {"{\"str\":\"abc\\", "line 1, column 13: string without an end"},
        {"{\"str", "line 1, column 6: string without an end"},
        {"{\"str\"", "line 1, column 7: expected ':'"},
        {"{\"str\":", "line 1, column 8: expected a value"},
        {"{\"str\":\"\",", "line 1, column 11: expected a key in double quotes"},
        {"{", "line 1, column 2: expected a key in double quotes"},
        {"{\"i64\":-}", "line 1, column 8: invalid number"},
        {"{\"i64\":1.e}", "line 1, column 8: invalid number"},
        {"{\"i64\":012}", "line 1, column 9: expected ',' or '}'"},
        {"{\"yes\":truth}", "line 1, column 8: expected a value"},
        {"{\"map\":{\"a\" \"b\"}}", "line 1, column 13: expected ':'"},
        {"{\"list\":[{\"s\":1]}", "line 1, column 16: expected ',' or '}'"},
        {"{\"fl\xC3\xA4gs\":{},\"i64\":?}", "line 1, column 19: expected a value"},
        {"{\"list\":[],\"fl\xC3\xA4gs\":{},\"i64\":?}", "line 1, column 29: expected a value"},
        {"{}\n{}", "line 2, column 1: text after the document"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_fault(rows[i].text, strlen(rows[i].text), rows[i].want);
}

static void test_nul(void)
{
    check_fault("{\"str\":\"a\0b\"}", 13, "line 1, column 10: control character in a string");
    check_fault("{\0}", 3, "line 1, column 2: expected a key in double quotes");
    check_fault("{}\0", 3, "line 1, column 3: text after the document");
    check_fault("{\"i64\":1\0}", 10, "line 1, column 9: expected ',' or '}'");
}

/* A document cut at every place and with every byte replaced breaks where the scanner says. */
static void check_like_scan(const char *text, size_t len)
{
    struct scan_fault fault = {0};
    const struct engine *engines[ENGINES_MAX];
    size_t n = engines_list(engines);
    bool valid = scan_valid(text, len, &fault);
    char want[200];
    snprintf(want, sizeof want, "line %zu, column %zu: %s", fault.line, fault.column, fault.reason);
    for (size_t e = 0; e < n; e++) {
        struct kinds value;
        struct err err = {0};
        arena_reset(&arena);
        int r = document_decode(engines[e], &kinds_type, guarded_text(&memory, text, len), len,
                                &value, &arena, &err);
        if (!r != valid || (r && strcmp(err.msg, want) != 0)) {
            printf("# %s: '%.*s' gives '%s', the scanner '%s'\n", engines[e]->name, (int)len, text,
                   r ? err.msg : "valid", valid ? "valid" : want);
            check_report(__FILE__, __LINE__, "alike");
        }
    }
}

static const char sample[] =
    "{ \"str\": \"a\\n\xC3\xA4\",\n\t\"i64\": -12.0e0, \"bytes\":\"v7+/Cgo=\",\n"
    "\"x\": {\"y\": [true, false, null, \"\\ud83d\\ude00\", {}, [] , 1e5]},\n \"\": "
    "{\"s\":\"\xE2\x82\xAC\"},"
    "\"list\":[{\"s\":\"1\",\"b\":true} , "
    "{}],\"map\":{\"k\":\"v\",\"n\":1},\"strs\":[\"\\u00e4\",2]} ";

static void test_cut(void)
{
    for (size_t len = 1; len < sizeof sample; len++)
        check_like_scan(sample, len);
}

static void test_replaced(void)
{
    static const char bytes[] = "\"\\{}[],:0-.etn\n \x01\x80\xC3\xFF/u";
    char text[sizeof sample];
    for (size_t at = 1; at < sizeof sample - 1; at++)
        for (size_t b = 0; b < sizeof bytes; b++) {
            memcpy(text, sample, sizeof sample);
            text[at] = bytes[b];
            check_like_scan(text, sizeof sample - 1);
        }
}

static const struct check_test tests[] = {
    {"places", test_places},
    {"NUL bytes", test_nul},
    {"cut at every place", test_cut},
    {"every byte replaced", test_replaced},
};

int main(int argc, char **argv)
{
    struct err err;
    memory = guarded_new(1 << 16);
    if (arena_init(&arena, 1 << 20, &err) || decode_prepare(&kinds_type, &err)) {
        printf("Bail out! %s\n", err.msg);
        return 1;
    }
    return check_main(tests, sizeof tests / sizeof *tests, argc, argv);
}

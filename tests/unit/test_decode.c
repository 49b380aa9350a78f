/* SPDX-License-Identifier: Apache-2.0 */
/* Values of every kind, in all engines and in the oracle: what a document decodes to is written as
 * what it encodes to again. */
#include "check.h"

#include "engines.h"
#include "kinds.h"

#define LONG_KEY "a key that is longer than any pattern of 32 bytes"

struct row {
    const char *text, *want; /* want NULL: refused */
};

static struct guarded memory, scratch;
static struct arena arena;

/* Decodes into a zero-filled struct; false with err when refused. */
static bool decode_one(const struct engine *e, const char *text, size_t len, struct kinds *out,
                       struct err *err)
{
    memset(out, 0x5a, sizeof *out);
    arena_reset(&arena);
    return document_decode(e, &kinds_type, guarded_text(&memory, text, len), len, out, &arena,
                           err) == 0;
}

static void check_row(const struct engine *e, const char *text, const char *want)
{
    struct kinds value, reference;
    struct err err = {0};
    char where[200];
    bool ok = decode_one(e, text, strlen(text), &value, &err);
    if (!want || !ok) {
        if (ok || want)
            printf("# %s: '%s' %s %s\n", e->name, text, ok ? "was taken" : "was refused", err.msg);
        CHECK(!ok && !want);
        return;
    }
    struct buf out;
    buf_init(&out, 1 << 16);
    CHECK_INT(decode_encode(&kinds_type, &value, &out, &err), 0);
    if (!out.ptr || strcmp(out.ptr, want) != 0)
        printf("# %s: '%s'\n", e->name, text);
    CHECK_STR(out.ptr, want);
    buf_free(&out);

    struct arena other = guarded_arena(&scratch, 1 << 16);
    if (decode_oracle(&kinds_type, text, strlen(text), &reference, &other, &err) == 0) {
        if (!structs_equal(&kinds_type, &value, &reference, where, sizeof where))
            printf("# %s: '%s' differs from the oracle in %s\n", e->name, text, where);
        CHECK(structs_equal(&kinds_type, &value, &reference, where, sizeof where));
    } else {
        CHECK_INT(err.kind, ERR_LIMIT); /* what cJSON cannot hold */
    }
}

static void check_rows(const struct row *rows, size_t count)
{
    const struct engine *engines[ENGINES_MAX];
    size_t n = engines_list(engines);
    for (size_t e = 0; e < n; e++)
        for (size_t i = 0; i < count; i++)
            check_row(engines[e], rows[i].text, rows[i].want);
}

#define ROWS(...)                                   \
    static const struct row rows[] = {__VA_ARGS__}; \
    check_rows(rows, ARRAY_LEN(rows))

static void test_text(void)
{
    ROWS({"{\"str\":\"a\"}", "{\"str\":\"a\"}"}, {"{\"str\":\"\"}", "{\"str\":\"\"}"},
         {"{\"str\":null}", "{}"}, {"{}", "{}"}, {"{\"str\":{\"a\":1}}", "{}"},
         {"{\"str\":[\"a\"]}", "{}"}, {"{\"str\":12}", "{\"str\":\"12\"}"},
         {"{\"str\":-1.50e3}", "{\"str\":\"-1.50e3\"}"}, {"{\"str\":true}", "{\"str\":\"true\"}"},
         {"{\"str\":false}", "{\"str\":\"false\"}"},
         {"{\"str\":\"a\\n\\\"\\\\\\/\\b\\f\\r\\t\"}", "{\"str\":\"a\\n\\\"\\\\/\\b\\f\\r\\t\"}"},
         {"{\"str\":\"\\u00e4\\u20AC\\ud83d\\uDE00\"}",
          "{\"str\":\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\"}"},
         {"{\"str\":\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\"}",
          "{\"str\":\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\"}"},
         {"{\"str\":\"a\\u0000b\"}", "{\"str\":\"a\\u0000b\"}"},
         {"{\"str\":\"\\ud800\"}", "{\"str\":\"\xEF\xBF\xBD\"}"},
         {"{\"str\":\"\\udc00x\"}", "{\"str\":\"\xEF\xBF\xBDx\"}"},
         {"{\"str\":\"\\ud800\\ud83d\\ude00\"}", "{\"str\":\"\xEF\xBF\xBD\xF0\x9F\x98\x80\"}"},
         {"{\"str\":\"\\ud800\\n\"}", "{\"str\":\"\xEF\xBF\xBD\\n\"}"},
         {"{\"str\":\"\\ud800\\u0041\"}", "{\"str\":\"\xEF\xBF\xBD"
                                          "A\"}"},
         {"{\"str\":\"\\u12\"}", NULL}, {"{\"str\":\"\\x\"}", NULL}, {"{\"str\":\"a\tb\"}", NULL},
         {"{\"str\":\"\xFF\"}", NULL}, {"{\"str\":\"\xC3\"}", NULL},
         {"{\"str\":\"\xED\xA0\x80\"}", NULL}, {"{\"str\":\"\\n\xC0\x80\"}", NULL},
         {"{\"x\":\"\xC0\x80\"}", NULL}, {"{\"\xC0\x80\":1}", NULL}, {"{\"str\":\"", NULL},
         {"{\"str\":\"\\", NULL}, {"{\"str\":\"\\u", NULL}, {"{\"str\":", NULL}, {"{\"str", NULL});
}

static void test_integers(void)
{
    ROWS({"{\"i64\":7}", "{\"i64\":7}"}, {"{\"i64\":-7}", "{\"i64\":-7}"}, {"{\"i64\":0}", "{}"},
         {"{\"i64\":-0}", "{}"}, {"{\"i64\":60.0}", "{\"i64\":60}"},
         {"{\"i64\":60.000}", "{\"i64\":60}"}, {"{\"i64\":\"60\"}", "{\"i64\":60}"},
         {"{\"i64\":\"60.0\"}", "{\"i64\":60}"}, {"{\"i64\":\"\\u0036\"}", "{\"i64\":6}"},
         {"{\"i64\":6e1}", "{\"i64\":60}"}, {"{\"i64\":600e-1}", "{\"i64\":60}"},
         {"{\"i64\":6E+2}", "{\"i64\":600}"}, {"{\"i64\":60.5}", "{}"}, {"{\"i64\":1e-1}", "{}"},
         {"{\"i64\":1480641523477}", "{\"i64\":1480641523477}"},
         {"{\"i64\":9007199254740993}", "{\"i64\":9007199254740993}"},
         {"{\"i64\":9223372036854775807}", "{\"i64\":9223372036854775807}"},
         {"{\"i64\":-9223372036854775808}", "{\"i64\":-9223372036854775808}"},
         {"{\"i64\":9223372036854775808}", "{}"}, {"{\"i64\":-9223372036854775809}", "{}"},
         {"{\"i64\":99999999999999999999999}", "{}"}, {"{\"i64\":1e400}", "{}"},
         {"{\"i64\":1e-400}", "{}"}, {"{\"i64\":0e400}", "{}"},
         {"{\"i64\":1.000000000000000000000000000}", "{\"i64\":1}"},
         {"{\"i64\":1.000000000000000000000000001}", "{}"},
         {"{\"i64\":100000000000000000000e-19}", "{\"i64\":10}"}, {"{\"i64\":\"\"}", "{}"},
         {"{\"i64\":\" 6\"}", "{}"}, {"{\"i64\":\"6 \"}", "{}"}, {"{\"i64\":\"06\"}", "{}"},
         {"{\"i64\":\"+6\"}", "{}"}, {"{\"i64\":\"0x10\"}", "{}"}, {"{\"i64\":\"six\"}", "{}"},
         {"{\"i64\":true}", "{}"}, {"{\"i64\":null}", "{}"}, {"{\"i64\":[6]}", "{}"},
         {"{\"i64\":{}}", "{}"}, {"{\"i64\":06}", NULL}, {"{\"i64\":-}", NULL},
         {"{\"i64\":1.}", NULL}, {"{\"i64\":.5}", NULL}, {"{\"i64\":1e}", NULL},
         {"{\"i64\":1e+}", NULL}, {"{\"i64\":+1}", NULL}, {"{\"i64\":0x10}", NULL},
         {"{\"i64\":6", NULL}, {"{\"opt_i64\":0}", "{\"opt_i64\":0}"}, {"{\"opt_i64\":null}", "{}"},
         {"{\"opt_i64\":\"0\"}", "{\"opt_i64\":0}"}, {"{\"opt_i64\":1e400}", "{}"},
         {"{\"opt_i64\":\"x\"}", "{}"}, {"{\"opt_i64\":[]}", "{}"});
}

static void test_doubles(void)
{
    ROWS({"{\"f64\":0.51}", "{\"f64\":0.51}"}, {"{\"f64\":1}", "{\"f64\":1}"},
         {"{\"f64\":\"1.5\"}", "{\"f64\":1.5}"}, {"{\"f64\":0.0}", "{}"},
         {"{\"f64\":-0.0}", "{\"f64\":-0}"}, {"{\"f64\":-0}", "{\"f64\":-0}"},
         {"{\"f64\":0.1}", "{\"f64\":0.1}"}, {"{\"f64\":1e400}", "{}"}, {"{\"f64\":-1e400}", "{}"},
         {"{\"f64\":1e-400}", "{}"}, {"{\"f64\":5e-324}", "{\"f64\":4.94065645841247e-324}"},
         {"{\"f64\":1.7976931348623157e308}", "{\"f64\":1.7976931348623157e+308}"},
         {"{\"f64\":9007199254740993}", "{\"f64\":9007199254740992}"},
         {"{\"f64\":0.30000000000000004}", "{\"f64\":0.30000000000000004}"},
         {"{\"f64\":123456789012345678901234567890}", "{\"f64\":1.2345678901234568e+29}"},
         {"{\"f64\":\"nan\"}", "{}"}, {"{\"f64\":\"inf\"}", "{}"}, {"{\"f64\":\"0x10\"}", "{}"},
         {"{\"f64\":false}", "{}"}, {"{\"f64\":NaN}", NULL}, {"{\"f64\":-Infinity}", NULL});
}

static void test_times(void)
{
    ROWS({"{\"epoch\":1480641523.477}", "{\"epoch\":1480641523.477}"},
         {"{\"epoch\":1428537600.0}", "{\"epoch\":1428537600}"},
         {"{\"epoch\":1428537600}", "{\"epoch\":1428537600}"},
         {"{\"epoch\":\"1480641523.477\"}", "{\"epoch\":1480641523.477}"},
         {"{\"epoch\":1480641523.4771239}", "{\"epoch\":1480641523.477123}"},
         {"{\"epoch\":1480641523.47712399999999999999999}", "{\"epoch\":1480641523.477123}"},
         {"{\"epoch\":1.480641523477e9}", "{\"epoch\":1480641523.477}"},
         {"{\"epoch\":0.000001}", "{\"epoch\":0.000001}"}, {"{\"epoch\":0.0000009}", "{}"},
         {"{\"epoch\":-1.5}", "{\"epoch\":-1.5}"},
         {"{\"epoch\":9223372036854}", "{\"epoch\":9223372036854}"},
         {"{\"epoch\":9223372036855}", "{}"}, {"{\"epoch\":1e400}", "{}"},
         {"{\"epoch\":\"2015-04-09T00:00:00Z\"}", "{}"}, {"{\"epoch\":null}", "{}"},
         {"{\"epoch\":true}", "{}"}, {"{\"epoch\":[1]}", "{}"});
}

static void test_truth(void)
{
    ROWS({"{\"yes\":true}", "{\"yes\":true}"}, {"{\"yes\":false}", "{}"}, {"{\"yes\":null}", "{}"},
         {"{\"yes\":1}", "{}"}, {"{\"yes\":\"true\"}", "{}"}, {"{\"yes\":[true]}", "{}"},
         {"{\"opt_bool\":true}", "{\"opt_bool\":true}"},
         {"{\"opt_bool\":false}", "{\"opt_bool\":false}"}, {"{\"opt_bool\":null}", "{}"},
         {"{\"opt_bool\":\"false\"}", "{}"}, {"{\"yes\":tru}", NULL}, {"{\"yes\":truex}", NULL},
         {"{\"yes\":True}", NULL}, {"{\"yes\":nul}", NULL}, {"{\"yes\":fals}", NULL});
}

static void test_bytes(void)
{
    ROWS({"{\"bytes\":\"SGVsbG8=\"}", "{\"bytes\":\"SGVsbG8=\"}"},
         {"{\"bytes\":\"SGVsbG8\"}", "{\"bytes\":\"SGVsbG8=\"}"},
         {"{\"bytes\":\"\"}", "{\"bytes\":\"\"}"},
         {"{\"bytes\":\"\\/\\/8=\"}", "{\"bytes\":\"//8=\"}"}, {"{\"bytes\":\"SGVsbG8{\"}", "{}"},
         {"{\"bytes\":\"A\"}", "{}"}, {"{\"bytes\":\"AAAA=\"}", "{}"},
         {"{\"bytes\":\"\xC3\xA4\xC3\xA4\"}", "{}"}, {"{\"bytes\":null}", "{}"},
         {"{\"bytes\":12}", "{}"}, {"{\"bytes\":[]}", "{}"},
         {"{\"b\\\"l\":[\"AAEC\",null,\"?\",7,\"AA==\"]}",
          "{\"b\\\"l\":[\"AAEC\",null,null,null,\"AA==\"]}"},
         {"{\"b\\\"l\":[]}", "{\"b\\\"l\":[]}"}, {"{\"b\\\"l\":{}}", "{}"});
}

static void test_free_form(void)
{
    ROWS({"{\"" LONG_KEY "\": { \"a\" : [1, 2.50, null, \"\\u0041\"] } }",
          "{\"" LONG_KEY "\":{ \"a\" : [1, 2.50, null, \"\\u0041\"] }}"},
         {"{\"" LONG_KEY "\":\"x\"}", "{\"" LONG_KEY "\":\"x\"}"},
         {"{\"" LONG_KEY "\":null}", "{}"}, {"{\"" LONG_KEY "\":{}}", "{\"" LONG_KEY "\":{}}"},
         {"{\"" LONG_KEY "\":[]}", "{\"" LONG_KEY "\":[]}"},
         {"{\"" LONG_KEY "\":0}", "{\"" LONG_KEY "\":0}"}, {"{\"" LONG_KEY "\":[1,]}", NULL},
         {"{\"" LONG_KEY "\":{\"a\":1,}}", NULL}, {"{\"" LONG_KEY "\":{\"a\"}}", NULL},
         {"{\"" LONG_KEY "\":[1 2]}", NULL});
}

static void test_lists(void)
{
    ROWS({"{\"strs\":[]}", "{\"strs\":[]}"}, {"{\"strs\":[ ]}", "{\"strs\":[]}"},
         {"{\"strs\":[\"a\",null,3,true,[1],{},\"\\n\"]}",
          "{\"strs\":[\"a\",null,\"3\",\"true\",null,null,\"\\n\"]}"},
         {"{\"strs\":null}", "{}"}, {"{\"strs\":\"a\"}", "{}"}, {"{\"strs\":{}}", "{}"},
         {"{\"strs\":[\"a\" , \"b\" ] }", "{\"strs\":[\"a\",\"b\"]}"}, {"{\"strs\":[\"a\"", NULL},
         {"{\"strs\":[\"a\",", NULL}, {"{\"strs\":[\"a\" \"b\"]}", NULL}, {"{\"strs\":[,]}", NULL},
         {"{\"list\":[{\"s\":\"1\"},{},null,5,{\"b\":true,\"x\":[{}]}]}",
          "{\"list\":[{\"s\":\"1\"},{},{},{},{\"b\":true}]}"},
         {"{\"list\":[]}", "{\"list\":[]}"}, {"{\"list\":{}}", "{}"}, {"{\"list\":[{]}", NULL},
         {"{\"map\":{\"a\":\"1\",\"b\":2,\"c\":false,\"d\":null,\"e\":[],\"a\":\"3\"}}",
          "{\"map\":{\"a\":\"1\",\"b\":\"2\",\"c\":\"false\",\"d\":null,\"e\":null,\"a\":\"3\"}}"},
         {"{\"map\":{}}", "{\"map\":{}}"}, {"{\"map\":[]}", "{}"}, {"{\"map\":{\"a\"}}", NULL},
         {"{\"map\":{\"a\":1,}}", NULL},
         {"{\"map\":{\"\\u0041\":\"1\"}}", "{\"map\":{\"A\":\"1\"}}"},
         {"{\"fl\xC3\xA4gs\":{\"a\":{\"on\":true},\"b\":{\"on\":false},\"c\":null,\"d\":1}}",
          "{\"fl\xC3\xA4gs\":{\"a\":{\"on\":true},\"b\":{},\"c\":{},\"d\":{}}}"},
         {"{\"fl\\u00e4gs\":{}}", "{\"fl\xC3\xA4gs\":{}}"});
}

static void test_objects(void)
{
    ROWS({"{\"\":{\"s\":\"x\",\"b\":true}}", "{\"\":{\"s\":\"x\",\"b\":true}}"},
         {"{\"\":{}}", "{}"}, {"{\"\":null}", "{}"}, {"{\"\":[]}", "{}"},
         {"{\"Str\":\"alias\"}", "{\"str\":\"alias\"}"},
         {"{\"str\":\"a\",\"Str\":\"b\"}", "{\"str\":\"b\"}"},
         {"{\"Str\":\"a\",\"str\":\"b\"}", "{\"str\":\"b\"}"},
         {"{\"str\":\"a\",\"str\":\"b\"}", "{\"str\":\"b\"}"},
         {"{\"str\":\"a\",\"str\":null}", "{}"}, {"{\"str\":\"a\",\"str\":{}}", "{}"},
         {"{\"i64\":1,\"i64\":\"x\"}", "{}"}, {"{\"list\":[{}],\"list\":7}", "{}"},
         {"{\"\":{\"s\":\"x\"},\"\":{\"b\":true}}", "{\"\":{\"b\":true}}"},
         {"{\"\":{\"s\":\"x\"},\"\":3}", "{}"}, {"{\"map\":{\"a\":\"b\"},\"map\":null}", "{}"},
         {"{\"\\u0073tr\":\"a\"}", "{\"str\":\"a\"}"},
         {"{\"str\" : \"a\" , \"i64\" :\n1 }\r\n\t ", "{\"str\":\"a\",\"i64\":1}"},
         {"{\"i64\":1,\"str\":\"a\"}", "{\"str\":\"a\",\"i64\":1}"},
         {"{\"STR\":\"a\",\"st\":1,\"strx\":2}", "{}"},
         {"{\"x\":{\"str\":\"deep\"},\"y\":[{\"str\":\"deep\"}]}", "{}"}, {"{\"b\"l\":[]}", NULL},
         {"", NULL}, {" ", NULL}, {"[]", NULL}, {"null", NULL}, {"\"{}\"", NULL}, {"{}x", NULL},
         {"{}{}", NULL}, {"{", NULL}, {"}", NULL}, {"{,}", NULL}, {"{\"a\":1,}", NULL},
         {"{\"a\" 1}", NULL}, {"{\"a\":}", NULL}, {"{a:1}", NULL}, {"{'a':1}", NULL},
         {"{\"a\":1}/**/", NULL}, {"\xEF\xBB\xBF{}", NULL}, {"{\"a\":1]", NULL},
         {"{\"a\":[1}", NULL}, {"{1:1}", NULL}, {"{\"a\":\x01}", NULL}, {"{\x0c}", NULL});
}

/* Every number of blanks in front puts a text at every place of a vector. */
static void test_places(void)
{
    static const char text[] = "{\"str\":\"0123456789abcdef0123456789abcdef\\n\xC3\xA4"
                               "0123456789abcdef0123456789abcdef0123456789abcdef\"}";
    static const char want[] = "0123456789abcdef0123456789abcdef\n\xC3\xA4"
                               "0123456789abcdef0123456789abcdef0123456789abcdef";
    const struct engine *engines[ENGINES_MAX];
    size_t n = engines_list(engines);
    for (size_t e = 0; e < n; e++)
        for (size_t blanks = 0; blanks < 70; blanks++) {
            char padded[300] = "";
            struct kinds value;
            struct err err;
            memset(padded, ' ', blanks);
            memcpy(padded + blanks, text, sizeof text);
            CHECK(decode_one(engines[e], padded, blanks + sizeof text - 1, &value, &err));
            CHECK_MEM(value.str.ptr, value.str.len, want, sizeof want - 1);
        }
}

/* Strings of every length, plain, with an escape at every place, with a wide character. */
static void test_lengths(void)
{
    static const char *const middles[] = {"", "\\n", "\\u20ac", "\xE2\x82\xAC", "\\\\", "\\\""};
    static const char *const means[] = {"", "\n", "\xE2\x82\xAC", "\xE2\x82\xAC", "\\", "\""};
    const struct engine *engines[ENGINES_MAX];
    size_t n = engines_list(engines);
    for (size_t e = 0; e < n; e++)
        for (size_t m = 0; m < ARRAY_LEN(middles); m++)
            for (int before = 0; before < 140; before++) {
                char text[512], want[512];
                struct kinds value;
                struct err err;
                snprintf(text, sizeof text, "{\"str\":\"%0*d%s%0*d\"}", before + 1, 0, middles[m],
                         140 - before, 0);
                snprintf(want, sizeof want, "%0*d%s%0*d", before + 1, 0, means[m], 140 - before, 0);
                CHECK(decode_one(engines[e], text, strlen(text), &value, &err));
                CHECK_STR(value.str.ptr, want);
                CHECK_INT(value.str.len, strlen(want));
            }
}

static void test_depth(void)
{
    const struct engine *engines[ENGINES_MAX];
    size_t n = engines_list(engines);
    for (size_t e = 0; e < n; e++)
        for (int depth = DECODE_DEPTH_MAX - 2; depth < DECODE_DEPTH_MAX + 2; depth++) {
            char text[3 * DECODE_DEPTH_MAX] = "{\"x\":";
            struct kinds value;
            struct err err;
            size_t len = strlen(text);
            memset(text + len, '[', (size_t)depth - 1);
            memset(text + len + depth - 1, ']', (size_t)depth - 1);
            len += 2 * (size_t)depth - 2;
            text[len++] = '}';
            bool ok = decode_one(engines[e], text, len, &value, &err);
            CHECK_INT(ok, depth <= DECODE_DEPTH_MAX);
            if (!ok)
                CHECK_STR(err.msg, "line 1, column 205: nested too deep");
        }
}

static void test_limits(void)
{
    struct kinds value;
    struct err err;
    struct lambda_type unprepared = {"unprepared", 8, 0, NULL, NULL};
    char text[2 + DECODE_PAD] = "{}";
    CHECK_INT(decode_document(&kinds_type, text, DECODE_DOCUMENT_MAX + 1u, &value, &arena, &err),
              -1);
    CHECK_INT(err.kind, ERR_LIMIT);
    CHECK_INT(decode_document(&unprepared, text, 2, &value, &arena, &err), -1);
    CHECK_HAS(err.msg, "'unprepared' was not prepared");
    CHECK_INT(decode_document(&kinds_type, text, 2, &value, &arena, &err), 0);
}

static const struct check_test tests[] = {
    {"text", test_text},           {"integers", test_integers}, {"doubles", test_doubles},
    {"times", test_times},         {"truth", test_truth},       {"bytes", test_bytes},
    {"free form", test_free_form}, {"lists", test_lists},       {"objects", test_objects},
    {"places", test_places},       {"lengths", test_lengths},   {"depth", test_depth},
    {"limits", test_limits},
};

int main(int argc, char **argv)
{
    struct err err;
    memory = guarded_new(1 << 16);
    scratch = guarded_new(1 << 16);
    if (arena_init(&arena, 1 << 20, &err) || decode_prepare(&kinds_type, &err)) {
        printf("Bail out! %s\n", err.msg);
        return 1;
    }
    return check_main(tests, ARRAY_LEN(tests), argc, argv);
}

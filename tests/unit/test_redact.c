/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>

#include "base/scan.h"
#include "check.h"
#include "trace/needles.h"
#include "trace/redact.h"

static struct redact redact;

static void begin(const char *words, const char *const *pointers, size_t count)
{
    struct err err = {0};
    CHECK_INT(redact_init(&redact, &err), 0);
    if (words)
        CHECK_INT(redact_set_key(&redact, words, &err), 0);
    for (size_t i = 0; i < count && pointers[i]; i++)
        CHECK_INT(redact_add(&redact, pointers[i], &err), 0);
}

/* Published: RFC 4231, test cases 1, 2 and 6. */
static void test_hmac(void)
{
    static unsigned char long_key[131], short_key[20];
    memset(long_key, 0xaa, sizeof long_key);
    memset(short_key, 0x0b, sizeof short_key);
    const struct {
        const void *key;
        size_t len;
        const char *data, *want;
    } rows[] = {
        {short_key, sizeof short_key, "Hi There",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"Jefe", 4, "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {long_key, sizeof long_key, "Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct pseudonym_key k;
        uint8_t out[SHA256_BYTES];
        char hex[SHA256_HEX_SIZE];
        pseudonym_key_set(&k, rows[i].key, rows[i].len);
        pseudonym_hmac(&k, rows[i].data, strlen(rows[i].data), out);
        sha256_hex(out, hex);
        CHECK_STR(hex, rows[i].want);
    }
}

/* All numbers of a length change places: each has another's, none is given twice. */
static void test_numbers(void)
{
    begin(NULL, NULL, 0);
    for (int digits = 1; digits <= 3; digits++) {
        static bool seen[1000];
        int least = digits == 1   ? 0
                    : digits == 2 ? 10
                                  : 100,
            most = digits == 1   ? 9
                   : digits == 2 ? 99
                                 : 999;
        int moved = 0;
        memset(seen, 0, sizeof seen);
        for (int i = least; i <= most; i++) {
            AUTO_BUF struct buf out;
            char text[16];
            buf_init(&out, 64);
            snprintf(text, sizeof text, "%d", i);
            pseudonym_add_number(&redact.key, text, strlen(text), &out);
            int got = atoi(out.ptr);
            CHECK(got >= least && got <= most && !seen[got]);
            seen[got] = true;
            moved += got != i;
        }
        CHECK(digits == 1 || moved > (most - least) / 2);
    }
    redact_fini(&redact);
}

static const char *const shapes[] = {
    "-12.50", "0.001", "1e5", "-3.25E-10", "123456789012345678901234567890", "999999999999999999",
    "0",      "-0"};

static void test_shapes(void)
{
    begin(NULL, NULL, 0);
    for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
        AUTO_BUF struct buf out;
        struct scan_fault fault;
        buf_init(&out, 64);
        pseudonym_add_number(&redact.key, shapes[i], strlen(shapes[i]), &out);
        CHECK(scan_valid(out.ptr, out.len, &fault));
        CHECK_INT(out.len, strlen(shapes[i]));
        for (size_t k = 0; k < out.len; k++)
            CHECK(isdigit((unsigned char)shapes[i][k]) ? isdigit((unsigned char)out.ptr[k]) != 0
                                                       : out.ptr[k] == shapes[i][k]);
    }
    static const size_t lengths[][2] = {{0, 0},   {1, 8},   {8, 8},   {9, 12},  {12, 12},
                                        {13, 16}, {17, 24}, {33, 48}, {49, 64}, {100000, 131072}};
    static char text[100000];
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        AUTO_BUF struct buf out;
        buf_init(&out, 1 << 20);
        pseudonym_add_text(&redact.key, text, lengths[i][0], &out);
        CHECK_INT(out.len, lengths[i][1]);
        for (size_t k = 0; k < out.len; k++)
            CHECK(islower((unsigned char)out.ptr[k]) || strchr("234567", out.ptr[k]));
    }
    redact_fini(&redact);
}

static char *apply(const char *text)
{
    struct buf out;
    struct err err = {0};
    buf_init(&out, 1 << 20);
    CHECK_INT(redact_apply(&redact, text, strlen(text), &out, &err), 0);
    return out.ptr ? buf_take(&out) : calloc(1, 1);
}

/* In wanted S stands for a pseudonym of a text, N for one of a number. */
static void check_form(const char *got, const char *want)
{
    const char *g = got;
    for (const char *w = want; *w; w++) {
        if (*w == 'S' || *w == 'N') {
            const char *start = g;
            while (*w == 'S' ? islower((unsigned char)*g) || (*g >= '2' && *g <= '7')
                             : isdigit((unsigned char)*g))
                g++;
            if (g != start)
                continue;
        } else if (*g == *w) {
            g++;
            continue;
        }
        CHECK_STR(got, want);
        return;
    }
    CHECK_STR(g, "");
}

static const struct {
    const char *pointers[3], *text, *want;
} forms[] = {
    {{"/a"}, "{\"a\":\"secret\",\"b\":\"other\"}", "{\"a\":\"S\",\"b\":\"other\"}"},
    {{"/a"}, "{ \"a\" : \"\" }", "{ \"a\" : \"\" }"},
    {{"/a"}, "{\"a\":null}", "{\"a\":null}"},
    {{"/a/*/c"},
     "{\"a\":[{\"c\":1,\"d\":1},{\"c\":-22.5}]}",
     "{\"a\":[{\"c\":N,\"d\":1},{\"c\":-N.N}]}"},
    {{"/a"}, "{\"a\":{\"key\":[1,\"x\"]}}", "{\"a\":{\"key\":[N,\"S\"]}}"},
    {{"/a"},
     "{\"a\":\"secret\",\"b\":\"my secret!\",\"c\":\"secre\"}",
     "{\"a\":\"S\",\"b\":\"my S!\",\"c\":\"secre\"}"},
    {{"/a"}, "{\"a\":\"caf\\u00e9\",\"b\":\"caf\xC3\xA9\"}", "{\"a\":\"S\",\"b\":\"S\"}"},
    {{"/a"}, "{\"a\":\"body\",\"body\":\"b\"}", "{\"a\":\"S\",\"body\":\"b\"}"},
    {{"/a"}, "{\"a\":\"x@y.example\",\"x@y.example\":1}", "{\"a\":\"S\",\"S\":1}"},
    {{"/a"},
     "{\"a\":4111,\"b\":4111,\"c\":41110,\"d\":\"4111\"}",
     "{\"a\":N,\"b\":N,\"c\":41110,\"d\":\"N\"}"},
    {{"/a"}, "{\"a\":\"4111\",\"b\":4111}", "{\"a\":\"S\",\"b\":N}"},
    {{"/a"},
     "{\"a\":\"{\\\"card\\\":\\\"4111-22\\\"}\",\"b\":\"4111-22\"}",
     "{\"a\":\"S\",\"b\":\"S\"}"},
    {{"/a"}, "{\"a\":\"eyJjYXJkIjoiNDExMS0yMiJ9\",\"b\":\"4111-22\"}", "{\"a\":\"S\",\"b\":\"S\"}"},
    {{""}, "\"whole\"", "\"S\""},
    {{"/a"}, "no document", "S"},
    {{"/a"}, "", ""},
    {{"/nothing"}, "{\"a\":[ 1, true ]}", "{\"a\":[ 1, true ]}"},
};

static void test_forms(void)
{
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        begin(NULL, forms[i].pointers, 3);
        AUTO_FREE char *got = apply(forms[i].text);
        check_form(got, forms[i].want);
        redact_fini(&redact);
    }
}

/* Equal values have equal pseudonyms, different ones different ones; words give the same again, and
 * without them every run has others. */
static void test_equal(void)
{
    static const char *const pointers[] = {"/*"};
    static const char text[] = "[\"alpha\",\"beta\",\"alpha\",7,8,7,\"7\"]";
    char *got[4];
    static const char *const words[] = {"some words", "some words", "other words", NULL};
    char ids[4][REDACT_ID_SIZE];
    for (size_t i = 0; i < 4; i++) {
        begin(words[i], pointers, 1);
        got[i] = apply(text);
        strcpy(ids[i], redact.id);
        struct scan_value v[7];
        for (size_t k = 0; k < 7; k++) {
            char pointer[8];
            snprintf(pointer, sizeof pointer, "/%zu", k);
            v[k] = scan_find(got[i], strlen(got[i]), pointer);
        }
        CHECK_MEM(v[0].ptr, v[0].len, v[2].ptr, v[2].len);
        CHECK_MEM(v[3].ptr, v[3].len, v[5].ptr, v[5].len);
        CHECK(v[0].len != v[1].len || memcmp(v[0].ptr, v[1].ptr, v[0].len) != 0);
        CHECK(memcmp(v[3].ptr, v[4].ptr, 1) != 0);
        CHECK(v[6].len == 10);
        redact_fini(&redact);
    }
    CHECK_STR(got[0], got[1]);
    CHECK_STR(ids[0], ids[1]);
    CHECK(strcmp(got[0], got[2]) != 0 && strcmp(got[0], got[3]) != 0);
    CHECK(strcmp(ids[0], ids[2]) != 0 && strcmp(ids[0], ids[3]) != 0);
    for (size_t i = 0; i < 4; i++)
        free(got[i]);
}

#define TEXT(s) ((struct trace_text){s, sizeof(s) - 1})

/* An event with the secret in /s, what the log says, and what must not be left of it. */
static const struct {
    const char *name, *event, *answer, *log, *gone;
} leaks[] = {
    {"escaped as in ASCII", "{\"s\":\"M\xC3\xBCller\"}", NULL, "{\"n\":\"M\\u00fcller\"}\n",
     "ller"},
    {"in large digits", "{\"s\":\"M\\u00fcller\"}", NULL, "M\\u00FCller\n", "ller"},
    {"a pair", "{\"s\":\"\xF0\x9F\x98\x80 smile\"}", NULL, "\\uD83D\\uDE00 smile\n", "smile"},
    {"other escapes", "{\"s\":\"a \\u0022quoted\\u0022\"}", NULL, "\"a \\\"quoted\\\"\"\n",
     "quoted"},
    {"a slash", "{\"s\":\"my/path\"}", NULL, "my\\/path\n", "path"},
    {"escaped for HTML", "{\"s\":\"x <tag>\"}", NULL, "x \\u003ctag\\u003e\n", "tag"},
    {"in two layers", "{\"s\":\"a \\\"b c\\\"\"}",
     "{\"x\":\"{\\\"y\\\":\\\"a \\\\\\\"b c\\\\\\\"\\\"}\"}", NULL, "b c"},
    {"not decoded", "{\"s\":\"Y2FyZCA0MTEx\"}", NULL, "got card 4111\n", "4111"},
    {"blanks around a document", "{\"s\":\" {\\\"c\\\":\\\"4111-22\\\"}\\n\"}", NULL, "4111-22\n",
     "4111"},
    {"a document in a document",
     "{\"s\":\"{\\\"d\\\":\\\"{\\\\\\\"c\\\\\\\":\\\\\\\"4111-22\\\\\\\"}\\\"}\"}", NULL,
     "4111-22\n", "4111"},
    {"a fraction of zeros", "{\"s\":4111222}", "{\"x\":4111222.0}", "4111222.00\n", "4111222"},
    {"without one", "{\"s\":4111222.0}", "{\"x\":4111222}", "4111222\n", "4111222"},
    {"another sign", "{\"s\":-4111222}", "{\"x\":4111222}", "4111222\n", "4111222"},
    {"event that is no document", "plain secret", NULL, "plain secret\n", "secret"},
    {"answer that is no document", "{\"s\":1}", "plain secret", "plain secret\n", "secret"},
};

static struct trace_text as_text(const char *text)
{
    return (struct trace_text){text, text ? strlen(text) : 0};
}

static void test_leaks(void)
{
    static const char *const pointers[] = {"/s"};
    struct err err = {0};
    begin("words", pointers, 1);
    struct redactor *r = redactor_open(&redact, &err);
    for (size_t i = 0; i < ARRAY_LEN(leaks); i++) {
        struct trace_entry e = trace_entry_none;
        e.event = as_text(leaks[i].event);
        e.answer = as_text(leaks[i].answer);
        e.log = as_text(leaks[i].log);
        CHECK_INT(redactor_apply(r, &e, &err), 0);
        const struct trace_text texts[] = {e.event, e.answer, e.log};
        for (size_t k = 0; k < ARRAY_LEN(texts); k++)
            if (texts[k].ptr &&
                memmem(texts[k].ptr, texts[k].len, leaks[i].gone, strlen(leaks[i].gone)))
                CHECK_STR(texts[k].ptr, leaks[i].name);
    }
    redactor_close(r);
    redact_fini(&redact);
}

/* Event, answer, log and the rest of one invocation: nothing of the secret is left. */
static void test_invocation(void)
{
    static const char *const pointers[] = {"/card", "/users/*", "/token"};
    struct trace_entry e = trace_entry_none;
    struct err err = {0};
    begin(NULL, pointers, 3);
    struct redactor *r = redactor_open(&redact, &err);
    e.event =
        TEXT("{\"card\":\"4111 2222\",\"users\":[\"ann\\\\lee\",\"anna\"],\"n\":\"4111 2222\"}");
    e.answer = TEXT("{\"token\":\"t0ken\",\"errorMessage\":\"no card 4111 2222\"}");
    e.log = TEXT("user ann\\lee\nt0ken {\"u\":\"ann\\\\lee\"} 4111 22224111 2222\nann kept\n");
    e.error_type = TEXT("Card.4111 2222");
    e.client_context = TEXT("{\"u\":\"anna\"}");
    e.request_id = TEXT("8f1c7b52");
    for (int round = 0; round < 2; round++) {
        struct trace_entry hidden = e;
        CHECK_INT(redactor_apply(r, &hidden, &err), 0);
        const struct trace_text texts[] = {hidden.event, hidden.answer, hidden.log,
                                           hidden.error_type, hidden.client_context};
        static const char *const secrets[] = {"4111 2222", "ann\\", "anna", "t0ken"};
        for (size_t i = 0; i < ARRAY_LEN(texts); i++)
            for (size_t k = 0; k < ARRAY_LEN(secrets); k++)
                CHECK(!memmem(texts[i].ptr, texts[i].len, secrets[k], strlen(secrets[k])));
        CHECK(memmem(hidden.log.ptr, hidden.log.len, "\nann kept\n", 10));
        CHECK_MEM(hidden.request_id.ptr, hidden.request_id.len, "8f1c7b52", 8);
    }
    struct trace_entry plain = trace_entry_none; /* nothing of the one before is left */
    plain.log = TEXT("4111 2222\n");
    CHECK_INT(redactor_apply(r, &plain, &err), 0);
    CHECK_MEM(plain.log.ptr, plain.log.len, "4111 2222\n", 10);
    redactor_close(r);
    redact_fini(&redact);
}

static const struct {
    const char *needles[6], *text, *want; /* each becomes its number; NULL: nothing occurs */
} replacements[] = {
    {{"abcd"}, "abcd", "0"},
    {{"abcd"}, "xabcdabcdx", "x00x"},
    {{"abcd", "abcdef"}, "abcdefabcde", "10e"},
    {{"abcdef", "abcd", "abcdz"}, "abcdzz abcdy", "2z 1y"},
    {{"bcde", "abcd"}, "abcde", "1e"},
    {{"abcd", "abcd"}, "abcd", "0"},
    {{"abc"}, "abc", NULL},
    {{"abcd"}, "abc", NULL},
    {{"aaaa", "aaaaaaaa"}, "aaaaaaaaaaaaa", "10a"},
    {{"abcd", "abcm", "abcmno", "abcmnop"}, "abcmnoq abcmq abce", "2q 1q abce"},
    {{NULL}, "abcd", NULL},
    {{"a\nbc"}, "a\\nbc a\\\\nbc a\\u000abc a\\u00", "0 0 0 a\\u00"},
    {{"abcd"}, "\\\\x \\u0061bc\\u0064\\", "\\\\x 0\\"},
};

static void test_needles(void)
{
    static struct needles n;
    needles_init(&n, 1000);
    for (size_t i = 0; i < ARRAY_LEN(replacements); i++) {
        AUTO_BUF struct buf out;
        struct err err = {0};
        buf_init(&out, 1000);
        needles_clear(&n);
        for (size_t k = 0; k < 6 && replacements[i].needles[k]; k++) {
            char with = (char)('0' + k);
            needles_add(&n, replacements[i].needles[k], strlen(replacements[i].needles[k]), &with,
                        1);
        }
        CHECK_INT(needles_ready(&n, &err), 0);
        bool found =
            needles_replace(&n, replacements[i].text, strlen(replacements[i].text), 4, &out);
        CHECK_INT(found, replacements[i].want != NULL);
        CHECK_STR(out.ptr, replacements[i].want);
    }
    needles_fini(&n);
}

static void test_usage(void)
{
    struct err err = {0};
    begin(NULL, NULL, 0);
    CHECK_INT(redact_set_key(&redact, "", &err), -1);
    CHECK_INT(redact_add(&redact, "a", &err), -1);
    CHECK_INT(redact.count, 0);
    for (size_t i = 0; i < REDACT_POINTERS_MAX; i++)
        CHECK_INT(redact_add(&redact, "/a", &err), 0);
    CHECK_INT(redact_add(&redact, "/a", &err), -1);
    CHECK_HAS(err.msg, "one too many");
    AUTO_FREE char *got = apply("{\"a\":\"x\"}");
    check_form(got, "{\"a\":\"S\"}");
    redact_fini(&redact);
}

static const struct check_test tests[] = {
    {"hmac", test_hmac},   {"numbers", test_numbers}, {"shapes", test_shapes},
    {"forms", test_forms}, {"equal", test_equal},     {"invocation", test_invocation},
    {"leaks", test_leaks}, {"needles", test_needles}, {"usage", test_usage},
};

CHECK_MAIN(tests)

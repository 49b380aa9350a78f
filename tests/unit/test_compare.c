/* SPDX-License-Identifier: Apache-2.0 */

#include "compare_work.h"

static struct compare_result compare(const struct compare_rules *rules, const struct sides *s)
{
    struct compare_result result = {0};
    struct err err = {0};
    begin();
    CHECK_INT(compare_entries(rules, &s->expected, &s->got, &arena, &result, &err), 0);
    return result;
}

struct row {
    const char *expected, *got, *want;
};

static void check_rows(const struct row *rows, size_t count, enum trace_status status)
{
    static const struct compare_rules none;
    for (size_t i = 0; i < count; i++) {
        struct sides s = make(rows[i].expected, rows[i].got, status);
        struct compare_result result = compare(&none, &s);
        check_found(rows[i].expected ? rows[i].expected : "(none)", &result, rows[i].want);
    }
}

/* ---- values -------------------------------------------------------------------------------- */

static void test_scalars(void)
{
    static const struct row rows[] = {
        {"1", "1", ""},
        {"1", "1.0", ""},
        {"1", "10e-1", ""},
        {"1", "0.001E+3", ""},
        {"100", "1e2", ""},
        {"-0", "0.0e5", ""},
        {"0", "0e99999999999999999999", ""},
        {"0.05", "5e-2", ""},
        {"1", "-1", "~"},
        {"1", "2", "~"},
        {"1", "10", "~"},
        {"0.1", "0.01", "~"},
        {"9007199254740993", "9007199254740992", "~"},
        {"9007199254740993", "9007199254740993.000", ""},
        {"123456789012345678901234567890", "1.2345678901234567890123456789e29", ""},
        {"123456789012345678901234567890", "123456789012345678901234567891", "~"},
        {"1e99999999999999999999", "1e99999999999999999998", "~"},
        {"1e400", "10e399", ""},
        {"1e400", "1e401", "~"},
        {"true", "false", "~"},
        {"null", "false", "~"},
        {"1", "\"1\"", "~"},
        {"\"a\"", "\"\\u0061\"", ""},
        {"\"\\n/\"", "\"\\u000A\\/\"", ""},
        {"\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\"", ""},
        {"\"\\ud800\"", "\"\\ud801\"", "~"},
        {"\"\\ud800\"", "\"\\uD800\"", ""},
        {"\"\\ud800\"", "\"\\ufffd\"", "~"},
        {"\"a\\u0000b\"", "\"a\\u0000c\"", "~"},
        {"\"a\"", "\"ab\"", "~"},
        {" \"a\"\n", "\"a\"", ""},
        {"plain", "plain", ""},
        {"plain", "plain ", "~"},
        {"{\"a\":1", "{\"a\":1.0", "~"},
        {"{\"a\":1}", "{\"a\":1", "~"},
        {"", "", ""},
        {"", "null", "~"},
        {"1", NULL, "-"},
        {NULL, "1", ""},
    };
    check_rows(rows, ARRAY_LEN(rows), TRACE_STATUS_SUCCESS);
}

static void test_objects(void)
{
    static const struct row rows[] = {
        {"{}", " { } ", ""},
        {"{}", "[]", "~"},
        {"{\"a\":1,\"b\":2}", "{ \"b\": 2.0, \"a\": 1 }", ""},
        {"{\"a\":1,\"b\":2,\"c\":3}", "{\"a\":1,\"c\":4}", "-/b ~/c"},
        {"{\"a\":1,\"c\":4}", "{\"a\":1,\"b\":2,\"c\":4,\"d\":0}", "+/b +/d"},
        {"{\"a\":null}", "{}", "-/a"},
        {"{\"a\":1,\"\\u0061\":2}", "{\"\\u0061\":1,\"a\":2.0}", ""},
        {"{\"a\":1,\"a\":2}", "{\"a\":2,\"a\":1}", "~/a ~/a"},
        {"{\"a\":1,\"b\":0,\"a\":2,\"a\":3}", "{\"b\":0,\"a\":1,\"a\":2}", "-/a"},
        {"{\"b\":0,\"a\":1,\"a\":2}", "{\"a\":1,\"b\":0,\"a\":2,\"a\":3,\"a\":4}", "+/a +/a"},
        {"{\"a\":{\"b\":{\"c\":[1,{\"d\":1}]}}}", "{\"a\":{\"b\":{\"c\":[1,{\"d\":2}]}}}",
         "~/a/b/c/1/d"},
        {"{\"\":{\"/~\":1}}", "{\"\":{\"/~\":2}}", "~//~1~0"},
        {"{\"gr\\u00fc\\u00df\":1,\"a\\nb\\u0000\":1}", "{\"gr\xc3\xbc\xc3\x9f\":2}",
         "~/gr\xc3\xbc\xc3\x9f -/a\\u000ab\\u0000"},
    };
    check_rows(rows, ARRAY_LEN(rows), TRACE_STATUS_SUCCESS);
}

static void test_arrays(void)
{
    static const struct row rows[] = {
        {"[1,2,3]", "[1, 2.0, 3]", ""},
        {"[]", "[1]", "+/0"},
        {"[1,2,3]", "[]", "-/0 -/1 -/2"},
        {"[1,2,3]", "[1,2]", "-/2"},
        {"[1,2,3,4]", "[0,1,2,3,4]", "+/0"},
        {"[1,2,3,4]", "[1,2,9,3,4]", "+/2"},
        {"[1,2,3,4]", "[1,3,4]", "-/1"},
        {"[1,2,3,4]", "[1,7,3,4]", "~/1"},
        {"[1,2,3,4]", "[2,3,4,5]", "-/0 +/3"},
        {"[1,2,3]", "[3,2,1]", "-/0 -/1 +/1 +/2"},
        {"[{\"id\":1,\"x\":1,\"y\":1},{\"id\":2,\"x\":2,\"y\":2},{\"id\":3,\"x\":3,\"y\":3}]",
         "[{\"y\":0,\"x\":0,\"id\":0},{\"y\":1,\"x\":1,\"id\":1},{\"id\":2,\"x\":9,\"y\":2},"
         "{\"id\":3,\"x\":3,\"y\":3}]",
         "+/0 ~/1/x"},
        {"[{\"id\":1,\"x\":1},{\"id\":2,\"x\":2}]",
         "[{\"id\":8,\"x\":8},{\"id\":1,\"x\":5},{\"id\":2,\"x\":6}]", "+/0 ~/0/x ~/1/x"},
        {"[[1,2,3],[4,5,6]]", "[[0],[1,2,9],[4,5,6]]", "+/0 ~/0/2"},
        {"[[1],[2]]", "[[1],[2],[2]]", "+/2"},
        {"[{\"a\":1,\"b\":2},7]", "[{\"b\":2.0,\"a\":1},8]", "~/1"},
    };
    check_rows(rows, ARRAY_LEN(rows), TRACE_STATUS_SUCCESS);
}

/* lambda-environment 4.2 and 4.3: {}, null, an empty or absent list and an empty text are the same;
 * the order does not count; a list with an identifier that is missing, null or empty fails all. */
static void test_failures(void)
{
#define ID(x)   "{\"itemIdentifier\":\"" x "\"}"
#define LIST(x) "{\"batchItemFailures\":[" x "]}"
    static const struct row rows[] = {
        {LIST(ID("a") "," ID("b")), LIST(ID("b") "," ID("a")), ""},
        {LIST(ID("a") "," ID("b") "," ID("a")), LIST(ID("b") "," ID("\\u0061")), ""},
        {LIST(ID("a") "," ID("b")), LIST(ID("b")), "-/batchItemFailures/0"},
        {LIST(ID("b")), LIST(ID("a") "," ID("b")), "+/batchItemFailures/0"},
        {LIST(ID("nothing")), LIST(ID("nothing") "," ID("n")), "+/batchItemFailures/1"},
        {LIST(ID("a")), LIST(ID("b")), "-/batchItemFailures/0 +/batchItemFailures/0"},
        {LIST(""), "{}", ""},
        {"{}", LIST(""), ""},
        {LIST(""), "null", ""},
        {LIST(""), "\"\"", ""},
        {LIST(""), "", ""},
        {"", LIST(""), ""},
        {"null", LIST(""), ""},
        {LIST(""), "{\"batchItemFailures\":null}", ""},
        {LIST(""), "{\"other\":1}", "+/other"},
        {LIST(""), "{\"batchItemFailures\":5}", "~/batchItemFailures"},
        {LIST(""), "[]", "~"},
        {LIST(""), "false", "~"},
        {LIST(ID("a")), "{}", "-/batchItemFailures/0"},
        {"null", LIST(ID("a")), "+/batchItemFailures/0"},
        {"{}", "null", "~"},
        {LIST(ID("a")), LIST(ID("")), "~/batchItemFailures/0/itemIdentifier"},
        {LIST(ID("a") ",{}"), LIST("{}," ID("a")), "-/batchItemFailures/0 +/batchItemFailures/1"},
        {LIST("{\"itemIdentifier\":null}"), LIST(""), "-/batchItemFailures/0"},
        {LIST("{\"itemIdentifier\":\"a\",\"why\":1}"), LIST("{\"why\":2,\"itemIdentifier\":\"a\"}"),
         "~/batchItemFailures/0/why"},
        {LIST("{\"itemIdentifier\":{\"partition\":\"t-0\",\"offset\":1}}," ID("a")),
         LIST(ID("a") ",{\"itemIdentifier\":{\"partition\":\"t-0\",\"offset\":1}}"), ""},
        {"{\"x\":" LIST(ID("a") "," ID("b")) "}", "{\"x\":" LIST(ID("b") "," ID("a")) "}",
         "-/x/batchItemFailures/0 +/x/batchItemFailures/1"},
    };
    check_rows(rows, ARRAY_LEN(rows), TRACE_STATUS_SUCCESS);
}

/* ---- statuses and errors ------------------------------------------------------------------- */

#define UUID_1     "11111111-2222-3333-4444-555555555555"
#define UUID_2     "99999999-8888-7777-6666-aaaaaaaaaaaa"
#define MESSAGE(x) "{\"errorType\":\"T\",\"errorMessage\":\"" x "\"}"

static void test_errors(void)
{
    static const struct row rows[] = {
        {MESSAGE("a"), MESSAGE("a"), ""},
        {MESSAGE("a"), MESSAGE("b"), "~/errorMessage"},
        {MESSAGE("RequestId: " UUID_1 " Error: died"), MESSAGE("RequestId: " UUID_2 " Error: died"),
         ""},
        {MESSAGE("RequestId: " UUID_1 " Error: died"), MESSAGE("RequestId: " UUID_2 " Error: no"),
         "~/errorMessage"},
        {MESSAGE("2024-01-02T03:04:05.678Z " UUID_1 " Task timed out after 3.00 seconds"),
         MESSAGE("2025-11-12T13:14:15.160Z " UUID_2 " Task timed out after 3.00 seconds"), ""},
        {MESSAGE("2024-01-02T03:04:05.678Z " UUID_1 " Task timed out after 3.00 seconds"),
         MESSAGE("2025-11-12T13:14:15.160Z " UUID_2 " Task timed out after 4.00 seconds"),
         "~/errorMessage"},
        {MESSAGE("order " UUID_1), MESSAGE("order " UUID_2), ""}, /* each its own request */
        {MESSAGE("order " UUID_2), MESSAGE("order " UUID_1), "~/errorMessage"},
        {"{\"errorMessage\":\"a\",\"stackTrace\":[\"f+0x10\"]}",
         "{\"errorMessage\":\"a\",\"stackTrace\":[\"f+0x20\",\"g\"]}", ""},
        {"{\"errorMessage\":\"a\",\"trace\":[]}", "{\"errorMessage\":\"a\",\"stackTrace\":[]}", ""},
        {"{\"errorMessage\":\"a\",\"cause\":{\"stackTrace\":[1]}}",
         "{\"errorMessage\":\"a\",\"cause\":{\"stackTrace\":[2]}}", "~/cause/stackTrace/0"},
        {"{\"requestId\":\"" UUID_1 "\"}", "{\"requestId\":\"" UUID_2 "\"}", ""},
        {MESSAGE("\\u" UUID_1), MESSAGE("\\u" UUID_2), "~/errorMessage"},
        {"RequestId: " UUID_1 " died", "RequestId: " UUID_2 " died", ""},
        {"RequestId: " UUID_1 " died", "RequestId: " UUID_2 " lives", "~"},
    };
    static const struct compare_rules none;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct sides s = make(rows[i].expected, rows[i].got, TRACE_STATUS_ERROR);
        s.expected.request_id = as_text(UUID_1);
        s.got.request_id = as_text(UUID_2);
        struct compare_result result = compare(&none, &s);
        check_found(rows[i].expected, &result, rows[i].want);
    }
    /* Of an answer all of that counts. */
    const struct row answers[] = {
        {"{\"stackTrace\":1}", "{\"stackTrace\":2}", "~/stackTrace"},
        {MESSAGE("RequestId: " UUID_1 " a"), MESSAGE("RequestId: " UUID_2 " a"), "~/errorMessage"},
    };
    check_rows(answers, ARRAY_LEN(answers), TRACE_STATUS_SUCCESS);
}

static void test_status(void)
{
    static const struct {
        enum trace_status expected, got;
        const char *want;
    } rows[] = {
        {TRACE_STATUS_SUCCESS, TRACE_STATUS_SUCCESS, "~/a"},
        {TRACE_STATUS_SUCCESS, TRACE_STATUS_ERROR, "!"},
        {TRACE_STATUS_ERROR, TRACE_STATUS_SUCCESS, "!"},
        {TRACE_STATUS_ERROR, TRACE_STATUS_TIMEOUT, "!"},
        {TRACE_STATUS_UNKNOWN, TRACE_STATUS_ERROR, "~/a"},
        {TRACE_STATUS_SUCCESS, TRACE_STATUS_UNKNOWN, "~/a"},
    };
    static const struct compare_rules none;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct sides s = make("{\"a\":1}", "{\"a\":2}", rows[i].expected);
        s.got.status = rows[i].got;
        struct compare_result result = compare(&none, &s);
        check_found("status", &result, rows[i].want);
        if (*rows[i].want == '!') {
            CHECK_INT(result.items[0].expected_status, rows[i].expected);
            CHECK_INT(result.items[0].got_status, rows[i].got);
        }
    }
    struct sides s = make(NULL, "{}", TRACE_STATUS_ERROR);
    s.expected.error_type = as_text("A");
    s.got.error_type = as_text("B");
    struct compare_result result = compare(&none, &s);
    check_found("types of errors", &result, "~/errorType");
}

/* ---- rules --------------------------------------------------------------------------------- */

#define TIME_1 "{\"t\":\"2024-01-02T03:04:05.678Z\"}"
#define TIME_2 "{\"t\":\"2025-12-31 23:59:59+01:00\"}"
static const struct {
    const char *ignore, *match, *expected, *got, *want;
    bool seen;
} rule_rows[] = {
    {"/a", NULL, "{\"a\":1,\"b\":1}", "{\"a\":2,\"b\":2}", "~/b", true},
    {"/a", NULL, "{\"a\":1}", "{}", "", true},
    {"/a", NULL, "{}", "{\"a\":{\"b\":1}}", "", true},
    {"/a", NULL, "{\"a\":{\"b\":[1]}}", "{\"a\":{\"b\":[2]}}", "", true},
    {"/a/b", NULL, "{\"a\":{\"b\":1,\"c\":1}}", "{\"a\":{\"b\":2,\"c\":2}}", "~/a/c", true},
    {"/x", NULL, "{\"a\":1}", "{\"a\":2}", "~/a", false},
    {"/x", NULL, "{\"a\":1}", "{\"a\":1}", "", false},
    {"/a", NULL, "{\"a\":1}", "{\"a\":1}", "", true},
    {"", NULL, "{\"a\":1}", "[]", "", true},
    {"", NULL, "x", "y", "", false},
    {"/*/id", NULL, "[{\"id\":1,\"v\":1}]", "[{\"id\":2,\"v\":2}]", "~/0/v", true},
    {"/*/id", NULL, "[{\"id\":1,\"v\":1},{\"id\":2,\"v\":2}]",
     "[{\"v\":0},{\"id\":5,\"v\":1},{\"v\":2,\"id\":6}]", "+/0", true},
    {"/a~1b/*", NULL, "{\"a/b\":[1,2]}", "{\"a\\/b\":[3,4]}", "", true},
    {"/gr\xc3\xbc\xc3\x9f", NULL, "{\"gr\\u00fc\\u00df\":1}", "{\"gr\\u00fc\\u00df\":2}", "", true},
    {"/batchItemFailures", NULL, "{\"batchItemFailures\":[{\"itemIdentifier\":\"a\"}]}", "{}", "",
     true},
    {NULL, "/a=any", "{\"a\":1}", "{\"a\":[\"x\"]}", "", true},
    {NULL, "/a=any", "{\"a\":1}", "{}", "-/a", true},
    {NULL, "/a=any", "{}", "{\"a\":1}", "+/a", true},
    {NULL, "/n=number~0.01", "{\"n\":1.00}", "{\"n\":1.005}", "", true},
    {NULL, "/n=number~0.01", "{\"n\":1.00}", "{\"n\":1.02}", "~/n", true},
    {NULL, "/n=number~5%", "{\"n\":-200}", "{\"n\":-209}", "", true},
    {NULL, "/n=number~5%", "{\"n\":200}", "{\"n\":211}", "~/n", true},
    {NULL, "/n=number~5%", "{\"n\":0}", "{\"n\":0.1}", "~/n", true},
    {NULL, "/n=number~5%", "{\"n\":1}", "{\"n\":\"1\"}", "~/n", true},
    {NULL, "/n=number~1e300", "{\"n\":1e999}", "{\"n\":1}", "~/n", true},
    {NULL, "/n=number~0", "{\"n\":9007199254740993}", "{\"n\":9007199254740992}", "~/n", true},
    {NULL, "/n=number~0.5", "{\"n\":1e30}", "{\"n\":1000000000000000000000000000001}", "~/n", true},
    {NULL, "/n=number~1", "{\"n\":9007199254740993}", "{\"n\":9007199254740992}", "", true},
    {NULL, "/n=number~1e-9%", "{\"n\":0.1}", "{\"n\":0.100000000000000000000001}", "", true},
    {NULL, "/a=b=number~1", "{\"a=b\":1}", "{\"a=b\":2}", "", true},
    {NULL, "/t=time", TIME_1, TIME_2, "", true},
    {NULL, "/t=time", "{\"t\":\"2024-01-02\"}", "{\"t\":\"2024-01-03T10:00\"}", "", true},
    {NULL, "/t=time", TIME_1, "{\"t\":\"soon\"}", "~/t", true},
    {NULL, "/t=time", TIME_1, "{\"t\":\"2024-01-02T03:04:05Zz\"}", "~/t", true},
    {NULL, "/t=time", TIME_1, "{\"t\":1704164645}", "~/t", true},
    {NULL, "/t=time", "{\"t\":1704164645}", "{\"t\":1804164645.5}", "", true},
    {NULL, "/t=time", "{\"t\":1704164645}", "{\"t\":1704164645000}", "~/t", true},
    {NULL, "/t=time", "{\"t\":\"1704164645000\"}", "{\"t\":\"1704164645001\"}", "", true},
    {NULL, "/t=time", "{\"t\":1}", "{\"t\":2}", "~/t", true},
    {NULL, "/u=uuid", "{\"u\":\"" UUID_1 "\"}", "{\"u\":\"" UUID_2 "\"}", "", true},
    {NULL, "/u=uuid", "{\"u\":\"" UUID_1 "\"}", "{\"u\":\"" UUID_2 "0\"}", "~/u", true},
    {NULL, "/u=uuid", "{\"u\":\"" UUID_1 "\"}", "{\"u\":null}", "~/u", true},
    {NULL, "/o=time", "{\"o\":{\"a\":1,\"b\":2}}", "{\"o\":{\"a\":1,\"b\":3}}", "~/o/b", true},
    {"/a/x", "/a/*=number~1", "{\"a\":{\"x\":1,\"y\":1}}", "{\"a\":{\"x\":\"\",\"y\":2}}", "",
     true},
};

static void test_rules(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rule_rows); i++) {
        struct compare_rules rules = {0};
        struct err err = {0};
        if (rule_rows[i].ignore)
            CHECK_INT(compare_add_ignore(&rules, rule_rows[i].ignore, &err), 0);
        if (rule_rows[i].match)
            CHECK_INT(compare_add_match(&rules, rule_rows[i].match, &err), 0);
        struct sides s = make(rule_rows[i].expected, rule_rows[i].got, TRACE_STATUS_SUCCESS);
        struct compare_result result = compare(&rules, &s);
        check_found(rule_rows[i].expected, &result, rule_rows[i].want);
        CHECK_INT(rules.rules[0].seen, rule_rows[i].seen);
        compare_rules_fini(&rules);
    }
}

static void test_rule_faults(void)
{
    static const struct {
        const char *text, *fault;
    } rows[] = {
        {"/a", "'/a' lacks how to compare"},
        {"/a=", "'' is no way to compare"},
        {"/a=number", "'number' is no way to compare"},
        {"/a=number~", "'number~' is no way to compare"},
        {"/a=number~-1", "'number~-1' is no way"},
        {"/a=number~nan", "'number~nan' is no way"},
        {"/a=number~1e999", "'number~1e999' is no way"},
        {"/a=number~5%%", "'number~5%%' is no way"},
        {"/a=date", "'date' is no way"},
        {"/a=number~0x10", "'number~0x10' is no way"},
        {"a=time", "'a' is not a JSON pointer"},
    };
    struct compare_rules rules = {0};
    struct err err = {0};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CHECK_INT(compare_add_match(&rules, rows[i].text, &err), -1);
        CHECK_HAS(err.msg, rows[i].fault);
        CHECK_INT(err.kind, ERR_USAGE);
    }
    CHECK_INT(rules.count, 0);
    for (int i = 0; i < COMPARE_RULES_MAX; i++)
        CHECK_INT(compare_add_ignore(&rules, "/a", &err), 0);
    CHECK_INT(compare_add_ignore(&rules, "/b", &err), -1);
    CHECK_HAS(err.msg, "at most 64");
    compare_rules_fini(&rules);
}

/* ---- large and deep ------------------------------------------------------------------------ */

static struct compare_result compare_bufs(struct buf *a, struct buf *b, struct sides *s)
{
    static const struct compare_rules none;
    CHECK(!a->failed && !b->failed);
    *s = make("", "", TRACE_STATUS_SUCCESS);
    s->expected.answer = (struct trace_text){a->ptr, a->len};
    s->got.answer = (struct trace_text){b->ptr, b->len};
    return compare(&none, s);
}

#define LARGE ((size_t)6 << 20)

/* An array of rising numbers. */
static void fill(struct buf *b, size_t from, size_t step)
{
    buf_init(b, 2 * LARGE);
    for (size_t i = from; b->len < LARGE; i += step)
        buf_addf(b, "%c%zu", i == from ? '[' : ',', i);
    buf_adds(b, "]");
}

static void test_large(void)
{
    AUTO_BUF struct buf a, b, c;
    struct sides s;
    fill(&a, 1000000, 1);
    fill(&b, 5000000, 3);
    struct compare_result result = compare_bufs(&a, &b, &s);
    CHECK_INT(result.nitems, COMPARE_DIFFERENCES_MAX);
    CHECK(result.count > 700000);
    /* One element more, in the middle of many. */
    buf_init(&c, 2 * LARGE);
    buf_add(&c, "[1,2,", 5);
    buf_add(&c, a.ptr + 1, ((size_t)1 << 20) - 1);
    buf_adds(&c, "]");
    struct buf d;
    buf_init(&d, 2 * LARGE);
    buf_add(&d, "[1,2.0,\"new\",", 13);
    buf_add(&d, a.ptr + 1, ((size_t)1 << 20) - 1);
    buf_adds(&d, "]");
    result = compare_bufs(&c, &d, &s);
    check_found("one more", &result, "+/2");
    buf_free(&d);
}

/* Members in the opposite order, all duplicates of one another, and of 6 MB. */
static void test_wide(void)
{
    struct buf a, b;
    struct sides s;
    buf_init(&a, 2 * LARGE);
    buf_init(&b, 2 * LARGE);
    enum { COUNT = 300000 };
    for (int i = 0; i < COUNT; i++) {
        buf_addf(&a, "%s\"key %d\":%d", i ? "," : "{", i, i);
        buf_addf(&b, "%s\"key %d\":%d", i ? "," : "{", COUNT - 1 - i, i == 7 ? -1 : COUNT - 1 - i);
    }
    buf_adds(&a, "}");
    buf_adds(&b, "}");
    struct compare_result result = compare_bufs(&a, &b, &s);
    check_found("turned around", &result, "~/key 299992");
    buf_reset(&a);
    buf_reset(&b);
    buf_adds(&a, "{\"x\":0");
    buf_adds(&b, "{");
    for (int i = 0; i < COUNT; i++) {
        buf_adds(&a, ",\"k\":1");
        buf_adds(&b, "\"k\":1,");
    }
    buf_adds(&a, ",\"k\":2}");
    buf_adds(&b, "\"x\":0,\"k\":1,\"k\":1}");
    result = compare_bufs(&a, &b, &s);
    check_found("duplicates", &result, "~/k +/k");
    buf_free(&a);
    buf_free(&b);
}

/* As deep as JSON may be, with arrays and objects in turns, and something at the bottom. */
static void test_deep(void)
{
    struct buf a, b;
    struct sides s;
    buf_init(&a, 2 * LARGE);
    buf_init(&b, 2 * LARGE);
    for (int i = 0; i < 100; i++) {
        buf_adds(&a, "[0,{\"a\":");
        buf_adds(&b, "[0,{\"b\":1,\"a\":");
    }
    buf_adds(&a, "\"bottom\"");
    buf_adds(&b, "\"ground\"");
    for (int i = 0; i < 100; i++) {
        buf_adds(&a, "},1]");
        buf_adds(&b, "},1]");
    }
    struct compare_result result = compare_bufs(&a, &b, &s);
    CHECK_INT(result.count, 101);
    CHECK(result.nitems > 0 && strcmp(result.items[0].pointer, "/1/a/1/a/1/a") != 0);
    buf_free(&a);
    buf_free(&b);
}

/* Elements on each level that have to be put in order: what that costs does not grow with depth.
 * Some levels down they are taken as they stand, and the way down ends where they are turned. */
static void test_deep_order(void)
{
    enum { LEVELS = 190, FEW = 25 };
    struct buf a, b;
    struct sides s;
    buf_init(&a, 3 * LARGE);
    buf_init(&b, 3 * LARGE);
    for (int i = 0; i < LEVELS; i++) {
        buf_adds(&a, "[1,7,8,");
        buf_adds(&b, "[7,8,");
    }
    for (struct buf *out = &a; out; out = out == &a ? &b : NULL) {
        buf_addc(out, '"');
        memset(buf_reserve(out, LARGE), 'x', LARGE);
        out->len += LARGE;
        buf_addf(out, "%s\"", out == &a ? "a" : "b");
        for (int i = 0; i < LEVELS; i++)
            buf_adds(out, out == &a ? "]" : ",1]");
    }
    struct compare_result result = compare_bufs(&a, &b, &s);
    CHECK(result.count > 4 && result.count < 2 * FEW);
    if (result.nitems)
        CHECK_STR(result.items[0].pointer, "/0");
    buf_free(&a);
    buf_free(&b);
}

/* ---- the same document in other words ------------------------------------------------------ */

/* A document follows from its seed, its wording from style. */
struct wording {
    struct buf out;
    uint64_t style;
    uint64_t leaves[4096];
    size_t nleaves;
    uint64_t changed; /* leaf with another value */
};

static uint64_t mix(uint64_t seed, uint64_t part)
{
    uint64_t h = (seed ^ part * 0x9e3779b97f4a7c15u) * 0xbf58476d1ce4e5b9u;
    return (h ^ h >> 31) * 0x94d049bb133111ebu >> 3;
}

static unsigned choose(struct wording *w, unsigned count)
{
    w->style = w->style ? mix(w->style, 77) + 1 : 0;
    return (unsigned)(w->style >> 20) % count;
}

static void write_leaf(struct wording *w, uint64_t seed)
{
    static const char *const same[][3] = {{"12.50", "1.25e1", "125E-1"},
                                          {"\"a/b\"", "\"a\\/b\"", "\"\\u0061/b\""},
                                          {"true", "true", " true "},
                                          {"[]", "[ ]", "[\n]"},
                                          {"-0", "0", "0.0"}};
    if (w->nleaves < ARRAY_LEN(w->leaves))
        w->leaves[w->nleaves++] = seed;
    if (seed == w->changed)
        buf_adds(&w->out, "\"changed\"");
    else
        buf_adds(&w->out, same[seed % ARRAY_LEN(same)][choose(w, 3)]);
}

static void write_value(struct wording *w, uint64_t seed, int depth)
{
    size_t count = seed % 6, first = count ? choose(w, (unsigned)count) : 0;
    if (depth == 0 || count < 2) {
        write_leaf(w, seed);
        return;
    }
    bool object = seed >> 8 & 1;
    buf_adds(&w->out, object ? "{ " : "[");
    for (size_t i = 0; i < count; i++) {
        size_t k = object ? (i + first) % count : i;
        if (i)
            buf_adds(&w->out, choose(w, 2) ? ",\n" : ",");
        if (object)
            buf_addf(&w->out, choose(w, 2) ? "\"k%zu\":" : "\"\\u006b%zu\" :", k);
        write_value(w, mix(seed, k + 1), depth - 1);
    }
    buf_adds(&w->out, object ? "}" : "]");
}

static void write_document(struct wording *w, uint64_t seed, uint64_t style, uint64_t changed)
{
    buf_reset(&w->out);
    w->style = style;
    w->nleaves = 0;
    w->changed = changed;
    buf_addc(&w->out, '{');
    for (size_t i = 0; i < 4; i++) {
        buf_addf(&w->out, "%s\"r%zu\":", i ? "," : "", i);
        write_value(w, mix(seed, i), 5);
    }
    buf_addc(&w->out, '}');
}

/* Another wording makes no difference, another value one. */
static void test_wordings(void)
{
    static struct wording a, b;
    struct sides s;
    buf_init(&a.out, LARGE);
    buf_init(&b.out, LARGE);
    for (uint64_t seed = 1; seed <= 300; seed++) {
        write_document(&a, seed, 0, 0);
        write_document(&b, seed, seed, 0);
        struct compare_result result = compare_bufs(&a.out, &b.out, &s);
        CHECK_INT(result.count, 0);
        write_document(&b, seed, seed, a.leaves[mix(seed, 5) % a.nleaves]);
        result = compare_bufs(&a.out, &b.out, &s);
        CHECK_INT(result.count, 1);
        result = compare_bufs(&b.out, &a.out, &s);
        CHECK_INT(result.count, 1);
    }
    buf_free(&a.out);
    buf_free(&b.out);
}

/* A full arena is told. */
static void test_starved(void)
{
    static const struct compare_rules none;
    struct arena small;
    struct err err = {0};
    struct compare_result result;
    struct sides s = make("{\"a\":1}", "{\"a\":2}", TRACE_STATUS_SUCCESS);
    CHECK_INT(arena_init(&small, 4096, &err), 0);
    CHECK(arena_alloc(&small, 4000) != NULL);
    CHECK_INT(compare_entries(&none, &s.expected, &s.got, &small, &result, &err), -1);
    CHECK_INT(err.kind, ERR_MEMORY);
    arena_fini(&small);
}

static const struct check_test tests[] = {
    {"scalars", test_scalars},   {"objects", test_objects},
    {"arrays", test_arrays},     {"failures", test_failures},
    {"errors", test_errors},     {"status", test_status},
    {"rules", test_rules},       {"rule_faults", test_rule_faults},
    {"large", test_large},       {"wide", test_wide},
    {"deep", test_deep},         {"deep_order", test_deep_order},
    {"wordings", test_wordings}, {"starved", test_starved},
};
CHECK_MAIN(tests)

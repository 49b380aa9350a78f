/* SPDX-License-Identifier: Apache-2.0 */
#include "base/attr.h"
#include "check.h"
#include "trace/compare.h"

static struct arena arena;

static struct trace_text as_text(const char *text)
{
    return text ? (struct trace_text){text, strlen(text)} : (struct trace_text){NULL, 0};
}

static void begin(void)
{
    struct err err;
    if (!arena.base)
        CHECK_INT(arena_init(&arena, 16 << 20, &err), 0);
    arena_reset(&arena);
}

/* "~/a -/b +/c": what was found, in its order. */
static void check_found(const char *name, const struct compare_result *result, const char *want)
{
    AUTO_BUF struct buf found;
    buf_init(&found, 1 << 16);
    buf_adds(&found, "");
    for (size_t i = 0; i < result->nitems; i++)
        buf_addf(&found, "%s%c%s", i ? " " : "", "~-+!"[result->items[i].kind],
                 result -> items[i].pointer);
    if (strcmp(found.ptr, want) != 0)
        printf("# %s:\n", name);
    CHECK_STR(found.ptr, want);
    CHECK(result->count >= result->nitems);
}

struct sides {
    struct trace_entry expected, got;
};

static struct sides make(const char *expected, const char *got, enum trace_status status)
{
    struct sides s = {trace_entry_none, trace_entry_none};
    s.expected.status = s.got.status = status;
    s.expected.answer = as_text(expected);
    s.got.answer = as_text(got);
    return s;
}

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

static void test_rules(void)
{
#define TIME_1 "{\"t\":\"2024-01-02T03:04:05.678Z\"}"
#define TIME_2 "{\"t\":\"2025-12-31 23:59:59+01:00\"}"
    static const struct {
        const char *ignore, *match, *expected, *got, *want;
        bool seen;
    } rows[] = {
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
        {"/gr\xc3\xbc\xc3\x9f", NULL, "{\"gr\\u00fc\\u00df\":1}", "{\"gr\\u00fc\\u00df\":2}", "",
         true},
        {"/batchItemFailures", NULL, "{\"batchItemFailures\":[{\"itemIdentifier\":\"a\"}]}", "{}",
         "", true},
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
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct compare_rules rules = {0};
        struct err err = {0};
        if (rows[i].ignore)
            CHECK_INT(compare_add_ignore(&rules, rows[i].ignore, &err), 0);
        if (rows[i].match)
            CHECK_INT(compare_add_match(&rules, rows[i].match, &err), 0);
        struct sides s = make(rows[i].expected, rows[i].got, TRACE_STATUS_SUCCESS);
        struct compare_result result = compare(&rules, &s);
        check_found(rows[i].expected, &result, rows[i].want);
        CHECK_INT(rules.rules[0].seen, rows[i].seen);
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

/* ---- logs ---------------------------------------------------------------------------------- */

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

/* ---- for people ---------------------------------------------------------------------------- */

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

static const struct check_test tests[] = {
    {"scalars", test_scalars}, {"objects", test_objects},
    {"arrays", test_arrays},   {"failures", test_failures},
    {"errors", test_errors},   {"status", test_status},
    {"rules", test_rules},     {"rule_faults", test_rule_faults},
    {"large", test_large},     {"wide", test_wide},
    {"deep", test_deep},       {"starved", test_starved},
    {"logs", test_logs},       {"print", test_print},
};
CHECK_MAIN(tests)

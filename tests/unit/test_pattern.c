/* SPDX-License-Identifier: Apache-2.0 */
/* The language in breadth is compared with AWS's engine by tests/rules; here is what each rule is
 * from, and what a pattern is refused for. */
#include "base/buf.h"
#include "check.h"
#include "pattern/pattern.h"

static int verdict(const char *text, const char *event)
{
    struct err err = {0};
    struct pattern *p = pattern_compile(text, strlen(text), &err);
    CHECK_STR(err.msg, "");
    int passes = p ? pattern_matches(p, event, strlen(event), &err) : -1;
    pattern_free(p);
    return passes;
}

static void test_matches(void)
{
    static const struct {
        const char *pattern, *event;
        int passes;
        const char *source;
    } rows[] = {
        {"{\"a\":[\"\"]}", "{\"a\":\"\"}", 1, "AWS docs: null values and empty strings"},
        {"{\"a\":[\"\"]}", "{\"a\":null}", 0, "the same"},
        {"{\"a\":[null]}", "{\"a\":null}", 1, "the same"},
        {"{\"a\":[null]}", "{}", 0, "Event Ruler: a member that is not there has no value"},
        {"{\"a\":[\"x\"]}", "{\"a\":[\"y\",\"x\"]}", 1, "AWS docs: arrays in event patterns"},
        {"{\"a\":[\"x\",\"z\"]}", "{\"a\":[\"y\"]}", 0, "the same: no value in both"},
        {"{\"e\":{\"n\":[\"Anna\"]}}", "{\"e\":[{\"n\":\"John\"},{\"n\":\"Anna\"}]}", 1,
         "Event Ruler: JSON Array Matching"},
        {"{\"e\":{\"n\":[\"Anna\"],\"s\":[\"Doe\"]}}",
         "{\"e\":[{\"n\":\"Anna\",\"s\":\"Smith\"},{\"n\":\"John\",\"s\":\"Doe\"}]}", 0,
         "the same: not of two elements"},
        {"{\"e\":{\"n\":[\"Anna\"]}}", "{\"e\":[[{\"n\":\"John\"}],[{\"n\":\"Anna\"}]]}", 1,
         "the same: arrays of arrays"},
        {"{\"a\":[{\"exists\":false}]}", "{\"a\":{\"b\":1}}", 1, "Event Ruler: only leaves exist"},
        {"{\"a\":[{\"exists\":true}]}", "{\"a\":{\"b\":1}}", 0, "the same"},
        {"{\"a\":[{\"exists\":true}]}", "{\"a\":null}", 1, "the same: null is a value"},
        {"{\"a\":{\"b\":[{\"exists\":false}]}}", "{\"a\":\"x\"}", 1, "the same"},
        {"{\"a\":{\"x\":[{\"exists\":false}]}}", "{\"a\":[{\"x\":1},{\"y\":1}]}", 0,
         "Event Ruler: absent in all elements"},
        {"{\"a\":[300]}", "{\"a\":300.0}", 0, "AWS docs: numbers are compared as they are written"},
        {"{\"a\":[{\"numeric\":[\"=\",300]}]}", "{\"a\":3.0e2}", 1, "AWS docs: numeric matching"},
        {"{\"a\":[{\"numeric\":[\"=\",0]}]}", "{\"a\":-0.0}", 1, "the same"},
        {"{\"a\":[{\"numeric\":[\">\",-1]}]}", "{\"a\":-0.5}", 1, "the same"},
        {"{\"a\":[{\"numeric\":[\"<\",-1]}]}", "{\"a\":-10}", 1, "the same"},
        {"{\"a\":[{\"numeric\":[\"<\",0.1]}]}", "{\"a\":0.09999}", 1, "the same"},
        {"{\"a\":[{\"numeric\":[\">\",99999999999]}]}", "{\"a\":1e11}", 1, "the same"},
        {"{\"a\":[{\"numeric\":[\">\",0]}]}", "{\"a\":\"5\"}", 0, "the same: only numbers"},
        {"{\"a\":[{\"anything-but\":\"x\"}]}", "{\"a\":5}", 1, "Event Ruler: anything"},
        {"{\"a\":[{\"anything-but\":[1,2]}]}", "{\"a\":[1,3]}", 1,
         "the same: one element is enough"},
        {"{\"a\":[1],\"a\":[2]}", "{\"a\":2}", 1, "AWS docs: of duplicate keys the last counts"},
        {"{\"a\":[1],\"a\":[2]}", "{\"a\":1}", 0, "the same"},
        {"{\"s\":[1],\"$or\":[{\"a\":[2]},{\"b\":[3],\"c\":[4]}]}", "{\"s\":1,\"b\":3,\"c\":4}", 1,
         "Event Ruler: $or has an And inside"},
        {"{\"s\":[1],\"$or\":[{\"a\":[2]},{\"b\":[3],\"c\":[4]}]}", "{\"s\":1,\"b\":3}", 0,
         "the same"},
        {"{\"$or\":{\"a\":[2]}}", "{\"$or\":{\"a\":2}}", 1,
         "Event Ruler: else a name as any other"},
        {"{\"a\":[{\"cidr\":\"10.0.0.128/25\"}]}", "{\"a\":\"10.0.0.127\"}", 0, "AWS docs: cidr"},
        {"{\"a\":[{\"cidr\":\"2001:db8::/33\"}]}", "{\"a\":\"2001:db8:7fff::1\"}", 1, "the same"},
        {"{\"a\":[{\"wildcard\":\"*/in/*.jpg\"}]}", "{\"a\":\"x/in/in/y.jpg\"}", 1,
         "AWS docs: wildcards"},
        {"{\"a\":[{\"equals-ignore-case\":\"ÉA\"}]}", "{\"a\":\"éa\"}", 1, "Event Ruler"},
        {"{\"a\":[{\"\\u0065xists\":true}]}", "{\"a\":1}", 1,
         "RFC 8259: so are names of operators"},
        {"{\"a\":[{\"numeric\":[\"\\u003c\",1]}]}", "{\"a\":1}", 0, "the same"},
        {"{\"a\":[1]}", "[{\"a\":1}]", 0, "an event is an object"},
        {"{\"a\":[1]}", "{\"b\":1,\"\\u0061\":1}", 1, "RFC 8259: names after unescaping"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (verdict(rows[i].pattern, rows[i].event) != rows[i].passes)
            check_report(rows[i].pattern, (int)i, rows[i].source);
}

static void test_refused(void)
{
    static const struct {
        const char *pattern, *message;
    } rows[] = {
        {"", "line 1, column 1: empty document"},
        {"{\"a\":[1]", "line 1, column 9: "},
        {"[1]", "column 1: a pattern is an object"},
        {"{}", "empty objects are not allowed"},
        {"{\"a\":[]}", "column 6: empty arrays are not allowed"},
        {"{\"a\":\"x\"}", "column 6: 'a' must be an object or an array"},
        {"{\"a\":\n[[1]]}", "line 2, column 2: match value must be a string, number, true, false"},
        {"{\"a\":[{\"like\":1}]}", "unrecognized match type 'like'"},
        {"{\"a\":[{}]}", "the name of an operator was expected"},
        {"{\"a\":[{\"prefix\":\"a\",\"suffix\":\"b\"}]}", "only one operator"},
        {"{\"a\":[{\"prefix\":1}]}", "a prefix or suffix is a string"},
        {"{\"a\":[{\"prefix\":{\"wildcard\":\"a\"}}]}", "only equals-ignore-case"},
        {"{\"a\":[{\"wildcard\":\"a**\"}]}", "two '*' beside each other"},
        {"{\"a\":[{\"wildcard\":\"\\\\a\"}]}", "neither before '*' nor before"},
        {"{\"a\":[{\"exists\":1}]}", "exists is true or false"},
        {"{\"a\":[{\"cidr\":\"10.0.0.0\"}]}", "cidr: an address, '/' and a number of bits"},
        {"{\"a\":[{\"cidr\":\"10.0.0/8\"}]}", "cidr: no address"},
        {"{\"a\":[{\"cidr\":\"10.0.0.0/32\"}]}", "the bits of IPv4 are 0 to 31"},
        {"{\"a\":[{\"cidr\":\"::/128\"}]}", "the bits of IPv6 are 0 to 127"},
        {"{\"a\":[{\"cidr\":\"::/01\"}]}", "a number of bits"},
        {"{\"a\":[{\"numeric\":5}]}", "numeric takes an array"},
        {"{\"a\":[{\"numeric\":[]}]}", "an operator and a number"},
        {"{\"a\":[{\"numeric\":[\"<\"]}]}", "without its number"},
        {"{\"a\":[{\"numeric\":[\"!\",1]}]}", "numeric knows"},
        {"{\"a\":[{\"numeric\":[\"<\",1,\">\",0]}]}", "and then < or <="},
        {"{\"a\":[{\"numeric\":[\">\",1,\"<\",1]}]}", "bottom must be less than top"},
        {"{\"a\":[{\"numeric\":[\">\",\"1\"]}]}", "a number was expected"},
        {"{\"a\":[{\"numeric\":[\">\",123456789012345678]}]}", "at most 17 digits"},
        {"{\"a\":[{\"anything-but\":null}]}", "strings or numbers"},
        {"{\"a\":[{\"anything-but\":[]}]}", "empty arrays"},
        {"{\"a\":[{\"anything-but\":[1,\"1\"]}]}", "either all values are numbers or all strings"},
        {"{\"a\":[{\"anything-but\":{\"prefix\":\"\"}}]}", "a string with characters"},
        {"{\"a\":[{\"anything-but\":{\"cidr\":\"::/1\"}}]}", "anything-but knows"},
        {"{\"$or\":[{\"a\":[1]}]}", "unrecognized match type 'a'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = {0};
        CHECK(!pattern_compile(rows[i].pattern, strlen(rows[i].pattern), &err));
        CHECK_INT(err.kind, ERR_INPUT);
        CHECK_INT(strncmp(err.msg, "Invalid filter pattern definition. ", 35), 0);
        CHECK_HAS(err.msg, rows[i].message);
    }
}

static void check_limit(struct buf *text, const char *message)
{
    struct err err = {0};
    struct pattern *p = pattern_compile(text->ptr, text->len, &err);
    CHECK_INT(!p, message != NULL);
    CHECK_HAS(err.msg, message ? message : "");
    pattern_free(p);
    buf_reset(text);
}

/* {"a":{"a":...[1]...}} */
static void add_nested(struct buf *text, int depth)
{
    for (int i = 0; i < depth; i++)
        buf_adds(text, "{\"a\":");
    buf_adds(text, "[1]");
    for (int i = 0; i < depth; i++)
        buf_addc(text, '}');
}

/* first times second combinations. */
static void add_either(struct buf *text, int first, int second)
{
    const int counts[] = {first, second};
    buf_addc(text, '{');
    for (int k = 0; k < 2; k++) {
        buf_adds(text, k ? ",\"b\":{\"$or\":[" : "\"$or\":[");
        for (int i = 0; i < counts[k]; i++)
            buf_adds(text, i ? ",{\"a\":[1]}" : "{\"a\":[1]}");
        buf_adds(text, k ? "]}}" : "]");
    }
}

/* Characters, not bytes: 'é' is one. */
static void add_long(struct buf *text, int chars)
{
    buf_adds(text, "{\"a\":[\"");
    for (int i = 0; i < chars - 10; i++)
        buf_adds(text, "é");
    buf_adds(text, "\"]}");
}

static void test_limits(void)
{
    struct buf text;
    buf_init(&text, 65536);
    add_nested(&text, PATTERN_DEPTH_MAX);
    check_limit(&text, NULL);
    add_nested(&text, PATTERN_DEPTH_MAX + 1);
    check_limit(&text, "nested deeper than 32");
    add_either(&text, 25, 40);
    check_limit(&text, NULL);
    add_either(&text, 7, 143);
    check_limit(&text, "more than 1000 combinations");
    add_long(&text, PATTERN_LENGTH_MAX);
    check_limit(&text, NULL);
    add_long(&text, PATTERN_LENGTH_MAX + 1);
    check_limit(&text, "it has 4097 characters, 4096 are allowed");
    buf_free(&text);
}

/* A wildcard of many stars against a long text that nearly matches, and a string of escapes longer
 * than what the stack holds. */
static void test_long_texts(void)
{
    struct buf text, event;
    struct err err = {0};
    buf_init(&text, 65536);
    buf_init(&event, 8 << 20);
    buf_adds(&text, "{\"a\":[{\"wildcard\":\"");
    for (int i = 0; i < 1000; i++)
        buf_adds(&text, "a*");
    buf_adds(&text, "b\"}]}");
    buf_adds(&event, "{\"a\":\"");
    for (int i = 0; i < 1000000; i++)
        buf_adds(&event, "\\u0061");
    buf_adds(&event, "c\"}");
    struct pattern *p = pattern_compile(text.ptr, text.len, &err);
    CHECK(p);
    CHECK_INT(pattern_matches(p, event.ptr, event.len, &err), 0);
    event.ptr[event.len - 3] = 'b';
    CHECK_INT(pattern_matches(p, event.ptr, event.len, &err), 1);
    pattern_free(p);
    buf_free(&text);
    buf_free(&event);
}

static void test_member(void)
{
    static const struct {
        const char *pattern;
        enum pattern_member is;
    } rows[] = {
        {"{\"body\":[\"x\"]}", PATTERN_ABOUT_TEXT},
        {"{\"body\":{\"x\":[1]}}", PATTERN_ABOUT_JSON},
        {"{\"b\\u006fdy\":{\"x\":[1]}}", PATTERN_ABOUT_JSON},
        {"{\"bodys\":{\"x\":[1]},\"x\":{\"body\":[1]}}", PATTERN_SILENT},
        {"{\"$or\":[{\"body\":[\"x\"]},{\"y\":[1]}]}", PATTERN_SILENT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = {0};
        struct pattern *p = pattern_compile(rows[i].pattern, strlen(rows[i].pattern), &err);
        CHECK(p);
        if (p)
            CHECK_INT(pattern_member(p, "body"), rows[i].is);
        pattern_free(p);
    }
}

static const struct check_test tests[] = {
    {"matches", test_matches},       {"refused", test_refused}, {"limits", test_limits},
    {"long_texts", test_long_texts}, {"member", test_member},
};

CHECK_MAIN(tests)

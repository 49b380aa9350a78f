/* SPDX-License-Identifier: Apache-2.0 */
/* Match expressions of handlers on raw text. */
#include "check.h"

#include "decode/decode.h"
#include "lambda/kinesis.h"
#include "lambda/s3.h"
#include "lambda/sqs.h"

#define S3 "{\"Records\":[{\"eventVersion\":\"2.1\",\"eventSource\":\"aws:s3\"}]}"
#define SQS                                                                                        \
    "{\"Records\":[{\"body\":\"\\\"eventSource\\\":\\\"aws:s3\\\"\",\"eventSource\":\"aws:sqs\"}]" \
    "}"
#define KINESIS "{\"Records\":[{\"kinesis\":{\"data\":\"\"},\"eventSource\":\"aws:kinesis\"}]}"
#define S3_TEST "{\"Service\":\"Amazon S3\",\"Event\":\"s3:TestEvent\"}"
#define WINDOW  "{\"Records\":[],\"window\":{\"start\":\"2020\"},\"shardId\":\"s\"}"

static const struct {
    const char *match, *text;
    bool want;
} expressions[] = {
    {"/a", "{\"a\":1}", true},
    {"/a", "{\"b\":1}", false},
    {"/a", "{\"a\":null}", false},
    {"!/a", "{\"b\":1}", true},
    {"!/a", "{\"a\":1}", false},
    {"!/a", "{\"a\":null}", true},
    {"/a=x", "{\"a\":\"x\"}", true},
    {"/a=x", "{\"a\":\"xy\"}", false},
    {"/a=x", "{\"a\":\"\"}", false},
    {"/a=x", "{\"a\":\"\\u0078\"}", true},
    {"/a=x", "{\"\\u0061\":\"x\"}", true},
    {"/a=a/b", "{\"a\":\"a\\/b\"}", true},
    {"/a=a\\b", "{\"a\":\"a\\\\b\"}", true},
    {"/a=a\\b", "{\"a\":\"a\\b\"}", false},
    {"/a=1", "{\"a\":1}", true},
    {"/a=1", "{\"a\":1.0}", false},
    {"/a=true", "{\"a\":true}", true},
    {"/a=x=y", "{\"a\":\"x=y\"}", true},
    {"/a&/b", "{\"a\":1,\"b\":2}", true},
    {"/a&/b", "{\"a\":1}", false},
    {"/a&!/b", "{\"a\":1}", true},
    {"/a|/b", "{\"b\":1}", true},
    {"/a|/b", "{\"c\":1}", false},
    {"/a&/b|/c&/d", "{\"c\":1,\"d\":1}", true},
    {"/a&/b|/c&/d", "{\"a\":1,\"d\":1}", false},
    {"/CodePipeline.job", "{\"CodePipeline.job\":{}}", true},
    {"/a~1b", "{\"a/b\":1}", true},
    {"/a~0b", "{\"a~b\":1}", true},
    {"/a/1/b=x", "{\"a\":[{},{\"b\":\"x\"}]}", true},
    {"/a/2", "{\"a\":[1,2]}", false},
    {"/a/01", "{\"a\":[1,2]}", false},
    {"/a/b", "{\"a\":\"b\"}", false},
    {"/0", "[1]", true},
    {"/a", " \n { \"x\" : [ ] , \"a\" : 1 } ", true},
    {"/a", "{\"a\":1", true}, /* what stands behind is not looked at */
    {"/a", "{\"b\":x,\"a\":1}", false},
    {"/a", "", false},
    {"!/a", "", true},
    {"/a", "nonsense", false},
    {LAMBDA_S3_MATCH_, S3, true},
    {LAMBDA_S3_MATCH_, S3_TEST, true},
    {LAMBDA_S3_MATCH_, SQS, false},
    {LAMBDA_S3_MATCH_, KINESIS, false},
    {"/Records/0/eventSource=aws:sqs", SQS, true},
    {"/Records/0/eventSource=aws:sqs", S3, false},
    {"/Records/0/eventSource=aws:sqs", "{\"Records\":[]}", false},
    {LAMBDA_KINESIS_MATCH_, KINESIS, true},
    {LAMBDA_KINESIS_MATCH_, WINDOW, true},
    {LAMBDA_KINESIS_MATCH_, SQS, false},
    {LAMBDA_KINESIS_MATCH_, "{\"Records\":[]}", false},
};

static void test_expressions(void)
{
    struct err err;
    for (size_t i = 0; i < sizeof expressions / sizeof *expressions; i++) {
        if (decode_match_check(expressions[i].match, &err))
            printf("# %s\n", err.msg);
        CHECK_INT(decode_match_check(expressions[i].match, &err), 0);
        if (decode_match(expressions[i].match, expressions[i].text, strlen(expressions[i].text)) !=
            expressions[i].want)
            printf("# '%s' on '%s'\n", expressions[i].match, expressions[i].text);
        CHECK_INT(
            decode_match(expressions[i].match, expressions[i].text, strlen(expressions[i].text)),
            expressions[i].want);
    }
}

static void test_refused(void)
{
    static const struct {
        const char *match, *want;
    } rows[] = {
        {"", "match term '' does not start with '/', as a JSON pointer does"},
        {"a", "match term 'a' does not start with '/', as a JSON pointer does"},
        {"=x", "match term '=x' does not start with '/', as a JSON pointer does"},
        {"/a|", "match term '' does not start with '/', as a JSON pointer does"},
        {"/a&&/b", "match term '' does not start with '/', as a JSON pointer does"},
        {"!", "match term '!' does not start with '/', as a JSON pointer does"},
        {"!/a=x", "match term '!/a=x' is negated and has a text to compare with"},
        {"/a=", "match term '/a=' compares with an empty text"},
        {"/a|/b=", "match term '/b=' compares with an empty text"},
    };
    struct err err;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_INT(decode_match_check(rows[i].match, &err), -1);
        CHECK_STR(err.msg, rows[i].want);
    }
    char term[DECODE_MATCH_MAX + 2];
    memset(term, 'a', sizeof term);
    term[0] = '/';
    term[sizeof term - 1] = '\0';
    CHECK_INT(decode_match_check(term, &err), -1);
    CHECK_HAS(err.msg, "is too long");
    term[sizeof term - 2] = '\0';
    CHECK_INT(decode_match_check(term, &err), 0);
}

/* A text longer than any that can be compared with, full of escapes. */
static void test_long_value(void)
{
    static char text[20000];
    size_t len = (size_t)sprintf(text, "{\"a\":\"");
    for (int i = 0; i < 3000; i++)
        len += (size_t)sprintf(text + len, "\\u0061");
    len += (size_t)sprintf(text + len, "\"}");
    CHECK(!decode_match("/a=aaa", text, len));
    len = (size_t)sprintf(text, "{\"a\":\"");
    for (int i = 0; i < DECODE_MATCH_MAX - 3; i++)
        len += (size_t)sprintf(text + len, "\\u0061");
    len += (size_t)sprintf(text + len, "\"}");
    char match[DECODE_MATCH_MAX + 1] = "/a=";
    memset(match + 3, 'a', DECODE_MATCH_MAX - 3);
    CHECK(decode_match(match, text, len));
}

static const struct check_test tests[] = {
    {"expressions", test_expressions},
    {"refused expressions", test_refused},
    {"long values", test_long_value},
};
CHECK_MAIN(tests)

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/describe.h"

#include "check.h"

static const struct {
    const char *event, *want;
} cases[] = {
    {"{\"Records\":[{\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectCreated:Put\"}]}",
     "Records with eventSource 'aws:s3', 'ObjectCreated:Put'"},
    {"{\"Records\":[{\"EventSource\":\"aws:sns\",\"EventVersion\":\"1.0\"}]}",
     "Records with EventSource 'aws:sns', '1.0'"},
    {"{\"detail-type\":\"Order\",\"source\":\"shop\",\"detail\":{}}",
     "an EventBridge event with detail-type 'Order', 'shop'"},
    {"{\"requestContext\":{\"http\":{\"method\":\"GET\"}},\"rawPath\":\"/a\"}",
     "an HTTP request (function URL or HTTP API) 'GET', '/a'"},
    {"{\"methodArn\":\"arn:m\",\"type\":\"TOKEN\",\"authorizationToken\":\"secret\"}",
     "an authorizer request for 'arn:m', 'TOKEN'"},
    {"{\"eventSource\":\"aws:kafka\"}", "an event with eventSource 'aws:kafka'"},
    {"{\"Records\":[]}", "an empty list of Records"},
    {"{\"Records\":[{}]}", "an object with 'Records'"},
    {"{\"a\":1,\"b\":2}", "an object with 'a', 'b'"},
    {"{\"1\":1,\"2\":1,\"3\":1,\"4\":1,\"5\":1,\"6\":1,\"7\":1,\"8\":1,\"9\":1,\"10\":1}",
     "an object with '1', '2', '3', '4', '5', '6', '7', '8', ..."},
    {" { } ", "an empty object"},
    {"[]", "an array"},
    {"\"text\"", "'text'"},
    {"42", "'42'"},
    {"\"\"", "''"},
    {"", "no JSON"},
};

static void test_events(void)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO_BUF struct buf out;
        buf_init(&out, 1000);
        describe_event(cases[i].event, strlen(cases[i].event), &out);
        CHECK_STR(out.ptr, cases[i].want);
    }
}

/* Long values are cut between characters. */
static void test_long(void)
{
    char event[2000] = "{\"detail-type\":\"";
    AUTO_BUF struct buf out;
    buf_init(&out, 1000);
    for (int i = 0; i < 200; i++)
        strcat(event, "\xE2\x82\xAC");
    strcat(event, "\"}");
    describe_event(event, strlen(event), &out);
    CHECK_HAS(out.ptr, "\xE2\x82\xAC...'");
    CHECK(strlen(out.ptr) < 200);
}

static const struct check_test tests[] = {
    {"events", test_events},
    {"long", test_long},
};
CHECK_MAIN(tests)

/* SPDX-License-Identifier: Apache-2.0 */
#include "rapi/address.h"

#include "check.h"

static const struct {
    const char *text, *host;
    unsigned port;
    const char *path;
} good_cases[] = {
    {"127.0.0.1:9001", "127.0.0.1", 9001, ""},
    {"localhost:1", "localhost", 1, ""},
    {"host", "host", 80, ""},
    {"http://127.0.0.1:9001", "127.0.0.1", 9001, ""},
    {"http://127.0.0.1:9001/", "127.0.0.1", 9001, ""},
    {"http://a-b.c_d:65535/one/two/", "a-b.c_d", 65535, "/one/two"},
    {"127.0.0.1:9001/.rt/function", "127.0.0.1", 9001, "/.rt/function"},
};

static const struct {
    const char *text, *message;
} bad_cases[] = {
    {"", "no address"},
    {":9001", "no address"},
    {"https://a:1", "no port"},
    {"a:", "no port"},
    {"a:0", "no port"},
    {"a:65536", "no port"},
    {"a:123456", "no port"},
    {"a:x", "no port"},
    {"a:1x", "cannot follow"},
    {"a:1/b c", "cannot follow"},
    {"a:1/b\r\nX: y", "cannot follow"},
    {"a:1/b?c", "cannot follow"},
    {"a@b:1", "cannot follow"},
    {"[::1]:9001", "no address"},
};

static void test_good(void)
{
    for (size_t i = 0; i < ARRAY_LEN(good_cases); i++) {
        struct address a;
        struct err err = {0};
        CHECK_INT(address_parse(good_cases[i].text, &a, &err), 0);
        CHECK_STR(err.msg, "");
        CHECK_STR(a.host, good_cases[i].host);
        CHECK_INT(a.port, good_cases[i].port);
        CHECK_STR(a.path, good_cases[i].path);
    }
}

static void test_bad(void)
{
    for (size_t i = 0; i < ARRAY_LEN(bad_cases); i++) {
        struct address a;
        struct err err = {0};
        CHECK_INT(address_parse(bad_cases[i].text, &a, &err), -1);
        CHECK_INT(err.kind, ERR_INPUT);
        CHECK_HAS(err.msg, bad_cases[i].message);
    }
}

static void test_long(void)
{
    char text[2000];
    struct address a;
    struct err err;
    memset(text, 'a', sizeof text);
    text[ADDRESS_HOST_MAX] = '\0';
    CHECK_INT(address_parse(text, &a, &err), 0);
    text[ADDRESS_HOST_MAX] = 'a';
    text[ADDRESS_HOST_MAX + 1] = '\0';
    CHECK_INT(address_parse(text, &a, &err), -1);
    memset(text, 'a', sizeof text);
    memcpy(text, "h:1/", 4);
    text[3 + ADDRESS_PATH_MAX] = '\0';
    CHECK_INT(address_parse(text, &a, &err), 0);
    text[3 + ADDRESS_PATH_MAX] = 'a';
    text[4 + ADDRESS_PATH_MAX] = '\0';
    CHECK_INT(address_parse(text, &a, &err), -1);
}

static const struct check_test tests[] = {
    {"good", test_good},
    {"refused", test_bad},
    {"length limits", test_long},
};
CHECK_MAIN(tests)

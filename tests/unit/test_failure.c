/* SPDX-License-Identifier: Apache-2.0 */
#include "core/failure.h"

#include "base/json.h"
#include "check.h"

static void test_category(void)
{
    static const struct {
        const char *type, *want;
    } cases[] = {
        {"EmptyBody", "Function.EmptyBody"},
        {"Function.EmptyBody", "Function.EmptyBody"},
        {"Runtime.ImportModuleError", "Runtime.ImportModuleError"},
        {"", "Function.HandlerFailed"},
        {"empty", "Function.HandlerFailed"},
        {"E", "Function.HandlerFailed"},
        {"Error42", "Function.HandlerFailed"},
        {"my-error", "Function.HandlerFailed"},
        {"Function.", "Function.HandlerFailed"},
        {"Runtime.x", "Function.HandlerFailed"},
        {"A\r\nX: y", "Function.HandlerFailed"},
        {"Other.Error", "Function.HandlerFailed"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char got[FAILURE_CATEGORY_MAX + 1];
        failure_category(cases[i].type, got);
        CHECK_STR(got, cases[i].want);
    }
}

static void test_long_category(void)
{
    static struct failure f;
    char type[300], got[FAILURE_CATEGORY_MAX + 1];
    memset(type, 'A', sizeof type);
    type[sizeof type - 1] = '\0';
    CHECK_INT(failure_set(&f, type, "x"), -1);
    CHECK_INT(strlen(f.type), FAILURE_TYPE_MAX);
    failure_category(f.type, got);
    CHECK_INT(strlen(got), FAILURE_TYPE_MAX + 9);
}

static void test_document(void)
{
    static struct failure f;
    struct err err;
    AUTO_BUF struct buf out;
    buf_init(&out, FAILURE_DOCUMENT_MAX);
    failure_set(&f, "Bad\"Type", "line\n%s\xff", "\xC3\xA4");
    CHECK_INT(failure_print(&f, "id-1", &out, &err), 0);
    struct json *v = json_parse(out.ptr, out.len, &err);
    CHECK_STR(json_string(json_get(v, "errorMessage")), "line\n\xC3\xA4\xEF\xBF\xBD");
    CHECK_STR(json_string(json_get(v, "errorType")), "Bad\"Type");
    CHECK_STR(json_string(json_get(v, "requestId")), "id-1");
    CHECK_INT(json_kind(json_get(v, "stackTrace")), JSON_ARRAY);
    CHECK_INT(json_count(v), 4);
    json_free(v);
}

/* A failure that nobody described still says something; before the first event there is no id. */
static void test_unset(void)
{
    static struct failure f;
    struct err err;
    AUTO_BUF struct buf out;
    buf_init(&out, FAILURE_DOCUMENT_MAX);
    CHECK_INT(failure_print(&f, NULL, &out, &err), 0);
    CHECK_HAS(out.ptr, "\"errorType\":\"Function.HandlerFailed\"");
    CHECK(!strstr(out.ptr, "requestId"));
}

/* The worst text: every byte needs six characters. */
static void test_largest(void)
{
    static struct failure f;
    struct err err;
    char text[FAILURE_MESSAGE_MAX * 2];
    AUTO_BUF struct buf out;
    buf_init(&out, FAILURE_DOCUMENT_MAX);
    memset(text, 1, sizeof text);
    text[sizeof text - 1] = '\0';
    failure_set(&f, "X", "%s", text);
    CHECK_INT(strlen(f.message), FAILURE_MESSAGE_MAX);
    CHECK_INT(failure_print(&f, "id", &out, &err), 0);
}

/* Cut between characters, not inside one. */
static void test_cut(void)
{
    for (size_t shift = 0; shift < 4; shift++) {
        static struct failure f;
        char text[FAILURE_MESSAGE_MAX + 100] = "abc";
        size_t len = shift;
        while (len + 3 < sizeof text) {
            memcpy(text + len, "\xE2\x82\xAC", 3);
            len += 3;
        }
        text[len] = '\0';
        failure_set(&f, "X", "%s", text);
        size_t got = strlen(f.message);
        CHECK((got - shift) % 3 == 0);
        CHECK(got > FAILURE_MESSAGE_MAX - 3);
        failure_set(&f, text, "x");
        got = strlen(f.type);
        CHECK((got - shift) % 3 == 0);
        CHECK(got > FAILURE_TYPE_MAX - 3);
    }
}

static const struct check_test tests[] = {
    {"category", test_category}, {"long category", test_long_category},
    {"document", test_document}, {"unset", test_unset},
    {"largest", test_largest},   {"cut", test_cut},
};
CHECK_MAIN(tests)

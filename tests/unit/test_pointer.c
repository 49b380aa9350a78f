/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "check.h"
#include "trace/walk.h"

static const struct {
    const char *text, *want; /* parts in brackets, or part of the message */
    bool fine;
} parses[] = {
    {"", "", true},
    {"/", "[]", true},
    {"/a/b", "[a][b]", true},
    {"/a~1b/~0~01", "[a/b][~~1]", true},
    {"/Records/*/body", "[Records][any][body]", true},
    {"/**/ *", "[**][ *]", true},
    {"/~0*", "[~*]", true},
    {"a/b", "begins with '/'", false},
    {"*", "begins with '/'", false},
    {"/a~", "written ~0", false},
    {"/a~2", "written ~0", false},
    {"/a~/b", "written ~0", false},
};

static void test_parse(void)
{
    for (size_t i = 0; i < ARRAY_LEN(parses); i++) {
        struct pointer p;
        struct err err = {0};
        char got[256] = "";
        int status = pointer_parse(&p, parses[i].text, &err);
        CHECK_INT(status, parses[i].fine ? 0 : -1);
        for (size_t k = 0; status == 0 && k < p.nparts; k++) {
            strcat(got, "[");
            strcat(got, p.any[k] ? "any" : p.parts[k]);
            strcat(got, "]");
        }
        if (parses[i].fine)
            CHECK_STR(got, parses[i].want);
        else
            CHECK_HAS(err.msg, parses[i].want);
    }
}

static void test_limits(void)
{
    struct pointer p;
    struct err err = {0};
    char text[POINTER_TEXT_MAX + 2];
    memset(text, '/', sizeof text);
    text[POINTER_PARTS_MAX] = '\0';
    CHECK_INT(pointer_parse(&p, text, &err), 0);
    text[POINTER_PARTS_MAX] = '/';
    text[POINTER_PARTS_MAX + 1] = '\0';
    CHECK_INT(pointer_parse(&p, text, &err), -1);
    CHECK_INT(err.kind, ERR_USAGE);
    memset(text, 'x', sizeof text - 1);
    text[0] = '/';
    text[sizeof text - 1] = '\0';
    CHECK_INT(pointer_parse(&p, text, &err), -1);
    text[sizeof text - 2] = '\0';
    CHECK_INT(pointer_parse(&p, text, &err), 0);
}

static void test_places(void)
{
    struct pointer_place root = {0}, a = {.up = &root, .key = "a"}, two = {.up = &a, .index = 2},
                         b = {.up = &two, .key = "b"};
    static const struct {
        const char *pointer;
        bool matches_two, covers_two, covers_b;
    } rows[] = {
        {"", false, true, true},         {"/a", false, true, true},
        {"/a/2", true, true, true},      {"/a/*", true, true, true},
        {"/*/2", true, true, true},      {"/a/3", false, false, false},
        {"/a/2/b", false, false, true},  {"/a/02", false, false, false},
        {"/a/2/c", false, false, false}, {"/b", false, false, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct pointer p;
        struct err err;
        CHECK_INT(pointer_parse(&p, rows[i].pointer, &err), 0);
        CHECK_INT(pointer_matches(&p, &two), rows[i].matches_two);
        CHECK_INT(pointer_covers(&p, &two), rows[i].covers_two);
        CHECK_INT(pointer_covers(&p, &b), rows[i].covers_b);
    }
}

static const struct {
    const char *pointers[3], *text, *want; /* the covered scalars and keys */
} walks[] = {
    {{""}, "{\"a\":[1,\"x\"]}", "\"a\"|1|\"x\"|"},
    {{"/a"}, "{\"a\":1,\"b\":2}", "1|"},
    {{"/a/*"}, "{\"a\":[1,[2,3],{\"k\":4}],\"b\":[5]}", "1|2|3|\"k\"|4|"},
    {{"/a/1"}, "{\"a\":[1,2,3]}", "2|"},
    {{"/*/b"}, "[{\"b\":true,\"c\":1},{\"c\":null},{\"b\":null}]", "true|null|"},
    {{"/a~1b", "/c"}, "{\"a\\/b\":1,\"\\u0063\":2,\"d\":3}", "1|2|"},
    {{"/a/b", "/a/c"}, "{\"a\":{\"b\":1,\"c\":2,\"d\":3},\"b\":4}", "1|2|"},
    {{"/a", "/a"}, " { \"a\" : \"q\\\"],\" , \"b\" : [ ] } ", "\"q\\\"],\"|"},
    {{"/0"}, "[]", ""},
    {{"/0"}, "7", ""},
    {{""}, " -7e3 ", "-7e3|"},
    {{"/"}, "{\"\":1,\"x\":2}", "1|"},
};

static void test_walk(void)
{
    static struct pointer pointers[3];
    static struct walk w;
    for (size_t i = 0; i < ARRAY_LEN(walks); i++) {
        struct walk_token t;
        struct err err;
        size_t n = 0;
        char got[256] = "";
        for (; n < 3 && walks[i].pointers[n]; n++)
            CHECK_INT(pointer_parse(&pointers[n], walks[i].pointers[n], &err), 0);
        walk_init(&w, walks[i].text, strlen(walks[i].text), pointers, n);
        while (walk_next(&w, &t)) {
            CHECK(t.raw.ptr + t.raw.len <= walks[i].text + strlen(walks[i].text));
            if (!t.covered)
                continue;
            strncat(got, t.raw.ptr, t.raw.len);
            strcat(got, "|");
        }
        CHECK_STR(got, walks[i].want);
    }
}

static const struct check_test tests[] = {
    {"parse", test_parse},
    {"limits", test_limits},
    {"places", test_places},
    {"walk", test_walk},
};

CHECK_MAIN(tests)

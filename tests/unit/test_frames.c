/* SPDX-License-Identifier: Apache-2.0 */
#include "core/frames.h"

#include "base/attr.h"
#include "check.h"

static void test_numbers(void)
{
    static const struct {
        uint64_t value;
        unsigned radix;
        const char *want;
    } cases[] = {{0, 10, "0"},
                 {0, 16, "0"},
                 {1234567890, 10, "1234567890"},
                 {0xdeadbeef, 16, "deadbeef"},
                 {UINT64_MAX, 10, "18446744073709551615"},
                 {UINT64_MAX, 16, "ffffffffffffffff"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[64] = "";
        struct report r = {text, 0, sizeof text - 1};
        report_number(&r, cases[i].value, cases[i].radix);
        CHECK_STR(text, cases[i].want);
    }
}

static void test_full(void)
{
    char text[8] = "";
    struct report r = {text, 0, 4};
    report_text(&r, "abc");
    report_text(&r, "defg");
    report_text(&r, "h");
    CHECK_STR(text, "abcd");
}

static void test_resolve(void)
{
    static struct frames f;
    static char text[8192];
    struct report r = {text, 0, sizeof text - 1};
    int local = 0;
    frames_add(&f, (uintptr_t)&test_resolve);
    frames_add(&f, (uintptr_t)&printf);
    frames_add(&f, (uintptr_t)&local);
    frames_add(&f, 1);
    CHECK_INT(frames_resolve(&f), 0);
    CHECK_HAS(f.list[0].path, "test_frames");
    CHECK(f.list[0].base && f.list[0].base < f.list[0].ip);
    CHECK(f.list[1].path != NULL);
    CHECK_INT(f.list[2].base, 0);
    CHECK(!f.list[3].path);
    frames_print(&f, 0, &r);
    frames_print_modules(&f, &r);
    CHECK_HAS(text, "#0 ");
    CHECK_HAS(text, "    #3 0x1\n");
}

static void test_most(void)
{
    static struct frames f;
    for (uintptr_t ip = 1; ip < FRAMES_MAX + 10; ip++)
        frames_add(&f, ip * 16);
    CHECK_INT(f.count, FRAMES_MAX);
    CHECK_INT(f.list[FRAMES_MAX - 1].ip, FRAMES_MAX * 16);
}

static const struct check_test tests[] = {
    {"numbers", test_numbers},
    {"full report", test_full},
    {"modules", test_resolve},
    {"most frames", test_most},
};
CHECK_MAIN(tests)

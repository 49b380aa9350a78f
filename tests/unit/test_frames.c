/* SPDX-License-Identifier: Apache-2.0 */
#include "core/frames.h"

#include <execinfo.h>
#include <signal.h>

#include "base/attr.h"
#include "base/scan.h"
#include "check.h"
#include "core/symbols.h"
#include "core/unwind.h"

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
        struct report r = {.text = text, .cap = sizeof text - 1};
        report_number(&r, cases[i].value, cases[i].radix);
        CHECK_STR(text, cases[i].want);
    }
}

static void test_full(void)
{
    char text[8] = "";
    struct report r = {.text = text, .cap = 4};
    report_text(&r, "abc");
    report_text(&r, "defg");
    report_text(&r, "h");
    CHECK_STR(text, "abcd");
    CHECK(r.cut);
}

static void test_escaped(void)
{
    static const struct {
        const char *text;
        size_t len;
        const char *want;
    } cases[] = {{"", 0, "\"\""},
                 {"plain", 5, "\"plain\""},
                 {"a\"b\\", 4, "\"a\\u0022b\\u005c\""},
                 {"\n\0\x7f", 3, "\"\\u000a\\u0000\\u007f\""},
                 {"\xc3\xa9", 2, "\"\\u00e9\""},
                 {"\xf0\x9f\x98\x80", 4, "\"\\ud83d\\ude00\""},
                 {"\xc3", 1, "\"\\ufffd\""},
                 {"\xed\xa0\x80", 3, "\"\\ufffd\\ufffd\\ufffd\""}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[64] = "";
        struct report r = {.text = text, .cap = sizeof text - 1};
        report_json(&r, cases[i].text, cases[i].len);
        CHECK_STR(text, cases[i].want);
    }
}

static void test_resolve(void)
{
    static struct frames f;
    static char text[8192];
    struct report r = {.text = text, .cap = sizeof text - 1};
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

/* A list is always whole, however little room there is. */
static void test_json(void)
{
    static struct frames f;
    frames_add(&f, (uintptr_t)&test_json);
    frames_add(&f, (uintptr_t)&printf);
    frames_add(&f, 0x1234);
    CHECK_INT(frames_resolve(&f), 0);
    symbols_find(&f);
    CHECK_STR(f.list[0].name, "test_json");
    CHECK_INT(f.list[0].offset, 0);
    CHECK(!f.list[2].name[0]);
    size_t most = 0;
    for (size_t cap = 16; cap < 1024; cap++) {
        char text[1025] = "";
        struct report r = {.text = text, .cap = cap};
        struct scan_fault fault;
        frames_print_json(&f, &r, 8);
        CHECK(scan_valid(text, r.len, &fault));
        CHECK(!r.cut);
        most = r.len;
    }
    CHECK(most > 60);
}

static struct frames found;
static void *truth[FRAMES_MAX];
static int depth;

static void on_signal(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    (void)info;
    frames_clear(&found);
    unwind_context(context, &found);
    depth = backtrace(truth, FRAMES_MAX);
}

static __attribute__((noinline)) int descend(int levels)
{
    volatile char room[64];
    room[0] = (char)levels;
    if (levels == 0)
        raise(SIGUSR1);
    else
        room[0] += (char)descend(levels - 1);
    return room[0];
}

/* The same callers as the C library's unwinder finds. */
static void test_unwind(void)
{
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, NULL);
    for (int levels = 0; levels < 30; levels += 7) {
        descend(levels);
        int at = 0;
        while (at < depth && (uintptr_t)truth[at] != found.list[0].ip)
            at++;
        CHECK(depth - at >= levels + 4);
        CHECK_INT(found.count, depth - at);
        for (int i = 1; i < depth - at && i < (int)found.count; i++)
            CHECK_INT(found.list[i].ip, (uintptr_t)truth[at + i] - 1);
    }
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
    {"numbers", test_numbers},      {"full report", test_full}, {"modules", test_resolve},
    {"JSON strings", test_escaped}, {"JSON list", test_json},   {"callers", test_unwind},
    {"most frames", test_most},
};
CHECK_MAIN(tests)

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/iso.h"

#include "check.h"

static const struct {
    const char *text;
    size_t bytes;
    int64_t ms;
} times[] = {
    {"1970-01-01T00:00:00Z", 20, 0},
    {"2026-01-31T12:00:00.5Z", 22, INT64_C(1769860800500)},
    {"2026-01-31T12:00:00.123456+02:00", 32, INT64_C(1769853600123)},
    {"2026-01-31T12:00:00-0130", 24, INT64_C(1769866200000)},
    {"2026-01-31T12:00:00", 19, INT64_C(1769860800000)},
    {"2026-01-31T12:00:00 START", 19, INT64_C(1769860800000)},
    {"2026-01-31T12:00:00.x", 19, INT64_C(1769860800000)},
    {"2026-01-31T12:00:00+2", 19, INT64_C(1769860800000)},
    {"2026-01-31T12:00:00+24:00", 19, INT64_C(1769860800000)},
    {"2024-02-29T00:00:00Z", 20, INT64_C(1709164800000)},
    {"2016-12-31T23:59:60Z", 20, INT64_C(1483228800000)},
    {"9999-12-31T23:59:59.999Z", 24, INT64_C(253402300799999)},
    {"1969-12-31T23:59:59Z", 0, -1},
    {"1970-01-01T00:00:00+00:01", 0, -1},
    {"0000-01-01T00:00:00Z", 0, -1},
    {"2026-02-29T00:00:00Z", 0, -1},
    {"2026-13-01T00:00:00Z", 0, -1},
    {"2026-00-01T00:00:00Z", 0, -1},
    {"2026-01-00T00:00:00Z", 0, -1},
    {"2026-01-01T24:00:00Z", 0, -1},
    {"2026-01-01T00:60:00Z", 0, -1},
    {"2026-01-01T00:00:61Z", 0, -1},
    {"2026-01-01 00:00:00Z", 0, -1},
    {"2026-1-01T00:00:00Z", 0, -1},
    {"2026-01-01T00:00", 0, -1},
    {"", 0, -1},
};

static void test_read(void)
{
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        int64_t ms = -1;
        int before = check_failures;
        CHECK_INT(iso_read(times[i].text, strlen(times[i].text), &ms), times[i].bytes);
        CHECK_INT(ms, times[i].ms);
        if (check_failures > before)
            printf("# '%s'\n", times[i].text);
    }
}

/* Nothing behind the given length is looked at. */
static void test_cut(void)
{
    static const char text[] = "2026-01-31T12:00:00.123+02:00";
    static const size_t ends[] = {19, 21, 22, 23, 29};
    for (size_t len = 0; len < sizeof text; len++) {
        int64_t ms;
        size_t want = 0;
        for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
            want = ends[i] <= len ? ends[i] : want;
        CHECK_INT(iso_read(text, len, &ms), want);
    }
}

static void test_write(void)
{
    char text[ISO_TEXT_MAX];
    iso_write(1769860800123, ISO_MILLIS, text);
    CHECK_STR(text, "2026-01-31T12:00:00.123Z");
    iso_write(1769860800123, ISO_MILLIS_ZERO, text);
    CHECK_STR(text, "2026-01-31T12:00:00.000Z");
    iso_write(1769860800999, ISO_SECONDS, text);
    CHECK_STR(text, "2026-01-31T12:00:00Z");
    iso_write(INT64_MAX, ISO_SECONDS, text);
    CHECK_STR(text, "9999-12-31T23:59:59Z");
    iso_write(INT64_MIN, ISO_SECONDS, text);
    CHECK_STR(text, "1970-01-01T00:00:00Z");
}

static const struct check_test tests[] = {
    {"read", test_read},
    {"cut", test_cut},
    {"write", test_write},
};

CHECK_MAIN(tests)

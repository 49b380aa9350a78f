/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "env/lines.h"

static char got[1 << 20];
static size_t got_len, calls;

static void sink(void *owner, const char *text, size_t len)
{
    (void)owner;
    CHECK(len > 0 && text[len - 1] == '\n');
    memcpy(got + got_len, text, len);
    got_len += len;
    calls++;
}

static void begin(struct lines *l)
{
    got_len = calls = 0;
    lines_init(l);
}

static const struct {
    const char *text, *want;
} rows[] = {
    {"", ""},         {"a\n", "a\n"}, {"a\nb\nc", "a\nb\nc\n"},
    {"\n\n", "\n\n"}, {"a", "a\n"},   {"a\n\nb\n", "a\n\nb\n"},
};

/* Whole, and cut at every place. */
static void test_rows(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t len = strlen(rows[i].text);
        for (size_t cut = 0; cut <= len; cut++) {
            struct lines l;
            begin(&l);
            lines_feed(&l, rows[i].text, cut, sink, NULL);
            lines_feed(&l, rows[i].text + cut, len - cut, sink, NULL);
            lines_flush(&l, sink, NULL);
            CHECK_MEM(got, got_len, rows[i].want, strlen(rows[i].want));
            lines_fini(&l);
        }
    }
}

static void test_bytes(void)
{
    static const char text[] = "one\ntwo\n\nthree";
    struct lines l;
    begin(&l);
    for (size_t i = 0; i < sizeof text - 1; i++)
        lines_feed(&l, text + i, 1, sink, NULL);
    CHECK_MEM(got, got_len, "one\ntwo\n\n", 9);
    lines_flush(&l, sink, NULL);
    CHECK_MEM(got, got_len, "one\ntwo\n\nthree\n", 15);
    lines_flush(&l, sink, NULL);
    CHECK_INT(got_len, 15);
    lines_fini(&l);
}

static void test_cut(void)
{
    static char block[65536];
    struct lines l;
    memset(block, 'x', sizeof block);
    begin(&l);
    for (size_t i = 0; i < LINES_MAX / sizeof block + 2; i++)
        lines_feed(&l, block, sizeof block, sink, NULL);
    CHECK_INT(got_len, 0);
    lines_feed(&l, "tail\nnext\n", 10, sink, NULL);
    CHECK_INT(got_len, LINES_MAX + 1 + 5);
    CHECK_MEM(got + LINES_MAX, 6, "\nnext\n", 6);
    CHECK(memchr(got, 't', LINES_MAX) == NULL);
    lines_fini(&l);
}

static void test_exact(void)
{
    static char line[LINES_MAX + 1];
    struct lines l;
    memset(line, 'y', LINES_MAX);
    line[LINES_MAX] = '\n';
    begin(&l);
    for (size_t at = 0; at < sizeof line; at += 1000)
        lines_feed(&l, line + at, sizeof line - at < 1000 ? sizeof line - at : 1000, sink, NULL);
    CHECK_INT(got_len, LINES_MAX + 1);
    CHECK_INT(calls, 1);
    lines_fini(&l);
}

static const struct check_test tests[] = {
    {"rows", test_rows},
    {"bytes", test_bytes},
    {"cut", test_cut},
    {"exact", test_exact},
};

CHECK_MAIN(tests)

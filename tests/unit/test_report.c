/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

#include "check.h"
#include "report/report_lines.h"

static void test_find(void)
{
    static const struct {
        const char *path;
        report_fn want;
    } rows[] = {
        {"a.html", report_html},
        {"A.HTML", report_html},
        {"dir.xml/a.json", report_json},
        {"a.html.xml", report_xml},
        {".xml", NULL},
        {"a.htm", NULL},
        {"html", NULL},
        {"a.html/", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        CHECK(report_find(rows[i].path) == rows[i].want);
}

static void test_columns(void)
{
    static const struct {
        const char *text;
        size_t want;
    } rows[] = {
        {"", 0},
        {"abc", 3},
        {"\xC3\xA4", 1},
        {"\xE6\xBC\xA2\xE5\xAD\x97", 4},
        {"\xF0\x9F\x98\x80", 2},
        {"e\xCC\x81", 1},
        {"\xff\xfe", 2},
        {"\x1b[31mred\x1b[0m", 3},
        {"\x1b[1;31mred", 3},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        CHECK_INT(report_columns(rows[i].text, strlen(rows[i].text)), rows[i].want);
}

static void test_cut(void)
{
    static const struct {
        const char *text;
        bool colour;
        const char *want;
    } rows[] = {
        {"", false, ""},
        {"0123456789", false, "0123456789\n"},
        {"0123456789a", false, "012345678\xE2\x80\xA6\n"},
        {"a\n0123456789a\nb\n", false, "a\n012345678\xE2\x80\xA6\nb\n"},
        {"01234567\xE6\xBC\xA2", false, "01234567\xE6\xBC\xA2\n"},
        {"01234567\xE6\xBC\xA2+", false, "01234567\xE2\x80\xA6\n"},
        {"\x1b[31m0123456789\x1b[0m", true, "\x1b[31m0123456789\x1b[0m\n"},
        {"\x1b[31m0123456789a\x1b[0m", true, "\x1b[31m012345678\xE2\x80\xA6\x1b[0m\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct report_lines lines = {10, rows[i].colour};
        AUTO_BUF struct buf out;
        buf_init(&out, 1000);
        report_lines_cut(&lines, rows[i].text, strlen(rows[i].text), &out);
        CHECK_STR(out.ptr ? out.ptr : "", rows[i].want);
    }
}

static void test_wrap(void)
{
    static const struct {
        struct report_label label;
        const char *text, *want;
    } rows[] = {
        {{"a", NULL, false}, "", "a         \n"},
        {{"a", NULL, false},
         "one two three four five six seven",
         "a         one two three four five\n          six seven\n"},
        {{"", NULL, false},
         "0123456789012345678901234567890123456789",
         "          0123456789012345678901234\n          567890123456789\n"},
        {{"a", REPORT_RED, false}, "x", "\x1b[31ma\x1b[0m         x\n"},
        {{"a", NULL, true},
         "clambda replay 'a b c d e f' --only 7",
         "a         clambda replay \\\n          'a b c d e f' --only 7\n"},
        {{"a", NULL, true},
         "clambda 'it'\\''s a b' --only 7 x",
         "a         clambda 'it'\\''s a b' \\\n          --only 7 x\n"},
        {{"a", NULL, true},
         "'one word that is longer than a line' x",
         "a         'one word that is longer than a line' \\\n          x\n"},
    };
    const struct report_lines lines = {35, true};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_BUF struct buf out;
        buf_init(&out, 1000);
        report_lines_wrap(&lines, &rows[i].label, rows[i].text, &out);
        CHECK_STR(out.ptr, rows[i].want);
    }
}

/* ---- reports of a small tally --------------------------------------------------------------- */

static const char hostile[] = "\"</script><!--\x01\x1b[31m\xff]]>&amp;\"";

static void make_tally(struct tally *t)
{
    struct err err;
    struct trace_entry before = trace_entry_none, now;
    CHECK_INT(tally_init(t, &err), 0);
    t->function = "</title>.so";
    t->command = "clambda replay x '<a&b>'";
    t->repeat = "x '<a&b>'";
    t->took_us = 1500000;
    before.source = "t\".jsonl";
    before.line = 3;
    before.status = TRACE_STATUS_SUCCESS;
    before.event = before.answer = (struct trace_text){hostile, sizeof hostile - 1};
    before.duration_us = 1000;
    now = before;
    now.answer = (struct trace_text){"null", 4};
    const struct compare_difference item = {
        .pointer = "/a", .expected = before.answer, .got = now.answer};
    const struct compare_result differences = {&item, 1, 3}, none = {0};
    tally_add(t, 1, &before, &now, &differences);
    tally_add(t, 2, &before, &before, &none);
    const struct tally_span span = {.kind = TALLY_SPAN_FAILED, .end_us = 10, .count = 1};
    tally_add_span(t, &span);
    tally_add_finding(t, true, false, "duration", "too long: %d", 7);
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (; (text = strstr(text, part)); text++)
        count++;
    return count;
}

static void test_html(void)
{
    struct tally t;
    AUTO_BUF struct buf out;
    make_tally(&t);
    buf_init(&out, REPORT_MAX);
    report_html(&t, &out);
    CHECK_INT(strlen(out.ptr), out.len);
    CHECK_INT(count_of(out.ptr, "</script"), 2);
    CHECK_INT(count_of(out.ptr, "</style"), 1);
    CHECK_INT(count_of(out.ptr, "</title"), 1);
    CHECK_INT(count_of(out.ptr, "{{"), 0);
    CHECK_INT(count_of(out.ptr, "sha256-"), 2);
    CHECK_HAS(out.ptr, "\\u003c/title>.so");
    CHECK_HAS(out.ptr, "\\u003c/script>\\u003c!--");
    CHECK_INT(count_of(out.ptr, "unsafe-"), 0);
    CHECK_INT(count_of(out.ptr, "innerHTML"), 0);
    /* the name of SVG's elements is no address that is asked for */
    CHECK_INT(count_of(out.ptr, "http"), 1 + count_of(out.ptr, "http-equiv"));
    tally_fini(&t);
}

static void test_xml(void)
{
    struct tally t;
    AUTO_BUF struct buf out;
    make_tally(&t);
    buf_init(&out, REPORT_MAX);
    report_xml(&t, &out);
    CHECK_HAS(out.ptr, "<testsuites tests=\"4\" failures=\"2\" errors=\"0\" time=\"1.500000\">");
    CHECK_HAS(out.ptr, "name=\"event 1 (t&quot;.jsonl, line 3)\" time=\"0.001000\"");
    CHECK_HAS(out.ptr, "message=\"3 differences, the first at '/a'\"");
    CHECK_HAS(out.ptr, "\\x01\\x1b[31m\\xff]]&gt;&amp;amp;");
    CHECK_HAS(out.ptr, "name=\"1 other event\"");
    CHECK_HAS(out.ptr, "repeat: clambda replay --only 1 x '&lt;a&amp;b&gt;'");
    CHECK_INT(count_of(out.ptr, "<error"), 0);
    buf_reset(&out);
    t.interrupted = true;
    report_xml(&t, &out);
    CHECK_HAS(out.ptr, "errors=\"1\"");
    CHECK_HAS(out.ptr, "<error type=\"interrupted\" message=\"interrupted after 2 events\">");
    tally_fini(&t);
}

static void test_text(void)
{
    struct tally t;
    AUTO_BUF struct buf out;
    make_tally(&t);
    buf_init(&out, REPORT_MAX);
    report_text(&t, false, 80, &out);
    CHECK_HAS(out.ptr, "replayed  2 events in 1.5 s, 1.3 a second, 1 environment\n");
    CHECK_HAS(out.ptr, "answers   1 equal, 1 differs\n");
    CHECK_HAS(out.ptr, "event 1  t\".jsonl, line 3\n");
    CHECK_HAS(out.ptr, "\\x01\\x1b[31m\\xff");
    CHECK_HAS(out.ptr, "... and 2 more differences\n");
    CHECK_HAS(out.ptr, "repeat    clambda replay --only 1 x '<a&b>'\n");
    CHECK_HAS(out.ptr, "failed    duration: too long: 7\n");
    CHECK_HAS(out.ptr, "DIFFERENT 1 of 2 events differs, 1 finding failed\n");
    CHECK_INT(count_of(out.ptr, "\x1b"), 0);
    tally_fini(&t);
}

/* The last lines of replays without a difference. */
static void test_verdict(void)
{
    static const struct {
        size_t equal, unknown;
        bool interrupted;
        const char *want;
    } rows[] = {
        {3, 0, false, "SAME      3 of 3 events equal\n"},
        {2, 1, false, "SAME      2 of 3 events equal\n"},
        {0, 3, false, "DONE      no event had anything to compare with\n"},
        {3, 0, true, "UNFINISHED 3 of 3 events equal, interrupted\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct tally t;
        struct err err;
        AUTO_BUF struct buf out;
        buf_init(&out, REPORT_MAX);
        CHECK_INT(tally_init(&t, &err), 0);
        t.equal = rows[i].equal;
        t.unknown = rows[i].unknown;
        t.done = t.equal + t.unknown;
        t.interrupted = rows[i].interrupted;
        report_text(&t, false, 80, &out);
        CHECK_HAS(out.ptr, rows[i].want);
        tally_fini(&t);
    }
}

/* A report that has no room fails as a whole and touches nothing else. */
static void test_no_room(void)
{
    struct tally t;
    struct err err;
    make_tally(&t);
    for (size_t limit = 0; limit < 30000; limit += limit / 8 + 1) {
        static const report_fn all[] = {report_html, report_xml, report_json};
        for (size_t i = 0; i < ARRAY_LEN(all); i++) {
            AUTO_BUF struct buf out;
            buf_init(&out, limit);
            all[i](&t, &out);
            CHECK(out.len <= limit);
            CHECK(i || buf_check(&out, "a report", &err) < 0);
        }
    }
    tally_fini(&t);
}

static const struct check_test tests[] = {
    {"find", test_find}, {"columns", test_columns}, {"cut", test_cut},
    {"wrap", test_wrap}, {"html", test_html},       {"xml", test_xml},
    {"text", test_text}, {"verdict", test_verdict}, {"no_room", test_no_room},
};

CHECK_MAIN(tests)

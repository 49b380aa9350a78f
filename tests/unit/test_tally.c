/* SPDX-License-Identifier: Apache-2.0 */
#include "report/tally.h"

#include "base/utf8.h"
#include "check.h"
#include "report/report.h"

#define TEXT(t)         \
    (struct trace_text) \
    {                   \
        t, strlen(t)    \
    }

static struct tally tally;

static void begin(void)
{
    struct err err;
    CHECK_INT(tally_init(&tally, &err), 0);
    tally.command = "clambda replay f.so t.jsonl";
    tally.repeat = "f.so t.jsonl";
}

static struct trace_entry make_entry(enum trace_status status, int64_t duration_us)
{
    struct trace_entry e = trace_entry_none;
    e.source = "t.jsonl";
    e.line = 7;
    e.status = status;
    e.duration_us = duration_us;
    return e;
}

/* One invocation whose answers differ in one place. */
static void add_text(size_t number, const char *expected, size_t expected_len, const char *got,
                     size_t got_len)
{
    struct trace_entry before = make_entry(TRACE_STATUS_SUCCESS, 1000), now = before;
    before.answer = (struct trace_text){expected, expected_len};
    now.answer = (struct trace_text){got, got_len};
    const struct compare_difference item = {
        .kind = COMPARE_CHANGED, .pointer = "/a", .expected = before.answer, .got = now.answer};
    const struct compare_result differences = {&item, 1, 1};
    tally_add(&tally, number, &before, &now, &differences);
}

static void test_counts(void)
{
    static const struct {
        enum trace_status before, now;
        size_t differences;
        size_t equal, differing, unknown, failed, timed_out;
        bool differs;
    } rows[] = {
        {TRACE_STATUS_SUCCESS, TRACE_STATUS_SUCCESS, 0, 1, 0, 0, 0, 0, false},
        {TRACE_STATUS_SUCCESS, TRACE_STATUS_SUCCESS, 2, 0, 1, 0, 0, 0, true},
        {TRACE_STATUS_SUCCESS, TRACE_STATUS_ERROR, 1, 0, 1, 0, 1, 0, true},
        {TRACE_STATUS_SUCCESS, TRACE_STATUS_TIMEOUT, 1, 0, 1, 0, 0, 1, true},
        {TRACE_STATUS_ERROR, TRACE_STATUS_ERROR, 0, 1, 0, 0, 1, 0, false},
        {TRACE_STATUS_UNKNOWN, TRACE_STATUS_SUCCESS, 0, 0, 0, 1, 0, 0, false},
        {TRACE_STATUS_UNKNOWN, TRACE_STATUS_ERROR, 0, 0, 0, 1, 1, 0, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct compare_difference items[2] = {{.pointer = ""}, {.pointer = "/b"}};
        const struct compare_result differences = {items, rows[i].differences, rows[i].differences};
        struct trace_entry before = make_entry(rows[i].before, 1000);
        struct trace_entry now = make_entry(rows[i].now, 2000);
        begin();
        tally_add(&tally, 1, &before, &now, &differences);
        CHECK_INT(tally.done, 1);
        CHECK_INT(tally.equal, rows[i].equal);
        CHECK_INT(tally.differing, rows[i].differing);
        CHECK_INT(tally.unknown, rows[i].unknown);
        CHECK_INT(tally.failed, rows[i].failed);
        CHECK_INT(tally.timed_out, rows[i].timed_out);
        CHECK_INT(tally.nkept, rows[i].differing);
        CHECK_INT(tally_differs(&tally), rows[i].differs);
        CHECK(samples_quantile(&tally.ratios, 0.5) == 2);
        tally_fini(&tally);
    }
}

static void test_measurements(void)
{
    struct trace_entry before = trace_entry_none, now = trace_entry_none;
    const struct compare_result none = {0};
    begin();
    tally_add(&tally, 1, &before, &now, &none);
    CHECK_INT(tally.durations[0].count + tally.durations[1].count + tally.memories[0].count +
                  tally.memories[1].count + tally.inits[0].count + tally.inits[1].count +
                  tally.ratios.count + tally.nslowest,
              0);
    before.max_memory_mb = 10;
    now.max_memory_mb = 20;
    now.duration_us = 30;
    before.init_us = 40;
    tally_add(&tally, 2, &before, &now, &none);
    CHECK(samples_mean(&tally.memories[0]) == 10 && samples_mean(&tally.memories[1]) == 20);
    CHECK(samples_mean(&tally.durations[1]) == 30 && samples_mean(&tally.inits[0]) == 40);
    CHECK_INT(tally.durations[0].count + tally.inits[1].count + tally.ratios.count, 0);
    tally_fini(&tally);
}

/* Results come in the order of their ends. */
static void test_order(void)
{
    static const size_t numbers[] = {3, 1, 12, 2, 7};
    static const size_t sorted[] = {1, 2, 3, 7, 12};
    begin();
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        add_text(numbers[i], "1", 1, "2", 1);
    for (size_t i = 0; i < ARRAY_LEN(sorted); i++) {
        CHECK_INT(tally.kept[i].number, sorted[i]);
        CHECK_INT(tally.slowest[i].number, sorted[i]);
    }
    CHECK_STR(tally.kept[3].command, "clambda replay --only 7 f.so t.jsonl");
    CHECK_STR(tally.kept[3].source, "t.jsonl, line 7");
    CHECK_STR(tally.kept[3].items[0].pointer, "/a");
    CHECK_MEM(tally.kept[3].got.ptr, tally.kept[3].got.len, "2", 1);
    CHECK(!tally.kept[3].cut && !tally.kept[3].event.ptr);
    tally_fini(&tally);
}

static void test_slowest(void)
{
    static const int64_t durations[] = {5, 100, 7, 100, 3, 50, 1, 2, 4, 6, 8, 9, 10, 11};
    static const size_t want[] = {2, 4, 6, 14, 13, 12, 11, 3, 10, 1};
    const struct compare_result none = {0};
    begin();
    for (size_t i = 0; i < ARRAY_LEN(durations); i++) {
        struct trace_entry before = make_entry(TRACE_STATUS_SUCCESS, 1);
        struct trace_entry now = make_entry(TRACE_STATUS_SUCCESS, durations[i]);
        tally_add(&tally, i + 1, &before, &now, &none);
    }
    CHECK_INT(tally.nslowest, TALLY_SLOWEST_MAX);
    for (size_t i = 0; i < ARRAY_LEN(want); i++)
        CHECK_INT(tally.slowest[i].number, want[i]);
    tally_fini(&tally);
}

static void test_source(void)
{
    char name[500], want[TALLY_SOURCE_MAX];
    struct trace_entry e = make_entry(TRACE_STATUS_SUCCESS, 1);
    const struct compare_result none = {0};
    begin();
    e.line = 0;
    tally_add(&tally, 1, &e, &e, &none);
    CHECK_STR(tally.slowest[0].source, "t.jsonl");
    memset(name, 'x', sizeof name);
    strcpy(name + sizeof name - 9, "\xC3\xA4.jsonl");
    e.source = name;
    e.line = 12;
    e.duration_us = 2;
    tally_add(&tally, 2, &e, &e, &none);
    snprintf(want, sizeof want, "xx\xC3\xA4.jsonl, line 12");
    CHECK_HAS(tally.slowest[0].source, want);
    CHECK_INT(strncmp(tally.slowest[0].source, "\xE2\x80\xA6x", 4), 0);
    CHECK(strlen(tally.slowest[0].source) < TALLY_SOURCE_MAX);
    tally_fini(&tally);
}

/* A long text is cut between characters, a long value to what is around its place. */
static void test_cut(void)
{
    static char expected[300000], got[300000];
    for (size_t i = 0; i + 3 <= sizeof got; i += 3)
        memcpy(got + i, "\xE2\x82\xAC", 3);
    memcpy(expected, got, sizeof got);
    memcpy(got + 200001, "abc", 3);
    begin();
    add_text(1, expected, sizeof expected, got, sizeof got);
    CHECK_INT(tally.nkept, 1);
    const struct tally_difference *d = &tally.kept[0];
    CHECK(d->cut);
    CHECK_INT(d->got.whole, sizeof got);
    CHECK_INT(d->got.len, TALLY_TEXT_MAX / 3 * 3);
    CHECK_INT(utf8_valid_prefix(d->got.ptr, d->got.len), d->got.len);
    const struct trace_text *value = &d->items[0].got;
    CHECK(value->len <= TALLY_VALUE_MAX + 6);
    CHECK_INT(utf8_valid_prefix(value->ptr, value->len), value->len);
    CHECK(memmem(value->ptr, value->len, "abc", 3) != NULL);
    CHECK_MEM(value->ptr, 3, "\xE2\x80\xA6", 3);
    CHECK_MEM(value->ptr + value->len - 3, 3, "\xE2\x80\xA6", 3);
    tally_fini(&tally);
}

/* The worst that can be kept still makes reports. */
static void test_bounds(void)
{
    static const size_t sizes[] = {10, 3000, 100000};
    static char text[100000];
    memset(text, '\x01', sizeof text);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct err err;
        begin();
        for (size_t n = 1; n <= 2000; n++)
            add_text(n, text, sizes[i], text, sizes[i] - 1);
        CHECK_INT(tally.differing, 2000);
        CHECK(tally.nkept >= 100 && tally.nkept <= TALLY_KEPT_MAX);
        CHECK(arena_mark(&tally.texts) <= TALLY_KEPT_BYTES);
        static const char *const names[] = {"a.html", "a.json", "a.xml"};
        for (size_t k = 0; sizes[i] == 3000 && k < ARRAY_LEN(names); k++) {
            AUTO_BUF struct buf out;
            buf_init(&out, REPORT_MAX);
            report_find(names[k])(&tally, &out);
            CHECK_INT(buf_check(&out, names[k], &err), 0);
        }
        tally_fini(&tally);
    }
}

static void test_spans(void)
{
    size_t count = 0;
    int64_t busy_us = 0;
    begin();
    for (size_t i = 0; i < 100000; i++) {
        const struct tally_span span = {
            .environment = (unsigned)(i % 64),
            .kind = i % 7 ? TALLY_SPAN_INVOKE : TALLY_SPAN_FAILED,
            .begin_us = (int64_t)(i / 64) * 1000,
            .end_us = (int64_t)(i / 64) * 1000 + 600,
            .count = 1,
        };
        tally_add_span(&tally, &span);
    }
    CHECK_INT(tally.environments, 64);
    CHECK_INT(tally.nrows, 64);
    CHECK(tally.nspans <= TALLY_SPANS_MAX && tally.nspans > 200);
    CHECK(tally.span_step_us > 0);
    for (size_t i = 0; i < tally.nspans; i++) {
        const struct tally_span *s = &tally.spans[i];
        count += s->count;
        busy_us += s->busy_us;
        CHECK(s->begin_us <= s->end_us && s->busy_us <= s->end_us - s->begin_us);
        CHECK(s->row < 64 && s->environment == s->row);
    }
    CHECK_INT(count, 100000);
    CHECK_INT(busy_us, 100000 * 600);
    tally_fini(&tally);
}

/* Few spans stay as they are, whatever they say. */
static void test_few_spans(void)
{
    const struct tally_span backwards = {.begin_us = 5, .end_us = 1, .count = 1};
    const struct tally_span early = {.begin_us = -5, .end_us = 9, .count = 1};
    begin();
    tally_add_span(&tally, &backwards);
    tally_add_span(&tally, &early);
    CHECK_INT(tally.nspans, 2);
    CHECK_INT(tally.spans[0].end_us, 5);
    CHECK_INT(tally.spans[1].begin_us, 0);
    CHECK_INT(tally.span_step_us, 0);
    tally_fini(&tally);
}

/* A new environment for each event, two at a time: rows are used again, never by two at once. */
static void test_rows(void)
{
    begin();
    for (unsigned i = 0; i < 3000; i++) {
        const struct tally_span span = {
            .environment = i, .begin_us = i / 2 * 10, .end_us = i / 2 * 10 + 9, .count = 1};
        tally_add_span(&tally, &span);
    }
    CHECK_INT(tally.environments, 3000);
    CHECK_INT(tally.nrows, TALLY_ROWS_MAX);
    for (size_t i = 0; i < tally.nspans; i++)
        for (size_t k = 0; k < i; k++)
            if (tally.spans[i].row == tally.spans[k].row)
                CHECK(tally.spans[i].begin_us >= tally.spans[k].end_us ||
                      tally.spans[k].begin_us >= tally.spans[i].end_us);
    tally_fini(&tally);
}

static void test_findings(void)
{
    begin();
    tally_add_finding(&tally, false, true, "init", "%d to compare", 0);
    CHECK(!tally_differs(&tally));
    for (int i = 0; i < 100; i++)
        tally_add_finding(&tally, i == 99, false, "leak", "%d %2000s", i, "");
    CHECK_INT(tally.nfindings, TALLY_FINDINGS_MAX);
    CHECK_INT(tally.findings_lost, 101 - TALLY_FINDINGS_MAX);
    CHECK_STR(tally.findings[0].text, "0 to compare");
    CHECK_INT(strlen(tally.findings[1].text), TALLY_FINDING_TEXT - 1);
    CHECK(tally_differs(&tally));
    tally_fini(&tally);
}

static const struct check_test tests[] = {
    {"counts", test_counts},       {"measurements", test_measurements},
    {"order", test_order},         {"slowest", test_slowest},
    {"source", test_source},       {"cut", test_cut},
    {"bounds", test_bounds},       {"spans", test_spans},
    {"few_spans", test_few_spans}, {"rows", test_rows},
    {"findings", test_findings},
};

CHECK_MAIN(tests)

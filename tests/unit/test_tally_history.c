/* SPDX-License-Identifier: Apache-2.0 */
#include "report/tally_history.h"

#include "base/utf8.h"
#include "check.h"
#include "report/report.h"
#include "report/tally.h"

#define START_MS 1795284000000

static struct tally tally;
static struct history history;

static const char hostile[] = "\"</script>\x1b[31m\xE2\x80\xAE\xff\x01";

static const char *name_of(void *owner, uint32_t record, size_t *out_len)
{
    static char text[512];
    const char *prefix = owner;
    snprintf(text, sizeof text, "%s%u", prefix ? prefix : "m", (unsigned)record);
    *out_len = strlen(text);
    return text;
}

static void begin(uint32_t nrecords)
{
    struct err err;
    CHECK_INT(tally_init(&tally, &err), 0);
    history_init(&history, nrecords);
    history.source = MAPPING_SQS;
}

static void end(void)
{
    history_fini(&history);
    tally_fini(&tally);
}

static void add(struct history_entry e, const uint32_t *members, uint32_t count, const char *text,
                size_t text_len)
{
    struct err err;
    e.time_ms += START_MS;
    e.until_ms += START_MS;
    e.count = count;
    e.text_len = text_len;
    CHECK_INT(history_add(&history, e, members, text, &err), 0);
}

static void happen(int64_t ms, enum history_kind kind, uint32_t record)
{
    add((struct history_entry){.time_ms = ms, .kind = kind}, &record, 1, NULL, 0);
}

static void deliver(uint32_t invocation, int64_t ms, const uint32_t *batch, uint32_t count)
{
    const struct history_entry e = {.time_ms = ms,
                                    .kind = HISTORY_INVOKED,
                                    .invocation = invocation,
                                    .attempt = 1,
                                    .ran = true};
    add(e, batch, count, NULL, 0);
}

static void answer(uint32_t invocation, int64_t ms, enum history_status status,
                   const uint32_t *failed, uint32_t count, const char *text)
{
    const struct history_entry e = {
        .time_ms = ms, .kind = HISTORY_ANSWERED, .invocation = invocation, .status = status};
    add(e, failed, count, text, strlen(text));
}

static const struct tally_history *keep(const char *prefix, const struct judge_out *findings)
{
    struct err err;
    const struct tally_history_in in = {"calm", &history, name_of, (void *)(uintptr_t)prefix,
                                        findings};
    CHECK_INT(tally_add_history(&tally, &in, &err), 0);
    return &tally.histories[tally.nhistories - 1];
}

/* What a delivery means for one message of its batch. */
static void test_deliveries(void)
{
    static const uint32_t batch[] = {0, 1}, second[] = {1};
    static const struct {
        enum history_status status;
        const uint32_t *failed;
        uint32_t nfailed;
        bool want[2];
    } rows[] = {
        {HISTORY_SUCCESS, NULL, 0, {false, false}},  {HISTORY_PARTIAL, second, 1, {false, true}},
        {HISTORY_PARTIAL, batch, 2, {true, true}},   {HISTORY_REFUSED, batch, 2, {true, true}},
        {HISTORY_ERROR, batch, 2, {true, true}},     {HISTORY_TIMEOUT, batch, 2, {true, true}},
        {HISTORY_THROTTLED, batch, 2, {true, true}}, {HISTORY_LOST, NULL, 0, {true, true}},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        begin(2);
        happen(0, HISTORY_ARRIVED, 0);
        happen(1, HISTORY_ARRIVED, 1);
        deliver(1, 5, batch, 2);
        answer(1, 105, rows[i].status, rows[i].failed, rows[i].nfailed, "{}");
        deliver(2, 200, batch, 2);
        const struct tally_history *h = keep(NULL, NULL);
        CHECK_INT(h->nkept, 2);
        for (size_t k = 0; k < h->nkept; k++) {
            const struct tally_message *m = &h->kept[k];
            CHECK_INT(m->nmarks, 3);
            CHECK_INT(m->marks[0].at_ms, k);
            CHECK_INT(m->marks[1].kind, HISTORY_INVOKED);
            CHECK_INT(m->marks[1].at_ms, 5);
            CHECK_INT(m->marks[1].until_ms, 105);
            CHECK(m->marks[1].answered && !m->marks[2].answered);
            CHECK_INT(m->marks[1].status, rows[i].status);
            CHECK_INT(m->marks[1].failed, rows[i].want[k]);
            CHECK_INT(m->end, HISTORY_END_OPEN);
            CHECK_INT(m->end_ms, 200);
        }
        CHECK_INT(h->ncalls, 2);
        CHECK_INT(h->calls[0].messages, 2);
        CHECK_INT(h->calls[0].failed, rows[i].nfailed);
        CHECK_STR(h->calls[0].answer.ptr, "{}");
        CHECK(!h->calls[1].answered && !h->calls[1].answer.ptr);
        end();
    }
}

static void test_counts(void)
{
    static const uint32_t batch[] = {0, 1, 2};
    begin(6);
    for (uint32_t r = 0; r < 6; r++)
        happen(r, HISTORY_ARRIVED, r);
    deliver(1, 10, batch, 3);
    add((struct history_entry){.time_ms = 11, .kind = HISTORY_FAULT, .fault = FAULT_CRASH}, batch,
        1, NULL, 0);
    answer(1, 20, HISTORY_ERROR, batch, 3, "");
    add((struct history_entry){.time_ms = 20, .kind = HISTORY_SPLIT}, batch, 1, NULL, 0);
    add((struct history_entry){.time_ms = 20, .until_ms = 90, .kind = HISTORY_RETRIED}, batch, 3,
        NULL, 0);
    deliver(2, 90, batch, 2);
    happen(100, HISTORY_DONE, 0);
    add((struct history_entry){.time_ms = 100, .until_ms = 100, .kind = HISTORY_RETRIED}, batch + 1,
        1, NULL, 0);
    add((struct history_entry){.time_ms = 100,
                               .kind = HISTORY_GIVEN_UP,
                               .reason = MAPPING_RECEIVES_EXCEEDED,
                               .to_dlq = true},
        batch + 1, 1, NULL, 0);
    add((struct history_entry){.time_ms = 300,
                               .kind = HISTORY_GIVEN_UP,
                               .reason = MAPPING_AGE_EXCEEDED},
        batch + 2, 1, NULL, 0);
    happen(50, HISTORY_FILTERED, 3);
    const struct tally_history *h = keep(NULL, NULL);
    static const size_t ends[HISTORY_END_COUNT] = {2, 1, 1, 1, 1};
    CHECK_MEM(h->ends, sizeof h->ends, ends, sizeof ends);
    CHECK_INT(h->messages, 6);
    CHECK_INT(h->invocations, 2);
    CHECK_INT(h->deliveries, 5);
    CHECK_INT(h->retries, 2); /* what is given up instead has none */
    CHECK_INT(h->splits, 1);
    CHECK_INT(h->faults, 1);
    CHECK_INT(h->began_ms, START_MS);
    CHECK_INT(h->took_ms, 300);
    CHECK_STR(h->kept[1].reason, "maxReceiveCount");
    CHECK_INT(h->kept[1].end_ms, 100);
    CHECK_STR(h->kept[2].marks[h->kept[2].nmarks - 1].text, "RecordAgeExceeded");
    CHECK_INT(h->kept[0].faults, 1);
    for (uint32_t i = 0; i < 3; i++)
        CHECK_INT(h->kept[i].retries, i < 2);
    end();
}

/* More messages than are kept: those that matter are, whatever their place. */
static void test_choice(void)
{
    const uint32_t n = TALLY_MESSAGES_MAX + 500, lost = n - 1, retried = n - 2, found = n - 3;
    static struct judge_out findings = {.count = 2};
    begin(n);
    for (uint32_t r = 0; r < n; r++)
        happen(r, HISTORY_ARRIVED, r);
    for (uint32_t r = 0; r < n; r++)
        if (r != lost)
            happen(r + 1000, HISTORY_DONE, r);
    happen(2000, HISTORY_RETRIED, retried);
    add((struct history_entry){.time_ms = 9000, .kind = HISTORY_GIVEN_UP}, &lost, 1, NULL, 0);
    findings.findings[0] = (struct judge_finding){JUDGE_ORDER, found, 1, "first"};
    findings.findings[1] = (struct judge_finding){JUDGE_ORDER, n, 1, "of no record"};
    const struct tally_history *h = keep(NULL, &findings);
    CHECK_INT(h->nkept, TALLY_MESSAGES_MAX);
    CHECK_INT(h->kept[0].record, found);
    CHECK_STR(h->kept[0].finding, "first");
    CHECK_INT(h->kept[1].record, 0);
    CHECK_INT(h->kept[h->nkept - 2].record, retried);
    CHECK_INT(h->kept[h->nkept - 1].record, lost);
    for (size_t i = 2; i < h->nkept; i++)
        CHECK(h->kept[i - 1].record < h->kept[i].record);
    end();
}

/* Limits of marks: of one message, of all; each has a few. */
static void test_marks(void)
{
    const uint32_t n = TALLY_MESSAGES_MAX;
    size_t sum = 0;
    begin(n);
    for (uint32_t r = 0; r < n; r++)
        for (size_t i = 0; i < (r == 7 ? 1000u : 30u); i++)
            happen((int64_t)i, i ? HISTORY_RETRIED : HISTORY_ARRIVED, r);
    happen(5000, HISTORY_DONE, 7);
    const struct tally_history *h = keep(NULL, NULL);
    for (size_t i = 0; i < h->nkept; i++) {
        const struct tally_message *m = &h->kept[i];
        sum += m->nmarks;
        CHECK(m->nmarks >= 4 && m->nmarks <= TALLY_MARKS_MAX);
        const struct tally_mark *last = &m->marks[m->nmarks - 1];
        CHECK_INT(m->nmarks + m->marks_lost, m->record == 7 ? 1001 : 30);
        CHECK_INT(last->at_ms, m->record == 7 ? 5000 : 29);
        for (size_t k = 1; k < m->nmarks && m->marks[k].at_ms < 5000; k++)
            CHECK_INT(m->marks[k].at_ms - m->marks[k - 1].at_ms,
                      k == m->first_marks ? 1 + m->marks_lost : 1);
    }
    CHECK_INT(sum, TALLY_MARKS_ALL);
    CHECK_INT(h->kept[7].end_ms, 5000);
    end();
}

/* Texts of any length and content stay within the memory for them; reports within theirs. */
static void test_texts(void)
{
    static char name[400], text[100000];
    const uint32_t n = TALLY_MESSAGES_MAX;
    struct err err;
    memset(name, '\x01', sizeof name - 1);
    for (size_t i = 0; i + 3 < sizeof text; i += 3)
        memcpy(text + i, "\xE2\x82\xAC", 3);
    begin(n);
    for (uint32_t r = 0; r < n; r++) {
        deliver(r + 1, r, &r, 1);
        add((struct history_entry){.time_ms = r, .kind = HISTORY_NOTE}, &r, 1, text, 50000);
        answer(r + 1, r, HISTORY_ERROR, &r, 1, r % 2 ? text : "");
    }
    for (size_t i = 0; i < TALLY_HISTORIES_MAX; i++) {
        const struct tally_history *h = keep(name, NULL);
        CHECK_INT(h->nkept, n);
        CHECK(strlen(h->kept[n - 1].name) <= TALLY_NAME_MAX + 3);
        const struct tally_text *a = &h->calls[1].answer;
        CHECK(a->len <= TALLY_ANSWER_MAX && a->whole == strlen(text));
        CHECK_INT(utf8_valid_prefix(a->ptr, a->len), a->len);
    }
    const struct tally_history_in in = {"fifth", &history, name_of, NULL, NULL};
    CHECK(tally_add_history(&tally, &in, &err) < 0);
    CHECK_INT(err.kind, ERR_LIMIT);
    static const report_fn all[] = {report_html, report_xml, report_json};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        AUTO_BUF struct buf out;
        buf_init(&out, REPORT_MAX);
        all[i](&tally, &out);
        CHECK_INT(buf_check(&out, "a report", &err), 0);
    }
    end();
}

/* Entries that make no sense: members that are no records, answers of nothing. */
static void test_odd(void)
{
    static const uint32_t odd[] = {0, 5, UINT32_MAX};
    begin(1);
    deliver(9, 0, odd, 3);
    answer(9, 1, HISTORY_PARTIAL, odd, 3, "");
    answer(4, 2, HISTORY_ERROR, odd, 3, "");
    answer(9, 3, HISTORY_ERROR, odd, 1, "");
    const struct tally_history *h = keep(NULL, NULL);
    CHECK_INT(h->nkept, 1);
    CHECK_INT(h->kept[0].nmarks, 1);
    CHECK(h->kept[0].marks[0].failed);
    history_fini(&history);
    history_init(&history, 0);
    h = keep(NULL, NULL);
    CHECK_INT(h->messages + h->nkept + h->ncalls + h->entries, 0);
    end();
}

/* ---- in reports ----------------------------------------------------------------------------- */

static void make_hostile(void)
{
    static const uint32_t record = 0;
    static const struct judge_out findings = {
        .findings = {{JUDGE_LOST, 0, 1, "gone: </script>\x1b"}}, .count = 1};
    begin(1);
    happen(0, HISTORY_ARRIVED, 0);
    deliver(1, 5, &record, 1);
    answer(1, 105, HISTORY_ERROR, &record, 1, hostile);
    add((struct history_entry){.time_ms = 105, .kind = HISTORY_NOTE}, &record, 1, hostile,
        strlen(hostile));
    add((struct history_entry){.time_ms = 7200105, .kind = HISTORY_GIVEN_UP}, &record, 1, NULL, 0);
    keep(hostile, &findings);
    tally_add_judgement(&tally, &findings, name_of, (void *)(uintptr_t)hostile);
    tally.messages = true;
    tally.source = "sqs:filter=\x1b</script>";
    tally.chaos = (struct tally_chaos){.on = true,
                                       .seeded = true,
                                       .seed = UINT64_MAX,
                                       .rounds = 3,
                                       .failed = true,
                                       .failing_seed = 1,
                                       .faults = "crash=1",
                                       .smallest = "<s>.jsonl",
                                       .smallest_messages = 1,
                                       .smallest_faults = 1,
                                       .command = "clambda replay x '<s>.jsonl' --chaos crash=1"};
}

static void test_reports(void)
{
    static const struct {
        report_fn write; /* NULL: the terminal's */
        const char *has[8], *no[4];
    } rows[] = {
        {NULL,
         {"source    sqs:filter=\\x1b</script>\n",
          "history   calm: 1 message: 1 lost; 1 delivery in",
          "+0:00.000 arrived: \"</script>\\x1b[31m\\u202e\\xff\\x010\n",
          "2 hours on the virtual clock",
          "chaos     3 rounds from seed 18446744073709551615: found with seed 1\n",
          "the search was ended, a smaller",
          "repeat    clambda replay x '<s>.jsonl' --chaos crash=1\n",
          "FAILED    3 rounds of chaos, one fails, 1 finding failed\n"},
         {"\x1b", "\xff", "\xE2\x80\xAE", "answers "}},
        {report_xml,
         {"<testcase classname=\"chaos\"",
          "repeat: clambda replay x '&lt;s&gt;.jsonl' --chaos crash=1", "name=\"lost\"",
          "tests=\"3\" failures=\"2\""},
         {"\x1b", "\xff", "</script"}},
        {report_json,
         {"\"counted\":\"messages\"", "\"seed\":\"18446744073709551615\"", "\"end\":\"lost\"",
          "\"finding\":\"gone: </script>\\u001b\"", "\"until_ms\":105", "\"minimal\":false"},
         {"\x1b", "\xff"}},
        {report_html,
         {"\"finding\":\"gone: \\u003c/script>\\u001b\"",
          "\"name\":\"\\\"\\u003c/script>\\u001b[31m"},
         {"\x1b", "\xff"}},
    };
    make_hostile();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_BUF struct buf out;
        buf_init(&out, REPORT_MAX);
        if (rows[i].write)
            rows[i].write(&tally, &out);
        else
            report_text(&tally, false, 100, &out);
        for (size_t k = 0; k < ARRAY_LEN(rows[i].has) && rows[i].has[k]; k++)
            CHECK_HAS(out.ptr, rows[i].has[k]);
        for (size_t k = 0; k < ARRAY_LEN(rows[i].no) && rows[i].no[k]; k++)
            CHECK(!strstr(out.ptr, rows[i].no[k]));
    }
    CHECK(tally_differs(&tally));
    end();
}

/* Where no smallest trace was written, what is told is the round. */
static void test_round(void)
{
    AUTO_BUF struct buf text, xml;
    begin(1);
    happen(0, HISTORY_DONE, 0);
    keep(NULL, NULL);
    tally.chaos = (struct tally_chaos){.on = true,
                                       .rounds = 1,
                                       .failed = true,
                                       .faults = "crash=1",
                                       .smallest_messages = 4,
                                       .smallest_faults = 5};
    buf_init(&text, REPORT_MAX);
    buf_init(&xml, REPORT_MAX);
    report_text(&tally, false, 100, &text);
    report_xml(&tally, &xml);
    CHECK_HAS(text.ptr, "round     with faults: 4 messages, 5 faults: crash=1; a smaller one may");
    CHECK(!strstr(text.ptr, "smallest"));
    CHECK_HAS(xml.ptr, "with faults: 4 messages, 5 faults crash=1\n");
    CHECK(!strstr(xml.ptr, "smallest"));
    end();
}

/* Done is done, but a later copy that was given up is told beside it. */
static void test_copies(void)
{
    static const struct {
        uint32_t done, lost, dlq;
        const char *line, *json;
        const char *given_up_to;
    } rows[] = {
        {1, 1, 0, "1 message: 1 done, a later copy of it lost; 0 ",
         "\"copies\":{\"dead_letter_queue\":0,\"lost\":1}", NULL},
        {1, 0, 1, "1 message: 1 done, a later copy of it in the dead-letter queue; 0 ",
         "\"copies\":{\"dead_letter_queue\":1,\"lost\":0}", NULL},
        {3, 1, 0, "3 messages: 3 done, a later copy of one lost; 0 ", "\"copy\":\"lost\"", NULL},
        {5, 2, 3,
         "5 messages: 5 done, later copies of 3 in the dead-letter queue, later copies of 2 lost; "
         "0 ",
         "\"copy\":\"dead_letter_queue\"", NULL},
        {2, 0, 0, "2 messages: 2 done; 0 ", "\"copies\":{\"dead_letter_queue\":0,\"lost\":0}",
         NULL},
        {2, 0, 0, "2 messages: 2 done; 0 ", "\"given_up_to\":\"dead-letter queue\"", NULL},
        {1, 0, 1, "1 message: 1 done, a later copy of it in the on-failure destination; 0 ",
         "\"given_up_to\":\"on-failure destination\"", "on-failure destination"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_BUF struct buf text, json;
        begin(rows[i].done);
        history.given_up_to = rows[i].given_up_to;
        for (uint32_t r = 0; r < rows[i].done; r++)
            happen(r, HISTORY_DONE, r);
        for (uint32_t r = 0; r < rows[i].lost + rows[i].dlq; r++)
            add((struct history_entry){.time_ms = 100,
                                       .kind = HISTORY_GIVEN_UP,
                                       .to_dlq = r >= rows[i].lost},
                &r, 1, NULL, 0);
        keep(NULL, NULL);
        buf_init(&text, REPORT_MAX);
        buf_init(&json, REPORT_MAX);
        report_text(&tally, false, 200, &text);
        report_json(&tally, &json);
        CHECK_HAS(text.ptr, rows[i].line);
        CHECK_HAS(json.ptr, rows[i].json);
        end();
    }
}

/* Which lines are printed: of a long history those that matter, then how many more there are. */
static void test_printed(void)
{
    AUTO_BUF struct buf out;
    begin(200);
    for (uint32_t r = 0; r < 200; r++)
        happen(r, HISTORY_ARRIVED, r);
    for (uint32_t r = 0; r < 200; r++)
        happen(1000 + r, HISTORY_DONE, r);
    keep(NULL, NULL);
    buf_init(&out, REPORT_MAX);
    report_text(&tally, false, 80, &out);
    CHECK_HAS(out.ptr, "+0:00.000 arrived: m0\n+0:01.000 done: m0\n+0:01.001 done: m1\n");
    CHECK_HAS(out.ptr, "...       141 more and 199 arrivals: --history FILE writes all\n"
                       "+0:01.190 done: m190\n");
    CHECK_HAS(out.ptr, "+0:01.199 done: m199\nDONE ");
    buf_reset(&out);
    tally.chaos.on = true;
    tally.chaos.rounds = 7;
    report_text(&tally, false, 80, &out);
    CHECK(!strstr(out.ptr, "arrived"));
    CHECK_HAS(out.ptr, "PASSED    7 rounds of chaos, none fails\n");
    end();
}

static const struct check_test tests[] = {
    {"deliveries", test_deliveries}, {"counts", test_counts},   {"choice", test_choice},
    {"marks", test_marks},           {"texts", test_texts},     {"odd", test_odd},
    {"reports", test_reports},       {"printed", test_printed}, {"copies", test_copies},
    {"round", test_round},
};

CHECK_MAIN(tests)

/* SPDX-License-Identifier: Apache-2.0 */
/* Answers to batches. Rows cite what AWS says or was seen to do: "conditions" is AWS docs
 * "Implementing partial batch responses" (SQS) and "Configuring partial batch response with Kinesis
 * Data Streams and Lambda", sections on success and failure; "recorded" is what Lambda was seen to
 * do; "ours" is nowhere written. */
#include "check.h"
#include "mapping/answer.h"

enum { A, B, C, NRECORDS };

#define FAILS(list) "{\"batchItemFailures\":" list "}"
#define ITEM(id)    "{\"itemIdentifier\":" id "}"
#define LONG_NAME   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
    const char *cites, *text;
    enum mapping_outcome outcome;
    const char *failed; /* places */
    const char *note;
} rows[] = {
    /* all done */
    {"conditions: empty response", "{}", MAPPING_SUCCEEDED, "", ""},
    {"conditions: null response", "null", MAPPING_SUCCEEDED, "", ""},
    {"conditions: empty list", FAILS("[]"), MAPPING_SUCCEEDED, "", ""},
    {"conditions: empty list", FAILS(" [ ] "), MAPPING_SUCCEEDED, "", ""},
    {"conditions: null list", FAILS("null"), MAPPING_SUCCEEDED, "", ""},
    {"recorded: empty text", "\"\"", MAPPING_SUCCEEDED, "", ""},
    {"recorded: empty list as answer", "[]", MAPPING_SUCCEEDED, "", ""},
    {"ours: no bytes at all", "", MAPPING_SUCCEEDED, "", ""},
    {"ours: null with white space", " \n null ", MAPPING_SUCCEEDED, "", ""},
    {"ours: an object about something else", "{\"statusCode\":200}", MAPPING_SUCCEEDED, "", ""},
    /* all failed */
    {"conditions: not JSON", "done", MAPPING_REFUSED, "", "the answer is not JSON"},
    {"conditions: not JSON", "{\"batchItemFailures\":[", MAPPING_REFUSED, "", "is not JSON"},
    {"conditions: empty identifier", FAILS("[" ITEM("\"\"") "]"), MAPPING_REFUSED, "",
     "itemIdentifier is empty"},
    {"conditions: null identifier", FAILS("[" ITEM("null") "]"), MAPPING_REFUSED, "",
     "itemIdentifier is null"},
    {"conditions: bad key name", FAILS("[{\"foo\":\"a\"}]"), MAPPING_REFUSED, "",
     "an entry of batchItemFailures has no itemIdentifier"},
    {"conditions: unknown identifier", FAILS("[" ITEM("\"z\"") "]"), MAPPING_REFUSED, "",
     "itemIdentifier 'z' is not in the batch"},
    {"conditions: unknown beside a known one", FAILS("[" ITEM("\"a\"") "," ITEM("\"z\"") "]"),
     MAPPING_REFUSED, "", "itemIdentifier 'z' is not in the batch"},
    {"ours: a number", FAILS("[" ITEM("1") "]"), MAPPING_REFUSED, "", "itemIdentifier is no text"},
    {"ours: an entry that is no object", FAILS("[\"a\"]"), MAPPING_REFUSED, "",
     "no itemIdentifier"},
    {"ours: an entry that is null", FAILS("[null]"), MAPPING_REFUSED, "", "no itemIdentifier"},
    {"ours: no list", FAILS("{\"itemIdentifier\":\"a\"}"), MAPPING_REFUSED, "",
     "batchItemFailures has to be a list"},
    {"ours: another text", "\"done\"", MAPPING_REFUSED, "", "no object with batchItemFailures"},
    {"ours: a number", "3", MAPPING_REFUSED, "", "no object with batchItemFailures"},
    {"ours: a long name is cut", FAILS("[" ITEM("\"" LONG_NAME "\"") "]"), MAPPING_REFUSED, "",
     "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' is not"},
    /* some failed */
    {"conditions: named", FAILS("[" ITEM("\"b\"") "]"), MAPPING_PARTIAL, "1", ""},
    {"conditions: all of them", FAILS("[" ITEM("\"c\"") "," ITEM("\"a\"") "," ITEM("\"b\"") "]"),
     MAPPING_PARTIAL, "012", ""},
    {"ours: twice is once", FAILS("[" ITEM("\"b\"") "," ITEM("\"b\"") "]"), MAPPING_PARTIAL, "1",
     ""},
    {"ours: with escapes", FAILS("[" ITEM("\"\\u0062\"") "]"), MAPPING_PARTIAL, "1", ""},
    {"ours: more members",
     "{\"x\":[1],\"batchItemFailures\":[{\"y\":{},\"itemIdentifier\":\"a\"}]}", MAPPING_PARTIAL,
     "0", ""},
    {"ours: first of duplicate members",
     "{\"batchItemFailures\":[" ITEM("\"a\"") "],\"batchItemFailures\":[]}", MAPPING_PARTIAL, "0",
     ""},
};

static struct record records[NRECORDS] = {
    {.source = MAPPING_SQS, .id = {"a", 1}, .key = {"g", 1}},
    {.source = MAPPING_SQS, .id = {"b", 1}, .key = {"h", 1}},
    {.source = MAPPING_SQS, .id = {"c", 1}, .key = {"g", 1}},
};
static const struct record *const batch[NRECORDS] = {&records[A], &records[B], &records[C]};
static struct err err;

static void places(const struct answer_out *out, char *text)
{
    for (size_t i = 0; i < out->result.nfailed; i++)
        *text++ = (char)('0' + out->result.failed[i]);
    *text = '\0';
}

static void check(const struct mapping_settings *s, const char *cites, const char *text,
                  bool window, enum mapping_outcome outcome, const char *failed, const char *note)
{
    const struct answer_in in = {.settings = s,
                                 .batch = batch,
                                 .nbatch = NRECORDS,
                                 .text = text,
                                 .len = strlen(text),
                                 .window = window};
    struct answer_out out;
    char got[16];
    int before = check_failures;
    CHECK_INT(answer_read(&in, &out, &err), 0);
    CHECK_INT(out.result.outcome, outcome);
    places(&out, got);
    CHECK_STR(got, failed);
    CHECK_HAS(out.note, note);
    CHECK_INT(out.note[0] != '\0', note[0] != '\0');
    if (check_failures != before)
        printf("# %s: %s\n", cites, text);
    answer_out_fini(&out);
}

static void test_rows(void)
{
    static const enum mapping_source sources[] = {MAPPING_SQS, MAPPING_KINESIS, MAPPING_DYNAMODB};
    for (size_t k = 0; k < ARRAY_LEN(sources); k++) {
        const struct mapping_settings s = {.source = sources[k], .report_failures = true};
        for (size_t i = 0; i < ARRAY_LEN(rows); i++)
            check(&s, rows[i].cites, rows[i].text, false, rows[i].outcome, rows[i].failed,
                  rows[i].note);
    }
}

/* AWS docs: "these responses will not be processed" unless it is turned on. */
static void test_off(void)
{
    const struct mapping_settings s = {.source = MAPPING_SQS};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct answer_in in = {.settings = &s,
                                     .batch = batch,
                                     .nbatch = NRECORDS,
                                     .text = rows[i].text,
                                     .len = strlen(rows[i].text)};
        struct answer_out out;
        CHECK_INT(answer_read(&in, &out, &err), 0);
        CHECK_INT(out.result.outcome, MAPPING_SUCCEEDED);
        if (rows[i].outcome == MAPPING_PARTIAL)
            CHECK(out.ignored);
        if (out.ignored)
            CHECK_HAS(out.note, "report-failures is off: all are done");
        answer_out_fini(&out);
    }
}

/* Asynchronous invocations have no batch: nobody looks into the answer. */
static void test_async(void)
{
    const struct mapping_settings s = {.source = MAPPING_ASYNC, .report_failures = true},
                                  s3 = {.source = MAPPING_S3};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        check(&s, "async", rows[i].text, false, MAPPING_SUCCEEDED, "", "");
        check(&s3, "s3", rows[i].text, false, MAPPING_SUCCEEDED, "", "");
    }
}

static void test_twice(void)
{
    const struct mapping_settings s = {.source = MAPPING_SQS, .report_failures = true};
    records[C].id = records[A].id;
    check(&s, "a message that came twice", FAILS("[" ITEM("\"a\"") "]"), false, MAPPING_PARTIAL,
          "02", "");
    records[C].id = (struct scan_value){"c", 1};
}

/* Facts: order per group is kept where the function returns the first failure and all later ones.
 */
static void test_fifo(void)
{
    const struct mapping_settings s = {
        .source = MAPPING_SQS, .fifo = true, .report_failures = true};
    check(&s, "fifo", FAILS("[" ITEM("\"a\"") "]"), false, MAPPING_PARTIAL, "0",
          "'a' failed and 'c' behind it in group 'g' did not: their order is lost");
    check(&s, "fifo", FAILS("[" ITEM("\"a\"") "," ITEM("\"c\"") "]"), false, MAPPING_PARTIAL, "02",
          "");
    check(&s, "fifo", FAILS("[" ITEM("\"b\"") "]"), false, MAPPING_PARTIAL, "1", "");
    check(&s, "fifo", FAILS("[" ITEM("\"c\"") "]"), false, MAPPING_PARTIAL, "2", "");
}

#define OFFSET(partition, offset) ITEM("{\"partition\":\"" partition "\",\"offset\":" offset "}")

static const struct {
    const char *text;
    enum mapping_outcome outcome;
    const char *failed, *note;
} offsets[] = {
    {FAILS("[" OFFSET("t-0", "15") "]"), MAPPING_PARTIAL, "0", ""},
    {FAILS("[" OFFSET("t-1", "15") "," OFFSET("t\\u002d0", "16") "]"), MAPPING_PARTIAL, "12", ""},
    {FAILS("[" OFFSET("t-1", "16") "]"), MAPPING_REFUSED, "",
     "itemIdentifier 't-1' offset 16 is not in the batch"},
    {FAILS("[" OFFSET("t-0", "\"15\"") "]"), MAPPING_REFUSED, "", "itemIdentifier of Kafka has to"},
    {FAILS("[" ITEM("\"15\"") "]"), MAPPING_REFUSED, "",
     "{\"partition\":\"topic-0\",\"offset\":15}"},
    {FAILS("[" ITEM("null") "]"), MAPPING_REFUSED, "", "itemIdentifier of Kafka has to"},
    {FAILS("[{}]"), MAPPING_REFUSED, "", "has no itemIdentifier"},
    {FAILS("[]"), MAPPING_SUCCEEDED, "", ""},
};

static void test_kafka(void)
{
    const struct mapping_settings s = {.source = MAPPING_KAFKA, .report_failures = true};
    static struct record of_kafka[NRECORDS] = {
        {.source = MAPPING_KAFKA, .id = {"15", 2}, .shard = {"t-0", 3}},
        {.source = MAPPING_KAFKA, .id = {"15", 2}, .shard = {"t-1", 3}},
        {.source = MAPPING_KAFKA, .id = {"16", 2}, .shard = {"t-0", 3}},
    };
    struct record kept[NRECORDS];
    memcpy(kept, records, sizeof kept);
    memcpy(records, of_kafka, sizeof records);
    for (size_t i = 0; i < ARRAY_LEN(offsets); i++)
        check(&s, "Kafka", offsets[i].text, false, offsets[i].outcome, offsets[i].failed,
              offsets[i].note);
    memcpy(records, kept, sizeof records);
}

/* ---- windows ----------------------------------------------------------------------------------
 */

static const struct {
    const char *text;
    bool report;
    enum mapping_outcome outcome;
    const char *failed, *note;
} windows[] = {
    {"{\"state\":{}}", false, MAPPING_SUCCEEDED, "", ""},
    {"{\"state\":{\"a\":1},\"batchItemFailures\":[]}", true, MAPPING_SUCCEEDED, "", ""},
    {"{\"batchItemFailures\":[" ITEM("\"b\"") "],\"state\":{}}", true, MAPPING_PARTIAL, "1", ""},
    {"{\"batchItemFailures\":[" ITEM("\"b\"") "],\"state\":{}}", false, MAPPING_SUCCEEDED, "",
     "report-failures is off"},
    /* facts: the response must contain state, else it failed */
    {"{}", false, MAPPING_REFUSED, "", "has to have a 'state'"},
    {"{\"batchItemFailures\":[]}", true, MAPPING_REFUSED, "", "has to have a 'state'"},
    {"{\"batchItemFailures\":[" ITEM("\"b\"") "]}", true, MAPPING_REFUSED, "", "a 'state'"},
    {"null", false, MAPPING_REFUSED, "", "an object with a 'state'"},
    {"", true, MAPPING_REFUSED, "", "an object with a 'state'"},
    {"not JSON", false, MAPPING_REFUSED, "", "an object with a 'state'"},
    /* ours */
    {"{\"state\":null}", false, MAPPING_REFUSED, "", "has to have a 'state'"},
    {"{\"state\":5}", false, MAPPING_SUCCEEDED, "", ""},
};

static void test_windows(void)
{
    for (size_t i = 0; i < ARRAY_LEN(windows); i++) {
        const struct mapping_settings s = {
            .source = MAPPING_KINESIS, .tumbling_ms = 60000, .report_failures = windows[i].report};
        check(&s, "window", windows[i].text, true, windows[i].outcome, windows[i].failed,
              windows[i].note);
    }
}

/* More than 1 MB is for the rules to judge; here it is only measured. */
static void test_state(void)
{
    enum { SIZE = 2 << 20 };
    const struct mapping_settings s = {.source = MAPPING_KINESIS, .tumbling_ms = 60000};
    char *text = malloc(SIZE + 64);
    size_t len = (size_t)sprintf(text, "{\"x\":1, \"state\": \"");
    memset(text + len, 's', SIZE);
    len += SIZE;
    len += (size_t)sprintf(text + len, "\" }");
    const struct answer_in in = {.settings = &s,
                                 .batch = batch,
                                 .nbatch = NRECORDS,
                                 .text = text,
                                 .len = len,
                                 .window = true};
    struct answer_out out;
    CHECK_INT(answer_read(&in, &out, &err), 0);
    CHECK_INT(out.result.outcome, MAPPING_SUCCEEDED);
    CHECK_INT(out.result.state_bytes, SIZE + 2);
    CHECK_INT(out.state.len, SIZE + 2);
    CHECK(out.state.ptr == text + 17);
    answer_out_fini(&out);
    free(text);
}

/* The largest batch, all of it named, backwards. */
static void test_many(void)
{
    enum { MANY = 10000 };
    static struct record all[MANY];
    static const struct record *list[MANY];
    static char ids[MANY][8], text[MANY * 40];
    const struct mapping_settings s = {.source = MAPPING_SQS, .report_failures = true};
    size_t len = (size_t)sprintf(text, "{\"batchItemFailures\":[");
    for (int i = 0; i < MANY; i++) {
        all[i].id = (struct scan_value){ids[i], (size_t)sprintf(ids[i], "%d", i)};
        list[i] = &all[i];
        len += (size_t)sprintf(text + len, "%s{\"itemIdentifier\":\"%d\"}", i ? "," : "",
                               MANY - 1 - i);
    }
    len += (size_t)sprintf(text + len, "]}");
    const struct answer_in in = {
        .settings = &s, .batch = list, .nbatch = MANY, .text = text, .len = len};
    struct answer_out out;
    CHECK_INT(answer_read(&in, &out, &err), 0);
    CHECK_INT(out.result.outcome, MAPPING_PARTIAL);
    CHECK_INT(out.result.nfailed, MANY);
    CHECK_INT(out.result.failed[0], 0);
    CHECK_INT(out.result.failed[MANY - 1], MANY - 1);
    answer_out_fini(&out);
}

static const struct check_test tests[] = {
    {"rows", test_rows},       {"off", test_off},     {"async", test_async},
    {"twice", test_twice},     {"fifo", test_fifo},   {"kafka", test_kafka},
    {"windows", test_windows}, {"state", test_state}, {"many", test_many},
};
CHECK_MAIN(tests)

/* SPDX-License-Identifier: Apache-2.0 */
#include "simulate/flight.h"
#include "simulate_work.h"

#define START INT64_C(1700000000000)

static const char *const names[] = {"m1", "m\"2\n", "\033[31mm3", "m4", "m5",
                                    "m6", "m7",     "m8",         "m9", "m10"};

static const char *name_of(void *owner, uint32_t record, size_t *out_len)
{
    (void)owner;
    *out_len = strlen(names[record]);
    return names[record];
}

static void add(struct history *h, struct history_entry e, const char *members, const char *text)
{
    uint32_t numbers[16];
    struct err err = {0};
    for (e.count = 0; members[e.count]; e.count++)
        numbers[e.count] = (uint32_t)(members[e.count] - '0');
    e.time_ms += START;
    if (e.until_ms)
        e.until_ms += START;
    e.text_len = strlen(text);
    CHECK_INT(history_add(h, e, numbers, text, &err), 0);
}

/* One of everything. */
static void make_history(struct history *h)
{
    history_init(h, 10);
    h->source = MAPPING_KINESIS;
    add(h, (struct history_entry){.kind = HISTORY_ARRIVED}, "0", "");
    add(h, (struct history_entry){.kind = HISTORY_FAULT, .fault = FAULT_POISON}, "1", "");
    add(h, (struct history_entry){.kind = HISTORY_FILTERED, .time_ms = 5}, "3", "");
    add(h,
        (struct history_entry){
            .kind = HISTORY_INVOKED, .time_ms = 10, .invocation = 1, .attempt = 1, .ran = true},
        "012", "");
    add(h,
        (struct history_entry){.kind = HISTORY_ANSWERED,
                               .time_ms = 110,
                               .status = HISTORY_PARTIAL,
                               .invocation = 1,
                               .attempt = 1,
                               .ran = true},
        "12", "{\"a\":\"\\u0007\"}");
    add(h, (struct history_entry){.kind = HISTORY_NOTE, .time_ms = 110, .invocation = 1}, "012",
        "look\033[2J");
    add(h, (struct history_entry){.kind = HISTORY_DONE, .time_ms = 110, .invocation = 1}, "0", "");
    add(h, (struct history_entry){.kind = HISTORY_SPLIT, .time_ms = 110, .invocation = 1}, "1", "");
    add(h,
        (struct history_entry){
            .kind = HISTORY_RETRIED, .time_ms = 110, .until_ms = 3600110, .invocation = 1},
        "12", "");
    add(h,
        (struct history_entry){
            .kind = HISTORY_INVOKED, .time_ms = 3600110, .invocation = 2, .attempt = 2},
        "0123456789", "");
    add(h,
        (struct history_entry){.kind = HISTORY_ANSWERED,
                               .time_ms = 3600110,
                               .status = HISTORY_ERROR,
                               .invocation = 2,
                               .attempt = 2},
        "0123456789", "oh\xff no");
    add(h,
        (struct history_entry){.kind = HISTORY_GIVEN_UP,
                               .time_ms = 90000000,
                               .invocation = 2,
                               .reason = MAPPING_RETRIES_EXHAUSTED,
                               .to_dlq = true},
        "1", "");
    add(h,
        (struct history_entry){.kind = HISTORY_GIVEN_UP,
                               .time_ms = 90000001,
                               .invocation = 2,
                               .reason = MAPPING_AGE_EXCEEDED},
        "2", "");
}

static const char *const written[] = {
    "{\"clambda_history\":1,\"time_ms\":1700000000000,\"what\":\"arrived\",\"records\":[\"m1\"]}",
    "{\"clambda_history\":1,\"time_ms\":1700000000000,\"what\":\"fault\",\"fault\":\"poison\","
    "\"records\":[\"m\\\"2\\n\"]}",
    "{\"clambda_history\":1,\"time_ms\":1700000000005,\"what\":\"filtered\",\"records\":[\"m4\"]}",
    "{\"clambda_history\":1,\"time_ms\":1700000000010,\"what\":\"invoked\",\"invocation\":1,"
    "\"attempt\":1,\"records\":[\"m1\",\"m\\\"2\\n\",\"\\u001b[31mm3\"]}",
    "{\"clambda_history\":1,\"time_ms\":1700000000110,\"what\":\"answered\",\"invocation\":1,"
    "\"attempt\":1,\"status\":\"partial\",\"answer\":\"{\\\"a\\\":\\\"\\\\u0007\\\"}\","
    "\"records\":[\"m\\\"2\\n\",\"\\u001b[31mm3\"]}",
    "{\"clambda_history\":1,\"time_ms\":1700000000110,\"what\":\"note\",\"invocation\":1,"
    "\"note\":\"look\\u001b[2J\",\"records\":[\"m1\",\"m\\\"2\\n\",\"\\u001b[31mm3\"]}",
    "{\"clambda_history\":1,\"time_ms\":1700000000110,\"what\":\"done\",\"invocation\":1,"
    "\"records\":[\"m1\"]}",
    "{\"clambda_history\":1,\"time_ms\":1700000000110,\"what\":\"split\",\"invocation\":1,"
    "\"records\":[\"m\\\"2\\n\"]}",
    "{\"clambda_history\":1,\"time_ms\":1700000000110,\"what\":\"retried\",\"invocation\":1,"
    "\"until_ms\":1700003600110,\"records\":[\"m\\\"2\\n\",\"\\u001b[31mm3\"]}",
    "{\"clambda_history\":1,\"time_ms\":1700003600110,\"what\":\"invoked\",\"invocation\":2,"
    "\"attempt\":2,\"ran\":false,\"records\":[\"m1\",\"m\\\"2\\n\",\"\\u001b[31mm3\",\"m4\","
    "\"m5\",\"m6\",\"m7\",\"m8\",\"m9\",\"m10\"]}",
    "{\"clambda_history\":1,\"time_ms\":1700003600110,\"what\":\"answered\",\"invocation\":2,"
    "\"attempt\":2,\"status\":\"error\",\"answer\":\"oh\xEF\xBF\xBD no\",\"records\":[\"m1\","
    "\"m\\\"2\\n\",\"\\u001b[31mm3\",\"m4\",\"m5\",\"m6\",\"m7\",\"m8\",\"m9\",\"m10\"]}",
    "{\"clambda_history\":1,\"time_ms\":1700090000000,\"what\":\"given up\",\"invocation\":2,"
    "\"reason\":\"RetryAttemptsExhausted\",\"to\":\"dead-letter queue\",\"records\":[\"m\\\"2\\n\"]"
    "}",
    "{\"clambda_history\":1,\"time_ms\":1700090000001,\"what\":\"given up\",\"invocation\":2,"
    "\"reason\":\"RecordAgeExceeded\",\"to\":\"lost\",\"records\":[\"\\u001b[31mm3\"]}",
};

static const char *const printed[] = {
    "+0:00.000 arrived: m1",
    "+0:00.000 chaos, poison: m\"2\\x0a",
    "+0:00.005 filtered: m4",
    "+0:00.010 invocation 1, 3 messages: m1 m\"2\\x0a \\x1b[31mm3",
    "+0:00.110 invocation 1: partial, 2 failed: m\"2\\x0a \\x1b[31mm3",
    "+0:00.110 invocation 1: note: look\\x1b[2J",
    "+0:00.110 done: m1",
    "+0:00.110 split, first half: m\"2\\x0a",
    "+0:00.110 again from +1:00:00.110, 2 messages: m\"2\\x0a \\x1b[31mm3",
    ("+1:00:00.110 invocation 2, attempt 2, the function does not get it, 10 messages: m1 "
     "m\"2\\x0a \\x1b[31mm3 m4 m5 m6 m7 m8 and 2 more"),
    "+1:00:00.110 invocation 2: error oh\\xff no",
    "+1d 1:00:00.000 to the dead-letter queue (RetryAttemptsExhausted): m\"2\\x0a",
    "+1d 1:00:00.001 lost (RecordAgeExceeded): \\x1b[31mm3",
};

static void check_lines(const char *text, const char *const *want, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t len = strcspn(text, "\n");
        CHECK_MEM(text, len, want[i], strlen(want[i]));
        CHECK_INT(text[len], '\n');
        text += len + (text[len] == '\n');
    }
    CHECK_STR(text, "");
}

static void test_write(void)
{
    struct history h;
    AUTO_BUF struct buf out;
    buf_init(&out, 1 << 20);
    make_history(&h);
    history_write(&h, name_of, NULL, &out);
    check_lines(out.ptr, written, ARRAY_LEN(written));
    history_fini(&h);
}

static void test_print(void)
{
    struct history h;
    AUTO_BUF struct buf out;
    buf_init(&out, 1 << 20);
    make_history(&h);
    history_print(&h, name_of, NULL, false, 0, &out);
    check_lines(out.ptr, printed, ARRAY_LEN(printed));
    buf_reset(&out);
    history_print(&h, name_of, NULL, false, 4, &out);
    check_lines(out.ptr, printed, 4);
    buf_reset(&out);
    history_print(&h, name_of, NULL, true, 0, &out);
    CHECK_HAS(out.ptr, "+0:00.110 \033[32mdone: m1\033[0m\n");
    CHECK_HAS(out.ptr, "\033[31mlost (RecordAgeExceeded)");
    /* what people read follows the settings, the file does not */
    h.given_up_to = "on-failure destination";
    buf_reset(&out);
    history_print(&h, name_of, NULL, false, 0, &out);
    CHECK_HAS(out.ptr, "to the on-failure destination (RetryAttemptsExhausted): m");
    buf_reset(&out);
    history_write(&h, name_of, NULL, &out);
    check_lines(out.ptr, written, ARRAY_LEN(written));
    history_fini(&h);
}

static const char *stream_name(void *owner, uint32_t record, size_t *out_len)
{
    const char **of = owner, *name = of[record];
    *out_len = strlen(name);
    return name;
}

static struct {
    enum mapping_source source;
    const char *names[3], *members, *line;
} streams[] = {
    {MAPPING_KINESIS,
     {"shard-1:496712345678901234567890000000000019"},
     "0",
     "shard-1:…000000000019"},
    {MAPPING_KINESIS,
     {"shard-1:496712345678901234567890000000000019",
      "shard-1:496712345678901234567890000000000020", "shard-2:7"},
     "012",
     "shard-1:…000000000019 …000000000020 shard-2:7"},
    {MAPPING_KAFKA,
     {"orders:eu-0:123456789012345678901234", "orders:eu-0:2", "orders:eu-1:2"},
     "012",
     "orders:eu-0:123456789012345678901234 2 orders:eu-1:2"},
    {MAPPING_SQS, {"a:1", "a:2"}, "01", "a:1 a:2"},
    {MAPPING_DYNAMODB,
     {"4421584500000000017450439091", "4421584500000000017450439092"},
     "01",
     "4421584500000000017450439091 4421584500000000017450439092"},
    {MAPPING_KINESIS, {"none", ":", "shard-1:"}, "012", "none : shard-1:"},
};

/* Names with a shard: what tells them apart has to be in sight. */
static void test_streams(void)
{
    for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
        struct history h;
        AUTO_BUF struct buf out, want;
        size_t count = strlen(streams[i].members);
        buf_init(&out, 1 << 16);
        buf_init(&want, 1 << 16);
        history_init(&h, 3);
        h.source = streams[i].source;
        add(&h, (struct history_entry){.kind = HISTORY_DONE, .invocation = 1}, streams[i].members,
            "");
        history_print(&h, stream_name, streams[i].names, false, 0, &out);
        buf_adds(&want, "+0:00.000 done");
        if (count > 1)
            buf_addf(&want, ", %zu messages", count);
        buf_addf(&want, ": %s\n", streams[i].line);
        CHECK_STR(out.ptr, want.ptr);
        history_fini(&h);
    }
}

/* The invocation that ends a tumbling window has none. */
static void test_no_messages(void)
{
    struct history h;
    AUTO_BUF struct buf out;
    buf_init(&out, 1 << 16);
    history_init(&h, 1);
    add(&h, (struct history_entry){.kind = HISTORY_INVOKED, .invocation = 2, .ran = true}, "", "");
    history_print(&h, name_of, NULL, false, 0, &out);
    CHECK_STR(out.ptr, "+0:00.000 invocation 2, no messages\n");
    history_fini(&h);
}

static void test_empty(void)
{
    struct history h;
    struct err err = {0};
    AUTO_BUF struct buf out;
    buf_init(&out, 1 << 20);
    history_init(&h, 0);
    history_write(&h, name_of, NULL, &out);
    history_print(&h, name_of, NULL, true, 9, &out);
    CHECK_INT(out.len, 0);
    struct history_fate *fates = history_fates(&h, &err);
    CHECK(fates != NULL);
    free(fates);
    history_fini(&h);
}

static void test_fates(void)
{
    struct history h;
    struct err err = {0};
    static const struct {
        enum history_end end;
        enum mapping_reason reason;
        uint32_t deliveries;
        const char *answer;
    } want[] = {
        {HISTORY_END_DONE, MAPPING_REASON_NONE, 1, "{\"a\":\"\\u0007\"}"},
        {HISTORY_END_DLQ, MAPPING_RETRIES_EXHAUSTED, 1, "{\"a\":\"\\u0007\"}"},
        {HISTORY_END_LOST, MAPPING_AGE_EXCEEDED, 1, "{\"a\":\"\\u0007\"}"},
        {HISTORY_END_FILTERED, MAPPING_REASON_NONE, 0, NULL},
        {HISTORY_END_OPEN, MAPPING_REASON_NONE, 0, NULL},
    };
    make_history(&h);
    struct history_fate *fates = history_fates(&h, &err);
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        CHECK_INT(fates[i].end, want[i].end);
        CHECK_INT(fates[i].reason, want[i].reason);
        CHECK_INT(fates[i].deliveries, want[i].deliveries);
        if (want[i].answer)
            CHECK_MEM(fates[i].answer, fates[i].answer_len, want[i].answer, strlen(want[i].answer));
        else
            CHECK(!fates[i].answer);
    }
    CHECK_INT(fates[0].end_ms, START + 110);
    free(fates);
    history_fini(&h);
}

/* A duplicate that is given up later does not undo that the message was done. */
static void test_done_stays(void)
{
    static const enum history_kind kinds[][2] = {{HISTORY_DONE, HISTORY_GIVEN_UP},
                                                 {HISTORY_GIVEN_UP, HISTORY_DONE}};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct history h;
        struct err err = {0};
        history_init(&h, 1);
        add(&h, (struct history_entry){.kind = kinds[i][0]}, "0", "");
        add(&h, (struct history_entry){.kind = kinds[i][1]}, "0", "");
        struct history_fate *fates = history_fates(&h, &err);
        CHECK_INT(fates[0].end, HISTORY_END_DONE);
        CHECK_INT(fates[0].copy, i ? HISTORY_END_OPEN : HISTORY_END_LOST);
        CHECK_INT(fates[0].reason, MAPPING_REASON_NONE);
        free(fates);
        history_fini(&h);
    }
}

/* Which of its limits ends a history, and what it says of that. */
static void test_limits(void)
{
    static const struct {
        size_t entries, members, texts, added;
        const char *told;
    } rows[] = {
        {3, 100, 100, 3, "more than 3 things that happen: set 'retries', 'max-age'"},
        {100, 5, 100, 2, "more than 5 records in all that happens: set 'retries'"},
        {100, 100, 9, 2,
         "invocation 7: a history keeps all answers, and these are more than 9 bytes: set "
         "'retries' in --source, take fewer records (--only N, a smaller trace), or let the "
         "function "
         "answer less"},
        {100, 100, 3, 0, "more than 3 bytes"},
    };
    static const uint32_t members[] = {0, 1};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct history h;
        struct err err = {0};
        const struct history_entry e = {
            .kind = HISTORY_ANSWERED, .invocation = 7, .count = 2, .text_len = 4};
        history_init(&h, 2);
        h.entries_max = rows[i].entries;
        h.members_max = rows[i].members;
        h.texts_max = rows[i].texts;
        while (h.nentries < 50 && history_add(&h, e, members, "1234", &err) == 0)
            ;
        CHECK_INT(h.nentries, rows[i].added);
        CHECK_INT(err.kind, ERR_LIMIT);
        CHECK_HAS(err.msg, rows[i].told);
        history_fini(&h);
    }
}

/* Answers count from when they are given, not from when their time is over. */
static void test_answers_wait(void)
{
    static const struct {
        size_t max, answers;
    } rows[] = {{1000, 0}, {100, 5}, {24, 1}};
    static struct work work;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = {0};
        struct simulation_call call;
        size_t answers = 0;
        work_open(&work, "async", 10);
        const struct simulation_options o = {.settings = &work.settings, .records = &work.records};
        struct simulation *s = simulation_new(&o, &err);
        s->history.texts_max = rows[i].max;
        const struct simulation_outcome good = {.answer = "12345678901234567890", .answer_len = 20};
        while (simulation_next(s, &call, &err) > 0 && simulation_answer(s, &good, &err) == 0)
            answers++;
        CHECK_INT(answers, rows[i].answers ? rows[i].answers : 10);
        if (rows[i].answers)
            CHECK_HAS(err.msg, "a history keeps all answers");
        simulation_free(s);
        work_close(&work);
    }
}

static const struct check_test tests[] = {
    {"write", test_write},
    {"print", test_print},
    {"streams", test_streams},
    {"no messages", test_no_messages},
    {"empty", test_empty},
    {"fates", test_fates},
    {"done stays", test_done_stays},
    {"limits", test_limits},
    {"answers wait", test_answers_wait},
};

CHECK_MAIN(tests)

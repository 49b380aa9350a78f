/* SPDX-License-Identifier: Apache-2.0 */
#include "simulate_look.h"

static struct work work;
static struct judge_out judged;
static struct faults faults;
static struct chaos chaos;

static void judge_round(struct simulation *calm, const struct faults *planned, unsigned traits)
{
    struct err err = {0};
    struct simulation *shaken = work_run(&work, planned, traits);
    struct judge_in in = {.settings = &work.settings,
                          .records = &work.records,
                          .calm = simulation_history(calm),
                          .shaken = simulation_history(shaken)};
    CHECK_INT(judge_history(&in, &judged, &err), 0);
    simulation_free(shaken);
}

static void print_findings(unsigned long long round)
{
    AUTO_BUF struct buf text;
    buf_init(&text, 1 << 20);
    chaos_print(&faults, &text);
    printf("# round %llu: %s\n", round, text.ptr);
    for (size_t i = 0; i < judged.count && i < 3; i++)
        printf("# %s: record %u, invocation %u: %s\n", judge_check_names[judged.findings[i].check],
               judged.findings[i].record + 1, judged.findings[i].invocation,
               judged.findings[i].text);
}

#define ALL "7"

/* Correct functions, settings that suit them: whatever chaos does, nothing is to be found. */
static const struct {
    const char *settings;
    size_t records;
    unsigned traits;
    const char *chaos;
} correct[] = {
    {"sqs:report-failures,retries=2,dlq=d", 23, MODEL_PARTIAL, ALL},
    {"sqs:report-failures,retries=2,dlq=d", 1, MODEL_PARTIAL, ALL},
    {"sqs:report-failures,retries=4,dlq=d,batch=50,window=2", 60, MODEL_PARTIAL, ALL},
    {"sqs:report-failures,retries=2,dlq=d,concurrency=2", 40, MODEL_PARTIAL, ALL},
    {"sqs:batch=1,retries=2,dlq=d", 15, 0, ALL},
    {"sqs:retries=2,dlq=d", 30, 0, "7,duplicate,reorder,crash,timeout,throttle,split"},
    {"sqs:retries=2,dlq=d", 30, MODEL_EAGER, ALL},
    {"sqs:retries=4,dlq=d", 30, MODEL_FIRST, "7,duplicate,reorder,crash,timeout,throttle,split"},
    {"sqs:report-failures,retries=4,dlq=d", 30, MODEL_FIRST | MODEL_PARTIAL, ALL},
    {"sqs:fifo,batch=1,retries=2,dlq=d", 20, 0, ALL},
    {"sqs:fifo,report-failures,retries=3,dlq=d", 20, MODEL_PARTIAL,
     "7,duplicate,crash,timeout,throttle,split"},
    {"sqs:fifo,report-failures,retries=3,dlq=d", 20, MODEL_PARTIAL | MODEL_EAGER, ALL},
    {"kinesis:bisect,report-failures,retries=3,on-failure=d", 40, MODEL_PARTIAL,
     "7,duplicate,crash,timeout,throttle,split"},
    {"kinesis:bisect,retries=3,batch=7", 40, 0, ALL},
    {"kinesis:batch=1,retries=2", 20, 0, ALL},
    {"kinesis:bisect,retries=3,batch=7,parallelization=3", 40, 0, ALL},
    {"kinesis:report-failures,batch=5,retries=9", 40, MODEL_FIRST | MODEL_PARTIAL,
     "7,duplicate,crash,timeout,throttle,split"},
    {"kinesis:retries=5,batch=5,tumbling=1", 40, MODEL_EAGER, ALL},
    {"dynamodb:bisect,report-failures,retries=3", 40, MODEL_PARTIAL | MODEL_EAGER, ALL},
    {"kinesis:report-failures,retries=3", 40, MODEL_PARTIAL, ALL},
    {"kinesis:report-failures,bisect,batch=7,retries=3", 40, MODEL_PARTIAL, ALL},
    {"kinesis:report-failures,max-age=600", 40, MODEL_PARTIAL, ALL},
    {"kinesis:bisect,max-age=600", 40, 0, ALL},
    {"dynamodb:report-failures,retries=3", 40, MODEL_PARTIAL, ALL},
    {"kafka:report-failures,batch=4,retries=3", 30, MODEL_PARTIAL, ALL},
    {"sqs:fifo,report-failures,retries=4,dlq=d", 20, MODEL_PARTIAL, ALL},
    {"dynamodb:batch=4,retries=3", 40, 0, "7,duplicate,crash,timeout,throttle,split"},
    {"kafka:batch=4", 30, 0, "7,duplicate,crash,timeout,throttle,split"},
    {"kafka:batch=4", 30, MODEL_EAGER, ALL},
    {"sqs:batch=1", 20, MODEL_ECHO | MODEL_EAGER, ALL},
    {"sqs:fifo,batch=1", 20, MODEL_ECHO | MODEL_EAGER, ALL},
    {"kinesis:batch=1", 20, MODEL_ECHO | MODEL_EAGER, ALL},
    {"kafka:batch=1", 20, MODEL_ECHO | MODEL_EAGER, ALL},
    {"s3", 20, MODEL_ECHO | MODEL_EAGER, ALL},
    {"async", 20, MODEL_ECHO | MODEL_EAGER, ALL},
    {"s3", 20, 0, ALL},
    {"async", 20, 0, ALL},
    {"async:retries=0,max-age=60", 20, 0, ALL},
    {"async", 20, MODEL_FIRST, ALL},
};

static unsigned rounds_of(void)
{
    const char *rounds = getenv("JUDGE_ROUNDS");
    return rounds ? (unsigned)strtoul(rounds, NULL, 10) : 400;
}

static void test_no_false_alarm(void)
{
    size_t excused = 0, settings = 0;
    for (size_t i = 0; i < sizeof correct / sizeof *correct; i++) {
        struct err err = {0};
        work_open(&work, correct[i].settings, correct[i].records);
        CHECK_INT(chaos_parse(correct[i].chaos, &chaos, &err), 0);
        struct simulation *calm = work_run(&work, NULL, correct[i].traits);
        for (unsigned round = 0; round < rounds_of() && !check_failures; round++) {
            faults_plan(&chaos, round, &work.settings, (uint32_t)work.records.count, &faults);
            judge_round(calm, &faults, correct[i].traits);
            excused += judged.asides[JUDGE_EXCUSED].count;
            settings += judged.asides[JUDGE_SETTINGS].count;
            CHECK_INT(judged.count, 0);
            if (check_failures)
                print_findings(round);
        }
        if (check_failures)
            printf("# '%s', traits %u\n", correct[i].settings, correct[i].traits);
        simulation_free(calm);
        work_close(&work);
    }
    CHECK(excused > 0);
    CHECK(settings > 0);
}

/* Wrong ones: the check that has to find them, and within how many rounds. */
static const struct {
    const char *settings;
    size_t records;
    unsigned traits;
    const char *chaos;
    enum judge_check check;
    unsigned rounds;
} wrong[] = {
    {"sqs:report-failures,retries=2,dlq=d", 20, MODEL_PARTIAL | MODEL_SECOND, "1,duplicate",
     JUDGE_OUTCOME, 3},
    {"sqs:retries=2,dlq=d", 20, MODEL_SECOND, "1,duplicate", JUDGE_OUTCOME, 3},
    {"sqs:retries=2,dlq=d", 20, MODEL_SECOND, "1,timeout", JUDGE_OUTCOME, 10},
    {"sqs:retries=2,dlq=d", 20, MODEL_SECOND, "1,crash", JUDGE_OUTCOME, 10},
    {"sqs:retries=2,dlq=d", 20, MODEL_SECOND, ALL, JUDGE_OUTCOME, 20},
    {"sqs:fifo,batch=1,retries=2,dlq=d", 20, MODEL_SECOND, "1,duplicate", JUDGE_OUTCOME, 3},
    {"kinesis:retries=2", 20, MODEL_SECOND, "1,duplicate", JUDGE_OUTCOME, 3},
    {"kinesis:retries=2,report-failures,bisect", 20, MODEL_SECOND | MODEL_PARTIAL, "1,duplicate",
     JUDGE_OUTCOME, 3},
    {"dynamodb:retries=2", 20, MODEL_SECOND, ALL, JUDGE_OUTCOME, 20},
    {"kafka", 20, MODEL_SECOND, "1,timeout", JUDGE_OUTCOME, 10},
    {"s3", 20, MODEL_SECOND, "1,duplicate", JUDGE_OUTCOME, 3},
    {"async", 20, MODEL_SECOND, "1,duplicate", JUDGE_OUTCOME, 3},
    {"async", 20, MODEL_COUNTS, "1,duplicate", JUDGE_OUTCOME, 3},
    {"async", 20, MODEL_COUNTS, "1,timeout", JUDGE_OUTCOME, 20},
    {"async", 20, MODEL_COUNTS, "1,crash", JUDGE_OUTCOME, 20},
    {"sqs:report-failures,retries=2,dlq=d", 20, MODEL_PARTIAL | MODEL_WRONG_ID, "1,poison",
     JUDGE_FAILURES, 3},
    {"kinesis:report-failures,retries=2", 20, MODEL_PARTIAL | MODEL_WRONG_ID, "1,poison",
     JUDGE_FAILURES, 3},
    {"sqs:retries=2,dlq=d", 20, MODEL_PARTIAL, "1,poison", JUDGE_FAILURES, 3},
    {"sqs:retries=2,dlq=d", 20, 0, "1,poison", JUDGE_POISON, 3},
    {"sqs:retries=2", 20, 0, ALL, JUDGE_POISON, 20},
    {"kinesis:retries=2", 20, 0, "1,poison", JUDGE_POISON, 3},
    {"kinesis:retries=2", 20, 0, ALL, JUDGE_POISON, 20},
    {"kinesis:retries=2,report-failures", 20, 0, "1,poison", JUDGE_POISON, 3},
    {"dynamodb:retries=2", 20, 0, "1,poison", JUDGE_POISON, 3},
    {"kafka:retries=2", 20, 0, "1,poison", JUDGE_POISON, 3},
    {"sqs:fifo,retries=2,dlq=d", 20, 0, "1,poison", JUDGE_POISON, 3},
    {"sqs:fifo,report-failures,retries=2,dlq=d", 20, MODEL_PARTIAL | MODEL_GOES_ON, "1,poison",
     JUDGE_ORDER, 3},
    {"sqs:batch=1,retries=2,dlq=d", 20, MODEL_SESSION, "1,crash", JUDGE_LOST, 20},
    {"kinesis:batch=1,retries=2", 20, MODEL_SESSION, "1,crash", JUDGE_LOST, 20},
    {"async", 20, MODEL_SESSION, "1,crash,timeout", JUDGE_LOST, 20},
};

static bool was_found(enum judge_check check, const char *text)
{
    for (size_t i = 0; i < judged.count && i < JUDGE_FINDINGS_MAX; i++)
        if (judged.findings[i].check == check && strstr(judged.findings[i].text, text))
            return true;
    return false;
}

static void test_wrong_ones(void)
{
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct err err = {0};
        bool found = false;
        work_open(&work, wrong[i].settings, wrong[i].records);
        CHECK_INT(chaos_parse(wrong[i].chaos, &chaos, &err), 0);
        struct simulation *calm = work_run(&work, NULL, wrong[i].traits);
        for (unsigned round = 0; round < wrong[i].rounds && !found; round++) {
            faults_plan(&chaos, round, &work.settings, (uint32_t)work.records.count, &faults);
            judge_round(calm, &faults, wrong[i].traits);
            found = was_found(wrong[i].check, "");
        }
        CHECK(found);
        if (!found) {
            printf("# '%s', traits %u, %s\n", wrong[i].settings, wrong[i].traits,
                   judge_check_names[wrong[i].check]);
            print_findings(0);
        }
        simulation_free(calm);
        work_close(&work);
    }
}

/* What a finding says, of the first round that has it. */
static const struct {
    const char *settings;
    unsigned traits;
    const char *chaos;
    enum judge_check check;
    const char *text;
} texts[] = {
    {"sqs:retries=2,dlq=d", MODEL_SECOND, "1,duplicate", JUDGE_OUTCOME,
     "it succeeded, and failed when it came again"},
    {"kinesis:retries=2", MODEL_SECOND, "1,duplicate", JUDGE_OUTCOME,
     "it succeeded, and failed when it came again"},
    {"sqs:batch=1,retries=2,dlq=d", MODEL_SECOND, "1,timeout", JUDGE_OUTCOME,
     "it succeeds without faults, and failed when it came again"},
    {"sqs:batch=1,retries=2,dlq=d", MODEL_SECOND, "1,crash", JUDGE_OUTCOME,
     "it succeeds without faults, and failed when it came again"},
    {"sqs:retries=2,dlq=d", MODEL_PARTIAL, "1,poison", JUDGE_FAILURES,
     "all are done; --source sqs:report-failures turns them on"},
    {"kinesis:retries=2", MODEL_PARTIAL, "1,poison", JUDGE_FAILURES,
     "--source kinesis:report-failures"},
    {"sqs:report-failures,retries=2,dlq=d", 0, "1,poison", JUDGE_POISON,
     "the function failed the whole batch"},
    {"sqs:retries=2,dlq=d", 0, "1,poison", JUDGE_POISON, "the function failed the whole batch"},
    {"kinesis:retries=2,report-failures", 0, "1,poison", JUDGE_POISON,
     "the function failed the whole batch"},
};

static void test_texts(void)
{
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct err err = {0};
        work_open(&work, texts[i].settings, 20);
        CHECK_INT(chaos_parse(texts[i].chaos, &chaos, &err), 0);
        struct simulation *calm = work_run(&work, NULL, texts[i].traits);
        judged.count = 0;
        for (unsigned round = 0; round < 40 && !was_found(texts[i].check, ""); round++) {
            faults_plan(&chaos, round, &work.settings, (uint32_t)work.records.count, &faults);
            judge_round(calm, &faults, texts[i].traits);
        }
        CHECK(was_found(texts[i].check, texts[i].text));
        if (check_failures)
            print_findings(i);
        simulation_free(calm);
        work_close(&work);
    }
}

#define NO_CHECK JUDGE_CHECK_COUNT
#define NO_ASIDE JUDGE_ASIDE_COUNT

/* Faults one by one: the only check that may find something, the only aside that is told. */
static const struct {
    const char *settings;
    unsigned traits;
    const char *faults;
    enum judge_check check;
    enum judge_aside_kind aside;
    const char *text;
} given[] = {
    /* another fault does not acquit who fails a whole batch */
    {"sqs:window=1,retries=4,dlq=d", 0, "poison=1,crash=1", JUDGE_POISON, NO_ASIDE, ""},
    {"sqs:window=1,retries=4,dlq=d", 0, "poison=1,crash=1,timeout=1.2", JUDGE_POISON, NO_ASIDE, ""},
    {"sqs:window=1,retries=1,dlq=d", 0, "poison=1,crash=1", NO_CHECK, JUDGE_SHARED,
     "not enough to blame"},
    {"sqs:batch=1,retries=1", 0, "crash=1,timeout=1.2", NO_CHECK, JUDGE_EXCUSED, "more retries"},
    {"sqs:window=1,retries=1,dlq=d", 0, "poison=1,throttle=1,throttle=1.2", JUDGE_POISON, NO_ASIDE,
     ""},
    {"async:retries=0,max-age=60", 0, "throttle=1,crash=1.2", NO_CHECK, JUDGE_EXCUSED, ""},
    {"kinesis:retries=0,window=1", 0, "poison=1,throttle=1", JUDGE_POISON, NO_ASIDE, ""},
    {"kinesis:retries=0,window=1", 0, "poison=1,throttle=1,duplicate=1.2", JUDGE_POISON, NO_ASIDE,
     ""},
    {"kinesis:retries=1,window=1", 0, "poison=1,crash=1", NO_CHECK, JUDGE_SHARED, ""},
    {"kinesis:window=1", 0, "poison=1,crash=3", JUDGE_POISON, NO_ASIDE, ""},
    /* it fails just the poisoned one, and the settings take others with it */
    {"kinesis:retries=2,window=1,report-failures", MODEL_PARTIAL, "poison=1", NO_CHECK,
     JUDGE_SETTINGS, "just that: batch=1 keeps the others, a smaller batch"},
    {"kinesis:retries=2,window=1,report-failures,bisect", MODEL_PARTIAL, "poison=1", NO_CHECK,
     JUDGE_SETTINGS, "bisect without report-failures"},
    {"kinesis:window=1,report-failures", MODEL_PARTIAL, "poison=1", NO_CHECK, JUDGE_SETTINGS,
     "retries=N gives that up earlier and batch=1 keeps the others"},
    {"kinesis:batch=1", 0, "poison=1", NO_CHECK, JUDGE_SETTINGS,
     "it waited behind the poisoned one, and the function failed just that: retries=N gives"},
    {"kinesis:batch=1", 0, "poison=1,crash=1", NO_CHECK, JUDGE_SETTINGS, "it waited"},
    {"kinesis:bisect", 0, "poison=1", NO_CHECK, JUDGE_SETTINGS, "it waited"},
    {"dynamodb:retries=2,window=1,report-failures", MODEL_PARTIAL, "poison=1,crash=1", NO_CHECK,
     JUDGE_SETTINGS, "batch=1"},
    {"kafka:retries=2,window=1,report-failures", MODEL_PARTIAL, "poison=1", NO_CHECK,
     JUDGE_SETTINGS, "batch=1"},
    {"sqs:fifo,report-failures,retries=2,dlq=d", MODEL_PARTIAL, "poison=4", NO_CHECK,
     JUDGE_SETTINGS, "dead-letter queue (maxReceiveCount), each time in a batch"},
    {"sqs:fifo,retries=2,dlq=d", 0, "poison=4", NO_CHECK, JUDGE_SETTINGS, "batch=1 keeps"},
    {"sqs:fifo,retries=2,dlq=d", 0, "poison=7", JUDGE_POISON, NO_ASIDE, ""},
    {"sqs:fifo,batch=1", 0, "poison=1", NO_CHECK, JUDGE_SETTINGS, "it waited"},
    {"sqs:fifo,batch=1,retries=2,dlq=d", 0, "poison=1", NO_CHECK, NO_ASIDE, ""},
    {"kinesis:batch=1,retries=2", 0, "poison=1", NO_CHECK, NO_ASIDE, ""},
    {"kinesis:bisect,retries=2", 0, "poison=1", NO_CHECK, NO_ASIDE, ""},
    /* what no one can read is not done */
    {"sqs:report-failures,window=1,retries=2,dlq=d", MODEL_PARTIAL, "poison=1", NO_CHECK, NO_ASIDE,
     ""},
    {"sqs:report-failures,window=1,retries=2,dlq=d", MODEL_PARTIAL | MODEL_EAGER, "poison=1",
     NO_CHECK, JUDGE_SWALLOWED, "drops on purpose"},
    {"sqs:report-failures,window=1,retries=2,dlq=d", MODEL_PARTIAL | MODEL_LAST, "poison=1",
     NO_CHECK, JUDGE_SWALLOWED, ""},
    {"kinesis:report-failures,window=1,retries=2", MODEL_PARTIAL | MODEL_LAST, "poison=1", NO_CHECK,
     JUDGE_SWALLOWED, ""},
    {"kafka:report-failures,retries=2", MODEL_PARTIAL | MODEL_LAST, "poison=1", NO_CHECK,
     JUDGE_SWALLOWED, ""},
    {"dynamodb", MODEL_EAGER, "poison=1", NO_CHECK, JUDGE_SWALLOWED, ""},
    {"s3", MODEL_EAGER, "poison=1", NO_CHECK, JUDGE_SWALLOWED, ""},
    {"async", MODEL_EAGER, "poison=1,crash=2", NO_CHECK, JUDGE_SWALLOWED, ""},
    {"async", 0, "poison=1", NO_CHECK, NO_ASIDE, ""},
    {"sqs:window=1,retries=2,dlq=d", MODEL_PARTIAL, "poison=1", JUDGE_FAILURES, NO_ASIDE, ""},
};

static void test_given(void)
{
    for (size_t i = 0; i < ARRAY_LEN(given); i++) {
        int before = check_failures;
        work_open(&work, given[i].settings, 10);
        give_faults(&faults, given[i].faults);
        struct simulation *calm = work_run(&work, NULL, given[i].traits);
        judge_round(calm, &faults, given[i].traits);
        CHECK_INT(judged.count > 0, given[i].check != NO_CHECK);
        for (size_t k = 0; k < judged.count; k++)
            CHECK_INT(judged.findings[k].check, given[i].check);
        for (int k = 0; k < JUDGE_ASIDE_COUNT; k++) {
            CHECK_INT(judged.asides[k].count > 0, k == (int)given[i].aside);
            if (k == (int)given[i].aside)
                CHECK_HAS(judged.asides[k].text, given[i].text);
        }
        if (check_failures != before)
            printf("# '%s', traits %u, %s\n", given[i].settings, given[i].traits, given[i].faults);
        simulation_free(calm);
        work_close(&work);
    }
}

static const struct check_test tests[] = {
    {"given", test_given},
    {"no false alarm", test_no_false_alarm},
    {"wrong ones", test_wrong_ones},
    {"texts", test_texts},
};

CHECK_MAIN(tests)

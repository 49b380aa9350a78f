/* SPDX-License-Identifier: Apache-2.0 */
#include "simulate_look.h"

static struct work work;
static struct faults faults;

static void test_duplicate_of_queue(void)
{
    static const char *const settings[] = {"sqs:batch=3", "async", "s3"};
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        work_open(&work, settings[i], 5);
        give_faults(&faults, "duplicate=2");
        struct simulation *s = work_run(&work, &faults, 0);
        const struct history *h = simulation_history(s);
        CHECK_INT(count_kind(h, HISTORY_ARRIVED), 6);
        CHECK_INT(count_fault(h, FAULT_DUPLICATE), 1);
        CHECK_INT(count_end(h, HISTORY_END_DONE), 5);
        CHECK_INT(work.model.delivered, 6);
        const struct history_entry *last = nth_kind(h, HISTORY_ARRIVED, 5);
        CHECK_INT(h->members[last->first], 1);
        simulation_free(s);
        work_close(&work);
    }
}

static void test_duplicate_in_order(void)
{
    static const char *const settings[] = {"sqs:fifo,retries=3", "kinesis:retries=0",
                                           "dynamodb:retries=0", "kafka:retries=0"};
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        work_open(&work, settings[i], 5);
        give_faults(&faults, "duplicate=2");
        struct simulation *s = work_run(&work, &faults, 0);
        const struct history *h = simulation_history(s);
        CHECK_INT(count_kind(h, HISTORY_ARRIVED), 5);
        CHECK_INT(count_fault(h, FAULT_DUPLICATE), 1);
        CHECK_INT(count_end(h, HISTORY_END_DONE), 5);
        CHECK(work.model.delivered > 5);
        size_t lost = 0;
        for (size_t k = 0; k < h->nentries; k++)
            lost += h->entries[k].kind == HISTORY_ANSWERED && h->entries[k].status == HISTORY_LOST;
        CHECK_INT(lost, 1);
        simulation_free(s);
        work_close(&work);
    }
}

static void test_reorder(void)
{
    work_open(&work, "sqs:batch=1", 6);
    give_faults(&faults, "reorder=2.1.3,reorder=6");
    struct simulation *s = work_run(&work, &faults, 0);
    const struct history *h = simulation_history(s);
    static const uint32_t order[] = {0, 2, 3, 4, 1, 5};
    for (size_t i = 0; i < ARRAY_LEN(order); i++)
        CHECK_INT(h->members[nth_kind(h, HISTORY_ARRIVED, i)->first], order[i]);
    CHECK_INT(count_fault(h, FAULT_REORDER), 1);
    CHECK_INT(nth_kind(h, HISTORY_ARRIVED, 4)->time_ms, WORK_START_MS + 40);
    simulation_free(s);
    work_close(&work);
}

static void test_split(void)
{
    static const char *const settings[] = {"sqs:batch=10,window=1", "sqs:fifo", "kinesis", "kafka"};
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        work_open(&work, settings[i], 8);
        give_faults(&faults, "split=5");
        struct simulation *s = work_run(&work, &faults, 0);
        const struct history *h = simulation_history(s);
        CHECK_INT(count_fault(h, FAULT_SPLIT), 1);
        CHECK_INT(count_end(h, HISTORY_END_DONE), 8);
        for (size_t k = 0; k < h->nentries; k++)
            for (uint32_t n = 1; n < h->entries[k].count; n++)
                if (h->entries[k].kind == HISTORY_INVOKED)
                    CHECK(h->members[h->entries[k].first + n] != 4);
        simulation_free(s);
        work_close(&work);
    }
}

/* What is done to the environment, what the rules see. */
static const struct {
    const char *settings, *faults;
    enum history_status status;
    bool ran, called;
    int64_t lasts_ms;
} broken[] = {
    {"sqs:batch=1,duration=100ms", "crash=1", HISTORY_ERROR, false, true, 100},
    {"sqs:batch=1,duration=100ms", "crash=1.1.1", HISTORY_ERROR, true, true, 100},
    {"sqs:batch=1,duration=100ms", "timeout=1", HISTORY_TIMEOUT, true, true, 3000},
    {"sqs:batch=1,duration=100ms", "throttle=1", HISTORY_THROTTLED, false, false, 0},
    {"kinesis:duration=100ms", "throttle=1", HISTORY_THROTTLED, false, false, 0},
    {"kinesis:duration=100ms", "timeout=1,crash=1,throttle=1.2", HISTORY_ERROR, false, true, 100},
    {"async:duration=100ms", "timeout=1,throttle=1", HISTORY_THROTTLED, false, false, 0},
    {"async:duration=100ms", "crash=1.1.1", HISTORY_ERROR, true, true, 100},
};

static void look_reset(void *owner, const struct simulation_call *call)
{
    size_t *resets = owner;
    *resets += call->reset_after;
    if (call->as == HISTORY_SUCCESS)
        CHECK(call->runs && !call->reset_after);
}

static void test_broken(void)
{
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        struct err err = {0};
        struct simulation_options o = {.faults = &faults};
        size_t resets = 0;
        int before = check_failures;
        work_open(&work, broken[i].settings, 1);
        give_faults(&faults, broken[i].faults);
        struct simulation *s = work_simulate(&work, &o, 0, look_reset, &resets, &err);
        const struct history *h = simulation_history(s);
        const struct history_entry *invoked = nth_kind(h, HISTORY_INVOKED, 0);
        const struct history_entry *answered = nth_kind(h, HISTORY_ANSWERED, 0);
        CHECK_INT(answered->status, broken[i].status);
        CHECK_INT(invoked->ran, broken[i].ran);
        CHECK_INT(answered->time_ms - invoked->time_ms, broken[i].lasts_ms);
        CHECK_INT(resets, broken[i].called);
        CHECK_INT(answered->text_len > 0, broken[i].called);
        CHECK_INT(count_end(h, HISTORY_END_DONE), 1);
        if (check_failures != before)
            printf("# '%s', %s\n", broken[i].settings, broken[i].faults);
        simulation_free(s);
        work_close(&work);
    }
}

static const struct check_test tests[] = {
    {"duplicate of a queue", test_duplicate_of_queue},
    {"duplicate in order", test_duplicate_in_order},
    {"reorder", test_reorder},
    {"split", test_split},
    {"broken", test_broken},
};

CHECK_MAIN(tests)

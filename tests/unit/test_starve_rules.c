/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation of the rules of queues and of asynchronous invocation fails once. */
#include "mapping/mapping.h"
#include "starve.h"

#define RECORDS 40

/* Of every fourth invocation all fails, another one is throttled, of the others the first message
 * fails, until nothing is left. */
static int run_all(struct mapping *m, struct err *err)
{
    uint64_t begun = 0, ended = 0;
    for (int64_t now = 0; now != MAPPING_NEVER; now = mapping_wake_ms(m)) {
        struct mapping_action a;
        int got;
        while ((got = mapping_next(m, now, &a, err)) > 0) {
            if (a.kind == MAPPING_INVOKE)
                begun = a.batch;
        }
        for (; got == 0 && ended < begun; ended++) {
            static const enum mapping_outcome outcomes[] = {MAPPING_FAILED, MAPPING_PARTIAL,
                                                            MAPPING_PARTIAL, MAPPING_THROTTLED};
            struct mapping_result r = {.outcome = outcomes[ended % ARRAY_LEN(outcomes)],
                                       .failed = &(uint32_t){0},
                                       .nfailed = 1};
            got = mapping_finish(m, ended + 1, &r, now, err);
        }
        if (got < 0)
            return -1;
    }
    return 0;
}

static int play(const char *settings, struct err *err)
{
    struct mapping_settings s;
    if (mapping_settings_parse(settings, &s, err) < 0)
        return -1;
    struct mapping *m = mapping_new(&s, err);
    int result = m ? 0 : -1;
    for (uint32_t i = 0; i < RECORDS && result == 0; i++) {
        struct mapping_item item = {
            .arrival_ms = i * 100, .bytes = 10, .key = i % 20, .matches = i % 7 > 0};
        result = mapping_put(m, &item, err);
    }
    if (result == 0)
        result = run_all(m, err);
    if (result == 0)
        CHECK_INT(mapping_open_records(m), 0);
    mapping_free(m);
    mapping_settings_fini(&s);
    return result;
}

static int play_queue(struct err *err)
{
    return play("sqs:retries=2,window=1,batch=20", err);
}

static int play_fifo(struct err *err)
{
    return play("sqs:fifo,retries=1,batch=3", err);
}

static int play_async(struct err *err)
{
    return play("async:concurrency=3", err);
}

static void test_rules(void)
{
    static const struct starve_row rows[] = {
        {"a queue", play_queue, 0}, {"a FIFO queue", play_fifo, 0}, {"async", play_async, 0}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        starve_run(&rows[i]);
}

static const struct check_test tests[] = {{"rules", test_rules}};

CHECK_MAIN(tests)

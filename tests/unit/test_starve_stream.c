/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of streams without memory. */
#include "mapping/mapping.h"
#include "starve.h"

#define SHARDS  70 /* more than what lists of lanes, times and invocations begin with */
#define RECORDS 300

static int put_all(struct mapping *m, struct err *err)
{
    for (uint32_t i = 0; i < RECORDS; i++) {
        struct mapping_item item = {.arrival_ms = i,
                                    .bytes = 100,
                                    .shard = i % SHARDS,
                                    .key = i % 3,
                                    .matches = i % 7 != 0};
        if (mapping_put(m, &item, err) < 0)
            return -1;
    }
    return 0;
}

/* Each invocation ends when the mapping has nothing more to say, in one of all ways. */
static int run(struct mapping *m, struct err *err)
{
    static const uint32_t first = 0;
    uint64_t flying[SHARDS * 2];
    size_t nflying = 0;
    struct mapping_action a;
    for (int64_t now = 0; mapping_wake_ms(m) != MAPPING_NEVER || nflying;
         now = mapping_wake_ms(m)) {
        int got;
        while ((got = mapping_next(m, now, &a, err)) == 1)
            if (a.kind == MAPPING_INVOKE)
                flying[nflying++] = a.batch;
        if (got < 0)
            return -1;
        while (nflying > 0) {
            uint64_t id = flying[--nflying];
            struct mapping_result r = {.outcome =
                                           (enum mapping_outcome)(id % MAPPING_OUTCOME_COUNT),
                                       .failed = &first,
                                       .nfailed = 1,
                                       .state_bytes = id % 5 ? 10 : 2000000};
            if (mapping_finish(m, id, &r, now, err) < 0)
                return -1;
        }
    }
    return mapping_open_records(m) ? err_set(err, ERR_INPUT, "records are open") : 0;
}

static int history(enum mapping_source source, int64_t tumbling_ms, struct err *err)
{
    struct mapping_settings set;
    mapping_settings_default(source, &set);
    set.batch = 20;
    set.window_ms = 1000;
    set.retries = 2;
    set.bisect = true;
    set.tumbling_ms = tumbling_ms;
    struct mapping *m = mapping_new(&set, err);
    int status = m && put_all(m, err) == 0 ? run(m, err) : -1;
    mapping_free(m);
    return status;
}

static int kinesis(struct err *err)
{
    return history(MAPPING_KINESIS, 0, err);
}

static int windows(struct err *err)
{
    return history(MAPPING_DYNAMODB, 10000, err);
}

static int kafka(struct err *err)
{
    return history(MAPPING_KAFKA, 0, err);
}

static const struct starve_row rows[] = {
    {"kinesis", kinesis, 0},
    {"windows", windows, 0},
    {"kafka", kafka, 0},
};

static void test_all(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        starve_run(&rows[i]);
}

static const struct check_test tests[] = {{"every allocation fails", test_all}};
CHECK_MAIN(tests)

/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of Kinesis, DynamoDB streams and Kafka. Facts: "4.3" is a section of the facts about
 * the environment, "invoke 4" one of those about the Invoke API. */
#include "check.h"
#include "mapping/mapping.h"
#include "stream_script.h"

#define PARAMETERS \
    "AWS docs: Lambda parameters for Amazon Kinesis Data Streams event source mappings"
#define REPORTING \
    "AWS docs: Configuring partial batch response with Kinesis Data Streams and Lambda"
#define RETAINING "AWS docs: Retain discarded batch records for a Kinesis Data Streams event source"
#define KAFKA     "AWS docs: Configuring error handling controls for Kafka event sources"
#define BATCHING  "AWS docs: How Lambda processes records from stream and queue-based event sources"

static const struct stream_row batching[] = {
    {"polls once a second", "4.3", "kinesis", "@100 +0 @5000", "@1000 I1.1[0]"},
    {"polls four times a second", "4.3", "dynamodb", "@100 +0 @5000", "@250 I1.1[0]"},
    {"waits in its fetch", "choice", "kafka:window=0", "@100 +0 @5000", "@100 I1.1[0]"},
    {"takes what is there", "4.3", "kinesis", "@100 +0 @900 +0 @1100 +0 @5000", "@1000 I1.1[0 1]"},
    {"polls at once after a batch", "AWS docs: Using Lambda to process records from Kinesis",
     "kinesis", "@100 +0 @1200 +0 @1300 ok1 @5000", "@1000 I1.1[0] @1300 D[0] I2.1[1]"},
    {"and takes what comes then", "AWS docs: Using Lambda to process records from Kinesis",
     "kinesis", "@100 +0 @1300 +0 ok1", "@1000 I1.1[0] @1300 D[0] I2.1[1]"},
    {"no more than the batch size", "4.3", "kinesis:batch=2", "+0#5 @0 ok1 ok2 ok3",
     "@0 I1.1[0 1] D[0 1] I2.1[2 3] D[2 3] I3.1[4] D[4]"},
    {"100 by default", PARAMETERS, "kinesis:window=5", "+0#99 @4999 +0 @5000",
     "@5000 I1.1[0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 "
     "30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 "
     "60 61 62 63 64 65 66 67 68 69 70 71 72 73 74 75 76 77 78 79 80 81 82 83 84 85 86 87 88 89 "
     "90 91 92 93 94 95 96 97 98 99]"},
    {"a window from the first record", BATCHING, "kinesis:batch=10,window=3",
     "@500 +0 @2000 +0 @3900 +0 @4500 +0 @9000", "@4000 I1.1[0 1 2]"},
    {"a full batch does not wait", BATCHING, "kinesis:batch=2,window=300", "@500 +0 @2500 +0 @9000",
     "@3000 I1.1[0 1]"},
    {"the next window begins when the batch ends", BATCHING, "kinesis:window=2",
     "+0 @2000 +0 @2500 ok1 @9000", "@2000 I1.1[0] @2500 D[0] @4500 I2.1[1]"},
    {"Kafka's window is 500 ms", "AWS API: MaximumBatchingWindowInSeconds", "kafka",
     "@10 +0 @300 +0 @600 +0 @1000", "@510 I1.1[0 1]"},
    {"6 MB", "4.3", "kinesis:batch=10000,window=10", "+0*3000000#3 @0 ok1 @10000",
     "@0 I1.1[0 1] D[0 1] @10000 I2.1[2]"},
    {"6 MB and what is around the records", "4.2: incl. metadata", "kinesis:window=10",
     "+0*3145720 +0*3145721 +1*3145720 +1*3145722 @10000", "@0 I1.1/1[2] @10000 I2.1[0 1]"},
    {"a record above 6 MB goes alone", "choice", "kinesis:window=10", "+0*9000000 +0 @0",
     "@0 I1.1[0]"},
    {"where chaos cuts", "choice", "kinesis:window=10", "+0 +0 +0| +0 @0 ok1 @10000",
     "@0 I1.1[0 1] D[0 1] @10000 I2.1[2 3]"},
};

static const struct stream_row order[] = {
    {"one shard a batch", "4.3", "kinesis", "+0 +1 +0 @0 ok2 ok1",
     "@0 I1.1[0 2] I2.1/1[1] D[1] D[0 2]"},
    {"one batch a shard", "4.3", "kinesis:batch=1", "+0 +0 @0 @5000 ok1 @9000",
     "@0 I1.1[0] @5000 D[0] I2.1[1]"},
    {"a failing batch blocks its shard only", "4.3", "kinesis:batch=1,retries=1",
     "+0 +0 +1 +1 @0 err1 ok2 @1000 ok4",
     "@0 I1.1[0] I2.1/1[2] R>1000[0] D[2] I3.1/1[3] @1000 I4.2[0] D[0] I5.1[1]"},
    {"lanes of a shard", "4.3: ParallelizationFactor", "kinesis:batch=1,parallelization=2",
     "+0.0 +0.1 +0.0 +0.1 +0.2 @0 ok1", "@0 I1.1[0] I2.1[1] D[0] I3.1[2]"},
    {"a failing key blocks its lane only", "4.3", "dynamodb:batch=1,parallelization=10",
     "+0.0 +0.1 +0.0 +0.1 @0 err1 ok2 ok3 @1000 ok4",
     "@0 I1.1[0] I2.1[1] R>1000[0] D[1] I3.1[3] D[3] @1000 I4.2[0] D[0] I5.1[2]"},
    {"one partition a batch", "choice", "kafka:batch=10,window=0", "+0 +1 +0 @0 ok1 ok2",
     "@0 I1.1[0 2] I2.1/1[1] D[0 2] D[1]"},
};

static const struct stream_row filters[] = {
    {"skipped when nothing is before it", "4.3: iterator advances", "kinesis", "@1 +0~ @1000",
     "@1000 F[0]"},
    {"in order with the checkpoint", "4.3", "kinesis", "+0~ +0 +0~ +0 +0~ @0 ok1",
     "@0 F[0] I1.1[1 3] D[1 3] F[2] F[4]"},
    {"not part of the batch size", "4.5: filtered before batching", "kinesis:batch=2",
     "+0 +0~ +0~ +0 @0", "@0 I1.1[0 3]"},
    {"not before what failed", "4.3", "kinesis:report-failures",
     "+0 +0~ +0 +0~ +0 @0 part1:1 "
     "@1000 ok2",
     "@0 I1.1[0 2 4] D[0] R>1000[2 4] F[1] @1000 I2.2[2 4] D[2 4] F[3]"},
};

static const struct stream_row failures[] = {
    {"retried with a growing wait", "4.3; the wait: choice", "kinesis:retries=3",
     "+0 @0 err1 @1000 err2 @3000 err3 @7000 ok4",
     "@0 I1.1[0] R>1000[0] @1000 I2.2[0] R>3000[0] @3000 I3.3[0] R>7000[0] @7000 I4.4[0] D[0]"},
    {"waits a minute at most", "choice", "kinesis",
     "+0 @0 err1 @1000 err2 @3000 err3 @7000 err4 @15000 err5 @31000 err6 @63000 err7 @123000 err8",
     "@0 I1.1[0] R>1000[0] @1000 I2.2[0] R>3000[0] @3000 I3.3[0] R>7000[0] @7000 I4.4[0] "
     "R>15000[0] @15000 I5.5[0] R>31000[0] @31000 I6.6[0] R>63000[0] @63000 I7.7[0] R>123000[0] "
     "@123000 I8.8[0] R>183000[0]"},
    {"the whole batch comes again", "4.3", "kinesis:retries=1", "+0#3 @0 err1 +0 @1000",
     "@0 I1.1[0 1 2] R>1000[0 1 2] @1000 I2.2[0 1 2]"},
    {"given up after the retries, and goes on", "invoke 4: count = retries + 1",
     "kinesis:retries=1,on-failure=f,batch=2", "+0#3 @0 err1 @1000 err2 ok3",
     "@0 I1.1[0 1] R>1000[0 1] @1000 I2.2[0 1] G:retries*2[0 1] I3.1[2] D[2]"},
    {"without a destination it is lost", RETAINING, "kinesis:retries=0", "+0 @0 err1",
     "@0 I1.1[0] G:retries*1![0]"},
    {"a refused answer is a failure", "invoke 4", "kinesis:retries=0,on-failure=f", "+0 @0 no1",
     "@0 I1.1[0] G:retries*1[0]"},
    {"throttles do not count", "4.3", "kinesis:retries=0,on-failure=f",
     "+0 @0 busy1 @1000 busy2 @3000 err3",
     "@0 I1.1[0] R>1000[0] @1000 I2.1[0] R>3000[0] @3000 I3.1[0] G:retries*1[0]"},
    {"until the record expires", "4.3: -1", "kinesis:on-failure=f",
     "+0 @0 busy1 @86400000 err2 @86402000",
     "@0 I1.1[0] R>1000[0] @1000 I2.1[0] @86400000 R>86402000[0] @86402000 G:expired*1![0]"},
    {"too old after an attempt", "4.3", "kinesis:max-age=60,on-failure=f",
     "+0 @0 @60000 err1 @61000", "@0 I1.1[0] @60000 R>61000[0] @61000 G:age*1[0]"},
    {"too old before the first attempt", "invoke 4: count 1",
     "kinesis:batch=1,max-age=60,on-failure=f", "+0#2 @0 @60001 ok1",
     "@0 I1.1[0] @60001 D[0] G:age*1[1]"},
    {"as old as allowed", "4.3", "kinesis:batch=1,max-age=60,on-failure=f", "+0#2 @0 @60000 ok1",
     "@0 I1.1[0] @60000 D[0] I2.1[1]"},
    {"only what is too old", PARAMETERS, "kinesis:max-age=60,on-failure=f",
     "+0#2 @1000 +0 @59500 err1 @61000 ok2",
     "@0 I1.1[0 1] @59500 R>60500[0 1] @60500 G:age*1[0 1] I2.1[2] @61000 D[2]"},
    {"expired and too old", "4.3", "dynamodb:batch=2,window=300,max-age=60,on-failure=f",
     "+0 @30000 +0 @30000 @86400500 err1 @86401500",
     "@30000 I1.1[0 1] @86400500 R>86401500[0 1] @86401500 G:expired*1![0] G:age*1[1]"},
    {"the others go on with their attempts", PARAMETERS, "dynamodb:max-age=60,window=10",
     "+0 @9000 +0 @10000 @60000 err1 @61000 ok2",
     "@10000 I1.1[0 1] @60000 R>61000[0 1] @61000 G:age*1![0] I2.2[1] D[1]"},
};

static const struct stream_row splits[] = {
    {"in two, without a retry", RETAINING, "kinesis:bisect,retries=1",
     "+0#4 @0 err1 err2 ok3 ok4 err5 ok6",
     "@0 I1.1[0 1 2 3] S[0 1|2 3] I2.1[0 1] S[0|1] I3.1[0] D[0] I4.1[1] D[1] I5.1[2 3] S[2|3] "
     "I6.1[2] D[2] I7.1[3]"},
    {"single records use up the retries", RETAINING, "kinesis:bisect,retries=1,on-failure=f",
     "+0#2 @0 err1 err2 @1000 err3 ok4",
     "@0 I1.1[0 1] S[0|1] I2.1[0] R>1000[0] @1000 I3.2[0] G:retries*2[0] I4.1[1] D[1]"},
    {"the attempts that it had", "choice", "kinesis:bisect,report-failures,retries=2",
     "+0#4 @0 part1:0 @1000 err2 ok3",
     "@0 I1.1[0 1 2 3] R>1000[0 1 2 3] @1000 I2.2[0 1 2 3] S[0 1|2 3] I3.2[0 1] D[0 1] I4.2[2 3]"},
    {"new records wait behind both halves", "4.3", "kinesis:bisect", "+0#2 @0 +0 err1 ok2 ok3",
     "@0 I1.1[0 1] S[0|1] I2.1[0] D[0] I3.1[1] D[1] I4.1[2]"},
    {"no split of throttles", "4.3", "kinesis:bisect", "+0#2 @0 busy1 @1000",
     "@0 I1.1[0 1] R>1000[0 1] @1000 I2.1[0 1]"},
    {"a refused answer splits", REPORTING, "kinesis:bisect,report-failures", "+0#2 @0 no1",
     "@0 I1.1[0 1] S[0|1] I2.1[0]"},
    {"odd batches", "choice", "kinesis:bisect", "+0#3 @0 err1", "@0 I1.1[0 1 2] S[0|1 2] I2.1[0]"},
};

static const struct stream_row reports[] = {
    {"from the lowest on", REPORTING, "kinesis:report-failures", "+0#5 @0 part1:2,4 @1000 ok2",
     "@0 I1.1[0 1 2 3 4] D[0 1] R>1000[2 3 4] @1000 I2.2[2 3 4] D[2 3 4]"},
    {"the first one", REPORTING, "kinesis:report-failures,retries=1,on-failure=f",
     "+0#2 @0 part1:0 @1000 part2:0", "@0 I1.1[0 1] R>1000[0 1] @1000 I2.2[0 1] G:retries*2[0 1]"},
    {"progress does not give retries back", "choice",
     "kinesis:report-failures,retries=1,on-failure=f", "+0#3 @0 part1:1 @1000 part2:1",
     "@0 I1.1[0 1 2] D[0] R>1000[1 2] @1000 I2.2[1 2] D[1] G:retries*2[2]"},
    {"with bisect exactly there", REPORTING,
     "kinesis:report-failures,bisect,retries=0,on-failure=f", "+0#4 @0 part1:1 part2:1 ok3",
     "@0 I1.1[0 1 2 3] S[0|1 2 3] D[0] I2.1[1 2 3] S[1|2 3] D[1] "
     "I3.1[2 3] D[2 3]"},
    {"with bisect and the first one", REPORTING,
     "kinesis:report-failures,bisect,retries=0,on-failure=f", "+0#2 @0 part1:0",
     "@0 I1.1[0 1] G:retries*1[0 1]"},
    {"none is all done", REPORTING, "kinesis:report-failures", "+0#2 @0 part1",
     "@0 I1.1[0 1] D[0 1]"},
    {"a place that is not in the batch", "", "kinesis:report-failures", "+0#2 @0 part1:2 ok1",
     "@0 I1.1[0 1] -input D[0 1]"},
};

static const struct stream_row kafka[] = {
    {"retries without an end", KAFKA, "kafka:window=0",
     "+0 @0 err1 @1000 err2 @3000 err3 @7000 err4 @15000 err5 @31000 err6 @63000 err7 @123000 err8 "
     "@183000 err9 @243000 err10 @303000 err11 @363000 err12",
     "@0 I1.1[0] R>1000[0] @1000 I2.2[0] R>3000[0] @3000 I3.3[0] R>7000[0] @7000 I4.4[0] "
     "R>15000[0] @15000 I5.5[0] R>31000[0] @31000 I6.6[0] R>63000[0] @63000 I7.7[0] R>123000[0] "
     "@123000 I8.8[0] R>183000[0] @183000 I9.9[0] R>243000[0] @243000 I10.10[0] R>303000[0] "
     "@303000 I11.11[0] R>363000[0] @363000 I12.12[0] R>423000[0]"},
    {"with a destination ten", KAFKA, "kafka:window=0,on-failure=f",
     "+0 @0 err1 @1000 err2 @3000 err3 @7000 err4 @15000 err5 @31000 err6 @63000 err7 @123000 err8 "
     "@183000 err9 @243000 err10 @303000 err11",
     "@0 I1.1[0] R>1000[0] @1000 I2.2[0] R>3000[0] @3000 I3.3[0] R>7000[0] @7000 I4.4[0] "
     "R>15000[0] @15000 I5.5[0] R>31000[0] @31000 I6.6[0] R>63000[0] @63000 I7.7[0] R>123000[0] "
     "@123000 I8.8[0] R>183000[0] @183000 I9.9[0] R>243000[0] @243000 I10.10[0] R>303000[0] "
     "@303000 I11.11[0] G:retries*11[0]"},
    {"bisect, report, age", KAFKA, "kafka:window=0,bisect,report-failures,max-age=60,on-failure=f",
     "+0#4 @0 part1:1 err2 @60001 err3 @61001",
     "@0 I1.1[0 1 2 3] S[0|1 2 3] D[0] I2.1[1 2 3] S[1|2 3] I3.1[1] @60001 R>61001[1] "
     "@61001 G:age*1[1] G:age*1[2 3]"},
};

static const struct stream_row mistakes[] = {
    {"an invocation that is not", "", "kinesis", "ok1 +0 @0 ok2 ok1 ok1",
     " -input @0 I1.1[0] -input D[0] -input"},
};

#define MANY_SHARDS  10000
#define MANY_RECORDS 1000000 /* of all of them */
#define MANY_AT_ONCE 500     /* shards that begin */

struct many {
    struct mapping *m;
    uint64_t flying[MANY_SHARDS];
    size_t nflying, ended, wrong;
};

static void many_put(struct many *t, uint32_t shard)
{
    struct mapping_item item = {.bytes = 200, .shard = shard, .matches = true};
    struct err err;
    for (int i = 0; i < MANY_RECORDS / MANY_SHARDS; i++)
        t->wrong += mapping_put(t->m, &item, &err) != 0;
}

static void many_next(struct many *t, int64_t now_ms)
{
    struct mapping_action a;
    struct err err;
    int got;
    while ((got = mapping_next(t->m, now_ms, &a, &err)) == 1) {
        t->wrong += a.nrecords != 10;
        if (a.kind == MAPPING_INVOKE)
            t->flying[t->nflying++] = a.batch;
        else
            t->ended += a.nrecords;
    }
    t->wrong += got != 0;
}

/* More and more invocations, that end in another order than they began. */
static void test_many(void)
{
    static struct many t;
    struct mapping_result r = {.outcome = MAPPING_SUCCEEDED};
    struct mapping_settings set;
    struct err err;
    mapping_settings_default(MAPPING_KINESIS, &set);
    set.batch = 10;
    t.m = mapping_new(&set, &err);
    uint32_t shard = 0;
    for (int64_t now = 0; t.ended < MANY_RECORDS && now < 100000 && !t.wrong; now++) {
        for (int i = 0; i < MANY_AT_ONCE && shard < MANY_SHARDS; i++)
            many_put(&t, shard++);
        many_next(&t, now);
        for (size_t n = t.nflying / 2 + 1; n > 0 && t.nflying > 0; n--) {
            size_t which = n % 3 ? t.nflying - 1 : 0;
            uint64_t id = t.flying[which];
            t.flying[which] = t.flying[--t.nflying];
            t.wrong += mapping_finish(t.m, id, &r, now, &err) != 0;
        }
    }
    CHECK_INT(t.wrong, 0);
    CHECK_INT(t.ended, MANY_RECORDS);
    CHECK_INT(mapping_open_records(t.m), 0);
    CHECK(mapping_wake_ms(t.m) == MAPPING_NEVER);
    mapping_free(t.m);
}

/* Every record of the largest batch fails: split down to single ones, and given up in order. */
static void test_deep(void)
{
    enum { RECORDS = 10000 };
    struct mapping_result r = {.outcome = MAPPING_FAILED};
    struct mapping_settings set;
    struct mapping_action a;
    struct err err;
    size_t parts = 0, given_up = 0, wrong = 0;
    mapping_settings_default(MAPPING_KINESIS, &set);
    set.batch = RECORDS;
    set.retries = 0;
    set.bisect = true;
    struct mapping *m = mapping_new(&set, &err);
    for (int i = 0; i < RECORDS; i++) {
        struct mapping_item item = {.bytes = 200, .matches = true};
        wrong += mapping_put(m, &item, &err) != 0;
    }
    while (mapping_next(m, 0, &a, &err) == 1) {
        parts += a.kind == MAPPING_SPLIT;
        if (a.kind == MAPPING_GIVE_UP)
            wrong += a.nrecords != 1 || a.records[0] != given_up++;
        if (a.kind == MAPPING_INVOKE)
            wrong += mapping_finish(m, a.batch, &r, 0, &err) != 0;
    }
    CHECK_INT(wrong, 0);
    CHECK_INT(parts, RECORDS - 1);
    CHECK_INT(given_up, RECORDS);
    mapping_free(m);
}

static void check_rows(const struct stream_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        stream_script_check(&rows[i]);
}

#define ROWS(table)                          \
    static void test_##table(void)           \
    {                                        \
        check_rows(table, ARRAY_LEN(table)); \
    }

ROWS(batching)
ROWS(order)
ROWS(filters)
ROWS(failures)
ROWS(splits)
ROWS(reports)
ROWS(kafka)
ROWS(mistakes)

static const struct check_test tests[] = {
    {"batching", test_batching}, {"order", test_order},       {"filters", test_filters},
    {"failures", test_failures}, {"splits", test_splits},     {"reports", test_reports},
    {"kafka", test_kafka},       {"mistakes", test_mistakes}, {"many", test_many},
    {"deep", test_deep},
};

CHECK_MAIN(tests)

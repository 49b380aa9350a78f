/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of asynchronous invocation and of S3 notifications, each with the fact it rests on:
 * "4.1" is a section of the facts, "AWS docs" a page of AWS's documentation, "ours" a choice where
 * both are silent. */
#include "check.h"
#include "rules_random.h"
#include "rules_script.h"

static const struct rules_row attempts[] = {
    {"4.1: one event an invocation, as it comes", "async", 3000, "+@1s +@1s +@2s @2s 2=ok",
     "1s 1[0] 2[1] 2s 3[2] done[1]"},
    {"4.1: after an error one minute, then two, then given up", "async", 3000,
     "+ @1s 1=err @61s 2=err @181s 3=err @9h",
     "0 1[0] 1s again61s[0] 61s 2'2[0x2] again181s[0] 181s 3'3[0x3] lost:RetriesExhausted/3[0]"},
    {"4.1: to the function's dead-letter queue", "async:retries=0,dlq=d", 3000, "+ 1=err",
     "0 1[0] dlq:RetriesExhausted/1[0]"},
    {"4.1: to its destination for failures", "async:retries=0,on-failure=d", 3000, "+ 1=err",
     "0 1[0] dlq:RetriesExhausted/1[0]"},
    {"4.1: a destination for successes is none for failures", "async:retries=0,on-success=d", 3000,
     "+ 1=err", "0 1[0] lost:RetriesExhausted/1[0]"},
    {"4.1: one retry", "async:retries=1", 3000, "+ 1=err @1m 2=err",
     "0 1[0] again1m[0] 1m 2'2[0x2] lost:RetriesExhausted/2[0]"},
    {"4.1: a success after an error", "async", 3000, "+ 1=err @1m 2=ok @9h",
     "0 1[0] again1m[0] 1m 2'2[0x2] done[0]"},
    {"AWS docs, asynchronous invocation: only errors count, not what it answers", "async", 3000,
     "+ + 1=refused 2=part:0", "0 1[0] 2[1] done[0] done[1]"},
    {"an attempt that is over", "async", 3000, "+ 1=ok 1=ok 7=ok",
     "0 1[0] done[0] refused refused"},
};

static const struct rules_row ages[] = {
    {"4.1: given up right away when the retry would be too late, count 1", "async:max-age=60", 3000,
     "+ @1s 1=err", "0 1[0] 1s lost:EventAgeExceeded/1[0]"},
    {"4.1: the same with count 2", "async:max-age=120,on-failure=d", 3000, "+ @1s 1=err @61s 2=err",
     "0 1[0] 1s again61s[0] 61s 2'2[0x2] dlq:EventAgeExceeded/2[0]"},
    {"4.1: a retry at the very end of the age is in time", "async:max-age=60", 3000, "+ 1=err @1m",
     "0 1[0] again1m[0] 1m 2'2[0x2]"},
    {"AWS docs, asynchronous invocation: events can be too old before the first attempt",
     "async:max-age=60,concurrency=1", 3000, "+ + @2m 1=ok",
     "0 1[0] 1m lost:EventAgeExceeded/0[1] 2m done[0]"},
    {"4.1: six hours by default", "async:concurrency=1", 3000, "+ +@1s @7h",
     "0 1[0] 21601s lost:EventAgeExceeded/0[1]"},
    {"an event that waits for its retry, and then for its place", "async:max-age=100,concurrency=1",
     3000, "+ 1=err + @2m", "0 1[0] again1m[0] 2[1] 100s lost:EventAgeExceeded/1[0]"},
};

static const struct rules_row throttles[] = {
    {"4.1: one second, doubled, not counted", "async", 3000,
     "+ 1=throttled @1s 2=throttled @3s 3=throttled @7s 4=ok",
     "0 1[0] again1s[0] 1s 2[0x2] again3s[0] 3s 3[0x3] again7s[0] 7s 4[0x4] done[0]"},
    {"4.1: at most five minutes", "async", 3000,
     "+ 1=throttled @1s 2=throttled @3s 3=throttled @7s 4=throttled @15s 5=throttled @31s "
     "6=throttled @63s 7=throttled @127s 8=throttled @255s 9=throttled @511s 10=throttled @811s "
     "11=throttled",
     "0 1[0] again1s[0] 1s 2[0x2] again3s[0] 3s 3[0x3] again7s[0] 7s 4[0x4] again15s[0] 15s "
     "5[0x5] again31s[0] 31s 6[0x6] again63s[0] 63s 7[0x7] again127s[0] 127s 8[0x8] again255s[0] "
     "255s 9[0x9] again511s[0] 511s 10[0x10] again811s[0] 811s 11[0x11] again1111s[0]"},
    {"4.1: until the maximum age", "async:max-age=60,dlq=d", 3000,
     "+ @58s 1=throttled @59s 2=throttled",
     "0 1[0] 58s again59s[0] 59s 2[0x2] "
     "dlq:EventAgeExceeded/0[0]"},
    {"4.1: an error after a throttle is the first attempt; ours: the back-off begins anew", "async",
     3000, "+ 1=throttled @1s 2=throttled @3s 3=err @63s 4=throttled @64s 5=ok",
     "0 1[0] again1s[0] 1s 2[0x2] again3s[0] 3s 3[0x3] again63s[0] 63s 4'2[0x4] again64s[0] 64s "
     "5'2[0x5] done[0]"},
};

static const struct rules_row concurrency[] = {
    {"4.1: reserved concurrency of zero", "async:concurrency=0,dlq=d", 3000, "+ +@5s @9s",
     "0 dlq:ZeroReservedConcurrency/0[0] 5s dlq:ZeroReservedConcurrency/0[1]"},
    {"a limit: the rest waits in line", "async:concurrency=2", 3000, "+*4 @5s 2=ok 1=err",
     "0 1[0] 2[1] 5s done[1] 3[2] again65s[0] 4[3]"},
    {"a retry waits in line too", "async:concurrency=1", 3000, "+ 1=err @59s + @90s 2=ok",
     "0 1[0] again1m[0] 59s 2[1] 90s done[1] 3'2[0x2]"},
    {"no limit", "async", 3000, "+*6", "0 1[0] 2[1] 3[2] 4[3] 5[4] 6[5]"},
};

static const struct rules_row notifications[] = {
    {"4.4: an asynchronous invocation for each", "s3", 3000, "+@1s +@1s @1s 1=err 2=ok @61s",
     "1s 1[0] 2[1] again61s[0] done[1] 61s 3'2[0x2]"},
    {"4.4: what the configuration does not name is never sent", "s3", 3000, "+x +@1s +x@2s @3s",
     "0 filtered[0] 1s 1[1] 2s filtered[2]"},
    {"the same while no place is free", "s3:concurrency=1", 3000, "+ +@1s +x@2s @3s",
     "0 1[0] 2s filtered[2]"},
};

#define ROWS(name)                               \
    static void test_##name(void)                \
    {                                            \
        rules_script_run(name, ARRAY_LEN(name)); \
    }

ROWS(attempts)
ROWS(ages)
ROWS(throttles)
ROWS(concurrency)
ROWS(notifications)

static void fill_settings(uint64_t *seed, struct mapping_settings *out)
{
    mapping_settings_default(rules_random_below(seed, 2) ? MAPPING_S3 : MAPPING_ASYNC, out);
    out->retries = rules_random_below(seed, 3);
    if (rules_random_below(seed, 2))
        out->max_age_ms = 60000 + rules_random_below(seed, 300000);
    if (rules_random_below(seed, 2))
        out->concurrency = rules_random_below(seed, 5);
}

static void test_random(void)
{
    rules_random_run(fill_settings, 200000);
}

static const struct check_test tests[] = {
    {"attempts", test_attempts},           {"ages", test_ages},
    {"throttles", test_throttles},         {"concurrency", test_concurrency},
    {"notifications", test_notifications}, {"random", test_random},
};

CHECK_MAIN(tests)

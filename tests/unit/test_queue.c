/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of SQS, each with the fact it rests on: "4.2" is a section of the facts, "AWS docs" a
 * page of AWS's documentation, "ours" a choice where both are silent. */
#include "check.h"
#include "rules_random.h"
#include "rules_script.h"

static const struct rules_row batching[] = {
    {"4.2: ten messages by default, invoked when the batch is full", "sqs", 3000,
     "+*9@5s +*3@5s @5s", "5s 1[0 1 2 3 4 5 6 7 8 9] 2[10 11]"},
    {"4.2: without a window what is there is invoked with", "sqs:batch=3", 3000, "+ +",
     "0 1[0] 2[1]"},
    {"4.2: the window counts from the first message gathered", "sqs:batch=3,window=5", 3000,
     "@1s + @3s + @9s", "6s 1[0 1]"},
    {"4.2: a full batch does not wait for its window", "sqs:batch=3,window=5", 3000,
     "+ @1s + @2s + @9s", "2s 1[0 1 2]"},
    {"4.2: messages that come later are waited for", "sqs:batch=3,window=5", 3000,
     "+@1s +@2s +@3s +@4s @20s", "3s 1[0 1 2] 9s 2[3]"},
    {"ours: a message at the end of a window is in it", "sqs:batch=3,window=5", 3000, "+ +@5s @5s",
     "5s 1[0 1]"},
    {"4.2: 6 MB end a batch", "sqs:batch=3,window=5", 3000, "+b3145721 +b3145720 +b3145721 @9s",
     "0 1[0] 2[1] 5s 3[2]"},
    {"4.2: exactly 6 MB with what is around them are full", "sqs:batch=9,window=5", 3000,
     "+b3145720 +b3145720 +b3145719 +b3145720 @1s", "0 1[0 1]"},
    {"ours: a message that is too large goes alone", "sqs:batch=9,window=5", 3000,
     "+ +b99999999 + @5s", "0 1[0] 2[1] 5s 3[2]"},
    {"mapping.h: a poll ends before a cut", "sqs:batch=9,window=5", 3000, "+ + +| + @5s 1=err @40s",
     "0 1[0 1] 5s 2[2 3] again30s[0 1] 35s 3[0x2 1x2 2x2 3x2]"},
    {"4.2: what no filter lets pass is deleted, and not counted", "sqs:batch=2", 3000,
     "+@1s +x@1s +@1s @2s", "1s filtered[1] 1[0 2]"},
    {"4.2: filtered while the pollers are gathering", "sqs:batch=2,window=5", 3000,
     "+ +x@2s +@3s @9s", "2s filtered[1] 3s 1[0 2]"},
};

static const struct rules_row polling[] = {
    {"4.2: five batches at once", "sqs:batch=1", 3000, "+*7 1=ok 2=ok",
     "0 1[0] 2[1] 3[2] 4[3] 5[4] done[0] 6[5] done[1] 7[6]"},
    {"AWS docs, scaling: 300 more a minute while messages are left", "sqs:batch=1", 3000, "+*8 @1s",
     "0 1[0] 2[1] 3[2] 4[3] 5[4] 200 6[5] 400 7[6] 600 8[7]"},
    {"ours: no more pollers when nothing is left", "sqs:batch=1", 3000, "+*6 @100 1=ok + @299 @300",
     "0 1[0] 2[1] 3[2] 4[3] 5[4] 100 done[0] 6[5] 300 7[6]"},
    {"4.2: MaximumConcurrency", "sqs:batch=1,concurrency=2", 3000, "+*4 @20s 2=ok 1=ok",
     "0 1[0] 2[1] 20s done[1] 3[2] done[0] 4[3]"},
    {"AWS docs, scaling: FIFO queues have as many as groups", "sqs:fifo,batch=1", 3000,
     "+g0 +g1 +g2 +g3 +g4 +g5 +g6", "0 1[0] 2[1] 3[2] 4[3] 5[4] 6[5] 7[6]"},
    {"4.2: MaximumConcurrency of a FIFO queue", "sqs:fifo,batch=1,concurrency=2", 3000,
     "+g0 +g1 +g2 1=ok", "0 1[0] 2[1] done[0] 3[2]"},
};

static const struct rules_row visibility[] = {
    {"4.2: an error leaves them until the visibility timeout is over", "sqs", 3000,
     "+@0 @3s 1=err @30s 2=ok", "0 1[0] 3s again30s[0] 30s 2[0x2] done[0]"},
    {"AWS docs, visibility timeout: it counts from the receive", "sqs:visibility=40", 3000,
     "+ @39s 1=err @40s", "0 1[0] 39s again40s[0] 40s 2[0x2]"},
    {"4.2: a window makes it window + timeout + 30 s when that is longer",
     "sqs:window=20,visibility=30", 15000, "+ @20s 1=err @65s @85s",
     "20s 1[0] again65s[0] 85s 2[0x2]"},
    {"4.2: a window that fits leaves it", "sqs:window=20,visibility=35", 15000, "+ @20s 1=err @55s",
     "20s 1[0] again35s[0] 55s 2[0x2]"},
    {"AWS docs, visibility timeout: longer than it, and it is delivered again", "sqs", 100000,
     "+ @30s @31s 1=ok 2=ok @999s", "0 1[0] 30s 2[0x2] 31s done[0]"},
    {"the same, and the first one fails", "sqs", 100000, "+ @31s 1=err 2=ok @999s",
     "0 1[0] 30s 2[0x2] 31s done[0]"},
    {"the same, and the second one fails", "sqs", 100000, "+ @31s 2=err 1=ok @999s",
     "0 1[0] 30s 2[0x2] 31s again1m[0] done[0]"},
    {"ours: a timeout of zero lets time go on", "sqs:visibility=0,retries=1", 0,
     "+ 1=err @1 2=err @2", "0 1[0] again1[0] 1 2[0x2] again2[0] 2 dlq:maxReceiveCount/2[0]"},
    {"4.2: what comes again is older than what comes", "sqs:batch=2", 3000, "+ 1=err +@30s @30s",
     "0 1[0] again30s[0] 30s 2[0x2 1]"},
};

/* AWS docs, error handling: Lambda goes on with a batch that was throttled until the visibility
 * timeout of its messages is over. */
static const struct rules_row throttles[] = {
    {"the same receive, soon", "sqs:retries=0,dlq=d", 3000, "+ 1=throttled @1s 2=ok @9m",
     "0 1[0] again1s[0] 1s 2'2[0] done[0]"},
    {"ours: each wait is twice the one before", "sqs:visibility=200", 3000,
     "+ 1=throttled @1s 2=throttled @3s 3=throttled @7s 4=throttled @15s 5=throttled @31s "
     "6=throttled @63s 7=throttled @123s 8=throttled @183s 9=throttled @200s",
     "0 1[0] again1s[0] 1s 2'2[0] again3s[0] 3s 3'3[0] again7s[0] 7s 4'4[0] again15s[0] 15s 5'5[0] "
     "again31s[0] 31s 6'6[0] again63s[0] 63s 7'7[0] again123s[0] 123s 8'8[0] again183s[0] 183s "
     "9'9[0] again200s[0] 200s 10[0x2]"},
    {"then it is received again", "sqs:visibility=3,retries=1,dlq=d", 3000,
     "+ 1=throttled @1s 2=throttled @3s 3=throttled @4s 4=throttled @6s",
     "0 1[0] again1s[0] 1s 2'2[0] again3s[0] 3s 3[0x2] again4s[0] 4s 4'2[0x2] again6s[0] 6s "
     "dlq:maxReceiveCount/2[0]"},
    {"an error ends it", "sqs", 3000, "+ 1=throttled @1s 2=err @30s",
     "0 1[0] again1s[0] 1s 2'2[0] again30s[0] 30s 3[0x2]"},
    {"the first of its messages counts", "sqs:batch=3,window=5,visibility=6", 1000,
     "+ @3s + @5s 1=throttled", "5s 1[0 1] again6s[0] again9s[1]"},
    {"it keeps its poller", "sqs:batch=1,concurrency=2", 3000, "+*3 1=throttled @1s 2=ok 4=ok",
     "0 1[0] 2[1] again1s[0] 1s 3'2[0] done[1] 4[2] done[2]"},
    {"it cannot be finished while it waits", "sqs", 3000, "+ 1=throttled 1=ok @1s 1=ok 2=ok",
     "0 1[0] again1s[0] refused 1s 2'2[0] refused done[0]"},
    {"another batch is gathered meanwhile", "sqs:batch=2,window=5,visibility=60", 3000,
     "+ + 1=throttled + @1s 2=part:1 @5s 3=err @60s",
     "0 1[0 1] again1s[0 1] 1s 2'2[0 1] done[0] again1m[1] 5s 3[2] again1m[2] 1m 4[1x2 2x2]"},
    {"a group waits with its batch", "sqs:fifo,batch=1", 3000,
     "+g0 +g0 +g1 1=throttled 2=ok @1s 3=ok",
     "0 1[0] 2[2] again1s[0] done[2] 1s 3'2[0] done[0] "
     "4[1]"},
    {"the retention is over meanwhile", "sqs:visibility=90,retention=60", 3000,
     "+ @59s 1=throttled @60s 2=ok", "0 1[0] 59s again1m[0] 1m 2'2[0] done[0]"},
    {"and it was the last time", "sqs:visibility=90,retention=60", 3000,
     "+ @59s 1=throttled @60s 2=err", "0 1[0] 59s again1m[0] 1m 2'2[0] lost:retention period/1[0]"},
};

static const struct rules_row redrive[] = {
    {"4.2: to the DLQ at the receive that is one too many", "sqs:retries=1,dlq=d", 3000,
     "+ 1=err @30s 2=err @60s",
     "0 1[0] again30s[0] 30s 2[0x2] again1m[0] 1m "
     "dlq:maxReceiveCount/2[0]"},
    {"4.2: maxReceiveCount of one", "sqs:retries=0,dlq=d", 3000, "+ + 1=err 2=ok @30s",
     "0 1[0] 2[1] again30s[0] done[1] 30s dlq:maxReceiveCount/1[0]"},
    {"4.2: without a redrive policy until the retention is over", "sqs:visibility=40,retention=60",
     3000, "+ 1=err @41s 2=err @9m", "0 1[0] again40s[0] 40s 2[0x2] 1m lost:retention period/2[0]"},
    {"AWS docs, DLQ retention: expired messages are gone, not moved",
     "sqs:retention=60,retries=9,dlq=d", 3000, "+ 1=err @30s 2=err @2m",
     "0 1[0] again30s[0] 30s 2[0x2] 1m lost:retention period/2[0]"},
    {"4.2: a message that nobody receives expires", "sqs:batch=1,concurrency=2,retention=60", 3000,
     "+*3 @2m", "0 1[0] 2[1] 1m lost:retention period/0[2]"},
    {"ours: what waits in a window expires too", "sqs:window=300,retention=60", 3000,
     "+ @50s + @9h", "1m lost:retention period/1[0] 110s lost:retention period/1[1]"},
    {"the same, and there is room for others", "sqs:batch=3,window=300,retention=60", 3000,
     "+b3000000 @50s +b3000000 @70s +b3000000 +", "1m lost:retention period/1[0] 70s 1[1 2 3]"},
    {"ours: what is being processed expires when that failed", "sqs:visibility=43200,retention=60",
     90000, "+ + @61s 1=ok 2=err", "0 1[0] 2[1] 61s done[0] lost:retention period/1[1]"},
};

static const struct rules_row failures[] = {
    {"4.2: only those reported come again", "sqs:batch=4,report-failures", 3000,
     "+*4@1s @1s 1=part:1.3 @31s", "1s 1[0 1 2 3] done[0 2] again31s[1 3] 31s 2[1x2 3x2]"},
    {"4.2: a refused answer is an error", "sqs:batch=2,report-failures", 3000,
     "+*2@1s @1s 1=refused @31s", "1s 1[0 1] again31s[0 1] 31s 2[0x2 1x2]"},
    {"partial, none failed", "sqs:batch=2,report-failures", 3000, "+*2@1s @1s 1=part",
     "1s 1[0 1] done[0 1]"},
    {"partial, all failed", "sqs:batch=2,report-failures", 3000, "+*2@1s @1s 1=part:0.1",
     "1s 1[0 1] again31s[0 1]"},
    {"a place that is not in the batch", "sqs:batch=2,report-failures", 3000, "+ 1=part:1 1=ok",
     "0 1[0] refused done[0]"},
    {"a place named twice", "sqs:batch=2,report-failures", 3000, "+*2@1s @1s 1=part:1.1 1=ok",
     "1s 1[0 1] refused done[0 1]"},
    {"a batch that is over", "sqs", 3000, "+ 1=ok 1=ok 2=ok 0=ok",
     "0 1[0] done[0] refused refused refused"},
    {"4.2: each counts from its own receive", "sqs:batch=3,window=5,visibility=60", 3000,
     "+ @2s + @3s + 1=err", "3s 1[0 1 2] again1m[0] again62s[1] again63s[2]"},
};

static const struct rules_row fifo[] = {
    {"4.2: one batch in flight per group", "sqs:fifo,batch=2", 3000, "+ +*2 +@1s @2s 1=ok 2=ok",
     "0 1[0] 2s done[0] 2[1 2] done[1 2] 3[3]"},
    {"4.2: groups in parallel", "sqs:fifo,batch=1", 3000, "+g0 +g0 +g1 +g1 2=ok 1=ok",
     "0 1[0] 2[2] done[2] 3[3] done[0] 4[1]"},
    {"AWS docs, scaling: a batch may hold several groups", "sqs:fifo,batch=9", 3000,
     "+g0@1s +g1@1s +g0@1s +g1@1s @1s", "1s 1[0 2 1 3]"},
    {"AWS docs, FIFO delivery logic: as many of one group as there are", "sqs:fifo,batch=3", 3000,
     "+g0@1s +g1@1s +g0@1s +g1@1s +g0@1s +g2@1s @1s", "1s 1[0 2 4] 2[1 3 5]"},
    {"the same, and a group that is cut by the end of the batch waits", "sqs:fifo,batch=3", 3000,
     "+g0@1s +g1@1s +g0@1s +g1@1s +g2@1s @1s 1=ok", "1s 1[0 2 1] 2[4] done[0 2 1] 3[3]"},
    {"4.2: a failing group blocks what comes later", "sqs:fifo,batch=1", 3000,
     "+g0 +g0 +g1 1=err 2=ok @30s 3=ok", "0 1[0] 2[2] again30s[0] done[2] 30s 3[0x2] done[0] 4[1]"},
    {"invoke-api 4: the ones reported come again together and in order",
     "sqs:fifo,batch=4,report-failures", 3000, "+*6@1s @1s 1=part:1.2.3 @31s 2=ok",
     "1s 1[0 1 2 3] done[0] again31s[1 2 3] 31s 2[1x2 2x2 3x2 4] done[1 2 3 4] 3[5]"},
    {"4.2: it blocks until the DLQ", "sqs:fifo,batch=1,retries=0,dlq=d", 3000, "+g0 +g0 1=err @30s",
     "0 1[0] again30s[0] 30s dlq:maxReceiveCount/1[0] 2[1]"},
    {"4.2: it blocks until the message expires", "sqs:fifo,batch=1,visibility=50,retention=60",
     3000, "+g0 @20s +g0 @21s 1=err @50s 2=err @2m",
     "0 1[0] 21s again50s[0] 50s 2[0x2] 1m lost:retention period/2[0] 3[1]"},
    {"4.2: the same, and the next message comes much later", "sqs:fifo,visibility=120,retention=60",
     3000, "+g0 +g0@5m 1=err @5m", "0 1[0] 1m lost:retention period/1[0] 5m 2[1]"},
    {"4.2: one batch in flight, though it takes longer than the visibility timeout",
     "sqs:fifo,batch=1", 100000, "+ + @50s 1=err", "0 1[0] 50s again50s[0] 2[0x2]"},
    {"4.2: filtered messages do not block", "sqs:fifo,batch=2", 3000, "+@1s +x@1s +@1s @1s",
     "1s filtered[1] 1[0 2]"},
    {"a group that is filtered away", "sqs:fifo,batch=2", 3000, "+x@1s +x@1s +g1@1s +@2s @2s",
     "1s filtered[0] filtered[1] 1[2] 2s 2[3]"},
    {"a message of a blocked group that comes later", "sqs:fifo,batch=2", 3000,
     "+g0 +g0@5s +g1@5s @5s 1=ok", "0 1[0] 5s 2[2] done[0] 3[1]"},
    {"mapping.h: a cut in a group, new only once", "sqs:fifo,batch=5", 3000,
     "+g0@1s +g0|@1s +g1@1s @1s 1=ok 3=err @31s",
     "1s 1[0] 2[2] done[0] 3[1] again31s[1] 31s 4[1x2]"},
};

#define ROWS(name)                               \
    static void test_##name(void)                \
    {                                            \
        rules_script_run(name, ARRAY_LEN(name)); \
    }

ROWS(batching)
ROWS(polling)
ROWS(visibility)
ROWS(throttles)
ROWS(redrive)
ROWS(failures)
ROWS(fifo)

static void fill_settings(uint64_t *seed, struct mapping_settings *out)
{
    mapping_settings_default(MAPPING_SQS, out);
    out->fifo = rules_random_below(seed, 3) == 0;
    out->batch = 1 + rules_random_below(seed, rules_random_below(seed, 2) ? 4 : 10);
    if (rules_random_below(seed, 3) == 0)
        out->window_ms = rules_random_below(seed, 20000);
    if (rules_random_below(seed, 3))
        out->retries = rules_random_below(seed, 4);
    if (rules_random_below(seed, 3) == 0)
        out->concurrency = 2 + rules_random_below(seed, 3);
    if (rules_random_below(seed, 4) == 0)
        out->payload_bytes = 300 + rules_random_below(seed, 1000);
    if (rules_random_below(seed, 20))
        out->visibility_ms = 5000 + rules_random_below(seed, 60000);
    else
        out->visibility_ms = 100 * rules_random_below(seed, 2);
    out->retention_ms = 60000 + rules_random_below(seed, 100000);
    out->timeout_ms = 1000 * rules_random_below(seed, 10);
    out->report_failures = true;
}

static void test_random(void)
{
    rules_random_run(fill_settings, 200000);
}

static const struct check_test tests[] = {
    {"batching", test_batching},   {"polling", test_polling}, {"visibility", test_visibility},
    {"throttles", test_throttles}, {"redrive", test_redrive}, {"failures", test_failures},
    {"fifo", test_fifo},           {"random", test_random},
};

CHECK_MAIN(tests)

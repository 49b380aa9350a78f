/* SPDX-License-Identifier: Apache-2.0 */
/* Tumbling windows of Kinesis and DynamoDB streams. */
#include "check.h"
#include "mapping/mapping.h"
#include "stream_script.h"

#define WINDOWS "AWS docs: Implementing stateful Kinesis Data Streams processing in Lambda"
#define ENDING  "AWS SDK: TimeWindowProperties"

static const struct stream_row rows[] = {
    {"a state, and an invocation at the end", "4.3: extra final invoke", "kinesis:tumbling=60",
     "@100 +0 @1000 ok1*10 @20100 +0 @21000 ok2*10 @60000 ok3 @99999999",
     "@1000 I1.1[0]w0-60000f D[0] @21000 I2.1[1]w0-60000 D[1] @60000 I3.1[]w0-60000l"},
    {"windows begin at multiples of their length", WINDOWS, "kinesis:tumbling=60",
     "@90500 +0 @100000 ok1*10 @130000 ok2 @200500 +0 @201000",
     "@91000 I1.1[0]w60000-120000f @100000 D[0] @120000 I2.1[]w60000-120000l @201000 "
     "I3.1[1]w180000-240000f"},
    {"a window for each shard", "4.3", "kinesis:tumbling=60", "@100 +0 +1 @1000 ok1 ok2 @60000",
     "@1000 I1.1[0]w0-60000f I2.1/1[1]w0-60000f D[0] D[1] @60000 I3.1[]w0-60000l "
     "I4.1/1[]w0-60000l"},
    {"a window without records has none", "choice", "kinesis:tumbling=60",
     "@100 +0~ @1000 @60000 @200000", "@1000 F[0]"},
    {"a batch ends with its window", WINDOWS, "kinesis:tumbling=10,window=300",
     "@9000 +0 +0 @9999 +0 @10000 +0 ok1 ok2 @20000 ok3",
     "@10000 I1.1[0 1 2]w0-10000f D[0 1 2] I2.1[]w0-10000l @20000 I3.1[3]w10000-20000f D[3] "
     "I4.1[]w10000-20000l"},
    {"the end waits for a batch of its window", WINDOWS, "kinesis:tumbling=10",
     "@9000 +0 @9500 +0 @10000 +0 @15000 ok1 ok2 ok3",
     "@9000 I1.1[0]w0-10000f @15000 D[0] I2.1[1]w0-10000 D[1] I3.1[]w0-10000l "
     "I4.1[2]w10000-20000f"},
    {"what is left of a window is one batch", WINDOWS, "kinesis:tumbling=10",
     "@9000 +0 @9500 +0 +0 @15000 ok1", "@9000 I1.1[0]w0-10000f @15000 D[0] I2.1[1 2]w0-10000"},
    {"one state, one lane", "4.3: per shard", "kinesis:tumbling=60,parallelization=2",
     "@100 +0.0 +0.1 @1000", "@1000 I1.1[0 1]w0-60000f"},
    {"by arrival, not by when it is read", "4.3", "kinesis:tumbling=10",
     "@9900 +0 @10100 +0 @11000 ok1 ok2 @12000",
     "@10000 I1.1[0]w0-10000f @11000 D[0] I2.1[]w0-10000l I3.1[1]w10000-20000f"},
    {"a window that does not end at a poll", "choice", "dynamodb:tumbling=1,window=0",
     "@900 +0 @1000 ok1 @1250", "@1000 I1.1[0]w0-1000f D[0] I2.1[]w0-1000l"},
    {"fresh until there is a state", WINDOWS, "kinesis:tumbling=60,retries=0",
     "@100 +0 @1000 err1 @2000 +0 @2000 err2 @3000 +0 @3000 ok3 @60000",
     "@1000 I1.1[0]w0-60000f G:retries*1![0] @2000 I2.1[1]w0-60000f G:retries*1![1] @3000 "
     "I3.1[2]w0-60000f D[2] @60000 I4.1[]w0-60000l"},
    {"no state at all", WINDOWS, "kinesis:tumbling=60,retries=0", "@100 +0 @1000 err1 @60000 ok2",
     "@1000 I1.1[0]w0-60000f G:retries*1![0] @60000 I2.1[]w0-60000fl"},
    {"nothing goes on until the end succeeds", WINDOWS, "kinesis:tumbling=60,retries=1",
     "@100 +0 @1000 ok1 @60000 +0 err2 @61000 no3 @63000 err4 @67000 ok5",
     "@1000 I1.1[0]w0-60000f D[0] @60000 I2.1[]w0-60000l R>61000[] @61000 I3.2[]w0-60000l "
     "R>63000[] @63000 I4.3[]w0-60000l R>67000[] @67000 I5.4[]w0-60000l I6.1[1]w60000-120000f"},
    {"a throttled end", "4.3", "kinesis:tumbling=60,retries=0",
     "@100 +0 @1000 ok1 @60000 busy2 @61000 ok3",
     "@1000 I1.1[0]w0-60000f D[0] @60000 I2.1[]w0-60000l R>61000[] @61000 I3.1[]w0-60000l"},
    {"an end does not split", "4.3", "kinesis:tumbling=60,bisect,retries=0",
     "@100 +0 @1000 ok1 @60000 err2",
     "@1000 I1.1[0]w0-60000f D[0] @60000 I2.1[]w0-60000l R>61000[]"},
    {"an end that is late", "choice", "kinesis:tumbling=60,max-age=60", "@100 +0 @1000 @200000 ok1",
     "@1000 I1.1[0]w0-60000f @200000 D[0] I2.1[]w0-60000l"},
    {"an end is as old as its window", "choice", "kinesis:tumbling=60,max-age=60",
     "@100 +0 @1000 ok1 @60000 @86459000 err2 @86460000 err3 @86462000",
     "@1000 I1.1[0]w0-60000f D[0] @60000 I2.1[]w0-60000l @86459000 R>86460000[] @86460000 "
     "I3.2[]w0-60000l R>86462000[] @86462000 G:expired*2![]"},
    {"1 MB is not too much", WINDOWS, "kinesis:tumbling=60", "@100 +0 @1000 ok1*1048576 @60000",
     "@1000 I1.1[0]w0-60000f D[0] @60000 I2.1[]w0-60000l"},
    {"too much ends it early, and it goes on fresh", ENDING, "kinesis:tumbling=60",
     "@100 +0 @1000 ok1*1048577 ok2*2000000 @2000 +0 @2000 ok3*10 @60000",
     "@1000 I1.1[0]w0-60000f D[0] I2.1[]w0-60000e @2000 I3.1[1]w0-60000f D[1] @60000 "
     "I4.1[]w0-60000l"},
    {"early before the second half", ENDING, "kinesis:tumbling=60,bisect",
     "@100 +0#2 @1000 err1 ok2*1048577 ok3 ok4",
     "@1000 I1.1[0 1]w0-60000f S[0|1] I2.1[0]w0-60000f D[0] I3.1[]w0-60000e I4.1[1]w0-60000f D[1]"},
    {"early after a part", ENDING, "kinesis:tumbling=60,report-failures,retries=1",
     "@100 +0#2 @1000 part1:1*1048577 ok2 @2000",
     "@1000 I1.1[0 1]w0-60000f D[0] R>2000[1] I2.1[]w0-60000e @2000 I3.2[1]w0-60000f"},
    {"a failure has no state", WINDOWS, "kinesis:tumbling=60,retries=0",
     "@100 +0 @1000 err1*2000000 @60000",
     "@1000 I1.1[0]w0-60000f G:retries*1![0] @60000 "
     "I2.1[]w0-60000fl"},
    {"the end before them", "4.3", "kinesis:tumbling=10", "@9000 +0 @11000 +0~ @15000 ok1 ok2",
     "@9000 I1.1[0]w0-10000f @15000 D[0] I2.1[]w0-10000l F[1]"},
    {"filtered ones of the next window", "4.3", "kinesis:tumbling=10",
     "@9000 +0 @9000 ok1 @11000 +0~ @11000 ok2 @30000",
     "@9000 I1.1[0]w0-10000f D[0] @10000 I2.1[]w0-10000l @11000 F[1]"},
};

static void test_windows(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        stream_script_check(&rows[i]);
}

static const struct check_test tests[] = {
    {"windows", test_windows},
};

CHECK_MAIN(tests)

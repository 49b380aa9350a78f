/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "sample.h"

#define START_MS 1795284000000
#define BATCH    5
#define RETRIES  3
#define CROWD    2500
#define MANY     5 /* this record of the crowd has more marks than are kept */
#define HOUR_MS  3600000

static const char *const hostile_names[] = {
    "</script><img src=x onerror=alert(1)>",
    "\xE2\x80\xAEgpj.exe\x1b[31m",
    "\xff\xfe no \x01 UTF-8 ",
    "059f36b4-87a3-44ab-83d2-661975830a7d-of-a-shard-shardId-000000000006:"
    "49590338271490256608559692538361571095921575989136588898-and-more-of-what-makes-it-long-"
    "012345678901234567890123456789012345678901234567890123456789",
};

static const char *name_of(void *owner, uint32_t record, size_t *out_len)
{
    static char text[64];
    bool hostile = owner && record % 6 == 1 && record / 6 < ARRAY_LEN(hostile_names);
    const char *name = hostile ? hostile_names[record / 6] : text;
    snprintf(text, sizeof text, "order-%04u", (unsigned)record + 1);
    *out_len = strlen(name);
    return name;
}

/* What is being written: the first failure sticks. */
struct script {
    struct history h;
    uint32_t invocations;
    int status;
    struct err *err;
};

static void begin(struct script *s, uint32_t nrecords, struct err *err)
{
    *s = (struct script){.err = err};
    history_init(&s->h, nrecords);
    s->h.source = MAPPING_SQS;
}

static void add(struct script *s, struct history_entry e, const uint32_t *members, size_t count,
                const char *text)
{
    e.time_ms += START_MS;
    e.until_ms += START_MS;
    e.count = (uint32_t)count;
    e.text_len = text ? strlen(text) : 0;
    if (s->status == 0)
        s->status = history_add(&s->h, e, members, text, s->err);
}

static void happen(struct script *s, int64_t ms, enum history_kind kind, uint32_t record)
{
    add(s, (struct history_entry){.time_ms = ms, .kind = kind}, &record, 1, NULL);
}

struct batch {
    const uint32_t *records, *failed;
    size_t nrecords, nfailed;
    uint32_t attempt;
    enum history_status status;
    int64_t took_ms;
    const char *answer;
};

static void deliver(struct script *s, int64_t ms, const struct batch *b)
{
    bool ran = b->status != HISTORY_THROTTLED;
    struct history_entry e = {.time_ms = ms,
                              .kind = HISTORY_INVOKED,
                              .invocation = ++s->invocations,
                              .attempt = b->attempt,
                              .ran = ran};
    add(s, e, b->records, b->nrecords, NULL);
    e.time_ms += b->took_ms;
    e.kind = HISTORY_ANSWERED;
    e.status = b->status;
    add(s, e, b->failed, b->nfailed, b->answer);
}

static void retry(struct script *s, int64_t ms, int64_t until_ms, uint32_t record)
{
    const struct history_entry e = {.time_ms = ms, .until_ms = until_ms, .kind = HISTORY_RETRIED};
    add(s, e, &record, 1, NULL);
}

static void give_up(struct script *s, int64_t ms, uint32_t record, bool to_dlq)
{
    const struct history_entry e = {.time_ms = ms,
                                    .kind = HISTORY_GIVEN_UP,
                                    .reason = MAPPING_RECEIVES_EXCEEDED,
                                    .to_dlq = to_dlq};
    add(s, e, &record, 1, NULL);
}

static void fault(struct script *s, int64_t ms, uint32_t record, enum fault_kind kind)
{
    const struct history_entry e = {.time_ms = ms, .kind = HISTORY_FAULT, .fault = kind};
    add(s, e, &record, 1, NULL);
}

/* The first of a batch fails each time until it is given up. */
static void fail_one(struct script *s, int64_t ms, const uint32_t *batch, int64_t wait_ms,
                     bool to_dlq)
{
    struct batch b = {batch, batch,
                      BATCH, 1,
                      1,     HISTORY_PARTIAL,
                      120,   "{\"batchItemFailures\":[{\"itemIdentifier\":\"</script>\"}]}"};
    for (uint32_t i = 0; i < RETRIES; i++, ms += wait_ms) {
        b.attempt = i + 1;
        deliver(s, ms, &b);
        for (size_t k = 1; i == 0 && k < BATCH; k++)
            happen(s, ms + 120, HISTORY_DONE, batch[k]);
        if (i + 1 < RETRIES)
            retry(s, ms + 120, ms + wait_ms, batch[0]);
        b.nrecords = 1;
        b.status = HISTORY_ERROR;
        b.answer = "{\"errorType\":\"Bad\xE2\x80\xAE\",\"errorMessage\":\"<b>no</b> \x1b[31m\"}";
    }
    give_up(s, ms, batch[0], to_dlq);
}

static void settle(struct script *s, int64_t ms, const uint32_t *batch, enum history_status status)
{
    static const char note[] = "the answer names what is not in the batch: </script>";
    bool fails = status != HISTORY_SUCCESS;
    struct batch b = {batch, batch, BATCH, fails ? BATCH : 0, 1, status, 80, "{}"};
    const struct history_entry split = {.time_ms = ms + 80, .kind = HISTORY_SPLIT};
    deliver(s, ms, &b);
    if (fails) {
        if (status == HISTORY_REFUSED)
            add(s,
                (struct history_entry){.time_ms = ms + 80, .kind = HISTORY_NOTE, .invocation = 1},
                batch, BATCH, note);
        if (status == HISTORY_ERROR)
            add(s, split, batch, 2, NULL);
        for (size_t k = 0; k < BATCH; k++)
            retry(s, ms + 80, ms + 30080, batch[k]);
        b = (struct batch){batch, NULL, BATCH, 0, 2, HISTORY_SUCCESS, 80, "null"};
        ms += 30080;
        deliver(s, ms, &b);
    }
    for (size_t k = 0; k < BATCH; k++)
        happen(s, ms + 80, HISTORY_DONE, batch[k]);
}

static int finish(struct script *s, struct tally *t, const char *title, bool hostile,
                  const struct judge_out *findings)
{
    const struct tally_history_in in = {title, &s->h, name_of, hostile ? s : NULL, findings};
    if (s->status == 0)
        s->status = tally_add_history(t, &in, s->err);
    history_fini(&s->h);
    return s->status;
}

int sample_messages(struct tally *t, struct err *err)
{
    static const enum history_status statuses[] = {HISTORY_SUCCESS, HISTORY_THROTTLED,
                                                   HISTORY_REFUSED, HISTORY_ERROR,
                                                   HISTORY_TIMEOUT, HISTORY_LOST};
    struct script s;
    uint32_t batch[BATCH];
    begin(&s, 60, err);
    for (uint32_t r = 0; r < 60; r++)
        happen(&s, r * 20, HISTORY_ARRIVED, r);
    for (uint32_t r = 0, i = 0; r + BATCH < 60; r += BATCH, i++) {
        for (uint32_t k = 0; k < BATCH; k++)
            batch[k] = r + k;
        if (i % 4 == 0)
            fail_one(&s, 1200 + i * 130, batch, i ? 30000 : 2 * HOUR_MS, i % 8 == 0);
        else
            settle(&s, 1200 + i * 130, batch, statuses[i % ARRAY_LEN(statuses)]);
    }
    for (uint32_t r = 55; r < 58; r++)
        happen(&s, 1200, HISTORY_FILTERED, r);
    t->source = "sqs:batch=5,report-failures,filter={\"body\":{\"a\":[\"</script>\"]}}";
    return finish(&s, t, "as recorded", true, NULL);
}

/* One message that is delivered twice and answers otherwise the second time. */
static void tell_twice(struct script *s, bool shaken)
{
    const uint32_t record = 0;
    const struct batch first = {&record, NULL, 1, 0, 1, HISTORY_SUCCESS, 100, "{\"booked\":1}"};
    const struct batch second = {&record, &record,       1,   1,
                                 2,       HISTORY_ERROR, 100, "{\"errorType\":\"Booked\"}"};
    happen(s, 0, HISTORY_ARRIVED, record);
    deliver(s, 5, &first);
    happen(s, 105, HISTORY_DONE, record);
    if (shaken) {
        fault(s, 105, record, FAULT_DUPLICATE);
        happen(s, 1105, HISTORY_ARRIVED, record);
        deliver(s, 30005, &second);
        give_up(s, 30105, record, false);
    }
}

int sample_chaos(struct tally *t, struct err *err)
{
    static const struct judge_out findings = {
        .findings = {{JUDGE_OUTCOME, 0, 2, "first \"</script>\", then an error: \xE2\x80\xAE"}},
        .count = 1};
    struct script s;
    int status = 0;
    for (int shaken = 0; status == 0 && shaken < 2; shaken++) {
        begin(&s, 1, err);
        tell_twice(&s, shaken);
        status = finish(&s, t, shaken ? "smallest" : "calm", false, shaken ? &findings : NULL);
    }
    tally_add_judgement(t, &findings, name_of, NULL);
    t->source = "sqs:batch=10";
    t->chaos = (struct tally_chaos){
        .on = true,
        .seeded = true,
        .seed = 18446744073709551610u,
        .rounds = 4,
        .failed = true,
        .failing_seed = 18446744073709551613u,
        .faults = "duplicate=1.1",
        .smallest = "small<est>.jsonl",
        .smallest_messages = 1,
        .smallest_faults = 1,
        .minimal = true,
        .command = "clambda replay 'build/examples/orders <b>.so' 'small<est>.jsonl' --source "
                   "sqs:batch=10 --chaos duplicate=1.1",
    };
    return status;
}

int sample_passed(struct tally *t, struct err *err)
{
    struct script s;
    begin(&s, 1, err);
    tell_twice(&s, false);
    t->chaos = (struct tally_chaos){.on = true, .rounds = 50};
    return finish(&s, t, "calm", false, NULL);
}

int sample_crowd(struct tally *t, struct err *err)
{
    static char answer[4000];
    struct script s;
    memset(answer, '<', sizeof answer - 1);
    begin(&s, CROWD, err);
    for (uint32_t r = 0; r < CROWD; r++) {
        int64_t ms = r * 36000 + r % 7 * 1111;
        struct batch b = {&r, &r, 1, 1, 1, HISTORY_ERROR, 40 + r % 50, answer};
        happen(&s, ms, HISTORY_ARRIVED, r);
        uint32_t attempts = r == MANY ? 150 : r % 11 ? 0 : r % 4 + 1;
        int64_t wait_ms = r == MANY ? 60000 : HOUR_MS;
        for (uint32_t i = 0; i < attempts; i++, ms += wait_ms) {
            b.attempt = i + 1;
            deliver(&s, ms, &b);
            retry(&s, ms + b.took_ms, ms + wait_ms, r);
        }
        b = (struct batch){&r, NULL, 1, 0, attempts + 1, HISTORY_SUCCESS, 40, "{}"};
        deliver(&s, ms, &b);
        happen(&s, ms + 40, HISTORY_DONE, r);
    }
    return finish(&s, t, "as recorded", false, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* report_sample KIND FOLDER: writes the reports of a made-up replay into the folder: report.html,
 * .xml, .json and .txt. Its content is as hostile as traces may be. Always the same bytes. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "report/report.h"
#include "report/tally.h"
#include "sample.h"

#define MEGABYTE ((size_t)1 << 20)
#define TEXT(t)         \
    (struct trace_text) \
    {                   \
        t, sizeof t - 1 \
    }

struct kind {
    const char *name;
    int (*more)(struct tally *t, struct err *err); /* what else it has; NULL: nothing */
    size_t events, environments;
    size_t every;  /* this one of so many differs; 0: none */
    bool recorded; /* there is something to compare with */
    bool details;  /* findings, sizes of memory */
    bool interrupted;
    bool long_command;
};

static const struct kind kinds[] = {
    {"hostile", NULL, 240, 4, 6, true, true, false, false},
    {"large", NULL, 40000, 64, 20, true, true, false, true},
    {"same", NULL, 400, 2, 0, true, false, false, false},
    {"raw", NULL, 3, 1, 0, false, false, true, false},
    {"none", NULL, 0, 0, 0, false, false, true, false},
    {"messages", sample_messages, 240, 0, 6, true, false, false, false},
    {"chaos", sample_chaos, 0, 1, 0, false, false, false, false},
    {"passed", sample_passed, 0, 1, 0, false, false, false, false},
    {"crowd", sample_crowd, 0, 1, 0, false, false, false, true},
};

/* Pairs of answers. Between them: the end of a script, quotes, marks that turn the direction,
 * pictures, bytes that are not UTF-8, control characters. */
static const struct {
    struct trace_text event, before, now, log;
    enum trace_status status;
} pairs[] = {
    {TEXT("{\"Records\":[{\"messageId\":\"m-1\",\"body\":\"{\\\"order\\\":17}\",\"eventSource\":"
          "\"aws:sqs\"}]}"),
     TEXT("{\"batchItemFailures\":[],\"total\":9007199254740993,\"items\":[{\"id\":1,\"price\":"
          "10.50},{\"id\":2,\"price\":3.25}]}"),
     TEXT("{\"batchItemFailures\":[{\"itemIdentifier\":\"m-1\"}],\"total\":9007199254740992,"
          "\"items\":[{\"id\":1,\"price\":10.50},{\"id\":2,\"price\":3.52}]}"),
     TEXT("order 17 was read\n\tprice 3.52\n"), TRACE_STATUS_SUCCESS},
    {TEXT("{\"html\":\"</script><script>document.title='owned'</script><img src=x "
          "onerror=alert(1)><!--\"}"),
     TEXT("{\"page\":\"</script><script>document.title='owned'</script>\",\"quote\":\"\\\"'&<>\"}"),
     TEXT("{\"page\":\"</SCRIPT ><svg onload=document.title='owned'>\",\"quote\":\"\\\"'&<>\"}"),
     TEXT("</script><b>log</b> <!--\n\x1b[31mred\x1b[0m \x1b]0;title\x07\n"), TRACE_STATUS_SUCCESS},
    {TEXT("{\"name\":\"\xE2\x80\xAE"
          "gpj.exe\",\"emoji\":\"\xF0\x9F\x98\x80\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB\"}"),
     TEXT("{\"name\":\"\xE2\x80\xAE"
          "gpj.exe\",\"arabic\":\"\xD9\x85\xD8\xB1\xD8\xAD\xD8\xA8\xD8\xA7\"}"),
     TEXT("{\"name\":\"\xE2\x81\xA7"
          "gpj.exe\",\"arabic\":\"\xD9\x85\xD8\xB1\xD8\xAD\xD8\xA8\xD8\xA7\",\"new/one~\":true}"),
     TEXT("\xE2\x80\xAE turned \xE2\x80\xAC\n"), TRACE_STATUS_SUCCESS},
    {TEXT("{\"key\":\"a\"}"), TEXT("{\"ok\":true}"),
     TEXT("{\"errorType\":\"Runtime.ExitError\",\"errorMessage\":\"RequestId: x Error: exit status "
          "1\"}"),
     TEXT("panic\n"), TRACE_STATUS_ERROR},
    {TEXT("\xff\xfe\x00\x01 no JSON"), TEXT("plain \x01\x02\x7f text"),
     TEXT("plain \x01\xc3\x28 text \xEF\xBF\xBF"), TEXT("\xff\xfe\n"), TRACE_STATUS_SUCCESS},
    {TEXT("{\"wait\":true}"), TEXT("\"a\""),
     TEXT("{\"errorType\":\"Sandbox.Timedout\",\"errorMessage\":\"Task timed out after 3.00 "
          "seconds\"}"),
     TEXT(""), TRACE_STATUS_TIMEOUT},
};

static uint32_t seed = 7;

static uint32_t random_below(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % n;
}

/* Mostly near the middle, now and then much more. */
static int64_t make_duration(int64_t middle)
{
    int64_t us = middle * 8 / 10;
    for (int i = 0; i < 4; i++)
        us += random_below((uint32_t)middle / 10);
    return random_below(50) ? us : us * (2 + random_below(5));
}

static void make_pair(const struct kind *k, size_t i, struct trace_entry *before,
                      struct trace_entry *now)
{
    static char megabyte[MEGABYTE];
    size_t n = k->every ? i / k->every : 0, p = n % ARRAY_LEN(pairs);
    bool differs = k->every && i % k->every == k->every - 1;
    *before = *now = trace_entry_none;
    before->source = i % 5 ? "traces/last night.jsonl" : "<img src=x onerror=alert(1)>.jsonl";
    before->line = i + 1;
    before->event = pairs[p].event;
    before->request_id = TEXT("8f5c1f5e-0c3a-4d9b-8a57-3a0f6b1c2d4e");
    before->status = k->recorded ? TRACE_STATUS_SUCCESS : TRACE_STATUS_UNKNOWN;
    before->answer = k->recorded ? pairs[p].before : (struct trace_text){0};
    now->status = differs ? pairs[p].status : TRACE_STATUS_SUCCESS;
    now->answer = differs ? pairs[p].now : pairs[p].before;
    now->log = pairs[p].log;
    if (k->recorded) {
        before->log = TEXT("the line before\n");
        before->duration_us = make_duration(1200);
        before->max_memory_mb = 14 + random_below(3);
    }
    now->duration_us =
        pairs[p].status == TRACE_STATUS_TIMEOUT && differs ? 3000000 : make_duration(1450);
    now->max_memory_mb = 15 + random_below(4);
    now->init_us = i < k->environments ? make_duration(9000) : TRACE_UNKNOWN;
    if (differs && n == 7) {
        for (size_t at = 0; at < MEGABYTE; at += 64)
            memcpy(megabyte + at,
                   "\xE2\x82\xAC a line of a very long log, one of very many of them...... \n", 64);
        now->log = (struct trace_text){megabyte, MEGABYTE};
    }
}

static void add_spans(struct tally *t, const struct kind *k, size_t i,
                      const struct trace_entry *now)
{
    static int64_t at_us[64];
    unsigned e = (unsigned)(i % k->environments);
    struct tally_span span = {.environment = e, .count = 1, .begin_us = at_us[e]};
    if (now->init_us >= 0) {
        span.kind = TALLY_SPAN_INIT;
        span.begin_us += e * 700;
        span.end_us = span.begin_us + now->init_us;
        tally_add_span(t, &span);
        span.begin_us = span.end_us;
    }
    span.kind = now->status == TRACE_STATUS_SUCCESS ? TALLY_SPAN_INVOKE : TALLY_SPAN_FAILED;
    span.end_us = span.begin_us + (now->duration_us > 100000 ? 30000 : now->duration_us);
    tally_add_span(t, &span);
    span.kind = TALLY_SPAN_FROZEN;
    span.begin_us = span.end_us;
    span.end_us += random_below(3000);
    tally_add_span(t, &span);
    at_us[e] = span.end_us;
    if (span.end_us > t->took_us)
        t->took_us = span.end_us;
}

static void add_details(struct tally *t)
{
    static const unsigned sizes[] = {128, 256, 512, 1024, 1769};
    t->budget[BUDGET_DURATION] = 1.2;
    t->budget[BUDGET_MEMORY] = 1.25;
    tally_add_finding(t, true, false, "duration",
                      "median %.3g ms, was %.3g ms: +20.8 %% (95 %% sure: +20.1 to +21.6), budget "
                      "+20 %%, 240 measurements",
                      1.45, 1.2);
    tally_add_finding(t, false, false, "memory", "median 16 MB, was 15 MB: +6.7 %%, budget +25 %%");
    tally_add_finding(t, false, true, "init", "nothing to compare: %d measurements before", 0);
    tally_add_finding(t, true, false, "leak: descriptors",
                      "0.98 more after each invocation; </script><b>first</b> seen at event %d",
                      12);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
        t->power[t->npower++] = (struct tally_power){
            .memory_mb = sizes[i],
            .p50_us = 21000.0 * 128 / sizes[i],
            .p99_us = 64000.0 * 128 / sizes[i],
            .max_memory_mb = 16,
            .dollars_per_million = 0.2 + (double)i * 0.0713,
            .meets = i > 1,
            .cheapest = i == 2,
        };
}

static int fill(struct tally *t, const struct kind *k, struct err *err)
{
    struct arena arena;
    struct compare_rules rules = {0};
    struct trace_entry before, now;
    struct compare_result differences;
    int status = arena_init(&arena, 16 * MEGABYTE, err);
    for (size_t i = 0; status == 0 && i < k->events; i++) {
        arena_reset(&arena);
        make_pair(k, i, &before, &now);
        status = compare_entries(&rules, &before, &now, &arena, &differences, err);
        if (status == 0) {
            tally_add(t, i + 1, &before, &now, &differences);
            if (k->environments)
                add_spans(t, k, i, &now);
        }
    }
    arena_fini(&arena);
    if (k->details)
        add_details(t);
    return status;
}

static int write_file(const char *folder, const char *name, const struct buf *text, struct err *err)
{
    char path[4096];
    if (buf_check(text, name, err) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    if (!file)
        return err_sys(err, "open '%s'", path);
    size_t written = fwrite(text->ptr, 1, text->len, file);
    if (fclose(file) != 0 || written != text->len)
        return err_sys(err, "write '%s'", path);
    return 0;
}

static int write_all(const struct tally *t, const char *folder, struct err *err)
{
    static const char *const names[] = {"report.html", "report.xml", "report.json"};
    int status = 0;
    for (size_t i = 0; status == 0 && i < ARRAY_LEN(names); i++) {
        AUTO_BUF struct buf text;
        buf_init(&text, REPORT_MAX);
        report_find(names[i])(t, &text);
        status = write_file(folder, names[i], &text, err);
    }
    for (int colour = 0; status == 0 && colour < 2; colour++) {
        AUTO_BUF struct buf text;
        buf_init(&text, REPORT_MAX);
        report_text(t, colour, 100, &text);
        status = write_file(folder, colour ? "colour.txt" : "report.txt", &text, err);
    }
    return status;
}

static int make(const struct kind *k, const char *folder, struct err *err)
{
    struct tally t;
    if (tally_init(&t, err) < 0)
        return -1;
    t.function = "build/examples/orders <b>.so";
    t.baseline = k->details ? "build/examples/orders_old.so" : NULL;
    t.command = k->long_command
                    ? "clambda replay 'build/examples/orders <b>.so' 'traces/last night.jsonl' "
                      "--match '/items/*/price=number~1e-9' --ignore /requestContext/requestId "
                      "--budget duration=+20%,memory=+25% --report 'it'\\''s a report.html'"
                    : "clambda replay 'build/examples/orders <b>.so' 'traces/last night.jsonl'";
    t.repeat = t.command + sizeof "clambda replay " - 1;
    t.version = "0.1.0";
    t.began_ms = 1795284000000;
    t.interrupted = k->interrupted;
    t.jobs = 2;
    t.messages = k->more;
    int status = fill(&t, k, err);
    if (status == 0 && k->more)
        status = k->more(&t, err);
    if (status == 0)
        status = write_all(&t, folder, err);
    tally_fini(&t);
    return status;
}

int main(int argc, char **argv)
{
    struct err err = {0};
    for (size_t i = 0; argc == 3 && i < ARRAY_LEN(kinds); i++) {
        if (strcmp(argv[1], kinds[i].name) != 0)
            continue;
        if (make(&kinds[i], argv[2], &err) == 0)
            return 0;
        fprintf(stderr, "report_sample: %s\n", err.msg);
        return 1;
    }
    fprintf(stderr, "report_sample KIND FOLDER:");
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        fprintf(stderr, " %s", kinds[i].name);
    fputc('\n', stderr);
    return 2;
}

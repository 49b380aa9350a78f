/* SPDX-License-Identifier: Apache-2.0 */
/* What decoding costs: one JSON line of medians, in ms for the Kinesis batch and in us for the
 * small events, ours beside memcpy and beside the oracle (a cJSON tree, and the strict scanner
 * walking along with it, which makes it slower than cJSON alone; keys NAME_cjson_UNIT). --quick
 * measures shortly;
 * --engine sse2 takes the engine without AVX2. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/base64.h"
#include "decode/decode.h"
#include "decode/engine.h"
#include "lambda/kinesis.h"
#include "lambda/s3.h"
#include "lambda/sqs.h"

#define KINESIS_RECORDS 6623 /* what fits 6 MiB with 400 characters of data each */
#define SAMPLES_MAX     101
#define ARENA_SIZE      (256u << 20)

struct bench {
    struct buf text;
    char *work; /* a copy to decode, with the padding */
    struct lambda_type *type;
    struct arena arena;
    const struct engine *engine;
    union {
        struct lambda_s3_event s3;
        struct lambda_sqs_event sqs;
        struct lambda_kinesis_event kinesis;
    } out;
};

typedef void (*operation_fn)(struct bench *b);

static void add_kinesis_record(struct buf *b, unsigned i)
{
    unsigned char data[300];
    for (size_t k = 0; k < sizeof data; k++)
        data[k] = (unsigned char)(i * 31 + k * 7 + (k * k >> 3));
    buf_addf(b,
             "%s{\"kinesis\":{\"kinesisSchemaVersion\":\"1.0\",\"partitionKey\":\"customer-%06u\","
             "\"sequenceNumber\":\"4959033827149025660855969253836157109577%016u\",\"data\":\"",
             i ? "," : "", i, i);
    char *at = buf_reserve(b, BASE64_ENCODED(sizeof data));
    if (at)
        b->len += base64_encode(data, sizeof data, at);
    buf_addf(b,
             "\",\"approximateArrivalTimestamp\":1545084650.%03u},\"eventSource\":\"aws:kinesis\","
             "\"eventVersion\":\"1.0\",\"eventID\":\"shardId-000000000006:"
             "4959033827149025660855969253836157109577%016u\",\"eventName\":\"aws:kinesis:record\","
             "\"invokeIdentityArn\":\"arn:aws:iam::123456789012:role/lambda-role\","
             "\"awsRegion\":\"us-east-2\",\"eventSourceARN\":\"arn:aws:kinesis:us-east-2:"
             "123456789012:stream/lambda-stream\"}",
             i % 1000, i);
}

static void make_kinesis(struct buf *b)
{
    buf_adds(b, "{\"Records\":[");
    for (unsigned i = 0; i < KINESIS_RECORDS; i++)
        add_kinesis_record(b, i);
    buf_adds(b, "]}");
}

static void make_s3(struct buf *b)
{
    buf_adds(
        b, "{\"Records\":[{\"eventVersion\":\"2.1\",\"eventSource\":\"aws:s3\",\"awsRegion\":"
           "\"us-west-2\",\"eventTime\":\"2026-01-02T03:04:05.678Z\",\"eventName\":"
           "\"ObjectCreated:Put\",\"userIdentity\":{\"principalId\":\"AWS:AIDAJDPLRKLG7UEXAMPLE\"},"
           "\"requestParameters\":{\"sourceIPAddress\":\"192.0.2.77\"},\"responseElements\":{"
           "\"x-amz-request-id\":\"C3D13FE58DE4C810\",\"x-amz-id-2\":\"FMyUVURIY8IgAtTv8xRjskZQpcIZ"
           "9KG4V5Wp6S7S5JRWeUWerMUE5JgHvANOjpD\"},\"s3\":{\"s3SchemaVersion\":\"1.0\","
           "\"configurationId\":\"uploads\",\"bucket\":{\"name\":\"pictures-of-the-day\","
           "\"ownerIdentity\":{\"principalId\":\"A3NL1KOZZKExample\"},\"arn\":\"arn:aws:s3:::"
           "pictures-of-the-day\"},\"object\":{\"key\":\"2026/01/red+flower.jpg\",\"size\":1048576,"
           "\"eTag\":\"d41d8cd98f00b204e9800998ecf8427e\",\"versionId\":\"096fKKXTRTtl3on89fVO\","
           "\"sequencer\":\"0055AED6DCD90281E5\"}}}]}");
}

/* Ten messages whose bodies are about 1 KB of JSON in text. */
static void make_sqs(struct buf *b)
{
    buf_adds(b, "{\"Records\":[");
    for (unsigned i = 0; i < 10; i++) {
        buf_addf(b,
                 "%s{\"messageId\":\"059f36b4-87a3-44ab-83d2-66197597%04u\",\"receiptHandle\":"
                 "\"AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a0123456789abcdef\",\"body\":\"{",
                 i ? "," : "", i);
        for (unsigned k = 0; k < 45; k++)
            buf_addf(b, "%s\\\"field%02u\\\":\\\"%06u\\\"", k ? "," : "", k, i * 1000 + k);
        buf_adds(b,
                 "}\",\"attributes\":{\"ApproximateReceiveCount\":\"1\",\"SentTimestamp\":"
                 "\"1545082649183\",\"SenderId\":\"AIDAIENQZJOLO23YVJ4VO\","
                 "\"ApproximateFirstReceiveTimestamp\":\"1545082649185\"},\"messageAttributes\":{"
                 "},\"md5OfBody\":\"e4e68fb7bd0e697a0ae8f1bb342846b3\",\"eventSource\":"
                 "\"aws:sqs\",\"eventSourceARN\":\"arn:aws:sqs:us-east-2:123456789012:orders\","
                 "\"awsRegion\":\"us-east-2\"}");
    }
    buf_adds(b, "]}");
}

static void fail(const char *what)
{
    fprintf(stderr, "bench_decode: %s\n", what);
    exit(1);
}

static void run_copy(struct bench *b)
{
    memcpy(b->work, b->text.ptr, b->text.len);
    __asm__ volatile("" ::: "memory");
}

static void run_decode(struct bench *b)
{
    struct err err;
    run_copy(b);
    arena_reset(&b->arena);
    if (document_decode(b->engine, b->type, b->work, b->text.len, &b->out, &b->arena, &err))
        fail(err.msg);
}

static void run_oracle(struct bench *b)
{
    struct err err;
    run_copy(b);
    arena_reset(&b->arena);
    if (decode_oracle(b->type, b->work, b->text.len, &b->out, &b->arena, &err))
        fail(err.msg);
}

static void run_match(struct bench *b)
{
    if (!decode_match(LAMBDA_S3_MATCH_, b->text.ptr, b->text.len))
        fail("the S3 event does not match");
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Median microseconds of one run; each sample repeats it for a while. */
static double measure(struct bench *b, operation_fn run, size_t repeat, size_t samples)
{
    double us[SAMPLES_MAX];
    run(b);
    for (size_t i = 0; i < samples; i++) {
        struct timespec from, to;
        clock_gettime(CLOCK_MONOTONIC, &from);
        for (size_t k = 0; k < repeat; k++)
            run(b);
        clock_gettime(CLOCK_MONOTONIC, &to);
        us[i] =
            ((double)(to.tv_sec - from.tv_sec) * 1e6 + (double)(to.tv_nsec - from.tv_nsec) / 1e3) /
            (double)repeat;
    }
    qsort(us, samples, sizeof us[0], compare_doubles);
    return us[samples / 2];
}

static void open_bench(struct bench *b, struct lambda_type *type, void (*make)(struct buf *),
                       const struct engine *engine)
{
    struct err err;
    memset(b, 0, sizeof *b);
    b->type = type;
    b->engine = engine;
    buf_init(&b->text, 64 << 20);
    make(&b->text);
    if (decode_prepare(type, &err) || buf_check(&b->text, "the event", &err) ||
        arena_init(&b->arena, ARENA_SIZE, &err))
        fail(err.msg);
    b->work = malloc(b->text.len + DECODE_PAD);
    if (!b->work)
        fail("out of memory");
}

static void close_bench(struct bench *b)
{
    free(b->work);
    buf_free(&b->text);
    arena_fini(&b->arena);
}

/* Prints the figures of one event; copying the text in is part of no figure but its own. */
static void report(const char *name, struct bench *b, size_t repeat, size_t samples, double scale,
                   const char *unit)
{
    double copy = measure(b, run_copy, repeat, samples);
    double ours = measure(b, run_decode, repeat, samples) - copy;
    double oracle = measure(b, run_oracle, repeat / 8 + 1, samples / 3 + 1) - copy;
    printf("\"%s_bytes\": %zu, \"%s_memcpy_%s\": %.4f, \"%s_%s\": %.4f, \"%s_cjson_%s\": %.4f, ",
           name, b->text.len, name, unit, copy / scale, name, unit, ours / scale, name, unit,
           oracle / scale);
}

int main(int argc, char **argv)
{
    const struct engine *engine = engine_pick();
    size_t samples = 41;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0)
            samples = 5;
        else if (strcmp(argv[i], "--engine") == 0 && i + 1 < argc && !strcmp(argv[i + 1], "sse2"))
            engine = &engine_base, i++;
        else
            fail("usage: bench_decode [--quick] [--engine sse2]");
    }
    struct bench b;
    printf("{\"engine\": \"%s\", ", engine->name);
    open_bench(&b, &lambda_kinesis_event_type, make_kinesis, engine);
    report("kinesis", &b, 1, samples, 1e3, "ms");
    close_bench(&b);
    open_bench(&b, &lambda_sqs_event_type, make_sqs, engine);
    report("sqs10", &b, 500, samples, 1, "us");
    close_bench(&b);
    open_bench(&b, &lambda_s3_event_type, make_s3, engine);
    report("s3", &b, 5000, samples, 1, "us");
    printf("\"s3_match_us\": %.4f}\n", measure(&b, run_match, 5000, samples));
    close_bench(&b);
    return 0;
}

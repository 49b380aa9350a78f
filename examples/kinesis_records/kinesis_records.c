/* SPDX-License-Identifier: Apache-2.0 */
/* Called once per batch. Adds up what each partition key measured. */
#include <lambda/kinesis.h>

#include <string.h>

/* The data of a record, after base64. */
struct reading {
    lambda_str sensor;
    double value;
};
LAMBDA_TYPE(reading, LAMBDA_F(reading, sensor, "sensor"), LAMBDA_F(reading, value, "value"));

struct total {
    lambda_str key;
    int64_t records;
    double sum;
};
LAMBDA_TYPE(total, LAMBDA_F(total, key, "partitionKey"), LAMBDA_F(total, records, "records"),
            LAMBDA_F(total, sum, "sum"));

struct answer {
    LAMBDA_LIST(struct total) totals;
    lambda_json failures;
};
LAMBDA_TYPE(answer, LAMBDA_LISTOF(answer, totals, "totals", total),
            LAMBDA_F(answer, failures, "batchItemFailures"));

static struct total *total_of(struct total *totals, size_t *count, lambda_str key)
{
    for (size_t i = 0; i < *count; i++)
        if (totals[i].key.len == key.len && memcmp(totals[i].key.ptr, key.ptr, key.len) == 0)
            return &totals[i];
    totals[*count].key = key;
    return &totals[(*count)++];
}

static int on_batch(lambda_ctx *ctx, const struct lambda_kinesis_event *event)
{
    struct total *totals = lambda_alloc(ctx, (event->records.len + 1) * sizeof *totals);
    size_t count = 0;
    if (!totals)
        return lambda_error(ctx, "NoMemory", "no memory for %zu records", event->records.len);
    lambda_each(r, event->records)
    {
        struct reading reading;
        if (!r->kinesis.partition_key.ptr ||
            lambda_decode(ctx, reading, r->kinesis.data, &reading) < 0)
            return lambda_error(ctx, "BadRecord", "record %s is no reading",
                                r->kinesis.sequence_number.ptr);
        struct total *total = total_of(totals, &count, r->kinesis.partition_key);
        total->records++;
        total->sum += reading.value;
    }
    lambda_log(ctx, LAMBDA_INFO, "%zu records of %zu keys", event->records.len, count);
    struct answer answer = {.failures = {"[]", 2}};
    answer.totals.ptr = totals;
    answer.totals.len = count;
    lambda_str text = lambda_encode(ctx, answer, &answer);
    return text.ptr ? lambda_reply(ctx, text.ptr, text.len)
                    : lambda_error(ctx, "NoMemory", "no memory for the answer");
}

LAMBDA_MODULE(LAMBDA_KINESIS(on_batch));

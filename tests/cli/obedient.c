/* SPDX-License-Identifier: Apache-2.0 */
/* A handler that does with each record what the record says, whatever its source. Words, with a
 * number behind them where it counts deliveries:
 *
 *   ok, fail N, crash N, once (fails when it comes again), wrong (names what is not there), all
 * (the whole batch fails), count (its answer counts deliveries), slow (longer than a short timeout)
 *
 * What is no word is ok, but for the record that LONG names: it fails, and the answer is long.
 * Deliveries are counted in /tmp, which outlives the process. */
#include <ctype.h>
#include <lambda.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RECORDS_MAX 1000
#define ANSWER_MAX  (1 << 20)

/* What a record is called and says, by source. */
static const struct kind {
    const char *seen;     /* is there when the event is of this kind */
    const char *id, *say; /* of record number %d */
} kinds[] = {
    {"/Records/0/messageId", "/Records/%d/messageId", "/Records/%d/body"},
    {"/Records/0/kinesis", "/Records/%d/kinesis/sequenceNumber",
     "/Records/%d/kinesis/partitionKey"},
    {"/Records/0/dynamodb", "/Records/%d/dynamodb/SequenceNumber",
     "/Records/%d/dynamodb/Keys/do/S"},
    {"/records", "/records/t-0/%d/offset", "/records/t-0/%d/say"},
    {"/Records/0/s3", "/Records/%d/s3/object/sequencer", "/Records/%d/s3/object/key"},
    {"/do", "/id", "/do"},
};

struct answer {
    char text[ANSWER_MAX];
    size_t len, failed;
    bool all;
};

static unsigned count_delivery(const char *id)
{
    char path[200];
    unsigned count = 0;
    snprintf(path, sizeof path, "/tmp/%s", id);
    FILE *f = fopen(path, "r+e");
    if (f && fscanf(f, "%u", &count) != 1)
        count = 0;
    if (!f)
        f = fopen(path, "we");
    if (!f)
        return 0;
    rewind(f);
    fprintf(f, "%u\n", ++count);
    fclose(f);
    return count;
}

static void name_failed(struct answer *a, const char *id)
{
    a->len += (size_t)snprintf(a->text + a->len, sizeof a->text - a->len,
                               "%s{\"itemIdentifier\":\"%s\"}", a->failed ? "," : "", id);
    a->failed++;
}

static void obey(struct answer *a, const char *id, const char *say, unsigned count)
{
    unsigned number = 0;
    char word[20] = "";
    sscanf(say, "%19[a-z]%*c%u", word, &number);
    if (strcmp(word, "crash") == 0 && count <= number)
        _exit(7);
    if (strcmp(word, "slow") == 0)
        usleep(3000000);
    a->all |= strcmp(word, "all") == 0;
    if (strcmp(word, "wrong") == 0)
        name_failed(a, "nobody");
    else if ((strcmp(word, "fail") == 0 && count <= number) ||
             (strcmp(word, "once") == 0 && count > 1))
        name_failed(a, id);
    const char *named = getenv("LONG");
    if (named && !*word && strcmp(named, id) == 0) {
        name_failed(a, id);
        a->len += (size_t)snprintf(a->text + a->len, sizeof a->text - a->len, "%*s",
                                   ANSWER_MAX * 9 / 10, "");
    }
}

static void text_of(lambda_ctx *ctx, lambda_json event, const char *form, int i, char *out,
                    size_t size)
{
    char pointer[100];
    snprintf(pointer, sizeof pointer, form, i);
    lambda_str s = lambda_json_str(ctx, event, pointer);
    lambda_json raw = lambda_json_get(event, pointer);
    if (s.ptr)
        snprintf(out, size, "%s", s.ptr);
    else
        snprintf(out, size, "%.*s", (int)raw.len, raw.ptr ? raw.ptr : "");
}

static int answer_single(lambda_ctx *ctx, const struct answer *a, const char *say, unsigned count)
{
    char text[100];
    if (a->failed || a->all)
        return lambda_error(ctx, "Told", "told to fail");
    int len = strcmp(say, "count") == 0 ? snprintf(text, sizeof text, "{\"count\":%u}", count)
                                        : snprintf(text, sizeof text, "{\"did\":\"%.60s\"}", say);
    return lambda_reply(ctx, text, (size_t)len);
}

static int on_event(lambda_ctx *ctx, lambda_str text)
{
    static struct answer a;
    lambda_json event = {text.ptr, text.len};
    const struct kind *k = kinds;
    char id[100], say[100];
    unsigned count = 0;
    while (k + 1 < kinds + sizeof kinds / sizeof *kinds && !lambda_json_get(event, k->seen).ptr)
        k++;
    a.failed = 0;
    a.all = false;
    a.len = (size_t)snprintf(a.text, sizeof a.text, "{\"batchItemFailures\":[");
    for (int i = 0; i < RECORDS_MAX; i++) {
        text_of(ctx, event, k->id, i, id, sizeof id);
        if (!id[0])
            break;
        text_of(ctx, event, k->say, i, say, sizeof say);
        count = count_delivery(id);
        obey(&a, id, say, count);
        if (k + 1 == kinds + sizeof kinds / sizeof *kinds)
            break; /* the event is the record */
    }
    if (k + 2 >= kinds + sizeof kinds / sizeof *kinds)
        return answer_single(ctx, &a, say, count);
    if (a.all)
        return lambda_error(ctx, "Told", "told to fail");
    a.len += (size_t)snprintf(a.text + a.len, sizeof a.text - a.len, "]}");
    return lambda_reply(ctx, a.text, a.len);
}

LAMBDA_MODULE(LAMBDA_RAW(on_event));

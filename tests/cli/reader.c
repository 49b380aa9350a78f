/* SPDX-License-Identifier: Apache-2.0 */
/* A handler that reads the records of any source, and does with those that it cannot read what the
 * environment's READER says:
 *
 *   first (names it, and stops there), all (an error for the whole batch), swallow (nothing), last
 *   (names the last of the batch instead), clock (as first; its answers tell the time) */
#include <lambda.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RECORDS_MAX 1000

/* By source: its records, what they are called, and what stands at the beginning of what can be
 * read. */
static const struct kind {
    const char *seen;
    const char *id, *content, *begins; /* of record number %d */
} kinds[] = {
    {"/Records/0/messageId", "/Records/%d/messageId", "/Records/%d/body", "{}"},
    {"/Records/0/kinesis", "/Records/%d/kinesis/sequenceNumber", "/Records/%d/kinesis/data",
     "e30="},
    {"/Records/0/dynamodb", "/Records/%d/dynamodb/SequenceNumber",
     "/Records/%d/dynamodb/NewImage/do/S", ""},
    {"/records", "/records/t-0/%d/offset", "/records/t-0/%d/value", "e30="},
    {"/Records/0/s3", "/Records/%d/s3/object/sequencer", "/Records/%d/s3/object/key", "o"},
    {"", "/id", "/do", "o"},
};

static bool get(lambda_ctx *ctx, lambda_json event, const char *form, int i, lambda_str *out)
{
    char pointer[100];
    snprintf(pointer, sizeof pointer, form, i);
    *out = lambda_json_str(ctx, event, pointer);
    lambda_json raw = lambda_json_get(event, pointer);
    if (!out->ptr)
        *out = (lambda_str){raw.ptr, raw.len};
    return out->ptr != NULL;
}

static int answer_failure(lambda_ctx *ctx, const struct kind *k, lambda_str id)
{
    char text[300];
    int len = snprintf(text, sizeof text,
                       strstr(k->id, "offset") ? "{\"batchItemFailures\":[{\"itemIdentifier\":"
                                                 "{\"partition\":\"t-0\",\"offset\":%.*s}}]}"
                                               : "{\"batchItemFailures\":[{\"itemIdentifier\":"
                                                 "\"%.*s\"}]}",
                       (int)id.len, id.ptr);
    return lambda_reply(ctx, text, (size_t)len);
}

static int answer_success(lambda_ctx *ctx, const char *way)
{
    char text[100];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int len = snprintf(text, sizeof text, "{\"batchItemFailures\":[],\"at\":\"%lld.%09ld\"}",
                       (long long)now.tv_sec, now.tv_nsec);
    return strcmp(way, "clock") == 0 ? lambda_reply(ctx, text, (size_t)len)
                                     : lambda_reply(ctx, "{\"batchItemFailures\":[]}", 24);
}

static int on_event(lambda_ctx *ctx, lambda_str text)
{
    lambda_json event = {text.ptr, text.len};
    const char *way = getenv("READER") ? getenv("READER") : "first";
    const struct kind *k = kinds;
    lambda_str id, content, failed = {0};
    while (!lambda_json_get(event, k->seen).ptr)
        k++;
    bool single = !*k->seen;
    for (int i = 0; i < RECORDS_MAX && (single || get(ctx, event, k->id, i, &id)); i++) {
        size_t len = strlen(k->begins);
        bool good = get(ctx, event, k->content, i, &content) && content.len >= len &&
                    memcmp(content.ptr, k->begins, len) == 0;
        if (!failed.ptr && !good)
            failed = single ? text : id;
        else if (failed.ptr && strcmp(way, "last") == 0)
            failed = id;
        if (single)
            break;
    }
    if (!failed.ptr || strcmp(way, "swallow") == 0)
        return answer_success(ctx, way);
    if (strcmp(way, "all") == 0 || single || strstr(k->id, "sequencer"))
        return lambda_error(ctx, "Unreadable", "a record cannot be read");
    return answer_failure(ctx, k, failed);
}

LAMBDA_MODULE(LAMBDA_RAW(on_event));

/* SPDX-License-Identifier: Apache-2.0 */
/* Called for each object that was written to a bucket. Keeps counts where an execution environment
 * keeps things: static memory, which lives as long as the process, and /tmp, which outlives it. */
#include <lambda/s3.h>

#include <stdio.h>
#include <string.h>

#define SEEN_MAX  64
#define TMP_COUNT "/tmp/s3_put.count"

/* Keys that this process has handled: S3 may send an event twice. */
static struct {
    char sequencer[40];
} seen[SEEN_MAX];
static unsigned handled;

static bool seen_before(lambda_str sequencer)
{
    unsigned count = handled < SEEN_MAX ? handled : SEEN_MAX;
    for (unsigned i = 0; i < count; i++)
        if (strcmp(seen[i].sequencer, sequencer.ptr) == 0)
            return true;
    return false;
}

static void remember(lambda_str sequencer)
{
    snprintf(seen[handled % SEEN_MAX].sequencer, sizeof seen[0].sequencer, "%s", sequencer.ptr);
    handled++;
}

/* One more in the file, of all processes of this environment. */
static long count_in_tmp(void)
{
    long count = 0;
    FILE *f = fopen(TMP_COUNT, "r");
    if (f) {
        if (fscanf(f, "%ld", &count) != 1)
            count = 0;
        fclose(f);
    }
    f = fopen(TMP_COUNT, "w");
    if (!f)
        return -1;
    fprintf(f, "%ld\n", ++count);
    return fclose(f) == 0 ? count : -1;
}

/* What the answer says of one object. */
struct result {
    lambda_str bucket, key;
    int64_t size;
    bool repeated;
    int64_t in_memory, in_tmp;
};
LAMBDA_TYPE(result, LAMBDA_F(result, bucket, "bucket"), LAMBDA_F(result, key, "key"),
            LAMBDA_F(result, size, "size"), LAMBDA_F(result, repeated, "repeated"),
            LAMBDA_F(result, in_memory, "handledByProcess"),
            LAMBDA_F(result, in_tmp, "handledByEnvironment"));

static int on_object(lambda_ctx *ctx, const struct lambda_s3_record *r)
{
    struct result out = {.bucket = r->s3.bucket.name, .size = r->s3.object.size};
    out.key = lambda_url_decode(ctx, r->s3.object.key); /* "red+flower.jpg": "red flower.jpg" */
    if (!out.key.ptr || !r->s3.object.sequencer.ptr)
        return lambda_error(ctx, "BadRecord", "a record without key or sequencer");
    out.repeated = seen_before(r->s3.object.sequencer);
    if (!out.repeated)
        remember(r->s3.object.sequencer);
    out.in_memory = handled;
    out.in_tmp = count_in_tmp();
    if (out.in_tmp < 0)
        return lambda_error(ctx, "TmpFull", "cannot write %s", TMP_COUNT);
    lambda_log(ctx, LAMBDA_INFO, "%s s3://%s/%s", out.repeated ? "again" : "new", out.bucket.ptr,
               out.key.ptr);
    lambda_str answer = lambda_encode(ctx, result, &out);
    return answer.ptr ? lambda_reply(ctx, answer.ptr, answer.len)
                      : lambda_error(ctx, "NoMemory", "no memory for the answer");
}

LAMBDA_MODULE(LAMBDA_S3_EACH(on_object));

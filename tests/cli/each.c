/* SPDX-License-Identifier: Apache-2.0 */
/* A handler as the headers make it easy: once per record, it fails what is no JSON object. */
#include <lambda/kinesis.h>
#include <lambda/sqs.h>

struct thing {
    int64_t n;
};
LAMBDA_TYPE(thing, LAMBDA_F(thing, n, "n"));

static int on_message(lambda_ctx *ctx, const struct lambda_sqs_message *m)
{
    struct thing thing;
    return lambda_decode(ctx, thing, m->body, &thing);
}

static int on_record(lambda_ctx *ctx, const struct lambda_kinesis_record *r)
{
    struct thing thing;
    return lambda_decode(ctx, thing, r->kinesis.data, &thing);
}

LAMBDA_MODULE(LAMBDA_SQS_EACH(on_message), LAMBDA_KINESIS_EACH(on_record));

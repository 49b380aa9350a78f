/* SPDX-License-Identifier: Apache-2.0 */
/* All three sources of batches in one module. A message "fail" fails. */
#include <lambda/kinesis.h>
#include <lambda/s3.h>
#include <lambda/sqs.h>
#include <string.h>

static int on_message(lambda_ctx *ctx, const struct lambda_sqs_message *m)
{
    lambda_log(ctx, LAMBDA_INFO, "message %s", m->message_id.ptr);
    if (m->body.ptr && strcmp(m->body.ptr, "fail") == 0)
        return lambda_error(ctx, "BadMessage", "cannot take %s", m->message_id.ptr);
    return 0;
}

static int on_record(lambda_ctx *ctx, const struct lambda_kinesis_record *r)
{
    if (r->kinesis.data.len == 4 && memcmp(r->kinesis.data.ptr, "fail", 4) == 0)
        return lambda_error(ctx, "BadRecord", "cannot take %s", r->kinesis.sequence_number.ptr);
    return 0;
}

static int on_object(lambda_ctx *ctx, const struct lambda_s3_record *r)
{
    lambda_str key = lambda_url_decode(ctx, r->s3.object.key);
    return lambda_error(ctx, "BadObject", "cannot take '%s'", key.ptr);
}

LAMBDA_MODULE(LAMBDA_SQS_EACH(on_message), LAMBDA_KINESIS_EACH(on_record),
              LAMBDA_S3_EACH(on_object));

/* SPDX-License-Identifier: Apache-2.0 */
/* Handlers that do nothing with what they get: what remains is the runtime's own cost. */
#include <lambda.h>
#include <lambda/s3.h>
#include <lambda/sqs.h>

static int on_raw(lambda_ctx *ctx, lambda_str event)
{
    (void)event;
    return lambda_reply(ctx, "null", 4);
}

static int on_object(lambda_ctx *ctx, const struct lambda_s3_record *record)
{
    (void)ctx;
    return record->event_name.len ? 0 : -1;
}

static int on_message(lambda_ctx *ctx, const struct lambda_sqs_message *message)
{
    (void)ctx;
    return message->body.len ? 0 : -1;
}

LAMBDA_MODULE(LAMBDA_RAW(on_raw));
LAMBDA_MODULE_AS(s3, LAMBDA_S3_EACH(on_object));
LAMBDA_MODULE_AS(sqs, LAMBDA_SQS_EACH(on_message));

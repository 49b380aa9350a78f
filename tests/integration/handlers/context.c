/* SPDX-License-Identifier: Apache-2.0 */
/* Answers with everything that the context holds. */
#include <lambda.h>
#include <stdio.h>
#include <stdlib.h>

static const char *text(lambda_str s)
{
    return s.ptr ? s.ptr : "(absent)";
}

static int on_event(lambda_ctx *ctx, lambda_str event)
{
    char answer[4096];
    (void)event;
    lambda_json client = lambda_client_context(ctx), identity = lambda_cognito_identity(ctx);
    const char *trace = getenv("_X_AMZN_TRACE_ID");
    int64_t left = lambda_remaining_ms(ctx);
    int len = snprintf(answer, sizeof answer,
                       "{\"id\":\"%s\",\"arn\":\"%s\",\"trace\":\"%s\",\"env\":\"%s\","
                       "\"client\":%.*s,\"identity\":%.*s,\"deadline\":%lld,\"left\":%s,"
                       "\"tenant\":\"%s\"}",
                       text(lambda_request_id(ctx)), text(lambda_function_arn(ctx)),
                       text(lambda_trace_id(ctx)), trace ? trace : "(absent)",
                       client.ptr ? (int)client.len : 4, client.ptr ? client.ptr : "null",
                       identity.ptr ? (int)identity.len : 4, identity.ptr ? identity.ptr : "null",
                       (long long)lambda_deadline_ms(ctx), left > 0 ? "true" : "false",
                       text(lambda_tenant_id(ctx)));
    return lambda_reply(ctx, answer, (size_t)len);
}

LAMBDA_MODULE(LAMBDA_RAW(on_event));

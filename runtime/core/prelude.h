/* SPDX-License-Identifier: Apache-2.0 */
/* How a streamed answer begins: what a handler asks for is checked, since it ends in headers. Pure.
 */
#pragma once

#include "base/buf.h"
#include "core/failure.h"
#include "lambda.h"

#define PRELUDE_MAX  (64u << 10) /* bytes of status, headers and cookies as JSON */
#define PRELUDE_TYPE "application/vnd.awslambda.http-integration-response"

/* Takes a head as the handler's lambda.h has it, which may be older or newer than ours. head NULL:
 * all zero. -1 when it has members that this runtime does not know. */
int prelude_take_head(const struct lambda_stream_head *head, size_t size,
                      struct lambda_stream_head *out, struct failure *f) ATTR_CHECK;

/* Checks a head and appends the bytes that stand before the body: status, headers and cookies as
 * JSON and 8 NUL bytes; none without an HTTP status. -1: f says which value is wrong. */
int prelude_print(const struct lambda_stream_head *head, struct buf *out,
                  struct failure *f) ATTR_CHECK;

/* Content-Type of the answer on its way to Lambda. */
const char *prelude_content_type(const struct lambda_stream_head *head);

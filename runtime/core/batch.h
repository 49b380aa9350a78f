/* SPDX-License-Identifier: Apache-2.0 */
/* Events that are lists of records: which records count as failed, and what is answered then.
 *
 *   LAMBDA_P_NONE    the first failure fails the invocation
 *   LAMBDA_P_QUEUE   every failed record is reported; after a failure the rest of its FIFO group is
 *                    reported without being called, so that order is kept
 *   LAMBDA_P_STREAM  the first failed record is reported, the rest is not called: the source starts
 *                    again from there
 *
 * When every record failed, or partial failures are off, the invocation fails instead. A record
 * without an id cannot be reported: the invocation fails too. */
#pragma once

#include "core/ctx.h"
#include "core/report.h"

/* LAMBDA_M_EACH: decodes and calls record by record. 0: the answer is in ctx->reply. */
int batch_run_each(const struct lambda_handler *h, struct lambda_ctx *ctx) ATTR_CHECK;

/* LAMBDA_M_EVENT: before and after the handler is called with the whole event. */
int batch_begin(const struct lambda_handler *h, const void *event,
                struct lambda_ctx *ctx) ATTR_CHECK;
int batch_end(const struct lambda_handler *h, const void *event, struct lambda_ctx *ctx) ATTR_CHECK;

/* The answer to a batch whose handler will not come back: the records that failed, the one that was
 * being handled and, where the source does not start again from there itself, those behind it. -1:
 * there is no such batch, partial failures are off, no record is done, one has no id, or the
 * handler has answered with an object of its own; then the whole invocation fails.
 * Async-signal-safe. */
int batch_rescue(struct report *out, struct arena *scratch) ATTR_CHECK;

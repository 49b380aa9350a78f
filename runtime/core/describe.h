/* SPDX-License-Identifier: Apache-2.0 */
/* What an event is, in words, for the message that no handler takes it. */
#pragma once

#include "base/buf.h"
#include "core/module.h"

/* Appends something like "Records of 'aws:sqs'"; for an unknown event its top-level keys. */
void describe_event(const char *text, size_t len, struct buf *out);

/* Appends the events that a module takes: "SQS batch, S3 notification". */
void describe_module(const struct lambda_module *table, struct buf *out);

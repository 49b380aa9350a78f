/* SPDX-License-Identifier: Apache-2.0 */
/* A record whose content no handler can read: what FAULT_POISON makes of one. Pure. */
#pragma once

#include "mapping/records.h"

/* A copy of r with a text of its own, in text: sqs: body, kinesis: data, kafka: value are JSON that
 * breaks off (in base64 where they are); dynamodb: Keys, NewImage and OldImage are {}; s3: the key
 * is "%", which no URL has; async: the event is {}. false: it has no such member, nothing is done;
 * check text for memory. */
bool poison_record(const struct record *r, struct record *out, struct buf *text);

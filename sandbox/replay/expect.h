/* SPDX-License-Identifier: Apache-2.0 */
/* --expect: the history of now beside one that was written before, message by message. */
#pragma once

#include "base/buf.h"

struct replay;

/* lines: the history of now, as history_write gives it. Each message is added to the tally with
 * what happened to it, the answers that its batches got among it. -1: the file cannot be read, or
 * is no history. */
int replay_expect(struct replay *r, const struct buf *lines, struct err *err) ATTR_CHECK;

/* SPDX-License-Identifier: Apache-2.0 */
/* --expect: the history of now beside one that was written before, message by message. */
#pragma once

#include "base/buf.h"

struct replay;
struct replay_expected;
struct replay_options;

/* Reads the file of --expect, before anything runs: *out NULL when there is none. The caller closes
 * it. -1: it cannot be read, or is no history. */
int replay_expect_open(const struct replay_options *o, struct replay_expected **out,
                       struct err *err) ATTR_CHECK;
void replay_expect_close(struct replay_expected *e); /* accepts NULL */

/* lines: the history of now, as history_write gives it, beside the expected one of the replay. Each
 * message is added to the tally with what happened to it, the answers that its batches got among
 * it. */
int replay_expect(struct replay *r, const struct buf *lines, struct err *err) ATTR_CHECK;

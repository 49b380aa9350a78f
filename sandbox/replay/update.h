/* SPDX-License-Identifier: Apache-2.0 */
/* --update: the recordings once more, with the answers, logs and measurements of now, each under
 * another name beside its own until all is told. */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "replay/options.h"
#include "trace/entry.h"

struct replay_update;

/* -1 with ERR_USAGE: a trace is no recording; else what cannot be written. */
int replay_update_open(const struct replay_options *o, struct replay_update **out,
                       struct err *err) ATTR_CHECK;

/* The next invocation, in the order of the recordings. */
int replay_update_add(struct replay_update *u, const struct trace_entry *recorded,
                      const struct trace_entry *now, struct err *err) ATTR_CHECK;

/* Puts the new files in the place of the old ones, if anything differs at all. */
int replay_update_publish(struct replay_update *u, size_t differing, struct err *err) ATTR_CHECK;

/* Removes what was not published. Accepts NULL. */
void replay_update_close(struct replay_update *u);

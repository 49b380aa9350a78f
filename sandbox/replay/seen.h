/* SPDX-License-Identifier: Apache-2.0 */
/* Which records a trace has had: a message that was delivered twice is in it twice, and is one. */
#pragma once

#include "mapping/records.h"
#include "trace/entry.h"

struct replay_identities;

struct replay_identities *replay_identities_new(struct err *err) ATTR_CHECK; /* NULL: no memory */
void replay_identities_free(struct replay_identities *ids);                  /* accepts NULL */

/* A record where it stands in the trace. */
struct replay_sight {
    const struct record *record;
    struct trace_text request_id; /* of the invocation */
    size_t event;                 /* number, from 1 */
    size_t place;                 /* in the event, from 0 */
};

/* 1: it is known; 0: it is from now on; -1: no memory, or ERR_INPUT: another content has its name.
 * A record without a name of its own is told by the invocation's request id, its place in the
 * event and its content; without the first it is new. */
int replay_identities_add(struct replay_identities *ids, const struct replay_sight *sight,
                          struct err *err) ATTR_CHECK;

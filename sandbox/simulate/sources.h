/* SPDX-License-Identifier: Apache-2.0 */
/* The event source mappings of one function, as if they were one: a mapping for each queue of the
 * trace, since queues share neither batches nor pollers, and one for all shards of streams. Numbers
 * of records and invocations count over all of them. */
#pragma once

#include "mapping/mapping.h"

#define SOURCES_MAX 1000 /* ours: more queues than that are no function's */

struct sources;

/* All have the same settings, see mapping_new. count: at least one. NULL: ERR_LIMIT, ERR_MEMORY.
 */
struct sources *sources_new(const struct mapping_settings *s, uint32_t count,
                            struct err *err) ATTR_CHECK;
void sources_free(struct sources *s); /* accepts NULL */

/* which: from 0, below count. For these and the others see mapping.h. */
int sources_put(struct sources *s, uint32_t which, const struct mapping_item *item,
                struct err *err) ATTR_CHECK;
int sources_next(struct sources *s, int64_t now_ms, struct mapping_action *out,
                 struct err *err) ATTR_CHECK;
int64_t sources_wake_ms(const struct sources *s);
int sources_finish(struct sources *s, uint64_t batch, const struct mapping_result *r,
                   int64_t now_ms, struct err *err) ATTR_CHECK;

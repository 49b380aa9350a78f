/* SPDX-License-Identifier: Apache-2.0 */
/* What the sources of mapping.c's table have to offer. Each is a state machine of its own;
 * mapping.c numbers records, keeps their items and hands calls on. */
#pragma once

#include "mapping/mapping.h"

/* What all sources know of a mapping. */
struct mapping_items {
    struct mapping_settings settings;
    struct mapping_item *items; /* by number */
    size_t nitems, cap;
    size_t open; /* not yet settled: a source counts it down */
};

/* state is the source's own, made by open. See mapping.h for the calls. */
struct mapping_rules {
    void *(*open)(struct mapping_items *m, struct err *err);
    void (*close)(void *state);
    int (*put)(void *state, uint32_t number, struct err *err);
    int (*next)(void *state, int64_t now_ms, struct mapping_action *out, struct err *err);
    int64_t (*wake_ms)(const void *state);
    int (*finish)(void *state, uint64_t batch, const struct mapping_result *r, int64_t now_ms,
                  struct err *err);
};

extern const struct mapping_rules mapping_queue_rules;  /* queue.c: sqs */
extern const struct mapping_rules mapping_stream_rules; /* stream.c: kinesis, dynamodb, kafka */
extern const struct mapping_rules mapping_async_rules;  /* async.c: async, s3 */

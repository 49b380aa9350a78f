/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/mapping.h"

#include <stdlib.h>

#include "mapping/rules.h"

struct mapping {
    struct mapping_items items;
    const struct mapping_rules *rules;
    void *state;
};

static const struct mapping_rules *const rules_of[MAPPING_SOURCE_COUNT] = {
    [MAPPING_SQS] = &mapping_queue_rules,       [MAPPING_KINESIS] = &mapping_stream_rules,
    [MAPPING_DYNAMODB] = &mapping_stream_rules, [MAPPING_KAFKA] = &mapping_stream_rules,
    [MAPPING_S3] = &mapping_async_rules,        [MAPPING_ASYNC] = &mapping_async_rules,
};

const char *mapping_reason_name(enum mapping_source source, enum mapping_reason reason)
{
    static const char *const streams[MAPPING_REASON_COUNT] = {
        [MAPPING_REASON_NONE] = "",
        [MAPPING_RETRIES_EXHAUSTED] = "RetryAttemptsExhausted",
        [MAPPING_AGE_EXCEEDED] = "RecordAgeExceeded",
        [MAPPING_RECEIVES_EXCEEDED] = "maxReceiveCount",
        [MAPPING_EXPIRED] = "retention period",
        [MAPPING_ZERO_CONCURRENCY] = "ZeroReservedConcurrency",
    };
    bool async = mapping_is_async(source);
    if (async && reason == MAPPING_RETRIES_EXHAUSTED)
        return "RetriesExhausted";
    return async && reason == MAPPING_AGE_EXCEEDED ? "EventAgeExceeded" : streams[reason];
}

struct mapping *mapping_new(const struct mapping_settings *s, struct err *err)
{
    struct mapping *m = calloc(1, sizeof *m);
    if (!m) {
        err_set(err, ERR_MEMORY, "no memory for an event source mapping");
        return NULL;
    }
    m->items.settings = *s;
    m->rules = rules_of[s->source];
    m->state = m->rules->open(&m->items, err);
    if (m->state)
        return m;
    free(m);
    return NULL;
}

void mapping_free(struct mapping *m)
{
    if (!m)
        return;
    m->rules->close(m->state);
    free(m->items.items);
    free(m);
}

static int make_room(struct mapping_items *m, struct err *err)
{
    if (m->nitems < m->cap)
        return 0;
    if (m->nitems == MAPPING_RECORDS_MAX)
        return err_set(err, ERR_LIMIT, "more than %d records in one event source mapping",
                       MAPPING_RECORDS_MAX);
    size_t cap = m->cap ? m->cap * 2 : 64;
    struct mapping_item *items = realloc(m->items, cap * sizeof *items);
    if (!items)
        return err_set(err, ERR_MEMORY, "no memory for %zu records", cap);
    m->items = items;
    m->cap = cap;
    return 0;
}

int mapping_put(struct mapping *m, const struct mapping_item *item, struct err *err)
{
    struct mapping_items *items = &m->items;
    if (make_room(items, err) < 0)
        return -1;
    items->items[items->nitems] = *item;
    if (m->rules->put(m->state, (uint32_t)items->nitems, err) < 0)
        return -1;
    items->nitems++;
    items->open++;
    return 0;
}

int mapping_next(struct mapping *m, int64_t now_ms, struct mapping_action *out, struct err *err)
{
    *out = (struct mapping_action){.time_ms = now_ms};
    return m->rules->next(m->state, now_ms, out, err);
}

int64_t mapping_wake_ms(const struct mapping *m)
{
    return m->rules->wake_ms(m->state);
}

int mapping_finish(struct mapping *m, uint64_t batch, const struct mapping_result *r,
                   int64_t now_ms, struct err *err)
{
    return m->rules->finish(m->state, batch, r, now_ms, err);
}

size_t mapping_open_records(const struct mapping *m)
{
    return m->items.open;
}

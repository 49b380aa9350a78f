/* SPDX-License-Identifier: Apache-2.0 */
/* Actions that wait to be handed out, with copies of their records. */
#pragma once

#include "mapping/mapping.h"

struct outbox_entry {
    struct mapping_action action;
    size_t first;    /* of numbers */
    bool deliveries; /* behind the records */
};

/* All zero: an empty one. */
struct outbox {
    struct outbox_entry *entries;
    size_t count, cap, given;
    uint32_t *numbers;
    size_t nnumbers, numbers_cap;
};

void outbox_fini(struct outbox *o);

/* Room for so many more actions and numbers, that outbox_add then cannot fail for. */
int outbox_reserve(struct outbox *o, size_t actions, size_t numbers, struct err *err) ATTR_CHECK;

/* deliveries: as many, or NULL; they count as numbers too. Sets a->nrecords. */
int outbox_add(struct outbox *o, const struct mapping_action *a, const uint32_t *records,
               const uint32_t *deliveries, size_t n, struct err *err) ATTR_CHECK;

/* In the order of adding; arrays are valid until the next call of anything here. */
bool outbox_take(struct outbox *o, struct mapping_action *out);

static inline bool outbox_is_empty(const struct outbox *o)
{
    return o->given == o->count;
}

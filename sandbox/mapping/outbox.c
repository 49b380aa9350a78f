/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/outbox.h"

#include <string.h>

#define OUTBOX_FIRST 16

void outbox_fini(struct outbox *o)
{
    free(o->entries);
    free(o->numbers);
    *o = (struct outbox){0};
}

/* NULL: no memory; what *cap stands for is enough for count more. */
static void *grow(void *items, size_t *cap, size_t used, size_t more, size_t size)
{
    size_t want = *cap ? *cap : OUTBOX_FIRST;
    while (want - used < more)
        want *= 2;
    void *grown = realloc(items, want * size);
    if (grown)
        *cap = want;
    return grown;
}

int outbox_reserve(struct outbox *o, size_t actions, size_t numbers, struct err *err)
{
    if (outbox_is_empty(o)) {
        o->count = o->given = 0;
        o->nnumbers = 0;
    }
    if (actions > o->cap - o->count) {
        void *grown = grow(o->entries, &o->cap, o->count, actions, sizeof *o->entries);
        if (!grown)
            return err_set(err, ERR_MEMORY, "no memory for %zu actions", actions);
        o->entries = grown;
    }
    if (numbers > o->numbers_cap - o->nnumbers) {
        void *grown = grow(o->numbers, &o->numbers_cap, o->nnumbers, numbers, sizeof *o->numbers);
        if (!grown)
            return err_set(err, ERR_MEMORY, "no memory for actions of %zu records", numbers);
        o->numbers = grown;
    }
    return 0;
}

int outbox_add(struct outbox *o, const struct mapping_action *a, const uint32_t *records,
               const uint32_t *deliveries, size_t n, struct err *err)
{
    if (outbox_reserve(o, 1, deliveries ? 2 * n : n, err) < 0)
        return -1;
    struct outbox_entry *e = &o->entries[o->count++];
    *e = (struct outbox_entry){*a, o->nnumbers, deliveries};
    e->action.nrecords = n;
    if (n)
        memcpy(o->numbers + o->nnumbers, records, n * sizeof *records);
    if (n && deliveries)
        memcpy(o->numbers + o->nnumbers + n, deliveries, n * sizeof *records);
    o->nnumbers += deliveries ? 2 * n : n;
    return 0;
}

bool outbox_take(struct outbox *o, struct mapping_action *out)
{
    if (outbox_is_empty(o))
        return false;
    const struct outbox_entry *e = &o->entries[o->given++];
    *out = e->action;
    out->records = o->numbers + e->first;
    out->deliveries = e->deliveries ? out->records + out->nrecords : NULL;
    return true;
}

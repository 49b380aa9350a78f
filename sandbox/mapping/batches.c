/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/batches.h"

#include <inttypes.h>
#include <string.h>

#define BATCHES_FIRST 16

static struct batch **slot_of(const struct batches *b, uint64_t place)
{
    return &b->slots[place & (b->cap - 1)];
}

void batches_fini(struct batches *b)
{
    for (size_t i = 0; i < b->cap; i++)
        free(b->slots[i]);
    free(b->slots);
    *b = (struct batches){0};
}

static int grow(struct batches *b, struct err *err)
{
    if (b->n < b->cap)
        return 0;
    size_t cap = b->cap ? b->cap * 2 : BATCHES_FIRST;
    struct batch **slots = calloc(cap, sizeof *slots);
    if (!slots)
        return err_set(err, ERR_MEMORY, "no memory for %zu open batches", cap);
    for (uint64_t i = b->oldest; i < b->oldest + b->n; i++)
        slots[i & (cap - 1)] = *slot_of(b, i);
    free(b->slots);
    b->slots = slots;
    b->cap = cap;
    return 0;
}

int batches_add(struct batches *b, const uint32_t *records, size_t n, struct err *err)
{
    if (grow(b, err) < 0)
        return -1;
    struct batch *s = malloc(sizeof *s + n * sizeof *records);
    if (!s)
        return err_set(err, ERR_MEMORY, "no memory for a batch of %zu records", n);
    s->n = n;
    s->attempt = 1;
    s->held = false;
    memcpy(s->records, records, n * sizeof *records);
    *slot_of(b, b->oldest + b->n) = s;
    b->n++;
    b->open++;
    return 0;
}

int batches_find(const struct batches *b, uint64_t number, const uint32_t **out_records,
                 size_t *out_n, struct err *err)
{
    bool known = number > b->oldest && number - b->oldest <= b->n;
    const struct batch *s = known ? *slot_of(b, number - 1) : NULL;
    if (!s || s->held)
        return err_set(err, ERR_INPUT, "batch %" PRIu64 " is not being processed", number);
    *out_records = s->records;
    *out_n = s->n;
    return 0;
}

static void leave(struct batches *b, uint64_t number)
{
    *slot_of(b, number - 1) = NULL;
    while (b->n && !*slot_of(b, b->oldest)) {
        b->oldest++;
        b->n--;
    }
}

void batches_remove(struct batches *b, uint64_t number)
{
    free(*slot_of(b, number - 1));
    b->open--;
    leave(b, number);
}

const struct batch *batches_get(const struct batches *b, uint64_t number)
{
    return *slot_of(b, number - 1);
}

void batches_hold(struct batches *b, uint64_t number)
{
    (*slot_of(b, number - 1))->held = true;
}

int batches_again(struct batches *b, uint64_t number, struct err *err)
{
    if (grow(b, err) < 0)
        return -1;
    struct batch *s = *slot_of(b, number - 1);
    *slot_of(b, b->oldest + b->n) = s;
    b->n++;
    s->attempt++;
    s->held = false;
    leave(b, number);
    return 0;
}

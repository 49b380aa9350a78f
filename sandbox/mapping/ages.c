/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/ages.h"

#include "mapping/list.h"

void ages_fini(struct ages *a)
{
    heap_fini(&a->back);
    free(a->is_back);
}

int ages_reserve(struct ages *a, uint32_t number, struct err *err)
{
    if (number >= a->cap) {
        size_t cap = a->items->cap;
        bool *is_back = realloc(a->is_back, cap * sizeof *is_back);
        if (!is_back)
            return err_set(err, ERR_MEMORY, "no memory for the age of %zu records", cap);
        a->is_back = is_back;
        a->cap = cap;
    }
    return 0;
}

void ages_put(struct ages *a, uint32_t number)
{
    a->is_back[number] = false;
    a->count = number + 1;
}

int64_t ages_end_ms(const struct ages *a, uint32_t number)
{
    if (a->limit_ms == MAPPING_NO_LIMIT)
        return MAPPING_NEVER;
    return heap_time_add(a->items->items[number].arrival_ms, a->limit_ms);
}

int ages_back(struct ages *a, uint32_t number, struct err *err)
{
    if (a->limit_ms == MAPPING_NO_LIMIT || number >= a->fresh || a->is_back[number])
        return 0;
    if (heap_push(&a->back, ages_end_ms(a, number), number, err) < 0)
        return -1;
    a->is_back[number] = true;
    return 0;
}

void ages_tidy(struct ages *a)
{
    if (a->limit_ms == MAPPING_NO_LIMIT)
        return;
    while (a->fresh < a->count && !a->waits(a->owner, a->fresh))
        a->fresh++;
    const struct heap_entry *top;
    while ((top = heap_top(&a->back)) && !a->waits(a->owner, (uint32_t)top->value)) {
        a->is_back[top->value] = false;
        heap_pop(&a->back);
    }
}

uint32_t ages_next(const struct ages *a, int64_t *out_ms)
{
    *out_ms = MAPPING_NEVER;
    const struct heap_entry *top = heap_top(&a->back);
    uint32_t number = LIST_NONE;
    if (a->limit_ms != MAPPING_NO_LIMIT && a->fresh < a->count) {
        number = a->fresh;
        *out_ms = ages_end_ms(a, number);
    }
    if (top && (number == LIST_NONE || top->time_ms < *out_ms)) {
        number = (uint32_t)top->value;
        *out_ms = top->time_ms;
    }
    return number;
}

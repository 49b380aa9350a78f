/* SPDX-License-Identifier: Apache-2.0 */
#include "simulate/sources.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define NUMBERS_MAX ((size_t)MAPPING_RECORDS_MAX * sizeof(uint64_t))

struct source {
    struct mapping *mapping;
    struct buf records; /* numbers over all, by that of the mapping */
    struct buf batches; /* the same, from 1 */
};

/* Where an invocation belongs to. */
struct place {
    uint32_t source;
    uint64_t batch;
};

struct sources {
    struct source *items;
    uint32_t count, at; /* at: the one whose actions are being taken */
    uint64_t nrecords;
    struct place *places; /* of invocations, from 1 */
    size_t nplaces, cap;
    uint32_t *names; /* records of an action */
    size_t names_cap;
};

static int no_memory(struct err *err)
{
    return err_set(err, ERR_MEMORY, "no memory for event source mappings");
}

static int add(struct buf *numbers, uint64_t number, struct err *err)
{
    buf_add(numbers, &number, sizeof number);
    return buf_check(numbers, "event source mappings", err);
}

static uint64_t get(const struct buf *numbers, uint64_t place)
{
    uint64_t number;
    assert(place < numbers->len / sizeof number);
    memcpy(&number, numbers->ptr + place * sizeof number, sizeof number);
    return number;
}

struct sources *sources_new(const struct mapping_settings *s, uint32_t count, struct err *err)
{
    if (count > SOURCES_MAX) {
        err_set(err, ERR_LIMIT, "a trace of %" PRIu32 " queues: at most %d go together", count,
                SOURCES_MAX);
        return NULL;
    }
    struct sources *all = calloc(1, sizeof *all);
    if (all)
        all->items = calloc(count, sizeof *all->items);
    if (!all || !all->items) {
        no_memory(err);
        free(all);
        return NULL;
    }
    for (; all->count < count; all->count++) {
        struct source *source = &all->items[all->count];
        buf_init(&source->records, NUMBERS_MAX);
        buf_init(&source->batches, NUMBERS_MAX);
        source->mapping = mapping_new(s, err);
        if (!source->mapping) {
            sources_free(all);
            return NULL;
        }
    }
    return all;
}

void sources_free(struct sources *s)
{
    if (!s)
        return;
    for (uint32_t i = 0; i < s->count; i++) {
        mapping_free(s->items[i].mapping);
        buf_free(&s->items[i].records);
        buf_free(&s->items[i].batches);
    }
    free(s->items);
    free(s->places);
    free(s->names);
    free(s);
}

int sources_put(struct sources *s, uint32_t which, const struct mapping_item *item, struct err *err)
{
    struct source *source = &s->items[which];
    if (s->count > 1 && add(&source->records, s->nrecords, err) < 0)
        return -1;
    if (mapping_put(source->mapping, item, err) < 0)
        return -1;
    s->nrecords++;
    return 0;
}

/* ---- numbers of one as numbers of all ------------------------------------------------------- */

static int name_batch(struct sources *s, struct source *source, struct mapping_action *a,
                      struct err *err)
{
    if (a->kind != MAPPING_INVOKE) {
        a->batch = a->batch ? get(&source->batches, a->batch - 1) : 0;
        return 0;
    }
    if (s->nplaces == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 64;
        struct place *places = realloc(s->places, cap * sizeof *places);
        if (!places)
            return no_memory(err);
        s->places = places;
        s->cap = cap;
    }
    if (add(&source->batches, s->nplaces + 1, err) < 0)
        return -1;
    s->places[s->nplaces++] = (struct place){s->at, a->batch};
    a->batch = s->nplaces;
    return 0;
}

static int name_records(struct sources *s, const struct source *source, struct mapping_action *a,
                        struct err *err)
{
    if (a->nrecords > s->names_cap) {
        uint32_t *names = realloc(s->names, a->nrecords * sizeof *names);
        if (!names)
            return no_memory(err);
        s->names = names;
        s->names_cap = a->nrecords;
    }
    for (size_t i = 0; i < a->nrecords; i++)
        s->names[i] = (uint32_t)get(&source->records, a->records[i]);
    a->records = s->names;
    return 0;
}

/* Each in its turn: nothing that one does concerns another. */
int sources_next(struct sources *s, int64_t now_ms, struct mapping_action *out, struct err *err)
{
    for (; s->at < s->count; s->at++) {
        struct source *source = &s->items[s->at];
        int acts = mapping_next(source->mapping, now_ms, out, err);
        if (acts == 0)
            continue;
        if (acts < 0 || s->count == 1)
            return acts;
        return name_batch(s, source, out, err) < 0 || name_records(s, source, out, err) < 0 ? -1
                                                                                            : 1;
    }
    s->at = 0;
    return 0;
}

int64_t sources_wake_ms(const struct sources *s)
{
    int64_t wake_ms = MAPPING_NEVER;
    for (uint32_t i = 0; i < s->count; i++) {
        int64_t ms = mapping_wake_ms(s->items[i].mapping);
        wake_ms = ms < wake_ms ? ms : wake_ms;
    }
    return wake_ms;
}

int sources_finish(struct sources *s, uint64_t batch, const struct mapping_result *r,
                   int64_t now_ms, struct err *err)
{
    if (s->count == 1)
        return mapping_finish(s->items[0].mapping, batch, r, now_ms, err);
    if (batch == 0 || batch > s->nplaces)
        return err_set(err, ERR_INPUT, "there is no invocation of that number");
    const struct place *place = &s->places[batch - 1];
    return mapping_finish(s->items[place->source].mapping, place->batch, r, now_ms, err);
}

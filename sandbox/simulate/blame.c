/* SPDX-License-Identifier: Apache-2.0 */
#include "simulate/blame.h"

#include <inttypes.h>
#include <stdlib.h>

int blame_open(struct blame_all *b, const struct mapping_settings *settings,
               const struct simulation_records *records, uint32_t nrecords, struct err *err)
{
    uint32_t lanes = 0;
    *b = (struct blame_all){.settings = settings,
                            .of = settings->fifo ? records->keys : records->shards,
                            .ordered = mapping_is_ordered(settings),
                            .nrecords = nrecords};
    for (uint32_t i = 0; i < nrecords; i++)
        lanes = b->of[i] >= lanes ? b->of[i] + 1 : lanes;
    b->records = calloc((size_t)nrecords + 1, sizeof *b->records);
    b->lanes = calloc((size_t)lanes + 1, sizeof *b->lanes);
    if (b->records && b->lanes)
        return 0;
    blame_close(b);
    return err_set(err, ERR_MEMORY, "no memory to judge %" PRIu32 " records", nrecords);
}

void blame_close(struct blame_all *b)
{
    free(b->records);
    free(b->lanes);
    b->records = NULL;
    b->lanes = NULL;
}

void blame_poisoned(struct blame_all *b, uint32_t record)
{
    struct blame_lane *lane = &b->lanes[b->of[record]];
    b->records[record].poisoned = true;
    if (!lane->first || record + 1 < lane->first)
        lane->first = record + 1;
}

bool blame_has_poison(const struct blame_all *b, const struct run *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (b->records[r->members[i]].poisoned)
            return true;
    return false;
}

/* Where there is an order, all comes again from the first one that failed. */
static bool fails(const struct blame_all *b, const struct run *r, size_t first, size_t i)
{
    return b->ordered ? i >= first : run_names(r, i);
}

void blame_calm(struct blame_all *b, const struct run *r)
{
    size_t first = run_first_failed(r);
    for (size_t i = 0; i < r->count; i++)
        b->records[r->members[i]].own_calm += fails(b, r, first, i);
}

/* Whether it used up no retry: a batch that was throttled is tried again as it is, a stream's shard
 * whose answer was lost goes on where it was. */
static bool is_free(const struct blame_all *b, const struct run *r)
{
    enum history_status status = r->answered->status;
    return r->split || status == HISTORY_THROTTLED ||
           (status == HISTORY_LOST && b->settings->source != MAPPING_SQS);
}

static void count_fault(struct blame_all *b, const struct run *r)
{
    bool costs = !is_free(b, r);
    for (size_t i = 0; i < r->count; i++) {
        struct blame_record *w = &b->records[r->members[i]];
        w->last = r->number;
        w->fault += costs;
        w->delay += !costs;
        b->lanes[b->of[r->members[i]]].fault++;
    }
}

static void count_poison(struct blame_all *b, const struct run *r, size_t first, bool whole)
{
    for (size_t i = 0; i < r->count; i++) {
        struct blame_record *w = &b->records[r->members[i]];
        struct blame_lane *lane = &b->lanes[b->of[r->members[i]]];
        if (!fails(b, r, first, i))
            continue;
        w->last = r->number;
        w->poison++;
        w->whole = w->whole || whole;
        lane->poison++;
        lane->whole = lane->whole || whole;
    }
}

/* Whether a right function has to fail it: a FIFO queue's message behind a poisoned one of its
 * group. */
static bool is_behind(const struct blame_all *b, const struct run *r, size_t i)
{
    for (size_t k = 0; k < i && b->settings->fifo; k++)
        if (b->records[r->members[k]].poisoned && b->of[r->members[k]] == b->of[r->members[i]])
            return true;
    return false;
}

/* Whether it failed what is poisoned, and else only what has to fail with it. Of a stream's or a
 * group's records that are named the first one counts: the others come again for their order. */
static bool is_exact(const struct blame_all *b, const struct run *r, size_t first)
{
    if (!run_is_whole(r))
        return b->ordered && b->records[r->members[first]].poisoned;
    for (size_t i = 0; i < r->count; i++)
        if (!b->records[r->members[i]].poisoned && !is_behind(b, r, i))
            return false;
    return true;
}

void blame_run(struct blame_all *b, const struct run *r)
{
    size_t first = run_first_failed(r);
    if (r->faulted || r->answered->status == HISTORY_LOST) {
        count_fault(b, r);
        return;
    }
    if (first == r->count)
        return;
    bool exact = is_exact(b, r, first);
    if (blame_has_poison(b, r) && (!b->ordered || exact || run_is_whole(r))) {
        if (!r->split)
            count_poison(b, r, first, !exact);
        return;
    }
    for (size_t i = 0; i < r->count; i++)
        if (fails(b, r, first, i)) {
            b->records[r->members[i]].last = r->number;
            b->records[r->members[i]].own += !r->split;
            b->lanes[b->of[r->members[i]]].own++;
        }
}

struct blame_verdict blame_end(const struct blame_all *b, uint32_t record,
                               const struct history_fate *fate)
{
    const struct blame_record *w = &b->records[record];
    const struct blame_lane *lane = &b->lanes[b->of[record]];
    bool timed = fate->reason == MAPPING_AGE_EXCEEDED || fate->reason == MAPPING_EXPIRED;
    uint32_t fault = w->fault + (timed ? w->delay : 0);
    if (w->own > w->own_calm && w->own > fault)
        return (struct blame_verdict){.who = BLAME_FUNCTION};
    if (w->poison > fault)
        return (struct blame_verdict){.who = w->whole ? BLAME_POISON : BLAME_SETTINGS};
    if (timed && b->ordered && lane->first && lane->first <= record && lane->poison > lane->fault)
        return (struct blame_verdict){lane->whole ? BLAME_POISON : BLAME_SETTINGS, true};
    bool alone = !w->own && !w->poison && (w->fault || w->delay || (!lane->own && !lane->poison));
    return (struct blame_verdict){.who = alone ? BLAME_FAULTS : BLAME_SHARED};
}

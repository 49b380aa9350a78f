/* SPDX-License-Identifier: Apache-2.0 */
#include "simulate/runs.h"

#include <stdlib.h>

static int open_runs(struct runs *r, const struct history *h, struct err *err)
{
    size_t invoked = 0, members = 0;
    for (size_t i = 0; i < h->nentries; i++) {
        const struct history_entry *e = &h->entries[i];
        r->last = e->invocation > r->last ? e->invocation : r->last;
        invoked += e->kind == HISTORY_INVOKED;
        members += e->kind == HISTORY_INVOKED ? e->count : 0;
    }
    r->items = calloc(invoked + 1, sizeof *r->items);
    r->places = calloc((size_t)r->last + 1, sizeof *r->places);
    r->named = calloc(members + 1, 1);
    r->marks = calloc((size_t)h->nrecords + 1, sizeof *r->marks);
    if (r->items && r->places && r->named && r->marks)
        return 0;
    return err_set(err, ERR_MEMORY, "no memory for %zu invocations", invoked);
}

static void name_failed(struct runs *r, struct run *run, const struct history *h,
                        const struct history_entry *e)
{
    run->answered = e;
    for (uint32_t i = 0; i < e->count; i++)
        r->marks[h->members[e->first + i]] = run->number;
    for (size_t i = 0; i < run->count; i++)
        run->named[i] = e->count && r->marks[run->members[i]] == run->number;
}

int runs_read(struct runs *r, const struct history *h, struct err *err)
{
    *r = (struct runs){0};
    if (open_runs(r, h, err) < 0) {
        runs_fini(r);
        return -1;
    }
    size_t named = 0;
    for (size_t i = 0; i < h->nentries; i++) {
        const struct history_entry *e = &h->entries[i];
        if (e->kind == HISTORY_INVOKED) {
            r->items[r->count++] = (struct run){.members = h->members + e->first,
                                                .named = r->named + named,
                                                .count = e->count,
                                                .number = e->invocation,
                                                .ran = e->ran,
                                                .faulted = !e->ran};
            r->places[e->invocation] = (uint32_t)r->count;
            named += e->count;
        }
        struct run *run = e->invocation && r->places[e->invocation]
                              ? &r->items[r->places[e->invocation] - 1]
                              : NULL;
        if (run && e->kind == HISTORY_ANSWERED)
            name_failed(r, run, h, e);
        if (run && e->kind == HISTORY_FAULT && e->fault != FAULT_DUPLICATE)
            run->faulted = true;
        if (run && e->kind == HISTORY_SPLIT)
            run->split = true;
    }
    return 0;
}

void runs_fini(struct runs *r)
{
    free(r->items);
    free(r->places);
    free(r->named);
    free(r->marks);
    *r = (struct runs){0};
}

const struct run *runs_find(const struct runs *r, uint32_t invocation)
{
    if (!invocation || invocation > r->last || !r->places[invocation])
        return NULL;
    return &r->items[r->places[invocation] - 1];
}

size_t run_first_failed(const struct run *r)
{
    size_t first = 0;
    while (first < r->count && !r->named[first])
        first++;
    return first;
}

bool run_is_whole(const struct run *r)
{
    return r->answered->status == HISTORY_ERROR || r->answered->status == HISTORY_TIMEOUT ||
           r->answered->status == HISTORY_REFUSED;
}

bool run_succeeded(const struct run *r)
{
    return r->answered &&
           (r->answered->status == HISTORY_SUCCESS || r->answered->status == HISTORY_LOST);
}

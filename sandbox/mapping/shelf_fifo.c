/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/shelf.h"

#include <assert.h>

static struct shelf_group *group_of(const struct shelf *s, uint32_t number)
{
    return &s->groups[s->items->items[number].key];
}

static bool has_come(const struct shelf *s, uint32_t number, int64_t now_ms)
{
    return number != LIST_NONE && s->items->items[number].arrival_ms <= now_ms;
}

/* Groups that leave WAITING stay in the heap until they are at its top. */
static bool is_waiting(const struct shelf *s, const struct heap_entry *e)
{
    const struct shelf_group *g = &s->groups[e->value];
    return g->place == GROUP_WAITING && g->due_ms == e->time_ms;
}

static const struct heap_entry *first_waiting(struct shelf *s)
{
    const struct heap_entry *top;
    while ((top = heap_top(&s->waiting)) && !is_waiting(s, top))
        heap_pop(&s->waiting);
    return top;
}

static enum shelf_group_place place_for(struct shelf *s, struct shelf_group *g, int64_t now_ms)
{
    if (g->running)
        return GROUP_BUSY;
    if (g->messages.first == LIST_NONE)
        return GROUP_EMPTY;
    if (g->hidden && g->visible_ms <= now_ms)
        g->hidden = 0;
    g->due_ms = g->hidden ? g->visible_ms : s->items->items[g->messages.first].arrival_ms;
    return g->due_ms <= now_ms ? GROUP_READY : GROUP_WAITING;
}

/* The heap has room: shelf_reserve. */
static void place(struct shelf *s, struct shelf_group *g, int64_t now_ms)
{
    uint32_t number = (uint32_t)(g - s->groups);
    int64_t due = g->due_ms;
    enum shelf_group_place was = g->place;
    g->place = place_for(s, g, now_ms);
    if (g->place == was && (was != GROUP_WAITING || g->due_ms == due))
        return;
    if (was == GROUP_READY)
        list_remove(&s->ready, s->group_links, number);
    if (g->place == GROUP_READY) {
        g->next = g->messages.first;
        list_append(&s->ready, s->group_links, number);
    }
    if (g->place == GROUP_WAITING) {
        struct err err;
        int pushed = heap_push(&s->waiting, g->due_ms, number, &err);
        assert(pushed == 0);
        (void)pushed;
    }
    first_waiting(s);
}

static int make_group(struct shelf *s, uint32_t key, struct err *err)
{
    if (key >= MAPPING_RECORDS_MAX)
        return err_set(err, ERR_LIMIT, "more than %d message groups", MAPPING_RECORDS_MAX);
    if (key >= s->groups_cap) {
        size_t cap = s->groups_cap ? s->groups_cap : 16;
        while (cap <= key)
            cap *= 2;
        struct shelf_group *groups = realloc(s->groups, cap * sizeof *groups);
        if (groups)
            s->groups = groups;
        struct link *links = groups ? realloc(s->group_links, cap * sizeof *links) : NULL;
        if (!links)
            return err_set(err, ERR_MEMORY, "no memory for %zu message groups", cap);
        s->group_links = links;
        s->groups_cap = cap;
    }
    for (; s->ngroups <= key; s->ngroups++)
        s->groups[s->ngroups] = (struct shelf_group){.messages = LIST_EMPTY, .next = LIST_NONE};
    return 0;
}

static int put(struct shelf *s, uint32_t number, int64_t now_ms, struct err *err)
{
    if (make_group(s, s->items->items[number].key, err) < 0 || shelf_reserve(s, 1, err) < 0)
        return -1;
    struct shelf_group *g = group_of(s, number);
    list_append(&g->messages, s->links, number);
    if (g->place == GROUP_EMPTY)
        place(s, g, now_ms);
    return 0;
}

static void surface(struct shelf *s, int64_t now_ms)
{
    const struct heap_entry *top;
    while ((top = first_waiting(s)) && top->time_ms <= now_ms)
        place(s, &s->groups[top->value], now_ms);
}

static int64_t next_ms(const struct shelf *s)
{
    const struct heap_entry *top = heap_top(&s->waiting);
    return top ? top->time_ms : MAPPING_NEVER;
}

static uint32_t peek(const struct shelf *s)
{
    return s->ready.first == LIST_NONE ? LIST_NONE : s->groups[s->ready.first].next;
}

/* A group stays at the front of what is ready until all of it that has come is received: SQS gives
 * as many messages of one group as it can (AWS docs: "FIFO delivery logic"). */
static void hide(struct shelf *s, uint32_t number, int64_t now_ms)
{
    struct shelf_group *g = group_of(s, number);
    const struct shelf_message *m = &s->messages[number];
    g->batch = m->batch;
    g->visible_ms = m->visible_ms;
    g->hidden++;
    g->running++;
    g->next = s->links[number].next;
    if (!has_come(s, g->next, now_ms))
        place(s, g, now_ms);
}

static void rest(struct shelf *s, int64_t now_ms)
{
    if (s->ready.first == LIST_NONE)
        return;
    struct shelf_group *g = &s->groups[s->ready.first];
    if (g->running)
        place(s, g, now_ms);
}

static void unlink_message(struct shelf *s, uint32_t number, int64_t now_ms)
{
    struct shelf_group *g = group_of(s, number);
    if (g->next == number)
        g->next = s->links[number].next;
    list_remove(&g->messages, s->links, number);
    if (g->hidden && s->messages[number].batch == g->batch)
        g->hidden--;
    if (g->place != GROUP_READY || !has_come(s, g->next, now_ms))
        place(s, g, now_ms);
}

static void release(struct shelf *s, uint32_t number, int64_t now_ms)
{
    struct shelf_group *g = group_of(s, number);
    if (--g->running == 0)
        place(s, g, now_ms);
}

const struct shelf_kind shelf_fifo = {
    .put = put,
    .surface = surface,
    .next_ms = next_ms,
    .peek = peek,
    .hide = hide,
    .rest = rest,
    .unlink = unlink_message,
    .release = release,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/shelf.h"

void shelf_init(struct shelf *s, struct mapping_items *items)
{
    *s = (struct shelf){.kind = items->settings.fifo ? &shelf_fifo : &shelf_standard,
                        .items = items,
                        .ready = LIST_EMPTY,
                        .hidden = LIST_EMPTY};
}

void shelf_fini(struct shelf *s)
{
    free(s->messages);
    free(s->links);
    free(s->groups);
    free(s->group_links);
    heap_fini(&s->waiting);
}

static int make_room(struct shelf *s, struct err *err)
{
    if (s->count < s->cap)
        return 0;
    size_t cap = s->items->cap;
    struct shelf_message *messages = realloc(s->messages, cap * sizeof *messages);
    if (messages)
        s->messages = messages;
    struct link *links = messages ? realloc(s->links, cap * sizeof *links) : NULL;
    if (!links)
        return err_set(err, ERR_MEMORY, "no memory for %zu messages", cap);
    s->links = links;
    s->cap = cap;
    return 0;
}

int shelf_put(struct shelf *s, uint32_t number, int64_t now_ms, struct err *err)
{
    if (make_room(s, err) < 0)
        return -1;
    s->messages[number] = (struct shelf_message){.place = SHELF_AHEAD};
    if (s->kind->put(s, number, now_ms, err) < 0)
        return -1;
    s->count = number + 1;
    return 0;
}

int shelf_reserve(struct shelf *s, size_t n, struct err *err)
{
    return s->items->settings.fifo ? heap_reserve(&s->waiting, n, err) : 0;
}

void shelf_hide(struct shelf *s, uint32_t number, uint64_t batch, int64_t now_ms,
                int64_t visible_ms)
{
    struct shelf_message *m = &s->messages[number];
    m->receives++;
    m->batch = batch;
    m->visible_ms = visible_ms;
    s->kind->hide(s, number, now_ms);
}

void shelf_rename(struct shelf *s, uint32_t number, uint64_t batch)
{
    s->messages[number].batch = batch;
    if (s->items->settings.fifo)
        s->groups[s->items->items[number].key].batch = batch;
}

void shelf_release(struct shelf *s, uint32_t number, int64_t now_ms)
{
    if (--s->messages[number].running == 0)
        s->kind->release(s, number, now_ms);
}

void shelf_settle(struct shelf *s, uint32_t number, int64_t now_ms)
{
    s->kind->unlink(s, number, now_ms);
    s->messages[number].place = SHELF_SETTLED;
    s->items->open--;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/shelf.h"

static int put(struct shelf *s, uint32_t number, int64_t now_ms, struct err *err)
{
    (void)s, (void)number, (void)now_ms, (void)err;
    return 0;
}

static int64_t arrival_ms(const struct shelf *s, uint32_t number)
{
    return number < s->count ? s->items->items[number].arrival_ms : MAPPING_NEVER;
}

static int64_t visible_ms(const struct shelf *s, uint32_t number)
{
    return number == LIST_NONE ? MAPPING_NEVER : s->messages[number].visible_ms;
}

static void make_ready(struct shelf *s, uint32_t number)
{
    s->messages[number].place = SHELF_READY;
    list_append(&s->ready, s->links, number);
}

static void surface(struct shelf *s, int64_t now_ms)
{
    while (s->hidden.first != LIST_NONE && visible_ms(s, s->hidden.first) <= now_ms) {
        uint32_t number = s->hidden.first;
        list_remove(&s->hidden, s->links, number);
        make_ready(s, number);
    }
    while (s->arrived < s->count && arrival_ms(s, s->arrived) <= now_ms)
        make_ready(s, s->arrived++);
}

static int64_t next_ms(const struct shelf *s)
{
    int64_t back = visible_ms(s, s->hidden.first), fresh = arrival_ms(s, s->arrived);
    return back < fresh ? back : fresh;
}

static uint32_t peek(const struct shelf *s)
{
    return s->ready.first;
}

/* Every receive hides for the same time, so that appending keeps the order. */
static void hide(struct shelf *s, uint32_t number, int64_t now_ms)
{
    (void)now_ms;
    list_remove(&s->ready, s->links, number);
    s->messages[number].place = SHELF_HIDDEN;
    list_append(&s->hidden, s->links, number);
}

static void unlink_message(struct shelf *s, uint32_t number, int64_t now_ms)
{
    (void)now_ms;
    list_remove(s->messages[number].place == SHELF_READY ? &s->ready : &s->hidden, s->links,
                number);
}

static void release(struct shelf *s, uint32_t number, int64_t now_ms)
{
    (void)s, (void)number, (void)now_ms;
}

static void rest(struct shelf *s, int64_t now_ms)
{
    (void)s, (void)now_ms;
}

const struct shelf_kind shelf_standard = {
    .put = put,
    .surface = surface,
    .next_ms = next_ms,
    .peek = peek,
    .hide = hide,
    .rest = rest,
    .unlink = unlink_message,
    .release = release,
};

struct shelf_walk shelf_walk_begin(const struct shelf *s)
{
    return (struct shelf_walk){s, s->ready.first, s->hidden.first, s->arrived};
}

uint32_t shelf_walk_next(struct shelf_walk *w, int64_t *out_ms)
{
    uint32_t number = w->ready;
    if (number != LIST_NONE) {
        w->ready = w->shelf->links[number].next;
        *out_ms = INT64_MIN;
        return number;
    }
    int64_t back = visible_ms(w->shelf, w->hidden), fresh = arrival_ms(w->shelf, w->ahead);
    *out_ms = back <= fresh ? back : fresh;
    if (*out_ms == MAPPING_NEVER)
        return LIST_NONE;
    if (fresh < back)
        return w->ahead++;
    number = w->hidden;
    w->hidden = w->shelf->links[number].next;
    return number;
}

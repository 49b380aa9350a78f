/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "decode/decode.h"
#include "decode/engine.h"

const struct engine *engine_pick(void)
{
    const struct engine *best = engine_avx2();
    return best ? best : &engine_base;
}

/* Ends the text and gives the position of the root object's '{'; NULL after a fault in d. */
static char *start(struct decoder *d, const struct engine *engine, char *text, size_t len,
                   struct arena *arena)
{
    memset(text + len, 0, DECODE_PAD);
    *d = (struct decoder){
        .text = text, .end = text + len, .arena = arena, .line = 1, .line_start = text};
    char *p = engine->space(d, text);
    if (p == d->end)
        return fault_at(d, p, "empty document");
    return *p == '{' ? p : fault_at(d, p, "expected an object");
}

static int finish(struct decoder *d, const struct engine *engine, char *p, struct err *err)
{
    if (p) {
        p = engine->space(d, p);
        if (p == d->end)
            return 0;
        fault_at(d, p, "text after the document");
    }
    return fault_report(d, err);
}

static int check_input(const struct lambda_type *type, size_t len, struct err *err)
{
    if (!type->plan)
        return err_set(err, ERR_INPUT, "struct '%s' was not prepared", type->name);
    if (len > DECODE_DOCUMENT_MAX)
        return err_set(err, ERR_LIMIT, "a document of %zu bytes, at most %u are decoded", len,
                       DECODE_DOCUMENT_MAX);
    return 0;
}

int document_decode(const struct engine *engine, const struct lambda_type *type, char *text,
                    size_t len, void *out, struct arena *arena, struct err *err)
{
    struct decoder d;
    if (check_input(type, len, err))
        return -1;
    char *p = start(&d, engine, text, len, arena);
    if (p)
        p = engine->object(&d, p, plan_of(type), out);
    return finish(&d, engine, p, err);
}

struct walk_state {
    const struct document_walk *walk;
    const struct plan *plan;
    void *record;
    int stopped; /* what fn gave */
};

/* Behind an element: steps to the next one, if a comma says that there is one. */
static bool step_over_comma(struct decoder *d, const struct engine *e, char **p)
{
    *p = e->space(d, *p);
    if (**p != ',')
        return false;
    *p = e->space(d, *p + 1);
    return true;
}

/* From the element at p to the end of its array, or to where fn stops. */
static char *walk_elements(struct decoder *d, const struct engine *e, char *p, struct walk_state *w)
{
    size_t mark = arena_mark(d->arena), index = 0;
    do {
        if (*p == '{') {
            p = e->object(d, p, w->plan, w->record);
        } else {
            memset(w->record, 0, w->plan->size);
            p = e->skip(d, p);
        }
        if (!p)
            return NULL;
        if (w->walk->next)
            *w->walk->next = p;
        w->stopped = w->walk->fn(w->record, index++, w->walk->user);
        if (w->stopped)
            return p;
        arena_rewind(d->arena, mark);
    } while (step_over_comma(d, e, &p));
    return *p == ']' ? p + 1 : fault_at(d, p, "expected ',' or ']'");
}

static char *walk_array(struct decoder *d, const struct engine *e, char *p, struct walk_state *w)
{
    p = e->space(d, p + 1);
    if (*p == ']')
        return p + 1;
    d->depth++;
    p = walk_elements(d, e, p, w);
    if (p && !w->stopped)
        d->depth--;
    return p;
}

static char *walk_member(struct decoder *d, const struct engine *e, char *p, struct walk_state *w)
{
    lambda_str key;
    size_t mark = arena_mark(d->arena);
    p = e->name_of(d, p, &key);
    if (!p)
        return NULL;
    bool hit = key.len == strlen(w->walk->member) && !memcmp(key.ptr, w->walk->member, key.len);
    arena_rewind(d->arena, mark);
    return hit && *p == '[' ? walk_array(d, e, p, w) : e->skip(d, p);
}

static char *walk_object(struct decoder *d, const struct engine *e, char *p, struct walk_state *w)
{
    d->depth++;
    p = e->space(d, p + 1);
    if (*p == '}')
        return p + 1;
    for (;;) {
        p = walk_member(d, e, p, w);
        if (!p || w->stopped)
            return p;
        p = e->space(d, p);
        if (*p != ',')
            break;
        p = e->space(d, p + 1);
    }
    return *p == '}' ? p + 1 : fault_at(d, p, "expected ',' or '}'");
}

static int prepare_walk(struct walk_state *w, const struct document_walk *walk, size_t len,
                        struct arena *arena, struct err *err)
{
    if (check_input(walk->record, len, err))
        return -1;
    *w = (struct walk_state){.walk = walk, .plan = plan_of(walk->record)};
    w->record = arena_alloc(arena, w->plan->size);
    if (!w->record)
        return err_set(err, ERR_MEMORY, "no memory for a struct '%s' of %u bytes", w->plan->name,
                       w->plan->size);
    return 0;
}

int document_each(const struct engine *engine, const struct document_walk *walk, char *text,
                  size_t len, struct arena *arena, struct err *err)
{
    struct decoder d;
    struct walk_state w;
    if (prepare_walk(&w, walk, len, arena, err))
        return -1;
    char *p = start(&d, engine, text, len, arena);
    if (p)
        p = walk_object(&d, engine, p, &w);
    return p && w.stopped ? w.stopped : finish(&d, engine, p, err);
}

int document_rest(const struct engine *engine, const struct document_walk *walk, char *text,
                  size_t len, struct arena *arena, struct err *err)
{
    struct walk_state w;
    if (prepare_walk(&w, walk, len, arena, err))
        return -1;
    struct decoder d = {
        .text = text, .end = text + len, .arena = arena, .depth = 2, .line = 1, .line_start = text};
    char *p = text;
    if (step_over_comma(&d, engine, &p))
        p = walk_elements(&d, engine, p, &w);
    else if (*p != ']')
        p = fault_at(&d, p, "expected ',' or ']'");
    if (!p)
        return fault_report(&d, err);
    return w.stopped;
}

int decode_document(const struct lambda_type *type, char *text, size_t len, void *out,
                    struct arena *arena, struct err *err)
{
    return document_decode(engine_pick(), type, text, len, out, arena, err);
}

int decode_each(const struct lambda_type *record_type, const char *member, char *text, size_t len,
                struct arena *arena, decode_record_fn fn, void *user, char **next, struct err *err)
{
    const struct document_walk walk = {record_type, member, fn, user, next};
    return document_each(engine_pick(), &walk, text, len, arena, err);
}

int decode_rest(const struct lambda_type *record_type, char *next, const char *end,
                struct arena *arena, decode_record_fn fn, void *user, struct err *err)
{
    const struct document_walk walk = {record_type, NULL, fn, user, NULL};
    return document_rest(engine_pick(), &walk, next, (size_t)(end - next), arena, err);
}

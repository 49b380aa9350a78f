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

static char *walk_array(struct decoder *d, const struct engine *e, char *p, struct walk_state *w)
{
    size_t mark = arena_mark(d->arena);
    d->depth++;
    p = e->space(d, p + 1);
    for (size_t index = 0; index || *p != ']'; index++) {
        if (*p == '{') {
            p = e->object(d, p, w->plan, w->record);
        } else {
            memset(w->record, 0, w->plan->size);
            p = e->skip(d, p);
        }
        if (!p)
            return NULL;
        w->stopped = w->walk->fn(w->record, index, w->walk->user);
        if (w->stopped)
            return p;
        arena_rewind(d->arena, mark);
        p = e->space(d, p);
        if (*p == ']')
            break;
        if (*p != ',')
            return fault_at(d, p, "expected ',' or ']'");
        p = e->space(d, p + 1);
    }
    d->depth--;
    return p + 1;
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

int document_each(const struct engine *engine, const struct document_walk *walk, char *text,
                  size_t len, struct arena *arena, struct err *err)
{
    struct decoder d;
    if (check_input(walk->record, len, err))
        return -1;
    struct walk_state w = {.walk = walk, .plan = plan_of(walk->record)};
    w.record = arena_alloc(arena, w.plan->size);
    if (!w.record)
        return err_set(err, ERR_MEMORY, "no memory for a struct '%s' of %u bytes", w.plan->name,
                       w.plan->size);
    char *p = start(&d, engine, text, len, arena);
    if (p)
        p = walk_object(&d, engine, p, &w);
    return p && w.stopped ? w.stopped : finish(&d, engine, p, err);
}

int decode_document(const struct lambda_type *type, char *text, size_t len, void *out,
                    struct arena *arena, struct err *err)
{
    return document_decode(engine_pick(), type, text, len, out, arena, err);
}

int decode_each(const struct lambda_type *record_type, const char *member, char *text, size_t len,
                struct arena *arena, decode_record_fn fn, void *user, struct err *err)
{
    const struct document_walk walk = {record_type, member, fn, user};
    return document_each(engine_pick(), &walk, text, len, arena, err);
}

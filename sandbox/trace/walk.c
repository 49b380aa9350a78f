/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/walk.h"

#include <string.h>

void walk_init(struct walk *w, const char *text, size_t len, const struct pointer *pointers,
               size_t npointers)
{
    w->p = text;
    w->end = text + len;
    w->pointers = pointers;
    w->depth = 0;
    w->alive = npointers < 64 ? ((uint64_t)1 << npointers) - 1 : UINT64_MAX;
    w->covered = w->key_next = false;
    for (size_t i = 0; i < npointers; i++)
        w->covered |= pointers[i].nparts == 0;
}

/* Which pointers name the child, by its key or with key NULL by its place. */
static void enter(struct walk *w, const char *key, size_t len)
{
    const struct walk_level *l = &w->levels[w->depth - 1];
    w->alive = 0;
    w->covered = l->covered;
    for (uint64_t rest = l->alive; rest; rest &= rest - 1) {
        unsigned i = (unsigned)__builtin_ctzll(rest);
        const struct pointer *p = &w->pointers[i];
        if (p->nparts < w->depth || !pointer_part_is(p, w->depth - 1, key, len, l->index))
            continue;
        w->alive |= (uint64_t)1 << i;
        w->covered |= p->nparts == w->depth;
    }
}

static void enter_key(struct walk *w, struct scan_value raw)
{
    char key[POINTER_TEXT_MAX * 6 + 2]; /* \u0061 for each byte */
    if (!w->levels[w->depth - 1].alive) {
        enter(w, "", 0);
        return;
    }
    if (raw.len > sizeof key || !memchr(raw.ptr, '\\', raw.len)) {
        enter(w, raw.ptr + 1, raw.len - 2);
        return;
    }
    long len = scan_unescape(raw, key);
    enter(w, key, len < 0 ? 0 : (size_t)len);
}

static struct scan_value take_string(struct walk *w)
{
    const char *start = w->p++;
    while (w->p < w->end && *w->p != '"') {
        const char *stop = w->p;
        while (stop < w->end && *stop != '"' && *stop != '\\')
            stop++;
        w->p = stop < w->end && *stop == '\\' ? stop + 2 : stop;
    }
    w->p = w->p < w->end ? w->p + 1 : w->end;
    return (struct scan_value){start, (size_t)(w->p - start)};
}

static bool is_plain(char c)
{
    return c != ',' && c != ']' && c != '}' && c != ' ' && c != '\n' && c != '\r' && c != '\t';
}

static void begin_value(struct walk *w)
{
    if (w->depth && !w->levels[w->depth - 1].object)
        enter(w, NULL, 0);
}

static void take_scalar(struct walk *w, struct walk_token *out)
{
    const char *start = w->p;
    begin_value(w);
    out->covered = w->covered;
    if (*start == '"') {
        out->kind = WALK_STRING;
        out->raw = take_string(w);
        return;
    }
    out->kind = *start == '-' || (*start >= '0' && *start <= '9') ? WALK_NUMBER : WALK_WORD;
    while (w->p < w->end && is_plain(*w->p))
        w->p++;
    out->raw = (struct scan_value){start, (size_t)(w->p - start)};
}

static void take_key(struct walk *w, struct walk_token *out)
{
    out->kind = WALK_KEY;
    out->covered = w->levels[w->depth - 1].covered;
    out->raw = take_string(w);
    enter_key(w, out->raw);
    w->key_next = false;
}

static void open_container(struct walk *w)
{
    bool object = *w->p++ == '{';
    begin_value(w);
    if (w->depth > SCAN_DEPTH_MAX) {
        w->p = w->end;
        return;
    }
    w->levels[w->depth++] =
        (struct walk_level){.alive = w->alive, .covered = w->covered, .object = object};
    w->key_next = object;
}

/* Anything but a key or a scalar. */
static void step(struct walk *w)
{
    struct walk_level *l = w->depth ? &w->levels[w->depth - 1] : NULL;
    switch (*w->p) {
    case '{':
    case '[':
        open_container(w);
        return;
    case '}':
    case ']':
        w->depth -= l != NULL;
        w->key_next = false;
        break;
    case ',':
        if (l) {
            l->index++;
            w->key_next = l->object;
        }
        break;
    default:
        break;
    }
    w->p++;
}

bool walk_next(struct walk *w, struct walk_token *out)
{
    static const char structure[] = " \t\r\n{}[]:,";
    while (w->p < w->end && memchr(structure, *w->p, sizeof structure - 1))
        step(w);
    if (w->p == w->end)
        return false;
    if (w->key_next)
        take_key(w, out);
    else
        take_scalar(w, out);
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the decoder share. An engine is the hot core (engine.inc) compiled for one kind
 * of processor; document.c chooses one at run time and walks the outside of a document.
 *
 * A position p always points to the next byte that was not looked at. Functions give the position
 * behind what they read, or NULL after a fault. The text ends in NUL bytes, which no valid value
 * holds, so that no loop compares with the end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "decode/plan.h"
#include "lambda.h"

struct decoder {
    char *text, *end;
    struct arena *arena;
    unsigned depth; /* of open containers */
    /* For the place of a fault: text before it may have been decoded over, so that lines are
     * counted on the way. wide: bytes of this line that continue a character. */
    size_t line, wide;
    const char *line_start;
    const char *fault; /* NULL when memory was short */
    const char *reason;
};

struct engine {
    const char *name;
    char *(*space)(struct decoder *d, char *p);                    /* over white space */
    char *(*name_of)(struct decoder *d, char *p, lambda_str *out); /* a key, up to its value */
    char *(*object)(struct decoder *d, char *p, const struct plan *plan, void *out);
    char *(*skip)(struct decoder *d, char *p); /* over a value of any kind */
};

extern const struct engine engine_base; /* SSE2 on x86-64, else portable */
const struct engine *engine_avx2(void); /* NULL where the compiler has no such target */
const struct engine *engine_pick(void); /* the best one for this processor */

/* decode_document and decode_each on a given engine, for tests. */
int document_decode(const struct engine *engine, const struct lambda_type *type, char *text,
                    size_t len, void *out, struct arena *arena, struct err *err) ATTR_CHECK;

struct document_walk {
    const struct lambda_type *record;
    const char *member;
    int (*fn)(void *record, size_t index, void *user);
    void *user;
    char **next; /* NULL, or what is set before each call: where the text behind the record is */
};
int document_each(const struct engine *engine, const struct document_walk *walk, char *text,
                  size_t len, struct arena *arena, struct err *err) ATTR_CHECK;
int document_rest(const struct engine *engine, const struct document_walk *walk, char *text,
                  size_t len, struct arena *arena, struct err *err) ATTR_CHECK;

/* ---- faults: all record the first place and give NULL ------------------------------------------
 */

/* At p, for a reason of the structure around it. */
char *fault_at(struct decoder *d, const char *p, const char *reason);

/* In the string, number or word that starts at p and is still as it came. */
char *fault_token(struct decoder *d, const char *p);

char *fault_memory(struct decoder *d);

/* Fills err and gives -1. */
int fault_report(const struct decoder *d, struct err *err);

/* Counts the raw text [from, to), which is UTF-8 and not only ASCII, into wide. */
void fault_count_wide(struct decoder *d, const char *from, const char *to);

/* ---- growing lists in the arena ----------------------------------------------------------------
 */

struct list {
    char *items;
    size_t len, cap, size; /* size: bytes of an element */
};

/* Makes room for want elements (more than cap). false when the arena is full. */
bool list_grow(struct list *l, struct arena *arena, size_t want);

/* Room for the rest of an outermost array, guessed from the text of its first element. */
void list_guess(struct list *l, struct decoder *d, size_t first, const char *rest);

/* Gives room that is left over back, where it lies at the arena's end. */
void list_close(struct list *l, struct arena *arena);

/* What an empty list points to. */
extern const max_align_t list_empty;

/* The next element, not zeroed, or NULL when the arena is full. */
static inline void *list_push(struct list *l, struct arena *arena)
{
    if (UNLIKELY(l->len == l->cap) && !list_grow(l, arena, l->cap ? l->cap * 2 : 1))
        return NULL;
    return l->items + l->len++ * l->size;
}

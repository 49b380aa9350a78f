/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of the decoder: all engines that run here, texts that end where memory ends, and the
 * comparison of two decoded structs by their table. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "decode/decode.h"
#include "decode/engine.h"

extern const struct engine engine_portable; /* engine_portable.c: for words of 64 bits */

#define ENGINES_MAX 3

/* Fills out with the engines of this machine and gives their number. */
static inline size_t engines_list(const struct engine *out[ENGINES_MAX])
{
    size_t n = 0;
    out[n++] = &engine_portable;
    out[n++] = &engine_base;
    if (engine_avx2())
        out[n++] = engine_avx2();
    return n;
}

/* Memory of size bytes whose last byte is followed by a page that cannot be touched. */
struct guarded {
    char *map, *end;
    size_t size;
};

static inline struct guarded guarded_new(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t rounded = (size + page - 1) / page * page;
    struct guarded g = {.size = rounded + page};
    g.map = mmap(NULL, g.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (g.map == MAP_FAILED || mprotect(g.map + rounded, page, PROT_NONE)) {
        perror("mmap");
        abort();
    }
    g.end = g.map + rounded;
    return g;
}

static inline void guarded_free(struct guarded *g)
{
    munmap(g->map, g->size);
}

/* A copy of a text that ends DECODE_PAD bytes before the guard; the padding holds garbage. */
static inline char *guarded_text(const struct guarded *g, const char *text, size_t len)
{
    char *at = g->end - DECODE_PAD - len;
    memcpy(at, text, len);
    memset(at + len, '"', DECODE_PAD);
    return at;
}

/* An arena of cap bytes, a multiple of ARENA_ALIGN, that ends at the guard. */
static inline struct arena guarded_arena(const struct guarded *g, size_t cap)
{
    return (struct arena){.base = g->end - cap, .cap = cap};
}

/* ---- comparison --------------------------------------------------------------------------------
 */

static inline bool structs_equal(const struct lambda_type *type, const void *a, const void *b,
                                 char *where, size_t where_size);

static inline bool texts_equal(const void *a, const void *b)
{
    const lambda_str *x = a, *y = b;
    if (!x->ptr != !y->ptr || x->len != y->len)
        return false;
    return !x->len || memcmp(x->ptr, y->ptr, x->len) == 0;
}

/* Strings, in addition, end in NUL. */
static inline bool strs_equal(const void *a, const void *b)
{
    const lambda_str *x = a, *y = b;
    return texts_equal(a, b) && (!x->ptr || (x->ptr[x->len] == '\0' && y->ptr[y->len] == '\0'));
}

static inline bool item_equal(const struct lambda_field *f, const void *a, const void *b,
                              char *where, size_t where_size)
{
    const char *x = (const char *)a, *y = (const char *)b;
    switch (f->kind) {
    case LAMBDA_K_STRS:
        return strs_equal(a, b);
    case LAMBDA_K_BYTES_LIST:
        return texts_equal(a, b);
    case LAMBDA_K_MAP:
        return strs_equal(a, b) && strs_equal(x + sizeof(lambda_str), y + sizeof(lambda_str));
    case LAMBDA_K_LIST:
        return structs_equal(f->sub, a, b, where, where_size);
    case LAMBDA_K_MAP_LIST:
        return strs_equal(a, b) && structs_equal(f->sub, x + sizeof(lambda_str),
                                                 y + sizeof(lambda_str), where, where_size);
    default:
        return false;
    }
}

static inline size_t item_size(const struct lambda_field *f)
{
    switch (f->kind) {
    case LAMBDA_K_MAP:
        return sizeof(lambda_pair);
    case LAMBDA_K_LIST:
        return f->sub->size;
    case LAMBDA_K_MAP_LIST:
        return sizeof(lambda_str) + (f->sub->size + 7) / 8 * 8;
    default:
        return sizeof(lambda_str);
    }
}

static inline bool lists_equal(const struct lambda_field *f, const void *a, const void *b,
                               char *where, size_t where_size)
{
    const lambda_strs *x = a, *y = b;
    size_t size = item_size(f);
    if (!x->ptr != !y->ptr || x->len != y->len)
        return false;
    for (size_t i = 0; i < x->len; i++)
        if (!item_equal(f, (const char *)x->ptr + i * size, (const char *)y->ptr + i * size, where,
                        where_size))
            return false;
    return true;
}

static inline bool members_equal(const struct lambda_field *f, const void *a, const void *b,
                                 char *where, size_t where_size)
{
    const struct plan_kind *kind = plan_kind(f->kind);
    switch (f->kind) {
    case LAMBDA_K_STR:
        return strs_equal(a, b);
    case LAMBDA_K_BYTES:
    case LAMBDA_K_JSON:
        return texts_equal(a, b);
    case LAMBDA_K_OBJ:
        return structs_equal(f->sub, a, b, where, where_size);
    case LAMBDA_K_STRS:
    case LAMBDA_K_BYTES_LIST:
    case LAMBDA_K_MAP:
    case LAMBDA_K_LIST:
    case LAMBDA_K_MAP_LIST:
        return lists_equal(f, a, b, where, where_size);
    default:
        return memcmp(a, b, kind->size) == 0;
    }
}

/* Whether two structs hold the same; otherwise where tells the member. */
static inline bool structs_equal(const struct lambda_type *type, const void *a, const void *b,
                                 char *where, size_t where_size)
{
    for (uint32_t i = 0; i < type->nfields; i++) {
        const struct lambda_field *f = &type->fields[i];
        where[0] = '\0';
        if (members_equal(f, (const char *)a + f->offset, (const char *)b + f->offset, where,
                          where_size))
            continue;
        if (!where[0])
            snprintf(where, where_size, "%s.%s", type->name, f->key);
        return false;
    }
    return true;
}

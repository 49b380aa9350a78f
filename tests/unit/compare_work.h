/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of comparisons share: two sides, and what was found as one text. */
#pragma once

#include "base/attr.h"
#include "check.h"
#include "compare/compare.h"

static struct arena arena;

static inline struct trace_text as_text(const char *text)
{
    return text ? (struct trace_text){text, strlen(text)} : (struct trace_text){NULL, 0};
}

static inline void begin(void)
{
    struct err err;
    if (!arena.base)
        CHECK_INT(arena_init(&arena, 16 << 20, &err), 0);
    arena_reset(&arena);
}

/* "~/a -/b +/c": what was found, in its order. */
static inline void check_found(const char *name, const struct compare_result *result,
                               const char *want)
{
    AUTO_BUF struct buf found;
    buf_init(&found, 1 << 16);
    buf_adds(&found, "");
    for (size_t i = 0; i < result->nitems; i++)
        buf_addf(&found, "%s%c%s", i ? " " : "", "~-+!"[result->items[i].kind],
                 result -> items[i].pointer);
    if (strcmp(found.ptr, want) != 0)
        printf("# %s:\n", name);
    CHECK_STR(found.ptr, want);
    CHECK(result->count >= result->nitems);
}

struct sides {
    struct trace_entry expected, got;
};

static inline struct sides make(const char *expected, const char *got, enum trace_status status)
{
    struct sides s = {trace_entry_none, trace_entry_none};
    s.expected.status = s.got.status = status;
    s.expected.answer = as_text(expected);
    s.got.answer = as_text(got);
    return s;
}

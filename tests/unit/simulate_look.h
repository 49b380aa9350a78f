/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of simulations look for in histories. */
#pragma once

#include "simulate_work.h"

static inline void give_faults(struct faults *faults, const char *text)
{
    static struct chaos chaos;
    struct err err = {0};
    faults->count = 0;
    if (!text)
        return;
    CHECK_INT(chaos_parse(text, &chaos, &err), 0);
    CHECK_STR(err.msg, "");
    *faults = chaos.given;
}

static inline size_t count_kind(const struct history *h, enum history_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < h->nentries; i++)
        n += h->entries[i].kind == kind;
    return n;
}

static inline size_t count_fault(const struct history *h, enum fault_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < h->nentries; i++)
        n += h->entries[i].kind == HISTORY_FAULT && h->entries[i].fault == kind;
    return n;
}

static inline const struct history_entry *nth_kind(const struct history *h, enum history_kind kind,
                                                   size_t n)
{
    static const struct history_entry none;
    for (size_t i = 0; i < h->nentries; i++)
        if (h->entries[i].kind == kind && n-- == 0)
            return &h->entries[i];
    return &none;
}

static inline size_t count_end(const struct history *h, enum history_end end)
{
    struct err err = {0};
    struct history_fate *fates = history_fates(h, &err);
    size_t n = 0;
    for (uint32_t i = 0; i < h->nrecords; i++)
        n += fates[i].end == end;
    free(fates);
    return n;
}

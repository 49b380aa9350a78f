/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the records that wait becomes too old first. A record waits unless it is with the
 * function or settled; waits tells which. Records are numbered in the order of their arrival. */
#pragma once

#include "mapping/heap.h"
#include "mapping/rules.h"

struct ages {
    const struct mapping_items *items;
    int64_t limit_ms; /* MAPPING_NO_LIMIT: none */
    bool (*waits)(const void *owner, uint32_t number);
    const void *owner;
    uint32_t fresh;   /* none before it waits that is not in back */
    uint32_t count;   /* of records */
    struct heap back; /* records that came back from the function, each once */
    bool *is_back;    /* by number */
    size_t cap;
};

void ages_fini(struct ages *a);

/* A record has come; room for it is made first. */
int ages_reserve(struct ages *a, uint32_t number, struct err *err) ATTR_CHECK;
void ages_put(struct ages *a, uint32_t number);

/* When a record is too old; MAPPING_NEVER. */
int64_t ages_end_ms(const struct ages *a, uint32_t number);

/* It waits again. */
int ages_back(struct ages *a, uint32_t number, struct err *err) ATTR_CHECK;

/* To be called after records have changed, before ages_next. */
void ages_tidy(struct ages *a);

/* The first to be too old, LIST_NONE: none waits; when. */
uint32_t ages_next(const struct ages *a, int64_t *out_ms);

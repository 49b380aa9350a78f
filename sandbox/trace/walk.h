/* SPDX-License-Identifier: Apache-2.0 */
/* Steps through the keys and scalars of a JSON document and tells which of them pointers name. In
 * one pass, whatever its depth. Pure. */
#pragma once

#include <stdint.h>

#include "base/scan.h"
#include "trace/pointer.h"

#define WALK_POINTERS_MAX 64

enum walk_kind { WALK_KEY, WALK_STRING, WALK_NUMBER, WALK_WORD };

struct walk_level {
    uint64_t alive; /* pointers that name a way through here, one bit each */
    bool covered, object;
    size_t index;
};

struct walk {
    const char *p, *end;
    const struct pointer *pointers;
    struct walk_level levels[SCAN_DEPTH_MAX + 1];
    size_t depth;
    uint64_t alive; /* of the value that comes next */
    bool covered, key_next;
};

struct walk_token {
    enum walk_kind kind;
    struct scan_value raw; /* a string or key with its quotes */
    bool covered;          /* a pointer names it or what it is in; of a key: what it is in */
};

/* text is valid, see scan_valid; both outlive the walk. */
void walk_init(struct walk *w, const char *text, size_t len, const struct pointer *pointers,
               size_t npointers);

bool walk_next(struct walk *w, struct walk_token *out);

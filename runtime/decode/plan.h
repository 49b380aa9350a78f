/* SPDX-License-Identifier: Apache-2.0 */
/* A descriptor table as the decoder reads it: rows with what the hot loop needs side by side, and a
 * small hash from keys to rows. decode_prepare hangs it into lambda_type.plan. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "lambda.h"

#define PLAN_PATTERN  32  /* bytes of a key pattern; longer keys are found by the hash alone */
#define PLAN_SLOTS    256 /* a power of two above DECODE_FIELDS_MAX */
#define PLAN_SIZE_MAX (1u << 20) /* bytes of one struct */

struct plan_row {
    uint8_t pattern[PLAN_PATTERN]; /* key":  as it stands in compact text */
    uint32_t pattern_mask;         /* a bit per pattern byte; 0: not usable */
    uint8_t pattern_len, kind, flags;
    uint16_t key_len;
    uint32_t offset;
    uint32_t size;         /* bytes of the member */
    uint32_t element;      /* bytes of an element of a list or map, else 0 */
    uint32_t value_offset; /* of the value in an element of a map, else 0 */
    const char *key;
    const struct plan *sub; /* of OBJ, LIST and MAP_LIST */
};

/* rows has two unusable rows behind the last, so that the loop may look ahead. */
struct plan {
    const char *name;
    uint32_t size, nrows;
    uint32_t depth; /* of nested types, 1 for none */
    uint8_t slots[PLAN_SLOTS];
    struct plan_row rows[];
};

/* What every kind needs to be stored; size 0 where the nested type says it. NULL: no such kind. */
struct plan_kind {
    const char *name;
    uint8_t size, align;
    bool nested;
};
const struct plan_kind *plan_kind(unsigned kind);

static inline const struct plan *plan_of(const struct lambda_type *type)
{
    return (const struct plan *)type->plan;
}

/* Length, first, middle and last byte tell the keys of one table apart nearly always. */
static inline unsigned plan_hash(const char *key, size_t len)
{
    if (!len)
        return 0;
    const unsigned char *k = (const unsigned char *)key;
    return ((unsigned)len * 31u ^ k[0] ^ k[len - 1] * 7u ^ k[len / 2] * 13u) % PLAN_SLOTS;
}

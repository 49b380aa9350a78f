/* SPDX-License-Identifier: Apache-2.0 */
/* The members of an object, or of a list of things with names, by their keys. Keys are compared by
 * what they mean. Pure. */
#pragma once

#include <stdint.h>

#include "base/scan.h"

#define KEYS_NONE SIZE_MAX

/* As scan_next: steps through whatever has keys. */
typedef bool (*keys_step)(struct scan_value v, size_t *at, struct scan_value *key,
                          struct scan_value *value);

struct keys_item {
    uint32_t hash, at;
    uint32_t taken; /* of the first with a key: how many were taken */
};

struct keys {
    struct scan_value v;
    keys_step step;
    struct keys_item *items; /* heap, sorted */
    size_t count;
};

/* From *at on. False: no memory. */
bool keys_init(struct keys *k, struct scan_value v, size_t at, keys_step step);
void keys_fini(struct keys *k);

/* The first member with this key, and its at; KEYS_NONE. */
size_t keys_find(const struct keys *k, struct scan_value key);

/* The next member with this key that was not taken yet. */
bool keys_take(struct keys *k, struct scan_value key, struct scan_value *out_value);

/* Puts the members that were not taken into their order; gives how many. Nothing can be found
 * afterwards. */
size_t keys_keep_rest(struct keys *k);

/* The member at items[i]. */
void keys_read(const struct keys *k, size_t i, struct scan_value *out_key,
               struct scan_value *out_value);

/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes for tables whose keys are compared as well: FNV-1a over bytes, and a mixer whose results
 * differ in all bits when one bit of the number does. No defence against those who choose keys. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define HASH_BEGIN 0xcbf29ce484222325u
#define HASH_PRIME 0x100000001b3u
#define HASH_STEP  0x9e3779b97f4a7c15u /* between two numbers of a counter that is mixed */

/* hash: HASH_BEGIN, or what was hashed before. */
static inline uint64_t hash_byte(uint64_t hash, unsigned char byte)
{
    return (hash ^ byte) * HASH_PRIME;
}

static inline uint64_t hash_add(uint64_t hash, const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < len; i++)
        hash = hash_byte(hash, p[i]);
    return hash;
}

static inline uint64_t hash_bytes(const void *bytes, size_t len)
{
    return hash_add(HASH_BEGIN, bytes, len);
}

/* The step of splitmix64: also good as a stream of numbers, of a counter. */
static inline uint64_t hash_mix(uint64_t number)
{
    number += HASH_STEP;
    number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9u;
    number = (number ^ number >> 27) * 0x94d049bb133111ebu;
    return number ^ number >> 31;
}

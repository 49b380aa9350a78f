/* SPDX-License-Identifier: Apache-2.0 */
/* Stand-ins for values under a key (HMAC-SHA256): who does not have it cannot try out values until
 * one fits. Pure. */
#pragma once

#include "base/buf.h"
#include "base/sha256.h"

struct pseudonym_key {
    struct sha256 inner, outer; /* with the key in them */
};

void pseudonym_key_set(struct pseudonym_key *k, const unsigned char *key, size_t len);

/* The same words always give the same key, slowly (PBKDF2). */
void pseudonym_key_stretch(struct pseudonym_key *k, const char *words);

void pseudonym_hmac(const struct pseudonym_key *k, const void *bytes, size_t len,
                    uint8_t out[static SHA256_BYTES]);

/* Small letters and digits, at least as long as the text: 8, 12, 16, 24, 32, 48, 64, ... Nothing
 * for an empty text. */
void pseudonym_add_text(const struct pseudonym_key *k, const char *text, size_t len,
                        struct buf *out);

/* A JSON number with as many digits before and behind the point. Different numbers of up to 18
 * digits each get different ones; sign and exponent stay. */
void pseudonym_add_number(const struct pseudonym_key *k, const char *text, size_t len,
                          struct buf *out);

/* Turns all booleans around, or none. */
bool pseudonym_bool(const struct pseudonym_key *k, bool value);

/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4): names in content-addressed caches. sha256_init, sha256_add as often as
 * needed, sha256_end. Uses the CPU's own instructions where it has them. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES    32
#define SHA256_HEX_SIZE 65 /* lower-case digits and a NUL */

/* Folds whole blocks of 64 bytes into the state. */
typedef void (*sha256_fold)(uint32_t *state, const uint8_t *data, size_t blocks);

struct sha256 {
    uint32_t state[8];
    uint64_t total;    /* bytes added */
    uint8_t block[64]; /* the total % 64 bytes that are not folded yet */
    sha256_fold fold;
};

void sha256_init(struct sha256 *s);

/* The same with plain C only: what tests compare the fast one with. */
void sha256_init_scalar(struct sha256 *s);

void sha256_add(struct sha256 *s, const void *bytes, size_t len);

/* Ends the sum; s is of no use afterwards. */
void sha256_end(struct sha256 *s, uint8_t out_digest[static SHA256_BYTES]);

void sha256_hex(const uint8_t digest[static SHA256_BYTES], char out_hex[static SHA256_HEX_SIZE]);

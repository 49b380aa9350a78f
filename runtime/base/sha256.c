/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sha256.h"

#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "base/cpu.h"

/* Fractions of the cube roots of the first 64 primes. */
static const uint32_t ROUND[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t x, unsigned by)
{
    return x >> by | x << (32 - by);
}

static void spread(const uint8_t *data, uint32_t w[static 64])
{
    for (size_t i = 0; i < 16; i++, data += 4)
        w[i] = (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
    for (size_t i = 16; i < 64; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[i - 7] +
               (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
    }
}

/* One round on the words a..h, which then are called h, a..g: nothing is moved. */
#define ROUND_ON(a, b, c, d, e, f, g, h, i)                                                      \
    do {                                                                                         \
        uint32_t t = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + \
                     ROUND[i] + w[i];                                                            \
        d += t;                                                                                  \
        h = t + (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));  \
    } while (0)

/* NOLINTNEXTLINE(readability-function-cognitive-complexity): one round, eight times */
static void fold_scalar(uint32_t *state, const uint8_t *data, size_t blocks)
{
    uint32_t w[64];
    for (; blocks; blocks--, data += 64) {
        uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
        uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
        spread(data, w);
        for (size_t i = 0; i < 64; i += 8) {
            ROUND_ON(a, b, c, d, e, f, g, h, i);
            ROUND_ON(h, a, b, c, d, e, f, g, i + 1);
            ROUND_ON(g, h, a, b, c, d, e, f, i + 2);
            ROUND_ON(f, g, h, a, b, c, d, e, i + 3);
            ROUND_ON(e, f, g, h, a, b, c, d, i + 4);
            ROUND_ON(d, e, f, g, h, a, b, c, i + 5);
            ROUND_ON(c, d, e, f, g, h, a, b, i + 6);
            ROUND_ON(b, c, d, e, f, g, h, a, i + 7);
        }
        const uint32_t sum[8] = {a, b, c, d, e, f, g, h};
        for (size_t i = 0; i < 8; i++)
            state[i] += sum[i];
    }
}

#ifdef __x86_64__
/* The instructions take the eight words as (a, b, e, f) and (c, d, g, h), and do two rounds each.
 */
__attribute__((target("sha,sse4.1"))) static void fold_sha_ni(uint32_t *state, const uint8_t *data,
                                                              size_t blocks)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i *io = (__m128i *)(void *)state;
    __m128i cdab = _mm_shuffle_epi32(_mm_loadu_si128(io), 0xb1);
    __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128(io + 1), 0x1b);
    __m128i abef = _mm_alignr_epi8(cdab, efgh, 8);
    __m128i cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);

    for (; blocks; blocks--, data += 64) {
        __m128i abef_before = abef, cdgh_before = cdgh, w[4];
        for (size_t i = 0; i < 4; i++)
            w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)(data + 16 * i)),
                                    swap);
        for (size_t i = 0; i < 64; i += 4) {
            __m128i k = _mm_loadu_si128((const __m128i *)(const void *)(ROUND + i));
            __m128i wk = _mm_add_epi32(w[0], k);
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, wk);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(wk, 0x0e));
            __m128i sum =
                _mm_add_epi32(_mm_sha256msg1_epu32(w[0], w[1]), _mm_alignr_epi8(w[3], w[2], 4));
            w[0] = w[1];
            w[1] = w[2];
            w[2] = w[3];
            w[3] = _mm_sha256msg2_epu32(sum, w[2]);
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    __m128i feba = _mm_shuffle_epi32(abef, 0x1b);
    __m128i dchg = _mm_shuffle_epi32(cdgh, 0xb1);
    _mm_storeu_si128(io, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128(io + 1, _mm_alignr_epi8(dchg, feba, 8));
}
#endif

void sha256_init_scalar(struct sha256 *s)
{
    /* fractions of the square roots of the first 8 primes */
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memset(s, 0, sizeof *s);
    memcpy(s->state, start, sizeof start);
    s->fold = fold_scalar;
}

void sha256_init(struct sha256 *s)
{
    sha256_init_scalar(s);
#ifdef __x86_64__
    if (cpu_has_sha_ni())
        s->fold = fold_sha_ni;
#endif
}

void sha256_add(struct sha256 *s, const void *bytes, size_t len)
{
    const uint8_t *p = bytes;
    size_t held = s->total % 64;
    s->total += len;
    if (held) {
        size_t part = len < 64 - held ? len : 64 - held;
        memcpy(s->block + held, p, part);
        if (held + part < 64)
            return;
        s->fold(s->state, s->block, 1);
        p += part;
        len -= part;
    }
    if (len >= 64)
        s->fold(s->state, p, len / 64);
    if (len % 64)
        memcpy(s->block, p + len / 64 * 64, len % 64);
}

void sha256_end(struct sha256 *s, uint8_t out_digest[static SHA256_BYTES])
{
    static const uint8_t pad[64] = {0x80};
    uint64_t bits = s->total * 8;
    uint8_t length[8];
    for (size_t i = 0; i < 8; i++)
        length[i] = (uint8_t)(bits >> (56 - 8 * i));
    sha256_add(s, pad, 1 + (119 - s->total % 64) % 64);
    sha256_add(s, length, sizeof length);
    for (size_t i = 0; i < SHA256_BYTES; i++)
        out_digest[i] = (uint8_t)(s->state[i / 4] >> (24 - 8 * (i % 4)));
}

void sha256_hex(const uint8_t digest[static SHA256_BYTES], char out_hex[static SHA256_HEX_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        out_hex[2 * i] = digits[digest[i] >> 4];
        out_hex[2 * i + 1] = digits[digest[i] & 15];
    }
    out_hex[2 * SHA256_BYTES] = '\0';
}

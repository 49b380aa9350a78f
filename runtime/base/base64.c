/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include <stdbool.h>
#include <stdint.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/cpu.h"

#define BAD 0x80u /* a character outside the alphabet: the only bit above the six of a value */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* clang-format off */
static const uint8_t value_of[256] = {
    [0 ... '+' - 1] = BAD, ['+'] = 62, [','] = BAD, ['-'] = BAD, ['.'] = BAD, ['/'] = 63,
    ['0'] = 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, ['9' + 1 ... 'A' - 1] = BAD,
    ['A'] = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
    24, 25, ['Z' + 1 ... 'a' - 1] = BAD,
    ['a'] = 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
    48, 49, 50, 51, ['z' + 1 ... 255] = BAD,
};
/* clang-format on */

/* The length without padding, or -1 when the padding or the length is wrong. */
static long strip_padding(const uint8_t *text, size_t len)
{
    size_t bare = len;
    while (bare && len - bare < 2 && text[bare - 1] == '=')
        bare--;
    if ((bare != len && len % 4) || bare % 4 == 1)
        return -1;
    return (long)bare;
}

/* Whole groups and the rest of an unpadded text; -1 on a foreign character. */
static long decode_groups(const uint8_t *s, size_t len, uint8_t *out)
{
    uint8_t *o = out;
    for (; len >= 4; len -= 4, s += 4, o += 3) {
        uint32_t a = value_of[s[0]], b = value_of[s[1]], c = value_of[s[2]], d = value_of[s[3]];
        if ((a | b | c | d) & BAD)
            return -1;
        uint32_t group = a << 18 | b << 12 | c << 6 | d;
        o[0] = (uint8_t)(group >> 16);
        o[1] = (uint8_t)(group >> 8);
        o[2] = (uint8_t)group;
    }
    if (len >= 2) {
        uint32_t a = value_of[s[0]], b = value_of[s[1]], c = len == 3 ? value_of[s[2]] : 0;
        if ((a | b | c) & BAD)
            return -1;
        *o++ = (uint8_t)(a << 2 | b >> 4);
        if (len == 3)
            *o++ = (uint8_t)(b << 4 | c >> 2);
    }
    return o - out;
}

long base64_decode_scalar(const char *text, size_t len, void *out)
{
    const uint8_t *s = (const uint8_t *)text;
    long bare = strip_padding(s, len);
    return bare < 0 ? -1 : decode_groups(s, (size_t)bare, out);
}

#if defined(__x86_64__)
#define REPEAT(...) _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)

/* 32 characters become 24 bytes per round. A character is checked by two table look-ups, one per
 * half of it, whose results share a bit only for characters outside the alphabet; a third look-up
 * gives what to add to it. (The published scheme of Mula and Lemire.) Gives the characters
 * consumed, a multiple of 32; stops in front of a foreign one. */
__attribute__((target("avx2"))) static size_t decode_avx2(const uint8_t *s, size_t len, uint8_t *o)
{
    const __m256i low_bits = REPEAT(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
                                    0x13, 0x1A, 0x1B, 0x1B, 0x1B, 0x1A);
    const __m256i high_bits = REPEAT(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10,
                                     0x10, 0x10, 0x10, 0x10, 0x10, 0x10);
    const __m256i shifts = REPEAT(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m256i pack = REPEAT(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
    const __m256i join = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, -1, -1);
    const __m256i slash = _mm256_set1_epi8('/'); /* also the mask of a half */
    size_t done = 0;
    for (; len - done >= 32; done += 32, o += 24) {
        __m256i x = _mm256_loadu_si256((const __m256i *)(s + done));
        __m256i high = _mm256_and_si256(_mm256_srli_epi32(x, 4), slash);
        __m256i low = _mm256_and_si256(x, slash);
        if (!_mm256_testz_si256(_mm256_shuffle_epi8(low_bits, low),
                                _mm256_shuffle_epi8(high_bits, high)))
            break;
        __m256i is_slash = _mm256_cmpeq_epi8(x, slash);
        __m256i shift = _mm256_shuffle_epi8(shifts, _mm256_add_epi8(is_slash, high));
        x = _mm256_add_epi8(x, shift);
        x = _mm256_maddubs_epi16(x, _mm256_set1_epi32(0x01400140));
        x = _mm256_madd_epi16(x, _mm256_set1_epi32(0x00011000));
        x = _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(x, pack), join);
        _mm_storeu_si128((__m128i *)o, _mm256_castsi256_si128(x));
        _mm_storel_epi64((__m128i *)(o + 16), _mm256_extracti128_si256(x, 1));
    }
    return done;
}

static size_t decode_vector(const uint8_t *s, size_t len, uint8_t *out)
{
    return len >= 32 && cpu_has_avx2() ? decode_avx2(s, len, out) : 0;
}
#else
static size_t decode_vector(const uint8_t *s, size_t len, uint8_t *out)
{
    (void)s, (void)len, (void)out;
    return 0;
}
#endif

long base64_decode(const char *text, size_t len, void *out)
{
    const uint8_t *s = (const uint8_t *)text;
    uint8_t *o = out;
    long bare = strip_padding(s, len);
    if (bare < 0)
        return -1;
    size_t done = decode_vector(s, (size_t)bare, o), bytes = done / 4 * 3;
    long rest = decode_groups(s + done, (size_t)bare - done, o + bytes);
    return rest < 0 ? -1 : (long)bytes + rest;
}

size_t base64_encode(const void *bytes, size_t len, char *out)
{
    const uint8_t *s = bytes;
    char *o = out;
    for (; len >= 3; len -= 3, s += 3) {
        uint32_t group = (uint32_t)s[0] << 16 | (uint32_t)s[1] << 8 | s[2];
        *o++ = alphabet[group >> 18];
        *o++ = alphabet[group >> 12 & 63];
        *o++ = alphabet[group >> 6 & 63];
        *o++ = alphabet[group & 63];
    }
    if (len) {
        uint32_t group = (uint32_t)s[0] << 16 | (len == 2 ? (uint32_t)s[1] << 8 : 0);
        *o++ = alphabet[group >> 18];
        *o++ = alphabet[group >> 12 & 63];
        *o++ = len == 2 ? alphabet[group >> 6 & 63] : '=';
        *o++ = '=';
    }
    return (size_t)(o - out);
}

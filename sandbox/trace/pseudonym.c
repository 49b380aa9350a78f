/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/pseudonym.h"

#include <string.h>

#define BLOCK      64
#define ROUNDS     8
#define DIGITS_MAX 18
#define STRETCH    100000

void pseudonym_key_set(struct pseudonym_key *k, const unsigned char *key, size_t len)
{
    uint8_t block[BLOCK] = {0};
    struct sha256 long_key;
    if (len > BLOCK) {
        sha256_init(&long_key);
        sha256_add(&long_key, key, len);
        sha256_end(&long_key, block);
    } else {
        memcpy(block, key, len);
    }
    for (int i = 0; i < BLOCK; i++)
        block[i] ^= 0x36;
    sha256_init(&k->inner);
    sha256_add(&k->inner, block, BLOCK);
    for (int i = 0; i < BLOCK; i++)
        block[i] ^= 0x36 ^ 0x5c;
    sha256_init(&k->outer);
    sha256_add(&k->outer, block, BLOCK);
}

void pseudonym_hmac(const struct pseudonym_key *k, const void *bytes, size_t len,
                    uint8_t out[static SHA256_BYTES])
{
    struct sha256 s = k->inner;
    sha256_add(&s, bytes, len);
    sha256_end(&s, out);
    s = k->outer;
    sha256_add(&s, out, SHA256_BYTES);
    sha256_end(&s, out);
}

void pseudonym_key_stretch(struct pseudonym_key *k, const char *words)
{
    static const char salt[] = "clambda redaction\0\0\0\1"; /* and the number of the block */
    struct pseudonym_key password;
    uint8_t u[SHA256_BYTES], sum[SHA256_BYTES];
    pseudonym_key_set(&password, (const unsigned char *)words, strlen(words));
    pseudonym_hmac(&password, salt, sizeof salt - 1, u);
    memcpy(sum, u, sizeof sum);
    for (int i = 1; i < STRETCH; i++) {
        pseudonym_hmac(&password, u, sizeof u, u);
        for (size_t j = 0; j < sizeof sum; j++)
            sum[j] ^= u[j];
    }
    pseudonym_key_set(k, sum, sizeof sum);
}

/* Of a value, with a letter for the kind before it: a text is not the number of the same digits. */
static void seed(const struct pseudonym_key *k, char kind, const char *text, size_t len,
                 uint8_t out[static SHA256_BYTES])
{
    struct sha256 s = k->inner;
    sha256_add(&s, &kind, 1);
    sha256_add(&s, text, len);
    sha256_end(&s, out);
    s = k->outer;
    sha256_add(&s, out, SHA256_BYTES);
    sha256_end(&s, out);
}

static size_t length_class(size_t len)
{
    size_t most = 8;
    while (most < len)
        most = most & (most - 1) ? most / 3 * 4 : most / 2 * 3;
    return most;
}

void pseudonym_add_text(const struct pseudonym_key *k, const char *text, size_t len,
                        struct buf *out)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint8_t bytes[SHA256_BYTES];
    if (!len)
        return;
    seed(k, 's', text, len, bytes);
    size_t n = length_class(len);
    char *at = buf_reserve(out, n);
    if (!at)
        return;
    for (size_t i = 0; i < n; i++)
        at[i] = letters[bytes[i % SHA256_BYTES] & (i ? 31 : 15)];
    at[n] = '\0';
    out->len += n;
}

/* One round's number of some bits from the other half. */
static uint64_t mix(const struct pseudonym_key *k, const uint8_t tweak[static SHA256_BYTES],
                    unsigned round, uint64_t half)
{
    uint8_t in[SHA256_BYTES + 9], out[SHA256_BYTES];
    uint64_t mixed;
    memcpy(in, tweak, SHA256_BYTES);
    in[SHA256_BYTES] = (uint8_t)round;
    for (int i = 0; i < 8; i++)
        in[SHA256_BYTES + 1 + i] = (uint8_t)(half >> 8 * i);
    pseudonym_hmac(k, in, sizeof in, out);
    memcpy(&mixed, out, sizeof mixed);
    return mixed;
}

/* A permutation of 0 to n - 1 that only the key tells: a Feistel network over the next power of
 * four, again and again until the result is below n. */
static uint64_t permute(const struct pseudonym_key *k, const uint8_t tweak[static SHA256_BYTES],
                        uint64_t n, uint64_t x)
{
    unsigned bits = 1;
    while (bits < 32 && (uint64_t)1 << 2 * bits < n)
        bits++;
    uint64_t mask = ((uint64_t)1 << bits) - 1;
    do {
        uint64_t left = x >> bits, right = x & mask;
        for (unsigned i = 0; i < ROUNDS; i++) {
            uint64_t next = left ^ (mix(k, tweak, i, right) & mask);
            left = right;
            right = next;
        }
        x = left << bits | right;
    } while (x >= n);
    return x;
}

static void add_digits(const struct pseudonym_key *k, const uint8_t tweak[static SHA256_BYTES],
                       const char *text, size_t len, bool leading, struct buf *out)
{
    uint8_t bytes[SHA256_BYTES];
    char digits[DIGITS_MAX + 1];
    if (len > DIGITS_MAX) {
        seed(k, 'd', text, len, bytes);
        for (size_t i = 0; i < len; i++)
            buf_addc(out, i || !leading ? (char)('0' + (bytes[i % SHA256_BYTES] + i) % 10)
                                        : (char)('1' + bytes[0] % 9));
        return;
    }
    uint64_t value = 0, power = 1, least;
    for (size_t i = 0; i < len; i++) {
        value = value * 10 + (uint64_t)(text[i] - '0');
        power *= 10;
    }
    least = leading && len > 1 ? power / 10 : 0;
    value = least + permute(k, tweak, power - least, value - least);
    for (size_t i = len; i-- > 0; value /= 10)
        digits[i] = (char)('0' + value % 10);
    buf_add(out, digits, len);
}

static size_t count_digits(const char *text, size_t len)
{
    size_t n = 0;
    while (n < len && text[n] >= '0' && text[n] <= '9')
        n++;
    return n;
}

void pseudonym_add_number(const struct pseudonym_key *k, const char *text, size_t len,
                          struct buf *out)
{
    uint8_t tweak[SHA256_BYTES];
    if (len && *text == '-') {
        buf_addc(out, '-');
        text++;
        len--;
    }
    size_t whole = count_digits(text, len);
    seed(k, 'n', (const char[]){(char)whole}, 1, tweak);
    add_digits(k, tweak, text, whole, true, out);
    if (whole < len && text[whole] == '.') {
        size_t part = count_digits(text + whole + 1, len - whole - 1);
        buf_addc(out, '.');
        seed(k, 'f', text, whole + 1, tweak); /* the same digits behind another number differ */
        add_digits(k, tweak, text + whole + 1, part, false, out);
        whole += 1 + part;
    }
    buf_add(out, text + whole, len - whole);
}

bool pseudonym_bool(const struct pseudonym_key *k, bool value)
{
    uint8_t bytes[SHA256_BYTES];
    seed(k, 'b', "", 0, bytes);
    return value ^ (bytes[0] & 1);
}

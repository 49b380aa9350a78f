/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sha256.h"

#include "check.h"

typedef void (*init_fn)(struct sha256 *);

static const init_fn INITS[] = {sha256_init, sha256_init_scalar};

/* The vectors of FIPS 180-4 and of NIST's short message tests. */
static const struct {
    const char *text;
    size_t repeat;
    const char *hex;
} VECTORS[] = {
    {"", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnop"
     "qrsmnopqrstnopqrstu",
     1, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    {"a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
};

static void hex_of(struct sha256 *s, char out[static SHA256_HEX_SIZE])
{
    uint8_t digest[SHA256_BYTES];
    sha256_end(s, digest);
    sha256_hex(digest, out);
}

static void test_vectors(void)
{
    for (size_t i = 0; i < sizeof VECTORS / sizeof *VECTORS; i++) {
        for (size_t k = 0; k < sizeof INITS / sizeof *INITS; k++) {
            struct sha256 s;
            char hex[SHA256_HEX_SIZE];
            INITS[k](&s);
            for (size_t n = 0; n < VECTORS[i].repeat; n++)
                sha256_add(&s, VECTORS[i].text, strlen(VECTORS[i].text));
            hex_of(&s, hex);
            CHECK_STR(hex, VECTORS[i].hex);
        }
    }
}

/* Every length around the block borders, in one piece and in two, fast and plain. */
static void test_every_split(void)
{
    uint8_t data[300];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7 + i / 64);
    for (size_t len = 0; len <= sizeof data; len++) {
        struct sha256 s;
        char want[SHA256_HEX_SIZE], got[SHA256_HEX_SIZE];
        sha256_init_scalar(&s);
        sha256_add(&s, data, len);
        hex_of(&s, want);
        for (size_t cut = 0; cut <= len; cut += 1 + len / 16) {
            sha256_init(&s);
            sha256_add(&s, data, cut);
            sha256_add(&s, data + cut, len - cut);
            hex_of(&s, got);
            CHECK_STR(got, want);
        }
    }
}

static const struct check_test TESTS[] = {
    {"the standard's vectors", test_vectors},
    {"every length and split", test_every_split},
};
CHECK_MAIN(TESTS)

/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/attr.h"
#include "base/base64.h"

static void test_texts(void)
{
    static const struct {
        const char *text, *want;
        long len;
    } rows[] = {
        {"", "", 0},
        {"TQ==", "M", 1},
        {"TWE=", "Ma", 2},
        {"TWFu", "Man", 3},
        {"TQ", "M", 1},
        {"TWE", "Ma", 2},
        {"+/+/", "\xFB\xFF\xBF", 3},
        {"TR==", "M", 1},
        {"TWF=", "Ma", 2}, /* bits behind the last byte */
        {"T", NULL, -1},
        {"TWFuT", NULL, -1},
        {"TQ=", NULL, -1},
        {"T===", NULL, -1},
        {"=", NULL, -1},
        {"==", NULL, -1},
        {"====", NULL, -1},
        {"TWE==", NULL, -1},
        {"TWFu=", NULL, -1},
        {"TWFu==", NULL, -1},
        {"TWFu====", NULL, -1},
        {"TQ==TQ==", NULL, -1},
        {"T=Fu", NULL, -1},
        {"TW u", NULL, -1},
        {"TWFu\n", NULL, -1},
        {"-_-_", NULL, -1},
        {"TW\x80u", NULL, -1},
        {"TWF.", NULL, -1},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char out[64];
        if (base64_decode(rows[i].text, strlen(rows[i].text), out) != rows[i].len)
            printf("# '%s'\n", rows[i].text);
        CHECK_INT(base64_decode(rows[i].text, strlen(rows[i].text), out), rows[i].len);
        CHECK_INT(base64_decode_scalar(rows[i].text, strlen(rows[i].text), out), rows[i].len);
        if (rows[i].len >= 0)
            CHECK_MEM(out, (size_t)rows[i].len, rows[i].want, (size_t)rows[i].len);
    }
    char nul[4] = {'T', 'W', '\0', 'u'}, out[8];
    CHECK_INT(base64_decode(nul, 4, out), -1);
}

/* Every length, with and without padding, in place and not, in memory of exactly that size. */
static void test_lengths(void)
{
    for (size_t len = 0; len < 400; len++) {
        size_t text_len = BASE64_ENCODED(len);
        AUTO_FREE unsigned char *bytes = malloc(len + 1);
        AUTO_FREE char *text = malloc(text_len + 1);
        for (size_t i = 0; i < len; i++)
            bytes[i] = (unsigned char)(i * 151 + len * 31 + (i >> 3));
        CHECK_INT(base64_encode(bytes, len, text), text_len);
        size_t bare = text_len;
        while (bare && text[bare - 1] == '=')
            bare--;
        for (size_t use = bare; use <= text_len; use += text_len - bare ? text_len - bare : 1) {
            AUTO_FREE char *copy = malloc(use + 1), *out = malloc(use / 4 * 3 + 3);
            memcpy(copy, text, use);
            CHECK_INT(base64_decode(copy, use, out), len);
            CHECK_MEM(out, len, bytes, len);
            CHECK_INT(base64_decode(copy, use, copy), len);
            CHECK_MEM(copy, len, bytes, len);
        }
    }
}

/* Every byte at every place of a long text is judged alike by the fast and the portable code. */
static void test_every_byte(void)
{
    char text[140], fast[140], plain[140];
    memset(text, 'Q', sizeof text);
    for (size_t at = 0; at < sizeof text; at++) {
        for (int c = 0; c < 256; c++) {
            text[at] = (char)c;
            long a = base64_decode(text, sizeof text, fast);
            long b = base64_decode_scalar(text, sizeof text, plain);
            CHECK_INT(a, b);
            if (a >= 0)
                CHECK_MEM(fast, (size_t)a, plain, (size_t)b);
        }
        text[at] = 'Q';
    }
}

static const struct check_test tests[] = {
    {"texts", test_texts},
    {"lengths", test_lengths},
    {"every byte at every place", test_every_byte},
};
CHECK_MAIN(tests)

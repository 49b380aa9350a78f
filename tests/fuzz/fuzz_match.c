/* SPDX-License-Identifier: Apache-2.0 */
/* Any match expression on any text: no crash, and "a|b" is a or b, "a&b" is a and b. The input is
 * the expression, a NUL byte, the text. */
#include <string.h>

#include "decode/decode.h"
#include "fuzz.h"

static void check_parts(const char *match, const char *text, size_t len)
{
    const char *bar = strrchr(match, '|'), *and = strrchr(match, '&');
    if (!bar && !and)
        return;
    bool either = bar && (!and || bar > and); /* the last joint is a '|' */
    if (bar && !either)
        return;
    size_t cut = (size_t)((either ? bar : and) - match);
    char *left = strndup(match, cut);
    bool a = decode_match(left, text, len), b = decode_match(match + cut + 1, text, len);
    FUZZ_CHECK(decode_match(match, text, len) == (either ? a || b : a && b));
    free(left);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = memchr(data, 0, size);
    struct err err;
    if (!nul)
        return 0;
    const char *match = (const char *)data;
    size_t len = size - (size_t)(nul + 1 - data);
    char *text = malloc(len ? len : 1);
    if (len)
        memcpy(text, nul + 1, len);
    if (decode_match_check(match, &err) == 0) {
        decode_match(match, text, len);
        check_parts(match, text, len);
    }
    free(text);
    return 0;
}

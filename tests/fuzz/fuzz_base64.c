/* SPDX-License-Identifier: Apache-2.0 */
/* The fast decoder gives what the portable one gives, in place too; and bytes come back. */
#include <string.h>

#include "base/base64.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    char *plain = malloc(size / 4 * 3 + 3), *fast = malloc(size / 4 * 3 + 3);
    char *place = malloc(size + 1);
    long want = base64_decode_scalar(text, size, plain), got = base64_decode(text, size, fast);
    FUZZ_CHECK(want == got && (want < 0 || memcmp(plain, fast, (size_t)want) == 0));
    if (size)
        memcpy(place, text, size);
    got = base64_decode(place, size, place);
    FUZZ_CHECK(want == got && (want < 0 || memcmp(plain, place, (size_t)want) == 0));

    char *coded = malloc(BASE64_ENCODED(size) + 1);
    size_t len = base64_encode(data, size, coded);
    FUZZ_CHECK(len == BASE64_ENCODED(size));
    FUZZ_CHECK(base64_decode(coded, len, coded) == (long)size);
    FUZZ_CHECK(!size || memcmp(coded, data, size) == 0);
    free(coded);
    free(place);
    free(fast);
    free(plain);
    return 0;
}

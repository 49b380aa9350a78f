/* SPDX-License-Identifier: Apache-2.0 */
/* A function's output: the lines do not depend on where the bytes were split, and each is whole. */
#include "env/lines.h"

#include "fuzz.h"

static void on_lines(void *owner, const char *text, size_t len)
{
    FUZZ_CHECK(len && text[len - 1] == '\n');
    buf_add(owner, text, len);
}

/* most 0: at once. */
static void feed(const uint8_t *data, size_t size, uint32_t seed, size_t most, struct buf *out)
{
    struct lines lines;
    lines_init(&lines);
    buf_init(out, FUZZ_SIZE_MAX);
    for (size_t at = 0; at < size;) {
        seed = seed * 1103515245 + 12345;
        size_t n = most ? 1 + (seed >> 16) % most : size;
        if (n > size - at)
            n = size - at;
        lines_feed(&lines, (const char *)data + at, n, on_lines, out);
        at += n;
    }
    lines_flush(&lines, on_lines, out);
    lines_fini(&lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole, pieces;
    uint32_t seed = size ? data[0] * 2654435761u : 0;
    feed(data, size, seed, 0, &whole);
    feed(data, size, seed, 1 + seed % 9, &pieces);
    FUZZ_CHECK(whole.len == pieces.len && !whole.failed);
    FUZZ_CHECK(!whole.len || memcmp(whole.ptr, pieces.ptr, whole.len) == 0);
    FUZZ_CHECK(whole.len == size + (size && data[size - 1] != '\n'));
    buf_free(&whole);
    buf_free(&pieces);
    return 0;
}

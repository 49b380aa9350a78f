/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP parser: whatever arrives, it stays inside its buffer, and what it makes of the bytes
 * does not depend on where they were split. Input: four bytes that choose the splits, then a
 * response. */
#include <stdbool.h>
#include <string.h>

#include "fuzz.h"
#include "rapi/http.h"

#define BODY_MAX  300
#define SEED_SIZE 4

struct outcome {
    struct http http;
    enum err_kind kind; /* ERR_NONE: a complete response */
    char *buf;          /* exactly as large as what was fed */
};

/* Feeds text in pieces of 1 to most bytes; most 0: at once. */
static struct outcome parse(const char *text, size_t len, uint32_t seed, uint32_t most)
{
    struct outcome out = {.buf = malloc(len + 1)};
    struct err err;
    bool failed = false;
    http_init(&out.http, BODY_MAX, BODY_MAX);
    for (size_t at = 0; at < len && !failed && !http_done(&out.http);) {
        seed = seed * 1103515245 + 12345;
        size_t n = most ? 1 + (seed >> 16) % most : len;
        if (n > len - at)
            n = len - at;
        size_t before = out.http.fill;
        FUZZ_CHECK(before <= at);
        memcpy(out.buf + before, text + at, n);
        failed = http_feed(&out.http, out.buf, n, &err) != 0;
        FUZZ_CHECK(failed || out.http.fill <= before + n);
        at += n;
    }
    if (!failed && !http_done(&out.http))
        failed = http_end(&out.http, &err) != 0;
    out.kind = failed ? err.kind : ERR_NONE;
    return out;
}

static void check_same(const struct outcome *a, const struct outcome *b)
{
    FUZZ_CHECK(a->kind == b->kind);
    if (a->kind != ERR_NONE)
        return;
    FUZZ_CHECK(a->http.status == b->http.status);
    FUZZ_CHECK(a->http.headers == b->http.headers && a->http.body == b->http.body);
    FUZZ_CHECK(a->http.body_len == b->http.body_len);
    FUZZ_CHECK(memcmp(a->buf, b->buf, a->http.body + a->http.body_len) == 0);
}

static void walk_headers(const struct outcome *o)
{
    struct http_header header;
    for (size_t at = 0; http_next_header(&o->http, o->buf, &at, &header);) {
        FUZZ_CHECK(header.name >= o->buf && header.name_len > 0);
        FUZZ_CHECK(header.value + header.value_len < o->buf + o->http.body);
        FUZZ_CHECK(!memchr(header.value, '\n', header.value_len));
        FUZZ_CHECK(!memchr(header.value, '\0', header.value_len));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < SEED_SIZE || size > FUZZ_SIZE_MAX)
        return 0;
    uint32_t seed;
    memcpy(&seed, data, sizeof seed);
    const char *text = (const char *)data + SEED_SIZE;
    size_t len = size - SEED_SIZE;
    struct outcome whole = parse(text, len, seed, 0);
    struct outcome bytes = parse(text, len, seed, 1);
    struct outcome pieces = parse(text, len, seed, 2 + seed % 40);
    check_same(&whole, &bytes);
    check_same(&whole, &pieces);
    if (whole.kind == ERR_NONE)
        walk_headers(&whole);
    free(whole.buf);
    free(bytes.buf);
    free(pieces.buf);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Any document under any pointers: it stays a document, equal runs give equal ones, and a value
 * that is named is not there any more. */
#include <ctype.h>

#include "base/scan.h"
#include "trace/redact.h"
#include "trace/walk.h"

#include "fuzz.h"

static struct walk walk;

/* Letters and digits, and among them one that no number has: it cannot stand outside a string. */
static bool is_plain(const char *text, size_t len)
{
    bool letter = false;
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)text[i]))
            return false;
        letter |= tolower((unsigned char)text[i]) > 'f';
    }
    return letter && len >= 12;
}

/* No text that a pointer names occurs in the result. */
static void check_gone(const struct redact *r, const char *text, size_t len, const struct buf *out)
{
    struct walk_token t;
    walk_init(&walk, text, len, r->pointers, r->count);
    while (walk_next(&walk, &t)) {
        FUZZ_CHECK(t.raw.ptr >= text && t.raw.ptr + t.raw.len <= text + len && t.raw.len);
        if (t.covered && t.kind == WALK_STRING && is_plain(t.raw.ptr + 1, t.raw.len - 2))
            FUZZ_CHECK(!memmem(out->ptr, out->len, t.raw.ptr + 1, t.raw.len - 2));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct err err = {0};
    struct redact r;
    struct scan_fault fault;
    struct buf out[2];
    FUZZ_CHECK(redact_init(&r, &err) == 0);
    for (int i = fuzz_byte(&in) % 4; i > 0; i--) {
        size_t len;
        char *pointer = fuzz_text(&in, &len);
        int added = redact_add(&r, pointer, &err);
        FUZZ_CHECK(added == 0 || err.msg[0]);
        free(pointer);
    }
    const char *text = (const char *)in.at;
    for (int i = 0; i < 2; i++) {
        buf_init(&out[i], FUZZ_SIZE_MAX * 8);
        FUZZ_CHECK(redact_apply(&r, text, in.left, &out[i], &err) == 0);
    }
    FUZZ_CHECK(out[0].len == out[1].len);
    FUZZ_CHECK(!out[0].len || memcmp(out[0].ptr, out[1].ptr, out[0].len) == 0);
    if (scan_valid(text, in.left, &fault)) {
        FUZZ_CHECK(scan_valid(out[0].ptr, out[0].len, &fault));
        check_gone(&r, text, in.left, &out[0]);
    }
    for (int i = 0; i < 2; i++)
        buf_free(&out[i]);
    redact_fini(&r);
    return 0;
}

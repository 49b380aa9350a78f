/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of streamed answers: what is let through is JSON without anything that could end a header,
 * and 8 NUL bytes. */
#include "core/prelude.h"

#include "base/attr.h"
#include "base/scan.h"
#include "fuzz.h"

#define MOST 6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct failure f;
    struct fuzz_input in = {data, size};
    struct lambda_stream_head given = {.http_status = fuzz_byte(&in) * 3}, head;
    char *texts[3 * MOST + 1];
    lambda_pair headers[MOST];
    lambda_str cookies[MOST];
    size_t count = 0, len;
    texts[count++] = fuzz_text(&in, &len);
    given.content_type = len ? texts[0] : NULL;
    given.http_headers = headers;
    given.http_cookies = cookies;
    for (size_t n = fuzz_byte(&in) % MOST; given.nhttp_headers < n; given.nhttp_headers++) {
        lambda_pair *h = &headers[given.nhttp_headers];
        h->key.ptr = texts[count++] = fuzz_text(&in, &h->key.len);
        h->value.ptr = texts[count++] = fuzz_text(&in, &h->value.len);
    }
    for (size_t n = fuzz_byte(&in) % MOST; given.nhttp_cookies < n; given.nhttp_cookies++) {
        lambda_str *c = &cookies[given.nhttp_cookies];
        c->ptr = texts[count++] = fuzz_text(&in, &c->len);
    }
    struct buf out;
    struct scan_fault fault;
    buf_init(&out, PRELUDE_MAX);
    f.set = false;
    FUZZ_CHECK(prelude_take_head(&given, sizeof given, &head, &f) == 0);
    if (prelude_print(&head, &out, &f) != 0) {
        FUZZ_CHECK(f.set && f.message[0]);
    } else if (out.len) {
        FUZZ_CHECK(out.len > 8 && memcmp(out.ptr + out.len - 8, "\0\0\0\0\0\0\0", 8) == 0);
        FUZZ_CHECK(!memchr(out.ptr, '\0', out.len - 8));
        FUZZ_CHECK(scan_valid(out.ptr, out.len - 8, &fault));
    }
    if (!f.set)
        for (const char *p = prelude_content_type(&head); *p; p++)
            FUZZ_CHECK(*p >= 0x20 && *p < 0x7f);
    buf_free(&out);
    while (count)
        free(texts[--count]);
    return 0;
}

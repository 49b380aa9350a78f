/* SPDX-License-Identifier: Apache-2.0 */
/* A history as text: each line is refused with a reason, or what it says stands in the document of
 * each record that it names; documents are JSON, and in the order of the names. */
#include "simulate/history_lines.h"

#include "fuzz.h"

static void check_documents(const struct history_lines *h)
{
    struct buf out;
    struct scan_value last = {0};
    size_t at = 0, entries = 0;
    buf_init(&out, FUZZ_SIZE_MAX);
    while (at < h->nmentions) {
        struct scan_value name = h->mentions[at].name;
        struct scan_fault fault;
        size_t from = at;
        history_lines_tell(h, &at, &out);
        FUZZ_CHECK(at > from && at <= h->nmentions && !out.failed);
        FUZZ_CHECK(scan_valid(out.ptr, out.len, &fault));
        FUZZ_CHECK(!last.ptr || history_lines_order(last, name) < 0);
        last = name;
        entries += at - from;
    }
    FUZZ_CHECK(entries == h->nmentions);
    buf_free(&out);
}

/* What is left of an error may be anything. */
static void add_half(struct buf *out, const char *error, size_t len, const char *request_id)
{
    FUZZ_CHECK(strlen(request_id) == 36);
    buf_add(out, error, len / 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct history_lines h = {0};
    struct err err = {0};
    if (history_lines_read(&h, (const char *)data, size, add_half, &err) == 0)
        check_documents(&h);
    else
        FUZZ_CHECK(err.kind == ERR_INPUT && err.msg[0]);
    history_lines_fini(&h);
    return 0;
}

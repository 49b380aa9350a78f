/* SPDX-License-Identifier: Apache-2.0 */
/* Any JSON as the event of each source, and as what AWS's command line prints: views stay inside,
 * what is made of them is JSON, and is taken apart into the same records. */
#include "base/iso.h"
#include "base/scan.h"
#include "mapping/records.h"

#include "fuzz.h"

#define RECORDS_MAX 256
#define EVENT_MAX   (8u << 20)

struct taken {
    const char *event;
    size_t len;
    struct record records[RECORDS_MAX];
    size_t count;
};

static void check_view(const struct taken *t, struct scan_value v)
{
    FUZZ_CHECK(!v.ptr || (v.ptr >= t->event && v.ptr + v.len <= t->event + t->len));
}

static int keep(void *owner, const struct record *r, struct err *err)
{
    struct taken *t = owner;
    struct scan_fault fault;
    if (t->count == RECORDS_MAX)
        return err_set(err, ERR_LIMIT, "enough");
    check_view(t, r->text);
    check_view(t, r->id);
    check_view(t, r->key);
    check_view(t, r->shard);
    check_view(t, r->origin);
    check_view(t, r->stream);
    FUZZ_CHECK(scan_valid(r->text.ptr, r->text.len, &fault));
    FUZZ_CHECK(r->arrival_ms == RECORDS_NO_TIME ||
               (r->arrival_ms >= 0 && r->arrival_ms <= ISO_MAX_MS));
    t->records[t->count++] = *r;
    return 0;
}

static int split(enum mapping_source source, const char *event, size_t len, struct taken *t)
{
    struct err err = {0};
    t->event = event;
    t->len = len;
    t->count = 0;
    int status = records_split(source, event, len, keep, t, &err);
    FUZZ_CHECK(status == 0 || err.kind == ERR_INPUT || err.kind == ERR_LIMIT);
    return status;
}

static void assemble(enum mapping_source source, const struct taken *t, bool delivery,
                     struct buf *out)
{
    struct records_delivery items[RECORDS_MAX];
    struct records_batch b = {.items = items, .nitems = t->count};
    for (size_t i = 0; i < t->count; i++) {
        items[i] = (struct records_delivery){.record = &t->records[i], .first_ms = RECORDS_NO_TIME};
        if (delivery) {
            items[i].count = 7;
            items[i].first_ms = 1769860800000;
            items[i].handle = "a \"handle\"";
        }
    }
    b.window.on = delivery;
    records_assemble(source, &b, out);
}

static void check_same(enum mapping_source source, const struct taken *a, const struct taken *b)
{
    FUZZ_CHECK(a->count == b->count);
    if (source == MAPPING_KAFKA) /* duplicate names of a partition become one */
        return;
    for (size_t i = 0; i < a->count; i++)
        FUZZ_CHECK(a->records[i].text.len == b->records[i].text.len &&
                   memcmp(a->records[i].text.ptr, b->records[i].text.ptr, a->records[i].text.len) ==
                       0);
}

static void try_source(enum mapping_source source, const char *event, size_t len)
{
    static struct taken first, again;
    struct scan_fault fault;
    if (split(source, event, len, &first) < 0)
        return;
    for (int delivery = 0; delivery < 2; delivery++) {
        struct buf out;
        buf_init(&out, EVENT_MAX);
        assemble(source, &first, delivery, &out);
        FUZZ_CHECK(!out.failed && scan_valid(out.ptr, out.len, &fault));
        FUZZ_CHECK(split(source, out.ptr, out.len, &again) == 0);
        FUZZ_CHECK(first.count == again.count);
        if (!delivery)
            check_same(source, &first, &again);
        if (first.count && source != MAPPING_ASYNC)
            FUZZ_CHECK(records_source(out.ptr, out.len) == source);
        buf_free(&out);
    }
}

static void try_output(enum mapping_source source, const char *text, size_t len)
{
    struct err err = {0};
    struct scan_fault fault;
    struct buf out;
    buf_init(&out, EVENT_MAX);
    bool timed;
    int status = records_from_output(source, text, len, 3, &out, &timed, &err);
    FUZZ_CHECK(status == 0 || (err.kind == ERR_INPUT && err.msg[0]));
    FUZZ_CHECK(status < 0 || scan_valid(out.ptr, out.len, &fault));
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scan_fault fault;
    char *text = malloc(size + 1);
    FUZZ_CHECK(text);
    memcpy(text, data, size);
    text[size] = '\0';
    if (scan_valid(text, size, &fault)) {
        for (int i = 0; i < MAPPING_SOURCE_COUNT; i++)
            try_source((enum mapping_source)i, text, size);
        try_output(MAPPING_SQS, text, size);
        try_output(MAPPING_KINESIS, text, size);
        try_output(MAPPING_DYNAMODB, text, size);
    }
    free(text);
    return 0;
}

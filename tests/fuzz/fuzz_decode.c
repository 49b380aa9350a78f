/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an event: all engines, the oracle and the scanner agree, what was decoded encodes to
 * the same again, and record by record gives the same as at once. The first byte chooses the type.
 */
#include "base/scan.h"
#include "engines.h"
#include "fuzz.h"
#include "kinds.h"
#include "lambda/kinesis.h"
#include "lambda/s3.h"
#include "lambda/sqs.h"

union value {
    struct kinds kinds;
    struct lambda_s3_event s3;
    struct lambda_sqs_event sqs;
    struct lambda_kinesis_event kinesis;
};

static struct fuzz_type {
    const char *name; /* in the text; the last row takes the rest */
    struct lambda_type *type, *record;
    size_t records_offset;
} types[] = {
    {"aws:s3", &lambda_s3_event_type, &lambda_s3_record_type,
     offsetof(struct lambda_s3_event, records)},
    {"aws:sqs", &lambda_sqs_event_type, &lambda_sqs_message_type,
     offsetof(struct lambda_sqs_event, records)},
    {"aws:kinesis", &lambda_kinesis_event_type, &lambda_kinesis_record_type,
     offsetof(struct lambda_kinesis_event, records)},
    {"", &kinds_type, NULL, 0},
};

static const struct fuzz_type *choose_type(const char *text, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(types) - 1; i++)
        if (memmem(text, len, types[i].name, strlen(types[i].name)))
            return &types[i];
    return &types[ARRAY_LEN(types) - 1];
}

static struct guarded memory;
static struct arena arenas[3];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct err err;
    (void)argc, (void)argv;
    memory = guarded_new(FUZZ_SIZE_MAX + DECODE_PAD);
    for (size_t i = 0; i < ARRAY_LEN(arenas); i++)
        FUZZ_CHECK(!arena_init(&arenas[i], 64 << 20, &err));
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        FUZZ_CHECK(!decode_prepare(types[i].type, &err));
    return 0;
}

struct walk {
    const struct fuzz_type *type;
    const char *records;
    size_t count, len;
};

static int same_record(void *record, size_t index, void *user)
{
    struct walk *w = user;
    char where[200];
    FUZZ_CHECK(index < w->len);
    FUZZ_CHECK(structs_equal(w->type->record, record, w->records + index * w->type->record->size,
                             where, sizeof where));
    w->count++;
    return 0;
}

/* Only where the member stands there once: the list shows the last, the walk all of them. */
static void check_each(const struct engine *e, const struct fuzz_type *t, const union value *whole,
                       const char *text, size_t len)
{
    const lambda_strs *list =
        (const lambda_strs *)(const void *)((const char *)whole + t->records_offset);
    struct walk w = {t, (const char *)list->ptr, 0, list->len};
    struct err err;
    size_t at = 0, named = 0;
    struct scan_value key, value, doc = scan_find(text, len, "");
    while (scan_next(doc, &at, &key, &value))
        named += key.len >= 7; /* may be an escaped form of it */
    if (named > 1)
        return;
    arena_reset(&arenas[2]);
    const struct document_walk walk = {t->record, "Records", same_record, &w, NULL};
    FUZZ_CHECK(!document_each(e, &walk, guarded_text(&memory, text, len), len, &arenas[2], &err));
    FUZZ_CHECK(w.count == w.len);
}

static void check_encode(const struct engine *e, const struct fuzz_type *t,
                         const union value *value)
{
    struct buf out;
    struct err err;
    union value again;
    char where[200];
    buf_init(&out, FUZZ_SIZE_MAX);
    if (decode_encode(t->type, value, &out, &err) == 0) {
        struct scan_fault fault;
        FUZZ_CHECK(scan_valid(out.ptr, out.len, &fault));
        arena_reset(&arenas[2]);
        FUZZ_CHECK(!document_decode(e, t->type, guarded_text(&memory, out.ptr, out.len), out.len,
                                    &again, &arenas[2], &err));
        FUZZ_CHECK(structs_equal(t->type, value, &again, where, sizeof where));
    }
    buf_free(&out);
}

/* One engine on a text: err has its verdict, which is 0 or -1. */
static int run_engine(const struct engine *e, const struct fuzz_type *t, const char *text,
                      size_t len, union value *out, struct err *err)
{
    arena_reset(&arenas[1]);
    return document_decode(e, t->type, guarded_text(&memory, text, len), len, out, &arenas[1], err);
}

/* A refused text is broken where the scanner says, or no object. */
static void check_verdict(int r, const char *msg, const char *text, size_t len)
{
    struct scan_fault fault;
    char place[300];
    bool valid = scan_valid(text, len, &fault);
    FUZZ_CHECK(r || valid);
    if (!r || strstr(msg, "expected an object"))
        return;
    FUZZ_CHECK(!valid);
    snprintf(place, sizeof place, "line %zu, column %zu: %s", fault.line, fault.column,
             fault.reason);
    FUZZ_CHECK(strcmp(msg, place) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct engine *engines[ENGINES_MAX];
    size_t n = engines_list(engines);
    const char *text = (const char *)data;
    if (size > FUZZ_SIZE_MAX / 8)
        return 0;
    const struct fuzz_type *t = choose_type(text, size);
    union value want, got;
    struct err err = {0}, first = {0};
    char where[200];
    arena_reset(&arenas[0]);
    int r = decode_oracle(t->type, text, size, &want, &arenas[0], &err);
    bool comparable = !r || err.kind == ERR_INPUT; /* else cJSON cannot hold it */
    for (size_t e = 0; e < n; e++) {
        struct err mine = {0};
        int s = run_engine(engines[e], t, text, size, &got, &mine);
        if (e == 0) {
            first = mine;
            check_verdict(s, mine.msg, text, size);
        }
        FUZZ_CHECK(strcmp(first.msg, mine.msg) == 0);
        FUZZ_CHECK(!comparable || r == s);
        if (s || !comparable)
            continue;
        FUZZ_CHECK(structs_equal(t->type, &want, &got, where, sizeof where));
        if (t->record)
            check_each(engines[e], t, &want, text, size);
        check_encode(engines[e], t, &want);
    }
    return 0;
}

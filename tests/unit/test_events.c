/* SPDX-License-Identifier: Apache-2.0 */
/* The public event types on the fixtures: what handlers see, both engines alike also on thousands
 * of mutated documents, and encoded again the same event. */
#include "check.h"

#include "base/json.h"
#include "engines.h"
#include "lambda/kinesis.h"
#include "lambda/s3.h"
#include "lambda/sqs.h"

#ifndef FIXTURES
#error "FIXTURES names the folder of the events"
#endif

union event {
    struct lambda_s3_event s3;
    struct lambda_sqs_event sqs;
    struct lambda_kinesis_event kinesis;
};

static const struct fixture {
    const char *file;
    struct lambda_type *type;
} fixtures[] = {
    {"s3_put.json", &lambda_s3_event_type},
    {"s3_delete.json", &lambda_s3_event_type},
    {"s3_special.json", &lambda_s3_event_type},
    {"s3_test.json", &lambda_s3_event_type},
    {"sqs_batch.json", &lambda_sqs_event_type},
    {"sqs_fifo.json", &lambda_sqs_event_type},
    {"kinesis_batch.json", &lambda_kinesis_event_type},
    {"kinesis_window.json", &lambda_kinesis_event_type},
};

#define TEXT_MAX (64u << 10)

static struct guarded memory;
static struct arena arena, arena2;
static char text[TEXT_MAX];
static size_t text_len;

static bool load(const char *file)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", FIXTURES, file);
    FILE *f = fopen(path, "rb");
    text_len = f ? fread(text, 1, sizeof text, f) : 0;
    if (f)
        fclose(f);
    if (!text_len)
        printf("# cannot read '%s'\n", path);
    return text_len && text_len < sizeof text;
}

static int decode(const struct engine *e, const struct fixture *f, union event *out,
                  struct err *err)
{
    arena_reset(&arena);
    return document_decode(e, f->type, guarded_text(&memory, text, text_len), text_len, out, &arena,
                           err);
}

static void decode_file(const char *file, union event *out)
{
    struct err err = {0};
    for (size_t i = 0; i < ARRAY_LEN(fixtures); i++)
        if (strcmp(fixtures[i].file, file) == 0 && load(file)) {
            CHECK_INT(decode(engine_pick(), &fixtures[i], out, &err), 0);
            return;
        }
    check_report(__FILE__, __LINE__, "the fixture is there");
}

static void test_s3(void)
{
    union event ev;
    decode_file("s3_put.json", &ev);
    CHECK_INT(ev.s3.records.len, 1);
    const struct lambda_s3_record *r = ev.s3.records.ptr;
    CHECK_STR(r->event_name.ptr, "ObjectCreated:Put");
    CHECK_STR(r->s3.bucket.name.ptr, "holiday-pictures");
    CHECK_STR(r->s3.bucket.owner.principal_id.ptr, "A1EXAMPLEOWNER");
    CHECK_STR(r->s3.object.key.ptr, "2026/se%C3%B1al+de+humo.jpg");
    CHECK_INT(r->s3.object.size, 31415926);
    CHECK_STR(r->response.host_id.ptr, "Qk9/examplehostid+abcdefghijklmnop==");
    CHECK(!r->glacier.restore.expiry_time.ptr && !ev.s3.event.ptr);

    decode_file("s3_special.json", &ev);
    CHECK_INT(ev.s3.records.len, 4);
    r = ev.s3.records.ptr;
    CHECK_STR(r[0].glacier.restore.storage_class.ptr, "DEEP_ARCHIVE");
    CHECK_STR(r[1].replication.failure_reason.ptr, "AssumeRoleNotPermitted");
    CHECK_STR(r[2].tiering.access_tier.ptr, "ARCHIVE_ACCESS");
    CHECK_STR(r[3].lifecycle.transition.storage_class.ptr, "GLACIER");

    decode_file("s3_delete.json", &ev);
    CHECK(!ev.s3.records.ptr[0].s3.object.etag.ptr && !ev.s3.records.ptr[0].s3.object.size);

    decode_file("s3_test.json", &ev);
    CHECK_INT(ev.s3.records.len, 0);
    CHECK_STR(ev.s3.event.ptr, "s3:TestEvent");
    CHECK_STR(ev.s3.bucket.ptr, "holiday-pictures");
}

static void test_sqs(void)
{
    union event ev;
    decode_file("sqs_batch.json", &ev);
    CHECK_INT(ev.sqs.records.len, 5);
    const struct lambda_sqs_message *m = ev.sqs.records.ptr;
    CHECK_STR(m[0].message_id.ptr, "5f0c7a1e-0d6b-4c7e-9a51-000000000001");
    CHECK_INT(m[0].attributes.sent_ms, 1770000001007);
    CHECK_HAS(m[1].body.ptr, "\"sku\": \"x\\\"1\"");
    CHECK_HAS(m[2].body.ptr, "Gr\xC3\xB6\xC3\x9F"
                             "e \xE6\xBC\xA2\xE5\xAD\x97 \xF0\x9F\x8E\x88");
    CHECK(m[3].body.ptr && m[3].body.len == 0);
    CHECK(m[3].message_attributes.ptr && m[3].message_attributes.len == 0);
    CHECK_INT(m[4].attributes.receive_count, 4);
    CHECK_STR(m[4].attributes.dead_letter_source_arn.ptr,
              "arn:aws:sqs:eu-central-1:123456789012:first");
    CHECK_INT(m[4].message_attributes.len, 3);
    const struct lambda_sqs_named_attribute *a = m[4].message_attributes.ptr;
    CHECK_STR(a[1].key.ptr, "weight");
    CHECK_STR(a[1].value.string_value.ptr, "12.750");
    CHECK_STR(a[1].value.data_type.ptr, "Number.kg");
    CHECK_MEM(a[2].value.binary_value.ptr, a[2].value.binary_value.len, "\0\1\2\3\4\xFF", 6);
    CHECK_STR(a[2].value.string_list_values.ptr[1].ptr, "b");
    CHECK_MEM(a[2].value.binary_list_values.ptr[1].ptr, 1, "\xFF", 1);

    decode_file("sqs_fifo.json", &ev);
    CHECK_INT(ev.sqs.records.len, 6);
    CHECK_STR(ev.sqs.records.ptr[3].attributes.message_group_id.ptr, "g1");
    CHECK_STR(ev.sqs.records.ptr[3].attributes.sequence_number.ptr, "18850496460000000003");
    CHECK_STR(ev.sqs.records.ptr[3].attributes.deduplication_id.ptr, "dedup-3");
}

static void test_kinesis(void)
{
    union event ev;
    decode_file("kinesis_batch.json", &ev);
    CHECK_INT(ev.kinesis.records.len, 4);
    const struct lambda_kinesis_record *r = ev.kinesis.records.ptr;
    CHECK_MEM(r[0].kinesis.data.ptr, r[0].kinesis.data.len, "hello", 5);
    CHECK_INT(r[0].kinesis.arrival.us, 1772600767125000);
    CHECK_INT(r[1].kinesis.data.len, 256);
    for (unsigned i = 0; i < 256; i++)
        CHECK_INT(r[1].kinesis.data.ptr[i], i);
    CHECK_STR(r[2].kinesis.encryption_type.ptr, "KMS");
    CHECK(r[3].kinesis.data.ptr && r[3].kinesis.data.len == 0);
    CHECK(!ev.kinesis.window.start.ptr && !ev.kinesis.state.ptr);

    decode_file("kinesis_window.json", &ev);
    CHECK_STR(ev.kinesis.window.end.ptr, "2026-03-04T05:02:00Z");
    CHECK_INT(ev.kinesis.state.ptr[0], '{');
    CHECK(ev.kinesis.is_final_invoke_for_window && !ev.kinesis.is_window_terminated_early);
    CHECK_STR(ev.kinesis.shard_id.ptr, "shardId-000000000006");
}

/* ---- encoded again ------------------------------------------------------------------------------
 */

static void scalar_text(const struct json *v, char out[64])
{
    if (json_kind(v) == JSON_NUMBER)
        snprintf(out, 64, "%.17g", json_number(v));
    else
        snprintf(out, 64, "%.17g", strtod(json_string(v) ? json_string(v) : "", NULL));
}

static bool is_nothing(const struct json *v)
{
    return json_kind(v) == JSON_NULL || (json_kind(v) == JSON_BOOL && !json_bool(v)) ||
           (json_kind(v) == JSON_NUMBER && json_number(v) == 0);
}

/* Whether b has all of a: zeros may be missing, and texts that are numbers may be numbers. */
static bool covers(const struct json *a, const struct json *b)
{
    if (is_nothing(a))
        return !b || is_nothing(b);
    if (!b)
        return false;
    if (json_kind(a) == JSON_OBJECT || json_kind(a) == JSON_ARRAY) {
        const struct json *y = json_first(b);
        for (const struct json *x = json_first(a); x; x = json_next(x), y = json_next(y))
            if (!covers(x, json_key(x) ? json_get(b, json_key(x)) : y))
                return false;
        return json_kind(a) == json_kind(b) && json_count(b) <= json_count(a);
    }
    if (json_kind(a) == JSON_STRING && json_kind(b) == JSON_STRING)
        return strcmp(json_string(a), json_string(b)) == 0;
    char x[64], y[64];
    scalar_text(a, x);
    scalar_text(b, y);
    return json_kind(a) == JSON_BOOL ? json_bool(a) == json_bool(b) : strcmp(x, y) == 0;
}

static void check_round_trip(const struct engine *e, const struct fixture *f)
{
    union event first, second;
    struct err err = {0};
    struct buf out;
    char where[200] = "";
    CHECK_INT(decode(e, f, &first, &err), 0);
    buf_init(&out, TEXT_MAX);
    CHECK_INT(decode_encode(f->type, &first, &out, &err), 0);

    struct json *a = json_parse(text, text_len, &err), *b = json_parse(out.ptr, out.len, &err);
    CHECK(a && b && covers(a, b));
    json_free(a);
    json_free(b);

    char *again = malloc(out.len + DECODE_PAD);
    memcpy(again, out.ptr, out.len);
    arena_reset(&arena2);
    CHECK_INT(document_decode(e, f->type, again, out.len, &second, &arena2, &err), 0);
    if (!structs_equal(f->type, &first, &second, where, sizeof where))
        printf("# %s: %s changed on the way\n", f->file, where);
    CHECK(structs_equal(f->type, &first, &second, where, sizeof where));
    free(again);
    buf_free(&out);
}

static void test_round_trip(void)
{
    const struct engine *engines[ENGINES_MAX];
    size_t n = engines_list(engines);
    for (size_t e = 0; e < n; e++)
        for (size_t i = 0; i < ARRAY_LEN(fixtures); i++) {
            CHECK(load(fixtures[i].file));
            check_round_trip(engines[e], &fixtures[i]);
        }
}

/* ---- engines and oracle
 * -------------------------------------------------------------------------- */

static uint64_t seed;

static uint32_t roll(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

/* Changes the text in one to four places: bytes replaced, removed, doubled, spans moved. */
static void mutate(void)
{
    static const char bytes[] = "\"\"\\\\{}[],::0123456789-.eE \n\tntfu\xC3\xA4\x80/=A";
    for (uint32_t n = 1 + roll(4); n; n--) {
        size_t at = roll((uint32_t)text_len), len = 1 + roll(12);
        if (len > text_len - at)
            len = text_len - at;
        switch (roll(4)) {
        case 0:
            text[at] = bytes[roll(sizeof bytes - 1)];
            break;
        case 1:
            memmove(text + at, text + at + len, text_len - at - len);
            text_len -= len == text_len ? 0 : len;
            break;
        case 2:
            if (text_len + len >= TEXT_MAX)
                break;
            memmove(text + at + len, text + at, text_len - at);
            text_len += len;
            break;
        default:
            memmove(text + at, text + roll((uint32_t)(text_len - len + 1)), len);
        }
    }
}

/* Every engine, the oracle and the scanner agree on the text. 1 when it was valid. */
static int check_alike(const struct fixture *f)
{
    const struct engine *engines[ENGINES_MAX];
    size_t n = engines_list(engines);
    union event reference, out;
    struct err err = {0}, first = {0};
    char where[200] = "";
    arena_reset(&arena2);
    int want = decode_oracle(f->type, text, text_len, &reference, &arena2, &err);
    bool compare = !(want && err.kind == ERR_LIMIT); /* cJSON cannot hold it */
    for (size_t e = 0; e < n; e++) {
        struct err got = {0};
        int r = decode(engines[e], f, &out, &got);
        bool same = r == want || !compare;
        if (e == 0)
            first = got;
        same = same && strcmp(first.msg, got.msg) == 0;
        if (same && !r && compare)
            same = structs_equal(f->type, &out, &reference, where, sizeof where);
        if (!same)
            printf("# %s: '%s' against '%s', %s in: %.*s\n", engines[e]->name, got.msg, err.msg,
                   where, (int)(text_len < 2000 ? text_len : 2000), text);
        CHECK(same);
    }
    return !want;
}

static void test_alike(void)
{
    for (size_t i = 0; i < ARRAY_LEN(fixtures); i++) {
        CHECK(load(fixtures[i].file));
        CHECK_INT(check_alike(&fixtures[i]), 1);
    }
}

static void test_mutated(void)
{
    int valid = 0, rounds = 0;
    for (size_t i = 0; i < ARRAY_LEN(fixtures); i++)
        for (int k = 0; k < 800 && !check_failures; k++, rounds++) {
            if (!load(fixtures[i].file))
                continue;
            seed = (uint64_t)k * 1000 + i;
            mutate();
            valid += check_alike(&fixtures[i]);
        }
    printf("# %d mutated documents, %d of them valid\n", rounds, valid);
    CHECK(valid > rounds / 20);
}

static const struct check_test tests[] = {
    {"S3", test_s3},
    {"SQS", test_sqs},
    {"Kinesis", test_kinesis},
    {"round trip", test_round_trip},
    {"engines and oracle alike", test_alike},
    {"alike on mutated documents", test_mutated},
};

int main(int argc, char **argv)
{
    struct err err;
    memory = guarded_new(TEXT_MAX + DECODE_PAD);
    bool ok = !arena_init(&arena, 1 << 20, &err) && !arena_init(&arena2, 4 << 20, &err);
    for (size_t i = 0; i < ARRAY_LEN(fixtures); i++)
        ok = ok && !decode_prepare(fixtures[i].type, &err);
    if (!ok) {
        printf("Bail out! %s\n", err.msg);
        return 1;
    }
    return check_main(tests, ARRAY_LEN(tests), argc, argv);
}

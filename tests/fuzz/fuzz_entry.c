/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines and error documents of any texts: one line, valid JSON however little room there is,
 * nothing behind its end; what goes into a header is ASCII on one line. */
#include "core/entry.h"

#include "base/attr.h"
#include "base/scan.h"
#include "core/failure.h"
#include "core/log.h"
#include "fuzz.h"

#define FIELDS   24
#define SMALLEST 1024

struct texts {
    char *ptr[FIELDS * 2 + 8];
    size_t count;
};

static char *keep(struct texts *t, struct fuzz_input *in, size_t *out_len)
{
    char *text = fuzz_text(in, out_len);
    FUZZ_CHECK(t->count < ARRAY_LEN(t->ptr));
    return t->ptr[t->count++] = text;
}

static void take_field(struct lambda_kv *kv, struct texts *t, struct fuzz_input *in)
{
    size_t ignored;
    *kv = (struct lambda_kv){.key = keep(t, in, &ignored), .kind = fuzz_byte(in) % 6};
    if (kv->kind == LAMBDA_KV_TEXT)
        kv->text = keep(t, in, &kv->len);
    for (size_t i = 0; kv->kind == LAMBDA_KV_F64 && i < sizeof kv->f64; i++)
        ((uint8_t *)&kv->f64)[i] = fuzz_byte(in);
    if (kv->kind == LAMBDA_KV_I64)
        kv->i64 = (int64_t)(0x0101010101010101u * fuzz_byte(in)) >> (fuzz_byte(in) % 64);
}

static void check_line(const struct entry *e, void (*print)(const struct entry *, struct report *),
                       size_t cap, bool json)
{
    struct report r = {malloc(cap), 0, cap, false};
    struct scan_fault fault;
    FUZZ_CHECK(r.text);
    print(e, &r);
    FUZZ_CHECK(r.len && r.len <= cap && r.cap == cap && r.text[r.len - 1] == '\n');
    FUZZ_CHECK(!memchr(r.text, '\n', r.len - 1));
    FUZZ_CHECK(!json || scan_valid(r.text, r.len, &fault));
    free(r.text);
}

static void check_failure(const char *type, const char *message)
{
    static struct failure f;
    char category[FAILURE_CATEGORY_MAX + 1];
    struct scan_fault fault;
    struct err err;
    struct buf document, cause;
    buf_init(&document, FAILURE_DOCUMENT_MAX);
    buf_init(&cause, FAILURE_CAUSE_MAX);
    FUZZ_CHECK(failure_set(&f, type, "%s", message) == -1 && f.set);
    FUZZ_CHECK(failure_print(&f, type, &document, &err) == 0);
    FUZZ_CHECK(scan_valid(document.ptr, document.len, &fault));
    const char *text = failure_print_cause(&f, &cause);
    FUZZ_CHECK(text && scan_valid(text, strlen(text), &fault));
    for (const char *p = text; *p; p++)
        FUZZ_CHECK(*p >= 0x20 && *p < 0x7f);
    failure_category(f.type, category);
    for (const char *p = category; *p; p++)
        FUZZ_CHECK(*p > 0x20 && *p < 0x7f);
    buf_free(&document);
    buf_free(&cause);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct texts t = {.count = 0};
    struct lambda_kv fields[FIELDS];
    size_t ignored, cap = SMALLEST + fuzz_byte(&in) * 4u;
    struct entry e = {.level = LAMBDA_TRACE + fuzz_byte(&in) % 6, .fields = fields};
    enum lambda_level level;
    char *id = keep(&t, &in, &ignored);
    for (char *p = id; (p = strchr(p, '\n'));)
        *p = ' '; /* it comes out of a header */
    e.request_id = id;
    e.text = keep(&t, &in, &e.len);
    const char *type = keep(&t, &in, &ignored), *message = keep(&t, &in, &ignored);
    if (fuzz_byte(&in) % 2) {
        e.tenant_id = e.trace_id = type;
        e.error_type = type;
        e.error_message = message;
    }
    for (; e.nfields < FIELDS && in.left; e.nfields++)
        take_field(&fields[e.nfields], &t, &in);
    check_line(&e, entry_print_json, cap, true);
    check_line(&e, entry_print_text, cap, false);
    check_failure(type, message);
    if (log_parse_level(type, &level) == 0)
        FUZZ_CHECK(entry_level_name(level));
    for (size_t i = 0; i < t.count; i++)
        free(t.ptr[i]);
    return 0;
}

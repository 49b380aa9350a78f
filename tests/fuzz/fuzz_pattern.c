/* SPDX-License-Identifier: Apache-2.0 */
/* A pattern and an event, a line feed between them: nothing breaks, and both may be written with
 * other spaces and escapes without another verdict. */
#include "base/buf.h"
#include "base/scan.h"
#include "pattern/pattern.h"

#include "fuzz.h"

#define WRITTEN_MAX (FUZZ_SIZE_MAX * 8)

/* The string at v, each of its ASCII letters and digits as an escape. */
static void write_string(struct scan_value v, struct buf *out)
{
    for (size_t i = 0; i < v.len; i++) {
        unsigned char c = (unsigned char)v.ptr[i];
        if (c == '\\') {
            size_t len = v.ptr[i + 1] == 'u' ? 6 : 2;
            buf_add(out, v.ptr + i, len);
            i += len - 1;
        } else if (c > ' ' && c < 0x7f && c != '"') {
            buf_addf(out, "\\u%04x", (unsigned)c);
        } else {
            buf_addc(out, (char)c);
        }
    }
}

/* The same document, another text. */
static void write_value(struct scan_value v, struct buf *out)
{
    struct scan_value key, value;
    size_t at = 0, count = 0;
    if (*v.ptr != '{' && *v.ptr != '[') {
        if (*v.ptr == '"')
            write_string(v, out);
        else
            buf_add(out, v.ptr, v.len);
        return;
    }
    buf_addc(out, *v.ptr);
    while (scan_next(v, &at, &key, &value)) {
        buf_adds(out, count++ ? " ,\n" : " ");
        if (*v.ptr == '{') {
            write_string((struct scan_value){key.ptr - 1, key.len + 2}, out);
            buf_adds(out, "\t: ");
        }
        write_value(value, out);
    }
    buf_addc(out, v.ptr[v.len - 1]);
}

static char *rewrite(const char *text, size_t len, size_t *out_len)
{
    struct buf out;
    buf_init(&out, WRITTEN_MAX);
    buf_addc(&out, ' ');
    write_value(scan_find_len(text, len, "", 0), &out);
    FUZZ_CHECK(!out.failed);
    *out_len = out.len;
    return buf_take(&out);
}

static int verdict(const struct pattern *p, const char *event, size_t len)
{
    struct err err = {0};
    int passes = pattern_matches(p, event, len, &err);
    FUZZ_CHECK(passes == 0 || passes == 1);
    return passes;
}

/* The pattern in other words is too long where it was near the limit. */
static void check_rewritten(const char *text, size_t len, const char *event, size_t event_len,
                            int want)
{
    struct err err = {0};
    size_t other_len;
    char *other = rewrite(text, len, &other_len);
    struct pattern *p = pattern_compile(other, other_len, &err);
    FUZZ_CHECK(p || strstr(err.msg, "characters"));
    if (p)
        FUZZ_CHECK(verdict(p, event, event_len) == want);
    pattern_free(p);
    free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *end = size ? memchr(text, '\n', size) : NULL;
    size_t len = end ? (size_t)(end - text) : size;
    struct err err = {0};
    struct scan_fault fault;
    struct pattern *p = pattern_compile(text, len, &err);
    if (!p)
        FUZZ_CHECK(err.kind == ERR_INPUT &&
                   strncmp(err.msg, "Invalid filter pattern definition.", 34) == 0);
    if (p && end && scan_valid(end + 1, size - len - 1, &fault)) {
        const char *event = end + 1;
        size_t event_len = size - len - 1, other_len;
        int want = verdict(p, event, event_len);
        char *other = rewrite(event, event_len, &other_len);
        FUZZ_CHECK(verdict(p, other, other_len) == want);
        check_rewritten(text, len, event, event_len, want);
        free(other);
    }
    pattern_free(p);
    return 0;
}

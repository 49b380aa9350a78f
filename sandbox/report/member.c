/* SPDX-License-Identifier: Apache-2.0 */
#include "report/member.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/utf8.h"

/* A comma is needed unless a container was just opened. */
static void next(struct buf *out)
{
    char last = out->len && out->ptr ? out->ptr[out->len - 1] : '{';
    if (last == '}' || last == ']')
        buf_adds(out, ",\n");
    else if (last != '{' && last != '[' && last != ':')
        buf_addc(out, ',');
}

static void add_key(struct buf *out, const char *key)
{
    next(out);
    if (key)
        buf_addf(out, "\"%s\":", key);
}

void member_open(struct buf *out, const char *key, char bracket)
{
    add_key(out, key);
    buf_addc(out, bracket);
}

void member_close(struct buf *out, char bracket)
{
    buf_addc(out, bracket);
}

void member_size(struct buf *out, const char *key, size_t value)
{
    add_key(out, key);
    buf_addf(out, "%zu", value);
}

void member_time(struct buf *out, const char *key, int64_t value)
{
    add_key(out, key);
    if (value < 0)
        buf_adds(out, "null");
    else
        buf_addf(out, "%" PRId64, value);
}

void member_number(struct buf *out, const char *key, double value)
{
    add_key(out, key);
    if (isfinite(value))
        buf_addf(out, "%.9g", value);
    else
        buf_adds(out, "null");
}

void member_bool(struct buf *out, const char *key, bool value)
{
    add_key(out, key);
    buf_adds(out, value ? "true" : "false");
}

void member_string(struct buf *out, const char *key, const char *text)
{
    add_key(out, key);
    if (text)
        buf_add_json_string(out, text, strlen(text));
    else
        buf_adds(out, "null");
}

void member_view(struct buf *out, const char *key, struct trace_text text)
{
    add_key(out, key);
    if (text.ptr)
        buf_add_json_string(out, text.ptr, text.len);
    else
        buf_adds(out, "null");
}

void member_text(struct buf *out, const char *key, const struct tally_text *text)
{
    if (!text->ptr) {
        member_string(out, key, NULL);
        return;
    }
    member_open(out, key, '{');
    member_view(out, "text", (struct trace_text){text->ptr, text->len});
    member_size(out, "bytes", text->whole);
    member_bool(out, "cut", text->len < text->whole);
    member_bool(out, "utf8", utf8_valid_prefix(text->ptr, text->len) == text->len);
    member_close(out, '}');
}

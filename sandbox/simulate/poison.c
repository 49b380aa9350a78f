/* SPDX-License-Identifier: Apache-2.0 */
#include "simulate/poison.h"

/* {"clambda": as text, and in base64. */
#define BROKEN_TEXT   "\"{\\\"clambda\\\": \""
#define BROKEN_BASE64 "\"eyJjbGFtYmRhIjog\""

static const struct {
    const char *pointers[3];
    const char *with;
} contents[MAPPING_SOURCE_COUNT] = {
    [MAPPING_SQS] = {{"/body"}, BROKEN_TEXT},
    [MAPPING_KINESIS] = {{"/kinesis/data"}, BROKEN_BASE64},
    [MAPPING_DYNAMODB] = {{"/dynamodb/Keys", "/dynamodb/NewImage", "/dynamodb/OldImage"}, "{}"},
    [MAPPING_KAFKA] = {{"/value"}, BROKEN_BASE64},
    [MAPPING_S3] = {{"/s3/object/key"}, "\"%\""},
    [MAPPING_ASYNC] = {{""}, "{}"},
};

/* Writes text with the value at pointer replaced; false: it has none. */
static bool replace(struct scan_value text, const char *pointer, const char *with, struct buf *out)
{
    struct scan_value old = scan_find(text.ptr, text.len, pointer);
    if (!old.ptr)
        return false;
    const char *behind = old.ptr + old.len;
    buf_reset(out);
    buf_add(out, text.ptr, (size_t)(old.ptr - text.ptr));
    buf_adds(out, with);
    buf_add(out, behind, (size_t)(text.ptr + text.len - behind));
    return !out->failed;
}

bool poison_record(const struct record *r, struct record *out, struct buf *text)
{
    bool done = false;
    struct buf now;
    buf_init(&now, text->limit);
    buf_reset(text);
    *out = *r;
    for (size_t i = 0; i < ARRAY_LEN(contents->pointers); i++) {
        const char *pointer = contents[r->source].pointers[i];
        if (!pointer || !replace(out->text, pointer, contents[r->source].with, &now))
            continue;
        struct buf old = *text;
        *text = now;
        now = old;
        out->text = (struct scan_value){text->ptr, text->len};
        done = true;
    }
    buf_inherit(text, &now);
    buf_free(&now);
    return done;
}

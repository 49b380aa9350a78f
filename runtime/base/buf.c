/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#define BUF_FIRST 256

void buf_init(struct buf *b, size_t limit)
{
    *b = (struct buf){.limit = limit};
}

void buf_free(struct buf *b)
{
    free(b->ptr);
    b->ptr = NULL;
    b->len = 0;
    b->cap = 0;
}

void buf_reset(struct buf *b)
{
    b->len = 0;
    b->failed = b->starved = false;
    if (b->ptr)
        b->ptr[0] = '\0';
}

static void buf_fail(struct buf *b)
{
    buf_free(b);
    b->failed = true;
}

static bool buf_grow(struct buf *b, size_t need)
{
    size_t cap = b->cap ? b->cap : BUF_FIRST;
    while (cap < need)
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    char *grown = realloc(b->ptr, cap);
    if (!grown) {
        buf_fail(b);
        b->starved = true;
        return false;
    }
    b->ptr = grown;
    b->cap = cap;
    return true;
}

char *buf_reserve(struct buf *b, size_t len)
{
    if (b->failed)
        return NULL;
    if (len > b->limit - b->len) {
        buf_fail(b);
        return NULL;
    }
    if (b->len + len + 1 > b->cap && !buf_grow(b, b->len + len + 1))
        return NULL;
    return b->ptr + b->len;
}

void buf_add(struct buf *b, const void *bytes, size_t len)
{
    char *at = buf_reserve(b, len);
    if (!at)
        return;
    if (len)
        memcpy(at, bytes, len);
    b->len += len;
    b->ptr[b->len] = '\0';
}

void buf_adds(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void buf_addc(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *at = len < 0 ? NULL : buf_reserve(b, (size_t)len);
    if (!at)
        return;
    va_start(args, fmt);
    vsnprintf(at, (size_t)len + 1, fmt, args);
    va_end(args);
    b->len += (size_t)len;
}

static void buf_add_escaped(struct buf *b, unsigned char c)
{
    static const char short_forms[32] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    if (c == '"' || c == '\\')
        buf_add(b, (char[]){'\\', (char)c}, 2);
    else if (c < 32 && short_forms[c])
        buf_add(b, (char[]){'\\', short_forms[c]}, 2);
    else
        buf_addf(b, "\\u%04x", c);
}

void buf_add_json_string(struct buf *b, const char *text, size_t len)
{
    buf_addc(b, '"');
    size_t plain = 0; /* start of the run that needs no change */
    for (size_t i = 0; i < len;) {
        unsigned char c = (unsigned char)text[i];
        size_t step = utf8_step(text + i, len - i);
        if (step && c >= 0x20 && c != '"' && c != '\\' && c != 0x7f) {
            i += step;
            continue;
        }
        buf_add(b, text + plain, i - plain);
        if (step)
            buf_add_escaped(b, c);
        else
            buf_adds(b, "\xEF\xBF\xBD");
        plain = ++i;
    }
    buf_add(b, text + plain, len - plain);
    buf_addc(b, '"');
}

void buf_inherit(struct buf *b, const struct buf *part)
{
    if (!part->failed || b->failed)
        return;
    buf_fail(b);
    b->starved = part->starved;
}

int buf_check(const struct buf *b, const char *what, struct err *err)
{
    if (!b->failed)
        return 0;
    if (b->starved)
        return err_set(err, ERR_MEMORY, "no memory for %s", what);
    return err_set(err, ERR_LIMIT, "%s is larger than %zu bytes", what, b->limit);
}

char *buf_take(struct buf *b)
{
    char *ptr = b->ptr;
    b->ptr = NULL;
    b->len = 0;
    b->cap = 0;
    return ptr;
}

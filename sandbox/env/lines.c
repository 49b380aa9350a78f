/* SPDX-License-Identifier: Apache-2.0 */
#include "env/lines.h"

#include <string.h>

#define LINES_KEEP 4096 /* memory kept between lines */

void lines_init(struct lines *l)
{
    buf_init(&l->partial, LINES_MAX + 1);
}

void lines_fini(struct lines *l)
{
    buf_free(&l->partial);
}

static void take(struct lines *l, const char *bytes, size_t len)
{
    size_t room = LINES_MAX - l->partial.len;
    buf_add(&l->partial, bytes, len < room ? len : room);
}

void lines_flush(struct lines *l, lines_sink sink, void *owner)
{
    if (l->partial.len) {
        buf_addc(&l->partial, '\n');
        if (!l->partial.failed)
            sink(owner, l->partial.ptr, l->partial.len);
    }
    if (l->partial.failed || l->partial.cap > LINES_KEEP) {
        buf_free(&l->partial);
        buf_init(&l->partial, LINES_MAX + 1);
    }
    buf_reset(&l->partial);
}

void lines_feed(struct lines *l, const char *bytes, size_t len, lines_sink sink, void *owner)
{
    const char *end = bytes + len;
    const char *newline = memchr(bytes, '\n', len);
    if (newline && l->partial.len) {
        take(l, bytes, (size_t)(newline - bytes));
        lines_flush(l, sink, owner);
        bytes = newline + 1;
    }
    /* whole lines go out in one piece: feed is given less than LINES_MAX, so none is too long */
    const char *last = memrchr(bytes, '\n', (size_t)(end - bytes));
    if (last) {
        sink(owner, bytes, (size_t)(last + 1 - bytes));
        bytes = last + 1;
    }
    take(l, bytes, (size_t)(end - bytes));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/utf8.h"
#include "base/visible.h"
#include "compare/compare.h"

#define SHOWN      120 /* bytes of a long value */
#define LINE_SHOWN 40  /* on a line with the other one */

struct window {
    size_t from, len;
};

/* Back to where a character begins. */
static size_t align_back(struct trace_text t, size_t at)
{
    for (size_t n = 0; n < 3 && at && at < t.len && ((unsigned char)t.ptr[at] & 0xc0) == 0x80; n++)
        at--;
    return at;
}

/* A third of what is shown stands before the difference. */
static struct window find_window(struct trace_text t, size_t difference, size_t shown)
{
    struct window w = {0, t.len};
    if (t.len <= shown)
        return w;
    if (difference > shown / 3)
        w.from = difference - shown / 3;
    if (w.from > t.len - shown)
        w.from = t.len - shown;
    w.from = align_back(t, w.from);
    size_t end = w.from + shown < t.len ? align_back(t, w.from + shown) : t.len;
    w.len = end - w.from;
    return w;
}

static size_t find_difference(struct trace_text a, struct trace_text b)
{
    size_t i = 0;
    if (!a.ptr || !b.ptr)
        return 0;
    while (i < a.len && i < b.len && a.ptr[i] == b.ptr[i])
        i++;
    return i;
}

/* Line breaks with the white space behind them become one space. */
static void add_on_one_line(const char *text, size_t len, struct buf *out)
{
    while (len) {
        size_t plain = 0, space;
        while (plain < len && text[plain] != '\n' && text[plain] != '\r')
            plain++;
        visible_add(text, plain, "\t", out);
        space = plain;
        while (space < len && strchr(" \t\r\n", text[space]) && text[space])
            space++;
        if (space > plain)
            buf_addc(out, ' ');
        text += space;
        len -= space;
    }
}

static void add_value(struct trace_text t, size_t difference, size_t shown, struct buf *out)
{
    struct window w = find_window(t, difference, shown);
    /* Of a document, line breaks are white space; of a text they are its content. */
    bool document = t.len && (*t.ptr == '{' || *t.ptr == '[');
    if (w.from)
        buf_adds(out, "...");
    if (document)
        add_on_one_line(t.ptr + w.from, w.len, out);
    else
        visible_add(t.ptr + w.from, w.len, "", out);
    if (w.from + w.len < t.len)
        buf_addf(out, "... (%zu bytes)", t.len);
}

static void add_side(char sign, const char *colour, enum trace_status status, struct trace_text t,
                     size_t difference, struct buf *out)
{
    buf_adds(out, "    ");
    if (colour)
        buf_adds(out, colour);
    buf_addc(out, sign);
    if (status != TRACE_STATUS_UNKNOWN)
        buf_addf(out, " %s", trace_status_names[status]);
    if (t.len) {
        buf_addc(out, ' ');
        add_value(t, difference, SHOWN, out);
    } else if (status == TRACE_STATUS_UNKNOWN) {
        buf_adds(out, " (empty)");
    }
    buf_adds(out, colour ? "\033[0m\n" : "\n");
}

void compare_print(const struct compare_difference *d, bool colour, struct buf *out)
{
    size_t difference = find_difference(d->expected, d->got);
    buf_adds(out, "  ");
    if (*d->pointer)
        visible_add(d->pointer, strlen(d->pointer), "", out);
    else
        buf_adds(out, "the answer as a whole");
    buf_addc(out, '\n');
    if (d->kind != COMPARE_ADDED)
        add_side('-', colour ? "\033[31m" : NULL, d->expected_status, d->expected, difference, out);
    if (d->kind != COMPARE_GONE)
        add_side('+', colour ? "\033[32m" : NULL, d->got_status, d->got, difference, out);
}

void compare_print_line(const struct compare_difference *d, struct buf *out)
{
    size_t difference = find_difference(d->expected, d->got);
    visible_add(d->pointer, strlen(d->pointer), "", out);
    buf_adds(out, *d->pointer ? ": " : "");
    if (d->kind == COMPARE_ADDED)
        buf_adds(out, "absent");
    else
        add_value(d->expected, difference, LINE_SHOWN, out);
    buf_adds(out, ", then ");
    if (d->kind == COMPARE_GONE)
        buf_adds(out, "absent");
    else
        add_value(d->got, difference, LINE_SHOWN, out);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/import.h"

#include <string.h>

static size_t count_lines(const char *from, const char *to)
{
    size_t lines = 0;
    while ((from = memchr(from, '\n', (size_t)(to - from)))) {
        lines++;
        from++;
    }
    return lines;
}

static size_t trim(const char *text, size_t len)
{
    while (len && strchr(" \t\r\n", text[len - 1]))
        len--;
    return len;
}

/* The next of the page. Its lines are counted before anybody changes it. */
static bool next_of_page(struct import_documents *d, struct import_document *out)
{
    struct scan_value key, value;
    if (!scan_next(d->page, &d->at, &key, &value))
        return false;
    union {
        const char *in;
        char *out;
    } text = {value.ptr};
    d->line += count_lines(d->counted, value.ptr);
    *out = (struct import_document){text.out, value.len, d->line, ++d->number};
    d->counted = value.ptr + value.len;
    d->line += count_lines(value.ptr, d->counted);
    return true;
}

static int read_piece(struct source *s, struct import_document *out, struct err *err)
{
    bool whole;
    int status = source_shape(s) == SOURCE_DOCUMENT
                     ? source_rest(s, &out->text, &out->len, err)
                     : source_line(s, &out->text, &out->len, &whole, err);
    if (status <= 0)
        return status;
    while (out->len && (*out->text == ' ' || *out->text == '\t')) {
        out->text++;
        out->len--;
    }
    out->len = trim(out->text, out->len);
    out->line = source_line_number(s);
    out->number = 0;
    return 1;
}

int import_next(struct source *s, struct import_documents *d, bool any, struct import_document *out,
                struct err *err)
{
    struct scan_fault fault;
    for (;;) {
        if (d->page.ptr && next_of_page(d, out))
            return 1;
        int status = read_piece(s, out, err);
        if (status <= 0)
            return status;
        bool valid = scan_valid(out->text, out->len, &fault);
        if (!valid && any) {
            d->page = (struct scan_value){0};
            return 1;
        }
        if (!valid)
            return err_set(err, ERR_INPUT, "%.200s, line %zu, column %zu: %s", source_name(s),
                           out->line + fault.line - 1, fault.column, fault.reason);
        *d = (struct import_documents){
            .page = kinds_page(out->text, out->len), .counted = out->text, .line = out->line};
        if (!d->page.ptr)
            return 1;
    }
}

int import_fail(const struct source *s, const struct import_document *at, struct err *err,
                const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    err_setv(err, ERR_INPUT, fmt, args);
    va_end(args);
    if (at->number)
        return err_wrap(err, "%.200s, line %zu, no. %zu", source_name(s), at->line, at->number);
    return err_wrap(err, "%.200s, line %zu", source_name(s), at->line);
}

struct trace_text import_text(struct scan_value v)
{
    return (struct trace_text){v.ptr, v.len};
}

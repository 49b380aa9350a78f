/* SPDX-License-Identifier: Apache-2.0 */
#include "simulate/history_lines.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/line.h"
#include "simulate/flight.h"

#define MEMBERS_MAX ((size_t)1 << 30)

static int no_memory(struct err *err)
{
    return err_set(err, ERR_MEMORY, "no memory for a history");
}

void history_lines_fini(struct history_lines *h)
{
    free(h->items);
    free(h->mentions);
    free(h->answers);
    buf_free(&h->members);
}

/* ---- one line ------------------------------------------------------------------------------- */

static struct scan_value member(struct scan_value line, const char *pointer)
{
    const struct scan_value found = scan_find(line.ptr, line.len, pointer);
    return found;
}

static bool is_text(struct scan_value v)
{
    return v.ptr && v.len >= 2 && *v.ptr == '"';
}

static bool is_key(struct scan_value key, const char *name)
{
    return key.len == strlen(name) && memcmp(key.ptr, name, key.len) == 0;
}

/* 0: it has none, or one with more digits than histories have lines. */
static size_t invocation_of(struct scan_value line)
{
    struct scan_value v = member(line, "/invocation");
    size_t number = 0;
    for (size_t i = 0; i < v.len; i++) {
        if (v.ptr[i] < '0' || v.ptr[i] > '9' || i == 9)
            return 0;
        number = number * 10 + (size_t)(v.ptr[i] - '0');
    }
    return number;
}

/* An answer that is JSON is compared as such, unless it is nested so deep that the document around
 * it would be nested too deep. */
static void add_answer(struct scan_value text, struct buf *out)
{
    static const char open[] = "[[[", close[] = "]]]";
    size_t around = sizeof open - 1;
    char *room = buf_reserve(out, text.len + 2 * around);
    long len = room ? scan_unescape(text, room + around) : -1;
    struct scan_fault fault;
    if (len > 0 && scan_valid(room + around, (size_t)len, &fault)) {
        memcpy(room, open, around);
        memcpy(room + around + len, close, around);
        if (scan_valid(room, (size_t)len + 2 * around, &fault)) {
            memmove(room, room + around, (size_t)len);
            out->len += (size_t)len;
            out->ptr[out->len] = '\0';
            return;
        }
    }
    buf_add(out, text.ptr, text.len);
}

/* What differs between two runs that are the same, or stands with the record. */
static void add_error(const struct history_line *line, struct scan_value text, history_plain plain,
                      struct buf *out)
{
    AUTO_BUF struct buf error, string;
    AUTO_FREE char *raw = malloc(text.len);
    long len = raw ? scan_unescape(text, raw) : -1;
    char id[37];
    simulation_invocation_id(line->invocation, id);
    buf_init(&error, MEMBERS_MAX);
    buf_init(&string, MEMBERS_MAX);
    if (len < 0) {
        error.failed = error.starved = true;
    } else {
        plain(&error, raw, (size_t)len, id);
        buf_add_json_string(&string, error.ptr ? error.ptr : "", error.len);
    }
    buf_inherit(out, &error);
    buf_inherit(out, &string);
    if (!out->failed)
        add_answer((struct scan_value){string.ptr, string.len}, out);
}

static bool is_left_out(struct scan_value key)
{
    static const char *const names[] = {"clambda_history", "invocation", "records"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (is_key(key, names[i]))
            return true;
    return false;
}

static bool is_error(struct scan_value status)
{
    return is_key(status, "\"error\"") || is_key(status, "\"timeout\"");
}

/* false: one of them is no member of a history's line, which have no depth. */
static bool add_members(const struct history_line *line, struct scan_value text,
                        history_plain plain, struct buf *out)
{
    struct scan_value key, value;
    bool error = is_error(member(text, "/status"));
    size_t at = 0, start = out->len;
    while (scan_next(text, &at, &key, &value)) {
        if (is_left_out(key))
            continue;
        if (*value.ptr == '[' || *value.ptr == '{')
            return false;
        buf_adds(out, out->len == start ? "\"" : ",\"");
        buf_add(out, key.ptr, key.len);
        buf_adds(out, "\":");
        if (is_key(key, "answer") && is_text(value) && error)
            add_error(line, value, plain, out);
        else if (is_key(key, "answer") && is_text(value))
            add_answer(value, out);
        else
            buf_add(out, value.ptr, value.len);
    }
    return true;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* Room for one more; the array, NULL: no memory. */
static void *grow(void *items, size_t count, size_t *cap, size_t size, struct err *err)
{
    if (items && count < *cap)
        return items;
    size_t more = *cap ? *cap * 2 : 256;
    void *grown = realloc(items, more * size);
    if (grown)
        *cap = more;
    else
        no_memory(err);
    return grown;
}

static int add_mention(struct history_lines *h, struct scan_value name, struct err *err)
{
    if (!is_text(name))
        return err_set(err, ERR_INPUT, "a name in \"records\" is no text");
    void *grown = grow(h->mentions, h->nmentions, &h->mentions_cap, sizeof *h->mentions, err);
    if (!grown)
        return -1;
    h->mentions = grown;
    h->mentions[h->nmentions++] = (struct history_mention){name, h->nlines};
    return 0;
}

static int add_line(struct history_lines *h, struct scan_value line, history_plain plain,
                    struct err *err)
{
    struct scan_value none, name, what, records;
    struct scan_fault fault;
    struct history_line row = {.start = h->members.len};
    size_t at = 0;
    if (!scan_valid(line.ptr, line.len, &fault))
        return err_set(err, ERR_INPUT, "column %zu: %s", fault.column, fault.reason);
    line = member(line, ""); /* without white space around it */
    what = member(line, "/what");
    records = member(line, "/records");
    row.invocation = invocation_of(line);
    row.invoked = is_key(what, "\"invoked\"");
    row.answered = is_key(what, "\"answered\"");
    if (!member(line, "/clambda_history").ptr || !is_text(what) || !records.ptr ||
        *records.ptr != '[' || !add_members(&row, line, plain, &h->members))
        return err_set(err, ERR_INPUT, "this is no line of a history: --history FILE writes one");
    while (scan_next(records, &at, &none, &name))
        if (add_mention(h, name, err) < 0)
            return -1;
    if (buf_check(&h->members, "a history", err) < 0)
        return -1;
    void *grown = grow(h->items, h->nlines, &h->lines_cap, sizeof *h->items, err);
    if (!grown)
        return -1;
    h->items = grown;
    row.len = h->members.len - row.start;
    h->items[h->nlines++] = row;
    return 0;
}

/* Every invocation has a line: one whose number is higher than there are lines has none. */
static int find_answers(struct history_lines *h, struct err *err)
{
    h->nanswers = h->nlines + 1;
    h->answers = malloc(h->nanswers * sizeof *h->answers);
    if (!h->answers)
        return no_memory(err);
    memset(h->answers, 0xff, h->nanswers * sizeof *h->answers);
    for (size_t i = 0; i < h->nlines; i++)
        if (h->items[i].answered && h->items[i].invocation < h->nanswers)
            h->answers[h->items[i].invocation] = i;
    return 0;
}

bool history_lines_begin(const char *text, size_t len)
{
    static const char head[] = "{\"clambda_history\":";
    size_t at = 0;
    while (at < len && memchr(" \t\r", text[at], 3))
        at++;
    return len - at >= sizeof head - 1 && memcmp(text + at, head, sizeof head - 1) == 0;
}

int history_lines_order(struct scan_value a, struct scan_value b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = memcmp(a.ptr, b.ptr, len);
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int by_name(const void *a, const void *b)
{
    const struct history_mention *x = a, *y = b;
    int order = history_lines_order(x->name, y->name);
    return order ? order : (x->line > y->line) - (x->line < y->line);
}

int history_lines_read(struct history_lines *h, const char *text, size_t len, history_plain plain,
                       struct err *err)
{
    size_t at = 0, line_len;
    const char *line;
    buf_init(&h->members, MEMBERS_MAX);
    while ((line = line_next(text, len, &at, &line_len)))
        if (add_line(h, (struct scan_value){line, line_len}, plain, err) < 0)
            return -1;
    if (h->nmentions)
        qsort(h->mentions, h->nmentions, sizeof *h->mentions, by_name);
    return find_answers(h, err);
}

/* ---- telling -------------------------------------------------------------------------------- */

static void add_line_members(const struct history_lines *h, const struct history_line *line,
                             struct buf *out)
{
    if (line->len)
        buf_add(out, h->members.ptr + line->start, line->len);
}

static void add_entry(const struct history_lines *h, const struct history_line *line,
                      struct buf *out)
{
    if (line->answered)
        return; /* stands with its invocation */
    buf_adds(out, out->len > 1 ? ",{" : "{");
    add_line_members(h, line, out);
    if (line->invoked && line->invocation < h->nanswers &&
        h->answers[line->invocation] != SIZE_MAX) {
        buf_adds(out, ",\"answered\":{");
        add_line_members(h, &h->items[h->answers[line->invocation]], out);
        buf_addc(out, '}');
    }
    buf_addc(out, '}');
}

void history_lines_tell(const struct history_lines *h, size_t *at, struct buf *out)
{
    struct scan_value name = h->mentions[*at].name;
    buf_reset(out);
    buf_addc(out, '[');
    while (*at < h->nmentions && history_lines_order(h->mentions[*at].name, name) == 0)
        add_entry(h, &h->items[h->mentions[(*at)++].line], out);
    buf_addc(out, ']');
}

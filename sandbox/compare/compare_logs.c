/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare/compare_align.h"
#include "compare/compare_run.h"
#include "compare/compare_value.h"

#define LINES_MAX (1u << 16) /* of one log; more are not compared */
#define IDS       2

/* ---- what names one run -------------------------------------------------------------------- */

/* Bytes of an id at text; 0: there is none. after: what stands before it. */
static size_t match_id(const char *text, size_t len, const struct trace_text *ids, size_t nids)
{
    for (size_t i = 0; i < nids; i++)
        if (ids[i].len >= 8 && ids[i].len <= len && *text == *ids[i].ptr &&
            memcmp(text, ids[i].ptr, ids[i].len) == 0)
            return ids[i].len;
    return 0;
}

/* A time with what may be around it, and an id behind: "[2024-01-01T00:00:00Z] 8f5...". */
static size_t add_head(struct buf *out, const char *text, size_t len)
{
    size_t at = len && *text == '[';
    size_t time = value_match_time(text + at, len - at);
    if (!time)
        return 0;
    buf_add(out, text, at);
    buf_addc(out, '*');
    at += time;
    size_t front = at;
    while (at < len && memchr("] \t", text[at], 3))
        at++;
    buf_add(out, text + front, at - front);
    size_t id = value_match_uuid(text + at, len - at);
    if (id)
        buf_addc(out, '*');
    return at + id;
}

void compare_add_without_ids(struct buf *out, const char *text, size_t len,
                             const struct trace_text *ids, size_t nids)
{
    static const char mark[] = "RequestId: ";
    const size_t mark_len = sizeof mark - 1;
    size_t at = add_head(out, text, len), plain = at;
    while (at < len) {
        size_t id = match_id(text + at, len - at, ids, nids), before = 0;
        if (!id && text[at] == 'R' && len - at > mark_len &&
            memcmp(text + at, mark, mark_len) == 0) {
            before = mark_len;
            id = value_match_uuid(text + at + before, len - at - before);
        }
        if (!id) {
            at++;
            continue;
        }
        buf_add(out, text + plain, at + before - plain);
        buf_addc(out, '*');
        at += before + id;
        plain = at;
    }
    buf_add(out, text + plain, len - plain);
}

bool compare_is_of_line(struct scan_value key)
{
    static const char *const names[] = {
        "timestamp",           "time",    "requestId",     "AWSRequestId",
        "function_request_id", "traceId", "xray_trace_id", "xRayTraceId"};
    for (size_t i = 0; key.ptr && i < ARRAY_LEN(names); i++)
        if (key.len == strlen(names[i]) && memcmp(key.ptr, names[i], key.len) == 0)
            return true;
    return false;
}

/* ---- lines --------------------------------------------------------------------------------- */

struct line {
    size_t number; /* from 1 */
    struct trace_text raw;
    size_t at, len; /* of the text without ids */
    bool json;
};

struct log {
    struct trace_text text;
    struct trace_text ids[IDS];
    struct buf plain;   /* all lines without ids */
    struct line *lines; /* heap */
    uint32_t *hashes;   /* heap */
    size_t count;
    bool cut; /* there was more, or there are more lines than are compared */
};

static void log_fini(struct log *l)
{
    buf_free(&l->plain);
    free(l->lines);
    free(l->hashes);
}

static bool begins(const char *text, size_t len, const char *with)
{
    size_t n = strlen(with);
    return n <= len && memcmp(text, with, n) == 0;
}

static bool is_of_lambda(const char *text, size_t len)
{
    static const char *const heads[] = {
        "START RequestId: ", "END RequestId: ",  "REPORT RequestId: ", "INIT_START ",
        "INIT_REPORT ",      "RESTORE_START ",   "RESTORE_REPORT ",    "XRAY TraceId: ",
        "EXTENSION\tName: ", "TELEMETRY\tName: "};
    if (len && *text == '{') {
        struct scan_value type = scan_find(text, len, "/type");
        return type.ptr && begins(type.ptr, type.len, "\"platform.");
    }
    for (size_t i = 0; i < ARRAY_LEN(heads); i++)
        if (begins(text, len, heads[i]))
            return true;
    return false;
}

static struct scan_value line_value(const struct log *l, const struct line *line)
{
    return scan_find(l->plain.ptr + line->at, line->len, "");
}

static uint32_t hash_line(const struct log *l, const struct line *line)
{
    static const struct compare_rules none;
    const struct rules_path nowhere = {0};
    if (!line->json)
        return (uint32_t)value_hash_bytes(l->plain.ptr + line->at, line->len);
    struct scan_value key, value;
    uint64_t sum = 0;
    size_t at = 0;
    while (scan_next(line_value(l, line), &at, &key, &value))
        if (!compare_is_of_line(key))
            sum += compare_hash(&none, nowhere, value) * (2 * value_hash_text(key) + 1);
    return (uint32_t)(sum ^ sum >> 32);
}

static bool log_grow(struct log *l)
{
    if (l->count && (l->count < 16 || (l->count & (l->count - 1)) != 0))
        return true;
    size_t cap = l->count ? l->count * 2 : 16;
    struct line *lines = realloc(l->lines, cap * sizeof *lines);
    if (lines)
        l->lines = lines;
    uint32_t *hashes = realloc(l->hashes, cap * sizeof *hashes);
    if (hashes)
        l->hashes = hashes;
    return lines && hashes;
}

static bool add_line(struct log *l, const char *text, size_t len, size_t number)
{
    struct scan_fault fault;
    struct line line = {.number = number, .raw = {text, len}, .at = l->plain.len};
    if (is_of_lambda(text, len))
        return true;
    compare_add_without_ids(&l->plain, text, len, l->ids, IDS);
    line.len = l->plain.len - line.at;
    if (l->plain.failed || !log_grow(l))
        return false;
    const char *plain = l->plain.ptr + line.at;
    line.json = line.len && *plain == '{' && scan_valid(plain, line.len, &fault);
    l->lines[l->count] = line;
    l->hashes[l->count++] = hash_line(l, &line);
    return true;
}

/* False: no memory. */
static bool log_read(struct log *l, const struct trace_entry *e)
{
    *l = (struct log){.text = e->log, .ids = {e->request_id, e->trace_id}, .cut = e->log_cut};
    buf_init(&l->plain, e->log.len + 1);
    buf_adds(&l->plain, "");
    if (!e->log.ptr)
        return true;
    const char *p = e->log.ptr, *end = p + e->log.len;
    for (size_t number = 1; p < end; number++) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        size_t len = (size_t)((stop ? stop : end) - p);
        if (l->count == LINES_MAX) {
            l->cut = true;
            break;
        }
        if (!add_line(l, p, len && p[len - 1] == '\r' ? len - 1 : len, number))
            return false;
        p += len + 1;
    }
    return true;
}

/* ---- both ---------------------------------------------------------------------------------- */

static bool is_same(const struct log *a, const struct line *x, const struct log *b,
                    const struct line *y)
{
    static const struct compare_rules none;
    if (x->len == y->len && memcmp(a->plain.ptr + x->at, b->plain.ptr + y->at, x->len) == 0)
        return true;
    if (!x->json || !y->json)
        return false;
    struct compare_run r = {.rules = &none, .of = COMPARE_OF_LOG_LINES, .stop_at_first = true};
    const struct compare_place root = {.path = rules_begin(&none)};
    compare_values(&r, &root, line_value(a, x), line_value(b, y));
    return r.count == 0 && !r.starved;
}

static void add_difference(struct compare_run *r, const struct line *expected,
                           const struct line *got)
{
    char pointer[40];
    struct scan_value x = {0}, y = {0};
    if (expected)
        x = (struct scan_value){expected->raw.ptr, expected->raw.len};
    if (got)
        y = (struct scan_value){got->raw.ptr, got->raw.len};
    snprintf(pointer, sizeof pointer, "log line %zu", expected ? expected->number : got->number);
    enum compare_kind kind = !got ? COMPARE_GONE : !expected ? COMPARE_ADDED : COMPARE_CHANGED;
    compare_run_add(r, kind, NULL, pointer, x, y);
}

/* Lines of a behind which no line of either log has a partner: the rest, of which a cut log does
 * not tell. */
static size_t find_rest(const struct log *a, const uint32_t *pairs)
{
    size_t end = a->count;
    while (end && pairs[end - 1] == ALIGN_NONE)
        end--;
    return end;
}

static void compare_lines(struct compare_run *r, const struct log *a, const struct log *b,
                          const uint32_t *pairs)
{
    size_t rest = find_rest(a, pairs), next = 0;
    for (size_t i = 0; i < a->count; i++) {
        if (pairs[i] == ALIGN_NONE) {
            if (i < rest || !b->cut)
                add_difference(r, &a->lines[i], NULL);
            continue;
        }
        for (; next < pairs[i]; next++)
            add_difference(r, NULL, &b->lines[next]);
        if (!is_same(a, &a->lines[i], b, &b->lines[next]))
            add_difference(r, &a->lines[i], &b->lines[next]);
        next++;
    }
    for (; next < b->count && !a->cut; next++)
        add_difference(r, NULL, &b->lines[next]);
}

static bool compare_both(struct compare_run *r, struct log *a, struct log *b)
{
    const struct align_side left = {.hashes = a->hashes, .count = a->count};
    const struct align_side right = {.hashes = b->hashes, .count = b->count};
    AUTO_FREE uint32_t *pairs = malloc((a->count + 1) * sizeof *pairs);
    if (!pairs || !align_pair(&left, &right, pairs))
        return false;
    compare_lines(r, a, b, pairs);
    return !r->starved;
}

int compare_logs(const struct trace_entry *expected, const struct trace_entry *got,
                 struct arena *arena, struct compare_result *out, struct err *err)
{
    static const struct compare_rules none;
    struct compare_run r = {.rules = &none, .of = COMPARE_OF_LOG_LINES, .arena = arena};
    struct log a = {0}, b = {0};
    *out = (struct compare_result){0};
    if (!expected->log.ptr || (expected->log.len == got->log.len && got->log.ptr &&
                               memcmp(expected->log.ptr, got->log.ptr, got->log.len) == 0))
        return 0;
    bool done = log_read(&a, expected) && log_read(&b, got) && compare_both(&r, &a, &b);
    log_fini(&a);
    log_fini(&b);
    if (!done)
        return err_set(err, ERR_MEMORY, "no memory to compare two logs");
    *out = (struct compare_result){r.items, r.nitems, r.count};
    return 0;
}

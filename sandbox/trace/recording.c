/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/recording.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/base64.h"
#include "trace/write.h"

#define TOKEN_MAX  6               /* the longest token of JSON but strings, "\ud800", "false" */
#define NUMBER_MAX 999999999999999 /* exact in every reader */

/* Puts a value in its place. Texts stay in the line: unescaped they are never longer. */
typedef int (*take_fn)(struct scan_value v, void *member, struct err *err);

static int take_text(struct scan_value v, void *member, struct err *err)
{
    struct trace_text *text = member;
    long len = scan_unescape(v, scan_writable(v));
    if (len < 0)
        return err_set(err, ERR_INPUT, "is not a text");
    *text = (struct trace_text){v.ptr, (size_t)len};
    return 0;
}

static int take_base64(struct scan_value v, void *member, struct err *err)
{
    struct trace_text *text = member;
    if (take_text(v, member, err) < 0)
        return -1;
    long len = base64_decode(text->ptr, text->len, scan_writable(v));
    if (len < 0)
        return err_set(err, ERR_INPUT, "is not base64");
    text->len = (size_t)len;
    return 0;
}

static int take_number(struct scan_value v, void *member, struct err *err)
{
    int64_t *out = member, number = 0;
    for (size_t i = 0; i < v.len; i++) {
        if (v.ptr[i] < '0' || v.ptr[i] > '9' || number > NUMBER_MAX / 10)
            return err_set(err, ERR_INPUT, "'%.*s' is not a whole number from 0 to %lld",
                           v.len > 32 ? 32 : (int)v.len, v.ptr, (long long)NUMBER_MAX);
        number = number * 10 + (v.ptr[i] - '0');
    }
    *out = number;
    return 0;
}

static bool is_word(struct scan_value v, const char *word)
{
    return v.len == strlen(word) && memcmp(v.ptr, word, v.len) == 0;
}

static int take_bool(struct scan_value v, void *member, struct err *err)
{
    bool *out = member;
    *out = is_word(v, "true");
    return *out || is_word(v, "false") ? 0 : err_set(err, ERR_INPUT, "is not true or false");
}

static int take_status(struct scan_value v, void *member, struct err *err)
{
    enum trace_status *out = member;
    struct trace_text text = {0};
    if (take_text(v, &text, err) < 0)
        return -1;
    for (int i = 0; i < TRACE_STATUS_COUNT; i++) {
        if (strlen(trace_status_names[i]) == text.len &&
            memcmp(trace_status_names[i], text.ptr, text.len) == 0) {
            *out = (enum trace_status)i;
            return 0;
        }
    }
    return err_set(err, ERR_INPUT, "'%.*s' is not success, error or timeout",
                   text.len > 32 ? 32 : (int)text.len, text.ptr);
}

/* The digits of a time in the places that the form has 'd', its own characters in the others. */
static bool read_digits(const char *text, const char *form, int *out)
{
    for (; *form; form++, text++) {
        bool digit = *text >= '0' && *text <= '9';
        if (*form == 'd' ? !digit : *text != *form)
            return false;
        if (!digit)
            out++;
        else
            *out = *out * 10 + (*text - '0');
    }
    return true;
}

static int take_time(struct scan_value v, void *member, struct err *err)
{
    static const char form[] = "\"dddd-dd-ddTdd:dd:dd.dddZ\"";
    int64_t *out = member;
    int n[10] = {0};
    if (v.len != sizeof form - 1 || !read_digits(v.ptr, form, n))
        return err_set(err, ERR_INPUT, "is not a time like 2026-01-31T12:00:00.000Z");
    struct tm tm = {.tm_year = n[1] - 1900,
                    .tm_mon = n[2] - 1,
                    .tm_mday = n[3],
                    .tm_hour = n[4],
                    .tm_min = n[5],
                    .tm_sec = n[6]};
    if (n[2] < 1 || n[2] > 12 || n[3] < 1 || n[3] > 31 || n[4] > 23 || n[5] > 59 || n[6] > 60)
        return err_set(err, ERR_INPUT, "is not a time like 2026-01-31T12:00:00.000Z");
    int64_t seconds = timegm(&tm);
    if (seconds < 0 || (n[6] < 60 && tm.tm_mday != n[3]))
        return err_set(err, ERR_INPUT, "is %s",
                       seconds < 0 ? "before 1970" : "no day of that month");
    *out = seconds * 1000 + n[7];
    return 0;
}

/* The lines one behind the other, each with its line break. */
static int take_log(struct scan_value v, void *member, struct err *err)
{
    struct trace_text *log = member;
    char *start = scan_writable(v) + 1, *w = start; /* the scanner looks at the bracket again */
    struct scan_value key, line;
    if (*v.ptr != '[')
        return err_set(err, ERR_INPUT, "is not a list of texts");
    for (size_t at = 0; scan_next(v, &at, &key, &line);) {
        long len = scan_unescape(line, w);
        if (len < 0)
            return err_set(err, ERR_INPUT, "is not a list of texts");
        w += len;
        *w++ = '\n';
    }
    *log = (struct trace_text){start, (size_t)(w - start)};
    return 0;
}

#define ROW(name, take, member)                          \
    {                                                    \
        name, take, offsetof(struct trace_entry, member) \
    }

/* In the order in which they are written. */
static const struct row {
    const char *name;
    take_fn take;
    size_t offset;
} rows[] = {
    ROW("environment", take_text, environment),
    ROW("position", take_number, position),
    ROW("cold", take_bool, cold),
    ROW("request_id", take_text, request_id),
    ROW("time", take_time, time_ms),
    ROW("client_context", take_text, client_context),
    ROW("cognito_identity", take_text, cognito_identity),
    ROW("trace_id", take_text, trace_id),
    ROW("event", take_text, event),
    ROW("event_base64", take_base64, event),
    ROW("status", take_status, status),
    ROW("error_type", take_text, error_type),
    ROW("answer", take_text, answer),
    ROW("answer_base64", take_base64, answer),
    ROW("log", take_log, log),
    ROW("log_cut", take_bool, log_cut),
    ROW("duration_us", take_number, duration_us),
    ROW("init_us", take_number, init_us),
    ROW("memory_mb", take_number, memory_mb),
    ROW("max_memory_mb", take_number, max_memory_mb),
};

/* Members come in the rows' order: the next one is looked at first. */
static const struct row *find_row(struct scan_value key, size_t *next)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t at = (*next + i) % ARRAY_LEN(rows);
        if (is_word(key, rows[at].name)) {
            *next = at + 1;
            return &rows[at];
        }
    }
    return NULL;
}

static int check_version(struct scan_value v, struct err *err)
{
    int64_t version;
    if (take_number(v, &version, err) < 0)
        return err_wrap(err, "clambda_recording");
    if (version == TRACE_FORMAT)
        return 0;
    return err_set(err, ERR_INPUT,
                   "clambda_recording: the line has format %lld, this clambda reads format %d",
                   (long long)version, TRACE_FORMAT);
}

static int take_member(struct scan_value key, struct scan_value v, size_t *next,
                       struct trace_entry *out, struct err *err)
{
    const struct row *row = find_row(key, next);
    if (!row || is_word(v, "null"))
        return 0;
    if (row->take(v, (char *)out + row->offset, err) < 0)
        return err_wrap(err, "%s", row->name);
    if (row->take == take_bool && row->offset == offsetof(struct trace_entry, cold))
        out->cold_known = true;
    return 0;
}

/* Whether only white space is behind the last member and the end. */
static bool ends_well(const char *line, size_t len, size_t at)
{
    bool closed = false;
    for (; at < len; at++) {
        if (line[at] == '}' && !closed)
            closed = true;
        else if (line[at] != ' ' && line[at] != '\t')
            return false;
    }
    return closed;
}

/* The last line in what one recorder and, where that was killed, the next one have written without
 * a line break in between. What is before at - 2 was changed. */
static char *find_whole(char *line, size_t len, size_t at)
{
    char *found = NULL, *p = line + (at > 3 ? at - 2 : len > 0);
    while ((p = memmem(p, len - (size_t)(p - line), RECORDING_MARK, RECORDING_MARK_LEN)))
        found = p++;
    return found;
}

/* What is wrong with a line that broke behind at. What is before it was valid, and is changed. */
static int tell_fault(char *line, size_t len, size_t at, bool *out_torn, struct err *err)
{
    struct scan_fault fault = {0};
    while (at < len && (line[at] == ' ' || line[at] == '\t'))
        at++;
    if (at && at < len && line[at] != ',')
        return err_set(err, ERR_INPUT, "byte %zu: %s", at + 1,
                       line[at] == '}' ? "text after the object" : "expected ',' or '}'");
    if (at && at < len)
        memset(line + 1, ' ', at); /* an object without the members before: places stay */
    else if (at)
        fault = (struct scan_fault){.offset = len, .reason = "expected ',' or '}'"};
    if (!fault.reason && scan_valid(line, len, &fault))
        return err_set(err, ERR_INPUT, "is no JSON object");
    *out_torn = fault.offset + TOKEN_MAX >= len;
    return err_set(err, ERR_INPUT, "byte %zu: %s", fault.offset + 1, fault.reason);
}

/* A value that is the next recorder's line, and not what was about to be written. */
static bool is_line(struct scan_value v)
{
    return v.len >= RECORDING_MARK_LEN && memcmp(v.ptr, RECORDING_MARK, RECORDING_MARK_LEN) == 0;
}

/* Up to *at all is well; what is behind was not changed. */
static int take_members(char *line, size_t len, size_t *at, struct trace_entry *out,
                        struct err *err)
{
    struct scan_value document = {line, len}, key, value;
    size_t next = 0;
    for (bool first = true; scan_next(document, at, &key, &value); first = false) {
        if (is_line(value)) {
            *at = (size_t)(value.ptr - line) + 2;
            return 0;
        }
        if ((first ? check_version(value, err) : take_member(key, value, &next, out, err)) < 0)
            return -1;
    }
    return 0;
}

int recording_parse(char *line, size_t len, struct trace_entry *out,
                    struct recording_fault *out_fault, struct err *err)
{
    size_t at = 0;
    *out_fault = (struct recording_fault){0};
    if (len < RECORDING_MARK_LEN || memcmp(line, RECORDING_MARK, RECORDING_MARK_LEN) != 0) {
        out_fault->torn = len < RECORDING_MARK_LEN && memcmp(line, RECORDING_MARK, len) == 0;
        out_fault->rest = find_whole(line, len, 0);
        return err_set(err, ERR_INPUT, "is no line of a recording: those begin with %s",
                       RECORDING_MARK);
    }
    int taken = take_members(line, len, &at, out, err);
    if (taken == 0 && ends_well(line, len, at))
        return 0;
    out_fault->rest = find_whole(line, len, at);
    if (taken < 0)
        return -1;
    if (out_fault->rest)
        return err_set(err, ERR_INPUT, "was cut off while it was written");
    return tell_fault(line, len, at, &out_fault->torn, err);
}

static int parse_line(struct source *s, char *line, size_t len, struct trace_entry *out, bool *torn,
                      struct err *err)
{
    struct recording_fault fault;
    struct trace_entry entry = *out;
    int parsed = recording_parse(line, len, &entry, &fault, err);
    if (parsed < 0 && fault.rest) {
        source_warn(s, "begins with a line that was cut off, which is skipped");
        entry = *out;
        len -= (size_t)(fault.rest - line);
        parsed = recording_parse(fault.rest, len, &entry, &fault, err);
    }
    *torn = fault.torn;
    if (parsed == 0)
        *out = entry;
    return parsed;
}

static int next_entry(struct source *s, void *state, struct trace_entry *out, struct err *err)
{
    char *line;
    size_t len;
    bool whole, torn;
    int status;
    (void)state;
    while ((status = source_line(s, &line, &len, &whole, err)) > 0) {
        struct err why = {0};
        if (parse_line(s, line, len, out, &torn, &why) == 0) {
            out->line = source_line_number(s);
            return 1;
        }
        if (!torn) {
            *err = why;
            return err_wrap(err, "%.200s, line %zu", source_name(s), source_line_number(s));
        }
        source_warn(s, "was cut off while it was written, skipped");
    }
    return status;
}

static bool is_recording(const struct source_sample *sample)
{
    return sample->shape == SOURCE_RECORDING;
}

bool recording_begins(const char *text, size_t len, bool complete)
{
    size_t same = 0;
    while (same < len && same < RECORDING_MARK_LEN && text[same] == RECORDING_MARK[same])
        same++;
    if (same == RECORDING_MARK_LEN || (same && same == len && complete))
        return true;
    /* torn inside the mark, and the next recorder's line behind it */
    for (size_t i = same; i > 0; i--) {
        size_t next = i;
        while (next < len && (text[next] == '\r' || text[next] == '\n'))
            next++;
        if (len - next >= RECORDING_MARK_LEN &&
            memcmp(text + next, RECORDING_MARK, RECORDING_MARK_LEN) == 0)
            return true;
    }
    return false;
}

const struct source_kind recording_kind = {
    .kind = TRACE_KIND_RECORDING,
    .is = is_recording,
    .next = next_entry,
};

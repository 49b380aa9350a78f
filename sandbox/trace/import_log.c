/* SPDX-License-Identifier: Apache-2.0 */
/* Exports of CloudWatch Logs: pages of log events, lines with or without a time before them, as
 * text or in Lambda's JSON format. What is known of an invocation is put together by its id. */
#include <string.h>

#include "base/hash.h"
#include "base/iso.h"
#include "trace/import_report.h"

/* Invocations that have begun and not ended. Where there are more at a time than a set has room
 * for, the time of the oldest is forgotten. */
#define SETS 1024
#define WAYS 4

/* Streams whose environment has failed to start, by hash. */
#define FAILED 64

struct begun {
    char id[IMPORT_ID_LEN]; /* begins with 0: free */
    enum trace_status status;
    int64_t time_ms;
    uint64_t age;
};

struct state {
    struct import_documents documents;
    struct begun begun[SETS][WAYS];
    uint64_t failed[FAILED];
    uint64_t clock;
    size_t nreports;
};

struct line {
    const char *text;
    size_t len;
    int64_t time_ms;
    struct scan_value stream;
};

static uint64_t hash(const char *text, size_t len)
{
    uint64_t h = hash_bytes(text, len);
    return h ^ h >> 29;
}

/* ---- invocations ------------------------------------------------------------------------------
 */

static struct begun *find_begun(struct state *st, struct scan_value id)
{
    struct begun *set = st->begun[hash(id.ptr, id.len) % SETS];
    for (size_t i = 0; i < WAYS; i++)
        if (set[i].id[0] && memcmp(set[i].id, id.ptr, IMPORT_ID_LEN) == 0)
            return &set[i];
    return NULL;
}

/* Where it is or may be: a free place, or that of the oldest. */
static struct begun *place_begun(struct state *st, struct scan_value id)
{
    struct begun *set = st->begun[hash(id.ptr, id.len) % SETS], *found = find_begun(st, id);
    if (found)
        return found;
    found = set;
    for (size_t i = 0; i < WAYS && found->id[0]; i++)
        if (!set[i].id[0] || set[i].age < found->age)
            found = &set[i];
    return found;
}

static void begin(struct state *st, struct scan_value id, int64_t time_ms)
{
    struct begun *b = place_begun(st, id);
    *b = (struct begun){.time_ms = time_ms, .age = ++st->clock};
    memcpy(b->id, id.ptr, IMPORT_ID_LEN);
}

static uint64_t *find_failed(struct state *st, struct scan_value stream, uint64_t *out_hash)
{
    *out_hash = hash(stream.ptr, stream.len) | 1;
    return &st->failed[*out_hash / 2 % FAILED];
}

/* A second attempt to start is in the duration of the invocation. Without the streams' names it may
 * have been that of another environment. */
static void tell_cold(struct state *st, const struct line *line, const struct report *report,
                      struct trace_entry *out)
{
    uint64_t h, *failed = find_failed(st, line->stream, &h);
    bool again = *failed == h;
    out->cold = out->init_us != TRACE_UNKNOWN || report->restored || again;
    out->cold_known = !again || out->init_us != TRACE_UNKNOWN || line->stream.ptr;
    if (again)
        *failed = 0;
}

static void end(struct state *st, const struct line *line, const struct report *report,
                struct trace_entry *out)
{
    struct begun *b = find_begun(st, report->id);
    out->request_id = import_text(report->id);
    out->environment = import_text(line->stream);
    tell_cold(st, line, report, out);
    st->nreports++;
    if (!b)
        return;
    out->time_ms = b->time_ms;
    if (out->status == TRACE_STATUS_UNKNOWN)
        out->status = b->status;
    *b = (struct begun){0};
}

/* What came before they had a REPORT line. */
static void mark(struct state *st, const struct report *report)
{
    struct begun *b = find_begun(st, report->id);
    if (b)
        b->status = report->line == REPORT_TIMEOUT ? TRACE_STATUS_TIMEOUT : TRACE_STATUS_ERROR;
}

/* 1: an invocation has ended, and is in out. */
static int take_line(struct state *st, const struct line *line, struct trace_entry *out,
                     struct err *err)
{
    struct report report;
    uint64_t h, *failed;
    if (report_read(line->text, line->len, &report, out, err) < 0)
        return -1;
    switch (report.line) {
    case REPORT_NONE:
    case REPORT_OTHER:
        return 0;
    case REPORT_START:
        begin(st, report.id, line->time_ms == TRACE_UNKNOWN ? report.time_ms : line->time_ms);
        return 0;
    case REPORT_FAILED_INIT:
        failed = find_failed(st, line->stream, &h);
        *failed = h;
        return 0;
    case REPORT_TIMEOUT:
    case REPORT_EXIT:
        mark(st, &report);
        return 0;
    case REPORT_END:
        break;
    }
    end(st, line, &report, out);
    return 1;
}

/* ---- lines ------------------------------------------------------------------------------------
 */

/* "2026/01/31/[$LATEST]" and 32 hexadecimal digits. */
static bool is_stream(const char *text, size_t len)
{
    if (len < 34 || text[len - 33] != ']' || !memchr(text, '[', len))
        return false;
    for (size_t i = len - 32; i < len; i++)
        if (!strchr("0123456789abcdef", text[i]) || !text[i])
            return false;
    return true;
}

/* Takes off what was put in front of a line: its time, its stream. */
static struct line open_line(const char *text, size_t len)
{
    struct line line = {.time_ms = TRACE_UNKNOWN};
    size_t time = iso_read(text, len, &line.time_ms), skip = 0;
    if (time && time < len && text[time] == ' ')
        skip = time + 1;
    else
        line.time_ms = TRACE_UNKNOWN;
    const char *space = skip ? memchr(text + skip, ' ', len - skip) : NULL;
    if (space && is_stream(text + skip, (size_t)(space - text) - skip)) {
        line.stream = (struct scan_value){text + skip, (size_t)(space - text) - skip};
        skip = (size_t)(space - text) + 1;
    }
    line.text = text + skip;
    line.len = len - skip;
    return line;
}

/* The message of a log event: its first line says all. The rest of REPORT is of tracing. */
static int open_event(const struct kinds_top *top, struct line *out)
{
    union {
        const char *in;
        char *out;
    } message = {top->v[MEMBER_MESSAGE].ptr};
    struct scan_value time = top->v[MEMBER_TIMESTAMP];
    *out = (struct line){.text = message.in, .stream = kinds_plain(top->v[MEMBER_STREAM])};
    if (!import_decimal(time.ptr, time.len, 1, &out->time_ms))
        return -1;
    long len = scan_unescape(top->v[MEMBER_MESSAGE], message.out);
    if (len < 0)
        return -1;
    const char *end = memchr(message.in, '\n', (size_t)len);
    out->len = end ? (size_t)(end - message.in) : (size_t)len;
    return 0;
}

static int open_document(const struct import_document *d, struct line *out, struct err *err)
{
    struct kinds_top top;
    if (kinds_is_log_event(d->text, d->len, &top)) {
        if (open_event(&top, out) < 0)
            return err_set(err, ERR_INPUT, "the timestamp is no number of milliseconds");
        return 0;
    }
    if (d->number)
        return err_set(err, ERR_INPUT,
                       "is no log event: those have timestamp, message, ingestionTime");
    *out = open_line(d->text, d->len);
    return 0;
}

/* That something is missing shows only here. */
static void close_log(struct source *s, const struct state *st)
{
    size_t open = 0;
    for (size_t i = 0; i < SETS; i++)
        for (size_t j = 0; j < WAYS; j++)
            open += st->begun[i][j].id[0] != '\0';
    if (st->nreports == 0)
        source_warn(s, "the log ends without a REPORT line: nothing is measured");
    else if (open)
        source_warn(s, "the log ends before the REPORT line of %zu invocations", open);
}

static int next_log(struct source *s, void *state, struct trace_entry *out, struct err *err)
{
    struct state *st = state;
    struct import_document d;
    struct line line;
    struct err why = {0};
    int status;
    while ((status = import_next(s, &st->documents, true, &d, err)) > 0) {
        out->line = d.line;
        int got = open_document(&d, &line, &why) < 0 ? -1 : take_line(st, &line, out, &why);
        if (got < 0)
            return import_fail(s, &d, err, "%s", why.msg);
        if (got > 0)
            return 1;
    }
    if (status == 0)
        close_log(s, st);
    return status;
}

/* Whether some line of a text is Lambda's. */
static bool has_lines(const char *text, size_t len)
{
    const char *end = text + len;
    while (text < end) {
        const char *next = memchr(text, '\n', (size_t)(end - text));
        struct line line = open_line(text, (size_t)((next ? next : end) - text));
        struct trace_entry entry = trace_entry_none;
        struct report report;
        struct err why;
        if (report_read(line.text, line.len, &report, &entry, &why) < 0 ||
            report.line != REPORT_NONE)
            return true;
        text = next ? next + 1 : end;
    }
    return false;
}

static bool is_log(const struct source_sample *sample)
{
    if (sample->shape == SOURCE_TEXT)
        return has_lines(sample->text.ptr, sample->text.len);
    return sample->shape != SOURCE_RECORDING && sample->kinds & KINDS_LOG;
}

const struct source_kind import_log_kind = {
    .kind = TRACE_KIND_LOG_EXPORT,
    .is = is_log,
    .state_size = sizeof(struct state),
    .next = next_log,
};

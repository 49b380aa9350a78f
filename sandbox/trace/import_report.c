/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/import_report.h"

#include <stddef.h>
#include <string.h>

#include "base/iso.h"

#define NAME_MAX 40 /* bytes of a field that a message shows */

/* The measurements, by the names that they have in both formats. */
static const struct measure {
    const char *text, *unit, *json;
    int64_t scale;
    bool restored; /* only that it is there */
    size_t offset;
} measures[] = {
    {"Duration: ", " ms", "/durationMs", 1000, false, offsetof(struct trace_entry, duration_us)},
    {"Init Duration: ", " ms", "/initDurationMs", 1000, false,
     offsetof(struct trace_entry, init_us)},
    {"Memory Size: ", " MB", "/memorySizeMB", 1, false, offsetof(struct trace_entry, memory_mb)},
    {"Max Memory Used: ", " MB", "/maxMemoryUsedMB", 1, false,
     offsetof(struct trace_entry, max_memory_mb)},
    {"Restore Duration: ", " ms", "/restoreDurationMs", 1000, true, 0},
};

/* A failure is Lambda's own: what the function did is not known. */
static const struct {
    const char *name;
    enum trace_status status;
} statuses[] = {
    {"success", TRACE_STATUS_SUCCESS},
    {"error", TRACE_STATUS_ERROR},
    {"timeout", TRACE_STATUS_TIMEOUT},
    {"failure", TRACE_STATUS_UNKNOWN},
};

static bool begins(const char *text, size_t len, const char *with)
{
    size_t n = strlen(with);
    return len >= n && memcmp(text, with, n) == 0;
}

static bool is(struct scan_value v, const char *text)
{
    return v.ptr && v.len == strlen(text) && memcmp(v.ptr, text, v.len) == 0;
}

static int take_status(struct scan_value v, struct trace_entry *out, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
        if (is(v, statuses[i].name)) {
            out->status = statuses[i].status;
            return 0;
        }
    return err_set(err, ERR_INPUT, "'%.*s' is no status that is known",
                   v.len > NAME_MAX ? NAME_MAX : (int)v.len, v.ptr ? v.ptr : "");
}

static int take_measure(const struct measure *m, const char *text, size_t len,
                        struct report *report, struct trace_entry *out, struct err *err)
{
    int64_t value;
    if (!import_decimal(text, len, m->scale, &value))
        return err_set(err, ERR_INPUT, "%.*s '%.*s' is no number%s", (int)strlen(m->text) - 2,
                       m->text, len > NAME_MAX ? NAME_MAX : (int)len, text,
                       m->unit[1] == 'M' ? " of MB" : " of ms");
    if (m->restored)
        report->restored = true;
    else
        memcpy((char *)out + m->offset, &value, sizeof value);
    return 0;
}

/* ---- text -------------------------------------------------------------------------------------
 */

/* "Name: value unit"; one that is not known says nothing that is needed. */
static int take_field(const char *text, size_t len, struct report *report, struct trace_entry *out,
                      struct err *err)
{
    static const char status[] = "Status: ", type[] = "Error Type: ";
    if (begins(text, len, status))
        return take_status((struct scan_value){text + sizeof status - 1, len - sizeof status + 1},
                           out, err);
    if (begins(text, len, type))
        out->error_type = (struct trace_text){text + sizeof type - 1, len - sizeof type + 1};
    for (size_t i = 0; i < ARRAY_LEN(measures); i++) {
        const struct measure *m = &measures[i];
        size_t name = strlen(m->text), unit = strlen(m->unit);
        if (!begins(text, len, m->text))
            continue;
        bool whole = len >= name + unit && memcmp(text + len - unit, m->unit, unit) == 0;
        return take_measure(m, text + name, whole ? len - name - unit : len - name, report, out,
                            err);
    }
    return 0;
}

/* Behind the id: fields with a tab before each. */
static int read_fields(const char *text, size_t len, struct report *report, struct trace_entry *out,
                       struct err *err)
{
    const char *end = text + len;
    while (text < end) {
        const char *field = text + 1, *next = memchr(field, '\t', (size_t)(end - field));
        size_t n = (size_t)((next ? next : end) - field);
        if (take_field(field, n, report, out, err) < 0)
            return err_wrap(err, "REPORT");
        text = field + n;
    }
    if (out->duration_us == TRACE_UNKNOWN)
        return err_set(err, ERR_INPUT, "REPORT: has no Duration, or was cut off");
    return 0;
}

/* The id behind a word, and what has to be behind the id. */
static bool has_id(const char *text, size_t len, const char *word, const char *behind,
                   struct report *report)
{
    size_t n = strlen(word);
    if (!begins(text, len, word) || !import_is_id(text + n, len - n))
        return false;
    report->id = (struct scan_value){text + n, IMPORT_ID_LEN};
    return begins(text + n + IMPORT_ID_LEN, len - n - IMPORT_ID_LEN, behind);
}

static bool has_field(const char *text, size_t len, const char *field)
{
    return memmem(text, len, field, strlen(field)) != NULL;
}

static bool is_timeout(const char *text, size_t len, struct report *report)
{
    int64_t ms;
    size_t time = iso_read(text, len, &ms), skip = time && time < len ? time + 1 : 0;
    struct scan_value all = {text + skip, len - skip};
    return has_id(all.ptr, all.len, "", " Task timed out after ", report) &&
           import_timed_out(all, report->id);
}

static int read_text(const char *text, size_t len, struct report *report, struct trace_entry *out,
                     struct err *err)
{
    if (has_id(text, len, "REPORT RequestId: ", "\t", report)) {
        static const size_t skip = sizeof "REPORT RequestId: " - 1 + IMPORT_ID_LEN;
        report->line = REPORT_END;
        return read_fields(text + skip, len - skip, report, out, err);
    }
    if (has_id(text, len, "START RequestId: ", " Version: ", report))
        report->line = REPORT_START;
    else if (has_id(text, len, "RequestId: ", " Error: Runtime exited ", report))
        report->line = REPORT_EXIT;
    else if (is_timeout(text, len, report))
        report->line = REPORT_TIMEOUT;
    else if (begins(text, len, "INIT_REPORT Init Duration: ") && has_field(text, len, "\tStatus: "))
        report->line = REPORT_FAILED_INIT;
    else if (begins(text, len, "INIT_START Runtime Version: ") ||
             has_id(text, len, "END RequestId: ", "", report))
        report->line = REPORT_OTHER;
    return 0;
}

/* ---- JSON -------------------------------------------------------------------------------------
 */

static struct scan_value find(struct scan_value v, const char *pointer)
{
    return v.ptr ? scan_find(v.ptr, v.len, pointer) : v;
}

static int read_metrics(struct scan_value record, struct report *report, struct trace_entry *out,
                        struct err *err)
{
    struct scan_value status = kinds_plain(find(record, "/status"));
    struct scan_value type = kinds_plain(find(record, "/errorType"));
    struct scan_value metrics = find(record, "/metrics");
    for (size_t i = 0; i < ARRAY_LEN(measures); i++) {
        struct scan_value v = find(metrics, measures[i].json);
        if (v.ptr && *v.ptr != 'n' &&
            take_measure(&measures[i], v.ptr, v.len, report, out, err) < 0)
            return err_wrap(err, "platform.report");
    }
    if (out->duration_us == TRACE_UNKNOWN)
        return err_set(err, ERR_INPUT, "platform.report: has no metrics.durationMs");
    if (status.ptr && take_status(status, out, err) < 0)
        return err_wrap(err, "platform.report");
    out->error_type = (struct trace_text){type.ptr, type.len};
    return 0;
}

static int read_json(const struct kinds_top *top, struct report *report, struct trace_entry *out,
                     struct err *err)
{
    static const struct {
        const char *type;
        enum report_line line;
    } types[] = {
        {"platform.start", REPORT_START},
        {"platform.report", REPORT_END},
        {"platform.initReport", REPORT_FAILED_INIT},
    };
    struct scan_value type = kinds_plain(top->v[MEMBER_TYPE]), record = top->v[MEMBER_RECORD];
    struct scan_value time = kinds_plain(top->v[MEMBER_TIME]);
    struct scan_value id = kinds_plain(find(record, "/requestId"));
    size_t i = 0;
    report->line = REPORT_OTHER;
    while (i < ARRAY_LEN(types) && !is(type, types[i].type))
        i++;
    if (i == ARRAY_LEN(types))
        return 0;
    if (!time.ptr || !iso_read(time.ptr, time.len, &report->time_ms))
        report->time_ms = TRACE_UNKNOWN;
    if (types[i].line == REPORT_FAILED_INIT) {
        struct scan_value status = kinds_plain(find(record, "/status"));
        if (status.ptr && !is(status, "success"))
            report->line = REPORT_FAILED_INIT;
        return 0;
    }
    if (!id.ptr || id.len != IMPORT_ID_LEN || !import_is_id(id.ptr, id.len))
        return err_set(err, ERR_INPUT, "%s: has no requestId", types[i].type);
    report->id = id;
    report->line = types[i].line;
    return report->line == REPORT_END ? read_metrics(record, report, out, err) : 0;
}

int report_read(const char *text, size_t len, struct report *report, struct trace_entry *out,
                struct err *err)
{
    struct kinds_top top;
    struct scan_fault fault;
    *report = (struct report){.time_ms = TRACE_UNKNOWN};
    if (len == 0 || *text != '{')
        return read_text(text, len, report, out, err);
    if (!kinds_is_log_line(text, len, &top) || !scan_valid(text, len, &fault))
        return 0;
    return read_json(&top, report, out, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Events as the function was given them, and what looks like a trace and is none. */
#include "trace/import.h"

/* A whole file, whatever is in it. */
static int next_event(struct source *s, void *state, struct trace_entry *out, struct err *err)
{
    char *text;
    size_t len;
    (void)state;
    int status = source_rest(s, &text, &len, err);
    while (status > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r' || text[len - 1] == ' ' ||
                          text[len - 1] == '\t'))
        len--;
    out->event = (struct trace_text){text, len};
    return status;
}

const struct source_kind import_event_kind = {
    .kind = TRACE_KIND_EVENT,
    .shape = SOURCE_DOCUMENT,
    .next = next_event,
};

/* The first line was an event; one that is not shows that the file is of another kind, or of two.
 */
static int next_line(struct source *s, void *state, struct trace_entry *out, struct err *err)
{
    struct scan_fault fault;
    char *text;
    size_t len;
    bool whole;
    (void)state;
    int status = source_line(s, &text, &len, &whole, err);
    if (status <= 0)
        return status;
    if (!scan_valid(text, len, &fault))
        return err_set(err, ERR_INPUT, "%.200s, line %zu, column %zu: %s", source_name(s),
                       source_line_number(s), fault.column, fault.reason);
    unsigned kinds = source_is_forced(s) ? 0 : kinds_of(text, len);
    if (kinds & KINDS_UNREAD)
        return err_set(err, ERR_MEMORY, "no memory to look into a message");
    if (kinds)
        return source_fail(s, err,
                           "%s between events; if it is what the function was given, say so with "
                           "--trace-kind event",
                           kinds_name(kinds));
    out->event = (struct trace_text){text, len};
    out->line = source_line_number(s);
    return 1;
}

const struct source_kind import_lines_kind = {
    .kind = TRACE_KIND_EVENT_LINES,
    .shape = SOURCE_LINES,
    .next = next_line,
};

static bool is_topic(const struct source_sample *sample)
{
    return sample->kinds & KINDS_TOPIC;
}

const struct source_kind import_topic_kind = {
    .kind = TRACE_KIND_DEAD_LETTER,
    .is = is_topic,
    .foreign = "notifications of a topic, not events: neither records of a destination, nor do "
               "they have RequestID, ErrorCode and ErrorMessage of a dead letter",
};

static bool is_recording(const struct source_sample *sample)
{
    return sample->kinds & KINDS_RECORDING;
}

const struct source_kind import_recording_kind = {
    .kind = TRACE_KIND_RECORDING,
    .is = is_recording,
    .foreign = "a recording that something has written anew, not an event: lines of one begin with "
               "{\"clambda_recording\":, which 'jq -c' keeps",
};

static bool is_history(const struct source_sample *sample)
{
    return sample->kinds & KINDS_HISTORY;
}

const struct source_kind import_history_kind = {
    .kind = TRACE_KIND_RECORDING,
    .is = is_history,
    .foreign = "the history of a replay, not a trace: --expect compares with it",
};

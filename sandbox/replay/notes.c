/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/notes.h"

#include <inttypes.h>
#include <string.h>

#include "base/line.h"
#include "launch/output.h"
#include "replay/work.h"

static bool stops_retrying(const struct mapping_settings *s)
{
    return s->source == MAPPING_KAFKA && s->on_failure && s->retries == MAPPING_NO_LIMIT;
}

/* As it was given: patterns may stand in files. */
void replay_notes_spec(struct replay *r)
{
    struct replay_scene *s = r->scene;
    const char *given = r->options.mapping.source;
    if (!given) {
        mapping_settings_print(&s->records.settings, &s->spec);
        return;
    }
    buf_adds(&s->spec, given);
    if (s->records.fifo_found)
        buf_adds(&s->spec, strchr(given, ':') ? ",fifo" : ":fifo");
    if (stops_retrying(&s->records.settings) && !strstr(given, "retries=-1"))
        buf_addf(&s->spec, ",retries=%d", MAPPING_KAFKA_RETRIES);
}

/* AWS polls each of them by itself. */
static uint32_t count_queues(const struct replay_records *r)
{
    uint32_t count = 0;
    for (size_t i = 0; i < r->records.count && r->settings.source == MAPPING_SQS; i++)
        if (r->records.shards[i] >= count)
            count = r->records.shards[i] + 1;
    return count;
}

/* ---- the settings that nobody gave ---------------------------------------------------------- */

/* What the events say, and what they do not: both as settings, the second without its source. */
static void print_parts(const struct replay_records *r, struct buf *trace, struct buf *ours)
{
    const struct mapping_settings *s = &r->settings;
    struct mapping_settings a, b;
    mapping_settings_default(s->source, &a);
    b = a;
    a.batch = s->batch;
    a.fifo = s->fifo;
    a.report_failures = s->report_failures;
    a.tumbling_ms = s->tumbling_ms;
    *(replay_settings_window(&r->seen) == s->window_ms ? &a.window_ms : &b.window_ms) =
        s->window_ms;
    b.retries = s->retries;
    b.visibility_ms = s->visibility_ms;
    mapping_settings_print(&a, trace);
    mapping_settings_print(&b, ours);
}

static void tell_guessed(const struct replay *r)
{
    const struct replay_scene *s = r->scene;
    AUTO_BUF struct buf trace;
    AUTO_BUF struct buf ours;
    size_t name = strlen(mapping_source_names[s->records.settings.source]) + 1;
    buf_init(&trace, MAPPING_TEXT_MAX);
    buf_init(&ours, MAPPING_TEXT_MAX);
    print_parts(&s->records, &trace, &ours);
    if (trace.failed || ours.failed)
        return;
    output_note("read from the trace: %s%s%s; that is --source %s", trace.ptr,
                ours.len > name ? "; our choice: " : "", ours.len > name ? ours.ptr + name : "",
                s->spec.ptr);
    if (s->records.failures_guessed)
        output_note(
            "report-failures is not known from these events: say --source %s%sreport-failures "
            "if the mapping has it",
            s->spec.ptr, strchr(s->spec.ptr, ':') ? "," : ":");
}

/* ---- what AWS does otherwise ---------------------------------------------------------------- */

static void tell_aws(const struct replay *r)
{
    const struct replay_records *records = &r->scene->records;
    AUTO_BUF struct buf notes;
    const char *line;
    size_t at = 0, len;
    buf_init(&notes, (size_t)MAPPING_TEXT_MAX * 8);
    filter_notes(records->filter, &notes);
    while (!notes.failed && (line = line_next(notes.ptr ? notes.ptr : "", notes.len, &at, &len)))
        output_note("%.*s", (int)len, line);
    if (stops_retrying(&records->settings))
        output_note("kafka with on-failure: without a limit AWS stops after %d retries",
                    MAPPING_KAFKA_RETRIES);
}

void replay_notes_tell(const struct replay *r)
{
    const struct replay_records *records = &r->scene->records;
    if (!r->options.mapping.source)
        tell_guessed(r);
    else if (records->fifo_found)
        output_note("read from the trace: --source %s", r->scene->spec.ptr);
    tell_aws(r);
    if (records->none)
        output_note("%zu event%s an empty list of records: left out; --source async takes it for "
                    "an event",
                    records->none, records->none == 1 ? " has" : "s have");
    if (records->again)
        output_note("%zu record%s came more than once: each counts as one message", records->again,
                    records->again == 1 ? "" : "s");
    uint32_t queues = count_queues(records);
    if (queues > 1)
        output_note("%" PRIu32 " queues: each has an event source mapping with these settings",
                    queues);
}

/* ---- batches -------------------------------------------------------------------------------- */

void replay_notes_batches(struct replay *r, const struct history *h)
{
    const struct replay_records *records = &r->scene->records;
    const struct mapping_settings *s = &records->settings;
    size_t invoked = 0;
    int64_t window_ms = replay_settings_window(&records->seen);
    if (records->seen.largest < 2 || s->batch < 2 || s->fifo || window_ms <= s->window_ms)
        return;
    for (size_t i = 0; i < h->nentries; i++) {
        if (h->entries[i].kind != HISTORY_INVOKED)
            continue;
        if (h->entries[i].count > 1)
            return;
        invoked++;
    }
    if (invoked < 2)
        return;
    replay_view_clear(&r->view);
    output_note("each of %zu invocations has one record, and the recorded ones have up to %zu: "
                "those of an event came up to %" PRId64 " ms after each other, window=%" PRId64
                " puts them together again",
                invoked, records->seen.largest, records->seen.span_ms, window_ms / 1000);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/records.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scan.h"
#include "mapping/answer.h"
#include "mapping/times.h"
#include "replay/seen.h"
#include "replay/settings.h"
#include "replay/source.h"

#define ANSWERS_MAX ((size_t)256 << 20) /* of what was recorded, for records that are events */

#define WINDOW_MAX_MS 300000 /* AWS docs: MaximumBatchingWindowInSeconds */

/* Ours: when a record came that neither it nor its recording tells, 2026-01-01. */
#define ARRIVAL_MS INT64_C(1767225600000)

/* A record on its way: what was recorded of it, and where its text is kept, by which it is found
 * when the records are in order. */
struct row {
    struct replay_recorded recorded;
    const char *text;
};

/* Traces on their way into records. */
struct reader {
    const struct replay_records_in *in;
    struct replay_records *out;
    struct trace_entry entry;
    const char *file; /* of the entry, kept */
    struct replay_seen seen;
    bool begun; /* the source is known */
    struct replay_identities *known;
    struct record *batch; /* of the event; heap */
    size_t nbatch, batch_cap;
    struct row *rows; /* heap */
    size_t nrows, cap;
    struct buf event;      /* without the records that are there before */
    int64_t time_ms;       /* of the last event that has one */
    size_t timed, untimed; /* records that say when they came, and that do not */
};

/* ---- one event ------------------------------------------------------------------------------ */

static int check_json(const struct reader *r, struct err *err)
{
    const struct trace_text *event = &r->entry.event;
    struct scan_fault fault;
    if (scan_valid(event->ptr, event->len, &fault))
        return 0;
    return err_set(err, ERR_INPUT, "the event is not JSON, column %zu: %s", fault.column,
                   fault.reason);
}

static int check_source(struct reader *r, struct err *err)
{
    const struct trace_text *event = &r->entry.event;
    enum mapping_source source = records_source(event->ptr, event->len);
    if (r->in->source || !r->begun) {
        r->begun = true;
        r->seen.source = r->in->source ? r->out->settings.source : source;
        return 0;
    }
    if (source == r->seen.source)
        return 0;
    return err_set(err, ERR_INPUT,
                   "an event of %s behind events of %s: a trace has one source; take them apart, "
                   "or name it by --source",
                   mapping_source_names[source], mapping_source_names[r->seen.source]);
}

static int on_record(void *owner, const struct record *record, struct err *err)
{
    struct reader *r = owner;
    if (r->nbatch == r->batch_cap) {
        size_t cap = r->batch_cap ? r->batch_cap * 2 : 64;
        struct record *batch = realloc(r->batch, cap * sizeof *batch);
        if (!batch)
            return err_set(err, ERR_MEMORY, "no memory for %zu records of an event", cap);
        r->batch = batch;
        r->batch_cap = cap;
    }
    r->batch[r->nbatch++] = *record;
    return 0;
}

static void look_at_window(struct reader *r)
{
    const struct trace_text *e = &r->entry.event;
    int64_t start_ms, end_ms;
    if (times_iso(scan_find(e->ptr, e->len, "/window/start"), &start_ms) &&
        times_iso(scan_find(e->ptr, e->len, "/window/end"), &end_ms) && end_ms > start_ms)
        r->seen.tumbling_ms = end_ms - start_ms;
}

static void note_queue(struct reader *r, bool fifo)
{
    size_t *first = fifo ? &r->seen.fifo : &r->seen.standard;
    if (*first == 0)
        *first = r->out->events;
}

/* Arrivals further apart than any window were waiting for something else. */
static void look_at_arrivals(struct reader *r)
{
    int64_t first_ms = INT64_MAX, last_ms = INT64_MIN;
    for (size_t i = 0; i < r->nbatch; i++) {
        int64_t at_ms = r->batch[i].arrival_ms;
        if (at_ms == RECORDS_NO_TIME)
            return;
        first_ms = at_ms < first_ms ? at_ms : first_ms;
        last_ms = at_ms > last_ms ? at_ms : last_ms;
    }
    if (r->nbatch && last_ms - first_ms <= WINDOW_MAX_MS && last_ms - first_ms > r->seen.span_ms)
        r->seen.span_ms = last_ms - first_ms;
}

static void look_at_batch(struct reader *r)
{
    const struct trace_text *a = &r->entry.answer;
    if (r->nbatch > r->seen.largest)
        r->seen.largest = r->nbatch;
    for (size_t i = 0; i < r->nbatch; i++)
        note_queue(r, r->batch[i].fifo);
    if (r->seen.source == MAPPING_KINESIS || r->seen.source == MAPPING_DYNAMODB)
        look_at_window(r);
    look_at_arrivals(r);
    if (!a->ptr || r->entry.status != TRACE_STATUS_SUCCESS)
        return;
    r->seen.answered = true;
    if (scan_find(a->ptr, a->len, "/batchItemFailures").ptr)
        r->seen.failures = true;
}

/* Lambda takes no larger event, not even of one record. */
static int check_sizes(const struct reader *r, struct err *err)
{
    bool pushed = mapping_is_async(r->seen.source);
    size_t most = pushed ? MAPPING_PUSHED_BYTES : MAPPING_PAYLOAD_BYTES;
    for (size_t i = 0; i < r->nbatch; i++) {
        size_t bytes = records_event_bytes(&r->batch[i]);
        if (bytes > most)
            return err_set(err, ERR_INPUT,
                           "event %zu, record %zu: as an event it has %zu bytes, and %s takes at "
                           "most %zu: take it out of the trace, or %s",
                           r->out->events, i + 1, bytes,
                           pushed ? "an asynchronous invocation" : "Lambda", most,
                           pushed ? "replay it without --source and --chaos"
                                  : "let its producer send less");
    }
    return 0;
}

/* ---- what was recorded of it ---------------------------------------------------------------- */

static int mark_failures(struct reader *r, struct row *rows, struct err *err)
{
    AUTO_FREE const struct record **batch = calloc(r->nbatch + 1, sizeof *batch);
    struct mapping_settings settings = r->out->settings;
    struct answer_out answer;
    if (!batch)
        return err_set(err, ERR_MEMORY, "no memory for %zu records", r->nbatch);
    for (size_t i = 0; i < r->nbatch; i++)
        batch[i] = &r->batch[i];
    if (!r->in->source) {
        /* an answer that names failures is what turns them on */
        settings = (struct mapping_settings){.source = r->seen.source, .report_failures = true};
    }
    const struct answer_in in = {
        .settings = &settings,
        .batch = batch,
        .nbatch = r->nbatch,
        .text = r->entry.answer.ptr,
        .len = r->entry.answer.len,
    };
    int status = answer_read(&in, &answer, err);
    for (size_t i = 0; status == 0 && i < r->nbatch; i++)
        rows[i].recorded.failed = answer.result.outcome == MAPPING_REFUSED;
    for (size_t i = 0; status == 0 && i < answer.result.nfailed; i++)
        rows[answer.result.failed[i]].recorded.failed = true;
    answer_out_fini(&answer);
    return status;
}

/* A row for each record of the event, those that are there before as well. */
static int make_rows(struct reader *r, struct row *rows, struct err *err)
{
    const struct trace_entry *e = &r->entry;
    struct buf *answers = &r->out->answers;
    struct replay_recorded row = {.event = r->out->events,
                                  .source = r->file,
                                  .line = e->line,
                                  .status = e->answer.ptr || e->status != TRACE_STATUS_SUCCESS
                                                ? e->status
                                                : TRACE_STATUS_UNKNOWN,
                                  .failed = e->status != TRACE_STATUS_SUCCESS,
                                  .answer_at = answers->len};
    if (mapping_is_async(r->seen.source) && e->answer.ptr) {
        row.answer_len = e->answer.len;
        buf_add(answers, e->answer.ptr, e->answer.len);
        row.id_len = e->request_id.len;
        if (row.id_len)
            buf_add(answers, e->request_id.ptr, row.id_len);
    }
    if (buf_check(answers, "recorded answers", err) < 0)
        return -1;
    for (size_t i = 0; i < r->nbatch; i++)
        rows[i] = (struct row){.recorded = row};
    if (row.status != TRACE_STATUS_SUCCESS || mapping_is_async(r->seen.source))
        return 0;
    return mark_failures(r, rows, err);
}

/* ---- records -------------------------------------------------------------------------------- */

/* Takes those out of the batch that are there before, and their rows. */
static int leave_out_known(struct reader *r, struct row *rows, struct err *err)
{
    size_t fresh = 0;
    for (size_t i = 0; i < r->nbatch; i++) {
        const struct replay_sight sight = {.record = &r->batch[i],
                                           .request_id = r->entry.request_id,
                                           .event = r->out->events,
                                           .place = i};
        int known = replay_identities_add(r->known, &sight, err);
        if (known < 0)
            return -1;
        if (known)
            continue;
        r->batch[fresh] = r->batch[i];
        rows[fresh++] = rows[i];
    }
    r->out->again += r->nbatch - fresh;
    r->nbatch = fresh;
    return 0;
}

/* The event of the records that are left. */
static int assemble(struct reader *r, struct err *err)
{
    AUTO_FREE struct records_delivery *items = calloc(r->nbatch + 1, sizeof *items);
    if (!items)
        return err_set(err, ERR_MEMORY, "no memory for %zu records", r->nbatch);
    for (size_t i = 0; i < r->nbatch; i++)
        items[i] = (struct records_delivery){
            .record = &r->batch[i], .count = 1, .first_ms = r->batch[i].arrival_ms};
    const struct records_batch batch = {.items = items, .nitems = r->nbatch};
    buf_reset(&r->event);
    records_assemble(r->seen.source, &batch, &r->event);
    if (buf_check(&r->event, "an event", err) < 0)
        return -1;
    r->entry.event = (struct trace_text){r->event.ptr, r->event.len};
    return 0;
}

/* Of the records that were added last. */
static int keep_rows(struct reader *r, const struct row *rows, struct err *err)
{
    const struct simulation_records *records = &r->out->records;
    const struct record *added = records->items + records->count - r->nbatch;
    if (r->nrows + r->nbatch > r->cap) {
        size_t cap = (r->nrows + r->nbatch) * 2;
        struct row *all = realloc(r->rows, cap * sizeof *all);
        if (!all)
            return err_set(err, ERR_MEMORY, "no memory for %zu records", cap);
        r->rows = all;
        r->cap = cap;
    }
    for (size_t i = 0; i < r->nbatch; i++) {
        r->rows[r->nrows] = rows[i];
        r->rows[r->nrows++].text = added[i].text.ptr;
    }
    return 0;
}

static int add_event(struct reader *r, struct err *err)
{
    struct replay_records *out = r->out;
    r->nbatch = 0;
    if (check_json(r, err) < 0)
        return -1;
    if (!r->in->source && records_are_none(r->entry.event.ptr, r->entry.event.len)) {
        out->none++;
        return 0;
    }
    if (check_source(r, err) < 0)
        return -1;
    if (records_split(r->seen.source, r->entry.event.ptr, r->entry.event.len, on_record, r, err) <
        0)
        return err_wrap(err, "event %zu", out->events);
    if (check_sizes(r, err) < 0)
        return -1;
    look_at_batch(r);
    if (!mapping_is_async(r->seen.source)) { /* there the event is the record */
        r->untimed += r->entry.untimed;
        r->timed += r->nbatch - r->entry.untimed;
    }
    AUTO_FREE struct row *rows = calloc(r->nbatch + 1, sizeof *rows);
    size_t whole = r->nbatch;
    if (!rows)
        return err_set(err, ERR_MEMORY, "no memory for %zu records", r->nbatch);
    if (make_rows(r, rows, err) < 0 || leave_out_known(r, rows, err) < 0)
        return -1;
    if (r->entry.time_ms != TRACE_UNKNOWN)
        r->time_ms = r->entry.time_ms;
    if (r->nbatch == 0)
        return 0;
    if (r->nbatch < whole && assemble(r, err) < 0)
        return -1;
    if (simulation_records_add(&out->records, r->seen.source, r->entry.event.ptr,
                               r->entry.event.len, r->time_ms, err) < 0)
        return -1;
    return keep_rows(r, rows, err);
}

/* ---- the whole ------------------------------------------------------------------------------ */

static int read_event(struct reader *r, struct err *err)
{
    size_t only = r->in->options->only;
    if (++r->out->events < only || (only && r->out->events > only))
        return 0;
    if (!r->file || strcmp(r->file, r->entry.source) != 0)
        r->file = texts_keep(&r->out->texts, r->entry.source, strlen(r->entry.source), err);
    if (!r->file)
        return -1;
    if (add_event(r, err) == 0)
        return 0;
    return r->entry.line ? err_wrap(err, "'%.200s', line %zu", r->file, r->entry.line)
                         : err_wrap(err, "'%.200s'", r->file);
}

static int read_all(struct reader *r, struct err *err)
{
    const struct replay_options *o = r->in->options;
    const struct trace_read_options sources = {
        .interrupt_fd = r->in->interrupt_fd,
        .paths = r->in->paths,
        .npaths = r->in->npaths,
        .kind = o->trace_kind_known ? &o->trace_kind : NULL,
        .warn = r->in->warn,
        .owner = r->in->owner,
    };
    struct replay_source *source = replay_source_open(&sources, err);
    int status = source ? 1 : -1;
    while (status > 0 && (!o->only || r->out->events < o->only)) {
        r->entry = trace_entry_none;
        status = replay_source_next(source, &r->entry, err);
        if (status > 0 && read_event(r, err) < 0)
            status = -1;
    }
    r->out->empty = status == 0 && replay_source_is_empty(source);
    replay_source_close(source);
    return status < 0 ? -1 : 0;
}

static int by_text(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t)((const struct row *)a)->text;
    uintptr_t y = (uintptr_t)((const struct row *)b)->text;
    return (x > y) - (x < y);
}

/* Records were put in order, and those that come again left out. */
static int sort_rows(struct reader *r, struct err *err)
{
    const struct simulation_records *records = &r->out->records;
    r->out->recorded = calloc(records->count + 1, sizeof *r->out->recorded);
    if (!r->out->recorded)
        return err_set(err, ERR_MEMORY, "no memory for %zu records", records->count);
    qsort(r->rows, r->nrows, sizeof *r->rows, by_text);
    for (size_t i = 0; i < records->count; i++) {
        const struct row wanted = {.text = records->items[i].text.ptr};
        const struct row *row = bsearch(&wanted, r->rows, r->nrows, sizeof *r->rows, by_text);
        if (row)
            r->out->recorded[i] = row->recorded;
    }
    r->out->again += records->repeated;
    return 0;
}

/* A queue says in its ARN what it is. */
static int settle_fifo(const struct reader *r, struct err *err)
{
    struct mapping_settings *s = &r->out->settings;
    if (s->source != MAPPING_SQS)
        return 0;
    if (r->seen.standard && r->seen.fifo)
        return err_set(err, ERR_INPUT,
                       "event %zu is of a FIFO queue, event %zu of a standard one: a trace has one "
                       "source; take them apart, or run one by --only",
                       r->seen.fifo, r->seen.standard);
    if (s->fifo && !r->seen.fifo)
        return err_set(err, ERR_INPUT,
                       "--source says fifo, and the records are of a standard queue: their "
                       "eventSourceARN does not end in '.fifo'");
    r->out->fifo_found = !s->fifo && r->seen.fifo;
    if (!r->out->fifo_found)
        return 0;
    s->fifo = true;
    if (mapping_settings_check(s, err) < 0)
        return err_wrap(err, "--source, for the FIFO queue that the records are of");
    return 0;
}

/* Stand-ins beside real times are years of virtual time, and of expired records. */
static void warn_times(const struct reader *r)
{
    char text[ERR_MSG_MAX];
    if (!r->in->warn || !r->timed || !r->untimed)
        return;
    snprintf(
        text, sizeof text,
        "%zu of %zu records do not say when they came and have made-up times beside real ones: "
        "ask for all with the same options, such as --attribute-names All of 'aws sqs "
        "receive-message'",
        r->untimed, r->timed + r->untimed);
    r->in->warn(r->in->owner, text);
}

static int read_records(struct reader *r, struct err *err)
{
    struct replay_records *out = r->out;
    const struct replay_options *o = r->in->options;
    const struct settings_out settings = {&out->settings, &out->filter, &out->texts};
    if (r->in->source && replay_settings_parse(o, r->in->source, &settings, err) < 0)
        return -1;
    r->known = replay_identities_new(err);
    if (!r->known || read_all(r, err) < 0)
        return -1;
    if (r->nrows == 0)
        return err_set(err, ERR_INPUT, "the traces hold no record%s%s",
                       o->only ? " in an event of that number" : "",
                       out->none ? ": a list of records that is empty does not tell its source; "
                                   "--source async takes it for an event"
                                 : "");
    if (!r->in->source && replay_settings_find(o, &r->seen, &settings, err) < 0)
        return -1;
    if (settle_fifo(r, err) < 0 || simulation_records_end(&out->records, err) < 0)
        return -1;
    warn_times(r);
    out->seen = r->seen;
    out->failures_guessed = !r->in->source && !mapping_is_async(r->seen.source) &&
                            !r->seen.failures && !r->seen.answered;
    return sort_rows(r, err);
}

int replay_records_read(const struct replay_records_in *in, struct replay_records *out,
                        struct err *err)
{
    struct reader r = {.in = in, .out = out, .time_ms = ARRIVAL_MS};
    *out = (struct replay_records){0};
    buf_init(&out->answers, ANSWERS_MAX);
    buf_init(&r.event, TRACE_LINE_MAX);
    simulation_records_init(&out->records);
    int status = read_records(&r, err);
    replay_identities_free(r.known);
    free(r.batch);
    free(r.rows);
    buf_free(&r.event);
    return status;
}

void replay_records_fini(struct replay_records *r)
{
    filter_criteria_close(r->filter);
    mapping_settings_fini(&r->settings);
    simulation_records_fini(&r->records);
    buf_free(&r->answers);
    free(r->recorded);
    texts_fini(&r->texts);
    *r = (struct replay_records){0};
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What AWS's command line prints of queues and streams: messages and records, which are put into
 * events as Lambda does. One page is at least one event. */
#include <string.h>

#include "mapping/records.h"
#include "trace/import.h"

#define BATCH_MAX 100 /* of all sources */

/* Records that have been taken, one text behind the other. */
struct gathered {
    struct buf texts;
    size_t ends[BATCH_MAX];
    size_t count;
    size_t untimed; /* of these */
    size_t line;    /* of the first */
    enum mapping_source source;
};

struct state {
    struct import_documents documents;
    struct gathered batch;
    struct buf held; /* the record that begins the next batch */
    size_t held_line;
    enum mapping_source held_source;
    bool held_timed;
    size_t number; /* records so far */
    struct buf event;
    bool begun, ended;
};

/* What is read of one kind. */
struct output {
    unsigned kind;
    const char *is_not; /* what a document has to be */
    /* Which source it is of; -1: it is none of this kind. */
    int (*source)(const struct import_document *d);
};

/* AWS's defaults of BatchSize. */
static size_t batch_size(enum mapping_source source)
{
    return source == MAPPING_SQS ? 10 : BATCH_MAX;
}

static void begin(struct state *s)
{
    if (s->begun)
        return;
    buf_init(&s->batch.texts, TRACE_LINE_MAX);
    buf_init(&s->held, TRACE_LINE_MAX);
    buf_init(&s->event, TRACE_LINE_MAX);
    s->begun = true;
}

static void fini(void *state)
{
    struct state *s = state;
    buf_free(&s->batch.texts);
    buf_free(&s->held);
    buf_free(&s->event);
}

/* ---- records ----------------------------------------------------------------------------------
 */

/* The record that is held goes into the batch. */
static void gather(struct state *s)
{
    struct gathered *b = &s->batch;
    if (!b->count) {
        b->line = s->held_line;
        b->source = s->held_source;
    }
    buf_add(&b->texts, s->held.ptr, s->held.len);
    b->ends[b->count++] = b->texts.len;
    b->untimed += !s->held_timed;
    buf_reset(&s->held);
}

/* Whether the record that is held may be in this batch, as it came first in its page or not. */
static bool fits(const struct state *s, bool first)
{
    const struct gathered *b = &s->batch;
    size_t bytes = records_overhead(b->source) + b->texts.len + b->count * RECORDS_COMMA;
    if (!b->count)
        return true;
    return !first && b->source == s->held_source && b->count < batch_size(b->source) &&
           bytes + s->held.len <= MAPPING_PAYLOAD_BYTES;
}

static int take(const struct source *src, struct state *s, const struct output *o,
                const struct import_document *d, struct err *err)
{
    struct err why = {0};
    int source = o->source(d);
    unsigned kinds = source < 0 || source_is_forced(src) ? 0 : kinds_of(d->text, d->len);
    if (kinds & KINDS_UNREAD)
        return err_set(err, ERR_MEMORY, "no memory to look into a message");
    if (source < 0 || kinds & ~o->kind)
        return import_fail(src, d, err, "is %s, not %s",
                           kinds_name(kinds ? kinds : kinds_of(d->text, d->len)), o->is_not);
    s->held_source = (enum mapping_source)source;
    s->held_line = d->line;
    if (records_from_output(s->held_source, d->text, d->len, s->number++, &s->held, &s->held_timed,
                            &why) < 0)
        return import_fail(src, d, err, "%s", why.msg);
    return buf_check(&s->held, "a record", err);
}

/* ---- events -----------------------------------------------------------------------------------
 */

static int give(struct state *s, struct trace_entry *out, struct err *err)
{
    struct gathered *b = &s->batch;
    struct record records[BATCH_MAX];
    struct records_delivery items[BATCH_MAX];
    if (buf_check(&b->texts, "a batch of records", err) < 0)
        return -1;
    for (size_t i = 0; i < b->count; i++) {
        size_t from = i ? b->ends[i - 1] : 0;
        records[i] =
            (struct record){.source = b->source, .text = {b->texts.ptr + from, b->ends[i] - from}};
        items[i] = (struct records_delivery){.record = &records[i], .first_ms = RECORDS_NO_TIME};
    }
    const struct records_batch batch = {.items = items, .nitems = b->count};
    buf_reset(&s->event);
    records_assemble(b->source, &batch, &s->event);
    if (buf_check(&s->event, "an event", err) < 0)
        return -1;
    out->event = (struct trace_text){s->event.ptr, s->event.len};
    out->line = b->line;
    out->untimed = b->untimed;
    b->count = b->untimed = 0;
    buf_reset(&b->texts);
    return 1;
}

static int next_of(struct source *src, struct state *s, const struct output *o,
                   struct trace_entry *out, struct err *err)
{
    struct import_document d;
    begin(s);
    if (s->held.len)
        gather(s);
    while (!s->ended) {
        int status = import_next(src, &s->documents, false, &d, err);
        if (status < 0 || (status > 0 && take(src, s, o, &d, err) < 0))
            return -1;
        s->ended = status == 0;
        if (s->ended)
            break;
        if (!fits(s, d.number == 1))
            return give(s, out, err);
        gather(s);
    }
    return s->batch.count ? give(s, out, err) : 0;
}

/* ---- kinds ------------------------------------------------------------------------------------
 */

static int source_of_message(const struct import_document *d)
{
    return kinds_is_message(d->text, d->len) ? (int)MAPPING_SQS : -1;
}

static int source_of_record(const struct import_document *d)
{
    if (kinds_is_kinesis_record(d->text, d->len))
        return MAPPING_KINESIS;
    return kinds_is_change(d->text, d->len) ? (int)MAPPING_DYNAMODB : -1;
}

static const struct output queue = {KINDS_QUEUE, "a message of a queue", source_of_message};
static const struct output stream = {KINDS_STREAM_RECORDS, "a record of a stream",
                                     source_of_record};

static bool is_queue(const struct source_sample *sample)
{
    return sample->kinds & KINDS_QUEUE;
}

static int next_of_queue(struct source *s, void *state, struct trace_entry *out, struct err *err)
{
    return next_of(s, state, &queue, out, err);
}

const struct source_kind import_queue_kind = {
    .kind = TRACE_KIND_QUEUE,
    .is = is_queue,
    .state_size = sizeof(struct state),
    .next = next_of_queue,
    .fini = fini,
};

static bool is_stream(const struct source_sample *sample)
{
    return sample->kinds & KINDS_STREAM_RECORDS;
}

static int next_of_stream(struct source *s, void *state, struct trace_entry *out, struct err *err)
{
    return next_of(s, state, &stream, out, err);
}

const struct source_kind import_stream_records_kind = {
    .kind = TRACE_KIND_STREAM_RECORDS,
    .is = is_stream,
    .state_size = sizeof(struct state),
    .next = next_of_stream,
    .fini = fini,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* What settings say together, and their text. */
#include <inttypes.h>
#include <string.h>

#include "mapping/settings.h"
#include "mapping/settings_table.h"

#define FIFO_BATCH_MAX   10
#define UNWINDOWED_MAX   10 /* messages of a batch without a window */
#define PARALLELIZED_MIN 2

static int check_queue(const struct mapping_settings *s, struct err *err)
{
    if (s->fifo && s->batch > FIFO_BATCH_MAX)
        return err_set(err, ERR_USAGE,
                       "sqs: 'batch=%" PRId64 "': BatchSize of a FIFO queue is 1 to %d", s->batch,
                       FIFO_BATCH_MAX);
    if (s->fifo && s->window_ms)
        return err_set(
            err, ERR_USAGE,
            "sqs: 'window' with 'fifo': Batching window is not supported for FIFO queues");
    if (s->batch > UNWINDOWED_MAX && s->window_ms < 1000)
        return err_set(err, ERR_USAGE,
                       "sqs: 'batch=%" PRId64
                       "' without 'window': Maximum batch window in seconds must "
                       "be greater than 0 if maximum batch size is greater than %d",
                       s->batch, UNWINDOWED_MAX);
    if (s->visibility_ms < s->timeout_ms)
        return err_set(err, ERR_USAGE,
                       "sqs: Queue visibility timeout: %" PRId64 " seconds is less than Function "
                       "timeout: %" PRId64 " seconds; set 'visibility'",
                       s->visibility_ms / 1000, (s->timeout_ms + 999) / 1000);
    if (s->dlq && s->retries == MAPPING_NO_LIMIT)
        return err_set(err, ERR_USAGE,
                       "sqs: 'dlq' without 'retries' (or max-receives): a redrive policy has a "
                       "maxReceiveCount");
    return 0;
}

/* AWS docs: "Using Lambda to process records from Kinesis", windows: one shard, one state. */
static int check_stream(const struct mapping_settings *s, struct err *err)
{
    if (s->tumbling_ms && s->parallelization >= PARALLELIZED_MIN)
        return err_set(err, ERR_USAGE,
                       "%s: 'parallelization=%" PRId64
                       "' with 'tumbling': ParallelizationFactor has to "
                       "be 1 with TumblingWindowInSeconds",
                       mapping_source_names[s->source], s->parallelization);
    return 0;
}

int mapping_settings_check(const struct mapping_settings *s, struct err *err)
{
    if (s->timeout_ms && s->duration_ms > s->timeout_ms)
        return err_set(err, ERR_USAGE,
                       "%s: 'duration' of %" PRId64
                       " ms is more than the function's timeout of %" PRId64
                       " ms: every invocation would end by it",
                       mapping_source_names[s->source], s->duration_ms, s->timeout_ms);
    return s->source == MAPPING_SQS ? check_queue(s, err) : check_stream(s, err);
}

/* A comma would end it; a quote at its start would make it a JSON string. */
static void print_text(const char *text, struct buf *out)
{
    if (*text == '"' || strchr(text, ','))
        buf_add_json_string(out, text, strlen(text));
    else
        buf_adds(out, text);
}

/* A file's text has white space around it. */
static void print_filter(const char *text, struct buf *out)
{
    static const char space[] = " \t\r\n";
    text += strspn(text, space);
    size_t len = strlen(text);
    while (len && strchr(space, text[len - 1]))
        len--;
    if (*text == '@')
        print_text(text, out);
    else
        buf_add(out, text, len);
}

struct print {
    struct buf *out;
    char before; /* ':' for the first */
};

static void print_name(struct print *p, const struct settings_row *row)
{
    buf_addc(p->out, p->before);
    buf_adds(p->out, row->name);
    p->before = ',';
    if (row->kind != SETTINGS_FLAG)
        buf_addc(p->out, '=');
}

static void print_number(struct print *p, const struct mapping_settings *s,
                         const struct settings_row *row)
{
    int64_t value;
    memcpy(&value, (const char *)s + row->offset, sizeof value);
    if (value == row->preset)
        return;
    print_name(p, row);
    if (row->kind == SETTINGS_TIME)
        settings_print_time(value, p->out);
    else
        buf_addf(p->out, "%" PRId64, value);
}

static void print_flag(struct print *p, const struct mapping_settings *s,
                       const struct settings_row *row)
{
    if (*(const bool *)((const char *)s + row->offset))
        print_name(p, row);
}

static void print_string(struct print *p, const struct mapping_settings *s,
                         const struct settings_row *row)
{
    const char *text;
    memcpy(&text, (const char *)s + row->offset, sizeof text);
    if (!text)
        return;
    print_name(p, row);
    print_text(text, p->out);
}

static void print_filters(struct print *p, const struct mapping_settings *s,
                          const struct settings_row *row)
{
    for (size_t i = 0; i < s->nfilters; i++) {
        print_name(p, row);
        print_filter(s->filters[i], p->out);
    }
}

static void print_events(struct print *p, const struct mapping_settings *s,
                         const struct settings_row *row)
{
    for (size_t i = 0; i < s->nevents; i++) {
        print_name(p, row);
        buf_adds(p->out, s->events[i]);
    }
}

static void (*const printers[])(struct print *p, const struct mapping_settings *s,
                                const struct settings_row *row) = {
    [SETTINGS_COUNT] = print_number,   [SETTINGS_TIME] = print_number,
    [SETTINGS_FLAG] = print_flag,      [SETTINGS_TEXT] = print_string,
    [SETTINGS_FILTER] = print_filters, [SETTINGS_EVENT] = print_events,
};

void mapping_settings_print(const struct mapping_settings *s, struct buf *out)
{
    struct print p = {out, ':'};
    buf_adds(out, mapping_source_names[s->source]);
    for (size_t i = 0; i < settings_count; i++)
        if (settings_rows[i].sources & 1u << s->source)
            printers[settings_rows[i].kind](&p, s, &settings_rows[i]);
}

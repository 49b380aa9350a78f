/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/record.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/line.h"
#include "env/ids.h"
#include "launch/command.h"
#include "launch/digest.h"
#include "launch/failure.h"
#include "launch/launch.h"
#include "launch/output.h"
#include "trace/write.h"

struct record {
    struct trace_writer *writer;
    bool failed;
};

struct record_lane {
    struct record *record;
    char id[IDS_UUID_SIZE];
    int64_t position;
    struct trace_entry entry; /* of the invocation that runs */
    unsigned starts;          /* of its runtimes, up to the last invocation */
    bool log_cut, answered;
    struct buf answer, log;
};

/* ---- options ----------------------------------------------------------------------------------
 */

int record_set_path(struct record_options *o, const char *value, struct err *err)
{
    if (strcmp(value, "-") == 0 || !*value)
        return err_set(err, ERR_USAGE,
                       "'%s' is no file: standard output is for the answers, so a recording has a "
                       "name of its own",
                       value);
    o->path = value;
    return 0;
}

int record_add_redact(struct record_options *o, const char *value, struct err *err)
{
    if (!o->redact) {
        o->redact = calloc(1, sizeof *o->redact);
        if (!o->redact)
            return err_set(err, ERR_MEMORY, "no memory for a pointer");
        if (redact_init(o->redact, err) < 0)
            return -1;
    }
    return redact_add(o->redact, value, err);
}

int record_set_key(struct record_options *o, const char *value, struct err *err)
{
    if (!*value)
        return err_set(err, ERR_USAGE, "the words are empty: give some that nobody guesses");
    o->key = value;
    return 0;
}

int record_check(struct record_options *o, struct err *err)
{
    if (o->redact && !o->path)
        return err_set(err, ERR_USAGE,
                       "--redact needs --record FILE: it is the recording that it is about");
    if (o->key && !o->redact)
        return err_set(err, ERR_USAGE,
                       "--redact-key needs --redact POINTER, which says what is replaced");
    return o->key ? redact_set_key(o->redact, o->key, err) : 0;
}

void record_options_fini(struct record_options *o)
{
    if (o->redact)
        redact_fini(o->redact);
    free(o->redact);
    *o = (struct record_options){0};
}

/* ---- the file ---------------------------------------------------------------------------------
 */

int record_open(const struct launch *l, struct record **out, struct err *err)
{
    char digest[DIGEST_SIZE];
    struct trace_write_options o = {.path = l->record.path,
                                    .function = l->settings.name,
                                    .digest = digest,
                                    .redact = l->record.redact};
    *out = NULL;
    if (!o.path)
        return 0;
    AUTO_FREE struct record *r = calloc(1, sizeof *r);
    if (!r)
        return err_set(err, ERR_MEMORY, "no memory for a recording");
    if (digest_launch(l, digest, err) < 0)
        return err_wrap(err, "--record");
    r->writer = trace_writer_open(&o, err);
    if (!r->writer)
        return err_wrap(err, "--record");
    *out = TAKE(r);
    return 0;
}

static void tell(struct record *r, const struct err *err)
{
    if (!r->failed)
        output_error(err);
    r->failed = true;
}

void record_write(struct record *r, const struct trace_entry *entry)
{
    struct err err = {0};
    if (!r || r->failed || trace_write(r->writer, entry, &err) == 0)
        return;
    err_wrap(&err, "nothing more is recorded");
    tell(r, &err);
}

int record_close(struct record *r, int code)
{
    struct err err = {0};
    if (!r)
        return code;
    if (trace_writer_close(r->writer, &err) < 0)
        tell(r, &err);
    if (r->failed && (code == EXIT_DONE || code == EXIT_FAILED))
        code = EXIT_HOST;
    free(r);
    return code;
}

/* ---- one environment --------------------------------------------------------------------------
 */

int record_lane_open(struct record *r, struct record_lane **out, struct err *err)
{
    *out = NULL;
    if (!r)
        return 0;
    AUTO_FREE struct record_lane *l = calloc(1, sizeof *l);
    if (!l)
        return err_set(err, ERR_MEMORY, "no memory for a recording");
    if (ids_uuid(l->id, err) < 0)
        return -1;
    l->record = r;
    l->entry = trace_entry_none;
    buf_init(&l->answer, ENV_RESPONSE_MAX);
    buf_init(&l->log, TRACE_LOG_MAX);
    *out = TAKE(l);
    return 0;
}

void record_lane_close(struct record_lane *l)
{
    if (!l)
        return;
    buf_free(&l->answer);
    buf_free(&l->log);
    free(l);
}

static struct trace_text text_of(const char *text)
{
    return (struct trace_text){text, text ? strlen(text) : 0};
}

void record_lane_begin(struct record_lane *l, const struct environment_event *event)
{
    struct timespec now;
    if (!l)
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    l->entry = trace_entry_none;
    l->entry.event = (struct trace_text){event->body, event->body_len};
    l->entry.client_context = text_of(event->client_context);
    l->entry.cognito_identity = text_of(event->cognito_identity);
    l->entry.trace_id = text_of(event->trace_id);
    l->entry.time_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void record_lane_answer(struct record_lane *l, const struct environment_answer *answer)
{
    if (!l)
        return;
    buf_reset(&l->answer);
    buf_add(&l->answer, answer->body, answer->body_len);
    l->answered = true;
}

void record_lane_log(struct record_lane *l, enum environment_log kind, const char *text, size_t len)
{
    if (!l || kind == ENVIRONMENT_LOG_PLATFORM)
        return;
    /* whole lines: a value that is to be replaced must not be cut in two */
    size_t at = 0, line_len;
    const char *line;
    while (!l->log_cut && (line = line_next(text, len, &at, &line_len))) {
        if (line_len + 1 > TRACE_LOG_MAX - l->log.len) {
            l->log_cut = true;
            return;
        }
        buf_add(&l->log, line, line_len);
        buf_addc(&l->log, '\n');
    }
}

static void complete(struct record_lane *l, const struct report *report)
{
    static const enum trace_status statuses[] = {
        [LOGLINES_SUCCESS] = TRACE_STATUS_SUCCESS,
        [LOGLINES_HANDLED] = TRACE_STATUS_ERROR,
        [LOGLINES_ERROR] = TRACE_STATUS_ERROR,
        [LOGLINES_TIMEOUT] = TRACE_STATUS_TIMEOUT,
    };
    struct trace_entry *e = &l->entry;
    e->status = statuses[report->status];
    e->error_type = text_of(report->error_type);
    if (l->answered)
        e->answer = (struct trace_text){l->answer.len ? l->answer.ptr : "", l->answer.len};
    e->log = (struct trace_text){l->log.ptr, l->log.len};
    e->log_cut = l->log_cut;
    e->duration_us = report->duration_us;
    if (report->init_us != LOGLINES_NO_INIT)
        e->init_us = report->init_us;
    e->memory_mb = report->memory_mb;
    e->max_memory_mb = report->max_memory_mb;
    e->cold_known = true;
    e->request_id = text_of(report->request_id);
    e->environment = text_of(l->id);
    e->position = l->position;
}

void record_lane_done(struct record_lane *l, const struct report *report,
                      const struct environment *e)
{
    if (!l)
        return;
    unsigned starts = environment_timing(e).starts;
    l->entry.cold = starts != l->starts;
    l->starts = starts;
    complete(l, report);
    struct err err = {0};
    if (buf_check(&l->answer, "an answer", &err) < 0 || buf_check(&l->log, "a log", &err) < 0)
        tell(l->record, &err);
    record_write(l->record, &l->entry);
    l->position++;
    l->log_cut = l->answered = false;
    buf_reset(&l->answer);
    buf_reset(&l->log);
}

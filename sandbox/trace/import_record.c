/* SPDX-License-Identifier: Apache-2.0 */
/* What Lambda writes about invocations that nobody waits for: records of destinations, messages of
 * dead-letter queues, batches of streams that were given up. */
#include <stdio.h>
#include <string.h>

#include "trace/import.h"

struct state {
    struct import_documents documents;
};

/* The entry that is inside one document. */
typedef int (*take_fn)(const struct source *s, const struct import_document *d,
                       struct kinds_content *c, struct trace_entry *out, struct err *err);

static int next_of(struct source *s, struct state *state, unsigned kind, take_fn take,
                   struct trace_entry *out, struct err *err)
{
    struct import_document d;
    struct kinds_content content;
    int status = import_next(s, &state->documents, false, &d, err);
    if (status <= 0)
        return status;
    kinds_open(d.text, d.len, &content);
    if (!(content.kinds & kind))
        return import_fail(s, &d, err, "is %s, not %s", kinds_name(content.kinds),
                           kinds_name(kind));
    out->line = d.line;
    return take(s, &d, &content, out, err) < 0 ? -1 : 1;
}

static bool is_text(struct scan_value v, const char *text)
{
    struct scan_value plain = kinds_plain(v);
    return plain.ptr && plain.len == strlen(text) && memcmp(plain.ptr, text, plain.len) == 0;
}

static struct scan_value find(struct scan_value v, const char *pointer)
{
    return v.ptr ? scan_find(v.ptr, v.len, pointer) : v;
}

/* A function that answered has a status code and no error. */
static enum trace_status read_status(struct scan_value response, struct scan_value answer,
                                     struct scan_value id)
{
    struct scan_value code = find(response, "/statusCode");
    if (kinds_is_text(find(response, "/functionError"))) {
        struct scan_value type = find(answer, "/errorType");
        bool timeout =
            is_text(type, "Sandbox.Timedout") ||
            (!type.ptr && import_timed_out(kinds_plain(find(answer, "/errorMessage")), id));
        return timeout ? TRACE_STATUS_TIMEOUT : TRACE_STATUS_ERROR;
    }
    return code.ptr && code.len == 3 && memcmp(code.ptr, "200", 3) == 0 ? TRACE_STATUS_SUCCESS
                                                                        : TRACE_STATUS_UNKNOWN;
}

static void take_outcome(const struct kinds_top *top, struct trace_entry *out)
{
    struct scan_value context = top->v[MEMBER_REQUEST_CONTEXT];
    struct scan_value response = top->v[MEMBER_RESPONSE_CONTEXT];
    struct scan_value answer = top->v[MEMBER_RESPONSE_PAYLOAD];
    struct scan_value id = kinds_plain(find(context, "/requestId"));
    out->request_id = import_text(id);
    out->status = read_status(response, answer, id);
    if (out->status == TRACE_STATUS_UNKNOWN)
        return;
    out->answer = import_text(answer);
    if (out->status != TRACE_STATUS_SUCCESS)
        out->error_type = import_text(kinds_plain(find(answer, "/errorType")));
}

/* ---- destinations -----------------------------------------------------------------------------
 */

static int take_destination(const struct source *s, const struct import_document *d,
                            struct kinds_content *c, struct trace_entry *out, struct err *err)
{
    struct scan_value event = c->top.v[MEMBER_REQUEST_PAYLOAD];
    if (!event.ptr)
        return import_fail(s, d, err,
                           "the record has no requestPayload: Lambda leaves it out where it is too "
                           "large for the destination, so that the event is not known");
    out->event = import_text(event);
    take_outcome(&c->top, out);
    return 0;
}

static int next_destination(struct source *s, void *state, struct trace_entry *out, struct err *err)
{
    return next_of(s, state, KINDS_DESTINATION, take_destination, out, err);
}

static bool is_destination(const struct source_sample *sample)
{
    return sample->kinds & KINDS_DESTINATION;
}

const struct source_kind import_destination_kind = {
    .kind = TRACE_KIND_DESTINATION,
    .is = is_destination,
    .state_size = sizeof(struct state),
    .next = next_destination,
};

/* ---- streams ----------------------------------------------------------------------------------
 */

static int fail_pointers(const struct source *s, const struct import_document *d,
                         const struct kinds_top *top, struct err *err)
{
    struct scan_value batch = top->v[MEMBER_KINESIS_BATCH];
    if (!batch.ptr)
        batch = top->v[MEMBER_DYNAMODB_BATCH];
    if (!batch.ptr)
        return import_fail(s, d, err,
                           "has no payload, only where the records are; destinations in S3 get it");
    struct scan_value shard = kinds_plain(find(batch, "/shardId"));
    struct scan_value arn = kinds_plain(find(batch, "/streamArn"));
    struct scan_value first = kinds_plain(find(batch, "/startSequenceNumber"));
    struct scan_value last = kinds_plain(find(batch, "/endSequenceNumber"));
    return import_fail(s, d, err,
                       "has no payload, only where the records are: %.*s, %.*s, %.*s to %.*s; "
                       "destinations in S3 get it",
                       arn.len > 100 ? 100 : (int)arn.len, arn.ptr ? arn.ptr : "",
                       shard.len > 40 ? 40 : (int)shard.len, shard.ptr ? shard.ptr : "",
                       first.len > 60 ? 60 : (int)first.len, first.ptr ? first.ptr : "",
                       last.len > 60 ? 60 : (int)last.len, last.ptr ? last.ptr : "");
}

/* The event, as a text or as it is. */
static int take_batch(const struct source *s, const struct import_document *d,
                      struct kinds_content *c, struct trace_entry *out, struct err *err)
{
    struct scan_value payload = c->top.v[MEMBER_PAYLOAD];
    struct scan_fault fault = {0};
    if (!payload.ptr || *payload.ptr == 'n')
        return fail_pointers(s, d, &c->top, err);
    if (kinds_is_text(payload)) {
        long len = scan_unescape(payload, scan_writable(payload));
        payload.len = len < 0 ? 0 : (size_t)len;
    }
    if (!scan_valid(payload.ptr, payload.len, &fault) || *payload.ptr != '{')
        return import_fail(s, d, err, "payload is no event: it has to be an object%s%s",
                           fault.reason ? ", " : "", fault.reason ? fault.reason : "");
    out->event = import_text(payload);
    take_outcome(&c->top, out);
    return 0;
}

static int next_batch(struct source *s, void *state, struct trace_entry *out, struct err *err)
{
    return next_of(s, state, KINDS_STREAM_FAILURE, take_batch, out, err);
}

static bool is_batch(const struct source_sample *sample)
{
    return sample->kinds & KINDS_STREAM_FAILURE;
}

const struct source_kind import_stream_failure_kind = {
    .kind = TRACE_KIND_STREAM_FAILURE,
    .is = is_batch,
    .state_size = sizeof(struct state),
    .next = next_batch,
};

/* ---- dead letters -----------------------------------------------------------------------------
 */

/* The message is that of the error document, cut; the document is not known. */
static int take_letter(const struct source *s, const struct import_document *d,
                       struct kinds_content *c, struct trace_entry *out, struct err *err)
{
    struct scan_value id = kinds_plain(c->request_id);
    struct scan_fault fault = {0};
    if (!scan_valid(c->text.ptr, c->text.len, &fault))
        return import_fail(s, d, err, "the event in it, line %zu, column %zu: %s", fault.line,
                           fault.column, fault.reason);
    out->event = import_text(c->text);
    out->request_id = import_text(id);
    if (is_text(c->code, "200"))
        out->status = import_timed_out(kinds_plain(c->message), id) ? TRACE_STATUS_TIMEOUT
                                                                    : TRACE_STATUS_ERROR;
    return 0;
}

static int next_letter(struct source *s, void *state, struct trace_entry *out, struct err *err)
{
    return next_of(s, state, KINDS_DEAD_LETTER, take_letter, out, err);
}

static bool is_letter(const struct source_sample *sample)
{
    return sample->kinds & KINDS_DEAD_LETTER;
}

const struct source_kind import_dead_letter_kind = {
    .kind = TRACE_KIND_DEAD_LETTER,
    .is = is_letter,
    .state_size = sizeof(struct state),
    .next = next_letter,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "mapping/destination.h"
#include "simulate/flight.h"

static int deliver(struct simulation *s, const char *path, struct err *err)
{
    if (buf_check(&s->line, "a record of a destination", err) < 0)
        return -1;
    return s->o.deliver(s->o.owner, path, s->line.ptr, s->line.len, err);
}

/* Of the invocation that the action follows from: what destinations tell of it. */
static void tell_invocation(const struct simulation *s, uint64_t batch, struct destination_case *c)
{
    if (!batch || batch >= s->answers_cap || !s->answers[batch])
        return;
    const struct history_entry *e = &s->history.entries[s->answers[batch] - 1];
    c->ran = e->status != HISTORY_THROTTLED;
    c->function_error = e->status == HISTORY_ERROR || e->status == HISTORY_TIMEOUT;
    c->answer = e->text_len ? s->history.texts.ptr + e->text : "";
    c->answer_len = e->text_len;
    if (e->status == HISTORY_THROTTLED)
        c->answer = NULL;
}

/* The records of an action in s->views and s->batch, the rest of what destinations ask for. */
static int make_case(struct simulation *s, const struct mapping_action *a, char request_id[37],
                     struct destination_case *c, struct err *err)
{
    if (simulation_room(s, a->nrecords, err) < 0)
        return -1;
    for (size_t i = 0; i < a->nrecords; i++) {
        const struct simulation_item *item = &s->items[a->records[i]];
        s->views[i] = simulation_record(s, item->record);
        s->batch[i] = (struct records_delivery){
            .record = s->views[i], .first_ms = item->delivered ? item->first_ms : RECORDS_NO_TIME};
    }
    uint32_t first = a->nrecords ? s->items[a->records[0]].record : 0;
    simulation_request_id(s, a->batch, first, request_id);
    *c = (struct destination_case){.settings = s->o.settings,
                                   .function_arn = s->o.function_arn,
                                   .request_id = request_id,
                                   .time_ms = s->now_ms,
                                   .reason =
                                       a->kind == MAPPING_GIVE_UP ? a->reason : MAPPING_REASON_NONE,
                                   .invoke_count = a->attempt,
                                   .records = s->views,
                                   .nrecords = a->nrecords};
    tell_invocation(s, a->batch, c);
    struct records_batch b = {.items = s->batch, .nitems = a->nrecords};
    buf_reset(&s->event);
    records_assemble(s->o.settings->source, &b, &s->event);
    c->payload = s->event.ptr;
    c->payload_len = s->event.len;
    return buf_check(&s->event, "an event", err);
}

/* The function that a destination's record is made by, for the path that the settings have. */
static int send_line(struct simulation *s, const char *path,
                     void (*make)(const struct destination_case *, struct buf *),
                     const struct destination_case *c, struct err *err)
{
    if (!path)
        return 0;
    buf_reset(&s->line);
    make(c, &s->line);
    return deliver(s, path, err);
}

static int redrive(struct simulation *s, const struct mapping_action *a, struct err *err)
{
    for (size_t i = 0; i < a->nrecords; i++) {
        const struct simulation_item *item = &s->items[a->records[i]];
        const struct destination_move move = {.receives = a->attempt,
                                              .first_ms = item->delivered ? item->first_ms
                                                                          : RECORDS_NO_TIME,
                                              .time_ms = s->now_ms};
        buf_reset(&s->line);
        destination_redrive(simulation_record(s, item->record), &move, &s->line);
        if (deliver(s, s->o.settings->dlq, err) < 0)
            return -1;
    }
    return 0;
}

int departure_give_up(struct simulation *s, const struct mapping_action *a, struct err *err)
{
    const struct mapping_settings *set = s->o.settings;
    if (!s->o.deliver || !a->to_dlq)
        return 0;
    if (set->source == MAPPING_SQS)
        return set->dlq ? redrive(s, a, err) : 0;
    char request_id[37];
    struct destination_case c;
    if (make_case(s, a, request_id, &c, err) < 0)
        return -1;
    bool async = mapping_is_async(set->source);
    if (send_line(s, set->on_failure, async ? destination_async : destination_stream, &c, err) < 0)
        return -1;
    return async ? send_line(s, set->dlq, destination_dead_letter, &c, err) : 0;
}

int departure_done(struct simulation *s, const struct mapping_action *a, struct err *err)
{
    if (!s->o.deliver || !s->o.settings->on_success)
        return 0;
    char request_id[37];
    struct destination_case c;
    if (make_case(s, a, request_id, &c, err) < 0)
        return -1;
    return send_line(s, s->o.settings->on_success, destination_async, &c, err);
}

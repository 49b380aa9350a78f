/* SPDX-License-Identifier: Apache-2.0 */
#include "core/batch.h"

#include <string.h>

#include "base/scan.h"
#include "core/log.h"
#include "decode/decode.h"

#define BATCH_GROUPS_MAX (4u << 20) /* bytes of the names of failed groups */
#define BATCH_FIELD      "batchItemFailures"

/* A batch on its way. */
struct batch {
    const struct lambda_handler *h;
    struct lambda_ctx *ctx;
    enum lambda_partial partial; /* LAMBDA_P_NONE also when partial failures are off */
    size_t records, failed;      /* seen so far */
    bool stopped;                /* no handler is called any more */
    struct buf items;            /* {"itemIdentifier":"..."},... */
    struct buf groups;           /* names of failed groups: size_t length, bytes, ... */
    struct failure first;        /* why the first record failed */
    const void *calling;         /* the record that the handler has just now; NULL: none */
    char *next;                  /* the text behind it */
};

static struct batch *running; /* for batch_rescue */

static void batch_init(struct batch *b, const struct lambda_handler *h, struct lambda_ctx *ctx)
{
    b->h = h;
    b->ctx = ctx;
    b->partial = ctx->partial_failures ? (enum lambda_partial)h->partial : LAMBDA_P_NONE;
    b->records = b->failed = 0;
    b->stopped = false;
    b->first.set = false;
    b->calling = NULL;
    b->next = NULL;
    buf_init(&b->items, RAPI_BODY_MAX);
    buf_init(&b->groups, BATCH_GROUPS_MAX);
}

static void batch_fini(struct batch *b)
{
    buf_free(&b->items);
    buf_free(&b->groups);
}

static const lambda_str *text_at(const void *record, uint32_t offset)
{
    return (const void *)((const char *)record + offset);
}

/* ---- FIFO groups --------------------------------------------------------------------------- */

/* NULL for groups without an order, as messages of fair standard queues have them: each of those
 * stands for itself. */
static const lambda_str *group_of(const struct batch *b, const void *record)
{
    if (b->partial != LAMBDA_P_QUEUE || !b->h->has_group ||
        !text_at(record, b->h->order_offset)->len)
        return NULL;
    const lambda_str *group = text_at(record, b->h->group_offset);
    return group->ptr && group->len ? group : NULL;
}

static bool has_group_failed(const struct batch *b, const void *record)
{
    const lambda_str *group = group_of(b, record);
    size_t len;
    if (!group)
        return false;
    for (size_t at = 0; at < b->groups.len; at += sizeof len + len) {
        memcpy(&len, b->groups.ptr + at, sizeof len);
        if (len == group->len &&
            memcmp(b->groups.ptr + at + sizeof len, group->ptr, group->len) == 0)
            return true;
    }
    return false;
}

static void fail_group(struct batch *b, const void *record)
{
    const lambda_str *group = group_of(b, record);
    if (!group || has_group_failed(b, record))
        return;
    buf_add(&b->groups, &group->len, sizeof group->len);
    buf_add(&b->groups, group->ptr, group->len);
}

/* ---- failed records ------------------------------------------------------------------------ */

/* Notes a record's id for the answer. -1 when it has none. */
static int report_record(struct batch *b, const void *record, size_t index)
{
    const lambda_str *id = text_at(record, b->h->id_offset);
    if (!id->ptr || !id->len)
        return failure_set(&b->ctx->failure, "Runtime.RecordWithoutId",
                           "record %zu failed and has no id to be reported by", index);
    if (b->items.len)
        buf_addc(&b->items, ',');
    buf_adds(&b->items, "{\"itemIdentifier\":");
    buf_add_json_string(&b->items, id->ptr, id->len);
    buf_addc(&b->items, '}');
    b->failed++;
    return 0;
}

/* The failure of one record: logged, and kept when it is the first. */
static void log_record(struct batch *b, const void *record, size_t index, int result)
{
    struct failure *f = &b->ctx->failure;
    if (!f->set)
        failure_set(f, NULL, "the handler returned %d", result);
    if (!b->first.set)
        b->first = *f;
    const lambda_str *id = b->h->partial ? text_at(record, b->h->id_offset) : NULL;
    log_line(LAMBDA_ERROR, ctx_request_id(b->ctx), "record %zu%s%.*s%s failed: %s: %s", index,
             id && id->len ? " (" : "", id ? (int)(id->len < 128 ? id->len : 128) : 0,
             id && id->ptr ? id->ptr : "", id && id->len ? ")" : "", f->type, f->message);
    f->set = false;
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

/* The whole batch as a failed invocation, in the words of the first record that failed. */
static int fail_all(struct batch *b)
{
    if (b->first.set)
        b->ctx->failure = b->first;
    if (!b->ctx->failure.set)
        failure_set(&b->ctx->failure, "Function.RecordsFailed", "%zu of %zu record%s failed",
                    b->failed, b->records, plural(b->records));
    b->ctx->failure.set = true;
    return -1;
}

/* ---- the answer ---------------------------------------------------------------------------- */

/* The first keep bytes of the answer, then the records that failed between open and close, then the
 * answer's bytes from rest on. */
static void insert_items(struct buf *reply, size_t keep, const char *open, const struct buf *items,
                         const char *close, size_t rest)
{
    size_t len = reply->len;
    AUTO_FREE char *old = buf_take(reply);
    buf_reset(reply);
    buf_add(reply, old, keep);
    buf_adds(reply, open);
    buf_add(reply, items->ptr, items->len);
    buf_adds(reply, close);
    buf_add(reply, old + rest, len - rest);
}

/* Puts the records that failed in front of those that the handler lists itself: none may be lost. A
 * member of that name that is no list gives way. */
static void join_lists(struct buf *reply, struct scan_value own, const struct buf *items)
{
    struct scan_value element, key;
    size_t at = 0, from = (size_t)(own.ptr - reply->ptr);
    if (own.ptr[0] != '[')
        insert_items(reply, from, "[", items, "]", from + own.len);
    else
        insert_items(reply, from, "[", items, scan_next(own, &at, &key, &element) ? "," : "",
                     from + 1);
}

/* Puts the list in front of the members of the handler's own answer (a tumbling window answers its
 * state as well). */
static void splice_answer(struct buf *reply, struct scan_value object, const struct buf *items)
{
    struct scan_value key, value;
    size_t at = 0, from = (size_t)(object.ptr - reply->ptr) + 1;
    bool more = scan_next(object, &at, &key, &value);
    insert_items(reply, 0, "{\"" BATCH_FIELD "\":[", items, more ? "]," : "]", from);
}

static void write_answer(struct batch *b)
{
    struct lambda_ctx *ctx = b->ctx;
    struct buf *reply = &ctx->reply;
    if (ctx->replied && !b->failed)
        return;
    if (ctx->replied && reply->len) {
        struct scan_fault fault;
        struct scan_value answer = {NULL, 0};
        if (scan_valid(reply->ptr, reply->len, &fault))
            answer = scan_find(reply->ptr, reply->len, "");
        if (answer.ptr && answer.ptr[0] == '{') {
            struct scan_value own = scan_find(reply->ptr, reply->len, "/" BATCH_FIELD);
            if (own.ptr)
                join_lists(reply, own, &b->items);
            else
                splice_answer(reply, answer, &b->items);
            return;
        }
        log_line(LAMBDA_WARN, ctx_request_id(ctx),
                 "the handler's answer is no JSON object and gives way to " BATCH_FIELD);
    }
    buf_reset(reply);
    buf_adds(reply, "{\"" BATCH_FIELD "\":[");
    buf_add(reply, b->items.ptr, b->items.len);
    buf_adds(reply, "]}");
}

/* 0 with an answer, or -1 with the invocation's failure. */
static int finish(struct batch *b)
{
    struct lambda_ctx *ctx = b->ctx;
    if (b->items.failed || b->groups.failed)
        return failure_set(&ctx->failure, "Runtime.OutOfMemory",
                           "no memory for the list of failed records");
    if (b->h->partial == LAMBDA_P_NONE) {
        if (!ctx->replied)
            buf_adds(&ctx->reply, "null");
        return 0;
    }
    if (b->failed && b->failed == b->records)
        return fail_all(b);
    if (b->stopped)
        log_line(LAMBDA_WARN, ctx_request_id(ctx),
                 "the failed record is reported: Lambda retries from there on");
    else if (b->failed)
        log_line(LAMBDA_WARN, ctx_request_id(ctx), "%zu of %zu record%s reported as failed",
                 b->failed, b->records, plural(b->records));
    write_answer(b);
    return 0;
}

/* ---- record by record ---------------------------------------------------------------------- */

/* Calls the handler for one record. 1 stops the walk, with ctx->failure set when the invocation is
 * lost. */
static int run_record(struct batch *b, const void *record, size_t index)
{
    struct lambda_ctx *ctx = b->ctx;
    ctx->failure.set = false;
    b->calling = record;
    int result = ((int (*)(lambda_ctx *, const void *))b->h->fn)(ctx, record);
    b->calling = NULL;
    if (result == 0) {
        ctx->failure.set = false;
        return 0;
    }
    log_record(b, record, index, result);
    ctx->reply_lost = false; /* what the record failed by */
    if (b->partial == LAMBDA_P_NONE) {
        b->failed++;
        return fail_all(b) != 0;
    }
    fail_group(b, record);
    b->stopped = b->partial == LAMBDA_P_STREAM;
    return report_record(b, record, index) != 0;
}

static int on_record(void *record, size_t index, void *user)
{
    struct batch *b = user;
    b->records++;
    if (b->items.failed || b->groups.failed)
        return 1; /* which groups have failed is not known any more */
    if (b->stopped)
        return 1; /* seen only to know that there is more than the record that failed */
    if (has_group_failed(b, record))
        return report_record(b, record, index) != 0;
    return run_record(b, record, index);
}

int batch_run_each(const struct lambda_handler *h, struct lambda_ctx *ctx)
{
    struct err err;
    struct batch b;
    batch_init(&b, h, ctx);
    running = &b;
    int walked = decode_each(h->type, h->records, ctx->event->body, ctx->event->body_len,
                             ctx->arena, on_record, &b, &b.next, &err);
    running = NULL;
    int failed = -1;
    if (walked < 0)
        failure_set(&ctx->failure, "Runtime.UnmarshalError", "%s: %s",
                    h->event ? h->event : h->type->name, err.msg);
    else if (!ctx->failure.set)
        failed = finish(&b);
    batch_fini(&b);
    return failed;
}

/* ---- after a crash ------------------------------------------------------------------------- */

/* The list of records to come again, as the handler's crash left it. */
struct rescued {
    const struct lambda_handler *h;
    struct report *out;
    size_t count;
};

static int rescue_record(struct rescued *w, const void *record)
{
    const lambda_str *id = text_at(record, w->h->id_offset);
    if (!id->ptr || !id->len)
        return -1;
    report_text(w->out, w->count++ ? ",{\"itemIdentifier\":" : "{\"itemIdentifier\":");
    report_json(w->out, id->ptr, id->len);
    report_text(w->out, "}");
    return w->out->cut ? -1 : 0;
}

static int on_rescued(void *record, size_t index, void *user)
{
    (void)index;
    return rescue_record(user, record);
}

/* Records that the handler lists itself, or the state of a window: all of the batch comes again
 * rather than that any of it is lost. */
static bool has_own_answer(const struct lambda_ctx *ctx)
{
    struct scan_fault fault;
    const struct buf *reply = &ctx->reply;
    return ctx->replied && reply->len && scan_valid(reply->ptr, reply->len, &fault) &&
           scan_find(reply->ptr, reply->len, "").ptr[0] == '{';
}

int batch_rescue(struct report *out, struct arena *scratch)
{
    struct err err;
    struct batch *b = running;
    if (!b || !b->calling || b->partial == LAMBDA_P_NONE || b->items.failed ||
        has_own_answer(b->ctx))
        return -1;
    if (b->records ==
        b->failed + 1) /* none is done: the invocation fails, as it would without a crash */
        return -1;
    struct rescued w = {b->h, out, b->failed};
    report_text(out, "{\"" BATCH_FIELD "\":[");
    report_put(out, b->items.ptr, b->items.len);
    if (rescue_record(&w, b->calling) != 0)
        return -1;
    if (b->partial == LAMBDA_P_QUEUE &&
        decode_rest(b->h->type, b->next, b->ctx->event->body + b->ctx->event->body_len, scratch,
                    on_rescued, &w, &err) != 0)
        return -1;
    report_text(out, "]}");
    return 0;
}

/* ---- the whole batch ----------------------------------------------------------------------- */

struct records {
    const char *ptr;
    size_t len;
};

static struct records records_of(const struct lambda_handler *h, const void *event)
{
    struct records list;
    memcpy(&list, (const char *)event + h->records_offset, sizeof list);
    return list;
}

int batch_begin(const struct lambda_handler *h, const void *event, struct lambda_ctx *ctx)
{
    if (h->partial == LAMBDA_P_NONE)
        return 0;
    size_t count = records_of(h, event).len;
    ctx->marks = count ? lambda_alloc(ctx, count) : NULL;
    if (count && !ctx->marks)
        return failure_set(&ctx->failure, "Runtime.UnmarshalError", "no memory for %zu records",
                           count);
    ctx->nrecords = count;
    return 0;
}

/* Reports the marked records, and those that follow one in its FIFO group. */
static int report_marked(struct batch *b, struct records list)
{
    const struct lambda_ctx *ctx = b->ctx;
    for (size_t i = 0; i < list.len && !b->stopped; i++) {
        const void *record = list.ptr + i * b->h->record->size;
        if (!ctx->marks[i] && !has_group_failed(b, record))
            continue;
        fail_group(b, record);
        b->stopped = b->partial == LAMBDA_P_STREAM;
        if (report_record(b, record, i) != 0)
            return -1;
    }
    return 0;
}

static size_t count_marks(const struct lambda_ctx *ctx)
{
    size_t n = 0;
    for (size_t i = 0; i < ctx->nrecords; i++)
        n += ctx->marks[i];
    return n;
}

int batch_end(const struct lambda_handler *h, const void *event, struct lambda_ctx *ctx)
{
    struct batch b;
    batch_init(&b, h, ctx);
    struct records list = {NULL, 0};
    if (h->partial != LAMBDA_P_NONE)
        list = records_of(h, event);
    b.records = list.len;
    size_t marked = count_marks(ctx);
    int failed = 0;
    if (marked && (b.partial == LAMBDA_P_NONE || marked == list.len)) {
        b.failed = marked;
        failed = fail_all(&b);
    } else {
        ctx->failure.set = false;
        failed = report_marked(&b, list) != 0 ? -1 : finish(&b);
    }
    batch_fini(&b);
    return failed;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/dispatch.h"

#include "check.h"
#include "core/log.h"
#include "decode/decode.h"

/* ---- a source of our own: {"items": [{"id": "1", "group": "a", "order": "7", "do": "ok"}]} --- */

struct record {
    lambda_str id, group, order, todo;
};
LAMBDA_TYPE(record, LAMBDA_F(record, id, "id"), LAMBDA_F(record, group, "group"),
            LAMBDA_F(record, order, "order"), LAMBDA_F(record, todo, "do"));

struct batch_event {
    LAMBDA_LIST(struct record) items;
};
LAMBDA_TYPE(batch_event, LAMBDA_LISTOF(batch_event, items, "items", record));

static char called[256]; /* ids of the records that a handler saw, in order */

static bool is(lambda_str text, const char *want)
{
    return text.ptr && strcmp(text.ptr, want) == 0;
}

static int reply_text(lambda_ctx *ctx, const char *text)
{
    return lambda_reply(ctx, text, strlen(text));
}

static int do_record(lambda_ctx *ctx, const struct record *r)
{
    strncat(called, r->id.ptr ? r->id.ptr : "?", sizeof called - strlen(called) - 1);
    if (is(r->todo, "error"))
        return lambda_error(ctx, "BadItem", "item %s is bad", r->id.ptr);
    if (is(r->todo, "forgiven"))
        lambda_error(ctx, "Forgiven", "not meant");
    if (is(r->todo, "reply"))
        return lambda_reply(ctx, "{\"state\":{}}", 12);
    if (is(r->todo, "text"))
        return lambda_reply(ctx, "text", 4);
    if (is(r->todo, "own"))
        return reply_text(ctx, "{\"batchItemFailures\":[1]}");
    if (is(r->todo, "none"))
        return reply_text(ctx, "{\"a\":[2],\"batchItemFailures\":[ ],\"b\":3}");
    if (is(r->todo, "odd"))
        return reply_text(ctx, "{\"batchItemFailures\":null,\"b\":3}");
    return is(r->todo, "seven") ? 7 : 0;
}

static int do_batch(lambda_ctx *ctx, const struct batch_event *e)
{
    for (size_t i = 0; i < e->items.len; i++) {
        const struct record *r = &e->items.ptr[i];
        if (is(r->todo, "whole"))
            return lambda_error(ctx, "Whole", "all of it");
        if (is(r->todo, "beyond"))
            lambda_fail_record(ctx, e->items.len);
        if (do_record(ctx, r) != 0)
            lambda_fail_record(ctx, i);
    }
    return 0;
}

static int do_raw(lambda_ctx *ctx, lambda_str event)
{
    lambda_fail_record(ctx, 0);
    return is(event, "\"silent\"") ? 0 : lambda_reply(ctx, event.ptr, event.len);
}

static struct lambda_handler handler(uint8_t mode, uint8_t partial, uint8_t has_group)
{
    return (struct lambda_handler){
        .event = "item batch",
        .match = "/items",
        .type = mode == LAMBDA_M_EACH ? &record_type : &batch_event_type,
        .record = &record_type,
        .records = "items",
        .records_offset = offsetof(struct batch_event, items),
        .id_offset = offsetof(struct record, id),
        .group_offset = offsetof(struct record, group),
        .order_offset = offsetof(struct record, order),
        .mode = mode,
        .partial = partial,
        .has_group = has_group,
        .fn = mode == LAMBDA_M_EACH ? (lambda_fn)do_record : (lambda_fn)do_batch,
    };
}

/* ---- running one event --------------------------------------------------------------------- */

static struct arena arena;
static struct lambda_ctx ctx;
static struct rapi_event event;

/* Dispatches the event; gives the answer, or "TYPE: MESSAGE" of the failure. */
static const char *run(const struct lambda_handler *handlers, uint32_t count, const char *text,
                       bool partial_failures)
{
    static char failed[FAILURE_MESSAGE_MAX + 200];
    struct err err = {0};
    struct lambda_module m = {LAMBDA_ABI, sizeof m, sizeof *handlers, count, handlers};
    if (!arena.base) {
        CHECK_INT(arena_init(&arena, 8 << 20, &err), 0);
        ctx_init(&ctx, &arena, true);
        log_set_level(LAMBDA_FATAL);
    }
    CHECK_INT(module_check(&m, "test", &ctx.failure), 0);
    ctx.partial_failures = partial_failures;
    arena_reset(&arena);
    size_t len = strlen(text);
    char *body = arena_alloc(&arena, len + DECODE_PAD);
    memcpy(body, text, len);
    memset(body + len, 0, DECODE_PAD);
    event = (struct rapi_event){.request_id = {"id", 2}, .body = body, .body_len = len};
    called[0] = '\0';
    ctx_begin(&ctx, &event);
    int result = dispatch_event(&m, &ctx);
    if (result == 0)
        return ctx.reply.ptr;
    snprintf(failed, sizeof failed, "%s: %s", ctx.failure.type, ctx.failure.message);
    return failed;
}

struct batch_case {
    uint8_t mode, partial, has_group, off;
    const char *event, *answer, *called;
};

#define R(id, todo)         "{\"id\":\"" id "\",\"do\":\"" todo "\"}"
#define M_(id, group, todo) "\"id\":\"" id "\",\"group\":\"" group "\",\"do\":\"" todo "\"}"
#define U(id, group, todo)  "{" M_(id, group, todo)
#define G(id, group, todo)  "{\"order\":\"1\"," M_(id, group, todo)
#define ITEMS(...)          "{\"items\":[" __VA_ARGS__ "]}"
#define F1(a)               "{\"batchItemFailures\":[{\"itemIdentifier\":\"" a "\"}]}"
#define F2(a, b) \
    "{\"batchItemFailures\":[{\"itemIdentifier\":\"" a "\"},{\"itemIdentifier\":\"" b "\"}]}"
#define NOTHING "{\"batchItemFailures\":[]}"
#define E       LAMBDA_M_EACH
#define B       LAMBDA_M_EVENT
#define NONE    LAMBDA_P_NONE
#define Q       LAMBDA_P_QUEUE
#define S       LAMBDA_P_STREAM

static const struct batch_case batch_cases[] = {
    /* queues: every failed record is reported */
    {E, Q, 1, 0, ITEMS(R("1", "ok") "," R("2", "ok")), NOTHING, "12"},
    {E, Q, 1, 0, ITEMS(""), NOTHING, ""},
    {E, Q, 1, 0, "{\"items\":7}", NOTHING, ""},
    {E, Q, 1, 0, ITEMS(R("1", "ok") "," R("2", "error") "," R("3", "ok")), F1("2"), "123"},
    {E, Q, 1, 0, ITEMS(R("1", "seven") "," R("2", "ok") "," R("3", "error")), F2("1", "3"), "123"},
    {E, Q, 1, 0, ITEMS(R("1", "forgiven") "," R("2", "ok")), NOTHING, "12"},
    {E, Q, 1, 0, ITEMS(R("a\\\"b", "error") "," R("2", "ok")), F1("a\\\"b"), "a\"b2"},
    {E, Q, 1, 0, ITEMS(R("1", "error") "," R("2", "seven")), "BadItem: item 1 is bad", "12"},
    {E, Q, 1, 0, ITEMS(R("1", "seven")), "Function.HandlerFailed: the handler returned 7", "1"},
    /* FIFO: a group stops at its first failure, others go on */
    {E, Q, 1, 0, ITEMS(G("1", "a", "error") "," G("2", "b", "ok") "," G("3", "a", "ok")),
     F2("1", "3"), "12"},
    {E, Q, 1, 0, ITEMS(G("1", "a", "ok") "," G("2", "a", "error") "," G("3", "aa", "ok")), F1("2"),
     "123"},
    {E, Q, 1, 0, ITEMS(G("1", "a", "error") "," G("2", "a", "ok")), "BadItem: item 1 is bad", "1"},
    {E, Q, 1, 0, ITEMS(G("1", "", "error") "," G("2", "", "ok")), F1("1"), "12"},
    {E, Q, 0, 0, ITEMS(G("1", "a", "error") "," G("2", "a", "ok")), F1("1"), "12"},
    /* a group without an order (a fair standard queue's) does not stop */
    {E, Q, 1, 0, ITEMS(U("1", "a", "error") "," U("2", "a", "ok")), F1("1"), "12"},
    {B, Q, 1, 0, ITEMS(U("1", "a", "error") "," U("2", "a", "ok")), F1("1"), "12"},
    /* streams: the first failure stops */
    {E, S, 0, 0, ITEMS(R("1", "ok") "," R("2", "error") "," R("3", "error")), F1("2"), "12"},
    {E, S, 0, 0, ITEMS(R("1", "error") "," R("2", "ok")), F1("1"), "1"},
    {E, S, 0, 0, ITEMS(R("1", "error")), "BadItem: item 1 is bad", "1"},
    {E, S, 0, 0, ITEMS(R("1", "ok")), NOTHING, "1"},
    /* sources without partial failures, and the setting */
    {E, NONE, 0, 0, ITEMS(R("1", "ok")), "null", "1"},
    {E, NONE, 0, 0, ITEMS(R("1", "ok") "," R("2", "error") "," R("3", "ok")),
     "BadItem: item 2 is bad", "12"},
    {E, Q, 1, 1, ITEMS(R("1", "ok") "," R("2", "error") "," R("3", "ok")), "BadItem: item 2 is bad",
     "12"},
    {E, Q, 1, 1, ITEMS(R("1", "ok")), NOTHING, "1"},
    /* records without an id */
    {E, Q, 1, 0, ITEMS("{\"do\":\"error\"}," R("2", "ok")),
     "Runtime.RecordWithoutId: record 0 failed and has no id to be reported by", "?"},
    {E, Q, 1, 0, ITEMS("{\"id\":\"\",\"do\":\"error\"}," R("2", "ok")),
     "Runtime.RecordWithoutId: record 0 failed and has no id to be reported by", ""},
    {E, Q, 1, 0, ITEMS("{\"do\":\"ok\"}," R("2", "ok")), NOTHING, "?2"},
    /* the handler's own answer */
    {E, Q, 1, 0, ITEMS(R("1", "reply")), "{\"state\":{}}", "1"},
    {E, Q, 1, 0, ITEMS(R("1", "reply") "," R("2", "error")),
     "{\"batchItemFailures\":[{\"itemIdentifier\":\"2\"}],\"state\":{}}", "12"},
    {E, Q, 1, 0, ITEMS(R("1", "text") "," R("2", "error")), F1("2"), "12"},
    {E, Q, 1, 0, ITEMS(R("1", "own") "," R("2", "error")),
     "{\"batchItemFailures\":[{\"itemIdentifier\":\"2\"},1]}", "12"},
    {E, Q, 1, 0, ITEMS(R("1", "none") "," R("2", "error")),
     "{\"a\":[2],\"batchItemFailures\":[{\"itemIdentifier\":\"2\"} ],\"b\":3}", "12"},
    {E, Q, 1, 0, ITEMS(R("1", "odd") "," R("2", "error")),
     "{\"batchItemFailures\":[{\"itemIdentifier\":\"2\"}],\"b\":3}", "12"},
    {E, NONE, 0, 0, ITEMS(R("1", "reply")), "{\"state\":{}}", "1"},
    /* the whole batch at once */
    {B, Q, 1, 0, ITEMS(R("1", "ok") "," R("2", "error") "," R("3", "ok")), F1("2"), "123"},
    {B, Q, 1, 0, ITEMS(R("1", "ok")), NOTHING, "1"},
    {B, Q, 1, 0, ITEMS(""), NOTHING, ""},
    {B, Q, 1, 0, ITEMS(R("1", "beyond")), NOTHING, "1"},
    {B, Q, 1, 0, ITEMS(R("1", "seven")), "Function.RecordsFailed: 1 of 1 record failed", "1"},
    {B, Q, 1, 0, ITEMS(R("1", "error")), "BadItem: item 1 is bad", "1"},
    {B, Q, 1, 0, ITEMS(R("1", "ok") "," R("2", "whole")), "Whole: all of it", "1"},
    {B, Q, 1, 0, ITEMS(G("1", "a", "error") "," G("2", "b", "ok") "," G("3", "a", "ok")),
     F2("1", "3"), "123"},
    {B, Q, 1, 1, ITEMS(R("1", "ok") "," R("2", "seven")),
     "Function.RecordsFailed: 1 of 2 records failed", "12"},
    {B, S, 0, 0, ITEMS(R("1", "ok") "," R("2", "error") "," R("3", "error")), F1("2"), "123"},
    {B, NONE, 0, 0, ITEMS(R("1", "error")), "null", "1"},
    {B, Q, 1, 0, ITEMS("{\"do\":\"error\"}," R("2", "ok")),
     "Runtime.RecordWithoutId: record 0 failed and has no id to be reported by", "?2"},
    /* broken documents */
    {B, NONE, 0, 0, "{\"items\":[", "Runtime.UnmarshalError: ", ""},
    {E, Q, 0, 0, "{\"items\":[", "Runtime.UnmarshalError: ", ""},
};

static void test_batches(void)
{
    for (size_t i = 0; i < ARRAY_LEN(batch_cases); i++) {
        const struct batch_case *c = &batch_cases[i];
        struct lambda_handler h = handler(c->mode, c->partial, c->has_group);
        const char *got = run(&h, 1, c->event, !c->off);
        size_t len = strlen(c->answer);
        bool same = c->answer[len - 1] == ' ' ? strncmp(got, c->answer, len) == 0
                                              : strcmp(got, c->answer) == 0;
        if (!same || strcmp(called, c->called) != 0)
            printf("# row %zu: %s\n# gives %s\n# not   %s\n", i, c->event, got, c->answer);
        CHECK(same);
        CHECK_STR(called, c->called);
    }
}

/* Enough records that their text does not fit in the arena at once were it kept. */
static void test_many(void)
{
    static char text[1 << 20];
    size_t n = 0, len = (size_t)snprintf(text, sizeof text, "{\"items\":[");
    for (; len < sizeof text - 200; n++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s{\"id\":\"%zu\",\"do\":\"%s\"}",
                                n ? "," : "", n, n % 2 ? "error" : "ok");
    snprintf(text + len, sizeof text - len, "]}");
    struct lambda_handler h = handler(LAMBDA_M_EACH, LAMBDA_P_QUEUE, 0);
    const char *got = run(&h, 1, text, true);
    size_t reported = 0;
    for (const char *p = got; (p = strstr(p, "itemIdentifier")); p++)
        reported++;
    CHECK_INT(reported, n / 2);
}

static const struct lambda_handler raw = LAMBDA_RAW(do_raw);

static void test_raw(void)
{
    CHECK_STR(run(&raw, 1, "{\"a\":1}", true), "{\"a\":1}");
    CHECK_STR(run(&raw, 1, "no json", true), "no json");
    CHECK_STR(run(&raw, 1, "\"silent\"", true), "null");
}

static void test_choice(void)
{
    struct lambda_handler hs[] = {handler(LAMBDA_M_EACH, LAMBDA_P_QUEUE, 0),
                                  handler(LAMBDA_M_EVENT, LAMBDA_P_NONE, 0), raw};
    hs[0].match = "/kind=queue";
    CHECK_STR(run(hs, 3, "{\"kind\":\"queue\",\"items\":[]}", true), NOTHING);
    CHECK_STR(run(hs, 3, "{\"kind\":\"other\",\"items\":[]}", true), "null");
    CHECK_STR(run(hs, 3, "{\"kind\":1}", true), "{\"kind\":1}");
    CHECK_HAS(run(hs, 2, "{\"kind\":1}", true), "Runtime.NoHandlerForEvent: ");
}

static void test_no_match(void)
{
    struct lambda_handler hs[] = {handler(LAMBDA_M_EACH, LAMBDA_P_QUEUE, 0),
                                  handler(LAMBDA_M_EVENT, LAMBDA_P_NONE, 0)};
    hs[1].match = "/detail";
    hs[1].event = "other event";
    static const struct {
        const char *event, *message;
    } cases[] = {
        {"{\"Records\":[{\"eventSource\":\"aws:sqs\"}]}", "eventSource 'aws:sqs'"},
        {"{\"name\":1}", "an object with 'name'; this module takes: item batch, other event"},
        {"[1]", "an array"},
        {"{}", "an empty object"},
        {"{\"a\":", "Runtime.UnmarshalError: the event is no JSON: line 1, column"},
        {"", "Runtime.UnmarshalError: the event is no JSON"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        CHECK_HAS(run(hs, 2, cases[i].event, true), cases[i].message);
}

/* ---- hooks --------------------------------------------------------------------------------- */

static int hook_a(lambda_ctx *c)
{
    (void)c;
    strcat(called, "a");
    return 0;
}

static int hook_b(lambda_ctx *c)
{
    strcat(called, "b");
    return lambda_request_id(c).ptr ? 9 : 0;
}

static int hook_bad(lambda_ctx *c)
{
    return lambda_error(c, "NoDatabase", "nobody at %s", "home");
}

static void test_hooks(void)
{
    const struct lambda_handler hs[] = {LAMBDA_INIT(hook_a),     LAMBDA_INIT(hook_b),
                                        LAMBDA_SHUTDOWN(hook_a), LAMBDA_SHUTDOWN(hook_b),
                                        LAMBDA_RAW(do_raw),      LAMBDA_SHUTDOWN(hook_bad)};
    struct lambda_module m = {LAMBDA_ABI, sizeof m, sizeof *hs, 5, hs};
    run(&raw, 1, "1", true);
    ctx_begin(&ctx, NULL);
    called[0] = '\0';
    CHECK_INT(dispatch_hooks(&m, LAMBDA_M_INIT, &ctx), 0);
    CHECK_INT(dispatch_hooks(&m, LAMBDA_M_SHUTDOWN, &ctx), 0);
    CHECK_STR(called, "abba");
    m.nhandlers = 6;
    CHECK_INT(dispatch_hooks(&m, LAMBDA_M_SHUTDOWN, &ctx), -1);
    CHECK_STR(ctx.failure.type, "NoDatabase");
    CHECK_STR(ctx.failure.message, "nobody at home");
}

static const struct check_test tests[] = {
    {"batches", test_batches}, {"many records", test_many}, {"raw", test_raw},
    {"choice", test_choice},   {"no match", test_no_match}, {"hooks", test_hooks},
};
CHECK_MAIN(tests)

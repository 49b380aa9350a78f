/* SPDX-License-Identifier: Apache-2.0 */
/* Simulations over environments that answer when a test's timer says so. */
#include "replay/rehearsal.h"

#include <stdlib.h>
#include <uv.h>

#include "check.h"
#include "launch/instance.h"

/* An environment that does what the script's letters say: a answers, e errs, t times out, w waits,
 * x is not there any more. */
struct instance {
    uv_timer_t timer;
    struct instance_options options;
    struct environment_event event;
    unsigned at;
};

static struct {
    const char *script;
    char happened[512]; /* i: invoked, r: reset, o: opened, c: closed */
    char request_id[40];
    bool fail_open, fail_reset;
} world;

static void happen(char what)
{
    size_t n = strlen(world.happened);
    if (n + 1 < sizeof world.happened)
        world.happened[n] = what;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_answered(uv_timer_t *timer)
{
    struct instance *i = timer->data;
    const struct environment_hooks *hooks = i->options.hooks;
    char letter = world.script[i->at] ? world.script[i->at++] : 'a';
    const struct err gone = {.kind = ERR_HOST, .msg = "the sandbox is gone"};
    const struct environment_answer answer = {
        .request_id = "id", .failed = letter != 'a', .body = "{}", .body_len = 2};
    const struct report report = {.request_id = "id",
                                  .init_us = LOGLINES_NO_INIT,
                                  .status = letter == 'a'   ? LOGLINES_SUCCESS
                                            : letter == 't' ? LOGLINES_TIMEOUT
                                                            : LOGLINES_ERROR};
    if (letter == 'x') {
        hooks->failed(i->options.owner, &gone);
        return;
    }
    hooks->answer(i->options.owner, &answer);
    hooks->done(i->options.owner, &report);
}

struct instance *instance_open(const struct instance_options *o, struct err *err)
{
    struct instance *i = world.fail_open ? NULL : calloc(1, sizeof *i);
    if (!i) {
        err_set(err, ERR_HOST, "no jail");
        return NULL;
    }
    i->options = *o;
    uv_timer_init(o->loop, &i->timer);
    i->timer.data = i;
    happen('o');
    return i;
}

struct environment *instance_environment(const struct instance *i)
{
    return (struct environment *)(uintptr_t)i;
}

void instance_tell_relaxed(const struct instance *i)
{
    (void)i;
}

void instance_close(struct instance *i, struct err *err)
{
    (void)err;
    if (!i)
        return;
    happen('c');
    uv_close((uv_handle_t *)&i->timer, on_closed);
}

void instance_sweep(void)
{
}

int environment_invoke(struct environment *e, const struct environment_event *event,
                       struct err *err)
{
    struct instance *i = (struct instance *)(void *)e;
    (void)err;
    i->event = *event;
    snprintf(world.request_id, sizeof world.request_id, "%s",
             event->request_id ? event->request_id : "");
    happen('i');
    return uv_timer_start(&i->timer, on_answered, world.script[i->at] == 'w' ? 100000 : 0, 0);
}

int environment_reset(struct environment *e, struct err *err)
{
    (void)e;
    happen('r');
    return world.fail_reset ? err_set(err, ERR_HOST, "it lives on") : 0;
}

struct environment_timing environment_timing(const struct environment *e)
{
    (void)e;
    return (struct environment_timing){.starts = 1};
}

/* ---- a run ---------------------------------------------------------------------------------- */

static const char event_text[] =
    "{\"Records\":[{\"messageId\":\"m1\",\"receiptHandle\":\"h\",\"body\":\"b\","
    "\"attributes\":{\"ApproximateReceiveCount\":\"1\",\"SentTimestamp\":\"1700000000000\","
    "\"ApproximateFirstReceiveTimestamp\":\"1700000000001\"},\"eventSource\":\"aws:sqs\","
    "\"eventSourceARN\":\"arn:aws:sqs:us-east-1:123456789012:q\"}]}";

struct run {
    uv_loop_t loop;
    struct simulation_records records;
    struct mapping_settings settings;
    struct filter *filter;
    struct launch launch;
    struct err err; /* why it is over */
    unsigned over, seen;
};

static int on_invoked(void *owner, const struct seat_outcome *o, struct err *err)
{
    struct run *r = owner;
    CHECK(o->entry.event.len > 0);
    if (++r->seen == 40)
        return err_set(err, ERR_SYSTEM, "enough");
    return 0;
}

static void on_over(void *owner, struct rehearsal *rehearsal, const struct err *err)
{
    struct run *r = owner;
    (void)rehearsal;
    r->over++;
    if (err)
        r->err = *err;
}

static void begin(struct run *r, const char *spec, const char *script)
{
    struct err err = {0};
    *r = (struct run){0};
    memset(&world, 0, sizeof world);
    world.script = script;
    CHECK_INT(uv_loop_init(&r->loop), 0);
    CHECK_INT(mapping_settings_parse(spec, &r->settings, &err), 0);
    r->settings.timeout_ms = 3000;
    r->filter = filter_criteria_open(&r->settings, &err);
    CHECK(r->filter != NULL);
    simulation_records_init(&r->records);
    CHECK_INT(simulation_records_add(&r->records, r->settings.source, event_text,
                                     sizeof event_text - 1, 1700000000000, &err),
              0);
    CHECK_INT(simulation_records_end(&r->records, &err), 0);
}

static struct rehearsal *open_rehearsal(struct run *r, const struct faults *faults)
{
    struct err err = {0};
    const struct rehearsal_options o = {
        .loop = &r->loop,
        .launch = &r->launch,
        .simulation = {.settings = &r->settings,
                       .filter = r->filter,
                       .records = &r->records,
                       .faults = faults,
                       .function_arn = "arn:aws:lambda:us-east-1:123456789012:function:f"},
        .invoked = on_invoked,
        .over = on_over,
        .owner = r,
    };
    struct rehearsal *rehearsal = rehearsal_open(&o, &err);
    r->err = err;
    return rehearsal;
}

static void end(struct run *r, struct rehearsal *rehearsal)
{
    struct err err = {0};
    rehearsal_close(rehearsal, &err);
    CHECK_INT(err.kind, ERR_NONE);
    uv_run(&r->loop, UV_RUN_DEFAULT);
    CHECK_INT(uv_loop_close(&r->loop), 0);
    simulation_records_fini(&r->records);
    filter_criteria_close(r->filter);
    mapping_settings_fini(&r->settings);
}

static const struct {
    const char *name, *spec, *script, *faults, *happened;
    enum history_end end;
    unsigned deliveries;
} rows[] = {
    {"done", "sqs", "a", NULL, "oic", HISTORY_END_DONE, 1},
    {"retried", "sqs:retries=5", "eta", NULL, "oiiic", HISTORY_END_DONE, 3},
    {"given up", "sqs:retries=1", "ee", NULL, "oiic", HISTORY_END_DLQ, 2},
    {"crash after its effects", "sqs:retries=5", "aa", "crash=1.1.1", "oiric", HISTORY_END_DONE, 2},
    {"crash before the handler", "sqs:retries=5", "a", "crash=1", "oric", HISTORY_END_DONE, 1},
    {"throttled", "sqs:retries=5", "a", "throttle=1", "oic", HISTORY_END_DONE, 1},
    {"timeout", "sqs:retries=5", "aa", "timeout=1", "oiric", HISTORY_END_DONE, 2},
    {"filtered", "sqs:filter={\"body\":[\"x\"]}", "", NULL, "oc", HISTORY_END_FILTERED, 0},
    {"an attempt keeps its id", "async:retries=1", "ea", NULL, "oiic", HISTORY_END_DONE, 2},
};

static void test_runs(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct run r;
        struct err err = {0};
        static struct chaos chaos;
        chaos = (struct chaos){0};
        if (rows[i].faults)
            CHECK_INT(chaos_parse(rows[i].faults, &chaos, &err), 0);
        begin(&r, rows[i].spec, rows[i].script);
        struct rehearsal *rehearsal = open_rehearsal(&r, rows[i].faults ? &chaos.given : NULL);
        CHECK(rehearsal != NULL);
        uv_run(&r.loop, UV_RUN_DEFAULT);
        CHECK_INT(r.over, 1);
        CHECK_STR(r.err.msg, "");
        CHECK_STR(world.happened, rows[i].happened);
        AUTO_FREE struct history_fate *fates = history_fates(rehearsal_history(rehearsal), &err);
        CHECK(fates != NULL);
        CHECK_INT(fates[0].end, rows[i].end);
        CHECK_INT(fates[0].deliveries, rows[i].deliveries);
        end(&r, rehearsal);
    }
}

/* What ends it early is told once, and the environment given back. */
static void test_fails(void)
{
    static const struct {
        const char *spec, *script, *msg, *happened;
        bool fail_reset;
    } cases[] = {
        {"sqs", "x", "the sandbox is gone", "oic", false},
        {"sqs:retries=5", "ex", "the sandbox is gone", "oiic", false},
        {"sqs:retries=5", "aa", "it lives on", "oirc", true},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct run r;
        struct err err = {0};
        static struct chaos chaos;
        CHECK_INT(chaos_parse("crash=1.1.1", &chaos, &err), 0);
        begin(&r, cases[i].spec, cases[i].script);
        world.fail_reset = cases[i].fail_reset;
        struct rehearsal *rehearsal = open_rehearsal(&r, cases[i].fail_reset ? &chaos.given : NULL);
        uv_run(&r.loop, UV_RUN_DEFAULT);
        CHECK_INT(r.over, 1);
        CHECK_STR(r.err.msg, cases[i].msg);
        CHECK_STR(world.happened, cases[i].happened);
        end(&r, rehearsal);
    }
}

static void test_ends_early(void)
{
    struct run r;
    begin(&r, "sqs", "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
    struct rehearsal *rehearsal = open_rehearsal(&r, NULL);
    uv_run(&r.loop, UV_RUN_DEFAULT);
    CHECK_STR(r.err.msg, "enough");
    CHECK_INT(r.seen, 40);
    end(&r, rehearsal);
    /* closed while an event runs: nobody is told */
    begin(&r, "sqs", "w");
    rehearsal = open_rehearsal(&r, NULL);
    uv_run(&r.loop, UV_RUN_NOWAIT);
    end(&r, rehearsal);
    CHECK_INT(r.over, 0);
    CHECK_STR(world.happened, "oic");
    begin(&r, "sqs", "a");
    world.fail_open = true;
    CHECK(open_rehearsal(&r, NULL) == NULL);
    CHECK_STR(r.err.msg, "no jail");
    end(&r, NULL);
}

static const struct check_test tests[] = {
    {"runs", test_runs},
    {"fails", test_fails},
    {"ends_early", test_ends_early},
};

CHECK_MAIN(tests)

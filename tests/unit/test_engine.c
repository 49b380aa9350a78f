/* SPDX-License-Identifier: Apache-2.0 */
/* The engine over environments that answer when a test's timer says so. */
#include "replay/engine.h"

#include <stdlib.h>

#include "check.h"
#include "launch/instance.h"

#define EVENTS_MAX 64
#define ANSWER_MAX ((size_t)1 << 20)

static size_t answer_len(size_t event_len)
{
    return event_len < ANSWER_MAX ? event_len : ANSWER_MAX;
}

/* An environment that answers with the beginning of what it was given. */
struct instance {
    uv_timer_t timer;
    struct instance_options options;
    struct environment_event event;
    unsigned starts;
};

static struct {
    size_t opened, closed, running, most_running;
    bool waited; /* an environment was told that its next event is there */
} world;

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_answered(uv_timer_t *timer)
{
    struct instance *i = timer->data;
    const struct environment_hooks *hooks = i->options.hooks;
    struct environment_answer answer = {
        .request_id = "id", .body = i->event.body, .body_len = answer_len(i->event.body_len)};
    struct report report = {
        .request_id = "id", .duration_us = 1000, .init_us = LOGLINES_NO_INIT, .memory_mb = 128};
    hooks->log(i->options.owner, ENVIRONMENT_LOG_PLATFORM, "START\n", 6);
    hooks->log(i->options.owner, ENVIRONMENT_LOG_FUNCTION, "a\nb\n", 4);
    hooks->answer(i->options.owner, &answer);
    world.running--;
    world.waited |= hooks->waits(i->options.owner);
    hooks->done(i->options.owner, &report);
}

struct instance *instance_open(const struct instance_options *o, struct err *err)
{
    struct instance *i = calloc(1, sizeof *i);
    (void)err;
    if (!i)
        return NULL;
    i->options = *o;
    uv_timer_init(o->loop, &i->timer);
    i->timer.data = i;
    world.opened++;
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
    world.closed++;
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
    i->starts = 1;
    world.running++;
    if (world.running > world.most_running)
        world.most_running = world.running;
    return uv_timer_start(&i->timer, on_answered, 1, 0);
}

struct environment_timing environment_timing(const struct environment *e)
{
    const struct instance *i = (const struct instance *)(const void *)e;
    return (struct environment_timing){.starts = i->starts};
}

/* ---- a run ---------------------------------------------------------------------------------- */

struct run {
    size_t count, size;                       /* events; bytes of each */
    size_t fail_next, fail_result, interrupt; /* at this event; 0: never */
    int64_t step_ms;                          /* between recorded times */
    size_t given, got, wrong;
    size_t seen[EVENTS_MAX + 1];
    int64_t last_begin_us;
    char *event, source[16];
    struct runloop loop;
    struct engine *engine;
};

static int on_next(void *owner, struct trace_entry *out, struct err *err)
{
    struct run *r = owner;
    if (r->given == r->count)
        return 0;
    if (++r->given == r->fail_next)
        return err_set(err, ERR_INPUT, "torn");
    snprintf(r->event, r->size + 1, "%zu", r->given);
    snprintf(r->source, sizeof r->source, "file %zu", r->given);
    out->event = (struct trace_text){r->event, r->size};
    out->source = r->source;
    if (r->step_ms)
        out->time_ms = 1000000 + (int64_t)r->given * r->step_ms;
    return 1;
}

static int on_result(void *owner, const struct engine_result *result, struct err *err)
{
    struct run *r = owner;
    size_t number = strtoul(result->recorded->event.ptr, NULL, 10);
    char source[32];
    snprintf(source, sizeof source, "file %zu", number);
    r->got++;
    r->seen[result->number]++;
    r->wrong += number != result->number || strcmp(source, result->recorded->source) != 0;
    const struct seat_outcome *o = &result->sides[0];
    r->wrong += o->entry.answer.len != answer_len(r->size) || o->entry.log.len != 4 ||
                o->entry.status != TRACE_STATUS_SUCCESS || !o->entry.cold_known;
    /* never before its time */
    r->wrong += o->begin_us < (int64_t)(number - 1) * r->step_ms * 1000;
    if (r->got == r->interrupt)
        engine_interrupt(r->engine);
    return r->got == r->fail_result ? err_set(err, ERR_SYSTEM, "full") : 0;
}

static void on_signal(void *cls)
{
    (void)cls;
}

static const struct row {
    const char *name;
    size_t count, size;
    unsigned jobs;
    size_t sides;
    bool cold;
    int64_t step_ms;
    size_t fail_next, fail_result, interrupt;
    enum err_kind kind;          /* of its end */
    size_t opened, most_running; /* 0: any number */
    bool waits;
} rows[] = {
    {"none", 0, 1, 1, 1, .opened = 1},
    {"one", 1, 1, 1, 1, .opened = 1, .most_running = 1},
    {"one after the other", 20, 10, 1, 1, .opened = 1, .most_running = 1, .waits = true},
    {"several at once", 20, 10, 4, 1, .opened = 4, .most_running = 4, .waits = true},
    {"more slots than events", 3, 10, 8, 1, .opened = 8, .most_running = 3},
    {"two sides", 9, 10, 1, 2, .opened = 2, .most_running = 1},
    {"three sides, two slots", 9, 10, 2, 3, .opened = 6, .most_running = 2},
    {"cold", 5, 10, 1, 1, .cold = true, .opened = 5, .most_running = 1},
    {"cold, several at once", 9, 10, 3, 1, .cold = true, .opened = 9, .most_running = 3},
    {"large ones wait for each other", 12, 3 << 20, 8, 1, .opened = 8, .most_running = 2,
     .waits = true},
    {"one that is larger than what may be held", 4, 10 << 20, 4, 1, .opened = 4, .most_running = 1},
    {"pace", 4, 10, 2, 1, .step_ms = 20},
    {"a trace that ends badly", 9, 10, 2, 1, .fail_next = 5, .kind = ERR_INPUT},
    {"a bad first event", 9, 10, 1, 1, .fail_next = 1, .kind = ERR_INPUT},
    {"a result that cannot be taken", 9, 10, 2, 1, .fail_result = 3, .kind = ERR_SYSTEM},
    {"interrupted", 20, 10, 2, 1, .interrupt = 4, .kind = ERR_CLOSED},
};

static void run_row(const struct row *row, struct run *r)
{
    static const struct launch launch;
    struct err err = {0};
    struct engine_options o = {.loop = &r->loop,
                               .nsides = row->sides,
                               .jobs = row->jobs,
                               .pace = row->step_ms ? 1 : 0,
                               .next = on_next,
                               .result = on_result,
                               .owner = r};
    for (size_t i = 0; i < row->sides; i++)
        o.sides[i] = (struct engine_side){.launch = &launch, .cold = row->cold};
    CHECK_INT(runloop_open(&r->loop, on_signal, r, &err), 0);
    r->engine = engine_open(&o, &err);
    CHECK(r->engine != NULL);
    CHECK_INT(engine_run(r->engine, &err), row->kind == ERR_NONE ? 0 : -1);
    CHECK_INT(err.kind, row->kind);
    CHECK_INT(engine_close(r->engine, &err), 0);
    runloop_close(&r->loop);
}

static void check_row(const struct row *row)
{
    struct run r = {.count = row->count,
                    .size = row->size,
                    .fail_next = row->fail_next,
                    .fail_result = row->fail_result,
                    .interrupt = row->interrupt,
                    .step_ms = row->step_ms,
                    .event = calloc(1, row->size + 1)};
    memset(&world, 0, sizeof world);
    if (!r.event)
        return;
    run_row(row, &r);
    CHECK_INT(r.wrong, 0);
    CHECK_INT(world.opened, world.closed);
    for (size_t i = 1; row->kind == ERR_NONE && i <= row->count; i++)
        CHECK_INT(r.seen[i], 1);
    if (row->opened)
        CHECK_INT(world.opened, row->opened);
    if (row->most_running)
        CHECK_INT(world.most_running, row->most_running);
    if (row->kind == ERR_NONE && !row->step_ms)
        CHECK_INT(world.waited, row->waits);
    if (row->fail_result)
        CHECK_INT(r.got, row->fail_result);
    if (row->interrupt)
        CHECK_INT(r.got, row->interrupt);
    free(r.event);
}

static void test_runs(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int before = check_failures;
        check_row(&rows[i]);
        if (check_failures != before)
            printf("# in: %s\n", rows[i].name);
    }
}

static const struct check_test tests[] = {
    {"runs", test_runs},
};

CHECK_MAIN(tests)

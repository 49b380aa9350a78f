/* SPDX-License-Identifier: Apache-2.0 */
/* --leaks: every event goes to a warm environment and to two new ones. What the warm one answers
 * otherwise than a new one, and the new ones alike, depends on what was before; what the new ones
 * answer differently changes by itself. After every event the warm one is counted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare/growth.h"
#include "jail/jail.h"
#include "launch/record.h"
#include "replay/work.h"

enum { SIDE_WARM, SIDE_COLD, SIDE_AGAIN };

static double memory_of(const struct jail_census *c)
{
    return (double)c->memory_bytes / 1024;
}

static double descriptors_of(const struct jail_census *c)
{
    return (double)c->descriptors;
}

static double threads_of(const struct jail_census *c)
{
    return (double)c->threads - (double)c->processes; /* beside the first of each process */
}

static double processes_of(const struct jail_census *c)
{
    return (double)c->processes;
}

static double tmp_of(const struct jail_census *c)
{
    return (double)c->tmp_bytes / 1024;
}

static double files_of(const struct jail_census *c)
{
    return (double)c->tmp_files;
}

static const struct kind {
    const char *name, *unit;
    double (*value)(const struct jail_census *c);
    double least; /* growth from the first to the last third that counts */
    double sure;  /* and that is more than a heap which spreads over its pages */
} kinds[] = {
    {"leak: memory", " KB", memory_of, 16, 256}, {"leak: descriptors", "", descriptors_of, 2, 0},
    {"leak: threads", "", threads_of, 2, 0},     {"leak: processes", "", processes_of, 2, 0},
    {"leak: /tmp", " KB", tmp_of, 8, 0},         {"leak: files in /tmp", "", files_of, 2, 0},
};

/* The first event whose answer is not what it should be. */
struct first {
    size_t count, number;
    char place[256], source[TALLY_SOURCE_MAX];
};

struct leaks {
    struct growth growth[ARRAY_LEN(kinds)];
    unsigned starts; /* of the warm environment's runtime */
    size_t lost;     /* runtimes */
    bool blind;
    struct err why; /* it is */
    struct first history, restless;
};

/* ---- growth --------------------------------------------------------------------------------- */

static void count(struct leaks *l, const struct seat_outcome *warm)
{
    struct jail_census census;
    struct err err = {0};
    if (warm->starts != l->starts) {
        l->lost += l->starts > 0;
        memset(l->growth, 0, sizeof l->growth);
        l->starts = warm->starts;
    }
    if (environment_census(warm->handle, &census, &err) < 0) {
        l->blind = true;
        l->why = err;
        return;
    }
    if (census.processes == 0)
        return; /* the event has cost the runtime its life */
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        growth_add(&l->growth[i], kinds[i].value(&census));
}

static void judge_kind(struct replay *r, const struct kind *k, const struct growth *g)
{
    struct growth_verdict v = growth_judge(g, k->least);
    bool sure = v.last - v.first >= k->sure;
    if (v.grows)
        tally_add_finding(&r->tally, sure, !sure, k->name,
                          "%.3g%s more with each invocation: about %.5g%s near invocation %zu, "
                          "%.5g%s near %zu%s",
                          v.each, k->unit, v.first, k->unit, v.from, v.last, k->unit, v.to,
                          sure ? ""
                               : "; a heap may spread so far by itself: name the trace more often");
    else
        tally_add_finding(&r->tally, false, false, k->name,
                          "does not grow: about %.5g%s near invocation %zu, %.5g%s near %zu",
                          v.first, k->unit, v.from, v.last, k->unit, v.to);
}

static void judge_growth(struct replay *r)
{
    const struct leaks *l = r->leaks;
    if (l->lost)
        tally_add_finding(
            &r->tally, false, true, "leaks",
            "the warm environment has lost its runtime %zu times (a crash, a timeout, "
            "memory): growth is counted from the last time on",
            l->lost);
    if (l->blind) {
        tally_add_finding(&r->tally, false, true, "leaks", "this host does not show what grows: %s",
                          l->why.msg);
        return;
    }
    if (l->growth[0].count < GROWTH_LEAST) {
        tally_add_finding(&r->tally, false, true, "leaks",
                          "%zu invocations in one environment are too few to tell growth from "
                          "warm-up: %d are needed; name the trace several times",
                          l->growth[0].count, GROWTH_LEAST);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        judge_kind(r, &kinds[i], &l->growth[i]);
}

/* ---- answers -------------------------------------------------------------------------------- */

static void note(struct first *f, const struct replay *r, const struct engine_result *result,
                 const struct compare_difference *d)
{
    if (f->count++)
        return;
    f->number = replay_number(r, result);
    snprintf(f->source, sizeof f->source, "%s, line %zu", result->recorded->source,
             result->recorded->line);
    snprintf(f->place, sizeof f->place, "%s", *d->pointer ? d->pointer : "the answer as a whole");
}

/* A difference that new environments do not have among themselves; NULL: none. */
static const struct compare_difference *find_steady(const struct compare_result *all,
                                                    const struct compare_result *restless)
{
    for (size_t i = 0; i < all->nitems; i++) {
        bool steady = true;
        for (size_t k = 0; k < restless->nitems && steady; k++)
            steady = strcmp(all->items[i].pointer, restless->items[k].pointer) != 0;
        if (steady)
            return &all->items[i];
    }
    return NULL;
}

static int leaks_result(struct replay *r, const struct engine_result *result, struct err *err)
{
    const struct seat_outcome *warm = &result->sides[SIDE_WARM];
    struct trace_entry expected =
        replay_with_event(&result->sides[SIDE_COLD].entry, result->recorded);
    struct trace_entry got = replay_with_event(&warm->entry, result->recorded);
    struct compare_result differences, restless = {0};
    if (replay_compare(r, &expected, &got, &differences, err) < 0 ||
        replay_compare(r, &expected, &result->sides[SIDE_AGAIN].entry, &restless, err) < 0)
        return -1;
    const struct compare_difference *steady = find_steady(&differences, &restless);
    if (steady)
        note(&r->leaks->history, r, result, steady);
    else if (restless.count)
        note(&r->leaks->restless, r, result, &restless.items[0]);
    if (!steady)
        differences = (struct compare_result){0};
    /* a new environment is slower: its times are nothing to compare with */
    expected.duration_us = expected.init_us = expected.max_memory_mb = TRACE_UNKNOWN;
    tally_add(&r->tally, replay_number(r, result), &expected, &got, &differences);
    replay_add_spans(r, warm, false);
    record_write(r->record, &got);
    count(r->leaks, warm);
    return 0;
}

static void judge_answers(struct replay *r)
{
    const struct first *history = &r->leaks->history, *restless = &r->leaks->restless;
    if (history->count)
        tally_add_finding(&r->tally, true, false, "history",
                          "the answers to %zu events depend on what was before: the first is event "
                          "%zu (%s), at %s; got is the warm environment's, expected a new one's",
                          history->count, history->number, history->source, history->place);
    else
        tally_add_finding(&r->tally, false, false, "history",
                          "no answer depends on what was before: warm and new environments agree");
    if (restless->count)
        tally_add_finding(&r->tally, false, true, "answers that change",
                          "new environments answer %zu events differently each time: the first is "
                          "event %zu (%s), at %s; --ignore or --match names what may change",
                          restless->count, restless->number, restless->source, restless->place);
}

static int leaks_run(struct replay *r, struct err *err)
{
    r->leaks = calloc(1, sizeof *r->leaks);
    if (!r->leaks)
        return err_set(err, ERR_MEMORY, "no memory for measurements");
    int status = replay_pass(r, err);
    if ((status == 0 || err->kind == ERR_CLOSED) && r->tally.done) {
        judge_answers(r);
        judge_growth(r);
    }
    free(r->leaks);
    r->leaks = NULL;
    return status;
}

const struct replay_mode replay_mode_leaks = {leaks_run, leaks_result};

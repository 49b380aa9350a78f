/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of replay share: replay.c (the command), run.c (events through
 * environments), tell.c (verdict and reports), and the modes: leaks.c,
 * power.c, events.c (--source), chaos.c. */
#pragma once

#include "base/arena.h"
#include "replay/engine.h"
#include "replay/options.h"
#include "replay/scene.h"
#include "replay/source.h"
#include "replay/update.h"
#include "replay/view.h"
#include "report/tally.h"

struct chaos_found;
struct leaks;
struct power;
struct replay_expected;
struct replay;

/* What is done with the results. */
struct replay_mode {
    /* Passes and judges; -1 with ERR_CLOSED: interrupted, which is told all the same. */
    int (*run)(struct replay *r, struct err *err);
    /* As engine_options.result. */
    int (*result)(struct replay *r, const struct engine_result *result, struct err *err);
};

extern const struct replay_mode replay_mode_compare, replay_mode_leaks, replay_mode_power,
    replay_mode_source, replay_mode_chaos;

struct replay {
    struct replay_options options;
    struct replay_options baseline; /* the same command line, for the other function */
    const struct replay_mode *mode;
    struct runloop loop;
    struct engine *engine; /* of the pass */
    struct replay_source *source;
    struct replay_view view;
    struct tally tally;
    struct arena arena;           /* of one comparison */
    struct buf command, repeat;   /* see tally.h */
    struct record *record;        /* --record; NULL: none */
    struct replay_update *update; /* --update; NULL: none */
    struct leaks *leaks;
    struct power *power;
    struct replay_expected *expected; /* --expect; NULL: none */
    struct replay_scene *scene;       /* --source, --chaos */
    struct chaos_found *found;        /* --chaos; NULL: nothing */
    int argc;
    char **argv;
    size_t read;              /* events, in this pass */
    size_t pass, npasses;     /* number, from 0 */
    int64_t pass_began_us;    /* since the replay began */
    unsigned environments;    /* of former passes */
    unsigned environment_end; /* behind the last one so far */
    bool empty;               /* the traces are: there is nothing to replay */
    bool interrupted;
    struct err late; /* a file could not be written: told behind the verdict, which holds */
};

/* run.c */

/* Runs all traces once. -1: err, ERR_CLOSED when it was interrupted. */
int replay_pass(struct replay *r, struct err *err) ATTR_CHECK;

/* Number of an event as --only takes it. */
size_t replay_number(const struct replay *r, const struct engine_result *result);

/* What was got, with the event that it was got for. */
struct trace_entry replay_with_event(const struct trace_entry *got,
                                     const struct trace_entry *recorded);

/* The differences of answers, and those of logs behind them when they are asked for; in the arena.
 */
int replay_compare(struct replay *r, const struct trace_entry *expected,
                   const struct trace_entry *got, struct compare_result *out,
                   struct err *err) ATTR_CHECK;

/* Its init and its invocation on the timeline. */
void replay_add_spans(struct replay *r, const struct seat_outcome *o, bool baseline);

/* tell.c */

void replay_judge_budget(struct replay *r);
int replay_tell(struct replay *r, struct err *err) ATTR_CHECK;

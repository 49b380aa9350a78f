/* SPDX-License-Identifier: Apache-2.0 */
/* --chaos: the records go once through the rules of their source as they are, then with faults,
 * seed by seed, until a history is not as it has to be beside the calm one. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "replay/notes.h"
#include "replay/shrink.h"
#include "replay/work.h"

#define ROUNDS_DEFAULT 1
#define ROUNDS_ENDLESS SIZE_MAX

/* A round that runs. */
struct round {
    struct faults faults;
    bool busy;
};

struct rounds {
    struct replay *replay;
    const struct rehearsal *calm;
    struct round *slots; /* heap, as many as jobs */
    size_t most, given, done;
    int64_t end_us;         /* no round begins behind it; 0: never */
    struct rehearsal *last; /* of the highest number so far */
    size_t last_number;
    struct chaos_found *found; /* heap; NULL: none */
    struct found_asides asides;
    size_t unread;    /* rounds with failures that nobody reads */
    struct err limit; /* ERR_NONE: none was reached */
    size_t limited;   /* the lowest round that reached it */
};

/* ---- rounds --------------------------------------------------------------------------------- */

static bool is_over(const struct rounds *s)
{
    return s->found || s->limit.kind != ERR_NONE || s->given == s->most ||
           (s->end_us && s->given > 0 && clock_now_us() >= s->end_us);
}

static bool next_round(void *owner, struct replay_play *out)
{
    struct rounds *s = owner;
    struct replay *r = s->replay;
    const struct replay_records *records = &r->scene->records;
    size_t slot = 0;
    if (is_over(s))
        return false;
    while (s->slots[slot].busy)
        slot++;
    s->slots[slot].busy = true;
    faults_plan(r->options.mapping.chaos, s->given, &records->settings,
                (uint32_t)records->records.count, &s->slots[slot].faults);
    *out = (struct replay_play){.records = records,
                                .launch = &r->options.launch,
                                .faults = &s->slots[slot].faults,
                                .shown = !r->options.mapping.chaos->seeded,
                                .number = s->given++};
    return true;
}

static void show(const struct rounds *s)
{
    struct replay_view *v = &s->replay->view;
    char text[120];
    int64_t now = clock_now_us();
    double part = -1;
    if (s->most != ROUNDS_ENDLESS)
        part = (double)s->done / (double)s->most;
    if (s->end_us) {
        double time = (double)(now - v->began_us) / (double)(s->end_us - v->began_us);
        part = time > part ? time : part;
    }
    snprintf(text, sizeof text, "%zu round%s, nothing found, %.1f a second", s->done,
             s->done == 1 ? "" : "s", (double)s->done / ((double)(now - v->began_us) / 1e6));
    replay_view_tell(v, part > 1 ? 1 : part, text);
}

static int keep_found(struct rounds *s, struct replay_play *play, const struct judge_out *judged,
                      struct err *err)
{
    if (s->found && s->found->round < play->number)
        return 0;
    if (!s->found)
        s->found = calloc(1, sizeof *s->found);
    if (!s->found)
        return err_set(err, ERR_MEMORY, "no memory for a finding");
    replay_scene_end(s->found->shaken);
    *s->found = (struct chaos_found){.round = play->number,
                                     .faults = *play->faults,
                                     .check = judged->findings[0].check,
                                     .judged = *judged,
                                     .shaken = TAKE(play->rehearsal)};
    return 0;
}

static void keep_last(struct rounds *s, struct replay_play *play)
{
    if (s->last && s->last_number > play->number)
        return;
    replay_scene_end(s->last);
    s->last_number = play->number;
    s->last = TAKE(play->rehearsal);
}

static void free_slot(struct rounds *s, const struct replay_play *play)
{
    for (size_t i = 0; i < s->replay->options.jobs; i++)
        if (&s->slots[i].faults == play->faults)
            s->slots[i].busy = false;
}

/* Those that began before it go on: what they find counts. */
static void round_limited(void *owner, const struct replay_play *play, const struct err *why)
{
    struct rounds *s = owner;
    free_slot(s, play);
    if (s->limit.kind != ERR_NONE && s->limited < play->number)
        return;
    s->limit = *why;
    s->limited = play->number;
}

static int round_over(void *owner, struct replay_play *play, struct err *err)
{
    struct rounds *s = owner;
    struct replay *r = s->replay;
    AUTO_FREE struct judge_out *judged = calloc(1, sizeof *judged);
    int status = 0;
    if (!judged)
        return err_set(err, ERR_MEMORY, "no memory for findings");
    free_slot(s, play);
    if (r->interrupted)
        return 0; /* half a round says nothing */
    s->done++;
    status = found_judge(r, &r->scene->records, s->calm, play->rehearsal, judged, err);
    if (status == 0)
        found_note(&s->asides, judged, play->number);
    s->unread += status == 0 && judged->unread;
    if (status == 0 && judged->count)
        status = keep_found(s, play, judged, err);
    else if (status == 0)
        keep_last(s, play);
    show(s);
    return status;
}

/* Where nothing is done without faults one round says all that there is to say: the checks that
 * need no calm run beside it. */
static int limit_rounds(struct rounds *s, struct err *err)
{
    const struct history *h = rehearsal_history(s->calm);
    AUTO_FREE struct history_fate *fates = history_fates(h, err);
    size_t done = 0, undone = 0;
    if (!fates)
        return -1;
    for (uint32_t i = 0; i < h->nrecords; i++) {
        done += fates[i].end == HISTORY_END_DONE;
        undone += fates[i].end == HISTORY_END_LOST || fates[i].end == HISTORY_END_DLQ;
    }
    if (undone && !done)
        s->most = 1;
    return 0;
}

static int run_rounds(struct rounds *s, struct err *err)
{
    struct replay *r = s->replay;
    const struct replay_rules *rules = &r->options.mapping;
    const struct replay_plays plays = {next_round, round_over, round_limited, s};
    s->most = rules->rounds ? rules->rounds : rules->minutes > 0 ? ROUNDS_ENDLESS : ROUNDS_DEFAULT;
    s->slots = calloc(r->options.jobs, sizeof *s->slots);
    if (!s->slots)
        return err_set(err, ERR_MEMORY, "no memory for rounds");
    if (limit_rounds(s, err) < 0)
        return -1;
    replay_view_begin(&r->view);
    if (rules->minutes > 0)
        s->end_us = clock_now_us() + (int64_t)(rules->minutes * 60e6);
    int status = replay_scene_play(r, &plays, err);
    /* a round behind the one that was found counts for nothing, whatever --jobs is */
    if (status < 0 || s->limit.kind == ERR_NONE || (s->found && s->found->round < s->limited))
        return status;
    *err = s->limit;
    return rules->chaos->seeded
               ? err_wrap(err, "--chaos, seed %" PRIu64, rules->chaos->seed + s->limited)
               : err_wrap(err, "--chaos");
}

/* ---- the run -------------------------------------------------------------------------------- */

/* Faults that were asked for by name have to be possible, and about records that are there. */
static int check_faults(const struct replay *r, struct err *err)
{
    const struct chaos *c = r->options.mapping.chaos;
    const struct mapping_settings *s = &r->scene->records.settings;
    size_t count = r->scene->records.records.count;
    bool all = true;
    for (int k = 0; k < FAULT_KIND_COUNT; k++)
        all = all && c->kinds[k];
    for (int k = 0; c->seeded && !all && k < FAULT_KIND_COUNT; k++) {
        const char *why = c->kinds[k] ? fault_impossible((enum fault_kind)k, s) : NULL;
        if (why)
            return err_set(err, ERR_USAGE, "--chaos: %s cannot be: %s", fault_kind_names[k], why);
    }
    for (size_t i = 0; !c->seeded && i < c->given.count; i++) {
        const struct fault *f = &c->given.items[i];
        const char *why = fault_impossible(f->kind, s);
        if (why)
            return err_set(err, ERR_USAGE, "--chaos: %s cannot be: %s", fault_kind_names[f->kind],
                           why);
        if (f->record >= count)
            return err_set(err, ERR_USAGE, "--chaos: %s=%zu: the traces have %zu record%s",
                           fault_kind_names[f->kind], (size_t)f->record + 1, count,
                           count == 1 ? "" : "s");
    }
    return 0;
}

/* What is not done without faults is not judged with them. */
static void tell_undone(struct replay *r)
{
    const struct tally_history *calm = &r->tally.histories[r->tally.nhistories - 1];
    size_t undone = calm->ends[HISTORY_END_LOST] + calm->ends[HISTORY_END_DLQ];
    if (undone && !calm->ends[HISTORY_END_DONE])
        tally_add_finding(&r->tally, true, false, "calm",
                          "no message is done without faults: there is nothing to judge");
    else if (undone)
        tally_add_finding(&r->tally, false, true, "calm",
                          "%zu of %zu messages are not done without faults, and not judged", undone,
                          calm->messages);
}

/* Whether they are read is a guess. */
static void tell_unread(struct rounds *s)
{
    if (s->unread)
        tally_add_finding(&s->replay->tally, false, true, "failures",
                          "the function names batchItemFailures, which are read with "
                          "report-failures only: these events do not say whether the mapping has "
                          "it; if so, say --source %s%sreport-failures",
                          s->replay->scene->spec.ptr,
                          strchr(s->replay->scene->spec.ptr, ':') ? "," : ":");
}

static size_t count_fault(const struct history *h, const struct fault *f)
{
    size_t count = 0;
    for (size_t i = 0; i < h->nentries; i++) {
        const struct history_entry *e = &h->entries[i];
        if (e->kind != HISTORY_FAULT || e->fault != f->kind)
            continue;
        for (uint32_t m = 0; m < e->count; m++)
            count += h->members[e->first + m] == f->record;
    }
    return count;
}

/* Faults that were given and waited for a delivery that never came. */
static void tell_absent(struct rounds *s, const struct rehearsal *shaken)
{
    const struct chaos *c = s->replay->options.mapping.chaos;
    for (size_t i = 0; !c->seeded && i < c->given.count; i++) {
        const struct fault *f = &c->given.items[i];
        size_t wanted = 0;
        for (size_t j = 0; j <= i; j++)
            wanted += c->given.items[j].kind == f->kind && c->given.items[j].record == f->record;
        if (count_fault(rehearsal_history(shaken), f) < wanted)
            tally_add_finding(&s->replay->tally, false, true, "absent",
                              "%s=%" PRIu32 ".%" PRIu32
                              " did not happen: there is no such delivery, or "
                              "another fault came before it",
                              fault_kind_names[f->kind], f->record + 1, f->delivery);
    }
}

/* A single round that passes is worth a look. */
static int tell_passed(struct rounds *s, struct err *err)
{
    struct replay *r = s->replay;
    if (!s->last)
        return 0;
    found_tell(r, &s->asides, s->done);
    tell_absent(s, s->last);
    if (s->most == 1 && found_add(r, "with faults", &r->scene->records, s->last, NULL, err) < 0)
        return -1;
    replay_scene_keep(r, s->last, NULL);
    return 0;
}

static int tell_found(struct rounds *s, struct err *err)
{
    struct replay *r = s->replay;
    struct tally_chaos *t = &r->tally.chaos;
    struct found_asides asides = {0};
    t->failed = true;
    t->failing_seed = t->seed + s->found->round;
    /* which other rounds were run depends on --jobs */
    found_note(&asides, &s->found->judged, s->found->round);
    found_tell(r, &asides, 1);
    replay_scene_keep(r, s->found->shaken, NULL);
    return replay_shrink(r, s->found, err);
}

static int tell(struct rounds *s, struct err *err)
{
    struct replay *r = s->replay;
    struct tally_chaos *t = &r->tally.chaos;
    const struct chaos *c = r->options.mapping.chaos;
    *t = (struct tally_chaos){.on = true, .seeded = c->seeded, .seed = c->seed, .rounds = s->done};
    if (s->found)
        t->rounds = s->found->round + 1;
    if (found_add(r, "calm", &r->scene->records, s->calm, NULL, err) < 0)
        return -1;
    tell_undone(r);
    tell_unread(s);
    return s->found ? tell_found(s, err) : tell_passed(s, err);
}

static int run(struct rounds *s, struct rehearsal *calm, struct err *err)
{
    s->calm = calm;
    replay_notes_batches(s->replay, rehearsal_history(calm));
    int status = run_rounds(s, err);
    if (status < 0 && err->kind != ERR_CLOSED)
        return -1;
    struct err told = {0};
    replay_view_clear(&s->replay->view);
    if (tell(s, &told) == 0)
        return status;
    *err = told;
    return -1;
}

/* With a seed the calm run is what is shown and writes files: rounds differ. Faults that were given
 * themselves are one round, and it is the one that was asked for. */
static int rehearse(struct replay *r, struct err *err)
{
    struct replay_play calm = {.records = &r->scene->records,
                               .launch = &r->options.launch,
                               .shown = r->options.mapping.chaos->seeded};
    AUTO_FREE struct rounds *s = calloc(1, sizeof *s);
    if (!s)
        return err_set(err, ERR_MEMORY, "no memory for rounds");
    s->replay = r;
    int status = replay_scene_play_all(r, &calm, 1, err);
    if (status == 0)
        status = run(s, calm.rehearsal, err);
    replay_scene_end(calm.rehearsal);
    replay_scene_end(s->last);
    if (s->found)
        replay_scene_end(TAKE(s->found->shaken));
    r->found = s->found;
    free(s->slots);
    return status;
}

static int chaos_run(struct replay *r, struct err *err)
{
    int status = replay_scene_open(r, err);
    if (status == 0)
        status = check_faults(r, err);
    return status < 0 ? -1 : rehearse(r, err);
}

const struct replay_mode replay_mode_chaos = {chaos_run, NULL};

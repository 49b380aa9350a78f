/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/scene.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/temporary.h"
#include "launch/instance.h"
#include "launch/output.h"
#include "launch/record.h"
#include "replay/notes.h"
#include "replay/work.h"

#define HISTORY_MAX ((size_t)1 << 30) /* bytes of one as lines */

/* ---- what is played ------------------------------------------------------------------------- */

static void on_warning(void *owner, const char *text)
{
    struct replay *r = owner;
    replay_view_clear(&r->view);
    output_note("warning: %s", text);
}

static int open_scene(struct replay *r, struct err *err)
{
    struct replay_scene *s = r->scene;
    const struct replay_options *o = &r->options;
    const struct replay_records_in in = {
        .options = o,
        .paths = o->traces,
        .npaths = o->ntraces,
        .source = o->mapping.source,
        .interrupt_fd = r->loop.signal_fd,
        .warn = on_warning,
        .owner = r,
    };
    if (replay_records_read(&in, &s->records, err) < 0) {
        r->empty = s->records.empty;
        return -1;
    }
    replay_notes_spec(r);
    if (buf_check(&s->spec, "settings", err) < 0 ||
        replay_outlets_open(&s->outlets, &s->records.settings, o, err) < 0)
        return -1;
    settings_arn(&o->launch.settings, s->arn);
    replay_notes_tell(r);
    r->tally.messages = true;
    r->tally.source = s->spec.ptr;
    return 0;
}

int replay_scene_open(struct replay *r, struct err *err)
{
    r->scene = calloc(1, sizeof *r->scene);
    if (!r->scene)
        return err_set(err, ERR_MEMORY, "no memory for a simulation");
    r->scene->outlets.claim_fd = -1;
    r->scene->began_us = clock_now_us();
    buf_init(&r->scene->spec, (size_t)MAPPING_TEXT_MAX * 8);
    return open_scene(r, err);
}

int replay_scene_nothing(struct replay *r, struct err *err)
{
    struct replay_scene *s = r->scene;
    const struct replay_options *o = &r->options;
    r->tally.messages = true;
    if (replay_outlets_open(&s->outlets, &s->records.settings, o, err) < 0 ||
        replay_outlets_empty(&s->outlets, err) < 0)
        return -1;
    return o->mapping.history ? temporary_write(o->mapping.history, "", 0, err) : 0;
}

void replay_scene_close(struct replay *r)
{
    struct replay_scene *s = r->scene;
    if (!s)
        return;
    uv_run(&r->loop.loop, UV_RUN_NOWAIT); /* what was closed is gone */
    instance_sweep();
    replay_records_fini(&s->records);
    replay_outlets_close(&s->outlets);
    buf_free(&s->spec);
    free(s);
    r->scene = NULL;
}

/* ---- playing -------------------------------------------------------------------------------- */

struct stage;

struct slot {
    struct stage *stage;
    struct replay_play play;
    bool busy;
};

struct stage {
    struct replay *replay;
    const struct replay_plays *plays;
    struct slot slots[ENGINE_JOBS_MAX];
    unsigned running;
    bool stopping;
    struct err err; /* why */
};

static void stop(struct stage *s, const struct err *why)
{
    if (!s->stopping)
        s->err = *why;
    s->stopping = true;
    uv_stop(&s->replay->loop.loop);
}

static int on_invoked(void *owner, const struct seat_outcome *outcome, struct err *err)
{
    const struct slot *slot = owner;
    struct replay *r = slot->stage->replay;
    struct seat_outcome o = *outcome;
    (void)err;
    if (!slot->play.shown)
        return 0;
    o.begin_us -= r->scene->began_us;
    o.end_us -= r->scene->began_us;
    replay_add_spans(r, &o, slot->play.baseline);
    if (!slot->play.baseline)
        record_write(r->record, &o.entry);
    return 0;
}

static void fill(struct stage *s);

static void on_over(void *owner, struct rehearsal *rehearsal, const struct err *why)
{
    struct slot *slot = owner;
    struct stage *s = slot->stage;
    struct err err = {0};
    if (why && why->kind == ERR_LIMIT && s->plays->limited)
        s->plays->limited(s->plays->owner, &slot->play, why);
    else if (why)
        stop(s, why);
    else if (s->plays->over(s->plays->owner, &slot->play, &err) < 0)
        stop(s, &err);
    if (slot->play.rehearsal == rehearsal)
        replay_scene_end(TAKE(slot->play.rehearsal));
    slot->busy = false;
    s->running--;
    fill(s);
}

static int begin(struct slot *slot, struct err *err)
{
    struct replay *r = slot->stage->replay;
    struct replay_scene *scene = r->scene;
    struct replay_play *p = &slot->play;
    const struct rehearsal_options o = {
        .loop = &r->loop.loop,
        .launch = p->launch,
        .whole_cpu = !r->options.real_cpu && !r->options.launch.record.path,
        .number = scene->environments++,
        .simulation = {.settings = &p->records->settings,
                       .filter = p->records->filter,
                       .records = &p->records->records,
                       .only = p->only,
                       .nonly = p->nonly,
                       .faults = p->faults,
                       .function_arn = scene->arn,
                       .deliver = p->shown && !p->baseline ? replay_outlets_deliver : NULL,
                       .owner = &scene->outlets},
        .invoked = on_invoked,
        .over = on_over,
        .owner = slot,
    };
    p->rehearsal = rehearsal_open(&o, err);
    if (!p->rehearsal)
        return -1;
    if (o.simulation.deliver && replay_outlets_empty(&scene->outlets, err) < 0) {
        replay_scene_end(TAKE(p->rehearsal));
        return -1;
    }
    if (!scene->told_relaxed)
        instance_tell_relaxed(rehearsal_instance(p->rehearsal));
    scene->told_relaxed = true;
    return 0;
}

/* Gives every idle slot something to play. */
static void fill(struct stage *s)
{
    struct err err = {0};
    const struct replay *r = s->replay;
    for (unsigned i = 0; i < r->options.jobs && !s->stopping && !r->interrupted; i++) {
        struct slot *slot = &s->slots[i];
        if (slot->busy)
            continue;
        slot->play = (struct replay_play){0};
        if (!s->plays->next(s->plays->owner, &slot->play))
            break;
        if (begin(slot, &err) < 0) {
            stop(s, &err);
            break;
        }
        slot->busy = true;
        s->running++;
    }
    if (s->running == 0)
        uv_stop(&s->replay->loop.loop);
}

static int play(struct stage *s, struct err *err)
{
    struct replay *r = s->replay;
    while (s->running > 0 && !s->stopping && !r->interrupted)
        uv_run(&r->loop.loop, UV_RUN_DEFAULT);
    if (s->stopping) {
        *err = s->err;
        return -1;
    }
    return r->interrupted ? err_set(err, ERR_CLOSED, "interrupted") : 0;
}

int replay_scene_play(struct replay *r, const struct replay_plays *plays, struct err *err)
{
    AUTO_FREE struct stage *s = calloc(1, sizeof *s);
    if (!s)
        return err_set(err, ERR_MEMORY, "no memory for a simulation");
    s->replay = r;
    s->plays = plays;
    for (size_t i = 0; i < ARRAY_LEN(s->slots); i++)
        s->slots[i].stage = s;
    if (!r->interrupted)
        fill(s);
    int status = play(s, err);
    for (size_t i = 0; i < ARRAY_LEN(s->slots); i++)
        if (s->slots[i].busy) {
            struct err ignored = {0};
            /* what was done so far counts, where somebody takes it */
            if (r->interrupted && plays->over(plays->owner, &s->slots[i].play, &ignored) < 0)
                output_error(&ignored);
            replay_scene_end(s->slots[i].play.rehearsal);
        }
    uv_run(&r->loop.loop, UV_RUN_NOWAIT);
    r->tally.environments = r->scene->environments; /* those of rounds are not on the timeline */
    return status;
}

struct list {
    struct replay_play *plays;
    size_t count, at;
};

static bool next_of_list(void *owner, struct replay_play *out)
{
    struct list *l = owner;
    if (l->at == l->count)
        return false;
    *out = l->plays[l->at];
    out->number = l->at++;
    return true;
}

static int over_of_list(void *owner, struct replay_play *play, struct err *err)
{
    struct list *l = owner;
    (void)err;
    l->plays[play->number].rehearsal = TAKE(play->rehearsal);
    return 0;
}

int replay_scene_play_all(struct replay *r, struct replay_play *plays, size_t count,
                          struct err *err)
{
    struct list list = {.plays = plays, .count = count};
    const struct replay_plays p = {next_of_list, over_of_list, NULL, &list};
    return replay_scene_play(r, &p, err);
}

void replay_scene_end(struct rehearsal *rehearsal)
{
    struct err err = {0};
    rehearsal_close(rehearsal, &err);
    if (err.kind != ERR_NONE)
        output_note("warning: %s", err.msg);
}

int replay_scene_write(const struct rehearsal *rehearsal, struct replay_records *records,
                       struct buf *out, struct err *err)
{
    buf_init(out, HISTORY_MAX);
    history_write(rehearsal_history(rehearsal), simulation_name, &records->records, out);
    return buf_check(out, "a history", err);
}

void replay_scene_keep(struct replay *r, const struct rehearsal *rehearsal, const struct buf *lines)
{
    AUTO_BUF struct buf own = {0};
    const char *path = r->options.mapping.history;
    if (!path)
        return;
    if (!lines || !lines->len) {
        if (replay_scene_write(rehearsal, &r->scene->records, &own, &r->late) < 0)
            return;
        lines = &own;
    }
    if (temporary_write(path, lines->ptr ? lines->ptr : "", lines->len, &r->late) < 0)
        return;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What --source and --chaos have in common: the records of the traces, and rehearsals of them, as
 * many at once as --jobs allows. */
#pragma once

#include "replay/outlets.h"
#include "replay/records.h"
#include "replay/rehearsal.h"

struct replay;

struct replay_scene {
    struct replay_records records;
    struct replay_outlets outlets;
    struct buf spec;       /* the settings, as --source takes them */
    unsigned environments; /* made so far */
    bool told_relaxed;
    int64_t began_us; /* by clock_now_us */
    char arn[SETTINGS_ARN_SIZE];
};

/* Reads the traces, tells what was found in them, opens the files of the settings. The scene is
 * the replay's; replay_scene_close in any case. */
int replay_scene_open(struct replay *r, struct err *err) ATTR_CHECK;
void replay_scene_close(struct replay *r);

/* When it could not be opened because the traces are empty: the files that a run writes are, too.
 */
int replay_scene_nothing(struct replay *r, struct err *err) ATTR_CHECK;

/* One rehearsal that is to be, that runs, that has been. */
struct replay_play {
    const struct replay_records *records;
    const struct launch *launch;
    const uint32_t *only; /* see simulation.h */
    size_t nonly;
    const struct faults *faults;
    bool shown;    /* its invocations are recorded and stand on the timeline, its files written */
    bool baseline; /* for the timeline */
    size_t number; /* the owner's */
    struct rehearsal *rehearsal;
};

struct replay_plays {
    /* The next one; false: none for now. What it names outlives it. */
    bool (*next)(void *owner, struct replay_play *out);
    /* It has been; its rehearsal may be taken (then NULL is left), else it is closed. -1 ends all.
     */
    int (*over)(void *owner, struct replay_play *play, struct err *err);
    /* Its history has reached a limit (ERR_LIMIT); the others go on. NULL: that ends all. */
    void (*limited)(void *owner, const struct replay_play *play, const struct err *why);
    void *owner;
};

/* Until next gives none and all are over. -1: err, ERR_CLOSED when it was interrupted. */
int replay_scene_play(struct replay *r, const struct replay_plays *plays,
                      struct err *err) ATTR_CHECK;

/* These, each once; their rehearsals stay with them. */
int replay_scene_play_all(struct replay *r, struct replay_play *plays, size_t count,
                          struct err *err) ATTR_CHECK;

/* Accepts NULL. What cannot be given back is told. */
void replay_scene_end(struct rehearsal *rehearsal);

/* Writes the file of --history, if there is one: what cannot be written is the replay's late error.
 * lines: the history, when replay_scene_write has written it; else NULL or empty. */
void replay_scene_keep(struct replay *r, const struct rehearsal *rehearsal,
                       const struct buf *lines);

/* A history as lines of JSON. */
int replay_scene_write(const struct rehearsal *rehearsal, struct replay_records *records,
                       struct buf *out, struct err *err) ATTR_CHECK;

/* SPDX-License-Identifier: Apache-2.0 */
/* What --chaos has found, on its way from the round that fails (chaos.c) to the smallest
 * history that does (shrink.c). */
#pragma once

#include "replay/scene.h"
#include "simulate/judge.h"

struct chaos_found {
    size_t round;           /* from 0 */
    struct faults faults;   /* of the round */
    enum judge_check check; /* the first finding: what is smaller has to fail the same way */
    struct judge_out judged;
    struct rehearsal *shaken;
    const char *path;                    /* of the smallest trace */
    bool same;                           /* it is the trace that was given */
    struct buf smallest_faults, command; /* what the tally's texts point to */
};

/* Accepts NULL. */
void found_free(struct chaos_found *found);

/* What a history with faults is worth beside the calm one of the same records. */
int found_judge(struct replay *r, const struct replay_records *records,
                const struct rehearsal *calm, const struct rehearsal *shaken, struct judge_out *out,
                struct err *err) ATTR_CHECK;

bool found_has(const struct judge_out *judged, enum judge_check check);

/* What does not fail is counted over all rounds and told once. */
struct found_aside {
    size_t rounds, records;
    size_t round; /* the lowest, and what it says */
    struct judge_aside first;
};

struct found_asides {
    struct found_aside items[JUDGE_ASIDE_COUNT];
};

/* Rounds come in any order; round: from 0. */
void found_note(struct found_asides *all, const struct judge_out *judged, size_t round);
/* To the report; rounds: of all that were judged. */
void found_tell(struct replay *r, const struct found_asides *all, size_t rounds);

/* Puts a history into the report, with what was found in it. */
int found_add(struct replay *r, const char *title, struct replay_records *records,
              const struct rehearsal *rehearsal, const struct judge_out *judged,
              struct err *err) ATTR_CHECK;

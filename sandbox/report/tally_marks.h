/* SPDX-License-Identifier: Apache-2.0 */
/* What happened to the messages of a history that were chosen to be kept: inside of
 * tally_add_history. */
#pragma once

#include "report/tally_history.h"

#define TALLY_NO_ROW UINT32_MAX

struct tally_marks {
    const struct history *history;
    struct tally_history *out;
    struct history_fate *fates;
    uint8_t *ranks;      /* of each record: what it is worth to be kept for */
    uint32_t *retries;   /* of each record: times two, plus 1 while it waits for the next one */
    uint32_t *rows;      /* of each record: its place in out->kept */
    uint32_t *stamps;    /* of each record: the entry that last named it as failed, plus 1 */
    size_t *room;        /* of each kept message: marks that it may have */
    uint32_t *batches;   /* of each invocation: its INVOKED entry, plus 1; 0: none */
    uint32_t *calls;     /* of each invocation: its place in out->calls, plus 1; 0: none */
    size_t ninvocations; /* the highest number, plus 1 */
};

/* Sets nmarks of each kept message to how many there are. */
void tally_marks_count(struct tally_marks *w);

/* Copies marks and invocations as far as there is room. */
void tally_marks_fill(struct tally_marks *w);

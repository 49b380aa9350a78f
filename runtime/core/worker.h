/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of one worker process (see workers.h). */
#pragma once

#include <signal.h>

#include "core/workers.h"

/* What a worker tells its parent, in memory that both see. */
struct worker_word {
    unsigned answered; /* events */
    bool api_lost;     /* it ended because the Runtime API is of no use to it */
    bool unfit;        /* an after-restore hook failed in its very first start */
};

struct worker_start {
    pid_t parent;
    sigset_t mask; /* of signals, to be set again */
    bool first;    /* nothing was started in this place before */
    struct worker_word *word;
    bool *posted; /* seen by all workers: the failure of the start is posted */
};

/* Runs in a process just forked, with all signals blocked. Ends it without what atexit knows: that
 * is for the one process that all come from. */
_Noreturn void worker_main(const struct workers_job *job, const struct worker_start *start);

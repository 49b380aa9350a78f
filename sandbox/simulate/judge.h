/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a history with faults is as it has to be, beside the calm one of the same records. Pure.
 */
#pragma once

#include "simulate/history.h"
#include "simulate/simulation.h"

#define JUDGE_FINDINGS_MAX 64
#define JUDGE_DIFFERENCE   480 /* bytes */

enum judge_check {
    JUDGE_LOST,     /* done when calm, now lost or given up, and it is not the poisoned one */
    JUDGE_OUTCOME,  /* one delivery of a message succeeded, another one failed or answered
                         otherwise: what it does depends on what it did */
    JUDGE_ORDER,    /* of a FIFO queue's group, processed before one that came earlier and was
                         reported as failed */
    JUDGE_FAILURES, /* batchItemFailures names what is not in the batch, or is ignored */
    JUDGE_REPEATED, /* delivered again after its success without a reason that at-least-once
                         allows */
    JUDGE_POISON,   /* a healthy record went down with a poisoned one, and the function failed the
                         batch as a whole */
    JUDGE_CHECK_COUNT
};

extern const char *const judge_check_names[JUDGE_CHECK_COUNT]; /* "lost", "outcome", ... */

struct judge_finding {
    enum judge_check check;
    uint32_t record;
    uint32_t invocation; /* 0: none */
    char text[600];      /* "done without faults, lost with them: ..." */
};

/* What is told, and does not fail. */
enum judge_aside_kind {
    JUDGE_EXCUSED,   /* records lost by faults alone: the retries or the time are used up */
    JUDGE_SHARED,    /* by faults, and by failures or poison that are not more than they */
    JUDGE_SETTINGS,  /* with a poisoned one, though the function failed just that */
    JUDGE_SWALLOWED, /* poisoned ones that were answered as done */
    JUDGE_ASIDE_COUNT
};

extern const char *const judge_aside_names[JUDGE_ASIDE_COUNT]; /* "excused", ... */
extern const char *const judge_aside_texts[JUDGE_ASIDE_COUNT]; /* what became of the records */

struct judge_aside {
    size_t count;   /* of records */
    uint32_t first; /* of them */
    char text[300]; /* about it: why, what helps */
};

struct judge_answers {
    const char *was, *now;
    size_t was_len, now_len;
};

struct judge_in {
    const struct mapping_settings *settings;
    const struct simulation_records *records;
    const struct history *calm, *shaken;
    bool failures_guessed; /* report-failures is off, and may be on where they come from */
    /* Whether two answers to the same single record are the same, else what differs, one line;
     * NULL: byte by byte. */
    bool (*same)(void *owner, const struct judge_answers *answers, char out[JUDGE_DIFFERENCE]);
    void *owner;
};

struct judge_out {
    struct judge_finding findings[JUDGE_FINDINGS_MAX];
    size_t count;  /* of all; the first ones are kept */
    size_t unread; /* answers whose failures nobody reads, no findings: failures_guessed */
    struct judge_aside asides[JUDGE_ASIDE_COUNT];
};

int judge_history(const struct judge_in *in, struct judge_out *out, struct err *err) ATTR_CHECK;

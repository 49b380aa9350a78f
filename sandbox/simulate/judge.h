/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a history with faults is as it has to be, beside the calm one of the same records. Pure.
 */
#pragma once

#include "simulate/history.h"
#include "simulate/simulation.h"

#define JUDGE_FINDINGS_MAX 64

enum judge_check {
    JUDGE_LOST,     /* done when calm, now lost or given up, and it is not the poisoned one */
    JUDGE_OUTCOME,  /* one delivery of a message succeeded, another one failed or answered
                         otherwise: what it does depends on what it did */
    JUDGE_ORDER,    /* of one shard, key or group, processed before one that came earlier and
                         was reported as failed */
    JUDGE_FAILURES, /* batchItemFailures names what is not in the batch, or is ignored */
    JUDGE_REPEATED, /* delivered again after its success without a reason that at-least-once
                         allows */
    JUDGE_POISON,   /* a healthy record went down with a poisoned one */
    JUDGE_CHECK_COUNT
};

extern const char *const judge_check_names[JUDGE_CHECK_COUNT]; /* "lost", "outcome", ... */

struct judge_finding {
    enum judge_check check;
    uint32_t record;
    uint32_t invocation; /* 0: none */
    char text[300];      /* "done without faults, lost with them: ..." */
};

struct judge_in {
    const struct mapping_settings *settings;
    const struct simulation_records *records;
    const struct history *calm, *shaken;
    const struct faults *faults;
    bool failures_guessed; /* report-failures is off, and may be on where they come from */
    /* Whether two answers to the same single record are the same; NULL: byte by byte. */
    bool (*same)(void *owner, const char *a, size_t a_len, const char *b, size_t b_len);
    void *owner;
};

struct judge_out {
    struct judge_finding findings[JUDGE_FINDINGS_MAX];
    size_t count;   /* of all; the first ones are kept */
    size_t unread;  /* answers whose failures nobody reads, no findings: failures_guessed */
    size_t excused; /* records that are lost though the function is not to blame: the faults alone
                       used up their retries or their time */
};

int judge_history(const struct judge_in *in, struct judge_out *out, struct err *err) ATTR_CHECK;

/* What two histories of the same records (recorded and now, baseline and now) make of each record:
 * one finding for each whose end differs. */
int judge_compare(const struct judge_in *in, struct judge_out *out, struct err *err) ATTR_CHECK;

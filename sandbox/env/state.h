/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of an environment share: environment.c (its face), process.c (the runtime's
 * processes and what they write), lifecycle.c (what follows from what). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "base/buf.h"
#include "base/clock.h"
#include "env/environment.h"
#include "env/fault.h"
#include "env/ids.h"
#include "env/lines.h"
#include "env/vars.h"
#include "env/watch.h"
#include "jail/jail.h"

#define STATE_INIT_LIMIT_MS  10000  /* Lambda's limit for an init ahead of the event */
#define STATE_INIT_GRACE_US  200000 /* for a runtime to exit after its init/error */
#define STATE_SAMPLE_MS      10
#define STATE_LATE_US        20000     /* a limit noticed later than this: the loop stood still */
#define STATE_LATE_GRACE_MS  50        /* then the runtime is heard once more */
#define STATE_TEXT_MAX       (1 << 20) /* lines of the platform, payloads */
#define STATE_ERROR_TYPE_MAX 256

enum environment_state {
    ENVIRONMENT_NONE, /* nothing runs */
    ENVIRONMENT_INIT,
    ENVIRONMENT_READY,
    ENVIRONMENT_BUSY,
    ENVIRONMENT_FAILED, /* only to be closed */
};

/* The event that is being worked on. */
struct invocation {
    bool active;  /* there is one, started or waiting for the init */
    bool begun;   /* its time runs */
    bool started; /* its START line is written */
    bool answered;
    struct environment_event event;
    char request_id[IDS_UUID_SIZE], nonce[IDS_UUID_SIZE];
    int64_t begin_us, deliver_us;
    int64_t deadline_ms;
    enum loglines_status status;
    char error_type[STATE_ERROR_TYPE_MAX + 1];
};

/* What a runtime posted to init/error. */
struct init_error {
    bool posted;
    int64_t at_us;
    char type[STATE_ERROR_TYPE_MAX + 1];
    struct buf body;
};

struct environment {
    struct environment_options options;
    struct jail *jail;
    struct jail_spec spec;
    struct environment_endpoint endpoint;
    bool listening;
    enum environment_state state;
    enum loglines_phase phase; /* of the running or last init */
    bool inside;               /* the next init belongs to its event */
    bool frozen;
    char address[24]; /* of the Runtime API */
    char api[32];     /* with its port */
    char log_stream[IDS_LOG_STREAM_SIZE];
    char arn[SETTINGS_ARN_SIZE];
    struct loglines loglines;
    const char *bootstrap; /* path inside, NULL: none */
    struct vars_block vars;

    struct watch *output[2], *exit, *oom;
    struct lines lines[2];
    uv_timer_t limit, tick; /* of init or event; of samples */
    int64_t limit_due_us;   /* when limit is to fire */
    bool limit_heard;       /* it has fired late, and waits once more */
    int open_handles;
    struct fault early; /* found before anything was spawned */

    struct invocation invocation;
    struct init_error init_error;
    struct environment_timing timing;
    int64_t exec_at_us;
    int64_t report_init_us; /* for the next REPORT, else LOGLINES_NO_INIT */
    bool saw_oom;
    unsigned max_memory_mb;
    int64_t sampled_us; /* when memory was read last */
    struct buf text;    /* scratch for lines and payloads */
};

/* Hands out what is in e->text as a platform line. */
void state_log(struct environment *e);

/* process.c */

/* Spawns the runtime; a missing bootstrap is told by the limit timer. */
int process_start(struct environment *e, struct err *err) ATTR_CHECK;
/* Kills everything inside and hands out what was written last. */
void process_stop(struct environment *e);
/* Hands out what has been written; with complete, unfinished lines too. */
void process_drain(struct environment *e, bool complete);
/* Reads memory use; true when the kernel has killed something for memory. */
bool process_sample(struct environment *e);
void process_watch_memory(struct environment *e, bool on);

/* lifecycle.c */

int lifecycle_init(struct environment *e, enum loglines_phase phase, struct err *err) ATTR_CHECK;
int lifecycle_begin(struct environment *e, struct err *err) ATTR_CHECK;
void lifecycle_next(struct environment *e);
void lifecycle_answered(struct environment *e, const struct env_answer *answer, bool failed);
void lifecycle_broken(struct environment *e, const struct fault *f);
/* The runtime is lost for the reason f: not from inside an event of the Runtime API. */
void lifecycle_fail(struct environment *e, const struct fault *f);
void lifecycle_limit(struct environment *e);
/* The sandbox itself failed. */
void lifecycle_give_up(struct environment *e, const struct err *err);

/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime behind the gateway: its process, the events that wait for it, one event at a time.
 *
 *            start                next                event              answer
 *   DOWN ----------> INIT ------------------> READY ---------> BUSY ----------------> ANSWERED
 *    ^                |                         ^  \                                    |  next
 *    |  ended, limit  |                         |   \___________________________________|
 *    +----------------+                         |
 *    |                                          |  it had an event: started anew at once
 *    +------------- ENDING <-- ended, timeout --+  else with the next event
 *
 * Order of calls: runner_open, runner_start, runner_submit and runner_withdraw, runner_stop,
 * runner_close when stopped was called. Everything on the loop's thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct request;
struct runner;
struct uv_loop_s;

/* What became of an event. */
enum outcome_kind {
    OUTCOME_RESPONSE,
    OUTCOME_ERROR,   /* the function says that it failed */
    OUTCOME_TIMEOUT, /* it took too long */
    OUTCOME_BROKEN,  /* it ended, or its answer was none */
    OUTCOME_REFUSED, /* it is being shut down; no document */
};

/* Valid during the call. */
struct outcome {
    enum outcome_kind kind;
    const char *content_type; /* NULL: JSON */
    const char *body;
    size_t len;
};

struct runner_hooks {
    /* The request is the owner's alone again. */
    void (*answer)(void *owner, struct request *r, const struct outcome *outcome);
    /* Whether nobody waits for the answer of a request in the queue any more. */
    bool (*gone)(void *owner, const struct request *r);
};

/* All of it outlives the runner. */
struct runner_options {
    struct uv_loop_s *loop;
    const char *bootstrap;
    const char *handler; /* NULL: none */
    char **inherited;    /* environ */
    unsigned memory_mb;  /* 0: not known */
    int64_t timeout_ms;
    const struct runner_hooks *hooks;
    void *owner;                /* of hooks */
    void (*stopped)(void *cls); /* after runner_stop: the runtime has ended */
    void *cls;
};

/* Opens the Runtime API; nothing runs yet. */
struct runner *runner_open(const struct runner_options *options, struct err *err) ATTR_CHECK;

/* The first start. -1: the program cannot be started at all. */
int runner_start(struct runner *r, struct err *err) ATTR_CHECK;

/* Whether there is a place in the queue: runner_submit takes one more. */
bool runner_has_room(struct runner *r);

/* Gives it an event. The answer may come before this returns. */
void runner_submit(struct runner *r, struct request *request);

/* Takes an event that waits out of the queue. */
void runner_withdraw(struct runner *r, struct request *request);

/* Whether the init is done and the process there. */
bool runner_ready(const struct runner *r);

/* Somebody looks whether it is ready: starts what is down, but not all the time. */
void runner_nudge(struct runner *r);

/* Answers what waits with OUTCOME_REFUSED, lets the event that runs end, then the process. A second
 * call ends it at once. */
void runner_stop(struct runner *r);

/* Memory is freed by the loop's next turns. Accepts NULL. */
void runner_close(struct runner *r);

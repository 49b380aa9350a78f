/* SPDX-License-Identifier: Apache-2.0 */
/* An environment, and what its event has come to: answer, log, status, times as one entry.
 *
 *   seat_init ---> seat_open ---> seat_invoke ---> done ---> seat_invoke ... ---> seat_shut
 *                      ^                                                             |
 *                      +------------- the next environment <-------------------------+
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "env/environment.h"
#include "env/ids.h"
#include "launch/launch.h"
#include "trace/entry.h"

struct instance;
struct uv_loop_s;

/* What an event has come to. Texts are the seat's, valid until its next event. */
struct seat_outcome {
    struct trace_entry entry;         /* what was got; no event */
    unsigned environment;             /* number, as seat_open got it */
    unsigned starts;                  /* of runtimes in it so far */
    const struct environment *handle; /* frozen, unless its next event waits */
    int64_t begin_us, end_us;         /* by clock_now_us; init included */
};

/* None may call seat_reset or seat_shut; only done may call seat_invoke. */
struct seat_hooks {
    /* The event is over, its outcome is there; err says why it is not, else it is NULL. */
    void (*done)(void *owner, const struct err *err);
    /* Whether done will give it the next event at once; NULL: never. */
    bool (*waits)(void *owner);
    /* The sandbox itself failed: the environment can only be shut. */
    void (*failed)(void *owner, const struct err *err);
};

struct seat_options {
    struct uv_loop_s *loop;
    const struct launch *launch; /* outlives the seat */
    bool whole_cpu;              /* see environment.h */
    const struct seat_hooks *hooks;
    void *owner;
};

struct seat {
    struct seat_options options;
    struct instance *instance; /* NULL: none */
    unsigned number;
    char id[IDS_UUID_SIZE]; /* of the environment */
    int64_t position;       /* of the next event in it */
    unsigned starts;        /* of its runtimes, up to the last event */
    struct buf answer, log, names;
    struct seat_outcome outcome;
};

void seat_init(struct seat *seat, const struct seat_options *o);

/* A new environment; nothing runs yet. seat_shut when -1, too. */
int seat_open(struct seat *seat, unsigned number, struct err *err) ATTR_CHECK;

/* The event's texts live until done. -1: see environment_invoke. */
int seat_invoke(struct seat *seat, const struct environment_event *event,
                struct err *err) ATTR_CHECK;

/* Gives the environment back, if there is one; see instance_close. */
void seat_shut(struct seat *seat, struct err *err);

/* After seat_shut; accepts a zeroed one. */
void seat_fini(struct seat *seat);

/* SPDX-License-Identifier: Apache-2.0 */
/* One execution environment of a function: starts its runtime in a jail, gives it one event at a
 * time, freezes it between them, resets it when it fails. Not thread-safe; nothing blocks for
 * longer than the jail's own calls.
 *
 *            spawn                first next             event                 next again
 *   (none) ---------> INIT ------------------> READY ---------------> BUSY ---------------> READY
 *                       |                     (frozen)                  |  timeout, crash, OOM
 *                       | 10 s over, exit, init/error                   v
 *                       +-----> (none), /tmp kept: the next event starts the runtime anew within
 *                               its own time
 *
 * Order of calls: environment_open, environment_start (may be left out: then the first event starts
 * the runtime), environment_invoke after each done, environment_reset between two events,
 * environment_close. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "env/channel.h"
#include "env/code.h"
#include "env/loglines.h"
#include "env/settings.h"
#include "jail/limit.h"

struct uv_loop_s;
struct environment;

enum environment_log {
    ENVIRONMENT_LOG_PLATFORM, /* START, REPORT, ... */
    ENVIRONMENT_LOG_FUNCTION, /* what the function wrote */
};

/* What a caller gets for an event; valid during the call. */
struct environment_answer {
    const char *request_id;
    bool failed;              /* body is an error document */
    const char *content_type; /* NULL: application/json */
    const char *body;
    size_t body_len;
};

/* Where the Runtime API listens, and the way to it. */
struct environment_endpoint {
    struct env_channel channel;
    uint16_t port;
};

/* Calls to the owner. Only done may call environment_invoke; none may call environment_close. */
struct environment_hooks {
    /* Opens the Runtime API for events, with first argument e. Host's network: once, before the
     * first runtime, listen_fd is -1 and it listens on address, a port of the owner's choice. A
     * network of its own: for every new runtime, listen_fd is taken over, the former one is closed.
     */
    int (*listen)(void *owner, struct environment *e, int listen_fd, const char *address,
                  struct environment_endpoint *out, struct err *err);
    /* The event is answered; it may go on until done. */
    void (*answer)(void *owner, const struct environment_answer *answer);
    /* The event is over and the environment takes another one. */
    void (*done)(void *owner, const struct report *report);
    /* Whether done will give it the next event at once: then it is not frozen in between. NULL:
     * never, as on Lambda, where nobody knows. */
    bool (*waits)(void *owner);
    /* The sandbox itself failed: the environment can only be closed. */
    void (*failed)(void *owner, const struct err *err);
    /* One or more whole lines. */
    void (*log)(void *owner, enum environment_log kind, const char *text, size_t len);
};

/* Everything outlives the environment. */
struct environment_options {
    struct uv_loop_s *loop;
    const struct settings *settings;
    const struct code *code;
    const char *policy_path; /* see jail.h */
    const char *cache_dir;
    bool whole_cpu; /* the share of CPU time is not that of the memory's size but all there is */
    const struct environment_hooks *hooks;
    void *owner;
};

struct environment_event {
    const char *body; /* lives until done */
    size_t body_len;
    const char *client_context, *cognito_identity, *trace_id; /* NULL: none */
    const char *request_id; /* a UUID, copied: the next attempt of the same invocation; NULL: a new
                               one */
};

/* How long the parts of the last start and the last event took, in microseconds; 0: not yet. */
struct environment_timing {
    int64_t jail_us;    /* reserving what outlives a runtime */
    int64_t exec_us;    /* building the jail, up to the start of the program */
    int64_t init_us;    /* from there to its first request for an event */
    int64_t handler_us; /* from the event to its answer */
    unsigned starts;    /* of a runtime so far */
};

extern const struct env_events environment_events;

/* NULL: see jail_open. Nothing runs yet. */
struct environment *environment_open(const struct environment_options *options,
                                     struct err *err) ATTR_CHECK;

/* Starts the runtime ahead of the first event. -1: the jail could not be built. */
int environment_start(struct environment *e, struct err *err) ATTR_CHECK;

/* Gives the runtime an event as soon as it can take one. -1: it has one already, or the jail could
 * not be built; no hook is called then. */
int environment_invoke(struct environment *e, const struct environment_event *event,
                       struct err *err) ATTR_CHECK;

/* Ends the runtime as if it had died between two events: /tmp stays, the next event starts it anew.
 * Nothing is told of it. Not from a hook. -1: an event is being worked on, or the sandbox has
 * failed.
 */
int environment_reset(struct environment *e, struct err *err) ATTR_CHECK;

struct environment_timing environment_timing(const struct environment *e);

/* What the processes hold between two events; see jail_census. */
struct jail_census;
int environment_census(const struct environment *e, struct jail_census *out,
                       struct err *err) ATTR_CHECK;

/* For the owner of a connection check; see jail_outer_uid. */
unsigned environment_uid(const struct environment *e);

/* Whether a limit holds; see jail_hold. */
const struct jail_hold *environment_hold(const struct environment *e, enum jail_limit limit);

/* Whether the function can reach addresses where clouds hand out credentials (169.254.169.254). */
bool environment_reaches_metadata(const struct environment *e);

/* Kills what runs and gives everything back; memory is freed by the loop's next turns. What could
 * not be given back is told in err, which may be NULL. Accepts NULL. */
void environment_close(struct environment *e, struct err *err);

/* SPDX-License-Identifier: Apache-2.0 */
/* Between the execution environment (env) and the Runtime API server (api). env declares it, api
 * implements struct env_channel and calls struct env_events, cmd wires the two. All on the thread
 * of the event loop; no call blocks; no call happens inside env_channel functions.
 *
 *   runtime          api                       env
 *     | GET next      |  events->next            |
 *     |-------------->|------------------------->|
 *     |   200 event   |   channel->deliver       |
 *     |<--------------|<-------------------------|
 *     | POST response |  events->response        |
 *     |-------------->|------------------------->|
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define ENV_RESPONSE_MAX 6291556 /* 6 MiB + 100 bytes, as Lambda counts */
#define ENV_REQUEST_MAX  6291456 /* 6 MiB */

/* One event on its way to the runtime. NULL texts: the header is not sent. */
struct env_invocation {
    const char *request_id;
    const char
        *nonce; /* Lambda-Runtime-Invocation-Id; absent in an answer is accepted, wrong is not */
    int64_t deadline_ms;
    const char *function_arn;
    const char *trace_id;
    const char *client_context;
    const char *cognito_identity;
    const char *content_type; /* NULL: application/json */
    const char *body;         /* lives until the answer or the reset */
    size_t body_len;
};

/* An answer, valid during the call. */
struct env_answer {
    const char *request_id;
    const char
        *error_type; /* Lambda-Runtime-Function-Error-Type, mapped to a valid one; NULL: none */
    const char *content_type;
    const char *body;
    size_t body_len;
};

enum env_broken {
    ENV_TOO_LARGE, /* body over ENV_RESPONSE_MAX: 413 was sent */
    ENV_TRUNCATED, /* the connection broke inside the body */
    ENV_BAD_MODE,  /* response mode header other than "streaming" */
};

/* What the server tells the environment. The server has already checked state and request id, and
 * answers the runtime itself (202, or the documented error). */
struct env_events {
    void (*next)(void *env); /* the runtime waits for an event; not repeated for a second poll */
    void (*response)(void *env, const struct env_answer *answer);
    void (*error)(void *env, const struct env_answer *answer);
    void (*init_error)(void *env, const struct env_answer *answer);
    void (*broken_response)(void *env, enum env_broken what, size_t size);
};

/* What the environment tells the server. */
struct env_channel {
    /* Answers the waiting next. -1 when none waits. */
    int (*deliver)(void *server, const struct env_invocation *invocation, struct err *err);
    /* The processes are gone: drops connections and state, ready for a new runtime. */
    void (*reset)(void *server);
    void *server;
};

/* SPDX-License-Identifier: Apache-2.0 */
/* The Runtime API of one environment, for any runtime that polls it. Implements env/channel.h.
 *
 *   struct server_options o = {.loop = loop, .listen_fd = -1, .address = "127.7.1.1", ...};
 *   struct server *s = server_open(&o, &err);
 *   ... server_channel(s) to the environment, uv_run ...
 *   server_close(s);          the loop must run until it has closed its handles
 *
 * Everything happens on the loop's thread. What is answered when:
 *
 *   state      GET next            POST response, error        POST init/error
 *   started    waits               400 InvalidRequestID        202, then only a reset helps
 *   waiting    takes over, the     400                         403 InvalidStateTransition
 *              older gets 403
 *   running    same event again    202; 400 for another id,    403
 *                                  410 for another nonce
 *   answered   waits               400                         403
 *
 * An error is let in while a streamed response is on its way, and takes its place.
 *
 * A second poll while one waits is a runtime that gave up on its first (its connection broke, its
 * own timeout passed), so the newest gets the event. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "env/channel.h"

struct uv_loop_s;
struct server;

struct server_options {
    struct uv_loop_s *loop;
    /* A listening TCP socket (made inside the function's network namespace), taken over also on
     * failure; -1: listen on address and port. */
    int listen_fd;
    const char *address; /* "127.X.Y.Z" */
    uint16_t port;       /* 0: any free one; Lambda's is 9001 */
    /* Shut out every connection whose socket is not owned by user peer, outside id. For an
     * address on the host's network; a namespace of its own needs no check. */
    bool check_peer;
    uid_t peer;
    bool or_root;         /* root is let in too */
    const pid_t *process; /* and the user that this process has, which may have dropped its rights;
                             NULL, or 0: none */
    const struct env_events *events;
    void *env; /* first argument of the events */
};

/* NULL with ERR_SYSTEM (sys EADDRINUSE: take another address), ERR_INPUT (address) or ERR_HOST (the
 * owner of a connection cannot be found out). Events come from the loop only, never from here. */
struct server *server_open(const struct server_options *options, struct err *err) ATTR_CHECK;

/* Ends all connections and stops listening at once; memory is freed by the loop's next turns.
 * Accepts NULL. Not from inside an event. */
void server_close(struct server *s);

/* Valid until server_close. */
struct env_channel server_channel(struct server *s);

uint16_t server_port(const struct server *s);

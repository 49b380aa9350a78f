/* SPDX-License-Identifier: Apache-2.0 */
/* The last words of a process to the Runtime API, on a socket of their own: no heap, no stdio, no
 * libcurl. Async-signal-safe but for post_prepare and post_learn. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "core/report.h"

/* A request. Texts may be NULL where len is 0. */
struct post {
    const char *path; /* behind "/runtime": "/invocation/ID/error" is path, id, action */
    const char *id;   /* escaped on the way; NULL: none */
    size_t id_len;
    const char *action;
    const char *nonce; /* sent back as it came */
    size_t nonce_len;
    const char *type;           /* Lambda-Runtime-Function-Error-Type; NULL: none */
    const struct report *cause; /* Lambda-Runtime-Function-XRay-Error-Cause; NULL: none */
    const char *body;
    size_t body_len;
};

/* Where the API is, as rapi_open takes it. */
void post_prepare(const char *address, const char *agent);

/* Remembers the address that a connected socket goes to, where the name in the address would have
 * to be looked up. */
void post_learn(int fd);

/* With no descriptor left those of the handler give way, but for keep and that of the log. */
void post_make_room(int keep);

/* Sends the request and reads the status of the answer. -1: what went wrong is in why. A socket
 * that hangs is the caller's to end. keep: as for post_make_room. */
int post_send(const struct post *p, int keep, struct report *why) ATTR_CHECK;

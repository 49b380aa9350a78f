/* SPDX-License-Identifier: Apache-2.0 */
/* One TCP connection, opened and owned by libcurl (connect only), over which bytes are sent and
 * received as they are. No proxy, no timeout but the one to connect, nothing is retried here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define CONN_CONNECT_MS  1000
#define CONN_ADDRESS_MAX 300 /* bytes of "HOST:PORT" */

struct iovec;

struct conn {
    void *easy;  /* libcurl's handle; NULL while closed */
    int fd;      /* its socket */
    int wake_fd; /* readable: stop waiting (see conn_wait); -1: none */
    bool used;   /* bytes have been received: it may have gone stale since */
};

/* What conn_wait waited for. */
enum conn_ready {
    CONN_WOKEN = 1,
    CONN_READABLE = 2,
    CONN_WRITABLE = 4,
};

/* Once per process, before everything else. */
int conn_setup(struct err *err) ATTR_CHECK;

/* A closed connection. wake_fd stays the caller's. */
void conn_init(struct conn *c, int wake_fd);

/* Connects to "HOST:PORT". -1: ERR_CLOSED when nobody listens there. */
int conn_open(struct conn *c, const char *address, struct err *err) ATTR_CHECK;

/* Closes; a closed one stays closed. */
void conn_close(struct conn *c);

static inline bool conn_is_open(const struct conn *c)
{
    return c->easy != NULL;
}

/* Waits without end for what is asked (CONN_READABLE, CONN_WRITABLE; CONN_WOKEN: wake_fd too) and
 * gives what is there. -1 when poll fails. */
int conn_wait(struct conn *c, int wanted, struct err *err) ATTR_CHECK;

/* Sends what the socket takes at once: the number of bytes, 0 when it is full. -1: ERR_CLOSED. */
long conn_send(struct conn *c, const void *bytes, size_t len, struct err *err) ATTR_CHECK;

/* The same for bytes that lie in count places. */
long conn_send_parts(struct conn *c, struct iovec *parts, int count, struct err *err) ATTR_CHECK;

/* Whether conn_receive would give something now: bytes, or the end. */
bool conn_is_readable(const struct conn *c);

/* Receives what is there, at most len bytes: the number, 0 when nothing is there yet. -1:
 * ERR_CLOSED with err->sys 0 when the peer closed, else reset. */
long conn_receive(struct conn *c, void *bytes, size_t len, struct err *err) ATTR_CHECK;

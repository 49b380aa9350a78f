/* SPDX-License-Identifier: Apache-2.0 */
/* One request and its response over a connection, for the rest of this folder. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "rapi/conn.h"
#include "rapi/http.h"

/* A request in two parts, so that a large body is not copied, and where its response goes. */
struct exchange {
    const char *address; /* "HOST:PORT" */
    const char *head, *body;
    size_t head_len, body_len;
    char *buf; /* of cap bytes, for the response */
    size_t cap;
    /* After a failure: there was no word of an answer. Where the API refuses what was done already,
     * asking again is harmless then. */
    bool safe;
};

/* Sends one part. *sent counts what the system took. 0 also when the peer answers before it has
 * everything: it has made up its mind (a body that is too large), and may never read the rest. */
int exchange_send(struct conn *c, const char *bytes, size_t len, size_t *sent,
                  struct err *err) ATTR_CHECK;

/* Receives one response into buf, which holds cap bytes. Worth calling once something is there. */
int exchange_receive(struct conn *c, struct http *h, char *buf, size_t cap,
                     struct err *err) ATTR_CHECK;

/* The same where the status is what counts: a body that is cut off costs only the connection. */
int exchange_receive_status(struct conn *c, struct http *h, char *buf, size_t cap,
                            struct err *err) ATTR_CHECK;

/* Connects where that is needed, sends x and receives the response into an initialised h, at least
 * its head. Closes the connection when it is of no more use. */
int exchange_run(struct conn *c, struct exchange *x, struct http *h, struct err *err) ATTR_CHECK;

/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the Runtime API server share: server.c (life, channel), routes.c (requests and
 * order), answer.c (what the runtime posts). */
#pragma once

#include "api/http.h"
#include "api/reply.h"
#include "api/server.h"
#include "base/buf.h"

enum server_state {
    STATE_STARTED,    /* a new runtime, which has not polled */
    STATE_INIT_ERROR, /* it has reported that its init failed */
    STATE_WAITING,    /* it polls */
    STATE_RUNNING,    /* it has an event */
    STATE_ANSWERED,   /* it has answered and not polled again */
};

enum answer_fault {
    FAULT_NONE,
    FAULT_TOO_LARGE,
    FAULT_BAD_MODE,
    FAULT_MEMORY,
};

struct server {
    struct http http;
    struct reply_set replies;
    const struct env_events *events;
    void *env;
    enum server_state state;
    struct http_conn *waiting;   /* its poll is suspended */
    struct http_conn *receiving; /* its body is an answer that was let in */
    enum answer_fault fault;     /* of that answer */
    bool streaming;              /* that answer is sent while it is made */
    bool in_next;                /* events->next is running: its poll is not suspended yet */
    struct MHD_Response *event;  /* in STATE_RUNNING */
    char *request_id, *nonce;    /* of event; nonce may be NULL */
    struct buf body;             /* of the answer that is being received */
    uint16_t port;
};

/* The callbacks of http.h; cls is the server. */
extern const struct http_handler routes_handler;

/* Takes note of a reply that is sent when the request's body has been read. */
void routes_refuse(struct server *s, struct http_conn *c, enum reply_id id);
enum MHD_Result routes_reply(struct server *s, struct http_conn *c, enum reply_id id);

/* Forgets the event: connections that still send it are ended. */
void server_drop_event(struct server *s);

/* An answer of c->task with a valid request id (NULL for init/error): lets its body in. */
void answer_begin(struct server *s, struct http_conn *c);
enum MHD_Result answer_body(struct server *s, struct http_conn *c, const char *bytes, size_t len);
/* The body is complete: tells the environment, replies. */
enum MHD_Result answer_finish(struct server *s, struct http_conn *c);
/* The connection broke inside the body. */
void answer_break(struct server *s, struct http_conn *c);

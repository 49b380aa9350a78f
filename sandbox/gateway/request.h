/* SPDX-License-Identifier: Apache-2.0 */
/* One event on its way from a client to the runtime and back, and the queue of those that wait.
 * The front makes and frees it; between runner_submit and the runner's answer the runner has it
 * too. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "env/ids.h"
#include "gateway/limits.h"

struct MHD_Response;
struct http_conn;

enum request_state {
    REQUEST_RECEIVING, /* its body comes */
    REQUEST_WAITING,   /* in the queue */
    REQUEST_RUNNING,   /* the runtime has it */
    REQUEST_ANSWERED,
};

struct request {
    struct request *next; /* in the queue */
    struct http_conn *conn;
    enum request_state state;
    bool abandoned; /* the client is gone: conn is NULL */
    bool emulates;  /* asked by the Invoke API's path: 200 in any case */
    bool late;      /* it could not be delivered at once */
    char id[IDS_UUID_SIZE];
    char trace_id[GATEWAY_TRACE_MAX + 1];
    char *client_context, *content_type; /* heap, NULL: none */
    struct buf body;
    size_t held; /* bytes that count as held by the front */
    struct MHD_Response *reply;
    unsigned status;
};

/* First in, first out; bounded by who asks for its length. */
struct queue {
    struct request *first, *last;
    size_t length;
};

void queue_push(struct queue *q, struct request *r);
/* NULL: empty. */
struct request *queue_pop(struct queue *q);
/* Nothing happens when it is not there. */
void queue_remove(struct queue *q, struct request *r);

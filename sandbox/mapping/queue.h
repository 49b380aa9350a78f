/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of queue.c: SQS, standard and FIFO. Pollers receive messages into a batch that is
 * gathered until it is full or its window over, then invoke. One batch is gathered at a time.
 *
 *   shelf --receive--> gathered --invoke--> batches --finish--> settled, or hidden until it is
 *                                              ^       |        visible again
 *                                              +---- throttled */
#pragma once

#include "mapping/ages.h"
#include "mapping/batches.h"
#include "mapping/outbox.h"
#include "mapping/shelf.h"

/* AWS docs: "Configuring scaling behavior for SQS event source mappings": five batches at once, 300
 * more a minute while messages are left. FIFO queues: as many as groups. */
#define QUEUE_POLLERS_FIRST 5
#define QUEUE_POLLERS_MAX   1250
#define QUEUE_POLLER_MS     (60000 / 300)

#define QUEUE_WINDOW_MARGIN_MS 30000 /* facts: window + timeout + 30 s when that is longer */

/* Ours: longer than a window at least, so that time goes on until a failing message comes again. */
#define QUEUE_HIDDEN_LEAST_MS 1

/* AWS docs: "Handling errors for an SQS event source": Lambda tries a batch that was throttled
 * again until the visibility timeout is over. Ours: how long it waits, each time twice as long. */
#define QUEUE_THROTTLE_FIRST_MS 1000
#define QUEUE_THROTTLE_MOST_MS  60000

#define QUEUE_EVENT_BYTES (sizeof "{\"Records\":[]}" - 1)

struct queue {
    struct mapping_items *items;
    struct shelf shelf;
    struct ages ages;
    struct batches batches;
    struct outbox outbox;
    struct heap throttled; /* batches that are invoked with again; no other has their messages */
    uint32_t *gathered;    /* received, not yet invoked with */
    uint32_t *counts;      /* receives of each */
    uint32_t *ended;       /* of a batch that is finished: what failed, then what is done */
    size_t ngathered, gathered_cap, ended_cap;
    size_t bytes;
    int64_t deadline_ms; /* of what is gathered */
    int64_t window_ms, hidden_ms;
    int64_t pollers, pollers_max;
    int64_t grow_ms; /* one more poller; MAPPING_NEVER: there are enough */
    int64_t now_ms;
    int64_t wake_ms;
    bool wake_known;
};

/* queue_receive.c: receives what is there and can be, until there is an action. */
int queue_receive(struct queue *q, struct err *err) ATTR_CHECK;
/* Invokes with a batch that was throttled. */
int queue_invoke_again(struct queue *q, uint64_t batch, struct err *err) ATTR_CHECK;
/* A message that may be gathered is not to be delivered. */
void queue_forget(struct queue *q, uint32_t number);
/* When queue_receive has an action next, and nothing comes in or becomes too old. */
int64_t queue_receive_ms(const struct queue *q);

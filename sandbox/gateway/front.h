/* SPDX-License-Identifier: Apache-2.0 */
/* What clients see: HTTP on all addresses. Turns requests into events for the runner, and what
 * became of them into replies.
 *
 * Order of calls: front_open, front_stop, front_close. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "gateway/runner.h"

struct front;

struct front_options {
    struct uv_loop_s *loop;
    uint16_t port; /* 0: any free one */
    unsigned connections;
    int64_t patience_ms; /* see api/http.h */
    /* After front_stop: the last request has ended. May be called more than once. */
    void (*idle)(void *owner);
    void *owner;
};

extern const struct runner_hooks front_hooks; /* their owner is the front */

/* NULL with ERR_SYSTEM, when the port is taken for one. */
struct front *front_open(const struct front_options *options, struct err *err) ATTR_CHECK;

/* Must be called before the loop runs; r outlives the requests. */
void front_connect(struct front *f, struct runner *r);

uint16_t front_port(const struct front *f);

/* No new connections, no new events; what runs gets its answer. */
void front_stop(struct front *f);

/* Whether no request is there. */
bool front_idle(const struct front *f);

/* Ends all connections; memory is freed by the loop's next turns. Accepts NULL. */
void front_close(struct front *f);

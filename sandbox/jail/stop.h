/* SPDX-License-Identifier: Apache-2.0 */
/* Freezing without control groups: the jail's first process stops and continues all others by
 * signals. They can notice it afterwards (a parent that waits with WUNTRACED, a handler of
 * SIGCONT). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* What the first process keeps of it. */
struct stop {
    bool stopped;
    unsigned awoken;  /* how often something ran though stopped */
    int64_t guard_ms; /* when to look again */
};

/* Asks the first process over its lifeline; returns when it is done. */
int stop_all_host(int lifeline, bool stop, struct err *err) ATTR_CHECK;

/* The first process's answer to one such request, which is waiting on the lifeline. False: the host
 * is gone. */
bool stop_answer_child(struct stop *s, int lifeline);

/* How long the first process may wait for other things; -1: without end. */
int stop_wait_ms_child(const struct stop *s);

/* To be called after each wait: stops again what runs all the same, since whoever has armed a timer
 * with SIGCONT wakes up by himself. False: that was so too often, the jail has to end. */
bool stop_guard_child(struct stop *s);

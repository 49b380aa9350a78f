/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at a handler shortly before its deadline. Where it is goes to the log then, once per
 * invocation; with a margin (LAMBDA_DEADLINE_MARGIN_MS) the runtime answers the invocation itself
 * and replaces the process, so that the environment survives the timeout.
 *
 * Without a margin this happens 100 ms before the deadline, or when a tenth of the time is left if
 * that is less; a margin is at most half of the time. The signal is WATCH_SIGNAL, to the thread
 * that handlers run on: a handler that waits sees EINTR as after any signal. */
#pragma once

#include <stdint.h>

#define WATCH_SIGNAL (SIGRTMAX - 1)

/* margin_ms 0: only look. Negative: so much later than the deadline, where nobody else ends it. */
void watch_set_margin(int64_t margin_ms);

/* Around the handler's call. A deadline of 0, or one that has passed, is not watched. */
void watch_begin(int64_t deadline_ms);
void watch_end(void);

/* SPDX-License-Identifier: Apache-2.0 */
/* SIGTERM as a file descriptor, so that it ends the wait for an event and nothing else: a handler
 * that is running is never disturbed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define STOP_GRACE_MS          500 /* from SIGTERM to SIGKILL */
#define STOP_GRACE_EXTERNAL_MS 300 /* where there are external extensions too, who come next */

/* Catches SIGTERM from now on. Gives a descriptor that becomes, and stays, readable with the first
 * one, or -1. It lives as long as the process. A forked process calls it again, with SIGTERM
 * blocked, to have one of its own. */
int stop_install(struct err *err) ATTR_CHECK;

/* Whether SIGTERM has come. */
bool stop_requested(void);

/* When Lambda will kill the process that SIGTERM has come to, as Unix milliseconds. */
int64_t stop_deadline_ms(void);

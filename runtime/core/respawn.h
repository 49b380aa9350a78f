/* SPDX-License-Identifier: Apache-2.0 */
/* The process replaces itself by its own image: same process id, same arguments and environment,
 * fresh memory. What an exec hands on and a handler may have changed (working folder, file mode
 * mask, resource limits, ignored signals, signal mask, timers, flags of 0, 1 and 2, descriptors) is
 * set back to how it was at the start.
 *
 *   respawn_save, once, before any code of the user
 *   respawn_self, from anywhere, also from a signal handler */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* Notes how the process was started. */
int respawn_save(char **argv, struct err *err) ATTR_CHECK;

/* Once SIGTERM is caught: lets the one come that was sent while the process replaced itself. */
void respawn_take_term(void);

/* Whether this image is not the first one: the platform sees one start only. */
bool respawn_happened(void);

/* How often the process has replaced itself since the last respawn_forget, what earlier images
 * counted included. */
unsigned respawn_count(void);
void respawn_forget(void);

/* A variable as it was at the start; NULL: none. */
const char *respawn_variable(const char *name);

/* Replaces the process; count: what respawn_count gives in the new image. Comes back only when that
 * fails, with errno. Async-signal-safe. */
void respawn_self(unsigned count);

/* Resource limits as they were at the start. Async-signal-safe. */
void respawn_restore_limits(void);

/* The one that the platform opened for log lines; -1: none. */
int respawn_log_descriptor(void);

/* Makes 0, 1 and 2 real where a handler closed them, so that no socket takes their place.
 * Async-signal-safe. */
void respawn_fill_standard(void);

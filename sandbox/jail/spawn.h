/* SPDX-License-Identifier: Apache-2.0 */
/* The host's side of jail_spawn. */
#pragma once

#include "jail/build.h"

/* Builds the jail around a new process and starts the program in it. On failure nothing runs and
 * nothing is open. */
int spawn_host(struct jail *j, const struct jail_program *program, struct jail_io *out,
               struct err *err) ATTR_CHECK;

/* Kills the first process, with it all others, and waits for their end. Safe to call twice. */
void spawn_end_host(struct jail *j);

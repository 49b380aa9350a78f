/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's process: a group of its own, which ends with it and with this program. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* Starts the program at path, without arguments. -1: no process or no exec; with ERR_SYSTEM sys
 * says why. */
int child_spawn(const char *path, char **envp, pid_t *out_pid, struct err *err) ATTR_CHECK;

/* Ends it and all of its group at once; it is still to be reaped. */
void child_kill(pid_t pid);

/* Asks the process alone to end. */
void child_terminate(pid_t pid);

/* Reaps every process that has ended, what an init inherits included. True when pid is among them:
 * then its group is ended too, and *out_status is as of wait. */
bool child_reap(pid_t pid, int *out_status);

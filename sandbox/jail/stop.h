/* SPDX-License-Identifier: Apache-2.0 */
/* Freezing without control groups: the jail's first process stops and continues all others by
 * signals. They can notice it afterwards (a parent that waits with WUNTRACED, a handler of
 * SIGCONT). */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* Asks the first process over its lifeline; returns when it is done. */
int stop_all_host(int lifeline, bool stop, struct err *err) ATTR_CHECK;

/* The first process's answer to one such request, which is waiting on the lifeline. False: the host
 * is gone. */
bool stop_answer_child(int lifeline);

/* SPDX-License-Identifier: Apache-2.0 */
/* The steps that build a jail, tried one by one in a child: which one does this host refuse? */
#pragma once

#include "jail/examine.h"

/* Fills the findings of user, root, processes and network namespace. -1: no child could be made, it
 * did not end within seconds (ERR_LIMIT), or stop_fd became readable (ERR_CLOSED). */
int examine_steps(int stop_fd, struct examine_finding out[static EXAMINE_COUNT],
                  struct err *err) ATTR_CHECK;

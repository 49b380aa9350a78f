/* SPDX-License-Identifier: Apache-2.0 */
/* Signals that the command has blocked, to end between two steps with nothing left behind. */
#pragma once

#include "base/err.h"

/* -1 with ERR_CLOSED when one of SIGINT, SIGTERM, SIGHUP is blocked, pending and not ignored. */
int interrupt_check(struct err *err) ATTR_CHECK;

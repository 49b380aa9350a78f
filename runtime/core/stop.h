/* SPDX-License-Identifier: Apache-2.0 */
/* SIGTERM as a file descriptor, so that it ends the wait for an event and nothing else: a handler
 * that is running is never disturbed. */
#pragma once

#include "base/err.h"

/* Catches SIGTERM from now on. Gives a descriptor that becomes, and stays, readable with the first
 * one, or -1. It lives as long as the process. */
int stop_install(struct err *err) ATTR_CHECK;

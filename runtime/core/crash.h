/* SPDX-License-Identifier: Apache-2.0 */
/* What the process says when it dies by SIGSEGV, SIGBUS, SIGFPE, SIGILL or SIGABRT: the signal, the
 * address, the request id and the stack as module+offset, which addr2line understands. Then it dies
 * by the same signal. */
#pragma once

#include "base/err.h"

/* Installs the handlers on a stack of their own, so that a stack overflow is reported too (on the
 * calling thread). */
int crash_install(struct err *err) ATTR_CHECK;

/* Names the running invocation; id lives until the next call. NULL: none. */
void crash_set_request(const char *id);

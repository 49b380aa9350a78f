/* SPDX-License-Identifier: Apache-2.0 */
/* The callers of an interrupted function. Async-signal-safe and without the C library's unwinder,
 * which takes memory and locks that the interrupted code may hold. Only the stack that the stack
 * pointer is in is read, so that a healthy process can be looked at as well. */
#pragma once

#include <ucontext.h>

#include "core/frames.h"

/* Adds the interrupted place and its callers to out. */
void unwind_context(const ucontext_t *context, struct frames *out);

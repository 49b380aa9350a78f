/* SPDX-License-Identifier: Apache-2.0 */
/* A crash of the handler costs one invocation: SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT are
 * explained in the log (signal, address, request id, stack as module+offset with names and build
 * ids), the invocation is answered on a socket of its own, and the process replaces itself by its
 * own image.
 *
 * It dies by the signal instead: before the first event, once the loop has ended, in a child that a
 * handler forked, in a worker, at the third crash without an invocation that came to its end
 * between them, and with LAMBDA_CRASH_RECOVERY=off, which sends nothing either.
 *
 * A call of exit is answered in the same way, without a stack (Runtime.ExitError), and the process
 * ends by an exit with a failure where it would end by the signal. The same call in a fork is none
 * of the runtime's business.
 *
 * What stdout still holds (an unfinished line) is written out; other streams lose it. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <ucontext.h>

#include "base/err.h"
#include "rapi/rapi.h"

struct settings;

/* Installs the handlers on a stack of their own, so that a stack overflow is reported too (on the
 * calling thread). respawn_save comes before. agent: User-Agent of what is posted. */
int crash_install(const struct settings *settings, const char *agent, struct err *err) ATTR_CHECK;

/* Takes the signals of crashes out of a set. */
void crash_unmask(sigset_t *set);

/* Where the descriptor of the connection to the Runtime API stands. */
void crash_set_connection(const int *fd);

/* Names the running invocation; event's texts live until the next call. NULL: none. The first call
 * ends the start of the function. */
void crash_set_request(const struct rapi_event *event);

/* The loop has ended: whatever happens now costs no invocation. */
void crash_set_ending(void);

/* This process, a fork of the one that was started, answers a crash and dies by the signal. */
void crash_set_worker(void);

/* For the deadline's signal handler: writes where the handler is to the log. left_ms: until the
 * deadline. */
void crash_explain_hang(const ucontext_t *context, int64_t left_ms);

/* The same, then answers the invocation as a crash does and replaces the process. */
_Noreturn void crash_give_up(const ucontext_t *context, int64_t left_ms);

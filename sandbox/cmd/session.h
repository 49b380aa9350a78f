/* SPDX-License-Identifier: Apache-2.0 */
/* Events one after another through one environment: the event loop, the Runtime API and the
 * environment wired together, answers on stdout, log lines on stderr. */
#pragma once

#include <stdbool.h>

#include "cmd/payloads.h"
#include "env/environment.h"
#include "launch/launch.h"

struct session;

/* Blocks SIGINT, SIGTERM and SIGHUP and reserves the jail. NULL: err; its kind tells the exit code.
 */
struct session *session_open(const struct launch *launch, struct err *err) ATTR_CHECK;

/* Readable when one of the signals has come. */
int session_interrupt_fd(const struct session *s);

/* Runs all events and records them, unless record is NULL; gives the exit code. */
int session_run(struct session *s, const struct payloads *payloads, struct record *record);

struct environment_timing session_timing(const struct session *s);
/* See environment_reaches_metadata. */
bool session_reaches_metadata(const struct session *s);

/* Gives everything back. Accepts NULL. -1: something was left, err tells what. */
int session_close(struct session *s, struct err *err);

/* SPDX-License-Identifier: Apache-2.0 */
/* The event loop of a command that runs functions, and the signals that end it. */
#pragma once

#include <uv.h>

#include "base/err.h"

struct watch;

struct runloop {
    uv_loop_t loop;
    struct watch *signals;
    int signal_fd; /* readable when one of the signals has come */
};

/* Blocks SIGINT, SIGTERM and SIGHUP; when one comes, on_signal(cls) is called from the loop. Must
 * not be moved afterwards. */
int runloop_open(struct runloop *r, void (*on_signal)(void *cls), void *cls,
                 struct err *err) ATTR_CHECK;

/* Runs the loop until the handles that are being closed are gone. The signals stay blocked: what
 * came late ends nothing any more. */
void runloop_close(struct runloop *r);

/* For a command that goes on to fail: signals end it as usual. */
void runloop_unblock(void);

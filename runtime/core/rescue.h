/* SPDX-License-Identifier: Apache-2.0 */
/* What a process does when its handler cannot go on: it explains itself in the log, answers the
 * invocation and replaces itself (or dies). Async-signal-safe.
 *
 * The way is cut into stages. A signal that ends one of them (the process is broken, after all), or
 * the alarm that each runs against, leads to the next one. */
#pragma once

#include <signal.h>
#include <stdbool.h>

#include "core/frames.h"

struct rapi_event;

struct rescue {
    void (*head)(struct rescue *r);    /* logs what is known from the beginning */
    void (*collect)(struct rescue *r); /* fills frames */
    void (*log)(struct rescue *r);     /* logs the rest; not where head has found no end */
    void (*keep_output)(struct rescue *r);
    const char *type;      /* errorType */
    struct report message; /* errorMessage */
    struct frames *frames;
    int sig;       /* to die by where the process is not replaced; 0: by an exit */
    bool starting; /* it is the start of the function that failed */
    bool answer;   /* there is an invocation to answer, or a start to report */
    bool respawn;
    unsigned count; /* for the new image */
    struct {
        const char *ptr;
        size_t len;
    } id, nonce;
    int keep; /* a descriptor, see post_send */
};

/* Makes this thread the one that does it, and stops the one that runs the loop, if that is another:
 * it would go on to the next event. Does not come back to a thread that is too late. Dies by sig
 * when it is this thread that is on its way already. */
void rescue_claim(int sig);

/* Does not come back. r and all in it live in static memory. */
_Noreturn void rescue_run(struct rescue *r);

/* Dies by a signal, whether it is caught or blocked; 0: exits with a failure. */
_Noreturn void rescue_die(int sig);

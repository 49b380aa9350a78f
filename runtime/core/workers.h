/* SPDX-License-Identifier: Apache-2.0 */
/* Managed Instances: one environment answers several events at a time. The initialised process is
 * the image from which workers are forked, each with a loop, a connection and an arena of its own;
 * what the init hook built is shared with all of them until somebody writes to it. Handlers need
 * not be thread-safe: nothing else runs in their process.
 *
 *   init -> before-snapshot hooks -> workers_run: fork N x { after-restore hooks, loop }
 *        -> shutdown hooks -> workers_end
 *
 * A fork is to a handler what a snapshot is, so SnapStart's hooks run around it: what must not be
 * shared (connections, random numbers) is left before and made anew behind. Threads that the init
 * hook started are in no worker. A handler that is still running a second after its deadline is
 * ended with its worker, since nobody else does it. */
#pragma once

#include "core/ctx.h"
#include "core/settings.h"

#define WORKERS_STARTS     5     /* of one worker in a row that come to nothing */
#define WORKERS_BACKOFF_MS 100   /* before the third of them; doubles each time */
#define WORKERS_API_MS     1000  /* before a worker that lost the Runtime API is tried again */
#define WORKERS_SOUND_MS   60000 /* a worker that lives so long has come to something */

struct workers;

/* What a worker runs. stop_fd is what rapi wakes on; spare_fd is closed in workers, -1: none. */
struct workers_job {
    const struct settings *settings;
    struct rapi *rapi;
    const struct lambda_module *table;
    struct lambda_ctx *ctx;
    int spare_fd;
};

/* Keeps job->settings->workers workers running until SIGTERM has come: 0, and *out has those that
 * are still busy with an event after half of the grace time. -1: none can be kept, and there is
 * none any more; ERR_CLOSED where one has run. A worker that ends is started again from this
 * process, at once when it had answered an event, else with pauses and not forever. */
int workers_run(const struct workers_job *job, struct workers **out, struct err *err) ATTR_CHECK;

/* Waits until the last event is answered, and frees. Accepts NULL. */
void workers_end(struct workers *w);

/* SPDX-License-Identifier: Apache-2.0 */
/* One execution environment of a function with its Runtime API, on somebody's event loop. */
#pragma once

#include <stdbool.h>

#include "env/environment.h"
#include "launch/launch.h"

struct instance;

struct instance_options {
    struct uv_loop_s *loop;
    const struct launch *launch; /* outlives the instance */
    bool whole_cpu;              /* see environment.h */
    /* listen is not called: an instance does that itself. None may call instance_close. */
    const struct environment_hooks *hooks;
    void *owner;
};

/* Reserves the jail; nothing runs yet. NULL: err; its kind tells the exit code. */
struct instance *instance_open(const struct instance_options *o, struct err *err) ATTR_CHECK;

/* For environment_start, environment_invoke and the questions of environment.h; valid until
 * instance_close. */
struct environment *instance_environment(const struct instance *i);

/* One warning line for each limit that is left out: nobody shall take a run without limits for one
 * with them. */
void instance_tell_relaxed(const struct instance *i);

/* Kills what runs and gives everything back; memory is freed by the loop's next turns. Accepts
 * NULL. What could not be given back is told in err, which must be clean before. */
void instance_close(struct instance *i, struct err *err);

/* Removes what killed runs have left; after the last instance is closed. */
void instance_sweep(void);

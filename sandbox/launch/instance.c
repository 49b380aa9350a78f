/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/instance.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "api/server.h"
#include "jail/jail.h"
#include "launch/output.h"
#include "launch/paths.h"

#define RUNTIME_API_PORT 9001

struct instance {
    struct instance_options options;
    struct environment *environment;
    struct server *server;
    char policy[PATH_MAX];
};

static int on_listen(void *owner, struct environment *e, int listen_fd, const char *address,
                     struct environment_endpoint *out, struct err *err)
{
    struct instance *i = owner;
    struct server_options o = {
        .loop = i->options.loop,
        .listen_fd = listen_fd,
        .address = address,
        .port = RUNTIME_API_PORT,
        .check_peer = listen_fd < 0,
        .peer = environment_uid(e),
        .events = &environment_events,
        .env = e,
    };
    server_close(i->server);
    i->server = server_open(&o, err);
    if (!i->server && listen_fd < 0 && err->sys == EADDRINUSE) {
        o.port = 0; /* somebody has Lambda's port on all addresses */
        i->server = server_open(&o, err);
    }
    if (!i->server)
        return -1;
    *out = (struct environment_endpoint){server_channel(i->server), server_port(i->server)};
    return 0;
}

/* The owner's hooks get its own argument, listen gets the instance. */
static void on_answer(void *owner, const struct environment_answer *answer)
{
    const struct instance *i = owner;
    i->options.hooks->answer(i->options.owner, answer);
}

static void on_done(void *owner, const struct report *report)
{
    const struct instance *i = owner;
    i->options.hooks->done(i->options.owner, report);
}

static bool on_waits(void *owner)
{
    const struct instance *i = owner;
    return i->options.hooks->waits && i->options.hooks->waits(i->options.owner);
}

static void on_failed(void *owner, const struct err *err)
{
    const struct instance *i = owner;
    i->options.hooks->failed(i->options.owner, err);
}

static void on_log(void *owner, enum environment_log kind, const char *text, size_t len)
{
    const struct instance *i = owner;
    i->options.hooks->log(i->options.owner, kind, text, len);
}

static const struct environment_hooks hooks = {
    .listen = on_listen,
    .answer = on_answer,
    .done = on_done,
    .waits = on_waits,
    .failed = on_failed,
    .log = on_log,
};

struct instance *instance_open(const struct instance_options *o, struct err *err)
{
    struct instance *i = calloc(1, sizeof *i);
    if (!i) {
        err_set(err, ERR_MEMORY, "no memory for an environment");
        return NULL;
    }
    i->options = *o;
    if (paths_policy(i->policy, err) == 0) {
        struct environment_options e = {
            .loop = o->loop,
            .settings = &o->launch->settings,
            .code = &o->launch->function.code,
            .policy_path = i->policy,
            .whole_cpu = o->whole_cpu,
            .hooks = &hooks,
            .owner = i,
        };
        i->environment = environment_open(&e, err);
    }
    if (i->environment)
        return i;
    free(i);
    return NULL;
}

struct environment *instance_environment(const struct instance *i)
{
    return i->environment;
}

void instance_tell_relaxed(const struct instance *i)
{
    for (int n = 0; n < JAIL_LIMIT_COUNT; n++) {
        const struct jail_hold *hold = environment_hold(i->environment, (enum jail_limit)n);
        if (!hold->mechanism)
            output_note("warning: %s (--relax %s): %s", limit_missing[n], limit_names[n],
                        hold->why);
    }
}

void instance_close(struct instance *i, struct err *err)
{
    if (!i)
        return;
    environment_close(i->environment, err);
    server_close(i->server);
    free(i);
}

void instance_sweep(void)
{
    struct err ignored;
    if (jail_sweep(&ignored) < 0)
        return; /* that it cannot be removed is no fault of this run */
}

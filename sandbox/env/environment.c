/* SPDX-License-Identifier: Apache-2.0 */
#include "env/environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "env/state.h"

/* Facts about the inside of an environment; see jail.h. */
#define INNER_USER     "sbx_user1051"
#define INNER_UID      993
#define INNER_GID      990
#define INNER_HOSTNAME "169.254.100.1"
#define MAX_PROCESSES  1024
#define MAX_FILES      1024
#define VCPU_MB        1769 /* memory that comes with one CPU */

static void make_spec(struct environment *e)
{
    const struct settings *s = e->options.settings;
    const struct code *c = e->options.code;
    e->spec = (struct jail_spec){
        .hostname = INNER_HOSTNAME,
        .user_name = INNER_USER,
        .uid = INNER_UID,
        .gid = INNER_GID,
        .limits = {.memory_bytes = (uint64_t)s->memory_mb << 20,
                   .tmp_bytes = (uint64_t)s->tmp_mb << 20,
                   .cpu_permille = (s->memory_mb * 1000 + VCPU_MB / 2) / VCPU_MB,
                   .processes = MAX_PROCESSES,
                   .files = MAX_FILES},
        .network = s->own_network ? JAIL_NETWORK_NONE : JAIL_NETWORK_HOST,
        .nbinds = c->nbinds,
        .nlayers = c->nlayers,
        .policy_path = e->options.policy_path,
        .cache_dir = e->options.cache_dir,
        .rootfs = s->rootfs,
        .relax = s->relax,
    };
    if (s->own_network) {
        e->spec.listen_addr = s->profile->api_address;
        e->spec.listen_port = s->profile->api_port;
    }
    memcpy(e->spec.binds, c->binds, sizeof c->binds);
    memcpy(e->spec.layers, c->layers, sizeof c->layers);
}

static void init_members(struct environment *e, const struct environment_options *options)
{
    e->options = *options;
    e->loglines = (struct loglines){options->settings, e->log_stream};
    e->report_init_us = LOGLINES_NO_INIT;
    settings_arn(options->settings, e->arn);
    buf_init(&e->text, STATE_TEXT_MAX);
    buf_init(&e->init_error.body, ENV_RESPONSE_MAX);
    for (int i = 0; i < 2; i++)
        lines_init(&e->lines[i]);
    make_spec(e);
}

struct environment *environment_open(const struct environment_options *options, struct err *err)
{
    struct environment *e = calloc(1, sizeof *e);
    if (!e) {
        err_set(err, ERR_MEMORY, "no memory for an environment");
        return NULL;
    }
    init_members(e, options);
    int64_t begin = clock_now_us();
    if (ids_log_stream(clock_wall_ms(), e->log_stream, err) == 0)
        e->jail = jail_open(&e->spec, err);
    if (!e->jail) {
        free(e);
        return NULL;
    }
    e->timing.jail_us = clock_now_us() - begin;
    uv_timer_init(options->loop, &e->limit);
    uv_timer_init(options->loop, &e->tick);
    e->limit.data = e->tick.data = e;
    e->open_handles = 2;
    return e;
}

int environment_start(struct environment *e, struct err *err)
{
    if (e->state != ENVIRONMENT_NONE || e->inside)
        return err_set(err, ERR_USAGE, "the environment was started before");
    return lifecycle_init(e, LOGLINES_PHASE_INIT, err);
}

int environment_invoke(struct environment *e, const struct environment_event *event,
                       struct err *err)
{
    struct invocation *i = &e->invocation;
    if (i->active)
        return err_set(err, ERR_USAGE, "the environment is busy with another event");
    if (event->request_id && !ids_is_uuid(event->request_id))
        return err_set(err, ERR_USAGE, "'%.60s' is no request id: a UUID is", event->request_id);
    *i = (struct invocation){.event = *event};
    if (ids_uuid(i->request_id, err) < 0 || ids_uuid(i->nonce, err) < 0)
        return -1;
    if (event->request_id)
        memcpy(i->request_id, event->request_id, IDS_UUID_SIZE);
    if (lifecycle_begin(e, err) == 0)
        return 0;
    i->active = false;
    return -1;
}

int environment_reset(struct environment *e, struct err *err)
{
    if (e->invocation.active || e->state == ENVIRONMENT_BUSY || e->state == ENVIRONMENT_FAILED)
        return err_set(err, ERR_USAGE, "the environment cannot be reset now");
    if (e->state == ENVIRONMENT_NONE)
        return 0;
    uv_timer_stop(&e->limit);
    process_stop(e);
    e->state = ENVIRONMENT_NONE;
    e->inside = true;
    e->report_init_us = LOGLINES_NO_INIT;
    return 0;
}

struct environment_timing environment_timing(const struct environment *e)
{
    return e->timing;
}

int environment_census(const struct environment *e, struct jail_census *out, struct err *err)
{
    return jail_census(e->jail, out, err);
}

unsigned environment_uid(const struct environment *e)
{
    return jail_outer_uid(e->jail);
}

const struct jail_hold *environment_hold(const struct environment *e, enum jail_limit limit)
{
    return jail_hold(e->jail, limit);
}

bool environment_reaches_metadata(const struct environment *e)
{
    return !e->options.settings->own_network && !jail_refuses_metadata(e->jail);
}

static void on_closed(uv_handle_t *handle)
{
    struct environment *e = handle->data;
    if (--e->open_handles)
        return;
    for (int i = 0; i < 2; i++)
        lines_fini(&e->lines[i]);
    vars_block_fini(&e->vars);
    buf_free(&e->text);
    buf_free(&e->init_error.body);
    free(e);
}

void environment_close(struct environment *e, struct err *err)
{
    if (!e)
        return;
    /* the channel's server may be closed already: no call to it any more */
    e->endpoint.channel.reset = NULL;
    process_stop(e);
    watch_close(e->oom);
    jail_close(e->jail, err);
    e->state = ENVIRONMENT_FAILED;
    uv_close((uv_handle_t *)&e->limit, on_closed);
    uv_close((uv_handle_t *)&e->tick, on_closed);
}

/* ---- what the Runtime API server tells ----------------------------------------------------- */

static void on_next(void *env)
{
    lifecycle_next(env);
}

static void on_response(void *env, const struct env_answer *answer)
{
    lifecycle_answered(env, answer, false);
}

static void on_error(void *env, const struct env_answer *answer)
{
    lifecycle_answered(env, answer, true);
}

static void on_init_error(void *env, const struct env_answer *answer)
{
    struct environment *e = env;
    struct init_error *i = &e->init_error;
    if (e->state != ENVIRONMENT_INIT || i->posted)
        return;
    process_sample(e); /* a life as short as this one ends before the next */
    /* the runtime is expected to exit; if it does not, the next sample ends it */
    i->posted = true;
    i->at_us = clock_now_us();
    snprintf(i->type, sizeof i->type, "%s",
             answer->error_type ? answer->error_type : "Runtime.Unknown");
    buf_reset(&i->body);
    buf_add(&i->body, answer->body, answer->body_len);
}

static void on_broken_response(void *env, enum env_broken what, size_t size)
{
    static const enum fault_kind kinds[] = {
        [ENV_TOO_LARGE] = FAULT_KIND_TOO_LARGE,
        [ENV_TRUNCATED] = FAULT_KIND_TRUNCATED,
        [ENV_BAD_MODE] = FAULT_KIND_BAD_MODE,
    };
    (void)size;
    lifecycle_broken(env, &(struct fault){.kind = kinds[what]});
}

const struct env_events environment_events = {
    .next = on_next,
    .response = on_response,
    .error = on_error,
    .init_error = on_init_error,
    .broken_response = on_broken_response,
};

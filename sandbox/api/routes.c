/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "api/limits.h"
#include "api/state.h"

#define NONCE_HEADER "Lambda-Runtime-Invocation-Id"
#define API          "/2018-06-01"
#define INVOCATION   API "/runtime/invocation/"

/* The path is prefix, a request id when there is a suffix, suffix. */
static const struct route {
    const char *method, *prefix, *suffix;
    enum http_task task;
    enum reply_id wrong_method;
} routes[] = {
    {"GET", INVOCATION "next", NULL, HTTP_NEXT, REPLY_ONLY_GET},
    {"POST", INVOCATION, "/response", HTTP_RESPONSE, REPLY_ONLY_POST},
    {"POST", INVOCATION, "/error", HTTP_ERROR, REPLY_ONLY_POST},
    {"POST", API "/runtime/init/error", NULL, HTTP_INIT_ERROR, REPLY_ONLY_POST},
    {"GET", API "/ping", NULL, HTTP_PING, REPLY_ONLY_GET},
};

/* The names that Lambda's error documents use. */
static const char *const state_names[] = {
    [STATE_STARTED] = "Started",
    [STATE_INIT_ERROR] = "InitError",
    [STATE_WAITING] = "Ready",
    [STATE_RUNNING] = "Ready",
    [STATE_ANSWERED] = "RuntimeResponseSentState",
};

enum MHD_Result routes_reply(struct server *s, struct http_conn *c, enum reply_id id)
{
    return MHD_queue_response(c->mhd, reply_status(id), s->replies.responses[id]);
}

void routes_refuse(struct server *s, struct http_conn *c, enum reply_id id)
{
    c->task = HTTP_REFUSED;
    c->status = reply_status(id);
    c->reply = s->replies.responses[id];
}

static const char *state_name(const struct server *s)
{
    static const char *const receiving[] = {
        [HTTP_RESPONSE] = "InvocationResponse",
        [HTTP_ERROR] = "InvocationErrorResponse",
        [HTTP_INIT_ERROR] = "InitError",
    };
    return s->receiving ? receiving[s->receiving->task] : state_names[s->state];
}

static enum MHD_Result refuse_transition(struct server *s, struct http_conn *c, const char *to)
{
    c->reply = reply_new_transition(state_name(s), to);
    c->reply_owned = true;
    c->task = HTTP_REFUSED;
    c->status = 403;
    return c->reply ? MHD_YES : MHD_NO;
}

static const struct route *route_find(const char *url, const char **out_id, size_t *out_id_len)
{
    size_t len = strlen(url);
    for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
        const struct route *r = &routes[i];
        size_t prefix = strlen(r->prefix), suffix = r->suffix ? strlen(r->suffix) : 0;
        bool fits = r->suffix ? len > prefix + suffix : len == prefix;
        if (!fits || memcmp(url, r->prefix, prefix) != 0 ||
            (suffix && memcmp(url + len - suffix, r->suffix, suffix) != 0))
            continue;
        *out_id = url + prefix;
        *out_id_len = len - prefix - suffix;
        return r;
    }
    return NULL;
}

/* An error that comes while a streamed answer is on its way takes its place: the process has
 * crashed in the middle and says so on another connection. */
static bool takes_over(const struct server *s, const struct http_conn *c)
{
    return c->task == HTTP_ERROR && s->streaming && s->receiving->task == HTTP_RESPONSE;
}

/* An answer is let in when it is for the event that runs and no other answer to it is on its way.
 */
static void admit_answer(struct server *s, struct http_conn *c, const char *id, size_t id_len)
{
    if (s->state != STATE_RUNNING || (s->receiving && !takes_over(s, c)) ||
        strlen(s->request_id) != id_len || memcmp(s->request_id, id, id_len) != 0) {
        routes_refuse(s, c, REPLY_BAD_ID);
        return;
    }
    const char *nonce = MHD_lookup_connection_value(c->mhd, MHD_HEADER_KIND, NONCE_HEADER);
    if (nonce && *nonce && (!s->nonce || strcmp(nonce, s->nonce) != 0)) {
        routes_refuse(s, c, REPLY_BAD_NONCE);
        return;
    }
    if (s->receiving)
        routes_refuse(s, s->receiving, REPLY_BAD_ID);
    answer_begin(s, c);
}

static enum MHD_Result on_request(void *cls, struct http_conn *c, const char *url,
                                  const char *method)
{
    struct server *s = cls;
    const char *id;
    size_t id_len;
    const struct route *r = route_find(url, &id, &id_len);
    if (!r) {
        routes_refuse(s, c, REPLY_NOT_FOUND);
        return MHD_YES;
    }
    if (strcmp(method, r->method) != 0) {
        routes_refuse(s, c, r->wrong_method);
        return MHD_YES;
    }
    c->task = r->task;
    if (r->suffix) {
        admit_answer(s, c, id, id_len);
    } else if (r->task == HTTP_INIT_ERROR) {
        if (s->state != STATE_STARTED || s->receiving)
            return refuse_transition(s, c, "InitError");
        answer_begin(s, c);
    }
    return MHD_YES;
}

static enum MHD_Result on_body(void *cls, struct http_conn *c, const char *bytes, size_t len)
{
    struct server *s = cls;
    if (c == s->receiving)
        return answer_body(s, c, bytes, len);
    return c->received > API_DRAIN_MAX ? MHD_NO : MHD_YES;
}

static enum MHD_Result send_event(struct server *s, struct http_conn *c)
{
    c->sending = true;
    return MHD_queue_response(c->mhd, 200, s->event);
}

static enum MHD_Result wait_for_event(struct server *s, struct http_conn *c)
{
    bool first = s->state != STATE_WAITING;
    if (s->waiting && s->waiting != c) {
        s->waiting->superseded = true;
        http_resume(s->waiting);
    }
    s->state = STATE_WAITING;
    s->waiting = c;
    if (first) {
        s->in_next = true;
        s->events->next(s->env);
        s->in_next = false;
        if (c->doomed)
            return MHD_NO;
        if (s->state == STATE_RUNNING)
            return send_event(s, c);
    }
    http_suspend(c);
    return MHD_YES;
}

static enum MHD_Result finish_next(struct server *s, struct http_conn *c)
{
    if (c->superseded || s->receiving || s->state == STATE_INIT_ERROR) {
        if (refuse_transition(s, c, "Ready") == MHD_NO)
            return MHD_NO;
        return MHD_queue_response(c->mhd, c->status, c->reply);
    }
    if (s->state == STATE_RUNNING)
        return send_event(s, c);
    return wait_for_event(s, c);
}

static enum MHD_Result on_finish(void *cls, struct http_conn *c)
{
    struct server *s = cls;
    if (c == s->receiving)
        return answer_finish(s, c);
    if (c->task == HTTP_NEXT)
        return finish_next(s, c);
    if (c->task == HTTP_PING)
        return routes_reply(s, c, REPLY_PONG);
    return c->reply ? MHD_queue_response(c->mhd, c->status, c->reply) : MHD_NO;
}

static void on_end(void *cls, struct http_conn *c, bool complete)
{
    struct server *s = cls;
    (void)complete;
    if (s->waiting == c)
        s->waiting = NULL;
    if (s->receiving == c)
        answer_break(s, c);
}

const struct http_handler routes_handler = {
    .request = on_request, .body = on_body, .finish = on_finish, .end = on_end};

/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/front.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "env/channel.h"
#include "gateway/headers.h"
#include "gateway/reply.h"
#include "gateway/request.h"
#include "gateway/route.h"

struct front {
    struct http http;
    struct notices notices;
    struct runner *runner;
    void (*idle)(void *owner);
    void *owner;
    size_t requests; /* that are there */
    size_t held;     /* bytes of their events and answers */
    bool stopping;
    uint16_t port;
};

static const char *header(const struct http_conn *c, const char *name)
{
    return MHD_lookup_connection_value(c->mhd, MHD_HEADER_KIND, name);
}

/* ---- requests ------------------------------------------------------------------------------ */

static void request_free(struct front *f, struct request *r)
{
    f->held -= r->held;
    f->requests--;
    if (r->reply)
        MHD_destroy_response(r->reply);
    buf_free(&r->body);
    free(r->client_context);
    free(r->content_type);
    free(r);
    if (f->stopping && f->requests == 0)
        f->idle(f->owner);
}

/* A header that the Runtime API can hand on. */
static bool is_plain(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20)
            return false;
    return true;
}

/* NULL: no memory. */
static struct request *request_new(struct front *f, struct http_conn *c)
{
    const char *type = header(c, MHD_HTTP_HEADER_CONTENT_TYPE);
    struct err err;
    struct request *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    f->requests++;
    buf_init(&r->body, ENV_REQUEST_MAX);
    r->conn = c;
    headers_trace(header(c, "X-Amzn-Trace-Id"), header(c, "traceparent"), r->trace_id);
    if (type && is_plain(type))
        r->content_type = strdup(type);
    if (ids_uuid(r->id, &err) < 0 || (type && is_plain(type) && !r->content_type)) {
        request_free(f, r);
        return NULL;
    }
    return r;
}

/* Whether its body is too long to be read for nothing. */
static bool is_endless(const struct http_conn *c)
{
    const char *length = header(c, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return length && strtoull(length, NULL, 10) > GATEWAY_DRAIN_MAX;
}

/* The rest of its body is thrown away first: most clients hear nothing before they have sent it.
 * Who asked whether to send it, or would send too much, is told at once. */
static enum MHD_Result refuse(struct front *f, struct http_conn *c, enum notice id)
{
    if (c->data)
        request_free(f, c->data);
    c->data = NULL;
    c->task = HTTP_REFUSED;
    c->status = notice_status(id);
    c->reply = f->notices.responses[id];
    if (c->received == 0 && (header(c, MHD_HTTP_HEADER_EXPECT) || is_endless(c)))
        return MHD_queue_response(c->mhd, c->status, c->reply);
    return MHD_YES;
}

static enum MHD_Result on_event(struct front *f, struct http_conn *c, bool emulates)
{
    const char *context = header(c, "X-Amz-Client-Context");
    const char *length = header(c, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (f->stopping)
        return refuse(f, c, NOTICE_STOPPING);
    if (length && strtoull(length, NULL, 10) > ENV_REQUEST_MAX)
        return refuse(f, c, NOTICE_TOO_LARGE);
    struct request *r = c->data = request_new(f, c);
    if (!r)
        return MHD_NO;
    r->emulates = emulates;
    if (context && *context) {
        r->client_context = headers_client_context(context);
        if (!r->client_context)
            return refuse(f, c, NOTICE_BAD_CONTEXT);
    }
    return MHD_YES;
}

struct framing {
    int lengths, encodings;
    bool bad;
};

static enum MHD_Result take_framing(void *cls, enum MHD_ValueKind kind, const char *name,
                                    const char *value)
{
    struct framing *found = cls;
    (void)kind;
    found->lengths += strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0;
    if (strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0) {
        found->encodings++;
        found->bad |= !value || strcasecmp(value, "chunked") != 0;
    }
    found->bad |= name[strcspn(name, " \t")] != '\0';
    return MHD_YES;
}

/* Whether a proxy before this program could see another end of the body than libmicrohttpd does:
 * what follows would be another client's request. */
static bool is_ambiguous(const struct http_conn *c)
{
    struct framing found = {0};
    MHD_get_connection_values(c->mhd, MHD_HEADER_KIND, take_framing, &found);
    return found.bad || found.lengths + found.encodings > 1;
}

static enum MHD_Result on_request(void *cls, struct http_conn *c, const char *url,
                                  const char *method)
{
    struct front *f = cls;
    enum route_kind kind = route_find(method, url);
    if (is_ambiguous(c)) {
        refuse(f, c, NOTICE_BAD_FRAMING);
        return MHD_queue_response(c->mhd, c->status, c->reply);
    }
    if (kind == ROUTE_EVENT || kind == ROUTE_INVOKE)
        return on_event(f, c, kind == ROUTE_INVOKE);
    if (kind == ROUTE_HEALTH) {
        runner_nudge(f->runner);
        bool ready = !f->stopping && runner_ready(f->runner);
        return refuse(f, c, ready ? NOTICE_READY : NOTICE_STARTING);
    }
    return refuse(f, c, kind == ROUTE_NO_POST ? NOTICE_ONLY_GET : NOTICE_ONLY_POST);
}

/* libmicrohttpd sends nothing while a body comes: its connection only ends. */
static enum MHD_Result cut(const struct http_conn *c)
{
    char text[96];
    int len = snprintf(text, sizeof text,
                       "HTTP/1.1 %u Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
                       c->status);
    send(c->fd, text, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL);
    return MHD_NO;
}

static enum MHD_Result on_body(void *cls, struct http_conn *c, const char *bytes, size_t len)
{
    struct front *f = cls;
    struct request *r = c->data;
    if (!r)
        return c->received > GATEWAY_DRAIN_MAX ? cut(c) : MHD_YES;
    if (c->received > ENV_REQUEST_MAX)
        return refuse(f, c, NOTICE_TOO_LARGE);
    if (f->held + len > GATEWAY_HELD_MAX)
        return refuse(f, c, NOTICE_TOO_MANY);
    buf_add(&r->body, bytes, len);
    r->held += len;
    f->held += len;
    return r->body.failed ? MHD_NO : MHD_YES;
}

/* Called once when the request is complete, and again when its answer is there. */
static enum MHD_Result on_finish(void *cls, struct http_conn *c)
{
    struct front *f = cls;
    struct request *r = c->data;
    if (r && r->state == REQUEST_RECEIVING) {
        if (f->stopping || !runner_has_room(f->runner)) {
            refuse(f, c, f->stopping ? NOTICE_STOPPING : NOTICE_TOO_MANY);
            r = NULL;
        } else {
            if (r->body.len == 0)
                buf_adds(&r->body, "{}");
            runner_submit(f->runner, r);
        }
    }
    if (!r)
        return c->reply ? MHD_queue_response(c->mhd, c->status, c->reply) : MHD_NO;
    if (c->doomed)
        return MHD_NO;
    if (r->reply)
        return MHD_queue_response(c->mhd, r->status, r->reply);
    http_suspend(c);
    return MHD_YES;
}

static void on_end(void *cls, struct http_conn *c, bool complete)
{
    struct front *f = cls;
    struct request *r = c->data;
    (void)complete;
    if (!r)
        return;
    c->data = NULL;
    r->conn = NULL;
    if (r->state == REQUEST_RUNNING) {
        r->abandoned = true;
        return;
    }
    if (r->state == REQUEST_WAITING)
        runner_withdraw(f->runner, r);
    request_free(f, r);
}

static const struct http_handler handler = {
    .request = on_request, .body = on_body, .finish = on_finish, .end = on_end};

/* ---- from the runner ----------------------------------------------------------------------- */

static void on_answer(void *owner, struct request *r, const struct outcome *outcome)
{
    struct front *f = owner;
    r->state = REQUEST_ANSWERED;
    if (r->abandoned) {
        request_free(f, r);
        return;
    }
    buf_free(&r->body);
    f->held -= r->held;
    r->held = outcome->len;
    f->held += r->held;
    r->reply = reply_new(outcome, r->id, r->emulates, f->stopping, &r->status);
    if (r->reply)
        http_resume(r->conn);
    else
        http_doom(r->conn);
}

static bool is_gone(void *owner, const struct request *r)
{
    (void)owner;
    return http_gone(r->conn);
}

const struct runner_hooks front_hooks = {.answer = on_answer, .gone = is_gone};

/* ---- its life ------------------------------------------------------------------------------ */

static int listen_any(int family, uint16_t port)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr *own = family == AF_INET6 ? (struct sockaddr *)&six : (struct sockaddr *)&four;
    AUTO_FD int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) < 0)
        return -1;
    if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){0}, sizeof(int)) < 0)
        return -1;
    if (bind(fd, own, family == AF_INET6 ? sizeof six : sizeof four) < 0 ||
        listen(fd, GATEWAY_BACKLOG) < 0)
        return -1;
    return TAKE_FD(fd);
}

/* IPv6 takes IPv4 along; where there is none, IPv4 alone. */
static int listen_on(uint16_t *port, struct err *err)
{
    struct sockaddr_in6 own;
    socklen_t len = sizeof own;
    AUTO_FD int fd = listen_any(AF_INET6, *port);
    if (fd < 0 && errno != EADDRINUSE && errno != EACCES)
        fd = listen_any(AF_INET, *port);
    if (fd < 0)
        return err_sys(err, "listen on port %u", *port);
    if (getsockname(fd, (struct sockaddr *)&own, &len) < 0)
        return err_sys(err, "ask for the port");
    *port = ntohs(own.sin6_port); /* which stands in the same place for both */
    return TAKE_FD(fd);
}

static void on_closed(void *cls)
{
    struct front *f = cls;
    notices_fini(&f->notices);
    free(f);
}

struct front *front_open(const struct front_options *options, struct err *err)
{
    struct front *f = calloc(1, sizeof *f);
    if (!f) {
        err_set(err, ERR_MEMORY, "no memory for the gateway");
        return NULL;
    }
    f->idle = options->idle;
    f->owner = options->owner;
    f->port = options->port;
    int fd = listen_on(&f->port, err);
    if (fd < 0 || notices_init(&f->notices, err) < 0) {
        if (fd >= 0)
            close(fd);
        free(f);
        return NULL;
    }
    const struct http_options http = {.loop = options->loop,
                                      .listen_fd = fd,
                                      .connections = options->connections,
                                      .memory = GATEWAY_CONNECTION_MEMORY,
                                      .patience_ms = options->patience_ms,
                                      .handler = &handler,
                                      .cls = f};
    if (http_open(&f->http, &http, err) < 0) {
        front_close(f);
        return NULL;
    }
    return f;
}

void front_connect(struct front *f, struct runner *r)
{
    f->runner = r;
}

uint16_t front_port(const struct front *f)
{
    return f->port;
}

void front_stop(struct front *f)
{
    if (f->stopping)
        return;
    f->stopping = true;
    http_stop_listening(&f->http);
}

bool front_idle(const struct front *f)
{
    return f->requests == 0;
}

void front_close(struct front *f)
{
    if (!f)
        return;
    f->stopping = false; /* nobody is to be told of the ends that follow */
    http_close(&f->http, on_closed);
}

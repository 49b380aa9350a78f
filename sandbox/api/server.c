/* SPDX-License-Identifier: Apache-2.0 */
#include "api/server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/limits.h"
#include "api/state.h"

static int listen_on(const char *address, uint16_t port, struct err *err)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (!address || inet_pton(AF_INET, address, &own.sin_addr) != 1)
        return err_set(err, ERR_INPUT, "'%s' is not an IPv4 address", address ? address : "");
    if (ntohl(own.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET)
        return err_set(err, ERR_INPUT, "'%s' is not a loopback address (127.X.Y.Z)", address);
    AUTO_FD int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_sys(err, "open a socket for the Runtime API");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(fd, (struct sockaddr *)&own, sizeof own) < 0 || listen(fd, API_BACKLOG) < 0)
        return err_sys(err, "listen on %s:%u for the Runtime API", address, port);
    return TAKE_FD(fd);
}

static int prepare_listener(int fd, uint16_t *out_port, struct err *err)
{
    struct sockaddr_in own = {0};
    socklen_t len = sizeof own;
    if (getsockname(fd, (struct sockaddr *)&own, &len) < 0 || own.sin_family != AF_INET)
        return err_sys(err, "address of the Runtime API's socket");
    /* accept must not block, whoever made the socket */
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return err_sys(err, "make the Runtime API's socket non-blocking");
    *out_port = ntohs(own.sin_port);
    return 0;
}

static void on_http_closed(void *cls)
{
    struct server *s = cls;
    server_drop_event(s);
    reply_set_fini(&s->replies);
    buf_free(&s->body);
    free(s);
}

struct server *server_open(const struct server_options *options, struct err *err)
{
    AUTO_FD int fd = options->listen_fd;
    struct server *s = calloc(1, sizeof *s);
    if (!s) {
        err_set(err, ERR_MEMORY, "no memory for the Runtime API server");
        return NULL;
    }
    s->events = options->events;
    s->env = options->env;
    buf_init(&s->body, ENV_RESPONSE_MAX);
    if (fd < 0)
        fd = listen_on(options->address, options->port, err);
    if (fd < 0 || prepare_listener(fd, &s->port, err) < 0 || reply_set_init(&s->replies, err) < 0) {
        free(s);
        return NULL;
    }
    struct http_options http = {.loop = options->loop,
                                .listen_fd = TAKE_FD(fd),
                                .check_peer = options->check_peer,
                                .peer = options->peer,
                                .or_root = options->or_root,
                                .process = options->process,
                                .connections = API_CONNECTIONS_MAX,
                                .memory = API_CONNECTION_MEMORY,
                                .handler = &routes_handler,
                                .cls = s};
    if (http_open(&s->http, &http, err) < 0) {
        server_close(s);
        return NULL;
    }
    return s;
}

void server_drop_event(struct server *s)
{
    for (struct http_conn *c = s->http.conns; c; c = c->next)
        if (c->sending)
            http_doom(c);
    if (s->event)
        MHD_destroy_response(s->event);
    free(s->request_id);
    free(s->nonce);
    s->event = NULL;
    s->request_id = s->nonce = NULL;
}

void server_close(struct server *s)
{
    if (!s)
        return;
    s->waiting = s->receiving = NULL;
    http_close(&s->http, on_http_closed);
}

static int add_header(struct MHD_Response *m, const char *name, const char *value, struct err *err)
{
    if (!value || !*value)
        return 0;
    if (!MHD_add_response_header(m, name, value))
        return err_set(err, ERR_INPUT, "%s cannot be sent as a header: '%.200s'", name, value);
    return 0;
}

static struct MHD_Response *event_new(const struct env_invocation *i, struct err *err)
{
    char deadline[24];
    snprintf(deadline, sizeof deadline, "%" PRId64, i->deadline_ms);
    const struct {
        const char *name, *value;
    } headers[] = {
        {"Content-Type", i->content_type ? i->content_type : "application/json"},
        {"Lambda-Runtime-Aws-Request-Id", i->request_id},
        {"Lambda-Runtime-Deadline-Ms", deadline},
        {"Lambda-Runtime-Invoked-Function-Arn", i->function_arn},
        {"Lambda-Runtime-Trace-Id", i->trace_id},
        {"Lambda-Runtime-Client-Context", i->client_context},
        {"Lambda-Runtime-Cognito-Identity", i->cognito_identity},
        {"Lambda-Runtime-Invocation-Id", i->nonce},
    };
    /* the bytes are not changed: the parameter lacks a const */
    union {
        const char *text;
        void *buffer;
    } body = {.text = i->body_len ? i->body : ""};
    struct MHD_Response *m =
        MHD_create_response_from_buffer(i->body_len, body.buffer, MHD_RESPMEM_PERSISTENT);
    if (!m) {
        err_set(err, ERR_MEMORY, "no memory for an event");
        return NULL;
    }
    for (size_t n = 0; n < ARRAY_LEN(headers); n++) {
        if (add_header(m, headers[n].name, headers[n].value, err) < 0) {
            MHD_destroy_response(m);
            return NULL;
        }
    }
    return m;
}

static int deliver(void *server, const struct env_invocation *invocation, struct err *err)
{
    struct server *s = server;
    if (s->state != STATE_WAITING)
        return err_set(err, ERR_PROTOCOL, "the runtime does not wait for an event");
    if (!invocation->request_id || !*invocation->request_id)
        return err_set(err, ERR_INPUT, "an event without a request id");
    AUTO_FREE char *id = strdup(invocation->request_id);
    AUTO_FREE char *nonce = invocation->nonce ? strdup(invocation->nonce) : NULL;
    if (!id || (invocation->nonce && !nonce))
        return err_set(err, ERR_MEMORY, "no memory for an event");
    struct MHD_Response *event = event_new(invocation, err);
    if (!event)
        return -1;
    s->event = event;
    s->request_id = TAKE(id);
    s->nonce = TAKE(nonce);
    s->state = STATE_RUNNING;
    struct http_conn *c = s->waiting;
    s->waiting = NULL;
    if (c && !s->in_next)
        http_resume(c);
    return 0;
}

static void reset(void *server)
{
    struct server *s = server;
    s->waiting = s->receiving = NULL;
    s->state = STATE_STARTED;
    server_drop_event(s);
    http_drop_all(&s->http);
}

struct env_channel server_channel(struct server *s)
{
    return (struct env_channel){.deliver = deliver, .reset = reset, .server = s};
}

uint16_t server_port(const struct server *s)
{
    return s->port;
}

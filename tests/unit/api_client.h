/* SPDX-License-Identifier: Apache-2.0 */
/* A Runtime API server with a scripted environment behind it, and raw clients, all on one loop:
 * while a client waits, the server's loop turns. */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <uv.h>

#include "api/server.h"
#include "base/buf.h"
#include "check.h"

#define REPLY_LIMIT (16u << 20)
#define PATIENCE_MS 120000 /* a wait that lasts longer is a failure */

/* What the environment was told last. */
struct world {
    uv_loop_t loop;
    struct server *server;
    struct env_channel channel;
    int nexts, responses, errors, init_errors, broken;
    enum env_broken broken_what;
    size_t broken_size;
    char *error_type, *content_type, *request_id;
    struct buf body;
    bool deliver_at_once, reset_at_once;
    struct env_invocation invocation;
};

struct client {
    struct world *w;
    int fd;
    struct buf in;
    size_t used; /* of in: replies that were read */
};

struct reply {
    int status;
    const char *head; /* NUL-terminated copy */
    char *body;
    size_t len;
};

static void keep(char **to, const char *text)
{
    free(*to);
    *to = text ? strdup(text) : NULL;
}

static void on_next(void *env)
{
    struct world *w = env;
    w->nexts++;
    struct err err;
    if (w->deliver_at_once)
        CHECK(w->channel.deliver(w->channel.server, &w->invocation, &err) == 0);
}

static void note(struct world *w, const struct env_answer *a)
{
    keep(&w->error_type, a->error_type);
    keep(&w->content_type, a->content_type);
    keep(&w->request_id, a->request_id);
    buf_reset(&w->body);
    buf_add(&w->body, a->body, a->body_len);
    if (w->reset_at_once)
        w->channel.reset(w->channel.server);
}

static void on_response(void *env, const struct env_answer *a)
{
    ((struct world *)env)->responses++;
    note(env, a);
}

static void on_error(void *env, const struct env_answer *a)
{
    ((struct world *)env)->errors++;
    note(env, a);
}

static void on_init_error(void *env, const struct env_answer *a)
{
    ((struct world *)env)->init_errors++;
    note(env, a);
}

static void on_broken(void *env, enum env_broken what, size_t size)
{
    struct world *w = env;
    w->broken++;
    w->broken_what = what;
    w->broken_size = size;
}

static const struct env_events world_events = {.next = on_next,
                                               .response = on_response,
                                               .error = on_error,
                                               .init_error = on_init_error,
                                               .broken_response = on_broken};

static inline struct server_options world_options(struct world *w)
{
    return (struct server_options){.loop = &w->loop,
                                   .listen_fd = -1,
                                   .address = "127.0.0.1",
                                   .events = &world_events,
                                   .env = w};
}

static inline void world_open_with(struct world *w, const struct server_options *options)
{
    struct err err = {0};
    w->server = server_open(options, &err);
    if (!w->server) {
        printf("# %s\n", err.msg);
        exit(1);
    }
    w->channel = server_channel(w->server);
    w->invocation = (struct env_invocation){
        .request_id = "id-1",
        .nonce = "nonce-1",
        .deadline_ms = 1760000000123,
        .function_arn = "arn:aws:lambda:us-east-1:123456789012:function:f",
        .trace_id = "Root=1-2-3",
        .client_context = "{\"a\":1}",
        .cognito_identity = "",
        .body = "{\"n\":1}",
        .body_len = 7,
    };
}

static inline void world_init(struct world *w)
{
    memset(w, 0, sizeof *w);
    uv_loop_init(&w->loop);
    buf_init(&w->body, REPLY_LIMIT);
}

static inline void world_open(struct world *w)
{
    world_init(w);
    struct server_options options = world_options(w);
    world_open_with(w, &options);
}

static inline void world_close(struct world *w)
{
    server_close(w->server);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    CHECK_INT(uv_loop_close(&w->loop), 0);
    keep(&w->error_type, NULL);
    keep(&w->content_type, NULL);
    keep(&w->request_id, NULL);
    buf_free(&w->body);
}

static inline int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Lets the server do all that it can do now. */
static inline void world_turn(struct world *w)
{
    for (int i = 0; i < 4; i++)
        uv_run(&w->loop, UV_RUN_NOWAIT);
}

static inline void world_deliver(struct world *w, int want)
{
    struct err err = {0};
    CHECK_INT(w->channel.deliver(w->channel.server, &w->invocation, &err), want);
}

static inline struct client client_open(struct world *w)
{
    struct client c = {.w = w, .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(server_port(w->server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    buf_init(&c.in, REPLY_LIMIT);
    CHECK_INT(connect(c.fd, (struct sockaddr *)&to, sizeof to), 0);
    setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    fcntl(c.fd, F_SETFL, O_NONBLOCK);
    world_turn(w);
    return c;
}

static inline void client_close(struct client *c)
{
    close(c->fd);
    buf_free(&c->in);
    world_turn(c->w);
}

static inline void client_send(struct client *c, const void *bytes, size_t len)
{
    const char *at = bytes;
    int64_t end = now_ms() + PATIENCE_MS;
    while (len > 0 && now_ms() < end) {
        ssize_t n = send(c->fd, at, len, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN)
            return; /* refused: the reply tells */
        if (n > 0) {
            at += n;
            len -= (size_t)n;
        }
        uv_run(&c->w->loop, UV_RUN_NOWAIT);
    }
    world_turn(c->w);
}

static inline void client_text(struct client *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static inline void client_text(struct client *c, const char *fmt, ...)
{
    char text[8192];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    client_send(c, text, (size_t)n);
}

/* One turn; false when the connection is at its end. */
static inline bool client_read(struct client *c)
{
    uv_run(&c->w->loop, UV_RUN_NOWAIT);
    char *room = buf_reserve(&c->in, 65536);
    ssize_t n = recv(c->fd, room, 65536, 0);
    if (n > 0) {
        c->in.len += (size_t)n;
        c->in.ptr[c->in.len] = 0;
    }
    return n > 0 || (n < 0 && errno == EAGAIN);
}

static inline bool reply_parse(struct client *c, struct reply *r)
{
    char *at = c->in.ptr ? c->in.ptr + c->used : NULL;
    char *end = at ? strstr(at, "\r\n\r\n") : NULL;
    if (!end)
        return false;
    static char head[8192];
    snprintf(head, sizeof head, "%.*s\r\n", (int)(end - at), at);
    char *length = strcasestr(head, "\r\nContent-Length:");
    size_t len = length ? strtoul(length + 17, NULL, 10) : 0;
    size_t have = c->in.len - (size_t)(end + 4 - c->in.ptr);
    if (have < len)
        return false;
    *r = (struct reply){.status = atoi(head + 9), .head = head, .body = end + 4, .len = len};
    c->used = (size_t)(end + 4 - c->in.ptr) + len;
    return true;
}

/* The next reply; status 0 when the connection ends without one. Its texts live until the next
 * call. */
static inline struct reply client_reply(struct client *c)
{
    struct reply r = {0};
    int64_t end = now_ms() + PATIENCE_MS;
    while (!reply_parse(c, &r)) {
        if (!client_read(c)) {
            if (!reply_parse(c, &r))
                r = (struct reply){.head = "", .body = (char[]){""}};
            return r;
        }
        if (now_ms() > end) {
            check_report(__FILE__, __LINE__, "no reply");
            exit(1);
        }
    }
    return r;
}

/* Whether the server has ended the connection. */
static inline bool client_ended(struct client *c)
{
    int64_t end = now_ms() + PATIENCE_MS;
    while (now_ms() < end)
        if (!client_read(c))
            return true;
    return false;
}

static inline bool client_quiet(struct client *c)
{
    for (int i = 0; i < 8; i++)
        if (!client_read(c))
            return false;
    return c->in.len == c->used;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "api/http.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/limits.h"
#include "api/peer.h"

#define SWEEPS 64 /* looks at slow connections while the patience with one lasts */

static int64_t now_ms(void)
{
    return (int64_t)(uv_hrtime() / 1000000);
}

static void request_clear(struct http_conn *c)
{
    if (c->reply && c->reply_owned)
        MHD_destroy_response(c->reply);
    c->task = HTTP_NEW;
    c->reply = NULL;
    c->reply_owned = false;
    c->superseded = false;
    c->sending = false;
    c->status = 0;
    c->received = 0;
    c->complete = false;
    c->data = NULL;
    c->since_ms = now_ms();
}

static void on_connection(void *cls, struct MHD_Connection *mhd, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http *h = cls;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        struct http_conn *c = *socket_context;
        if (!c)
            return;
        if (c->prev)
            c->prev->next = c->next;
        else
            h->conns = c->next;
        if (c->next)
            c->next->prev = c->prev;
        h->count--;
        request_clear(c);
        free(c);
        *socket_context = NULL;
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct http_conn *c = info ? calloc(1, sizeof *c) : NULL;
    *socket_context = c;
    if (!c)
        return;
    c->http = h;
    c->mhd = mhd;
    c->fd = info->connect_fd;
    c->since_ms = now_ms();
    h->count++;
    c->next = h->conns;
    if (c->next)
        c->next->prev = c;
    h->conns = c;
}

static struct http_conn *conn_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* libmicrohttpd calls this once per request when its headers are complete, then for each piece of
 * the body, then until a reply is queued or the connection is suspended. */
static enum MHD_Result on_access(void *cls, struct MHD_Connection *mhd, const char *url,
                                 const char *method, const char *version, const char *bytes,
                                 size_t *len, void **request)
{
    (void)version;
    struct http *h = cls;
    struct http_conn *c = *request ? *request : conn_of(mhd);
    if (!c || c->doomed)
        return MHD_NO;
    if (!*request) {
        *request = c;
        c->since_ms = now_ms();
        return h->handler->request(h->cls, c, url, method);
    }
    if (*len > 0) {
        size_t n = *len;
        *len = 0;
        c->received += n;
        return h->handler->body(h->cls, c, bytes, n);
    }
    c->complete = true;
    return h->handler->finish(h->cls, c);
}

static void on_completed(void *cls, struct MHD_Connection *mhd, void **request,
                         enum MHD_RequestTerminationCode code)
{
    (void)mhd;
    struct http *h = cls;
    struct http_conn *c = *request;
    *request = NULL;
    if (!c)
        return;
    h->handler->end(h->cls, c, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    request_clear(c);
}

static void on_more(uv_idle_t *more);

/* A closing handle that is started stays in the loop for good: it would never end. */
static void go_on(struct http *h)
{
    if (!uv_is_closing((const uv_handle_t *)&h->more))
        uv_idle_start(&h->more, on_more);
}

/* An end of input that came with the last bytes gives no event of its own, and libmicrohttpd stops
 * reading when it got less than it asked for: without this, half a request and a close would wait
 * for more. Shutting down what has ended already makes the event. */
static void show_ends(struct http *h)
{
    char byte;
    for (struct http_conn *c = h->conns; c; c = c->next)
        if (!c->suspended && !c->doomed && !c->complete && !c->ended &&
            recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0) {
            c->ended = true;
            shutdown(c->fd, SHUT_RD);
        }
}

/* MHD_run does one round only: what it left (a body larger than its buffer, a request behind a
 * request) shows as a timeout of 0 and not in its epoll descriptor. */
static void pump(struct http *h)
{
    if (h->pumping || !h->daemon)
        return;
    h->pumping = true;
    MHD_UNSIGNED_LONG_LONG ms = 0;
    bool waits = true;
    int64_t until = now_ms() + API_TURN_MS;
    for (int i = 0; i < API_RUNS_MAX && waits && ms == 0 && now_ms() < until; i++) {
        h->resumed = false;
        MHD_run(h->daemon);
        waits = MHD_get_timeout(h->daemon, &ms) == MHD_YES;
        if (h->resumed) { /* which its timeout does not tell */
            waits = true;
            ms = 0;
        }
    }
    h->pumping = false;
    if (h->patience_ms == 0)
        show_ends(h);
    if (waits && ms == 0)
        go_on(h);
    else
        uv_idle_stop(&h->more);
}

/* Once in a turn of the loop. A timer of 0 that is set anew while it runs would run again and
 * again, before anything else. */
static void on_more(uv_idle_t *more)
{
    pump(more->data);
}

static void on_epoll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    pump(poll->data);
}

static bool allowed(const struct http *h, int fd, const struct sockaddr_storage *from)
{
    if (h->peer_fd < 0)
        return true;
    struct sockaddr_in own = {0}, peer;
    socklen_t len = sizeof own;
    struct err err;
    uid_t uid;
    memcpy(&peer, from, sizeof peer);
    return getsockname(fd, (struct sockaddr *)&own, &len) == 0 &&
           peer_uid(h->peer_fd, &peer, &own, &uid, &err) == 0 &&
           (uid == h->peer || (h->or_root && uid == 0) ||
            (h->process && *h->process && peer_is_user_of(*h->process, uid)));
}

/* Where slow clients may hold connections, the newcomer gets the place of the slowest: with its
 * request, with taking its reply, or idle. */
static void make_room(struct http *h)
{
    struct http_conn *oldest = NULL;
    if (h->count < h->most || h->patience_ms == 0)
        return;
    for (struct http_conn *c = h->conns; c; c = c->next)
        if (!c->suspended && !c->doomed && (!oldest || c->since_ms <= oldest->since_ms))
            oldest = c;
    if (!oldest)
        return;
    http_doom(oldest);
    pump(h);
}

static void on_sweep(uv_timer_t *timer)
{
    struct http *h = timer->data;
    int64_t now = now_ms();
    show_ends(h);
    for (struct http_conn *c = h->conns; c; c = c->next)
        if (!c->suspended && !c->doomed && now - c->since_ms > h->patience_ms)
            http_doom(c);
    pump(h);
}

static void on_listen(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct http *h = poll->data;
    for (int i = 0; i < API_ACCEPTS_MAX; i++) {
        struct sockaddr_storage from = {0};
        socklen_t len = sizeof from;
        AUTO_FD int fd =
            accept4(h->listen_fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            break;
        if (!allowed(h, fd, &from))
            continue;
        make_room(h);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        /* it owns the socket now, and closes it on failure too */
        MHD_add_connection(h->daemon, TAKE_FD(fd), (struct sockaddr *)&from, len);
    }
    pump(h);
}

void http_suspend(struct http_conn *c)
{
    c->suspended = true;
    MHD_suspend_connection(c->mhd);
}

void http_resume(struct http_conn *c)
{
    if (!c->suspended)
        return;
    c->suspended = false;
    c->since_ms = now_ms();
    MHD_resume_connection(c->mhd);
    c->http->resumed = true;
    if (!c->http->pumping)
        go_on(c->http);
}

/* After shutdown the kernel refuses to send before it looks at the bytes, so that the memory of a
 * reply that is on its way may be freed at once. */
void http_doom(struct http_conn *c)
{
    c->doomed = true;
    shutdown(c->fd, SHUT_RDWR);
    http_resume(c);
}

void http_drop_all(struct http *h)
{
    for (struct http_conn *c = h->conns; c; c = c->next)
        http_doom(c);
    int fd;
    while (h->listen_fd >= 0 && (fd = accept4(h->listen_fd, NULL, NULL, SOCK_CLOEXEC)) >= 0)
        close(fd);
}

void http_stop_listening(struct http *h)
{
    uv_poll_stop(&h->listen_poll);
    close(h->listen_fd);
    h->listen_fd = -1;
}

bool http_gone(const struct http_conn *c)
{
    char byte;
    ssize_t n = recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

static struct MHD_Daemon *daemon_start(struct http *h, size_t memory)
{
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME |
                                MHD_USE_SUPPRESS_DATE_NO_CLOCK,
                            0, NULL, NULL, on_access, h,                    /* */
                            MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, /* */
                            MHD_OPTION_NOTIFY_COMPLETED, on_completed, h,   /* */
                            MHD_OPTION_CONNECTION_LIMIT, h->most,           /* */
                            MHD_OPTION_CONNECTION_TIMEOUT, 0u,              /* */
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, memory,     /* */
                            MHD_OPTION_END);
}

static int watch(struct http *h, uv_loop_t *loop, int epoll_fd, struct err *err)
{
    int rc = uv_poll_init(loop, &h->listen_poll, h->listen_fd);
    if (rc == 0) {
        h->handles++;
        rc = uv_poll_init(loop, &h->epoll_poll, epoll_fd);
    }
    if (rc == 0) {
        h->handles++;
        rc = uv_idle_init(loop, &h->more);
    }
    if (rc == 0) {
        h->handles++;
        rc = uv_timer_init(loop, &h->sweep);
        h->handles += rc == 0;
    }
    h->listen_poll.data = h->epoll_poll.data = h->more.data = h->sweep.data = h;
    if (rc == 0)
        rc = uv_poll_start(&h->listen_poll, UV_READABLE, on_listen);
    if (rc == 0)
        rc = uv_poll_start(&h->epoll_poll, UV_READABLE, on_epoll);
    if (rc == 0 && h->patience_ms > 0) {
        uint64_t every = (uint64_t)h->patience_ms / SWEEPS + 1;
        rc = uv_timer_start(&h->sweep, on_sweep, every, every);
    }
    if (rc < 0)
        return err_set(err, ERR_SYSTEM, "watch the HTTP server's sockets: %s", uv_strerror(rc));
    return 0;
}

int http_open(struct http *h, const struct http_options *options, struct err *err)
{
    memset(h, 0, sizeof *h);
    h->listen_fd = options->listen_fd;
    h->peer_fd = -1;
    h->peer = options->peer;
    h->or_root = options->or_root;
    h->process = options->process;
    h->most = options->connections;
    h->patience_ms = options->patience_ms;
    h->handler = options->handler;
    h->cls = options->cls;
    if (options->check_peer && (h->peer_fd = peer_open(h->listen_fd, err)) < 0)
        return -1;
    h->daemon = daemon_start(h, options->memory);
    if (!h->daemon)
        return err_set(err, ERR_SYSTEM, "start the HTTP server");
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (!info)
        return err_set(err, ERR_SYSTEM, "libmicrohttpd was built without epoll");
    return watch(h, options->loop, info->epoll_fd, err);
}

static void on_closed(uv_handle_t *handle)
{
    struct http *h = handle->data;
    if (--h->handles == 0)
        h->closed(h->cls);
}

void http_close(struct http *h, void (*closed)(void *cls))
{
    uv_handle_t *const handles[] = {(uv_handle_t *)&h->listen_poll, (uv_handle_t *)&h->epoll_poll,
                                    (uv_handle_t *)&h->more, (uv_handle_t *)&h->sweep};
    h->closed = closed;
    int open = h->handles; /* handles are opened in this order */
    for (int i = 0; i < open; i++)
        uv_close(handles[i], on_closed);
    if (h->daemon) {
        http_drop_all(h);
        MHD_stop_daemon(h->daemon);
        h->daemon = NULL;
    }
    if (h->listen_fd >= 0)
        close(h->listen_fd);
    if (h->peer_fd >= 0)
        close(h->peer_fd);
    if (open == 0)
        closed(h->cls);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "rapi/conn.h"

#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* libcurl wants a URL even where it only connects: any protocol that the library has, the smaller
 * the better. */
#ifndef CONN_SCHEME
#define CONN_SCHEME "http"
#endif

int conn_setup(struct err *err)
{
    if (curl_global_init(CURL_GLOBAL_NOTHING) != CURLE_OK)
        return err_set(err, ERR_MEMORY, "libcurl cannot be initialised");
    return 0;
}

void conn_init(struct conn *c, int wake_fd)
{
    *c = (struct conn){.fd = -1, .wake_fd = wake_fd};
}

/* libcurl's own call would leave the descriptor open in what handlers execute. */
static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *addr)
{
    int *fd = user; /* of the connection */
    (void)purpose;
    *fd = socket(addr->family, addr->socktype | SOCK_CLOEXEC, addr->protocol);
    return *fd;
}

/* A libcurl without proxies, as tests/deps builds it, does not know the option. */
static bool proxy_off(CURL *easy)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_PROXY, "");
    return code == CURLE_OK || code == CURLE_UNKNOWN_OPTION || code == CURLE_NOT_BUILT_IN;
}

static bool set_options(struct conn *c, CURL *easy, const char *url, char *reason)
{
    reason[0] = '\0';
    return curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK && proxy_off(easy) &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONN_CONNECT_MS) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &c->fd) == CURLE_OK &&
           /* one family, one address after the other: the socket opened last is the connection */
           curl_easy_setopt(easy, CURLOPT_IPRESOLVE, CURL_IPRESOLVE_V4) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, reason) == CURLE_OK;
}

int conn_open(struct conn *c, const char *address, struct err *err)
{
    char reason[CURL_ERROR_SIZE], url[CONN_ADDRESS_MAX + 16];
    conn_close(c);
    if (snprintf(url, sizeof url, CONN_SCHEME "://%s", address) >= (int)sizeof url)
        return err_set(err, ERR_INPUT, "address '%.80s...' is too long", address);
    CURL *easy = curl_easy_init();
    if (!easy || !set_options(c, easy, url, reason)) {
        curl_easy_cleanup(easy);
        return err_set(err, ERR_MEMORY, "libcurl has no memory for a connection to '%s'", address);
    }
    CURLcode code = curl_easy_perform(easy);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL);
    /* the most that curl_easy_recv takes at once; before the connection it would be allocated */
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 524288L);
    if (code != CURLE_OK || c->fd < 0) {
        curl_easy_cleanup(easy);
        c->fd = -1;
        return err_set(err, ERR_CLOSED, "connect to '%s': %s", address,
                       reason[0] ? reason : curl_easy_strerror(code));
    }
    c->easy = easy;
    c->used = false;
    return 0;
}

void conn_close(struct conn *c)
{
    curl_easy_cleanup(c->easy);
    c->easy = NULL;
    c->fd = -1;
}

int conn_wait(struct conn *c, int wanted, struct err *err)
{
    struct pollfd fds[2] = {{.fd = c->fd}, {.fd = c->wake_fd, .events = POLLIN}};
    if (wanted & CONN_READABLE)
        fds[0].events |= POLLIN;
    if (wanted & CONN_WRITABLE)
        fds[0].events |= POLLOUT;
    nfds_t count = (wanted & CONN_WOKEN) && c->wake_fd >= 0 ? 2 : 1;
    while (poll(fds, count, -1) < 0)
        if (errno != EINTR)
            return err_sys(err, "poll");
    int ready = 0;
    if (fds[0].revents & ~POLLOUT) /* an error or the end is found by the next receive */
        ready |= CONN_READABLE;
    if (fds[0].revents & POLLOUT)
        ready |= CONN_WRITABLE;
    if (count == 2 && fds[1].revents)
        ready |= CONN_WOKEN;
    return ready;
}

long conn_send(struct conn *c, const void *bytes, size_t len, struct err *err)
{
    size_t sent = 0;
    CURLcode code = curl_easy_send(c->easy, bytes, len, &sent);
    if (code == CURLE_OK)
        return (long)sent;
    if (code == CURLE_AGAIN)
        return 0;
    return err_set(err, ERR_CLOSED, "send: %s", curl_easy_strerror(code));
}

/* Past libcurl, which sends one part only. */
long conn_send_parts(struct conn *c, struct iovec *parts, int count, struct err *err)
{
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = (size_t)count};
    ssize_t n;
    do
        n = sendmsg(c->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n >= 0)
        return n;
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return 0;
    err_sys(err, "send");
    err->kind = ERR_CLOSED;
    return -1;
}

bool conn_is_readable(const struct conn *c)
{
    char byte;
    ssize_t n = recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

long conn_receive(struct conn *c, void *bytes, size_t len, struct err *err)
{
    size_t got = 0;
    CURLcode code = curl_easy_recv(c->easy, bytes, len, &got);
    if (code == CURLE_AGAIN)
        return 0;
    if (code != CURLE_OK) {
        err_set(err, ERR_CLOSED, "receive: %s", curl_easy_strerror(code));
        err->sys = ECONNRESET;
        return -1;
    }
    if (got == 0)
        return err_set(err, ERR_CLOSED, "the connection was closed");
    c->used = true;
    return (long)got;
}

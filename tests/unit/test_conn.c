/* SPDX-License-Identifier: Apache-2.0 */
#include "rapi/conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "check.h"

/* A socket on a free port, which nobody listens at yet; address names it. */
static int bind_anywhere(char address[64])
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_INT(bind(fd, (struct sockaddr *)&a, len), 0);
    CHECK(getsockname(fd, (struct sockaddr *)&a, &len) == 0);
    snprintf(address, 64, "127.0.0.1:%u", ntohs(a.sin_port));
    return fd;
}

struct pair {
    struct conn conn;
    int listener, peer;
};

static void pair_init(struct pair *p, int wake_fd)
{
    char address[64];
    struct err err = {0};
    CHECK_INT(conn_setup(&err), 0);
    p->listener = bind_anywhere(address);
    CHECK_INT(listen(p->listener, 4), 0);
    conn_init(&p->conn, wake_fd);
    CHECK_INT(conn_open(&p->conn, address, &err), 0);
    CHECK_STR(err.msg, "");
    p->peer = conn_is_open(&p->conn) ? accept(p->listener, NULL, NULL) : -1;
    CHECK(p->peer >= 0);
}

static void pair_fini(struct pair *p)
{
    conn_close(&p->conn);
    if (p->peer >= 0)
        close(p->peer);
    close(p->listener);
}

static void test_exchange(void)
{
    struct pair p;
    struct err err;
    char buf[16];
    pair_init(&p, -1);
    CHECK(fcntl(p.conn.fd, F_GETFD) & FD_CLOEXEC);
    CHECK_INT(conn_send(&p.conn, "ping", 4, &err), 4);
    CHECK_INT(read(p.peer, buf, sizeof buf), 4);
    CHECK_INT(conn_receive(&p.conn, buf, sizeof buf, &err), 0);
    CHECK(!p.conn.used);
    CHECK_INT(write(p.peer, "pong", 4), 4);
    CHECK_INT(conn_wait(&p.conn, CONN_READABLE, &err), CONN_READABLE);
    CHECK_INT(conn_receive(&p.conn, buf, sizeof buf, &err), 4);
    CHECK_MEM(buf, 4, "pong", 4);
    CHECK(p.conn.used);
    pair_fini(&p);
}

static void test_closed(void)
{
    struct pair p;
    struct err err;
    char buf[16];
    pair_init(&p, -1);
    close(p.peer);
    p.peer = -1;
    CHECK_INT(conn_wait(&p.conn, CONN_READABLE, &err), CONN_READABLE);
    CHECK_INT(conn_receive(&p.conn, buf, sizeof buf, &err), -1);
    CHECK_INT(err.kind, ERR_CLOSED);
    CHECK_INT(err.sys, 0);
    pair_fini(&p);
}

static void test_reset(void)
{
    struct pair p;
    struct err err;
    char buf[16];
    struct linger now = {.l_onoff = 1};
    pair_init(&p, -1);
    setsockopt(p.peer, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(p.peer);
    p.peer = -1;
    CHECK_INT(conn_wait(&p.conn, CONN_READABLE, &err), CONN_READABLE);
    CHECK_INT(conn_receive(&p.conn, buf, sizeof buf, &err), -1);
    CHECK_INT(err.kind, ERR_CLOSED);
    CHECK_INT(err.sys, ECONNRESET);
    CHECK_INT(conn_send(&p.conn, "x", 1, &err), -1); /* and no SIGPIPE */
    CHECK_INT(err.kind, ERR_CLOSED);
    pair_fini(&p);
}

static void test_full(void)
{
    struct pair p;
    struct err err;
    static char bytes[1 << 20];
    long n = 1;
    pair_init(&p, -1);
    for (int i = 0; n > 0 && i < 1000; i++)
        n = conn_send(&p.conn, bytes, sizeof bytes, &err);
    CHECK_INT(n, 0);
    CHECK_INT(write(p.peer, "x", 1), 1);
    CHECK_INT(conn_wait(&p.conn, CONN_READABLE | CONN_WRITABLE, &err), CONN_READABLE);
    pair_fini(&p);
}

static void test_wake(void)
{
    struct pair p;
    struct err err;
    int wake = eventfd(0, EFD_CLOEXEC);
    uint64_t one = 1;
    pair_init(&p, wake);
    CHECK_INT(write(wake, &one, sizeof one), sizeof one);
    CHECK_INT(conn_wait(&p.conn, CONN_READABLE | CONN_WOKEN, &err), CONN_WOKEN);
    CHECK_INT(write(p.peer, "x", 1), 1);
    CHECK_INT(conn_wait(&p.conn, CONN_READABLE, &err), CONN_READABLE);
    CHECK_INT(conn_wait(&p.conn, CONN_READABLE | CONN_WOKEN, &err), CONN_READABLE | CONN_WOKEN);
    pair_fini(&p);
    close(wake);
}

static void test_refused(void)
{
    char address[64];
    struct conn c;
    struct err err = {0};
    CHECK_INT(conn_setup(&err), 0);
    int fd = bind_anywhere(address);
    conn_init(&c, -1);
    CHECK_INT(conn_open(&c, address, &err), -1);
    CHECK_INT(err.kind, ERR_CLOSED);
    CHECK_HAS(err.msg, address);
    CHECK(!conn_is_open(&c));
    conn_close(&c);
    close(fd);
}

/* What a function's configuration may hold must not lead elsewhere. */
static void test_no_proxy(void)
{
    struct pair p;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    pair_init(&p, -1);
    pair_fini(&p);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
}

static const struct check_test tests[] = {
    {"exchange", test_exchange}, {"closed", test_closed}, {"reset", test_reset},
    {"full", test_full},         {"wake", test_wake},     {"refused", test_refused},
    {"no proxy", test_no_proxy},
};
CHECK_MAIN(tests)

/* SPDX-License-Identifier: Apache-2.0 */
/* Clients that are slow, or many: how long and how often the gateway bears with them. */
#include <arpa/inet.h>
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <uv.h>

#include "check.h"
#include "gateway/front.h"

#define LIMIT_NS    120000000000 /* a wait that lasts longer is a failure */
#define PATIENCE_MS 3000
#define FAIR        400 /* requests in a row: replies to them fit into a socket */
#define GET         "GET / HTTP/1.1\r\nHost: x\r\n\r\n" /* 405, without a runtime */

struct world {
    uv_loop_t loop;
    struct front *front;
};

static void on_idle(void *owner)
{
    (void)owner;
}

static void world_open(struct world *w, unsigned connections, int64_t patience_ms)
{
    struct err err = {0};
    const struct front_options options = {
        .loop = &w->loop,
        .connections = connections,
        .patience_ms = patience_ms,
        .idle = on_idle,
    };
    CHECK_INT(uv_loop_init(&w->loop), 0);
    w->front = front_open(&options, &err);
    if (!w->front) {
        fprintf(stderr, "%s\n", err.msg);
        exit(1);
    }
}

static void world_close(struct world *w)
{
    front_close(w->front);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    CHECK_INT(uv_loop_close(&w->loop), 0);
}

static int dial(struct world *w, const char *text)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(front_port(w->front)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    CHECK_INT(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    CHECK_INT(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
    return fd;
}

/* Turns the loop until there is something to read: the status of a reply, 0 for an end, -1 when
 * nothing comes at all. */
static int await(struct world *w, int fd)
{
    uint64_t end = uv_hrtime() + LIMIT_NS;
    while (uv_hrtime() < end) {
        char text[1024];
        uv_run(&w->loop, UV_RUN_NOWAIT);
        ssize_t n = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
        if (n >= 12)
            return atoi(text + 9);
        if (n == 0 || (n < 0 && errno == ECONNRESET))
            return 0;
        usleep(1000);
    }
    return -1;
}

/* Whether it is open and says nothing, after some turns of the loop. */
static bool is_quiet(struct world *w, int fd)
{
    char byte;
    for (int i = 0; i < 20; i++)
        uv_run(&w->loop, UV_RUN_NOWAIT);
    return recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

static void test_patience(void)
{
    static const struct {
        const char *sent;
        int first; /* status of a reply before the end, 0: none */
    } rows[] = {
        {"", 0},
        {"POST / HT", 0},
        {"POST / HTTP/1.1\r\nHost: x\r\nX-", 0},
        {"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc", 0},
        {"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n", 0},
        {GET, 405},
    };
    struct world w;
    int fds[ARRAY_LEN(rows)];
    world_open(&w, 16, PATIENCE_MS);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        fds[i] = dial(&w, rows[i].sent);
    for (size_t i = ARRAY_LEN(rows); i-- > 0;) { /* the last one's reply comes in time */
        if (rows[i].first)
            CHECK_INT(await(&w, fds[i]), rows[i].first);
        CHECK_INT(await(&w, fds[i]), 0);
        close(fds[i]);
    }
    world_close(&w);
}

/* Bytes that come one by one do not help. */
static void test_drops(void)
{
    struct world w;
    world_open(&w, 16, PATIENCE_MS);
    int fd = dial(&w, "GET / HTTP/1.1\r\nX: ");
    uint64_t end = uv_hrtime() + LIMIT_NS;
    while (uv_hrtime() < end && send(fd, "x", 1, MSG_NOSIGNAL) == 1) {
        uv_run(&w.loop, UV_RUN_NOWAIT);
        usleep(5000);
    }
    CHECK(uv_hrtime() < end);
    close(fd);
    world_close(&w);
}

static void test_room(void)
{
    struct world w;
    int fds[4];
    world_open(&w, ARRAY_LEN(fds), 60000);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        fds[i] = dial(&w, i == 1 ? GET : "POST / HTTP/1.1\r\n");
        if (i == 1)
            CHECK_INT(await(&w, fds[i]), 405);
        else
            CHECK(is_quiet(&w, fds[i]));
        usleep(5000); /* so that their ages differ */
    }
    int another = dial(&w, GET);
    CHECK_INT(await(&w, another), 405);
    CHECK_INT(await(&w, fds[0]), 0); /* waited for longest */
    for (size_t i = 1; i < ARRAY_LEN(fds); i++)
        CHECK(is_quiet(&w, fds[i]));
    close(another);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        close(fds[i]);
    world_close(&w);
}

/* Requests one behind the other, until no more are taken because their replies are not. */
static int dial_deaf(struct world *w)
{
    static char block[FAIR * (sizeof GET - 1) + 1];
    int fd = dial(w, ""), full = 0;
    size_t at = 0, len = sizeof block - 1;
    for (size_t i = 0; i < len; i++)
        block[i] = GET[i % (sizeof GET - 1)];
    while (full < 50) {
        ssize_t n = send(fd, block + at, len - at, MSG_NOSIGNAL | MSG_DONTWAIT);
        full = n < 0 ? full + 1 : 0;
        at = (at + (n < 0 ? 0 : (size_t)n)) % len;
        uv_run(&w->loop, UV_RUN_NOWAIT);
        if (full)
            usleep(1000);
    }
    return fd;
}

static void test_deaf(void)
{
    struct world w;
    int fds[2];
    world_open(&w, ARRAY_LEN(fds), 60000);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        fds[i] = dial_deaf(&w);
    int another = dial(&w, GET);
    CHECK_INT(await(&w, another), 405);
    close(another);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        close(fds[i]);
    world_close(&w);
}

/* Who asks much does not keep others waiting until all of it is answered. */
static void test_fair(void)
{
    struct world w;
    int fds[60], each = 0, all = 0;
    world_open(&w, 64, 60000);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        fds[i] = dial(&w, "");
    int first = dial(&w, GET);
    while (each == 0) {
        uv_run(&w.loop, UV_RUN_NOWAIT);
        CHECK_INT(ioctl(first, FIONREAD, &each), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        for (int n = 0; n < FAIR; n++)
            CHECK_INT(send(fds[i], GET, strlen(GET), MSG_NOSIGNAL), strlen(GET));
    uv_run(&w.loop, UV_RUN_NOWAIT);
    int another = dial(&w, GET);
    CHECK_INT(await(&w, another), 405);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        int there = 0;
        CHECK_INT(ioctl(fds[i], FIONREAD, &there), 0);
        all += there;
        close(fds[i]);
    }
    CHECK(all < each * FAIR * (int)ARRAY_LEN(fds));
    close(first);
    close(another);
    world_close(&w);
}

static void test_stop(void)
{
    struct world w;
    world_open(&w, 4, 60000);
    int there = dial(&w, "");
    CHECK(is_quiet(&w, there));
    front_stop(w.front);
    front_stop(w.front);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(front_port(w.front)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    CHECK_INT(connect(fd, (struct sockaddr *)&to, sizeof to), -1);
    CHECK_INT(errno, ECONNREFUSED);
    static const char event[] = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
    CHECK_INT(send(there, event, sizeof event - 1, MSG_NOSIGNAL), sizeof event - 1);
    CHECK_INT(await(&w, there), 503);
    CHECK_INT(await(&w, there), 0);
    CHECK(front_idle(w.front));
    close(fd);
    close(there);
    world_close(&w);
}

static const struct check_test tests[] = {
    {"slow clients", test_patience},
    {"drop by drop", test_drops},
    {"many clients", test_room},
    {"replies that nobody takes", test_deaf},
    {"requests by the thousand", test_fair},
    {"the end", test_stop},
};
CHECK_MAIN(tests)

/* SPDX-License-Identifier: Apache-2.0 */
/* Who gets in: owners, addresses, numbers of connections. */
#include "api_client.h"

#include <sys/wait.h>

#define PING "GET /2018-06-01/ping HTTP/1.1\r\nHost: x\r\n\r\n"

/* A ping by a process of the user uid, which exits with the status / 10, 0 when shut out. */
static int ping_as(struct world *w, uid_t uid)
{
    uint16_t port = server_port(w->server);
    pid_t child = fork();
    if (child == 0) {
        if (uid != geteuid() && setresuid(uid, uid, uid) < 0)
            _exit(99);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_in to = {.sin_family = AF_INET,
                                 .sin_port = htons(port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        char in[512] = "";
        if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
            _exit(98);
        ssize_t n = send(fd, PING, strlen(PING), MSG_NOSIGNAL);
        n = n < 0 ? n : recv(fd, in, sizeof in - 1, 0);
        _exit(n > 12 ? atoi(in + 9) / 10 : 0);
    }
    int status = 0;
    int64_t end = now_ms() + PATIENCE_MS;
    while (waitpid(child, &status, WNOHANG) == 0 && now_ms() < end)
        uv_run(&w->loop, UV_RUN_NOWAIT);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_owner(void)
{
    struct world w;
    world_init(&w);
    struct server_options options = world_options(&w);
    options.check_peer = true;
    options.peer = geteuid();
    world_open_with(&w, &options);
    CHECK_INT(ping_as(&w, geteuid()), 20);
    if (geteuid() == 0) {
        CHECK_INT(ping_as(&w, 64321), 0);
        CHECK_INT(ping_as(&w, 0), 20);
    }
    world_close(&w);
}

static void test_other_owner(void)
{
    if (geteuid() != 0) {
        check_skip("changing the user needs root");
        return;
    }
    struct world w;
    world_init(&w);
    struct server_options options = world_options(&w);
    options.check_peer = true;
    options.peer = 64321;
    world_open_with(&w, &options);
    CHECK_INT(ping_as(&w, 64321), 20);
    CHECK_INT(ping_as(&w, 64322), 0);
    CHECK_INT(ping_as(&w, 0), 0);
    world_close(&w);
    world_init(&w);
    options = world_options(&w);
    options.check_peer = options.or_root = true;
    options.peer = 64321;
    world_open_with(&w, &options);
    CHECK_INT(ping_as(&w, 64321), 20);
    CHECK_INT(ping_as(&w, 64322), 0);
    CHECK_INT(ping_as(&w, 0), 20);
    world_close(&w);
}

static void test_addresses(void)
{
    static const struct {
        const char *address;
        enum err_kind kind;
    } cases[] = {{"localhost", ERR_INPUT}, {"10.0.0.1", ERR_INPUT}, {"", ERR_INPUT},
                 {NULL, ERR_INPUT},        {"::1", ERR_INPUT},      {"0.0.0.0", ERR_INPUT}};
    struct world w;
    world_open(&w);
    struct server_options options = world_options(&w);
    struct err err;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        options.address = cases[i].address;
        CHECK(server_open(&options, &err) == NULL);
        CHECK_INT(err.kind, cases[i].kind);
    }
    options.address = "127.0.0.1";
    options.port = server_port(w.server);
    CHECK(server_open(&options, &err) == NULL);
    CHECK_INT(err.kind, ERR_SYSTEM);
    CHECK_INT(err.sys, EADDRINUSE);
    world_close(&w);
}

/* A socket that somebody else made, blocking as it may be. */
static void test_given_socket(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    CHECK_INT(bind(fd, (struct sockaddr *)&own, sizeof own), 0);
    CHECK_INT(listen(fd, 5), 0);
    struct world w;
    world_init(&w);
    struct server_options options = world_options(&w);
    options.listen_fd = fd;
    options.address = NULL;
    world_open_with(&w, &options);
    CHECK_INT(ping_as(&w, geteuid()), 20);
    world_close(&w);
    CHECK(fcntl(fd, F_GETFD) < 0);
    CHECK_INT(errno, EBADF);
}

static void test_many_connections(void)
{
    enum { COUNT = 200 };
    static struct client clients[COUNT];
    struct world w;
    world_open(&w);
    for (int round = 0; round < 2; round++) {
        int answered = 0;
        for (int i = 0; i < COUNT; i++) {
            clients[i] = client_open(&w);
            client_text(&clients[i], PING);
        }
        for (int i = 0; i < COUNT; i++)
            answered += client_reply(&clients[i]).status == 200;
        CHECK_INT(answered, 64);
        for (int i = 0; i < COUNT; i++)
            client_close(&clients[i]);
    }
    world_close(&w);
}

static const struct check_test tests[] = {
    {"only the owner gets in", test_owner},
    {"another owner", test_other_owner},
    {"addresses", test_addresses},
    {"a socket that is given", test_given_socket},
    {"many connections", test_many_connections},
};
CHECK_MAIN(tests)

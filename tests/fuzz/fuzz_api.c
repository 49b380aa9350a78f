/* SPDX-License-Identifier: Apache-2.0 */
/* What a runtime sends to the sandbox's Runtime API, in pieces: any bytes, or a streamed answer
 * whose chunks and trailers are the input. What the environment is told about it is fit to print.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <uv.h>

#include "api/server.h"
#include "fuzz.h"

#define POST "POST /2018-06-01/runtime/invocation/id-1/"

static uv_loop_t loop;
static struct server *server;
static struct env_channel channel;
static bool polled;
static unsigned answers;

static void on_next(void *env)
{
    static const struct env_invocation event = {
        .request_id = "id-1", .nonce = "nonce-1", .body = "{}", .body_len = 2};
    struct err err;
    (void)env;
    polled = true;
    FUZZ_CHECK(channel.deliver(channel.server, &event, &err) == 0);
}

static void on_answer(void *env, const struct env_answer *a)
{
    (void)env;
    FUZZ_CHECK(a->body && a->body_len <= ENV_RESPONSE_MAX);
    FUZZ_CHECK(!a->body_len || memchr(a->body, 0, a->body_len) || strlen(a->body) >= a->body_len);
    for (const char *p = a->error_type; p && *p; p++)
        FUZZ_CHECK(*p >= 0x20 && *p < 0x7f);
    answers++;
}

static void on_broken(void *env, enum env_broken what, size_t size)
{
    (void)env;
    (void)what;
    FUZZ_CHECK(size < FUZZ_SIZE_MAX);
    answers++;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const struct env_events events = {.next = on_next,
                                             .response = on_answer,
                                             .error = on_answer,
                                             .init_error = on_answer,
                                             .broken_response = on_broken};
    struct server_options options = {
        .loop = &loop, .listen_fd = -1, .address = "127.0.0.1", .events = &events};
    struct err err;
    (void)argc;
    (void)argv;
    FUZZ_CHECK(uv_loop_init(&loop) == 0);
    server = server_open(&options, &err);
    FUZZ_CHECK(server);
    channel = server_channel(server);
    return 0;
}

static void turn(void)
{
    for (int i = 0; i < 3; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
}

static int connect_to(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(server_port(server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    FUZZ_CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
    return fd;
}

static void send_text(int fd, const char *text, size_t len)
{
    (void)!send(fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    turn();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char poll[] =
        "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n";
    static const char *const heads[] = {
        "",
        POST "response HTTP/1.1\r\nHost: x\r\n",
        POST "response HTTP/1.1\r\nHost: x\r\nLambda-Runtime-Function-Response-Mode: streaming\r\n"
             "Transfer-Encoding: chunked\r\n\r\n",
        POST "response HTTP/1.1\r\nHost: x\r\nLambda-Runtime-Function-Response-Mode: streaming\r\n"
             "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n",
        POST "error HTTP/1.1\r\nHost: x\r\nLambda-Runtime-Function-Error-Type: ",
    };
    struct fuzz_input in = {data, size};
    char bytes[4096];
    uint8_t kind = fuzz_byte(&in), cut = fuzz_byte(&in);
    const char *head = heads[kind % 5];
    polled = false;
    answers = 0;
    int fd = connect_to();
    if (kind < 250) {
        send_text(fd, poll, sizeof poll - 1);
        FUZZ_CHECK(polled);
        (void)!recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    }
    send_text(fd, head, strlen(head));
    size_t first = cut < in.left ? cut : in.left;
    send_text(fd, (const char *)in.at, first);
    send_text(fd, (const char *)in.at + first, in.left - first);
    shutdown(fd, SHUT_WR);
    turn();
    close(fd);
    turn();
    /* an answer that was let in is told, as a whole or broken */
    FUZZ_CHECK(answers || kind >= 250 || (kind % 5 != 2 && kind % 5 != 3));
    channel.reset(channel.server);
    turn();
    return 0;
}

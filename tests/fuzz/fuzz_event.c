/* SPDX-License-Identifier: Apache-2.0 */
/* What the Runtime API says over a connection: the first half of the input is its answer to a poll,
 * the rest that to the answer of the event, which is posted or streamed. What comes back in a
 * header cannot end one. */
#include <arpa/inet.h>
#include <errno.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "rapi/stream.h"

#define PAD   64
#define ARENA (1u << 20)

static int listener = -1;
static struct rapi rapi;
static struct arena arena;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    char address[40];
    struct err err;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int wake = eventfd(1, EFD_CLOEXEC); /* readable for ever: nothing is waited for */
    FUZZ_CHECK(wake >= 0 && bind(listener, (struct sockaddr *)&at, len) == 0 &&
               listen(listener, 16) == 0 &&
               getsockname(listener, (struct sockaddr *)&at, &len) == 0);
    snprintf(address, sizeof address, "127.0.0.1:%u", ntohs(at.sin_port));
    FUZZ_CHECK(rapi_open(&rapi, address, "fuzz", wake, &err) == 0);
    FUZZ_CHECK(arena_init(&arena, ARENA, &err) == 0);
    return 0;
}

/* The other end of a new connection. */
static int connect_to(void)
{
    struct err err;
    FUZZ_CHECK(conn_open(&rapi.conn, rapi.address, &err) == 0);
    int peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    FUZZ_CHECK(peer >= 0);
    return peer;
}

/* These bytes come from there, and nothing more does. */
static void say(int peer, const char *head, const uint8_t *bytes, size_t len)
{
    FUZZ_CHECK(send(peer, head, strlen(head), 0) == (ssize_t)strlen(head));
    FUZZ_CHECK(send(peer, bytes, len, 0) == (ssize_t)len && shutdown(peer, SHUT_WR) == 0);
}

/* The head of a request has no line but its own: an empty one only at its end. */
static void check_request(int peer)
{
    char text[65536];
    ssize_t n = recv(peer, text, sizeof text - 1, MSG_DONTWAIT);
    if (n <= 0)
        return;
    text[n] = '\0';
    char *end = strstr(text, "\r\n\r\n");
    FUZZ_CHECK(end && strlen(text) >= (size_t)(end - text));
    for (char *p = text; p < end; p++) {
        FUZZ_CHECK(*p != '\0' && (*p != '\n' || p[-1] == '\r'));
        if (*p == '\n')
            FUZZ_CHECK(strncmp(p + 1, "Host:", 5) == 0 || strncmp(p + 1, "User-Agent:", 11) == 0 ||
                       strncmp(p + 1, "Content-", 8) == 0 || strncmp(p + 1, "Lambda-", 7) == 0 ||
                       strncmp(p + 1, "Transfer-", 9) == 0 || strncmp(p + 1, "Trailer:", 8) == 0);
    }
}

static void check_event(const struct rapi_event *event)
{
    const struct rapi_text *const texts[] = {&event->request_id,       &event->function_arn,
                                             &event->trace_id,         &event->client_context,
                                             &event->cognito_identity, &event->tenant_id,
                                             &event->invocation_id};
    FUZZ_CHECK(event->request_id.ptr && event->deadline_ms >= 0);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (texts[i]->ptr)
            FUZZ_CHECK(texts[i]->len && strlen(texts[i]->ptr) == texts[i]->len);
    for (size_t i = 0; i < PAD; i++)
        FUZZ_CHECK(event->body[event->body_len + i] == '\0');
    FUZZ_CHECK(!event->odd || strlen(event->odd) < ARENA);
}

/* With a status: what the API has not begun to answer is sent again, and nobody is there. */
static const char begin[] = "HTTP/1.1 ";

/* What comes before the first byte of a stream is of the connection's past. */
static int stream_answer(int peer, const struct rapi_event *event, const uint8_t *bytes, size_t len,
                         struct err *err)
{
    struct rapi_stream stream = {0};
    struct buf first;
    buf_init(&first, 100);
    buf_adds(&first, "{}");
    FUZZ_CHECK(rapi_stream_open(&stream, &rapi, event, "text/plain", &first, err) == 0);
    FUZZ_CHECK(rapi_stream_write(&stream, "bytes", 5, err) == 0);
    buf_free(&first);
    say(peer, begin, bytes, len);
    if (len % 2 && rapi_stream_write(&stream, "more", 4, err) != 0)
        FUZZ_CHECK(stream.state == RAPI_STREAM_BROKEN);
    return rapi_stream_end(&stream, "", err);
}

static void answer(const struct rapi_event *event, const uint8_t *bytes, size_t len, bool streamed)
{
    struct err err = {0};
    int failed, peer = connect_to();
    if (streamed) {
        failed = stream_answer(peer, event, bytes, len, &err);
    } else {
        say(peer, begin, bytes, len);
        failed = rapi_respond(&rapi, event, "{}", 2, &err);
    }
    FUZZ_CHECK(!failed || (err.kind != ERR_NONE && err.msg[0]));
    check_request(peer);
    close(peer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rapi_event event;
    struct err err = {0};
    if (size < 2 || size > 60000)
        return 0;
    size_t half = (size - 2) * data[0] / 255;
    int extra, peer = connect_to();
    say(peer, data[1] % 4 ? "HTTP/1.1 200 OK\r\n" : "", data + 2, half);
    arena_reset(&arena);
    int failed = rapi_next(&rapi, &arena, PAD, &event, &err);
    FUZZ_CHECK(!failed || err.kind != ERR_NONE);
    close(peer);
    if (!failed && !event.stopped) {
        check_event(&event);
        answer(&event, data + 2 + half, size - 2 - half, data[1] & 128);
    }
    conn_close(&rapi.conn);
    while ((extra = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
        close(extra);
    return 0;
}

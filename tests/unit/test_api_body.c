/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of every size and shape, and connections that break. */
#include "api_client.h"

#define NEXT      "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"
#define STREAMING "Lambda-Runtime-Function-Response-Mode: streaming\r\n"
#define RESPONSE  "POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\nHost: x\r\n"
#define CHUNKED   "Transfer-Encoding: chunked\r\n"
#define TRAILER_NAMES                                 \
    "Trailer: Lambda-Runtime-Function-Error-Type\r\n" \
    "Trailer: Lambda-Runtime-Function-Error-Body\r\n"
#define TOO_LARGE                                                                   \
    "{\"errorMessage\":\"Exceeded maximum allowed payload size (6291556 bytes).\"," \
    "\"errorType\":\"RequestEntityTooLarge\"}"

static char *pattern(size_t len)
{
    char *p = malloc(len + 1);
    for (size_t i = 0; i < len; i++)
        p[i] = (char)(i * 131 + i / 251);
    return p;
}

static void poll_event(struct client *c)
{
    client_text(c, NEXT);
    CHECK_INT(client_reply(c).status, 200);
}

static void send_chunked(struct client *c, const char *bytes, size_t len, size_t chunk)
{
    for (size_t at = 0; at < len; at += chunk) {
        size_t n = len - at < chunk ? len - at : chunk;
        client_text(c, "%zx\r\n", n);
        client_send(c, bytes + at, n);
        client_text(c, "\r\n");
    }
    client_text(c, "0\r\n\r\n");
}

static const size_t sizes[] = {0,       1,       255,     16384,   81919,   163840,
                               1000003, 6291456, 6291556, 6291557, 7340032, 20000000};

static void check_size(size_t size, size_t chunk)
{
    struct world w;
    world_open(&w);
    w.deliver_at_once = true;
    struct client c = client_open(&w);
    char *bytes = pattern(size);
    bool fits = size <= ENV_RESPONSE_MAX;
    for (int again = 1; again <= 2; again++) {
        poll_event(&c);
        if (chunk) {
            client_text(&c, RESPONSE CHUNKED "\r\n");
            send_chunked(&c, bytes, size, chunk);
        } else {
            client_text(&c, RESPONSE "Content-Length: %zu\r\n\r\n", size);
            client_send(&c, bytes, size);
        }
        struct reply r = client_reply(&c);
        CHECK_INT(r.status, fits ? 202 : 413);
        CHECK_INT(w.responses, fits ? again : 0);
        CHECK_INT(w.broken, fits ? 0 : again);
        if (fits) {
            CHECK(w.body.len == size && (!size || memcmp(w.body.ptr, bytes, size) == 0));
        } else {
            CHECK_MEM(r.body, r.len, TOO_LARGE, strlen(TOO_LARGE));
            CHECK_INT(w.broken_what, ENV_TOO_LARGE);
            CHECK_INT(w.broken_size, size);
        }
    }
    free(bytes);
    client_close(&c);
    world_close(&w);
}

static void test_sizes(void)
{
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        check_size(sizes[i], 0);
        check_size(sizes[i], sizes[i] < 100000 ? 97 : 1000000);
    }
}

static void test_events(void)
{
    struct world w;
    world_open(&w);
    struct client c = client_open(&w);
    for (size_t i = 0; i < ARRAY_LEN(sizes) - 3; i++) {
        char *bytes = pattern(sizes[i]);
        w.invocation.body = bytes;
        w.invocation.body_len = sizes[i];
        client_text(&c, NEXT);
        world_deliver(&w, 0);
        struct reply r = client_reply(&c);
        CHECK_INT(r.status, 200);
        CHECK(r.len == sizes[i] && (!r.len || memcmp(r.body, bytes, r.len) == 0));
        client_text(&c, RESPONSE "Content-Length: 0\r\n\r\n");
        CHECK_INT(client_reply(&c).status, 202);
        free(bytes);
        buf_reset(&c.in);
        c.used = 0;
    }
    client_close(&c);
    world_close(&w);
}

static void test_slow_bytes(void)
{
    static const char text[] = RESPONSE CHUNKED "\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n";
    struct world w;
    world_open(&w);
    w.deliver_at_once = true;
    struct client c = client_open(&w);
    poll_event(&c);
    for (size_t i = 0; i < sizeof text - 1; i++) {
        CHECK_INT(w.responses, 0);
        client_send(&c, text + i, 1);
    }
    CHECK_INT(client_reply(&c).status, 202);
    CHECK_MEM(w.body.ptr, w.body.len, "abcde", 5);
    client_close(&c);
    world_close(&w);
}

static const struct cut_test {
    const char *text;
    enum env_broken what;
    size_t size;
} cut_tests[] = {
    {RESPONSE "Content-Length: 10\r\n\r\nabc", ENV_TRUNCATED, 3},
    {RESPONSE "Content-Length: 10\r\n\r\n", ENV_TRUNCATED, 0},
    {RESPONSE CHUNKED "\r\n5\r\nab", ENV_TRUNCATED, 2},
    {RESPONSE CHUNKED "\r\n2\r\nab\r\n", ENV_TRUNCATED, 2},
    {RESPONSE CHUNKED "\r\n2\r\nab\r\nzz\r\n", ENV_TRUNCATED, 2},
    {RESPONSE "Content-Length: 7000000\r\n\r\nabc", ENV_TOO_LARGE, 3},
};

static void test_cut(void)
{
    for (size_t i = 0; i < ARRAY_LEN(cut_tests) * 2; i++) {
        const struct cut_test *t = &cut_tests[i / 2];
        struct world w;
        world_open(&w);
        w.deliver_at_once = true;
        struct client c = client_open(&w);
        poll_event(&c);
        client_text(&c, "%s", t->text);
        if (i % 2) { /* a client that still listens hears why */
            shutdown(c.fd, SHUT_WR);
            struct reply r = client_reply(&c);
            CHECK_INT(r.status, 400);
            if (!strstr(t->text, "zz"))
                CHECK_HAS(r.body, "\"errorType\":\"TruncatedHTTPRequest\"}");
        }
        client_close(&c);
        CHECK_INT(w.broken, 1);
        CHECK_INT(w.broken_what, t->what);
        CHECK_INT(w.broken_size, t->size);
        CHECK_INT(w.responses, 0);
        struct client d = client_open(&w);
        poll_event(&d);
        client_close(&d);
        world_close(&w);
    }
}

/* Everything is there, the end too, before the server looks at it for the first time. */
static void test_cut_early(void)
{
    for (size_t i = 0; i < ARRAY_LEN(cut_tests); i++) {
        struct world w;
        world_open(&w);
        w.deliver_at_once = true;
        struct client c = client_open(&w);
        poll_event(&c);
        struct client late = client_open(&w);
        size_t len = strlen(cut_tests[i].text);
        CHECK_INT(send(late.fd, cut_tests[i].text, len, MSG_NOSIGNAL), len);
        shutdown(late.fd, SHUT_WR);
        CHECK_INT(client_reply(&late).status, 400);
        client_close(&late);
        CHECK_INT(w.broken, 1);
        CHECK_INT(w.broken_what, cut_tests[i].what);
        client_close(&c);
        world_close(&w);
    }
}

static void test_cut_init_error(void)
{
    struct world w;
    world_open(&w);
    w.deliver_at_once = true;
    struct client c = client_open(&w);
    client_text(&c, "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: x\r\n"
                    "Content-Length: 9\r\n\r\nabc");
    client_close(&c);
    CHECK_INT(w.init_errors + w.broken, 0);
    struct client d = client_open(&w);
    poll_event(&d);
    client_close(&d);
    world_close(&w);
}

static const struct trailer_test {
    const char *head, *trailers;
    bool error;
    const char *type, *body;
} trailer_tests[] = {
    {TRAILER_NAMES, "", false, NULL, "part"},
    {STREAMING, "", false, NULL, "part"},
    {STREAMING TRAILER_NAMES,
     "Lambda-Runtime-Function-Error-Type: Function.Odd\r\n"
     "Lambda-Runtime-Function-Error-Body: eyJhIjoxfQ==\r\n",
     true, "Function.Odd", "{\"a\":1}"},
    {TRAILER_NAMES,
     "Lambda-Runtime-Function-Error-Type: oops\r\n"
     "Lambda-Runtime-Function-Error-Body: Requires base64\r\n",
     true, "Runtime.Unknown", "Requires base64"},
    {TRAILER_NAMES, "Lambda-Runtime-Function-Error-Type: Function.Odd\r\n", true, "Function.Odd",
     "{\"errorMessage\":\"The response stream ended with an error\","
     "\"errorType\":\"Function.Odd\"}"},
};

static void test_trailers(void)
{
    for (size_t i = 0; i < ARRAY_LEN(trailer_tests); i++) {
        const struct trailer_test *t = &trailer_tests[i];
        struct world w;
        world_open(&w);
        w.deliver_at_once = true;
        struct client c = client_open(&w);
        poll_event(&c);
        client_text(&c, RESPONSE CHUNKED "%s\r\n4\r\npart\r\n0\r\n%s\r\n", t->head, t->trailers);
        CHECK_INT(client_reply(&c).status, 202);
        CHECK_INT(w.errors, t->error);
        CHECK_INT(w.responses, !t->error);
        CHECK_STR(w.error_type, t->type);
        CHECK_MEM(w.body.ptr, w.body.len, t->body, strlen(t->body));
        poll_event(&c);
        client_close(&c);
        world_close(&w);
    }
}

/* A body without end is read up to a limit and then cut. */
static void test_endless(void)
{
    struct world w;
    world_open(&w);
    w.deliver_at_once = true;
    char *bytes = pattern(1 << 20);
    for (int let_in = 0; let_in < 2; let_in++) {
        struct client c = client_open(&w);
        if (let_in)
            poll_event(&c);
        client_text(&c, RESPONSE CHUNKED "\r\n");
        for (int i = 0; i < 70; i++) {
            client_text(&c, "%x\r\n", 1 << 20);
            client_send(&c, bytes, 1 << 20);
            client_text(&c, "\r\n");
        }
        CHECK(client_ended(&c));
        CHECK_INT(w.broken, let_in);
        client_close(&c);
    }
    CHECK_INT(w.broken_what, ENV_TOO_LARGE);
    free(bytes);
    world_close(&w);
}

/* A process that crashes while it streams posts its error on another connection. */
static void test_error_inside_stream(void)
{
    static const char error[] = "POST /2018-06-01/runtime/invocation/id-1/error HTTP/1.1\r\n"
                                "Host: x\r\nContent-Length: 7\r\n\r\n{\"a\":1}";
    for (int streaming = 0; streaming < 2; streaming++) {
        struct world w;
        world_open(&w);
        w.deliver_at_once = true;
        struct client c = client_open(&w), d = client_open(&w);
        poll_event(&c);
        client_text(&c, RESPONSE CHUNKED "%s\r\n4\r\npart\r\n", streaming ? STREAMING : "");
        CHECK(client_quiet(&c));
        client_text(&d, "%s", error);
        CHECK_INT(client_reply(&d).status, streaming ? 202 : 400);
        client_text(&c, "0\r\n\r\n");
        CHECK_INT(client_reply(&c).status, streaming ? 400 : 202);
        CHECK_INT(w.errors, streaming);
        CHECK_INT(w.responses, !streaming);
        CHECK_INT(w.broken, 0);
        CHECK_MEM(w.body.ptr, w.body.len, streaming ? "{\"a\":1}" : "part", streaming ? 7 : 4);
        poll_event(&d);
        client_close(&d);
        client_close(&c);
        world_close(&w);
    }
}

/* Is read to its end all the same, so that the runtime learns why. */
static void test_large_stream(void)
{
    struct world w;
    world_open(&w);
    w.deliver_at_once = true;
    char *bytes = pattern(1 << 20);
    struct client c = client_open(&w);
    poll_event(&c);
    client_text(&c, RESPONSE CHUNKED STREAMING "\r\n");
    for (int i = 0; i < 70; i++) {
        client_text(&c, "%x\r\n", 1 << 20);
        client_send(&c, bytes, 1 << 20);
        client_text(&c, "\r\n");
    }
    client_text(&c, "0\r\n\r\n");
    CHECK_INT(client_reply(&c).status, 413);
    CHECK_INT(w.broken, 1);
    CHECK_INT(w.broken_what, ENV_TOO_LARGE);
    client_close(&c);
    free(bytes);
    world_close(&w);
}

static void test_refused_body(void)
{
    struct world w;
    world_open(&w);
    char *bytes = pattern(7000000);
    struct client c = client_open(&w);
    client_text(&c, RESPONSE "Content-Length: 7000000\r\n\r\n");
    client_send(&c, bytes, 7000000);
    CHECK_INT(client_reply(&c).status, 400);
    client_text(&c, "GET /2018-06-01/ping HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK_INT(client_reply(&c).status, 200);
    free(bytes);
    client_close(&c);
    world_close(&w);
}

/* An answer on another connection while the event is still being sent: its memory ends there. */
static void test_answer_before_event_was_read(void)
{
    struct world w;
    world_open(&w);
    char *bytes = pattern(ENV_REQUEST_MAX);
    w.invocation.body = bytes;
    w.invocation.body_len = ENV_REQUEST_MAX;
    struct client a = client_open(&w), b = client_open(&w);
    client_text(&a, NEXT);
    world_deliver(&w, 0);
    world_turn(&w);
    client_text(&b, RESPONSE "Content-Length: 2\r\n\r\n{}");
    CHECK_INT(w.responses, 1);
    memset(bytes, 'x', ENV_REQUEST_MAX);
    free(bytes);
    CHECK_INT(client_reply(&b).status, 202);
    CHECK(client_ended(&a));
    client_close(&a);
    client_close(&b);
    world_close(&w);
}

static void test_long_header(void)
{
    struct world w;
    world_open(&w);
    w.deliver_at_once = true;
    struct client c = client_open(&w);
    poll_event(&c);
    char *cause = malloc(65537);
    memset(cause, 'x', 65536);
    cause[65536] = 0;
    client_text(&c, "POST /2018-06-01/runtime/invocation/id-1/error HTTP/1.1\r\nHost: x\r\n"
                    "Lambda-Runtime-Function-XRay-Error-Cause: ");
    client_send(&c, cause, 65536);
    client_text(&c, "\r\nContent-Length: 2\r\n\r\n{}");
    CHECK_INT(client_reply(&c).status, 202);
    CHECK_INT(w.errors, 1);
    /* and one that is too long is refused without harm */
    struct client d = client_open(&w);
    client_text(&d, "GET /2018-06-01/ping HTTP/1.1\r\nX: ");
    for (int i = 0; i < 4; i++)
        client_send(&d, cause, 65536);
    CHECK_INT(client_reply(&d).status, 431);
    client_close(&d);
    free(cause);
    client_close(&c);
    world_close(&w);
}

static void test_expect(void)
{
    struct world w;
    world_open(&w);
    w.deliver_at_once = true;
    struct client c = client_open(&w);
    poll_event(&c);
    client_text(&c, RESPONSE "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    CHECK_INT(client_reply(&c).status, 100);
    client_text(&c, "{}");
    CHECK_INT(client_reply(&c).status, 202);
    client_close(&c);
    world_close(&w);
}

static const struct check_test tests[] = {
    {"answers of every size", test_sizes},
    {"events of every size", test_events},
    {"one byte at a time", test_slow_bytes},
    {"cut inside an answer", test_cut},
    {"cut before it was accepted", test_cut_early},
    {"cut inside an init error", test_cut_init_error},
    {"trailers", test_trailers},
    {"a body without end", test_endless},
    {"an error inside a stream", test_error_inside_stream},
    {"a stream that is too large", test_large_stream},
    {"a large body that is refused", test_refused_body},
    {"an answer before the event was read", test_answer_before_event_was_read},
    {"long headers", test_long_header},
    {"expect", test_expect},
};
CHECK_MAIN(tests)

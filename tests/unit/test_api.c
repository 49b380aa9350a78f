/* SPDX-License-Identifier: Apache-2.0 */
/* Which call is answered how in which state. */
#include "api_client.h"

#define NEXT      "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"
#define POST(url) "POST /2018-06-01/runtime/" url " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
#define RESPONSE  POST("invocation/id-1/response") "\r\n{}"
#define ERROR     POST("invocation/id-1/error") "\r\n{}"
#define INIT      POST("init/error") "\r\n{}"

#define BAD_ID "{\"errorMessage\":\"Invalid request ID\",\"errorType\":\"InvalidRequestID\"}"
#define TRANSITION(from, to)                                                                   \
    "{\"errorMessage\":\"State transition from " from " to " to " failed for runtime. Error: " \
    "State transition is not allowed\",\"errorType\":\"InvalidStateTransition\"}"
#define ACCEPTED "{\"status\":\"OK\"}"

/* Each test says what the runtime does: n(ext answered at once), r(esponse), e(rror), i(nit error)
 */
static const struct order_test {
    const char *steps, *request;
    int status;
    const char *body;
} order_tests[] = {
    {"", RESPONSE, 400, BAD_ID},
    {"", ERROR, 400, BAD_ID},
    {"", INIT, 202, ACCEPTED},
    {"n", RESPONSE, 202, ACCEPTED},
    {"n", ERROR, 202, ACCEPTED},
    {"n", INIT, 403, TRANSITION("Ready", "InitError")},
    {"n", NEXT, 200, "{\"n\":1}"},
    {"nr", RESPONSE, 400, BAD_ID},
    {"nr", ERROR, 400, BAD_ID},
    {"ne", RESPONSE, 400, BAD_ID},
    {"nr", INIT, 403, TRANSITION("RuntimeResponseSentState", "InitError")},
    {"nr", NEXT, 200, "{\"n\":1}"},
    {"nen", RESPONSE, 202, ACCEPTED},
    {"nnn", RESPONSE, 202, ACCEPTED},
    {"i", NEXT, 403, TRANSITION("InitError", "Ready")},
    {"i", INIT, 403, TRANSITION("InitError", "InitError")},
    {"i", RESPONSE, 400, BAD_ID},
    {"n", POST("invocation/id-2/response") "\r\n{}", 400, BAD_ID},
    {"n", POST("invocation//response") "\r\n{}", 404, "404 page not found\n"},
    {"n", POST("invocation/id%2D1/response") "\r\n{}", 202, ACCEPTED},
    {"n", POST("invocation/id-1%00/response") "\r\n{}", 404, NULL},
    {"n", POST("invocation/id-1/other") "\r\n{}", 404, "404 page not found\n"},
    {"n", POST("invocation/id-1/response") "Lambda-Runtime-Invocation-Id: nonce-1\r\n\r\n{}", 202,
     ACCEPTED},
    {"n", POST("invocation/id-1/response") "lambda-runtime-invocation-id: \r\n\r\n{}", 202,
     ACCEPTED},
    {"n", POST("invocation/id-1/response") "lambda-runtime-invocation-id: other\r\n\r\n{}", 410,
     "{\"errorMessage\":\"The answer belongs to an earlier invocation\","
     "\"errorType\":\"InvokeTimeout\"}"},
    {"n", POST("invocation/id-1/response") "Lambda-Runtime-Function-Response-Mode: odd\r\n\r\n{}",
     400,
     "{\"errorMessage\":\"Invalid function response mode\","
     "\"errorType\":\"InvalidFunctionResponseMode\"}"},
    {"", "GET /2018-06-01/ping HTTP/1.1\r\nHost: x\r\n\r\n", 200, "pong"},
    {"", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 404, "404 page not found\n"},
    {"", "GET /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: x\r\n\r\n", 405, ""},
    {"", POST("invocation/next") "\r\n{}", 405, ""},
    {"n",
     "PUT /2018-06-01/runtime/invocation/id-1/error HTTP/1.1\r\nHost: x\r\nContent-Length: "
     "1\r\n\r\n1",
     405, ""},
};

static void step(struct client *c, char what)
{
    client_text(c, "%s", what == 'n' ? NEXT : what == 'r' ? RESPONSE : what == 'e' ? ERROR : INIT);
    CHECK_INT(client_reply(c).status, what == 'n' ? 200 : 202);
}

static void test_order(void)
{
    for (size_t i = 0; i < ARRAY_LEN(order_tests); i++) {
        const struct order_test *t = &order_tests[i];
        struct world w;
        world_open(&w);
        w.deliver_at_once = true;
        struct client c = client_open(&w);
        for (const char *s = t->steps; *s; s++)
            step(&c, *s);
        client_text(&c, "%s", t->request);
        struct reply r = client_reply(&c);
        if (r.status != t->status)
            printf("# after '%s': %.60s\n", t->steps, t->request);
        CHECK_INT(r.status, t->status);
        if (t->body)
            CHECK_MEM(r.body, r.len, t->body, strlen(t->body));
        /* the connection lives on, and so does the server */
        client_text(&c, "GET /2018-06-01/ping HTTP/1.1\r\nHost: x\r\n\r\n");
        CHECK_INT(client_reply(&c).status, 200);
        client_close(&c);
        world_close(&w);
    }
}

static void test_headers(void)
{
    struct world w;
    world_open(&w);
    struct client c = client_open(&w);
    client_text(&c, NEXT);
    CHECK_INT(w.nexts, 1);
    CHECK(client_quiet(&c));
    world_deliver(&w, 0);
    world_deliver(&w, -1);
    struct reply r = client_reply(&c);
    CHECK_INT(r.status, 200);
    CHECK_HAS(r.head, "\r\nLambda-Runtime-Aws-Request-Id: id-1\r\n");
    CHECK_HAS(r.head, "\r\nLambda-Runtime-Deadline-Ms: 1760000000123\r\n");
    CHECK_HAS(r.head, "\r\nLambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:"
                      "123456789012:function:f\r\n");
    CHECK_HAS(r.head, "\r\nLambda-Runtime-Trace-Id: Root=1-2-3\r\n");
    CHECK_HAS(r.head, "\r\nLambda-Runtime-Client-Context: {\"a\":1}\r\n");
    CHECK_HAS(r.head, "\r\nLambda-Runtime-Invocation-Id: nonce-1\r\n");
    CHECK_HAS(r.head, "\r\nContent-Type: application/json\r\n");
    CHECK(!strstr(r.head, "Cognito"));
    client_close(&c);
    world_close(&w);
}

static void test_deliver_refused(void)
{
    struct world w;
    world_open(&w);
    struct client c = client_open(&w);
    world_deliver(&w, -1);
    client_text(&c, NEXT);
    w.invocation.client_context = "{\n}";
    world_deliver(&w, -1);
    w.invocation.client_context = NULL;
    w.invocation.request_id = "";
    world_deliver(&w, -1);
    w.invocation.request_id = "a/b c";
    w.invocation.body_len = 0;
    w.invocation.body = NULL;
    world_deliver(&w, 0);
    struct reply r = client_reply(&c);
    CHECK_INT(r.status, 200);
    CHECK_INT(r.len, 0);
    client_text(&c, POST("invocation/a%%2Fb%%20c/response") "\r\n{}");
    CHECK_INT(client_reply(&c).status, 202);
    CHECK_STR(w.request_id, "a/b c");
    client_close(&c);
    world_close(&w);
}

/* The newest poll gets the event, the older one hears so. */
static void test_second_poll(void)
{
    struct world w;
    world_open(&w);
    struct client a = client_open(&w), b = client_open(&w);
    client_text(&a, NEXT);
    client_text(&b, NEXT);
    struct reply r = client_reply(&a);
    CHECK_INT(r.status, 403);
    CHECK_MEM(r.body, r.len, TRANSITION("Ready", "Ready"), strlen(TRANSITION("Ready", "Ready")));
    CHECK_INT(w.nexts, 1);
    CHECK(client_quiet(&b));
    world_deliver(&w, 0);
    CHECK_INT(client_reply(&b).status, 200);
    /* a poll during the invocation gets the same event, on any connection */
    client_text(&a, NEXT);
    r = client_reply(&a);
    CHECK_INT(r.status, 200);
    CHECK_MEM(r.body, r.len, "{\"n\":1}", 7);
    CHECK_INT(w.nexts, 1);
    client_close(&a);
    client_close(&b);
    world_close(&w);
}

static void test_close_while_polled(void)
{
    struct world w;
    world_open(&w);
    struct client c = client_open(&w);
    client_text(&c, NEXT);
    CHECK(client_quiet(&c));
    world_close(&w); /* the loop ends */
    close(c.fd);
    buf_free(&c.in);
}

static void test_poll_while_answering(void)
{
    struct world w;
    world_open(&w);
    w.deliver_at_once = true;
    struct client a = client_open(&w), b = client_open(&w);
    step(&a, 'n');
    client_text(&a, POST("invocation/id-1/error") "\r\n{");
    client_text(&b, NEXT);
    struct reply r = client_reply(&b);
    CHECK_INT(r.status, 403);
    CHECK_HAS(r.body, "from InvocationErrorResponse to Ready");
    client_text(&b, RESPONSE);
    CHECK_INT(client_reply(&b).status, 400);
    client_text(&a, "}");
    CHECK_INT(client_reply(&a).status, 202);
    CHECK_INT(w.errors, 1);
    CHECK_INT(w.responses, 0);
    client_close(&a);
    client_close(&b);
    world_close(&w);
}

static void test_reset(void)
{
    struct world w;
    world_open(&w);
    struct client a = client_open(&w), b = client_open(&w);
    client_text(&a, NEXT);
    w.channel.reset(w.channel.server);
    CHECK(client_ended(&a));
    CHECK(client_ended(&b));
    world_deliver(&w, -1);
    struct client c = client_open(&w);
    w.deliver_at_once = true;
    step(&c, 'n');
    CHECK_INT(w.nexts, 2);
    client_text(&c, POST("invocation/id-1/response") "\r\n{");
    w.channel.reset(w.channel.server); /* inside a body: nothing is reported */
    CHECK(client_ended(&c));
    CHECK_INT(w.broken + w.responses, 0);
    struct client d = client_open(&w);
    step(&d, 'n');
    w.reset_at_once = true; /* inside the event */
    client_text(&d, RESPONSE);
    CHECK(client_ended(&d));
    CHECK_INT(w.responses, 1);
    struct client e = client_open(&w);
    w.reset_at_once = false;
    step(&e, 'i');
    client_close(&a);
    client_close(&b);
    client_close(&c);
    client_close(&d);
    client_close(&e);
    world_close(&w);
}

/* A connection made before the reset and not accepted yet belongs to the dead. */
static void test_reset_empties_queue(void)
{
    struct world w;
    world_open(&w);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(server_port(w.server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    CHECK_INT(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    CHECK(send(fd, NEXT, strlen(NEXT), 0) > 0);
    w.channel.reset(w.channel.server);
    world_turn(&w);
    CHECK_INT(w.nexts, 0);
    close(fd);
    world_close(&w);
}

static const struct type_test {
    const char *given, *want;
} type_tests[] = {
    {"Runtime.ExitError", "Runtime.ExitError"},
    {"Function.Ab", "Function.Ab"},
    {"my Function.Ab1", "my Function.Ab1"},
    {"unhandled", "Runtime.Unknown"},
    {"Error", "Runtime.Unknown"},
    {"Function.A", "Function.Unknown"},
    {"Function.lower", "Function.Unknown"},
    {"Runtime.x Runtime.Yz", "Runtime.x Runtime.Yz"},
    {"Runtime.Gr\xc3\xbc", "Runtime.Unknown"},
    {"", NULL},
};

static void test_error_types(void)
{
    for (size_t i = 0; i < ARRAY_LEN(type_tests); i++) {
        struct world w;
        world_open(&w);
        struct client c = client_open(&w);
        client_text(&c,
                    POST("init/error") "Lambda-Runtime-Function-Error-Type: %s\r\n"
                                       "Content-Type: a/b\r\n\r\n{}",
                    type_tests[i].given);
        CHECK_INT(client_reply(&c).status, 202);
        CHECK_INT(w.init_errors, 1);
        CHECK_STR(w.error_type, type_tests[i].want);
        CHECK_STR(w.content_type, "a/b");
        CHECK_STR(w.request_id, NULL);
        client_close(&c);
        world_close(&w);
    }
}

/* Two kept connections in turn, as clients with a pool use them. */
static void test_two_connections(void)
{
    struct world w;
    world_open(&w);
    w.deliver_at_once = true;
    struct client a = client_open(&w), b = client_open(&w);
    for (int i = 0; i < 100; i++) {
        step(&a, 'n');
        step(&b, i % 2 ? 'r' : 'e');
    }
    CHECK_INT(w.nexts, 100);
    CHECK_INT(w.responses, 50);
    client_close(&a);
    client_close(&b);
    world_close(&w);
}

static const char broken_chunk[] =
    "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    "\r\nzz\r\n";

static void test_garbage(void)
{
    static const char *const garbage[] = {
        "\x16\x03\x01\x02garbage\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        broken_chunk,
    };
    struct world w;
    world_open(&w);
    for (size_t i = 0; i < ARRAY_LEN(garbage); i++) {
        struct client c = client_open(&w);
        client_text(&c, "%s%s", NEXT, garbage[i]);
        client_close(&c);
        struct client d = client_open(&w);
        client_text(&d, "%s", garbage[i]);
        CHECK(client_ended(&d));
        client_close(&d);
        w.channel.reset(w.channel.server);
    }
    CHECK_INT(w.init_errors, 0);
    world_close(&w);
}

static const struct check_test tests[] = {
    {"every call in every state", test_order},
    {"headers of an event", test_headers},
    {"an event that cannot be delivered", test_deliver_refused},
    {"a second poll takes over", test_second_poll},
    {"an end while a poll waits", test_close_while_polled},
    {"calls while an answer arrives", test_poll_while_answering},
    {"reset", test_reset},
    {"reset empties the queue", test_reset_empties_queue},
    {"error types are mapped", test_error_types},
    {"two connections in turn", test_two_connections},
    {"garbage", test_garbage},
};
CHECK_MAIN(tests)

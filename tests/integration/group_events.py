# SPDX-License-Identifier: Apache-2.0
"""Events of every size and form, answers, headers, the context."""
import json
import os

import harness
from harness import error_of, response_of, run, same, has, has_not, test
from runtime_api import BODY_MAX, NEXT, Reply


@test("events")
def sizes():
    for size in (0, 1, 127, 128, 4096, 65535, 65536, 262144, 1 << 20, BODY_MAX):
        event = bytes(i * 7 % 251 for i in range(min(size, 1000))) * (size // 1000 + 1)
        event = event[:size]
        result = run("echo", [Reply(event), Reply(chunks=[event] if size else [])])
        same(result.code, 0)
        same(len(result.posts), 2)
        for i in range(2):
            if response_of(result, i) != event:
                raise AssertionError("an event of %d bytes came back as %d" %
                                     (size, len(response_of(result, i))))


@test("events")
def answer_sizes():
    for size in (0, 1, 16384 - 1, 16384, 16385, 1 << 20, BODY_MAX):
        result = run("sized", [Reply(b"%d" % size)])
        same(len(response_of(result)), size)
        same(result.posts[0].headers["content-length"], str(size))


@test("events")
def too_large_an_answer():
    result = run("sized", [Reply(b"%d" % (BODY_MAX + 1)), Reply(b"5")])
    same(error_of(result)["errorType"], "Function.ResponseSizeTooLarge")
    same(result.posts[0].headers["lambda-runtime-function-error-type"],
         "Function.ResponseSizeTooLarge")
    same(response_of(result, 1), b"xxxxx")


@test("events")
def bytes_are_kept():
    event = bytes(range(256)) * 3
    same(response_of(run("echo", [Reply(event)])), event)


@test("events")
def every_split():
    event = b'{"a":"' + b"b" * 40 + b'"}'
    reply = Reply(event)
    whole = len(reply.bytes())
    script = [Reply(event, pieces=(n,), pause=0.001) for n in range(1, whole, 3)]
    result = run("echo", script)
    same(len(result.posts), len(script))
    same([p.body for p in result.posts], [event] * len(script))


@test("events")
def slow_bytes():
    event = b"slowly"
    reply = Reply(event)
    script = [Reply(event, pieces=[1] * len(reply.bytes()), pause=0.0005),
              Reply(chunks=[event[i:i + 1] for i in range(6)], pieces=[1] * 200, pause=0.0005)]
    result = run("echo", script)
    same([p.body for p in result.posts], [event] * 2)


@test("events")
def chunk_sizes():
    event = os.urandom(200000)
    scripts = [Reply(chunks=[event[i:i + n] for i in range(0, len(event), n)])
               for n in (1, 7, 4096, 65536)]
    result = run("echo", scripts)
    same(len(result.posts), 4)
    for post in result.posts:
        if post.body != event:
            raise AssertionError("chunks of an event were put together wrongly")


@test("events")
def chunk_details():
    head = b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    result = run("echo", [Reply(raw=head + b"3;a=\"b\"\r\nabc\r\n0;z\r\nTrailer: 1\r\n\r\n")])
    same(response_of(result), b"abc")


@test("events")
def header_order_and_case():
    raw = (b"HTTP/1.1 200 OK\r\ncontent-length:2\r\nLAMBDA-RUNTIME-DEADLINE-MS:  99 \r\n"
           b"lambda-runtime-AWS-request-id:\tid/1 \xc3\xa4\r\n\r\n{}")
    result = run("echo", [Reply(raw=raw)])
    same(response_of(result), b"{}")
    same(result.posts[0].path, "/2018-06-01/runtime/invocation/id%2F1%20%C3%A4/response")


@test("events")
def huge_headers():
    context = json.dumps({"custom": {"k": "v" * 200000}})
    result = run("context", [Reply(b"1", headers=[("X-Before", "y" * 40000),
                                                  ("Lambda-Runtime-Client-Context", '{"a":1}')]),
                             Reply(b"1")])
    same(json.loads(response_of(result))["client"], {"a": 1})
    same(json.loads(response_of(result, 1))["client"], None)
    result = run("echo", [Reply(b"1", headers=[("Lambda-Runtime-Client-Context", context)])])
    same(response_of(result), b"1")


@test("events")
def interim_responses():
    raw = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\n" + Reply(b"1").bytes()
    same(response_of(run("echo", [Reply(raw=raw)])), b"1")


@test("events")
def one_connection_one_packet():
    result = run("echo", [Reply(b"x" * 1000) for _ in range(20)])
    same(result.api.connections, 1)
    same([r.packets for r in result.posts], [1] * 20)


@test("events")
def requests():
    result = run("echo", [Reply(b"1")], prefix="/a/b",
                 address=lambda port: "http://127.0.0.1:%d/a/b/" % port)
    poll, post = result.polls[0], result.posts[0]
    same(poll.path, "/a/b" + NEXT)
    same(post.path, "/a/b/2018-06-01/runtime/invocation/id-1/response")
    same(poll.version, "HTTP/1.1")
    same(poll.headers["host"], "127.0.0.1:%d" % result.api.port)
    has(poll.headers["user-agent"], "aws-lambda-c/")
    same(post.headers["content-type"], "application/json")
    has_not(post.headers, "lambda-runtime-invocation-id")
    has_not(post.headers, "expect")


@test("events")
def invocation_id_is_echoed():
    nonce = ("Lambda-Runtime-Invocation-Id", "n-1 =+/")
    result = run("fails", [Reply(b"fine", headers=[nonce]), Reply(b"typed", headers=[nonce])])
    same(result.posts[0].headers["lambda-runtime-invocation-id"], "n-1 =+/")
    same(result.posts[1].headers["lambda-runtime-invocation-id"], "n-1 =+/")


@test("events")
def context():
    result = run("context", [
        Reply(b"1", headers=[("Lambda-Runtime-Invoked-Function-Arn", "arn:x"),
                             ("Lambda-Runtime-Trace-Id", "Root=1-2;Sampled=1"),
                             ("Lambda-Runtime-Cognito-Identity", '{"cognitoIdentityId":"c"}'),
                             ("Lambda-Runtime-Client-Context", "")]),
        Reply(b"1"), Reply(b"1", headers=[("Lambda-Runtime-Trace-Id", "Root=2")])])
    first = json.loads(response_of(result))
    same(first["id"], "id-1")
    same(first["arn"], "arn:x")
    same(first["trace"], "Root=1-2;Sampled=1")
    same(first["env"], "Root=1-2;Sampled=1")
    same(first["identity"], {"cognitoIdentityId": "c"})
    same(first["client"], None)
    same(first["left"], True)
    second = json.loads(response_of(result, 1))
    same((second["trace"], second["env"], second["arn"]), ("(absent)",) * 3)
    same(json.loads(response_of(result, 2))["env"], "Root=2")


@test("events")
def memory_is_given_back():
    if harness.options.sanitized:
        return
    large = b"x" * BODY_MAX
    result = run("echo", [Reply(large), Reply(b"1"), Reply(b"1")])
    if result.rss > 3500:
        raise AssertionError("%d KB are resident after a large event" % result.rss)
    result = run("echo", [Reply(large), Reply(large), Reply(b"1"), Reply(b"1")])
    if result.rss > 3500:
        raise AssertionError("%d KB are resident after two large events" % result.rss)

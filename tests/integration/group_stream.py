# SPDX-License-Identifier: Apache-2.0
"""Streamed answers: what is on the wire, failures before and behind the first byte, peers that
answer early, read slowly or go away."""
import array
import base64
import fcntl
import json
import socket
import termios
import time

import harness
from harness import error_of, has, has_not, response_of, run, same, test
from runtime_api import Early, Reply

PRELUDE = "application/vnd.awslambda.http-integration-response"
TYPE = "Lambda-Runtime-Function-Error-Type"
BODY = "Lambda-Runtime-Function-Error-Body"


def stream_of(result, index=0):
    post = result.posts[index]
    same(post.path.rsplit("/", 1)[1], "response")
    if post.chunks is None:
        raise AssertionError("not a stream: %r" % post.pairs)
    return post


def trailers_of(result, index=0):
    """The error behind a stream: category and document."""
    post = stream_of(result, index)
    same(sorted(post.trailers), [BODY, TYPE])
    return post.trailers[TYPE], json.loads(base64.b64decode(post.trailers[BODY], validate=True))


@test("stream")
def on_the_wire():
    result = run("streams", [Reply(b"plain", headers=[("Lambda-Runtime-Invocation-Id", "nonce-1")])])
    post = stream_of(result)
    same(post.path, "/2018-06-01/runtime/invocation/id-1/response")
    same([(n, v) for n, v in post.pairs if n not in ("Host", "User-Agent")],
         [("Lambda-Runtime-Invocation-Id", "nonce-1"),
          ("Content-Type", "application/octet-stream"),
          ("Lambda-Runtime-Function-Response-Mode", "streaming"),
          ("Transfer-Encoding", "chunked"),
          ("Trailer", TYPE + ", " + BODY)])
    same(post.chunks, [b"hello ", b"world"])
    same(post.framing, b"6\r\n5\r\n0\r\n")
    same(post.trailers, {})
    same(result.code, 0)
    has_not(result.err, "ERROR")


@test("stream")
def content_type():
    post = stream_of(run("streams", [Reply(b"typed")]))
    same(post.headers["content-type"], "text/event-stream; charset=utf-8")
    same(post.body, b"data: 1\n\n")


@test("stream")
def http_prelude():
    post = stream_of(run("streams", [Reply(b"http")]))
    same(post.headers["content-type"], PRELUDE)
    same(len(post.chunks), 2)
    text, body = post.body.split(b"\0" * 8)
    same(text + b"\0" * 8, post.chunks[0])
    same(body, b"<p>")
    same(json.loads(text), {
        "statusCode": 201,
        "headers": {"X-Quote": 'a "b" \\ Zürich\t1', "X-Empty": "", "content-type": "text/html"},
        "cookies": ["a=1; Path=/", 'b="2"']})


@test("stream")
def value_without_bytes():
    result = run("streams", [Reply(b"no bytes")])
    has(error_of(result)["errorMessage"], "'X-None' is NULL and has a length of 5")


@test("stream")
def empty():
    """A stream without a byte is an answer; one of a status alone too."""
    result = run("streams", [Reply(b"empty"), Reply(b"status")])
    same(stream_of(result).chunks, [])
    same(stream_of(result).framing, b"0\r\n")
    same(stream_of(result, 1).body, b'{"statusCode":204,"headers":'
         b'{"content-type":"application/octet-stream"}}' + b"\0" * 8)


@test("stream")
def fails_before_the_first_byte():
    result = run("streams", [Reply(b"fail first"), Reply(b"plain")])
    same(error_of(result)["errorMessage"], "before the first byte")
    same(result.posts[0].headers["content-type"], "application/json")
    same(stream_of(result, 1).body, b"hello world")


@test("stream")
def fails_behind_it():
    result = run("streams", [Reply(b"fail later"), Reply(b"fail flushed"), Reply(b"plain")])
    same(stream_of(result).body, b"hello world")
    kind, document = trailers_of(result)
    same(kind, "Function.NotToday")
    same((document["errorType"], document["errorMessage"]), ("NotToday", 'behind "world"'))
    same(document["requestId"], "id-1")
    same(stream_of(result, 1).chunks, [])
    same(trailers_of(result, 1)[1]["errorMessage"], "behind the head")
    same(stream_of(result, 2).trailers, {})
    same(len(result.posts), 3)
    has(result.err, "\tid-1\tERROR\tNotToday: behind \"world\"\n")


@test("stream")
def long_errors_fit():
    """Lambda's server gives up on trailers that are longer than its buffer of 4096 bytes."""
    result = run("streams", [Reply(b"fail long"), Reply(b"fail long", id="i" * 3000)])
    for index, has_id in enumerate((True, False)):
        post = stream_of(result, index)
        if post.trailer_bytes > 4096:
            raise AssertionError("trailers of %d bytes" % post.trailer_bytes)
        kind, document = trailers_of(result, index)
        same(kind, "Function.NotToday")
        same("requestId" in document, has_id)
        same(document["errorMessage"].strip('"'), "")
    has(trailers_of(result)[1]["errorMessage"], '"' * 300)


@test("stream")
def one_answer():
    """lambda_reply and a stream exclude each other; who does not look learns it by the failure."""
    for event, message in (("reply later", "the answer is not whole"),
                           ("twice", "is streamed already")):
        result = run("streams", [Reply(event.encode())])
        same(stream_of(result).body, b"hello world")
        kind, document = trailers_of(result)
        same((kind, document["errorType"]), ("Runtime.StreamError", "Runtime.StreamError"))
        has(document["errorMessage"], message)
    result = run("streams", [Reply(b"reply first"), Reply(b"unopened"), Reply(b"newer"),
                             Reply(b"reply instead")])
    has(error_of(result)["errorMessage"], "has called lambda_reply")
    has(error_of(result, 2)["errorMessage"], "newer lambda.h")
    same(error_of(result, 1)["errorType"], "Runtime.StreamError")
    same(response_of(result, 3), b'"instead"')


@test("stream")
def who_may_not_stream():
    batch = json.dumps({"Records": [{"messageId": "m0", "body": "", "eventSource": "aws:sqs"}]})
    for handler in ("streams", "streams.whole"):
        result = run(handler, [Reply(batch.encode())])
        has(error_of(result)["errorMessage"], "cannot be streamed")
    result = run("streams.hook", [Reply(b"plain")])
    same(result.posts[0].path, "/2018-06-01/runtime/init/error")
    has(json.loads(result.posts[0].body)["errorMessage"], "a hook has no answer to stream")


@test("stream")
def one_process_streams():
    result = run("streams", [Reply(b"fork"), Reply(b"plain")])
    same([p.body for p in result.posts], [b"hello world!", b"hello world"])
    has_not(result.err, "ERROR")


@test("stream")
def one_connection():
    """A stream leaves the connection as usable as any answer, unless the API closes it."""
    result = run("streams", [Reply(b"plain"), Reply(b"fail later"), Reply(b"plain")])
    same({p.connection for p in result.posts + result.polls}, {1})
    closing = Reply(b"{}", 202, plain=True, close=True, headers=[("Connection", "close")])
    result = run("streams", [Reply(b"plain"), Reply(b"plain")], [closing])
    same([p.connection for p in result.posts], [1, 2])
    has_not(result.err, "ERROR")


@test("stream")
def stale_connection():
    """What the API has closed is found before the first byte."""
    def send_and_close(api, sock):
        with api.process_stopped():  # the end comes with the last byte
            sock.sendall(Reply(b"plain").bytes())
            sock.close()
        return False

    result = run("streams", [send_and_close, Reply(b"plain")])
    same([p.body for p in result.posts], [b"hello world", b"hello world"])
    same([p.connection for p in result.posts], [2, 2])


@test("stream")
def writes_are_chunks():
    post = stream_of(run("streams", [Reply(b"many")]))
    same(post.chunks, [b"%d," % i for i in range(2000)])


@test("stream")
def large():
    """64 MB with flat memory; the next invocation is as any other."""
    result = run("streams", [Reply(b"large"), Reply(b"plain")])
    chunks = stream_of(result).chunks
    same([len(c) for c in chunks[:-1]], [1 << 20] * 64)
    same([c[:1] + c[-1:] for c in chunks[:-1]], [bytes([65 + i % 26] * 2) for i in range(64)])
    if not harness.options.sanitized and int(chunks[-1]) > 512:
        raise AssertionError("64 MB took %s kB of memory" % chunks[-1].decode())
    same(stream_of(result, 1).body, b"hello world")


def unread(sock):
    count = array.array("i", [0])
    fcntl.ioctl(sock, termios.FIONREAD, count)
    return count[0]


@test("stream")
def slow_reader():
    """A peer that does not read makes the handler wait: nothing is lost, nothing piles up."""
    seen = []

    def stop_reading(_api, connection, _request):
        before = -1
        while (now := unread(connection.sock)) != before or now == 0:
            before = now
            time.sleep(0.05)
        seen.append(now)
        return True

    post = stream_of(run("streams", [Reply(b"large")], [Early(stop_reading)]))
    if seen[0] > 32 << 20:
        raise AssertionError("%d bytes were taken by nobody" % seen[0])
    same([c[:1] + c[-1:] for c in post.chunks[:-1]], [bytes([65 + i % 26] * 2) for i in range(64)])


def refuse(status, kind, read_on):
    """An answer before the end of the body; read_on: until the peer closes."""
    def action(_api, connection, _request):
        body = json.dumps({"errorMessage": "no", "errorType": kind}).encode()
        Reply(body, status, plain=True).send(connection.sock)
        if read_on:
            while connection.sock.recv(1 << 20):
                pass
        return False
    return Early(action)


@test("stream")
def early_answers():
    """They end the stream; the loop goes on with the next event on a new connection."""
    for status, kind in ((400, "InvalidRequestID"), (410, "InvokeTimeout"),
                         (413, "RequestEntityTooLarge")):
        for event in (b"endless", b"blind"):
            for read_on in (False, True):
                result = run("streams", [Reply(event), Reply(b"plain", id="id-2")],
                             [refuse(status, kind, read_on)])
                same([p.path.split("/")[4] for p in result.posts], ["id-1", "id-2"])
                same(stream_of(result, 1).body, b"hello world")
                has(result.err, "\tid-1\tERROR\tRuntime.StreamError: ")
                has(result.err, "the answer is lost: ")
                if read_on:
                    has(result.err, "status %d: " % status)
                    has(result.err, kind)
                if event == b"endless":
                    has(result.err, "the next write gave -1")
                same(result.code, 0)


@test("stream")
def early_answer_500():
    """Is as fatal as behind a whole answer."""
    result = run("streams", [Reply(b"endless"), Reply(b"plain")],
                 [refuse(500, "InternalServerError", True)])
    same(len(result.posts), 1)
    same(result.code, 1)


@test("stream")
def connection_gone():
    def reset(_api, connection, _request):
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        return False

    for action in (reset, lambda *_: False):
        for event in (b"endless", b"blind"):
            result = run("streams", [Reply(event), Reply(b"plain", id="id-2")], [Early(action)])
            same([p.path.split("/")[4] for p in result.posts], ["id-1", "id-2"])
            has(result.err, "the answer is lost: ")
            same(result.code, 0)


@test("stream")
def refused_at_the_end():
    """The usual answers to an answer."""
    refusal = Reply(b'{"errorMessage":"no","errorType":"RequestEntityTooLarge"}', 413, plain=True)
    result = run("streams", [Reply(b"plain"), Reply(b"fail later"), Reply(b"plain")],
                 [refusal, refusal])
    same(len(result.posts), 3)
    same(result.err.count("the answer is lost: "), 2)
    has(result.err, "RequestEntityTooLarge")
    same({p.connection for p in result.posts}, {1})


@test("stream")
def no_connection():
    """Nobody listens before the first byte: the handler is told, and its failure posted as always."""
    def hang_up(api, sock):
        api.listener.shutdown(socket.SHUT_RDWR)  # a thread waits there
        api.listener.close()
        with api.process_stopped():
            sock.sendall(Reply(b"plain").bytes())
            sock.close()
        return False

    result = run("streams", [hang_up])
    has(result.err, "ERROR\tRuntime.StreamError: lambda_stream_write: streamed answer: connect to ")
    has(result.err, "post error: connect to ")
    same(result.code, 1)


@test("stream")
def without_the_api():
    """Nobody answers: the stream is lost, and so is the process when nobody listens any more."""
    result = run("streams", [Reply(b"plain"), Reply(b"plain", id="id-2")],
                 [Reply(b"", 202, plain=True, raw=b"", close=True)])
    same([p.path.split("/")[4] for p in result.posts], ["id-1", "id-2"])
    has(result.err, "the answer is lost: ")

# SPDX-License-Identifier: Apache-2.0
"""Statuses of the Runtime API, broken and slow connections, addresses."""
import socket
import threading
import time

from harness import has, remote_error, response_of, run, same, test
from runtime_api import BODY_MAX, OK, Reply


@test("api")
def refused_answers():
    for status, kind in ((400, "InvalidRequestID"), (403, "InvalidStateTransition"),
                         (410, "InvokeTimeout"), (413, "RequestEntityTooLarge"), (404, "Odd")):
        result = run("echo", [Reply(b"1"), Reply(b"2")], [remote_error(status, kind)])
        same(result.code, 0)
        same([p.body for p in result.posts], [b"1", b"2"])
        has(result.err, "status %d" % status)
        has(result.err, kind)


@test("api")
def refused_errors():
    result = run("fails", [Reply(b"typed"), Reply(b"fine")], [remote_error(410, "InvokeTimeout")])
    same(result.code, 0)
    same(len(result.posts), 2)
    has(result.err, "InvokeTimeout")


@test("api")
def fatal_answer():
    result = run("echo", [Reply(b"1"), Reply(b"2")], [remote_error(500, "InternalServerError")])
    same(result.code, 1)
    same(len(result.posts), 1)
    has(result.err, "InternalServerError")


@test("api")
def statuses_of_next():
    for status in (400, 403, 404, 500):
        result = run("echo", [remote_error(status, "Odd", "words of the API")])
        same(result.code, 1)
        same(len(result.polls), 1)
        has(result.err, "status %d" % status)
        has(result.err, "words of the API")
    for status in (429, 502, 503, 504):
        result = run("echo", [remote_error(status, "Busy"), Reply(b"1")])
        same(result.code, 0)
        same(response_of(result), b"1")


@test("api")
def no_content_polls_again():
    result = run("echo", [Reply(None, 204, plain=True), Reply(None, 204, plain=True), Reply(b"1")])
    same(len(result.polls), 4)
    same(response_of(result), b"1")
    same(result.api.connections, 1)


@test("api")
def no_request_id():
    result = run("echo", [Reply(b"1", id=None), Reply(b"2")])
    same([p.body for p in result.posts], [b"2"])
    result = run("echo", [Reply(b"1", id="")] * 6)
    same(result.code, 1)
    has(result.err, "Lambda-Runtime-Aws-Request-Id")


@test("api")
def bad_deadline():
    raw = (b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: x\r\n"
           b"Lambda-Runtime-Deadline-Ms: soon\r\nContent-Length: 1\r\n\r\n1")
    result = run("echo", [Reply(raw=raw)] * 6)
    same(result.code, 1)
    has(result.err, "'soon' is no time")


@test("api")
def garbage():
    for raw in (b"SSH-2.0-Server\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2"
                b"\r\n\r\nxx", b"HTTP/1.1 200 OK\r\nno header\r\n\r\n", b"\0" * 100 + b"\r\n\r\n"):
        result = run("echo", [Reply(raw=raw), Reply(b"1")])
        same(result.code, 0)
        same(response_of(result), b"1")
        same(result.api.connections, 2)


@test("api")
def oversized():
    result = run("echo", [Reply(b"x" * (BODY_MAX + 1)), Reply(b"1")])
    same(response_of(result), b"1")
    result = run("echo", [Reply(chunks=[b"x" * BODY_MAX, b"y"]), Reply(b"1")])
    same(response_of(result), b"1")
    result = run("echo", [Reply(b"1", headers=[("X", "y" * (300 << 10))]), Reply(b"2")])
    same(response_of(result), b"2")


@test("api")
def every_cut_of_an_event():
    whole = len(Reply(b"12345").bytes())
    for cut in list(range(0, whole, 11)) + [whole - 1]:
        result = run("echo", [Reply(b"12345", cut=cut), Reply(b"67890")])
        same(result.code, 0)
        same([p.body for p in result.posts], [b"67890"])


@test("api")
def closed_after_each_event():
    result = run("echo", [Reply(b"%d" % i, headers=[("Connection", "close")], close=True)
                          for i in range(5)])
    same([p.body for p in result.posts], [b"0", b"1", b"2", b"3", b"4"])


@test("api")
def silently_closed_after_each_event():
    """The server closes without saying so: what a kept connection looks like after a long pause."""
    result = run("echo", [Reply(b"%d" % i, close=True) for i in range(5)])
    same([p.body for p in result.posts], [b"0", b"1", b"2", b"3", b"4"])
    result = run("echo", [Reply(b"%d" % i, reset=True) for i in range(5)])
    same([p.body for p in result.posts], [b"0", b"1", b"2", b"3", b"4"])


@test("api")
def closed_after_each_answer():
    quiet = Reply(b"{}", 202, plain=True, close=True)
    said = Reply(b"{}", 202, plain=True, close=True, headers=[("Connection", "close")])
    result = run("echo", [Reply(b"%d" % i) for i in range(4)], [quiet, said, quiet, said])
    same([p.body for p in result.posts], [b"0", b"1", b"2", b"3"])


@test("api")
def answer_cut_off():
    """Nothing came back: posted again on a new connection. Half came back: not again."""
    result = run("echo", [Reply(b"1"), Reply(b"2")], [Reply(b"", cut=0), OK])
    same([p.body for p in result.posts], [b"1", b"1", b"2"])
    result = run("echo", [Reply(b"1"), Reply(b"2")], [Reply(b"{}", 202, cut=20), OK])
    same(result.code, 0)
    same([p.body for p in result.posts], [b"1", b"2"])
    has(result.err, "the answer is lost")


@test("api")
def refused_before_the_end():
    """The server says no after the head and reads nothing more."""
    received = []

    def serve(listener):
        sock, _ = listener.accept()
        served = 0
        data = b""
        while True:
            while b"\r\n\r\n" not in data:
                part = sock.recv(65536)
                if not part:
                    return
                data += part
            head, data = data.split(b"\r\n\r\n", 1)
            received.append(head.split(b"\r\n")[0])
            if head.startswith(b"GET"):
                served += 1
                sock.sendall(Reply(b"%d" % (BODY_MAX if served == 1 else 3)).bytes())
                continue
            if served == 1:
                sock.sendall(Reply(b'{"errorType":"RequestEntityTooLarge"}', 413, plain=True).bytes())
                time.sleep(0.2)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                sock.close()
                sock, _ = listener.accept()
                data = b""
                continue
            while len(data) < 3:
                data += sock.recv(65536)
            data = data[3:]
            sock.sendall(remote_error(500, "InternalServerError").bytes())
            return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        port = listener.getsockname()[1]
        result = run("sized", [], address=lambda _: "127.0.0.1:%d" % port, signal_at_end=False)
    same(result.code, 1)
    has(result.err, "RequestEntityTooLarge")
    same([r.split(b" ")[0] for r in received], [b"GET", b"POST", b"GET", b"POST"])


@test("api")
def unreachable():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    result = run("echo", [], address=lambda _: "127.0.0.1:%d" % port)
    same(result.code, 1)
    has(result.err, "after 6 tries")
    has(result.err, "connect to '127.0.0.1:%d'" % port)


@test("api")
def comes_back():
    """Every connection dies for a while, then all is well."""
    result = run("echo", [Reply(b"", cut=0)] * 3 + [Reply(b"1")])
    same(result.code, 0)
    same(response_of(result), b"1")


@test("api")
def addresses():
    for address in ("https://127.0.0.1:1", "nonsense here", "127.0.0.1:99999"):
        result = run("echo", [], address=lambda _, a=address: a)
        same(result.code, 1)
        has(result.err, "'%s'" % address)
    result = run("echo", [], env={"AWS_LAMBDA_RUNTIME_API": ""})
    same(result.code, 1)
    has(result.err, "AWS_LAMBDA_RUNTIME_API is not set")
    same(response_of(run("echo", [Reply(b"1")], address=lambda p: "localhost:%d" % p)), b"1")
    same(response_of(run("echo", [Reply(b"1")], env={"http_proxy": "http://127.0.0.1:1",
                                                     "ALL_PROXY": "http://127.0.0.1:1"})), b"1")

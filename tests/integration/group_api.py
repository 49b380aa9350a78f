# SPDX-License-Identifier: Apache-2.0
"""Statuses of the Runtime API, broken and slow connections, addresses."""
import json
import socket
import threading
import time

from harness import has, has_not, remote_error, response_of, run, same, test
from runtime_api import BODY_MAX, OK, Reply


@test("api")
def refused_answers():
    """Each status that the API may give to an answer is logged in its own words; the loop goes on."""
    for status, kind, words in (
            (400, "InvalidRequestID", "Invalid request ID"),
            (400, "InvalidFunctionResponseMode", "Invalid response mode"),
            (400, "TruncatedHTTPRequest", "HTTP request is truncated"),
            (403, "InvalidStateTransition", "Transition from Ready to Response is not allowed"),
            (410, "InvokeTimeout", "the invocation has timed out"), (404, "Odd", "\u201equoted\u201c"),
            (503, "Busy", "later")):
        for handler, path in (("echo", "response"), ("fails", "error")):
            result = run(handler, [Reply(b"typed"), Reply(b"x", id="id-2")],
                         [remote_error(status, kind, words)])
            same((status, kind, result.code), (status, kind, 0))
            same([p.path.rsplit("/", 2)[1:] for p in result.posts],
                 [["id-1", path], ["id-2", "response"]])
            has(result.err, "\tid-1\tERROR\tthe answer is lost: %s: status %d: %s: %s\n"
                % (path, status, kind, words))


@test("api")
def refused_for_its_size():
    """413 says how large the answer was; nothing is posted behind it."""
    result = run("echo", [Reply(b"x" * 1000), Reply(b"2")],
                 [remote_error(413, "RequestEntityTooLarge", "Exceeded maximum allowed payload size")])
    same(result.code, 0)
    same([p.path.rsplit("/", 1)[1] for p in result.posts], ["response", "response"])
    has(result.err, "the answer is lost: an answer of 1000 bytes is too large: response: status 413: "
        "RequestEntityTooLarge: Exceeded maximum allowed payload size\n")
    result = run("fails", [Reply(b"typed"), Reply(b"x")], [remote_error(413, "RequestEntityTooLarge")])
    same([p.path.rsplit("/", 1)[1] for p in result.posts], ["error", "response"])
    has(result.err, "RequestEntityTooLarge")


@test("api")
def refused_in_other_words():
    """What is no error document is logged as it is."""
    for body in (b"<html>gone</html>", b"", b'{"message":"no"}', b'{"errorType":7}'):
        result = run("echo", [Reply(b"1"), Reply(b"2")], [Reply(body, 410, plain=True)])
        same(result.code, 0)
        has(result.err, "response: status 410: %s\n" % body.decode())


@test("api")
def ids_that_come_again():
    """An id may be there twice, and is sent back escaped; the nonce tells which one is meant."""
    name = "a/b c%d?\xe4"
    result = run("echo", [Reply(b"%d" % i, id=name, headers=[("Lambda-Runtime-Invocation-Id", "n%d" % i)])
                          for i in range(3)])
    same([p.body for p in result.posts], [b"0", b"1", b"2"])
    same({p.path for p in result.posts},
         {"/2018-06-01/runtime/invocation/a%2Fb%20c%25d%3F%E4/response"})
    same([p.headers["lambda-runtime-invocation-id"] for p in result.posts], ["n0", "n1", "n2"])


@test("api")
def answers_wait_for_the_api():
    """Connections that die without a word: at once on a new one, then again with pauses."""
    result = run("echo", [Reply(b"1"), Reply(b"2")], [Reply(b"", cut=0)] * 3 + [OK])
    same([p.body for p in result.posts], [b"1", b"1", b"1", b"1", b"2"])
    same(result.code, 0)


@test("api")
def empty_headers_are_absent():
    names = ("Invoked-Function-Arn", "Trace-Id", "Client-Context", "Cognito-Identity", "Aws-Tenant-Id",
             "Invocation-Id")
    result = run("context", [Reply(b"1", headers=[("Lambda-Runtime-" + n, "") for n in names])])
    answer = json.loads(response_of(result))
    same((answer["arn"], answer["trace"], answer["env"], answer["client"], answer["identity"],
          answer["tenant"]), ("(absent)",) * 3 + (None, None, "(absent)"))
    has_not(result.posts[0].headers, "lambda-runtime-invocation-id")
    result = run("context", [Reply(b"1", headers=[("Lambda-Runtime-Aws-Tenant-Id", "blue")])])
    same(json.loads(response_of(result))["tenant"], "blue")


@test("api")
def refused_errors():
    result = run("fails", [Reply(b"typed"), Reply(b"fine")], [remote_error(410, "InvokeTimeout")])
    same(result.code, 0)
    same(len(result.posts), 2)
    has(result.err, "InvokeTimeout")


@test("api")
def refused_init_errors():
    """Posted once, whatever the API says to it."""
    for status, kind in ((403, "InvalidStateTransition"), (500, "InternalServerError")):
        result = run("nothing", [], [remote_error(status, kind)], signal_at_end=False)
        same((result.code, [p.path for p in result.posts]), (1, ["/2018-06-01/runtime/init/error"]))
        has(result.err, "init error: status %d: %s" % (status, kind))


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
def no_content_ends_a_row_of_failures():
    """An API that starts again and again is there as long as it answers between; polls that get
    nothing do not follow each other at full speed."""
    nothing = Reply(None, 204, plain=True)
    result = run("echo", [nothing, lambda *_: False, lambda *_: False] * 9 + [Reply(b"1")])
    same((result.code, response_of(result)), (0, b"1"))
    start = time.monotonic()
    same(response_of(run("echo", [nothing] * 21 + [Reply(b"1")])), b"1")
    if time.monotonic() - start < 0.2:
        raise AssertionError("21 polls without a pause")


@test("api")
def no_request_id():
    result = run("echo", [Reply(b"1", id=None), Reply(b"2")])
    same([p.body for p in result.posts], [b"2"])
    result = run("echo", [Reply(b"1", id="")] * 7)
    same(result.code, 1)
    has(result.err, "Lambda-Runtime-Aws-Request-Id")


@test("api")
def malformed_headers():
    """A header that cannot be understood costs a warning, said once, and nothing else."""
    for line, name in (("Lambda-Runtime-Deadline-Ms: soon", "Deadline-Ms: soon"),
                       ("Lambda-Runtime-Deadline-Ms: -5", "Deadline-Ms: -5"),
                       ("Lambda-Runtime-Deadline-Ms: 99999999999999999999999", "Deadline-Ms: 999"),
                       ("Lambda-Runtime-Invocation-Id: a\x01b", "Invocation-Id: a\x01b"),
                       ("Lambda-Runtime-Invocation-Id: " + "n" * 70000, "Invocation-Id: nnn")):
        raw = ("HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: x\r\n%s\r\n"
               "Content-Length: 1\r\n\r\n1" % line).encode("latin-1")
        result = run("context", [Reply(raw=raw), Reply(raw=raw)])
        same((line[:60], result.code), (line[:60], 0))
        same([json.loads(p.body)["deadline"] for p in result.posts], [0, 0])
        same([p.headers.get("lambda-runtime-invocation-id") for p in result.posts], [None, None])
        has(result.err, "Lambda-Runtime-" + name)
        same(result.err.count("is malformed"), 1)


@test("api")
def strange_bytes_in_headers():
    """NUL and a lone carriage return are blanks, all other bytes stay."""
    raw = (b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: x\x01\xff\r\n"
           b"Lambda-Runtime-Trace-Id: Root=1\0;Par\rent=\xe4\x7f\r\n"
           b"Lambda-Runtime-Invocation-Id: \xff-1\r\nContent-Length: 1\r\n\r\n1")
    result = run("context", [Reply(raw=raw), Reply(b"2")])
    same(result.code, 0)
    same(result.posts[0].path, "/2018-06-01/runtime/invocation/x%01%FF/response")
    same(result.posts[0].headers["lambda-runtime-invocation-id"], "\xff-1")
    body = result.posts[0].body
    same((b'"trace":"Root=1 ;Par ent=\xe4\x7f"' in body, body), (True, body))


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
def status_is_the_answer():
    """The status was there, the body behind it is cut off."""
    whole = OK.bytes()
    for cut in range(whole.index(b"\r\n\r\n") + 4, len(whole)):
        for event, handler in ((b"1", "echo"), (b"plain", "streams")):
            answer = Reply(b'{"status":"OK"}\n', 202, plain=True, cut=cut)
            result = run(handler, [Reply(event), Reply(event)], [answer])
            same((result.code, len(result.posts), result.err), (0, 2, ""))


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
    with socket.socket() as bound:  # and nobody else's, but nobody listens
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        result = run("echo", [], address=lambda _: "127.0.0.1:%d" % port)
    same(result.code, 1)
    has(result.err, "after 7 tries")
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
    for address, prefix in (("localhost:%d", ""), ("http://127.0.0.1:%d", ""), ("http://127.0.0.1:%d/", ""),
                            ("http://127.0.0.1:%d/a/b-c", "/a/b-c"), ("127.0.0.1:%d/p/", "/p")):
        result = run("echo", [Reply(b"1")], address=lambda p, a=address: a % p, prefix=prefix)
        same(response_of(result), b"1")
        same(result.posts[0].path, prefix + "/2018-06-01/runtime/invocation/id-1/response")
    proxies = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
    same(response_of(run("echo", [Reply(b"1")], env={p: "http://127.0.0.1:1" for p in proxies})), b"1")

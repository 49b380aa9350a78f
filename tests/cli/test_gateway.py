# SPDX-License-Identifier: Apache-2.0
"""The gateway with a real runtime behind it, as clients and container platforms see it."""
import base64
import concurrent.futures
import contextlib
import json
import os
import select
import signal
import socket
import sys
import time

from gateway_rig import (BOOTSTRAP, EXAMPLES, GATEWAY, HANDLERS, INVOKE, RUNTIME, Gateway, read_all,
                         read_reply, run_gateway)
from harness import UUID, check, check_match, finish, path, wait_until, write

KIB = 1024
MIB = 1 << 20
EVENT_MAX = 6 * MIB
ANSWER_MAX = EVENT_MAX + 100
EXIT = "Error: Runtime exited "
EXAMPLE = {"LAMBDA_TASK_ROOT": EXAMPLES}
OURS = [GATEWAY, "--port=0", "--bootstrap", BOOTSTRAP]


def test_answers():
    with Gateway("raw_echo", command=OURS, env=EXAMPLE) as g:
        for name, body, want in (("an event", b'{"a": 1}', b'{"a": 1}'), ("nothing", b"", b"{}"),
                                 ("a large event", b'"' + b"x" * 4 * MIB + b'"', None)):
            for where in ("/", "/any/path?with=query", INVOKE):
                reply = g.post(body, where)
                check(f"{name} to {where[:12]}", (reply.status, reply.body == (want or body)), (200, True))
                check_match("has a request id", reply.headers["x-amzn-requestid"], f"^{UUID}$")
        check("JSON", reply.headers["content-type"], "application/json")
        check("as the emulator", reply.headers["x-amz-executed-version"], "$LATEST")
        client = g.connect()
        replies = [g.ask("POST", "/", b"%d" % i, connection=client).body for i in range(20)]
        check("one connection", replies, [b"%d" % i for i in range(20)])
        client.close()
    with Gateway(env={"STARTS": path("starts")}) as g:
        reply = g.post(b"\x00\xff\x80", Content_Type="image/png")
        check("bytes and their type", (reply.body, reply.headers["content-type"]),
              (b"\x00\xff\x80", "image/png"))


def test_clients_at_once():
    with Gateway("raw_echo", command=OURS, env=EXAMPLE) as g:
        def client(number):
            connection, wrong = g.connect(), 0
            for i in range(50):
                body = b'{"client":%d,"i":%d,"more":"%b"}' % (number, i, b"m" * number * 500)
                reply = g.ask("POST", "/", body, connection=connection)
                wrong += (reply.status, reply.body) != (200, body)
            connection.close()
            return wrong

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            check("each gets its own answer", sum(pool.map(client, range(16))), 0)


def test_routes():
    rows = (("GET", "/", 405, "POST"), ("PUT", "/x", 405, "POST"), ("DELETE", INVOKE, 405, "POST"),
            ("OPTIONS", "/", 405, "POST"), ("HEAD", "/", 405, "POST"), ("POST", "/health", 405, "GET, HEAD"),
            ("GET", "/health", 200, None), ("HEAD", "/health", 200, None), ("POST", "/healthy", 200, None))
    with Gateway() as g:
        g.ready()
        for method, where, status, allow in rows:
            reply = g.ask(method, where, b"[]" if method in ("PUT", "POST") else None)
            check(f"{method} {where[:12]}", (reply.status, reply.headers.get("allow")), (status, allow))


def test_failures():
    rows = (
        ("error", 500, b'{"errorType":"Odd","errorMessage":"as asked"}'),
        ("exit 3", 502, ("Runtime.ExitError", EXIT + "with error: exit status 3")),
        ("exit 0", 502, ("Runtime.ExitError", EXIT + "without providing a reason")),
        ("signal 11", 502, ("Runtime.ExitError", EXIT + "with error: signal: segmentation fault")),
        ("signal 9", 502, ("Runtime.ExitError", EXIT + "with error: signal: killed")),
        ("mode", 502, ("Runtime.InvalidResponseModeHeader", "Error: Invalid response mode header")),
        ("truncate", 502, ("Runtime.TruncatedResponse",
                           "Error: Response was truncated: the connection closed before its end")),
        ("truncate 1", 502, ("Runtime.ExitError", EXIT + "with error: exit status 9")),
        (f"large {ANSWER_MAX + 1}", 502,
         ("Function.ResponseSizeTooLarge", "Response payload size exceeded maximum allowed payload "
                                           f"size ({ANSWER_MAX} bytes).")),
    )
    with Gateway() as g:
        for deed, status, want in rows:
            for where in ("/", INVOKE):
                reply = g.do(deed, where)
                check(f"{deed} to {where[:5]}", (reply.status, reply.body if isinstance(want, bytes) else reply.error),
                      (status if where == "/" else 200, want))
                check("is marked", reply.headers.get("x-amz-function-error"), "Unhandled")
            check("and the next one works", g.post(b"[1]").body, b"[1]")
        check("the largest answer", len(g.do(f"large {ANSWER_MAX}").body), ANSWER_MAX)


def test_timeouts():
    with Gateway(env={"AWS_LAMBDA_FUNCTION_TIMEOUT": "2.5"}) as g:
        reply = g.do("gate 1")
        check("an event without end", (reply.status, reply.error),
              (504, ("Sandbox.Timedout", "Error: Task timed out after 2.50 seconds")))
        check("the next one works", g.post(b"[1]").body, b"[1]")
        check("an answer before its time is over", g.do("linger 90000").body, b'"early"')
        check("and the runtime is ended then", g.post(b"[2]").body, b"[2]")
        check_match("says why", g.said(), "asked for no event after its answer")


def test_crash_in_process():
    """Our bootstrap answers for its crash itself and goes on with fresh memory."""
    with Gateway("crashes", command=OURS, env={"LAMBDA_TASK_ROOT": HANDLERS}) as g:
        reply = g.post(b"segv")
        check("a crash is an error", (reply.status, reply.headers["x-amz-function-error"]), (500, "Unhandled"))
        check_match("with its signal", reply.json["errorMessage"], "SIGSEGV|segmentation|Segmentation")
        check("ready again", g.ready(), True)
        check("again", g.post(b"segv").status, 500)


def slow_init():
    with Gateway(env={"INIT": "gate 1", "AWS_LAMBDA_FUNCTION_TIMEOUT": "1"}) as g:
        reply = g.do("echo")
        return reply.status, reply.error, g.health()


def starts(name):
    return os.path.getsize(path(name)) if os.path.exists(path(name)) else 0


def test_init():
    rows = (("exit 3", 502, ("Runtime.ExitError", EXIT + "with error: exit status 3")),
            ("init-error 1", 500, ("Config", "none")))
    for init, status, want in rows:
        name = "starts-" + init[:4]
        with Gateway(env={"INIT": init, "STARTS": path(name), "AWS_LAMBDA_FUNCTION_TIMEOUT": "1"}) as g:
            reply = g.do("echo")
            check(f"init {init}", (reply.status, reply.error), (status, want))
            check("not ready", g.health(), 503)
            replies = [g.do("echo").status for _ in range(3)]
            check("each event is a try", replies, [status] * 3)
            check("no event is none", starts(name) <= 6, True)
            check("ends well", g.end(), 0)
    flag = path("flag")
    with Gateway(env={"INIT": "until " + flag, "STARTS": path("starts-flag")}) as g:
        check("fails", g.post(b"1").status, 502)
        write("flag", "")
        check("a platform that looks makes it start", g.ready(), True)
    with Gateway(env={"INIT": "gate 1"}) as g:
        first = g.send_event("count")
        g.at_gate(1)
        check("not ready in the init", g.health(), 503)
        g.open_gate(1)
        check_match("the first event waits for it", read_reply(first), rb'200 OK(?s:.*)"calls": 1')
        check("ready", g.health(), 200)
        first.close()
    check_match("a process that cannot start", run_gateway("--port=0", "--bootstrap", "/nowhere/b").err,
                "start '/nowhere/b': No such file")


def test_bodies():
    with Gateway() as g:
        g.ready()
        check("the largest event", len(g.post(b"7" * EVENT_MAX).body), EVENT_MAX)
        reply = g.post(b"7" * (EVENT_MAX + 1))
        check("one byte more", (reply.status, reply.headers["x-amzn-errortype"]),
              (413, "RequestEntityTooLargeException"))
        check("many bytes more", g.post(b"7" * 24 * MIB).status, 413)
        head = b"POST / HTTP/1.1\r\nHost: x\r\n"
        endless = g.raw(head + b"Content-Length: %d\r\n\r\n" % (65 * MIB))
        check_match("more than is worth to be read", read_all(endless), rb"^HTTP/1.1 413 ")
        expect = g.raw(head + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % (EVENT_MAX + 1))
        check_match("refused before it is sent", read_all(expect), rb"^HTTP/1.1 413 ")
        expect = g.raw(head + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        check_match("asked for", read_reply(expect), rb"^HTTP/1.1 100 ")
        expect.sendall(b"[4]")
        check_match("and answered", read_reply(expect), rb"^HTTP/1.1 200 [^[]*\[4\]$")
        chunked = head + b"Transfer-Encoding: chunked\r\n\r\n"
        client = g.raw(chunked + b"2\r\n[1\r\n1;x=y\r\n]\r\n0\r\nTrailer: x\r\n\r\n")
        check_match("in chunks", read_reply(client), rb"200 OK[^[]*\[1\]$")
        full = [g.raw(head + b"Content-Length: %d\r\n\r\n" % EVENT_MAX, b"7" * (EVENT_MAX - 1)) for _ in range(11)]
        check("more than it holds at a time", wait_until(lambda: g.post(b"7" * EVENT_MAX).status == 429), True)
        for unfinished in full:
            unfinished.close()
        check("until they are gone", wait_until(lambda: g.post(b"7" * EVENT_MAX).status == 200), True)
        piece = b"100000\r\n" + b"7" * MIB + b"\r\n"
        client.sendall(chunked + piece * 6 + b"1\r\n7\r\n0\r\n\r\n")
        check_match("too many of them", read_reply(client), rb"^HTTP/1.1 413 ")
        with contextlib.suppress(ConnectionError):
            client.sendall(chunked)
            for _ in range(65):
                client.sendall(piece)
        check_match("without an end", read_reply(client), rb"^HTTP/1.1 413 ")
        client.close()


def ping_as(user, port):
    """What the Runtime API says to a process of that user: the first line, without its end."""
    get, put = os.pipe()
    child = os.fork()
    if child == 0:
        with contextlib.suppress(OSError):
            if user != os.geteuid():
                os.setresuid(user, user, user)
            client = socket.create_connection(("127.0.0.1", port), timeout=30)
            client.sendall(b"GET /2018-06-01/ping HTTP/1.1\r\nHost: x\r\n\r\n")
            os.write(put, client.recv(12))
        os._exit(0)
    os.close(put)
    with open(get, "rb") as answer:
        said = answer.read()
    os.waitpid(child, 0)
    return said


def test_others():
    """Who may poll the Runtime API."""
    with Gateway() as g:
        port = int(g.do("environ").json["AWS_LAMBDA_RUNTIME_API"].rpartition(":")[2])
        check("the Runtime API for the gateway's user", ping_as(os.geteuid(), port), b"HTTP/1.1 200")
        if os.geteuid() == 0:
            check("the Runtime API for another user", ping_as(64321, port), b"")
    if os.geteuid() == 0:
        os.chmod(path("."), 0o755)
        drop = write("drop", f"#!/bin/sh\nexec setpriv --reuid=64321 --clear-groups {RUNTIME}\n")
        os.chmod(drop, 0o755)
        with Gateway(command=[GATEWAY, "--port=0", "--bootstrap", drop]) as g:
            port = int(g.do("environ").json["AWS_LAMBDA_RUNTIME_API"].rpartition(":")[2])
            check("the user that the runtime has taken", ping_as(64321, port), b"HTTP/1.1 200")
            check("and no other", ping_as(64322, port), b"")


def test_pipeline():
    one = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b"
    slow, fast = b'{"do": "sleep 100"}', b"[5]"
    with Gateway() as g:
        client = g.raw(one % (len(slow), slow) + one % (len(fast), fast) +
                       b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        said = read_all(client)
        places = [said.find(text) for text in (b'"slept"', b"[5]", b'"ready"')]
        check("answers in order", (-1 in places, places), (False, sorted(places)))


def calls_of(client):
    return json.loads(read_reply(client).split(b"\r\n\r\n")[1])["calls"]


def test_queue():
    with Gateway() as g:
        g.ready()
        running = g.send_event("gate 1")
        g.at_gate(1)
        clients = [g.send_event("count") for _ in range(105)]
        wait_until(lambda: len(select.select(clients, [], [], 0)[0]) == 5)
        refused = select.select(clients, [], [], 0)[0]
        check("a hundred wait, no more", len(refused), 5)
        for client in refused:
            said = read_reply(client)
            check_match("as Lambda says it", said, rb"^HTTP/1.1 429 (?s:.*)Retry-After: 1\r\n(?s:.*)Rate Exceeded")
            check_match("with its type", said, rb"X-Amzn-ErrorType: TooManyRequestsException\r\n")
            client.close()
        waiting = [client for client in clients if client not in refused]
        for client in waiting[1::2]:
            client.close()
        late = g.send_event("count")
        g.open_gate(1)
        check_match("the running one", read_reply(running), rb'"passed"$')
        check("those whose clients left are left out", sorted(map(calls_of, waiting[::2])), list(range(1, 51)))
        check("and made room", calls_of(late), 51)
        for client in (running, late, *waiting[::2]):
            client.close()
        client = g.send_event("gate 2")
        g.at_gate(2)
        client.close()
        g.open_gate(2)
        check("an event whose client leaves while it runs", g.do("count").json["calls"], 52)


def test_hostile():
    with Gateway() as g:
        g.ready()
        idle = [g.raw(b"POST / HTTP/1.1\r\nHost: x\r\nX-Slow: ") for _ in range(300)]
        check("300 that never end", [g.post(b"[6]").body for _ in range(5)], [b"[6]"] * 5)
        check("they make room", sum(read_closed(client) for client in idle) >= 45, True)
        for client in idle:
            client.close()
        rows = (("garbage", b"\x00\x01\x02\r\n\r\n", b"^(HTTP/1.1 400|$)"),
                ("no version", b"POST /\r\n\r\n", b"^(HTTP/1.1 400|$)"),
                ("a long header", b"POST / HTTP/1.1\r\nX: " + b"x" * 100 * KIB + b"\r\n\r\n", b"^(HTTP/1.1 4|$)"),
                ("a long path", b"POST /" + b"p" * 100 * KIB + b" HTTP/1.1\r\n\r\n", b"^(HTTP/1.1 4|$)"),
                ("a wrong length", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"^HTTP/1.1 4"),
                ("a wrong chunk", b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                 b"^(HTTP/1.1 4|$)"),
                ("two lengths", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 40\r\n\r\n{}",
                 b"^HTTP/1.1 400"),
                ("length and chunks", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n"
                                      b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nG", b"^HTTP/1.1 400"),
                ("another encoding", b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\n",
                 b"^HTTP/1.1 400"),
                ("a blank in a name", b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n"
                                      b"Content-Length: 2\r\n\r\n{}", b"^HTTP/1.1 400"),
                ("a bad context", b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Client-Context: %%\r\n"
                                  b"Content-Length: 2\r\nConnection: close\r\n\r\n{}", b"^HTTP/1.1 400"))
        for name, request, want in rows:
            client = g.raw()
            try:
                client.sendall(request)
                client.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it has closed already
            check_match(name, read_all(client), want)
        check("it still works", g.post(b"[7]").body, b"[7]")
    few = ["sh", "-c", 'ulimit -n 64; exec "$0" "$@"', GATEWAY]
    with Gateway(command=[*few, "--port=0", "--bootstrap", RUNTIME]) as g:
        g.ready()
        idle = [g.raw(b"POST /") for _ in range(100)]
        check("few descriptors", [g.post(b"[8]").body for _ in range(5)], [b"[8]"] * 5)
        for client in idle:
            client.close()


def read_closed(client):
    """Whether the other end has closed."""
    client.setblocking(False)
    try:
        return client.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def test_context():
    root, parent = "1-5759e988-bd862e3fe1be46a994272793", "53995c3f42cd8ad8"
    w3c = f"00-{root[2:10]}{root[11:]}-{parent}-01"
    full = f"Root={root};Parent={parent};Sampled=1"
    client = base64.b64encode(b'{\n"custom":{"a":"\xc3\xbc"}}').decode()
    rows = (("X-Ray's header", {"X-Amzn-Trace-Id": full}, full), ("W3C's", {"traceparent": w3c}, full),
            ("X-Ray's comes first", {"X-Amzn-Trace-Id": "Root=" + root, "traceparent": w3c}, "Root=" + root),
            ("neither", {"X-Amzn-Trace-Id": "x", "traceparent": "00-0"}, "(absent)"))
    with Gateway("context", command=OURS, env={"LAMBDA_TASK_ROOT": HANDLERS, "AWS_REGION": "eu-west-1",
                                               "AWS_LAMBDA_FUNCTION_TIMEOUT": "7"}) as g:
        for name, headers, want in rows:
            check(name, g.ask("POST", "/", b"1", headers).json["trace"], want)
        reply = g.post(b"1", X_Amz_Client_Context=client)
        check("the client's context", reply.json["client"], {"custom": {"a": "\u00fc"}})
        check("its id", reply.json["id"], reply.headers["x-amzn-requestid"])
        check("its name", reply.json["arn"], "arn:aws:lambda:eu-west-1:123456789012:function:context")
        left = reply.json["deadline"] / 1000 - time.time()
        check("its time", (reply.json["left"], left < 7), (True, True))


def test_environment():
    given = {"PORT": "0", "K_SERVICE": "orders", "MINE": "a=b", "AWS_LAMBDA_RUNTIME_API": "x:1",
             "AWS_LAMBDA_MAX_CONCURRENCY": "8", "LD_LIBRARY_PATH": "/mine", "TZ": "", "_HANDLER": "a.b"}
    want = {"_HANDLER": "a.b", "AWS_LAMBDA_FUNCTION_NAME": "orders", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/orders",
            "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "LAMBDA_TASK_ROOT": "/var/task",
            "LAMBDA_RUNTIME_DIR": "/var/runtime", "TZ": ":UTC", "LD_LIBRARY_PATH": "/mine", "MINE": "a=b",
            "AWS_LAMBDA_MAX_CONCURRENCY": None}
    with Gateway(command=[GATEWAY, "--bootstrap", RUNTIME], env=given) as g:
        seen = g.do("environ").json
        check("variables", {name: seen.get(name) for name in want}, want)
        check_match("the Runtime API", seen["AWS_LAMBDA_RUNTIME_API"], r"^127\.0\.0\.1:\d+$")
        check_match("the memory", seen["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], r"^\d+$")
        check_match("a log stream", seen["AWS_LAMBDA_LOG_STREAM_NAME"], r"^\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}$")
        check("nothing to read", g.do("print").body, b"0")
        check("what it prints", g.printed(), b'out {"do": "print"}\n')
        check("as it prints it", g.said().endswith("no end"), True)
    with Gateway("c.d", env={"_HANDLER": "a.b"}) as g:
        check("the command line says more", g.do("environ").json["_HANDLER"], "c.d")


def test_end():
    with Gateway("hooks", command=OURS, env={"LAMBDA_TASK_ROOT": HANDLERS}) as g:
        g.post(b"1")
        check("at rest", (g.end(), g.printed()), (0, b"ended after 1\n"))
    for number in (signal.SIGTERM, signal.SIGINT):
        with Gateway() as g:
            waiting = g.raw(b"HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n")
            waiting.recv(65536)  # it is let in
            running = g.send_event("gate 1")
            g.at_gate(1)
            waiting.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            g.process.send_signal(number)
            check_match("who waits is refused", read_reply(waiting), rb"^HTTP/1.1 503 (?s:.*)Connection: close")
            check("nobody gets in", wait_until(lambda: refuses(g)), True)
            g.open_gate(1)
            check_match("what runs gets its answer", read_reply(running), rb'^HTTP/1.1 200 (?s:.*)"passed"$')
            check("and the end is a good one", g.process.wait(60), 0)
    with Gateway() as g:
        g.do("deaf")
        began = time.monotonic()
        check("one that does not hear", g.end(), 0)
        check("has its time", time.monotonic() - began >= 1.9, True)
    with Gateway() as g:
        g.ready()
        running = g.send_event("gate 1")
        g.at_gate(1)
        g.process.send_signal(signal.SIGTERM)
        wait_until(lambda: refuses(g))
        check("asked twice, it ends what runs", g.end(), 0)
        check_match("and says so", read_all(running), rb"^HTTP/1.1 502 (?s:.*)signal: killed")
    with Gateway() as g:
        g.ready()
        g.process.send_signal(signal.SIGTERM)
        while g.process.poll() is None:
            g.process.send_signal(signal.SIGINT)
        check("asked until it has ended", g.process.returncode, 0)


def refuses(g):
    try:
        g.raw().close()
    except ConnectionRefusedError:
        return True
    return False


def test_usage():
    rows = ((["--port", "x"], {}, "--port 'x' is no port"), (["--port=65536"], {}, "is no port"),
            ([], {"PORT": "http"}, "PORT 'http' is no port"), (["--port"], {}, "--port needs a value"),
            (["--wrong"], {}, "unknown option '--wrong'"), (["a", "b"], {}, "two handlers, 'a' and 'b'"),
            (["x" * 129], {}, "longer than 128"), (["--bootstrap="], {}, "names no file"),
            ([], {"AWS_LAMBDA_FUNCTION_TIMEOUT": "-1"}, "no time in seconds"),
            ([], {"AWS_LAMBDA_FUNCTION_TIMEOUT": "1e3"}, "no time in seconds"))
    for arguments, env, text in rows:
        done = run_gateway(*arguments, env=env)
        check(f"{arguments} {env}", (done.code, text in done.err), (2, True))
    done = run_gateway("--help")
    check("help", (done.code, done.err, "--bootstrap FILE" in done.out), (0, "", True))
    with socket.socket(socket.AF_INET6) as taken:
        taken.bind(("::", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run_gateway("--port", str(port), "--bootstrap", RUNTIME)
        check("a port that is taken", (done.code, f"listen on port {port}: Address already in use" in done.err), (1, True))


pool = concurrent.futures.ThreadPoolExecutor(1)
slow = pool.submit(slow_init)  # while the others run: it takes Lambda's ten seconds
for name in [name for name in globals() if name.startswith("test_")]:
    if len(sys.argv) < 6 or sys.argv[5] in name:
        print("#", name)
        globals()[name]()
check("an init without end", slow.result(),
      (504, ("Sandbox.Timedout", "Error: Task timed out after 10.00 seconds"), 503))
finish()

# SPDX-License-Identifier: Apache-2.0
"""A Runtime API that does what a script says, byte by byte, and a bootstrap that runs against it.

Script: a list of what successive polls get. Each entry is a Reply, or a function (api, sock) that
does as it likes. When the script is at its end the poll is held open and the bootstrap gets SIGTERM.
"""
import contextlib
import os
import signal
import socket
import subprocess
import threading
import time

NEXT = "/2018-06-01/runtime/invocation/next"
REGISTER = "/2020-01-01/extension/register"
BODY_MAX = 6 * 1024 * 1024 + 100  # bytes of an event, and of an answer
PATIENCE = 60  # seconds until a run that hangs is a failure; nothing waits for it otherwise


class Reply:
    """A response, and how it goes over the wire.

    body: None leaves out body and length. headers: pairs, in this order, behind those of an event.
    raw: these bytes instead of all that. pieces: sizes of the first writes, each followed by pause
    seconds. cut: only so many bytes, then the connection is closed. close: it is closed behind.
    """

    def __init__(self, body=b"{}", status=200, id="id-1", headers=(), chunks=None, raw=None,
                 pieces=(), pause=0.0, cut=None, close=False, reset=False, plain=False):
        self.body, self.status, self.id = body, status, id
        self.headers, self.chunks, self.raw = list(headers), chunks, raw
        self.pieces, self.pause, self.cut = pieces, pause, cut
        self.close, self.reset, self.plain = close, reset, plain

    def bytes(self):
        if self.raw is not None:
            return self.raw
        lines = ["HTTP/1.1 %d Text" % self.status]
        if self.id is not None and not self.plain:
            deadline = int(time.time() * 1000) + 60000
            lines += ["Lambda-Runtime-Aws-Request-Id: " + self.id,
                      "Lambda-Runtime-Deadline-Ms: %d" % deadline]
        lines += ["%s: %s" % pair for pair in self.headers]
        body = b""
        if self.chunks is not None:
            lines.append("Transfer-Encoding: chunked")
            body = b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in self.chunks) + b"0\r\n\r\n"
        elif self.body is not None:
            lines.append("Content-Length: %d" % len(self.body))
            body = self.body
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body

    def send(self, sock):
        """Gives whether the connection goes on."""
        data = self.bytes()
        if self.cut is not None:
            data = data[:self.cut]
        at = 0
        for size in self.pieces:
            sock.sendall(data[at:at + size])
            at += size
            if self.pause:
                time.sleep(self.pause)
        sock.sendall(data[at:])
        if self.reset:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        return not (self.close or self.reset or self.cut is not None)


OK = Reply(b'{"status":"OK"}\n', 202, plain=True)


class Early:
    """What happens to a POST whose head is there and whose body is not read yet: action (api,
    connection, request) gives whether the connection goes on: the body is read and answered as
    usual then."""

    def __init__(self, action):
        self.action = action


class Request:
    def __init__(self, head, body, connection):
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.path, self.version = lines[0].split(" ")
        self.pairs = [tuple(line.split(": ", 1)) for line in lines[1:]]
        self.headers = {name.lower(): value for name, value in self.pairs}
        self.body, self.connection, self.packets = body, connection, 0
        self.chunks, self.trailers, self.framing = None, None, b""
        self.listed = False  # in Api.requests, before its body is read


class Connection:
    def __init__(self, sock, number):
        self.sock, self.number, self.rest = sock, number, b""
        self.reads = 0

    def more(self):
        data = self.sock.recv(1 << 20)
        self.reads += 1
        self.rest += data
        return bool(data)

    def line(self):
        while b"\r\n" not in self.rest:
            if not self.more():
                raise OSError("the connection ended inside chunks")
        line, self.rest = self.rest.split(b"\r\n", 1)
        return line

    def exactly(self, length):
        parts, got = [self.rest], len(self.rest)
        while got < length:
            data = self.sock.recv(1 << 20)
            self.reads += 1
            if not data:
                raise OSError("the connection ended inside a chunk")
            parts.append(data)
            got += len(data)
        data = b"".join(parts)
        self.rest = data[length:]
        return data[:length]

    def read_chunks(self, request):
        """Strict: sizes without extensions, every line break in its place."""
        request.chunks, lines = [], []
        while True:
            size = self.line()
            if not size or size.strip(b"0123456789abcdef") or (size[:1] == b"0" and size != b"0"):
                raise ValueError("%r is no size of a chunk" % size[:60])
            lines.append(size)
            if size == b"0":
                break
            request.chunks.append(self.exactly(int(size, 16)))
            if self.exactly(2) != b"\r\n":
                raise ValueError("no line break behind a chunk")
        request.framing = b"".join(line + b"\r\n" for line in lines)
        request.trailers, request.trailer_bytes = {}, 2
        while (trailer := self.line()):
            request.trailer_bytes += len(trailer) + 2
            name, value = trailer.decode("latin-1").split(": ", 1)
            request.trailers[name] = value
        request.body = b"".join(request.chunks)

    def read(self, on_head=None):
        """The next request, None at the end."""
        self.reads = 0
        while b"\r\n\r\n" not in self.rest:
            if not self.more():
                return None
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        request = Request(head, b"", self.number)
        if on_head and not on_head(self, request):
            return None
        if request.headers.get("transfer-encoding") == "chunked":
            self.read_chunks(request)
            request.packets = self.reads
            return request
        length = int(request.headers.get("content-length", "0"))
        parts, got = [self.rest], len(self.rest)
        while got < length:
            data = self.sock.recv(1 << 20)
            self.reads += 1
            if not data:
                return None
            parts.append(data)
            got += len(data)
        data = b"".join(parts)
        request.body, self.rest = data[:length], data[length:]
        request.packets = self.reads
        return request


class Api:
    def __init__(self, script, answers=(), prefix="", routes=None):
        self.script, self.answers, self.prefix = list(script), list(answers), prefix
        self.routes = {REGISTER: Reply(b"", 404, plain=True), **(routes or {})}
        self.requests, self.connections, self.process = [], 0, None
        self.idle, self.lock = threading.Event(), threading.Lock()
        self.faults = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.open = []
        self.acceptor = threading.Thread(target=self.accept, daemon=True)
        self.acceptor.start()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.connections += 1
                number = self.connections
                self.open.append(sock)
            threading.Thread(target=self.serve, args=(sock, number), daemon=True).start()

    def serve(self, sock, number):
        connection = Connection(sock, number)
        try:
            while True:
                request = connection.read(self.on_head)
                if request is None or not self.answer(connection, request):
                    break
        except OSError:
            pass
        except Exception as fault:  # a fault of this server, shown by the test
            self.faults.append(repr(fault))
        finally:
            sock.close()

    def on_head(self, connection, request):
        with self.lock:
            if request.method != "POST" or not self.answers or \
                    not isinstance(self.answers[0], Early):
                return True
            early = self.answers.pop(0)
            self.requests.append(request)
            request.listed = True
        return early.action(self, connection, request)

    def answer(self, connection, request):
        with self.lock:
            if not request.listed:
                self.requests.append(request)
            if request.path in self.routes:
                reply = self.routes[request.path]
            elif request.path == self.prefix + NEXT:
                reply = self.script.pop(0) if self.script else None
            else:
                reply = self.answers.pop(0) if self.answers else OK
        if reply is None:
            self.idle.set()
            return connection.sock.recv(1) != b""
        if callable(reply):
            return reply(self, connection.sock)
        return reply.send(connection.sock)

    def posts(self):
        """But for those of extensions."""
        return [r for r in self.requests if r.method == "POST" and "/extension/" not in r.path]

    def polls(self):
        return [r for r in self.requests if r.path == self.prefix + NEXT]

    def wait(self, what, true):
        """Waits until true() holds."""
        limit = time.monotonic() + PATIENCE
        while True:
            with self.lock:
                if true():
                    return
            if time.monotonic() > limit:
                raise AssertionError("waited in vain for " + what)
            time.sleep(0.002)

    @contextlib.contextmanager
    def process_stopped(self):
        """The bootstrap sees at once what is done meanwhile, however long it takes."""
        self.wait("the process", lambda: self.process)
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def close(self):
        """The acceptor ends first: the next one's listener may get the number of this descriptor."""
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:  # closed already
            pass
        self.acceptor.join()
        self.listener.close()
        for sock in self.open:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Result:
    def __init__(self, api, code, out, err, rss):
        self.api, self.code, self.out, self.err, self.rss = api, code, out, err, rss
        self.posts, self.polls = api.posts(), api.polls()


def memory_of(pid):
    """Resident kilobytes, counted: VmRSS lacks what each processor has not yet told of."""
    with open("/proc/%d/smaps_rollup" % pid) as f:
        for line in f:
            if line.startswith("Rss:"):
                return int(line.split()[1])
    return 0


class Runner:
    def __init__(self, bootstrap, handlers):
        self.bootstrap, self.handlers = bootstrap, handlers

    def start(self, handler, where, env=None, preexec=None):
        variables = {"PATH": os.environ["PATH"], "AWS_LAMBDA_RUNTIME_API": where,
                     "_HANDLER": handler, "LAMBDA_TASK_ROOT": self.handlers}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                variables[name] = os.environ[name]
        variables.update(env or {})
        return subprocess.Popen([self.bootstrap], stdin=subprocess.DEVNULL, env=variables,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=preexec)

    def run(self, handler, script, answers=(), env=None, address=None, prefix="", signal_at_end=True,
            preexec=None, routes=None):
        """Runs until the script is done (then SIGTERM) or the bootstrap ends by itself."""
        api = Api(script, answers, prefix, routes)
        where = "127.0.0.1:%d" % api.port if address is None else address(api.port)
        process = api.process = self.start(handler, where, env, preexec)
        rss = []

        def end():
            limit = time.monotonic() + PATIENCE
            while process.poll() is None and not api.idle.wait(0.01):
                if time.monotonic() > limit:
                    process.kill()
                    return
            if process.poll() is None:
                rss.append(memory_of(process.pid))
                process.send_signal(signal.SIGTERM)

        ender = threading.Thread(target=end, daemon=True)
        if signal_at_end:
            ender.start()
        try:
            out, err = process.communicate(timeout=PATIENCE * 2)
        finally:
            if process.poll() is None:
                process.kill()
            api.close()
        if api.faults:
            raise AssertionError("the scripted API failed: " + api.faults[0])
        return Result(api, process.returncode, out.decode("utf-8", "replace"),
                      err.decode("utf-8", "replace"), rss[0] if rss else 0)

# SPDX-License-Identifier: Apache-2.0
"""A gateway on a port of its own with a runtime behind it, and clients: honest ones and raw
sockets."""
import http.client
import itertools
import json
import os
import re
import signal
import socket
import subprocess
import sys

import harness
from harness import path, wait_until

GATEWAY, BOOTSTRAP, HANDLERS, EXAMPLES = sys.argv[1:5]
RUNTIME = os.path.join(os.path.dirname(os.path.abspath(__file__)), "gateway_runtime.py")
INVOKE = "/2015-03-31/functions/function/invocations"
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PORT", "K_"))}
numbers = itertools.count(1)  # of gateways: two threads never get the same


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.body = status, body
        self.headers = {name.lower(): value for name, value in headers}

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        """Type and message of an error document, without the request's id."""
        return self.json["errorType"], re.sub(r"RequestId: \S+ ", "", self.json["errorMessage"])


class Gateway:
    def __init__(self, *arguments, command=None, env=None, **more):
        number = next(numbers)
        self.out, self.log, self.gate = (path(f"{name}-{number}") for name in ("out", "log", "gate"))
        command = command or [GATEWAY, "--port", "0", "--bootstrap", RUNTIME]
        with open(self.out, "wb") as out, open(self.log, "wb") as log:
            self.process = subprocess.Popen([*command, *arguments], stdout=out, stderr=log,
                                            env=dict(CLEAN, GATE=self.gate, **(env or {})), **more)
        wait_until(lambda: self.told_port() or self.process.poll() is not None)
        found = self.told_port()
        if not found:
            raise RuntimeError(f"no gateway: {self.said()}")
        self.port = int(found[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def told_port(self):
        return re.search(r"listens on port (\d+)\n", self.said())

    def said(self):
        with open(self.log, errors="replace") as file:
            return file.read()

    def printed(self):
        with open(self.out, "rb") as file:
            return file.read()

    def at_gate(self, number):
        return wait_until(lambda: b"gate %d\n" % number in self.printed())

    def open_gate(self, number):
        harness.write(f"{self.gate}{number}", "")

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=harness.PATIENCE_S)

    def ask(self, method, where, body=None, headers=None, connection=None):
        client = connection or self.connect()
        client.request(method, where, body, headers or {})
        reply = client.getresponse()
        result = Reply(reply.status, reply.getheaders(), reply.read())
        if not connection:
            client.close()
        return result

    def post(self, body=b"", where="/", **headers):
        return self.ask("POST", where, body, {name.replace("_", "-"): v for name, v in headers.items()})

    def do(self, deed, where="/", **headers):
        return self.post(json.dumps({"do": deed}), where, **headers)

    def health(self):
        return self.ask("GET", "/health").status

    def ready(self):
        return wait_until(lambda: self.health() == 200)

    def raw(self, *pieces):
        """A socket on which the pieces were sent."""
        client = socket.create_connection(("127.0.0.1", self.port), timeout=harness.PATIENCE_S)
        for piece in pieces:
            client.sendall(piece)
        return client

    def send_event(self, deed):
        """A socket on which the event is sent and nothing is read."""
        body = json.dumps({"do": deed}).encode()
        return self.raw(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    def end(self, number=signal.SIGTERM):
        """The exit code after a signal."""
        self.process.send_signal(number)
        return self.process.wait(harness.PATIENCE_S)


def read_all(client):
    """What comes until the other end closes."""
    data = b""
    try:
        while piece := client.recv(65536):
            data += piece
    except ConnectionResetError:
        pass
    client.close()
    return data


def read_reply(client):
    """One reply with a Content-Length, as bytes."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = client.recv(65536)
        if not piece:
            return data
        data += piece
    head = data.split(b"\r\n\r\n")[0]
    length = re.search(rb"content-length: (\d+)", head.lower())
    want = len(head) + 4 + (int(length[1]) if length else 0)
    while len(data) < want:
        data += client.recv(65536)
    return data


def run_gateway(*arguments, command=None, env=None):
    done = subprocess.run([*(command or [GATEWAY]), *arguments], capture_output=True, text=True,
                          env=dict(CLEAN, **(env or {})), timeout=harness.PATIENCE_S)
    return harness.Result(done.returncode, done.stdout, done.stderr)

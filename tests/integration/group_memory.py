# SPDX-License-Identifier: Apache-2.0
"""Memory is flat over many invocations of every kind."""
import json
import os
import socket
import subprocess

import harness
from harness import same, test
from runtime_api import BODY_MAX, NEXT, memory_of

COUNT = int(os.environ.get("CLAMBDA_INVOCATIONS", "10000"))
WARM = 2000
GROWTH_KB = 256  # what the C library may hold more or less of; a leak of 64 bytes each is 512
ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"


def event(body, index):
    return b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: id-%d\r\nContent-Length: %d\r\n\r\n" % (
        index, len(body)) + body


def events():
    """What the invocation of a number gets: most are small, some are as large as can be."""
    batch = json.dumps({"Records": [
        {"messageId": "m%d" % i, "body": "fail" if i == 3 else "x" * i * 100, "eventSource": "aws:sqs"}
        for i in range(10)]}).encode()
    small = [b"e" * (1 + i * 701 % 20000) for i in range(50)]
    large = b"e" * BODY_MAX

    def choose(index):
        if index % 1000 == 7:
            return large
        for step, body in ((97, b"allocate"), (11, b"fail"), (7, batch), (13, b"stream" * 1000),
                           (17, b"log" * 5000)):
            if index % step == 0:
                return body
        return small[index % len(small)]
    return choose


class Connection:
    def __init__(self, sock):
        self.sock, self.rest = sock, b""

    def read_until(self, end):
        while end not in self.rest:
            data = self.sock.recv(1 << 20)
            if not data:
                raise AssertionError("the bootstrap went away")
            self.rest += data
        head, self.rest = self.rest.split(end, 1)
        return head

    def skip(self, count):
        count -= len(self.rest)
        self.rest = self.rest[count:] if count < 0 else b""
        while count > 0:
            data = self.sock.recv(1 << 20)
            self.rest = data[count:]
            count -= len(data)

    def request(self):
        """The path of the next request; its body is dropped."""
        head = self.read_until(b"\r\n\r\n")
        at = head.find(b"Content-Length: ")
        if at >= 0:
            self.skip(int(head[at + 16:].split(b"\r\n", 1)[0]))
        elif b"chunked" in head:
            while size := int(self.read_until(b"\r\n"), 16):
                self.skip(size + 2)
            while self.read_until(b"\r\n"):
                pass
        return head.split(b" ", 2)[1]


def serve(sock, pid):
    """Invokes COUNT times; gives resident memory when all is warm and at the end."""
    connection, choose, answers, warm = Connection(sock), events(), {}, 0
    for index in range(COUNT):
        same(connection.request(), NEXT.encode())
        if index == WARM:
            warm = memory_of(pid)
        sock.sendall(event(choose(index % WARM), index))
        kind = connection.request().rsplit(b"/", 1)[1]
        answers[kind] = answers.get(kind, 0) + 1
        sock.sendall(ACCEPTED)
    connection.request()
    return answers, warm, memory_of(pid)


@test("memory")
def flat():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        env = {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % listener.getsockname()[1], "_HANDLER": "mixed",
               "LAMBDA_TASK_ROOT": harness.options.handlers, "AWS_LAMBDA_LOG_FORMAT": "JSON"}
        process = subprocess.Popen([harness.options.bootstrap], env=env, stderr=subprocess.DEVNULL)
        try:
            listener.settimeout(60)
            sock, _ = listener.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(60)
            answers, warm, end = serve(sock, process.pid)
        finally:
            process.kill()
            process.wait()
    print("# %d invocations, %s; resident kB: %d warm, %d at the end" % (COUNT, answers, warm, end))
    same(answers[b"error"] > COUNT // 20, True)
    if not harness.options.sanitized:  # which keeps freed memory for a while
        same(end - warm < GROWTH_KB, True)

#!/usr/bin/env -S python3 -S -E
# SPDX-License-Identifier: Apache-2.0
"""A function on a runtime of its own that does what its event says: the member "do" is a word, then
a number. INIT in the environment: the same before the first request for an event."""
import http.client
import json
import os
import signal
import subprocess
import sys
import time

calls = 0


class Runtime:
    def __init__(self):
        self.api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
        self.headers, self.event, self.id = {}, b"", ""

    def next(self):
        self.api.request("GET", "/2018-06-01/runtime/invocation/next")
        reply = self.api.getresponse()
        self.headers = {name.lower(): value for name, value in reply.getheaders()}
        self.id = self.headers["lambda-runtime-aws-request-id"]
        self.event = reply.read()

    def post(self, path, body, headers=None):
        self.api.request("POST", "/2018-06-01/runtime/" + path, body, headers or {})
        self.api.getresponse().read()

    def respond(self, value, headers=None):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.post(f"invocation/{self.id}/response", body, headers)


def do_echo(runtime, number):
    runtime.respond(runtime.event, {"Content-Type": runtime.headers.get("content-type", "")})


def do_exit(runtime, number):
    os._exit(number)


def do_signal(runtime, number):
    os.kill(os.getpid(), number)


def do_sleep(runtime, number):
    time.sleep(number / 1000)
    runtime.respond("slept")


def wait_at_gate(number):
    """Says that it is there, and waits for the file that lets it go on."""
    os.write(1, b"gate %d\n" % number)
    while not os.path.exists(f"{os.environ['GATE']}{number}"):
        time.sleep(0.005)


def do_gate(runtime, number):
    wait_at_gate(number)
    runtime.respond("passed")


def do_linger(runtime, number):
    runtime.respond("early")
    time.sleep(number / 1000)


def do_error(runtime, number):
    runtime.post(f"invocation/{runtime.id}/error", b'{"errorType":"Odd","errorMessage":"as asked"}',
                 {"Lambda-Runtime-Function-Error-Type": "Function.Odd"})


def do_init_error(runtime, number):
    runtime.post("init/error", b'{"errorType":"Config","errorMessage":"none"}')
    os._exit(number)


def do_large(runtime, number):
    runtime.respond(b"7" * number)


def do_mode(runtime, number):
    runtime.respond(1, {"Lambda-Runtime-Function-Response-Mode": "rushing"})


def do_truncate(runtime, number):
    """Half an answer. Number 1: the process ends with it."""
    runtime.api.putrequest("POST", f"/2018-06-01/runtime/invocation/{runtime.id}/response")
    runtime.api.putheader("Content-Length", "100")
    runtime.api.endheaders(b"half")
    if number:
        os._exit(9)
    runtime.api.close()
    time.sleep(0.5)


def do_count(runtime, number):
    global calls
    calls += 1
    runtime.respond({"calls": calls, "pid": os.getpid()})


def do_environ(runtime, number):
    runtime.respond(dict(os.environ))


def do_headers(runtime, number):
    runtime.respond(runtime.headers)


def do_orphan(runtime, number):
    """A child of a child that ends later, and one that would not."""
    subprocess.run(["sh", "-c", f"sleep 0.{number} & sleep 1000 & echo $!"], stdout=sys.stderr)
    runtime.respond("left")


def do_print(runtime, number):
    os.write(1, b"out " + runtime.event + b"\n")
    os.write(2, b"no end")
    runtime.respond(len(os.read(0, 10)))


def do_deaf(runtime, number):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    runtime.respond("deaf")


def act(runtime, text):
    word, _, number = text.partition(" ")
    globals()["do_" + word.replace("-", "_")](runtime, int(number or 0))


def main():
    runtime = Runtime()
    init = os.environ.get("INIT", "")
    if os.environ.get("STARTS"):
        with open(os.environ["STARTS"], "a") as file:
            file.write("s")
    if init.startswith("until "):  # fails until there is such a file
        if not os.path.exists(init[6:]):
            os._exit(4)
    elif init.startswith("gate "):
        wait_at_gate(int(init[5:]))
    elif init:
        act(runtime, init)
    while True:
        runtime.next()
        try:
            deed = json.loads(runtime.event)["do"]
        except (ValueError, TypeError, KeyError, UnicodeDecodeError):
            deed = "echo"
        act(runtime, deed)


main()

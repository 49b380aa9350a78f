# SPDX-License-Identifier: Apache-2.0
"""The internal extension, SIGTERM, shutdown hooks."""
import json
import os
import tempfile
import threading

from harness import has, has_not, response_of, run, same, test
from runtime_api import REGISTER, Reply

EVENT = "/2020-01-01/extension/event/next"
ID = "0c1d2e3f-aaaa-bbbb-cccc-0123456789ab"


def registered(id=ID):
    return Reply(b'{"functionName":"f"}', 200, headers=[("lambda-extension-identifier", id)],
                 plain=True)


def forever(api, sock):
    return sock.recv(1) != b""


def once_waiting(reply):
    """The reply, once the extension's own request has come in: it is on another connection."""
    def send(api, sock):
        api.wait("the extension's request", lambda: any(r.path.endswith(EVENT) for r in api.requests))
        return reply.send(sock)
    return send


def notes_of(path):
    """What the hooks wrote, as (name, pid)."""
    with open(path) as f:
        return [(line.split()[0], int(line.split()[1])) for line in f]


def run_noted(script, env=None, **kwargs):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "notes")
        result = run("modes", script, env={"MODES_FILE": path, **(env or {})}, **kwargs)
        return result, [name for name, _ in notes_of(path)]


@test("shutdown")
def registers_before_the_first_event():
    result, notes = run_noted([once_waiting(Reply(b"1"))], routes={REGISTER: registered(), EVENT: forever})
    same(result.code, 0)
    paths = [r.path.split("/", 2)[2] for r in result.api.requests]
    same(paths[0], "extension/register")
    same(paths.count("extension/event/next"), 1)
    register, event = (next(r for r in result.api.requests if r.path == path)
                       for path in (REGISTER, EVENT))
    same(register.method, "POST")
    same(json.loads(register.body), {"events": []})
    same(register.headers["lambda-extension-name"], "clambda-shutdown")
    same(event.method, "GET")
    same(event.headers["lambda-extension-identifier"], ID)
    same(event.headers["host"], register.headers["host"])
    same(register.connection, result.polls[0].connection)
    if event.connection == register.connection:
        raise AssertionError("the extension waits on the connection of the runtime")
    same(len(result.posts), 1)
    same(notes, ["init", "in-time-1", "shutdown", "atexit"])


@test("shutdown")
def path_of_the_address():
    result = run("modes", [once_waiting(Reply(b"1"))], prefix="/a/b", address=lambda port: "http://127.0.0.1:%d/a/b" % port,
                 routes={"/a/b" + REGISTER: registered(), "/a/b" + EVENT: forever})
    same(result.code, 0)
    same(sum(r.path == "/a/b" + EVENT for r in result.api.requests), 1)


@test("shutdown")
def nobody_registers():
    """APIs without extensions: one line for who looks, and everything as without."""
    for reply in (Reply(b"no such page", 404, plain=True),
                  Reply(b'{"errorType":"Extension.RegistrationClosed"}', 403, plain=True),
                  Reply(b"", 404, plain=True, close=True), Reply(raw=b"", close=True),
                  registered(""), registered("a b"), registered("x" * 129),
                  Reply(b"{}", 200, plain=True)):
        result, notes = run_noted([Reply(b"1")], env={"AWS_LAMBDA_LOG_LEVEL": "DEBUG"},
                                  routes={REGISTER: reply})
        same(result.code, 0)
        same(json.loads(response_of(result))["events"], 1)
        same(sum(r.path == EVENT for r in result.api.requests), 0)
        has(result.err, "\tDEBUG\t")
        has(result.err, "shutdown hooks run if SIGTERM comes all the same")
        same(notes[-3:], ["in-time-1", "shutdown", "atexit"])
    result, _ = run_noted([Reply(b"1")])
    same(result.err, "")


@test("shutdown")
def without_hook_without_request():
    result = run("echo", [Reply(b"1")])
    same([r.path for r in result.api.requests if "extension" in r.path], [])


@test("shutdown")
def lost_extension():
    """Whatever comes of the request that is never answered is of no matter."""
    for reply in (Reply(b"{}", 200, plain=True), Reply(b"{}", 500, plain=True, close=True),
                  Reply(raw=b"", close=True)):
        result, notes = run_noted([Reply(b"1"), Reply(b"2")],
                                  routes={REGISTER: registered(), EVENT: reply})
        same(result.code, 0)
        same(len(result.posts), 2)
        same(notes[-2:], ["shutdown", "atexit"])


@test("shutdown")
def after_the_answer():
    """SIGTERM while a handler runs: first the answer, then the hook."""
    with tempfile.TemporaryDirectory() as folder:
        gate = os.path.join(folder, "gate")

        def stop_inside(api, sock):
            Reply(b'"wait"').send(sock)
            api.idle.set()
            threading.Timer(0.05, lambda: open(gate, "w").close()).start()
            return True

        result, notes = run_noted([stop_inside], env={"MODES_GATE": gate})
        same(result.code, 0)
        same(json.loads(response_of(result))["events"], 1)
        same(notes[-2:], ["shutdown", "atexit"])


@test("shutdown")
def failed_hook():
    result, notes = run_noted([], env={"MODES_FAIL": "shutdown"})
    same(result.code, 0)
    has(result.err, "\tERROR\tNoLuck: shutdown did not work")
    same([r.path for r in result.posts], [])
    result, _ = run_noted([])
    has_not(result.err, "ERROR")

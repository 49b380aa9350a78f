# SPDX-License-Identifier: Apache-2.0
"""SnapStart: hooks around restore/next."""
import json

import harness
from group_shutdown import EVENT, forever, once_waiting, registered, run_noted
from harness import has, run, same, test
from runtime_api import REGISTER, Reply

RESTORE = "/2018-06-01/runtime/restore/next"
HOOKS = ["init", "before-2", "before-1", "after-1", "after-2"]
RESTORED = Reply(b"", 200, plain=True)
TYPE = "lambda-runtime-function-error-type"


def run_snapshot(script, restore=RESTORED, fail="", env=None, **kwargs):
    return run_noted(script, env={"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start", "MODES_FAIL": fail,
                                  **(env or {})},
                     routes={RESTORE: restore, **kwargs.pop("routes", {})}, **kwargs)


@test("snapshot")
def order():
    result, notes = run_snapshot([Reply(b"1"), Reply(b"2")])
    same(result.code, 0)
    same(notes, HOOKS + ["in-time-1", "shutdown", "atexit"])
    same([r.path for r in result.api.requests if "extension" not in r.path][0], RESTORE)
    same(result.api.requests[1].method, "GET")
    same(len(result.posts), 2)


@test("snapshot")
def connections_are_dropped():
    result, _ = run_snapshot([once_waiting(Reply(b"1"))], routes={REGISTER: registered(), EVENT: forever})
    numbers = {r.path: r.connection for r in result.api.requests if "invocation" not in r.path}
    numbers["next"] = result.polls[0].connection
    same(len(numbers), 4)
    same(len(set(numbers.values())), 4)


@test("snapshot")
def not_without_snapshot():
    for kind in ("", "on-demand", "provisioned-concurrency", "Snap-Start"):
        result, notes = run_noted([Reply(b"1")], env={"AWS_LAMBDA_INITIALIZATION_TYPE": kind})
        same(notes[:2], ["init", "in-time-1"])
        same([r.path for r in result.api.requests if "restore" in r.path], [])


@test("snapshot")
def without_hooks():
    result = run("echo", [Reply(b"1")], env={"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"},
                 routes={RESTORE: RESTORED})
    same([r.path for r in result.api.requests][0], RESTORE)
    same(len(result.posts), 1)


def document_of(result, path, kind):
    same(len(result.posts), 1)
    post = result.posts[0]
    same(post.path, "/2018-06-01/runtime/" + path)
    same(post.headers[TYPE], kind)
    document = json.loads(post.body)
    same(document["errorType"], kind)
    same(len(result.polls), 0)
    return document


@test("snapshot")
def failures_before():
    for hook, notes_want in (("before-1", HOOKS[:3]), ("before-2", HOOKS[:2])):
        result, notes = run_snapshot([Reply(b"1")], fail=hook)
        same(result.code, 64)
        same(notes, notes_want + ["atexit"])
        document = document_of(result, "init/error", "Runtime.BeforeSnapshotError")
        same(document["errorMessage"], "NoLuck: %s did not work" % hook)
        has(result.err, "\tFATAL\tRuntime.BeforeSnapshotError: NoLuck")
        same(sum(r.path == RESTORE for r in result.api.requests), 0)


@test("snapshot")
def failures_of_the_restore():
    """Nothing but 200 is a restore, and it is asked for once."""
    for reply, words in ((Reply(b'{"errorType":"No"}', 403, plain=True), "status 403"),
                         (Reply(b"", 500, plain=True), "status 500"),
                         (Reply(b"", 204, plain=True), "status 204"),
                         (Reply(raw=b"", close=True), "closed"),
                         (Reply(raw=b"HTTP/1.1 2", close=True), "closed")):
        result, notes = run_snapshot([Reply(b"1")], restore=reply)
        same(result.code, 64)
        same(notes, HOOKS[:3] + ["atexit"])
        document = document_of(result, "init/error", "Runtime.BeforeSnapshotError")
        has(document["errorMessage"], words)
        same(sum(r.path == RESTORE for r in result.api.requests), 1)


@test("snapshot")
def failures_after():
    for hook, notes_want in (("after-1", HOOKS[:4]), ("after-2", HOOKS)):
        result, notes = run_snapshot([Reply(b"1")], fail=hook)
        same(result.code, 65)
        same(notes, notes_want + ["atexit"])
        document = document_of(result, "restore/error", "Runtime.AfterRestoreError")
        same(document["errorMessage"], "NoLuck: %s did not work" % hook)


@test("snapshot")
def crash_in_a_copy():
    """The process replaces itself: the hooks run, the API is not told of a start once more."""
    if harness.options.sanitized:
        return
    result, notes = run_snapshot([Reply(b'"crash"'), once_waiting(Reply(b"2", id="id-2"))],
                                 routes={REGISTER: registered(), EVENT: forever})
    same(result.code, 0)
    same(notes, HOOKS + HOOKS + ["in-time-1", "shutdown", "atexit"])
    same([p.path.rsplit("/", 2)[1:] for p in result.posts], [["id-1", "error"], ["id-2", "response"]])
    for path in (RESTORE, REGISTER, EVENT):
        same(sum(r.path == path for r in result.api.requests), 1)


@test("snapshot")
def stopped_while_waiting():
    """SIGTERM inside restore/next: no event is asked for, the shutdown hook runs."""
    def wait(api, sock):
        api.idle.set()
        return sock.recv(1) != b""

    result, notes = run_snapshot([Reply(b"1")], restore=wait)
    same(result.code, 0)
    same(len(result.polls), 0)
    same(notes, HOOKS[:3] + ["in-time-1", "shutdown", "atexit"])

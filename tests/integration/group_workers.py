# SPDX-License-Identifier: Apache-2.0
"""Managed Instances: several events at a time, each in a worker process."""
import contextlib
import json
import os
import select
import signal
import socket
import tempfile
import threading
import time

import harness
from group_shutdown import EVENT, forever, notes_of, registered
from harness import has, run, same, test
from runtime_api import NEXT, PATIENCE, REGISTER, Api, Reply


class Pool(Api):
    """Holds every poll until the test answers it."""

    def __init__(self, routes=None):
        super().__init__([], routes={NEXT: self.hold, **(routes or {})})
        self.held, self.changed = [], threading.Condition(self.lock)

    def hold(self, _, sock):
        with self.lock:
            self.held.append(sock)
            self.changed.notify_all()
        select.select([sock], [], [])  # the answer to the event, or the end
        with self.lock:
            if sock in self.held:  # it ended without an event
                self.held.remove(sock)
        return True

    def give(self, *events):
        """One event to each of the first that wait."""
        with self.lock:
            socks = [self.held.pop(0) for _ in events]
        for sock, event in zip(socks, events):
            event.send(sock)


class Live:
    """A bootstrap with workers, its API, what its hooks wrote."""

    def __init__(self, folder, workers, env=None, routes=None, handler="modes"):
        self.notes, self.gate = os.path.join(folder, "notes"), os.path.join(folder, "gate")
        self.api = Pool(routes)
        self.process = harness.runner.start(handler, "127.0.0.1:%d" % self.api.port, {
            "AWS_LAMBDA_MAX_CONCURRENCY": str(workers), "MODES_FILE": self.notes,
            "MODES_GATE": self.gate, "AWS_LAMBDA_INITIALIZATION_TYPE": "lambda-managed-instances",
            "_X_AMZN_TRACE_ID": "of nobody", **(env or {})})
        self.output = None

    def await_polls(self, n):
        self.api.wait("%d polls" % n, lambda: len(self.api.held) == n)

    def await_posts(self, n):
        self.api.wait("%d posts" % n, lambda: len(self.api.posts()) >= n)
        return self.api.posts()

    def pids_of(self, hook):
        return [pid for name, pid in notes_of(self.notes) if name == hook]

    def workers(self):
        """The processes that run now."""
        try:
            with open("/proc/%d/task/%d/children" % (self.process.pid, self.process.pid)) as f:
                return sorted(int(pid) for pid in f.read().split())
        except OSError:  # it has ended
            return []

    def end(self, sign=signal.SIGTERM):
        """The exit status."""
        if sign:
            self.process.send_signal(sign)
        out, err = self.process.communicate(timeout=PATIENCE)
        self.out, self.err = out.decode(), err.decode()
        if self.api.faults:
            raise AssertionError("the scripted API failed: " + self.api.faults[0])
        return self.process.returncode

    def log(self):
        """Lines of the log, each JSON."""
        return [json.loads(line) for line in self.err.splitlines()]


@contextlib.contextmanager
def live(*args, **kwargs):
    with tempfile.TemporaryDirectory() as folder:
        it = Live(folder, *args, **kwargs)
        try:
            yield it
        finally:
            if it.process.poll() is None:
                it.process.kill()
                it.process.communicate()
            it.api.close()


def event(text, id):
    return Reply(b'"%s"' % text.encode(), id=id,
                 headers=[("Lambda-Runtime-Trace-Id", "Root=1-2-3")])


@test("workers")
def each_answers_its_own():
    with live(4, routes={REGISTER: registered(), EVENT: forever}) as it:
        it.await_polls(4)
        it.api.give(*(event("x", "id-%d" % i) for i in range(4)))
        posts = it.await_posts(4)
        answers = [json.loads(post.body) for post in posts]
        same(sorted(post.path.split("/")[4] for post in posts), ["id-0", "id-1", "id-2", "id-3"])
        same(sorted(a["pid"] for a in answers), it.workers())
        same([a["events"] for a in answers], [1] * 4)
        same([a["trace"] for a in answers], [""] * 4)
        same(len({r.connection for r in it.api.polls()}), 4)
        it.await_polls(4)
        same(it.end(), 0)
        notes = notes_of(it.notes)
        parent = it.process.pid
        same([n for n in notes if n[1] == parent],
             [(name, parent) for name in ("init", "before-2", "before-1", "in-time-1", "shutdown",
                                          "atexit")])
        pids = {a["pid"] for a in answers}
        same(sorted(n for n in notes if n[1] != parent),
             sorted((name, pid) for name in ("after-1", "after-2") for pid in pids))
        same(it.out, "an unfinished line, ")
        same(it.err, "")


@test("workers")
def at_the_same_time():
    """All events are under way when the first is answered."""
    with live(3) as it:
        it.await_polls(3)
        it.api.give(*(event("wait", "id-%d" % i) for i in range(3)))
        same(len(it.api.posts()), 0)
        open(it.gate, "w").close()
        it.await_posts(3)
        it.await_polls(3)
        same(it.end(), 0)


@test("workers")
def one():
    """A concurrency of one is the same mode."""
    with live(1) as it:
        it.await_polls(1)
        it.api.give(event("x", "id-1"))
        answer = json.loads(it.await_posts(1)[0].body)
        if answer["pid"] == it.process.pid:
            raise AssertionError("the event ran in the parent")
        same(it.end(), 0)


@test("workers")
def killed_one_is_replaced():
    with live(3) as it:
        it.await_polls(3)
        first = it.workers()
        os.kill(first[1], signal.SIGKILL)
        it.api.wait("another worker",
                    lambda: len(it.api.polls()) == 4 and len(it.api.held) == 3)
        it.api.give(*(event("x", "id-%d" % i) for i in range(3)))
        it.await_posts(3)
        same(it.end(), 0)
        same(it.pids_of("init"), [it.process.pid])
        same(len(it.pids_of("after-2")), 4)
        (line,) = it.log()
        same(line["level"], "WARN")
        has(line["message"], "(process %d) was killed by signal 9 (Killed): it is started again"
            % first[1])


@test("workers")
def events_that_kill():
    """A worker that dies of an event after it had answered one is never given up."""
    with live(1) as it:
        for i in range(8):
            it.await_polls(1)
            it.api.give(event("x", "good-%d" % i))
            it.await_posts(i + 1)
            it.await_polls(1)
            it.api.give(event("kill" if i % 2 else "exit", "bad-%d" % i))
        it.await_polls(1)
        same(it.end(), 0)
        same(len(it.pids_of("after-1")), 9)
        messages = [line["message"] for line in it.log()]
        same(len(messages), 8)
        has(messages[0], "ended with status 7: it is started again")


@test("workers")
def all_killed_again_and_again():
    """Starts that come to nothing are bounded, and with the last worker the process ends."""
    with live(2) as it:
        it.await_polls(2)
        limit = time.monotonic() + PATIENCE
        while it.process.poll() is None and time.monotonic() < limit:
            started = set(it.pids_of("after-1"))  # not what a sanitizer starts at the end
            for pid in started.intersection(it.workers()):
                with contextlib.suppress(ProcessLookupError):  # the last one ended them all
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.005)
        same(it.end(None), 1)
        messages = [line["message"] for line in it.log()]
        same(sum("it is given up" in m for m in messages), 2)
        same(messages[-1], "none of 2 workers can be kept")
        same(len(it.pids_of("init")), 1)
        if len(it.pids_of("shutdown")):
            raise AssertionError("the shutdown hook ran")


@test("workers")
def lost_api():
    """Nobody listens, or it fails for good: the process ends, and not with 0."""
    with socket.socket() as bound:  # and nobody else's, but nobody listens
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        result = run("echo", [], address=lambda _: "127.0.0.1:%d" % port,
                     env={"AWS_LAMBDA_MAX_CONCURRENCY": "3"}, signal_at_end=False)
    same(result.code, 1)
    has(result.err, "none of 3 workers can be kept")
    fatal = Reply(b'{"errorType":"InternalServerError"}', 500, plain=True)
    result = run("echo", [], routes={NEXT: fatal}, env={"AWS_LAMBDA_MAX_CONCURRENCY": "3"},
                 signal_at_end=False)
    same(result.code, 1)
    has(result.err, "none of 3 workers can be kept")


@test("workers")
def stopped_while_busy():
    """SIGTERM lets the handlers come to their end, and is not held up by one that does not."""
    with live(3) as it:
        it.await_polls(3)
        it.api.give(event("wait", "id-1"), event("hang", "id-2"))
        it.api.wait("the events", lambda: len(it.api.held) == 1)
        it.process.send_signal(signal.SIGTERM)
        it.api.wait("the hook", lambda: it.pids_of("shutdown"))
        same(it.pids_of("in-time-1"), [it.process.pid])
        open(it.gate, "w").close()
        same([p.path.split("/")[4] for p in it.await_posts(1)], ["id-1"])
        workers = it.workers()
        same(it.end(signal.SIGKILL), -signal.SIGKILL)
        it.api.wait("the last worker's end",
                    lambda: not any(os.path.exists("/proc/%d/exe" % pid) for pid in workers))


@test("workers")
def signal_to_the_group():
    """Lambda signals the process group: workers that have it already are no failure."""
    with live(3) as it:
        it.await_polls(3)
        for pid in it.workers() + [it.process.pid]:
            os.kill(pid, signal.SIGTERM)
        same(it.end(None), 0)
        same(len(it.pids_of("shutdown")), 1)
        same(it.pids_of("atexit"), [it.process.pid])


@test("workers")
def failures_of_the_start():
    for fail, kind, posts in (("init", "NoLuck", 1), ("before-1", "NoLuck", 1),
                              ("after-1", "NoLuck", 1)):
        with live(3, env={"MODES_FAIL": fail}) as it:
            same(it.end(None), 1)
            posts = it.api.posts()
            same([p.path for p in posts], ["/2018-06-01/runtime/init/error"])
            same(json.loads(posts[0].body)["errorType"], kind)
            same(len(it.api.polls()), 0)
            same(len(it.pids_of("init")), 1)
            it.log()


@test("workers")
def log_lines():
    """JSON with the request id, on a connection of each worker's own."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "log")
        server = socket.socket(socket.AF_UNIX)
        server.bind(path)
        server.listen(10)
        with live(2, env={"_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET": path}) as it, server:
            socks = [server.accept()[0] for _ in range(2)]
            it.await_polls(2)
            it.api.give(event("say", "id-0"), event("say", "id-1"))
            it.await_posts(2)
            same(it.end(), 0)
            seen = []
            for sock in socks:
                with sock.makefile() as f:
                    logged, printed = f.read().splitlines()
                same(printed, "printed")
                line = json.loads(logged)
                same(line["message"], "logged")
                seen.append(line["requestId"])
            same(sorted(seen), ["id-0", "id-1"])
            same(it.err, "")
    for bad in ("/nonexistent/log", "/" + "x" * 120):
        with live(1, env={"_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET": bad}) as it:
            it.await_polls(1)
            it.api.give(event("say", "id-0"))
            it.await_posts(1)
            same(it.end(), 0)
            lines = [json.loads(line) for line in it.err.splitlines()]
            has(lines[0]["message"], "log socket '" + bad[:60])
            same(lines[1]["requestId"], "id-0")


@test("workers")
def crashes():
    """A crash is answered, and costs its worker only."""
    if harness.options.sanitized:
        return
    with live(2, handler="crashes") as it:
        it.await_polls(2)
        for i, command in enumerate(("segv", "abort", "segv", "overflow")):
            it.api.give(Reply(command.encode(), id="id-%d" % i))
            it.api.wait("the next", lambda: len(it.api.polls()) == 3 + i)
            it.await_polls(2)
        same(it.end(), 0)
        posts = it.api.posts()
        same([p.path for p in posts],
             ["/2018-06-01/runtime/invocation/id-%d/error" % i for i in range(4)])
        same(json.loads(posts[1].body)["errorType"], "Runtime.Crash")
        messages = [line["message"] for line in it.log()]
        same(sum("was killed by signal" in m for m in messages), 4)


@test("workers")
def hangs():
    """What nobody else ends: a handler that is still running a second after its deadline."""
    if harness.options.sanitized:
        return
    with live(1) as it:
        it.await_polls(1)
        soon = [("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + 3000))]
        it.api.give(Reply(b'"hang"', headers=soon))
        it.api.wait("another worker", lambda: len(it.api.polls()) == 2)
        (post,) = it.await_posts(1)
        same(post.path.rsplit("/", 1)[1], "error")
        document = json.loads(post.body)
        same(document["errorType"], "Function.DeadlineExceeded")
        has(document["errorMessage"], "ms after its deadline")
        it.await_polls(1)
        same(it.end(), 0)


@test("workers")
def bad_numbers():
    for text, workers in (("0", 1), ("-3", 1), ("many", 1), ("2x", 1), ("1001", 128), ("129", 128),
                          ("99999999999999999999", 128)):
        with live(text, env={"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128"}) as it:
            it.await_polls(workers)
            same(it.end(), 0)
            (line,) = it.log()
            same(line["level"], "WARN")
            has(line["message"], "AWS_LAMBDA_MAX_CONCURRENCY '%s'" % text)
            has(line["message"], "%d is taken" % workers)

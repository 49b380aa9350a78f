# SPDX-License-Identifier: Apache-2.0
"""Crashes and hangs of handlers, and SIGTERM.

Script entries named by a text are events for handlers/crashes.c, which does what they say."""
import base64
import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import time

import harness
from harness import error_of, has, has_not, response_of, run, same, test
from runtime_api import OK, Reply

NUMBERS = {"overflow": signal.SIGSEGV, "call": signal.SIGSEGV, "fpe": signal.SIGFPE,
           "ill": signal.SIGILL, "bus": signal.SIGBUS, "abort": signal.SIGABRT, "heap": signal.SIGABRT,
           "segv": signal.SIGSEGV}


def plain(function):
    """Not with AddressSanitizer, which has its own idea of a crash."""
    def wrapper():
        if not harness.options.sanitized:
            function()
    wrapper.__name__ = function.__name__
    wrapper.__doc__ = function.__doc__
    return test("crashes")(wrapper)


def crash(*events, env=None, **more):
    script = [e if callable(e) else Reply(e.encode(), id="id-%d" % i) for i, e in enumerate(events)]
    return run("crashes", script, env=env, **more)


def due(event, ms, id="id-1"):
    """An event whose deadline is near."""
    def send(api, sock):
        deadline = str(int(time.time() * 1000) + ms)
        return Reply(event.encode(), id=id,
                     headers=[("Lambda-Runtime-Deadline-Ms", deadline)]).send(sock)
    return send


def paths(result):
    return [post.path.split("/runtime/")[1] for post in result.posts if "/runtime/" in post.path]


@plain
def a_crash_costs_one_invocation():
    for event, number in NUMBERS.items():
        name = signal.Signals(number).name
        result = crash("state", event, "state")
        same((event, result.code, len(result.polls)), (event, 0, 4))
        same(paths(result), ["invocation/id-0/response", "invocation/id-1/error",
                             "invocation/id-2/response"])
        error = error_of(result, 1)
        has(error["errorMessage"], "the function crashed: " + name + " (")
        same((error["errorType"], error["requestId"]), ("Runtime.Crash", "id-1"))
        has(" ".join(error["stackTrace"]), "crashes.so+0x")
        has(" ".join(error["stackTrace"]), "build id of crashes.so: ")
        has(result.err, "\tid-1\tFATAL\tthe function crashed: " + name)
        has(result.err, "/crashes.so+0x")
        has(result.err, "build id of ")
        same(result.posts[0].body, result.posts[2].body)  # the same process, as it was started


@plain
def what_is_posted():
    nonce = ("Lambda-Runtime-Invocation-Id", "nonce-7")
    result = run("crashes", [Reply(b"segv", id="a/b \u00e9\"", headers=[nonce])], env={"_HANDLER": "crashes"})
    post = result.posts[0]
    same(post.path, "/2018-06-01/runtime/invocation/a%2Fb%20%E9%22/error")
    same(post.headers["lambda-runtime-function-error-type"], "Runtime.Crash")
    same(post.headers["lambda-runtime-invocation-id"], "nonce-7")
    same(post.headers["content-type"], "application/json")
    has(post.headers["user-agent"], "aws-lambda-c/")
    error = json.loads(post.body)
    has(error["errorMessage"], "SIGSEGV (segmentation fault) at address 0x10 in crash_segv (crashes.so+0x")
    same(error["requestId"], "a/b \ufffd\"")
    cause = json.loads(post.headers["lambda-runtime-function-xray-error-cause"])
    same(cause["exceptions"][0]["type"], "Runtime.Crash")
    has(cause["exceptions"][0]["stack"][0]["label"], "crash_segv+0x")
    same(len({r.connection for r in result.api.requests}), 3)  # next; the error; next again


@plain
def frames_name_the_handler():
    """The frames of a crash are those of the code that crashed, in order, also through a bad pointer
    and from deep inside of the C library."""
    module = os.path.join(harness.options.handlers, "crashes.so")
    for event, names in (("segv", ["crash_segv", "crash", "on_event"]), ("call", ["crash_call", "crash"]),
                         ("fpe", ["crash_fpe", "crash"]), ("heap", ["crash_heap", "crash"]),
                         ("overflow", ["overflow"] * 40)):
        result = crash(event)
        stack = error_of(result)["stackTrace"]
        own = [re.fullmatch(r"crashes\.so\+(0x[0-9a-f]+) \((\w+)\+0x[0-9a-f]+\)", line) for line in stack]
        same((event, [m[2] for m in own if m][:len(names)]), (event, names))
        offsets = re.findall(r"#\d+ %s\+(0x[0-9a-f]+)" % re.escape(module), result.err)
        found = subprocess.run(["addr2line", "-f", "-e", module] + offsets, check=True,
                               stdout=subprocess.PIPE).stdout.decode().split("\n")[::2]
        same(found[:len(names)], names)
    has(" ".join(error_of(crash("segv"))["stackTrace"]), "bootstrap+0x")


@plain
def broken_processes_recover():
    """What can be said without reading the stack is said first."""
    for event in ("stack", "smash", "arena", "closed", "files", "thread", "threads", "few", "waiting",
                  "mute"):
        result = crash("state", event, "state")
        same((event, result.code), (event, 0))
        same(paths(result), ["invocation/id-0/response", "invocation/id-1/error",
                             "invocation/id-2/response"])
        if event == "closed":  # its output is gone as well
            continue
        same(result.posts[0].body, result.posts[2].body)
        has(" ".join(error_of(result, 1)["stackTrace"]), "" if event in ("stack", "smash") else "crashes.so+0x")
        if event == "mute":
            continue
        has(result.err, "\tid-1\tFATAL\tthe function crashed: SIG")
    has(error_of(crash("thread"))["errorMessage"], "in crash_segv (")
    has(" ".join(error_of(crash("thread"))["stackTrace"]), "(in_thread+0x")


@plain
def what_a_program_inherits_is_as_it_was():
    result = crash("state", "mess", "state")
    same(result.posts[2].body, result.posts[0].body)
    has(result.posts[2].body.decode(), "mess 0 path 1 marker 0")
    ignored = lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)  # noqa: E731
    result = crash("state", "mess", "state", preexec=ignored)
    has(result.posts[0].body.decode(), "usr1 0 hup 1")
    same(result.posts[2].body, result.posts[0].body)


@plain
def begun_lines_are_not_lost():
    result = crash("talking", "x")
    same(result.out, "half a line\n")


@plain
def three_crashes_in_a_row_are_the_end():
    result = crash("segv", "abort", "segv", "x")
    same((result.code, len(result.polls)), (-signal.SIGSEGV, 3))
    same(paths(result), ["invocation/id-%d/error" % i for i in range(3)])
    result = crash("segv", "segv", "x", "segv", "segv", "x")
    same((result.code, len(result.posts)), (0, 6))


@plain
def recovery_is_a_choice():
    result = crash("segv", "x", env={"LAMBDA_CRASH_RECOVERY": "off"})
    same((result.code, result.posts), (-signal.SIGSEGV, []))
    has(result.err, "FATAL\tthe function crashed: SIGSEGV")


@plain
def crashes_of_the_start_are_reported():
    for place, name in (("load", "on_load"), ("init", "on_init")):
        result = crash("x", env={"CRASH_AT": place})
        same((result.code, len(result.polls)), (-signal.SIGSEGV, 0))
        same(paths(result), ["init/error"])
        error = json.loads(result.posts[0].body)
        same(error["errorType"], "Runtime.Crash")
        has(error["errorMessage"], "SIGSEGV")
        has(" ".join(error["stackTrace"]), "(%s+0x" % name)
        same("requestId" in error, False)


@plain
def a_crash_at_the_end_is_only_logged():
    result = run("crashes.ending", [Reply(b"x")], env={"CRASH_AT": "shutdown"})
    same((result.code, paths(result)), (-signal.SIGSEGV, ["invocation/id-1/error"]))
    has(result.err, "\t-\tFATAL\tthe function crashed: SIGSEGV")


@plain
def a_call_of_exit_is_a_crash():
    result = crash("state", "exit", "exits", "state")
    same((result.code, paths(result)[1]), (0, "invocation/id-1/error"))
    error = error_of(result, 1)
    same((error["errorType"], error["stackTrace"]), ("Runtime.ExitError", []))
    has(error["errorMessage"], "the function called exit")
    has(result.err, "\tid-1\tFATAL\tthe function called exit")
    same((response_of(result, 2), result.posts[3].body), (b"one is left", result.posts[0].body))
    result = crash("exit", "exit", "exit", "x")
    same((result.code, len(result.polls), len(result.posts)), (1, 3, 3))
    result = crash("exit", env={"LAMBDA_CRASH_RECOVERY": "off"})
    same((result.code, result.posts), (0, []))
    for place in ("load", "init"):
        result = crash("x", env={"CRASH_AT": place, "CRASH_BY": "exit"})
        same((result.code, paths(result)), (1, ["init/error"]))
        same(json.loads(result.posts[0].body)["errorType"], "Runtime.ExitError")
    result = run("crashes.ending", [Reply(b"x")], env={"CRASH_AT": "shutdown", "CRASH_BY": "exit"})
    same((result.code, len(result.posts)), (0, 1))


@plain
def a_child_dies_alone():
    result = crash("child", "x")
    same(response_of(result), b"the child died by 11")
    same((result.code, len(result.posts), len(result.polls)), (0, 2, 3))
    has(result.err, "FATAL\tin a process of its own, the function crashed: SIGSEGV")


@plain
def answers_of_the_api_do_not_matter():
    """Refused, cut, never given: the process goes on all the same."""
    refused = Reply(b'{"errorType":"InvalidRequestID"}', 400, plain=True)
    for answer in (refused, Reply(plain=True, status=202, cut=0), Reply(plain=True, cut=9),
                   lambda api, sock: sock.recv(1) != b""):
        result = crash("segv", "x", answers=[answer])
        same((result.code, paths(result)[1]), (0, "invocation/id-1/error"))
        has(result.err, "\tid-0\tERROR\tthe answer is lost: " if answer is refused else "\tid-0\tFATAL")


def slowly(api, sock):
    time.sleep(1)
    return OK.send(sock)


def behind_the_deadline(api, sock):
    time.sleep(1.9)
    return OK.send(sock)


@plain
def the_loop_waits_for_a_crash_beside_it():
    """It would answer the event that has crashed, and take the next one just to lose it."""
    with tempfile.TemporaryDirectory() as folder:
        gate = os.path.join(folder, "gate")

        def let_go(api, sock):
            open(gate, "w").close()  # the handler would come to its end now
            return slowly(api, sock)

        result = crash("beside", "x", answers=[let_go], env={"CRASH_GATE": gate})
    same((result.code, paths(result)), (0, ["invocation/id-0/error", "invocation/id-1/error"]))
    has(error_of(result)["errorMessage"], "in crash_segv (")


@plain
def deadlines_in_the_middle_of_a_crash():
    for env in ({}, {"LAMBDA_DEADLINE_MARGIN_MS": "300"}):
        result = run("crashes", [due("segv", 1700), Reply(b"x")], env=env, answers=[behind_the_deadline])
        same((result.code, len(result.polls)), (0, 3))
        has_not(result.err, "still running")


@plain
def terminated_while_crashing():
    """SIGTERM before a crash, or while it is posted, is not lost with the process."""
    def terminate(api, sock):
        os.kill(int(api.posts()[0].body.split()[1]), signal.SIGTERM)
        return OK.send(sock)

    for event, answers in (("term", []), ("segv", [OK, terminate])):
        result = run("crashes.ending", [Reply(b"state"), Reply(event.encode()), Reply(b"state")],
                     answers=answers, env={"CRASH_AT": "nowhere"})
        same((event, result.code, len(result.polls), result.out), (event, 0, 2, "ended\n"))


@plain
def names_of_the_api_are_known():
    result = crash("segv", "x", address=lambda port: "http://localhost:%d/base/" % port, prefix="/base")
    same([post.path.startswith("/base/2018-06-01/runtime/invocation/") for post in result.posts],
         [True, True])


@plain
def begun_streams_fail():
    """The error is told on a connection of its own; the stream's ends without an end."""
    result = crash("stream", "x")
    same([p for p in paths(result) if p.endswith("error")], ["invocation/id-0/error", "invocation/id-1/error"])
    same(json.loads(result.posts[-2].body)["errorType"], "Runtime.Crash")
    same(result.code, 0)


@plain
def lines_of_json():
    result = crash("segv", "x", env={"AWS_LAMBDA_LOG_FORMAT": "JSON"})
    lines = [json.loads(line) for line in result.err.splitlines()]
    same([line["level"] for line in lines], ["FATAL", "ERROR"])
    same((lines[0]["errorType"], lines[0]["requestId"]), ("Runtime.Crash", "id-0"))
    has(lines[0]["errorMessage"], "SIGSEGV")
    has(lines[0]["stackTrace"][0], "(crash_segv+0x")
    result = run("crashes", [due("hang", 3000)], env={"AWS_LAMBDA_LOG_FORMAT": "JSON"})
    line = json.loads(result.err.splitlines()[0])
    same((line["level"], line["errorType"]), ("WARN", "Function.StillRunning"))
    has(" ".join(line["stackTrace"]), "(answer_hang+0x")


# ---- batches ------------------------------------------------------------------------------------

def sqs(*bodies, group=None, ids=None):
    records = []
    for i, body in enumerate(bodies):
        attributes = {"MessageGroupId": group, "SequenceNumber": str(i)} if group else {}
        records.append({"messageId": ids[i] if ids else "m-%d" % i, "body": body, "eventSource": "aws:sqs",
                        "attributes": attributes})
    return json.dumps({"Records": records})


def kinesis(*data):
    return json.dumps({"Records": [
        {"eventSource": "aws:kinesis", "kinesis": {
            "sequenceNumber": "s-%d" % i, "data": base64.b64encode(d.encode()).decode()}}
        for i, d in enumerate(data)]})


def failures(result):
    return [item["itemIdentifier"] for item in json.loads(response_of(result))["batchItemFailures"]]


@plain
def finished_records_are_not_repeated():
    hostile = ["a\"b\\c", "\u0001\n\x7f", "\u00e9\u20ac\U0001f600", "</script>\u2028"]
    for batch, wanted in (
            (sqs("ok", "fail", "ok", "segv", "ok", "fail"), ["m-1", "m-3", "m-4", "m-5"]),
            (sqs("ok", "overflow"), ["m-1"]),
            (sqs("fail", "ok", "abort"), ["m-0", "m-2"]),
            (sqs("talk", "segv", "exit"), ["m-1", "m-2"]),
            (sqs("ok", "exit", "ok"), ["m-1", "m-2"]),
            (sqs("ok", "stack", "x", "y", ids=hostile), hostile[1:]),
            (sqs("ok", "fail", "x", "segv", ids=hostile), [hostile[1], hostile[3]]),
            (sqs("ok", "segv", "x", group="g"), ["m-1", "m-2"]),
            (kinesis("ok", "ok", "segv", "ok"), ["s-2"]),
            (sqs("ok", *["x"] * 800, "segv", *["x"] * 3000), ["m-%d" % i for i in range(801, 3802)])):
        result = crash(batch, "x")
        same((result.code, failures(result)), (0, wanted))
        same(result.posts[1].path.rsplit("/", 2)[1:], ["id-1", "error"])


@plain
def batches_without_a_finished_record_fail():
    """And where the handler has said itself what is to come again."""
    for batch, env in ((sqs("segv", "ok"), {}), (sqs("fail", "segv", "ok"), {}), (kinesis("segv", "ok"), {}),
                       (sqs("ok", "segv"), {"LAMBDA_PARTIAL_FAILURES": "off"}),
                       (sqs("ok", "segv", "x", ids=["a", "b", ""]), {}),
                       (sqs("ok", "segv")[:-2], {}), (sqs("list", "ok", "segv"), {})):
        result = crash(batch, "x", env=env)
        same(error_of(result)["errorType"], "Runtime.Crash")
        same((result.code, len(result.posts)), (0, 2))


# ---- hangs --------------------------------------------------------------------------------------

@test("crashes")
def hangs_are_explained():
    for event, name in (("hang", "answer_hang"), ("spin", "answer_spin")):
        result = run("crashes", [due(event, 3000), Reply(b"quick")])
        same((result.code, len(result.posts), len(re.findall("is still running", result.err))), (0, 2, 1))
        has(result.err, "\tid-1\tWARN\tthe handler is still running ")
        has(result.err, "(%s+0x" % name)


@test("crashes")
def handlers_in_time_are_not_disturbed():
    result = run("crashes", [due("quick", 30000), due("quick", 60000), due("quick", 0), due("quick", -99),
                             Reply(b"quick")])
    same([post.body for post in result.posts], [b"undisturbed"] * 5)
    has_not(result.err, "still running")


@plain
def hangs_are_answered():
    env = {"LAMBDA_DEADLINE_MARGIN_MS": "300"}
    result = run("crashes", [Reply(b"state")] + [due(e, 2300, "id-%d" % i) for i, e in enumerate(
        ("hang", "spin", "hang", "hang"))] + [Reply(b"state")], env=env)
    same((result.code, len(result.posts)), (0, 6))
    for index, name in enumerate(("answer_hang", "answer_spin")):
        error = error_of(result, index + 1)
        same(error["errorType"], "Function.DeadlineExceeded")
        has(error["errorMessage"], "the handler is still running ")
        has(" ".join(error["stackTrace"]), "(%s+0x" % name)
    same(result.posts[5].body, result.posts[0].body)
    result = run("crashes", [due(sqs("ok", "hang", "x"), 2300), Reply(b"x")], env=env)
    same(failures(result), ["m-1", "m-2"])


@test("crashes")
def margins_are_checked():
    for text in ("soon", "-1", "1.5", "900001", "99999999999999999999"):
        result = run("crashes", [Reply(b"quick")], env={"LAMBDA_DEADLINE_MARGIN_MS": text})
        same(response_of(result), b"undisturbed")
        has(result.err, "\tWARN\tLAMBDA_DEADLINE_MARGIN_MS '%s" % text[:40])
    result = run("crashes", [Reply(b"quick")], env={"LAMBDA_DEADLINE_MARGIN_MS": "900000"})
    has_not(result.err, "WARN")


# ---- the end ------------------------------------------------------------------------------------

@test("crashes")
def terminated_while_waiting():
    result = run("hooks", [])
    same(result.code, 0)
    same(result.out, "ended after 0\n")


@test("crashes")
def terminated_while_polling():
    """SIGTERM at any moment of a busy loop is never lost and never loses an answer."""
    for delay in (0.0, 0.001, 0.002, 0.005, 0.01):
        stop = threading.Event()

        def forever(api, sock, reply=Reply(b"1")):
            api.script.insert(0, forever)
            if len(api.polls()) == 10:
                threading.Timer(delay, api.idle.set).start()
            return reply.send(sock)

        result = run("hooks", [forever])
        same(result.code, 0)
        has(result.out, "ended after ")
        same(int(result.out.split()[-1]), len(result.posts))

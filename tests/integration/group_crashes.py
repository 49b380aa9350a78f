# SPDX-License-Identifier: Apache-2.0
"""Crashes and SIGTERM."""
import os
import re
import signal
import subprocess
import threading

import harness
from harness import has, run, same, test
from runtime_api import Reply


@test("crashes")
def crashes():
    if harness.options.sanitized:
        return
    for event, number, words in (
            ("segv", signal.SIGSEGV, "SIGSEGV (segmentation fault) at address 0x10"),
            ("overflow", signal.SIGSEGV, "SIGSEGV"), ("call", signal.SIGSEGV, "at address 0x0"),
            ("fpe", signal.SIGFPE, "SIGFPE"), ("ill", signal.SIGILL, "SIGILL"),
            ("bus", signal.SIGBUS, "SIGBUS"), ("abort", signal.SIGABRT, "SIGABRT"),
            ("heap", signal.SIGABRT, "SIGABRT")):
        result = run("crashes", [Reply(event.encode(), id="id-9")])
        same((event, result.code), (event, -number))
        has(result.err, words)
        has(result.err, "\tid-9\tFATAL\tthe function crashed: ")
        has(result.err, "/crashes.so+0x")
        has(result.err, "build id of ")


@test("crashes")
def crash_without_a_stack():
    """What can be said without reading the stack is said first."""
    if harness.options.sanitized:
        return
    result = run("crashes", [Reply(b"stack", id="id-9")])
    same(result.code, -signal.SIGSEGV)
    has(result.err, "\tid-9\tFATAL\tthe function crashed: SIGSEGV")


@test("crashes")
def frames_name_the_handler():
    """The frames of a crash are those of the code that crashed, in order."""
    if harness.options.sanitized:
        return
    result = run("crashes", [Reply(b"segv")])
    module = os.path.join(harness.options.handlers, "crashes.so")
    offsets = re.findall(r"#\d+ %s\+(0x[0-9a-f]+)" % re.escape(module), result.err)
    names = subprocess.run(["addr2line", "-f", "-e", module] + offsets, check=True,
                           stdout=subprocess.PIPE).stdout.decode().split("\n")[::2]
    same([n for n in names if n][:2], ["crash_segv", "on_event"])


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

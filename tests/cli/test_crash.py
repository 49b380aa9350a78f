#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Crashes and hangs of a handler in the sandbox: one environment, which survives.

test_crash.py CLAMBDA HOSTILE EXAMPLE-MODULE EXAMPLE-FOLDER"""
import json
import sys

from harness import check, check_match, finish, need_sandbox, run

MODULE, FOLDER = sys.argv[3:5]


def invoke(*events, options=()):
    command = ["invoke", MODULE, *options]
    for event in events:
        command += ["-e", f"{FOLDER}/{event}.json"]
    return run(*command)


def check_error(what, line, kind, message):
    error = json.loads(line)
    check(f"{what}: type", error["errorType"], kind)
    check_match(f"{what}: message", error["errorMessage"], message)
    check_match(f"{what}: stack", " ".join(error["stackTrace"]), r"crash\.so\+0x[0-9a-f]+ \(on_order\+0x")
    check(f"{what}: build id", any(line.startswith("build id of crash.so: ") for line in error["stackTrace"]), True)


def check_reuse(what, done, events):
    check(f"{what}: exit code", done.code, 1)
    check(f"{what}: lines", [len(done.log(kind)) for kind in ("INIT_START", "START", "END", "REPORT")],
          [1, events, events, events])
    check(f"{what}: the next event is good", done.lines[-1], '"G"')


def check_crash():
    done = invoke("1", "2")
    check_reuse("crash", done, 2)
    check_error("crash", done.lines[0], "Runtime.Crash",
                r"^the function crashed: SIGSEGV \(segmentation fault\) at address 0x0 in on_order \(crash\.so\+0x")
    check_match("crash: log", done.err, r"FATAL\tthe function crashed: SIGSEGV.*\n    #0 /var/task/crash.so\+0x")


def check_crash_loop():
    done = invoke("1", "1", "1", "2")
    check("three crashes: exit code", done.code, 1)
    check("three crashes: answers", [json.loads(line)["errorType"] for line in done.lines[:3]],
          ["Runtime.Crash"] * 3)
    check("three crashes: the next event is good all the same", done.lines[3], '"G"')
    check("two crashes and a good one", invoke("1", "1", "2", "1", "2").log("INIT_START")[1:], [])


def check_opt_out():
    done = invoke("1", options=("--env", "LAMBDA_CRASH_RECOVERY=off"))
    check("without recovery: type", json.loads(done.lines[0])["errorType"], "Runtime.ExitError")


def check_json():
    done = invoke("1", "2", options=("--log-format", "json"))
    lines = [json.loads(line) for line in done.err.splitlines()]
    fatal = [line for line in lines if line.get("level") == "FATAL"]
    check("json: one line", len(fatal), 1)
    check("json: type", fatal[0]["errorType"], "Runtime.Crash")
    check_match("json: stack", " ".join(fatal[0]["stackTrace"]), r"\(on_order\+0x")


def check_hang():
    # with a whole CPU: there is a tenth of a second to explain it
    done = invoke("slow", options=("--timeout", "1", "--memory", "1769"))
    check("hang: exit code", done.code, 1)
    check_match("hang: explained", done.err,
                r"WARN\tthe handler is still running \d+ ms before its deadline, here:\n(    .*\n)*?"
                r"    #\d+ /var/task/crash.so\+0x[0-9a-f]+ \(on_order\+0x")
    check_match("hang: ended by the platform", done.lines[0], r"Sandbox\.Timedout|timed out")
    done = invoke("slow", "2", options=("--timeout", "4", "--env", "LAMBDA_DEADLINE_MARGIN_MS=2000"))
    check_reuse("hang with a margin", done, 2)
    check_error("hang with a margin", done.lines[0], "Function.DeadlineExceeded",
                r"^the handler is still running \d+ ms before its deadline in on_order \(crash\.so")


need_sandbox()
check_crash()
check_crash_loop()
check_opt_out()
check_json()
check_hang()
finish()

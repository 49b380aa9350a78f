#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Streamed answers in the sandbox: callers get them when they are whole, or why they are not.

test_stream.py CLAMBDA HOSTILE STREAMS-SO"""
import json
import sys

from harness import check, check_match, finish, need_sandbox, run, write

STREAMS = sys.argv[3]
FAST = ("--memory", "1769", "--timeout", "60")


def stream(*cases):
    command = ["invoke", STREAMS, *FAST]
    for i, case in enumerate(cases):
        command += ["-e", write(f"case-{i}.json", json.dumps(case))]
    return run(*command)


def check_good():
    done = stream("plain")
    check("bytes", (done.code, done.out), (0, "hello world\n"))
    done = stream("http")
    prelude, body = done.out.split("\0" * 8)
    check("the status stands in front, as it was posted", json.loads(prelude)["statusCode"], 201)
    check("the body behind it", body, "<p>\n")
    check("nothing at all", (stream("empty").code, stream("empty").out.strip()), (0, ""))


def check_failed():
    for case, message in (("fail first", "before the first byte"), ("fail later", 'behind "world"')):
        done = stream(case)
        check(f"{case}: exit code", done.code, 1)
        check(f"{case}: the error is the answer", json.loads(done.out)["errorMessage"], message)
        check_match(f"{case}: it is logged", done.err, "ERROR\tNotToday: ")
    done = stream("abort")
    check("a crash inside a stream: exit code", done.code, 1)
    check_match("it is told, and not the bytes so far", json.loads(done.out)["errorType"], r"^Runtime\.")


def check_large():
    done = stream("large", "plain")
    check("64 MB and another: exit code", done.code, 1)
    first, second = done.lines
    check("a caller who does not stream gets 6 MB", json.loads(first)["errorType"],
          "Function.ResponseSizeTooLarge")
    check("the environment goes on", second, "hello world")
    check("it is the same one", len(done.log("INIT_START")), 1)
    check_match("the function learns why", done.err, "the answer is lost: .*413")


need_sandbox()
check_good()
check_failed()
check_large()
finish()

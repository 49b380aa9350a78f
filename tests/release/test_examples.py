#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One invocation of each example by the release bootstrap, against the scripted Runtime API.

test_examples.py BUILD ARCH"""
import json
import os
import sys
import tempfile

import release

sys.path.insert(0, os.path.join(release.ROOT, "tests", "integration"))
from runtime_api import Reply, Runner  # noqa: E402

BUILD, ARCH = sys.argv[1:]
ANSWERED = ("s3_put", "sqs_batch", "kinesis_records", "hello_cpp", "raw_echo", "stream", "idempotent")


def read(name, file):
    with open(os.path.join(release.ROOT, "examples", name, file), "rb") as f:
        return f.read()


LEFT = ("/tmp/s3_put.count", "/tmp/idempotent.ledger")
COUNTED = "handledByEnvironment"  # in /tmp, which is not the sandbox's here


def lines(data):
    """The documents of an answer; eight zero bytes end the head of a streamed one."""
    found = [json.loads(line) for line in data.replace(b"\0" * 8, b"\n").splitlines() if line.strip()]
    for document in found:
        if isinstance(document, dict) and COUNTED in document:
            assert document.pop(COUNTED) >= 1
    return found


def answer(runner, name):
    result = runner.run(name, [Reply(read(name, "event.json"))])
    assert result.code == 0, f"exit {result.code}: {result.err[-2000:]}"
    assert [p.path.rsplit("/", 1)[1] for p in result.posts] == ["response"], result.posts
    got, wanted = lines(result.posts[0].body), lines(read(name, "expected.json"))
    assert got == wanted, f"answered {got}, expected {wanted}"


def crash(runner):
    """The caller learns where: the function's name and the callers' are in the report."""
    result = runner.run("crash", [Reply(read("crash", "1.json")), Reply(read("crash", "2.json"))])
    posts = [json.loads(p.body) for p in result.posts if p.path.endswith("/error")]
    assert posts, f"no error was posted: {result.err[-2000:]}"
    assert posts[0]["errorType"] == "Runtime.Crash", posts[0]
    assert "crash.so+0x" in posts[0]["errorMessage"], posts[0]["errorMessage"]
    assert any("bootstrap" in frame for frame in posts[0]["stackTrace"]), posts[0]["stackTrace"]


def main():
    release.need(BUILD, ARCH)
    failed, new = 0, [path for path in LEFT if not os.path.exists(path)]
    with tempfile.TemporaryDirectory(prefix="clambda-release.") as folder:
        runner = Runner(release.runnable(BUILD, ARCH, folder),
                        os.path.join(BUILD, "release", ARCH, "examples"))
        tests = [(name, lambda n=name: answer(runner, n)) for name in ANSWERED]
        for name, test in [*tests, ("crash", lambda: crash(runner))]:
            try:
                test()
                print(f"ok - {name}")
            except AssertionError as fault:
                failed += 1
                print(f"not ok - {name}\n# {fault}")
    for path in new:
        if os.path.exists(path):
            os.unlink(path)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each example, as its README tells a user: every command of its sh blocks is run in a copy of the
folder, and the answers to event.json are compared with expected.json. A command with a comment
"# exit 1: TEXT" must exit so and print TEXT; every other one exits 0.

test_examples.py SOURCE-FOLDER CLAMBDA EXAMPLE"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE, CLAMBDA, NAME = sys.argv[1:4]
FENCE = re.compile(r"^```sh\n(.*?)^```$", re.M | re.S)
EXIT = re.compile(r"# exit (\d+)(?:: (\S+))?$")
HOST_CANNOT = 3
SKIPPED = 77


def fail(command, text):
    print(f"{NAME}: '{command}': {text}", file=sys.stderr)
    sys.exit(1)


def commands():
    with open(os.path.join(SOURCE, "examples", NAME, "README.md"), encoding="utf-8") as page:
        text = page.read()
    return [line for block in FENCE.findall(text) for line in block.splitlines() if line.strip()]


def skip_or_fail(command, reason):
    if os.environ.get("SANDBOX_MUST_WORK") == "1":
        fail(command, "this host cannot sandbox: " + reason)
    print(f"{NAME}: SKIP {reason}")
    sys.exit(SKIPPED)


def expected_of(command):
    """The file with the answers that a command must print, None when they only must succeed."""
    events = re.findall(r" -e (\S+)", command)
    if events == ["event.json"]:
        return "expected.json"
    return "expected-reuse.jsonl" if len(events) > 1 else None


def check_answers(command, out, expected):
    try:
        answers = [json.loads(line) for line in out.splitlines()]
    except ValueError:
        fail(command, f"the answer is no JSON: {out[:300]}")
    if expected is None:
        if not answers:
            fail(command, "there is no answer")
        return
    with open(expected, encoding="utf-8") as file:
        wanted = [json.loads(line) for line in file]
    if answers != wanted:
        fail(command, f"answers {out}, expected {wanted}")


def check_lines(command, done, events):
    for kind, count in (("INIT_START ", 1), ("REPORT ", events)):
        got = sum(line.startswith(kind) for line in done.stderr.splitlines())
        if got != count:
            fail(command, f"{got} {kind.strip()} lines, expected {count}:\n{done.stderr[-2000:]}")


def run(command, environment):
    done = subprocess.run(["bash", "-c", "set -o pipefail; " + command], capture_output=True,
                          text=True, timeout=600, env=environment)
    if done.returncode == HOST_CANNOT:
        skip_or_fail(command, done.stderr.strip()[-500:])
    announced = EXIT.search(command)
    if done.returncode != (int(announced[1]) if announced else 0):
        fail(command, f"exit {done.returncode}: {done.stdout[-500:]}{done.stderr[-2000:]}")
    if announced and announced[2] and announced[2] not in done.stdout:
        fail(command, f"'{announced[2]}' is not in {done.stdout[-2000:]}")
    if "clambda invoke" in command:
        check_answers(command, done.stdout, expected_of(command))
        check_lines(command, done, max(1, command.count(" -e ")))


def main():
    todo = commands()
    if not any(expected_of(c) == "expected.json" or EXIT.search(c) for c in todo):
        fail("README.md", "no command compares with expected.json or announces an exit code")
    with tempfile.TemporaryDirectory(prefix="clambda-example.") as top:
        folder = os.path.join(top, "examples", NAME)
        shutil.copytree(os.path.join(SOURCE, "examples"), os.path.join(top, "examples"))
        os.mkdir(os.path.join(top, "runtime"))
        os.symlink(os.path.join(SOURCE, "runtime", "include"), os.path.join(top, "runtime", "include"))
        os.chmod(top, 0o755)
        os.chdir(folder)
        path = os.path.dirname(os.path.abspath(CLAMBDA)) + os.pathsep + os.environ["PATH"]
        for command in todo:
            run(command, {**os.environ, "PATH": path})
        os.chdir("/")
    print(f"{NAME}: {len(todo)} commands")


if __name__ == "__main__":
    main()

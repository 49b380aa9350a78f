# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command share: running it, checks, a report, skips."""
import fcntl
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time

CLAMBDA = sys.argv[1]
HOSTILE = sys.argv[2] if len(sys.argv) > 2 else None
MUST = os.environ.get("SANDBOX_MUST_WORK") == "1"
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
PATIENCE_S = 60  # nothing is expected to last so long
COMMAND_S = 600  # nor a whole command, on a machine that is emulated and busy
failures = []
work = tempfile.TemporaryDirectory(prefix="clambda-cli.")


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err
        self.lines = out.splitlines()

    def log(self, kind):
        return [line for line in self.err.splitlines() if line.startswith(kind)]


def path(name):
    return os.path.join(work.name, name)


def write(name, text):
    os.makedirs(os.path.dirname(path(name)), exist_ok=True)
    with open(path(name), "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())
    return path(name)


def function(name, bootstrap=None, mode=0o755):
    """A folder with a bootstrap: HOSTILE, or the given text."""
    folder = path(name)
    os.makedirs(folder, exist_ok=True)
    target = f"{folder}/bootstrap"
    if bootstrap is None and not os.path.exists(target):
        shutil.copy(HOSTILE, target)
    elif bootstrap is not None:
        write(f"{name}/bootstrap", bootstrap)
    os.chmod(target, mode)
    return folder


def run(*arguments, stdin=b"", env=None, **more):
    done = subprocess.run([CLAMBDA, *arguments], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=dict(os.environ, **(env or {})), timeout=COMMAND_S, **more)
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace"))


def invoke(folder, *deeds, options=(), **more):
    """One event for each deed, such as "exit 3". A function has three seconds where nothing else is said, and 7 % of
    a CPU: on a busy machine that is not enough for each of them."""
    command = ["invoke", folder, *(() if "--timeout" in options else ("--timeout", "60"))]
    for i, deed in enumerate(deeds):
        event = deed if deed.startswith(("{", "[")) else json.dumps({"do": deed}, separators=(",", ":"))
        command += ["-e", write(f"event-{i}.json", event)]
    return run(*command, *options, **more)


def check(what, got, want):
    if got == want:
        print(f"ok - {what}")
    else:
        failures.append(what)
        print(f"not ok - {what}\n# got      {got!r}\n# expected {want!r}")


def check_match(what, got, pattern):
    if re.search(pattern, got):
        print(f"ok - {what}")
    else:
        failures.append(what)
        print(f"not ok - {what}\n# got      {got!r}\n# expected to match {pattern!r}")


def wait_until(condition):
    """Gives what the condition says in the end."""
    end = time.monotonic() + PATIENCE_S
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return condition()


def is_full(pipe):
    """Whether what was made for a page has no place for a line more."""
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0] > 4000


def need_sandbox():
    """Ends the test as skipped where the host cannot sandbox at all."""
    probe = invoke(function("probe"), "echo")
    if probe.code == 3:
        print(f"skipped: {probe.err.strip().splitlines()[-1]}")
        sys.exit(1 if MUST else 77)


def finish():
    print(f"{len(failures)} failed")
    sys.exit(1 if failures else 0)

# SPDX-License-Identifier: Apache-2.0
"""What is tried in the machine, a row each. After every row nothing of it may be left behind."""
import json
import os
import shlex
import subprocess
import time

SECONDS = 120
LEFT = """find /sys/fs/cgroup -mindepth 1 -type d \\( -name 'clambda*' -o -name 'run-*' -o -name 'session-*' \\)
losetup -a; ls /var/tmp; grep -l clambda /proc/[0-9]*/comm 2>/dev/null"""


class Row:
    """A command, the status it ends with, and words of its output (out) and messages (err)."""

    def __init__(self, name, kind, *command, status=0, out=(), err=(), before="", after=""):
        self.name, self.kind, self.command = name, kind, command
        self.status, self.out, self.err = status, out, err
        self.before, self.after = before, after

    def script(self):
        run = f"/vm/enter {self.kind} {shlex.join(self.command)}"
        return f"{self.before}\n{run}; status=$?\n{self.after}\nexit $status" if self.after \
            else f"{self.before}\n{run}"

    def findings(self, vm):
        done = vm.run(self.script(), SECONDS)
        found = [f"exit {done.status} instead of {self.status}"] if done.status != self.status else []
        for name, want, got in (("output", self.out, done.out), ("messages", self.err, done.err)):
            found += [f"no '{word}' in its {name}" for word in want if word not in got]
        if found:
            found += (done.out + done.err).splitlines()[-40:]
        left = vm.run(LEFT).out.split()
        return found + [f"left behind: {name}" for name in left]


def jail_tests(build):
    """The jail's own tests as ctest knows them, those that are programs of the build."""
    done = subprocess.run(["ctest", "--test-dir", build, "-R", "^jail_", "--show-only=json-v1"],
                          check=True, stdout=subprocess.PIPE, text=True)
    for test in json.loads(done.stdout)["tests"]:
        if test["command"][0].startswith(f"{build}/bin/"):
            yield Row(test["name"], "root", "env", "SANDBOX_MUST_WORK=1", *test["command"])


def table(build):
    return [*jail_tests(build)]


def names(build):
    return [row.name for row in table(os.path.realpath(build))]


def run(vm, build, only=""):
    rows = [row for row in table(os.path.realpath(build)) if only in row.name]
    print(f"1..{len(rows)} # {vm.kind}, kernel {vm.run('uname -r').out.strip()}", flush=True)
    failed = 0
    for i, row in enumerate(rows, 1):
        start = time.monotonic()
        found = row.findings(vm)
        failed += bool(found)
        print(f"{'not ok' if found else 'ok'} {i} - {row.name}"
              f" # {time.monotonic() - start:.1f} s", flush=True)
        for line in found:
            print(f"#   {line}", flush=True)
    return 1 if failed or not rows else 0

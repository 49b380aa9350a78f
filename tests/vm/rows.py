# SPDX-License-Identifier: Apache-2.0
"""What is tried in the machine, a row each. After every row nothing of it may be left behind."""
import contextlib
import json
import os
import re
import shlex
import sys
import threading
import time

import image
import machine

MACHINES = 2  # at once, of one processor each: quicker than one of two
SECONDS = 400
# control groups, loop devices and processes that a row has left; the kernel frees some of them a moment later
LEFT = r"""left() {
    find /sys/fs/cgroup -mindepth 1 -type d \( -name 'clambda*' -o -name 'run-*' -o -name 'session-*' \)
    losetup -a
    grep -lxE 'clambda|bootstrap' /proc/[0-9]*/comm 2>/dev/null
}
for i in $(seq 300); do
    [ -n "$(left)" ] || exit 0
    usleep 200000
done
left"""

# Waits until the command's messages have a START line; its group is then $group.
STARTED = r"""until grep -qs ^START /tmp/messages; do
    kill -0 $child 2>/dev/null || { cat /tmp/messages >&2; exit 99; }
    usleep 20000
done
group=$(find /sys/fs/cgroup -name 'clambda.[0-9]*' -type d)"""


class Row:
    """A script and the status it ends with; patterns that its output and its messages have, and
    how many warnings stand there."""

    def __init__(self, name, script, status=0, out="", err="", warnings=0):
        self.name, self.script, self.status = name, script, status
        self.patterns, self.warnings = (out, err), warnings

    def findings(self, vm):
        done = vm.run(self.script, SECONDS)
        found = [f"exit {done.status} instead of {self.status}"] if done.status != self.status else []
        for what, want, got in zip(("output", "messages"), self.patterns, (done.out, done.err)):
            if not re.search(want, got, re.M):
                found.append(f"nothing like '{want}' in its {what}")
        warnings = len(re.findall("^clambda: warning:", done.err, re.M))
        if warnings != self.warnings:
            found.append(f"{warnings} warnings instead of {self.warnings}")
        if found:
            found += (done.out + done.err)[-6000:].splitlines()
        return found + [f"left behind: {name}" for name in vm.run(LEFT, SECONDS).out.splitlines()]


def enter(kind, *command):
    return shlex.join(["/vm/enter", kind, *command])


# Of these the rest is the same on every host and takes minutes in a machine without KVM.
ONLY = {"jail_stay": ("--only", "massacre")}


def jail_tests(build):
    """The jail's own tests as ctest knows them, those that are programs of the build. Read from its
    file, since a ctest below another one in the same folder spoils the other's log."""
    with open(f"{build}/tests/CTestTestfile.cmake", encoding="utf-8") as file:
        tests = re.findall(r'^add_test\(\W*(jail_\w+)\W+"([^"]+)"\)', file.read(), re.M)
    if not tests:
        raise image.Missing(f"no test of the jail in '{build}'")
    for name, program in tests:
        if os.path.dirname(program) == f"{build}/bin":
            command = [program, *ONLY.get(name, ())]
            yield Row(" ".join([name, *command[1:]]),
                      enter("root", "env", "SANDBOX_MUST_WORK=1", *command))


class Commands:
    """Scripts that run the command in the machine."""

    def __init__(self, build):
        self.clambda, self.examples = f"{build}/bin/clambda", f"{build}/examples"
        self.prepare = f"mkdir -p /tmp/fn; cp {shlex.quote(build)}/bin/hostile /tmp/fn/bootstrap\n"

    def example(self, kind, *options):
        command = [self.clambda, "invoke", f"{self.examples}/raw_echo.so", "--timeout", "300", *options]
        return enter(kind, *command) + """ </dev/null"""

    def invoke(self, kind, *deeds, options=()):
        """One event for each deed of the hostile function."""
        script, events = self.prepare, []
        for i, deed in enumerate(deeds):
            script += f"echo '{json.dumps({'do': deed}, separators=(',', ':'))}' >/tmp/event-{i}.json\n"
            events += ["-e", f"/tmp/event-{i}.json"]
        return script + enter(kind, self.clambda, "invoke", "/tmp/fn", *events, *options)

    def while_it_runs(self, kind, deed, script, *options):
        """The script runs while the function is at work: $group is the jail's control group,
        $child the command's process. An earlier row's messages go first: the shell goes on before
        the command behind it has emptied them."""
        return ("rm -f /tmp/messages\n" + self.invoke(kind, deed, options=options)
                + " >/tmp/answer 2>/tmp/messages &\nchild=$!\n" + STARTED + "\n" + script)


def limits_hold(commands, kind, memory_mb):
    """Every limit of a plain run; memory_mb is what the group may use, with a /tmp in memory."""
    expected = f"^{memory_mb * 1048576} 0 1440 20000 1024 1$"
    yield Row(f"{kind}: an example runs, all limits on", commands.example(kind), out=r"^\{\}$")
    yield Row(f"{kind}: its group has them", commands.while_it_runs(
        kind, "sleep 200000", "cd $group/function && echo $(cat memory.max memory.swap.max cpu.max"
        " pids.max memory.oom.group 2>/dev/null); cd /; kill ${group##*.}; wait $child; true", "--timeout", "300"),
        out=expected)
    yield Row(f"{kind}: memory", commands.invoke(
        kind, "allocate 500", options=("--memory", "256", "--timeout", "300")), 1,
        out="OutOfMemory", err="Max Memory Used: 256 MB")
    yield Row(f"{kind}: /tmp", commands.invoke(
        kind, "tmp 600", options=("--timeout", "300", "--memory", "1769")),
        out=r'"written":51[0-9],"failed":"ENOSPC"')
    yield Row(f"{kind}: processes", commands.invoke(kind, "fork 2000",
              options=("--timeout", "300", "--memory", "1769")),
              out='"again":true')
    yield Row(f"{kind}: frozen between two events", frozen(commands, kind), out="^frozen 1$")


def frozen(commands, kind):
    """Nobody reads the messages behind the first START: the function's own line, as long as a pipe
    holds, fills that one, and the command stands still between two events."""
    command = commands.invoke(kind, "count 65500", "count", options=("--timeout", "100"))
    return command + r""" 2>&1 >/tmp/answer | {
    while read -r line; do case $line in START*) break ;; esac; done
    for i in $(seq 1200); do
        events=$(cat $(find /sys/fs/cgroup -path '*/clambda.[0-9]*/function/cgroup.events'))
        case $events in *"frozen 1"*) break ;; esac
        usleep 50000
    done
    echo "$events"
    cat >/dev/null
}"""


KILLED = r"""kill -9 ${group##*.}; wait $child
for i in $(seq 3000); do grep -q 'populated 1' $group/cgroup.events || break; usleep 20000; done
cat $group/cgroup.events"""


def table(build):
    commands = Commands(build)
    without = "^clambda: .*memory.*cpu"
    yield from jail_tests(build)
    yield from limits_hold(commands, "root", 128)
    yield Row("root: killed, the next run removes what is left", commands.while_it_runs(
        "root", "sleep 60000", KILLED + "\n" + commands.example("root"), "--timeout", "90"),
        out=r"^populated 0$[\s\S]*^\{\}$")
    for kind in ("delegated:sub", "delegated:own"):
        yield from limits_hold(commands, kind, 640)
        yield Row(f"{kind}: jail_limits",
                  enter(kind, "env", "SANDBOX_MUST_WORK=1", f"{build}/bin/jail_limits"))
    for kind, status, holds in (("root", 0, "true"), ("delegated:sub", 0, "true"),
                                ("delegated:own", 0, "true"), ("session:sub", 3, "false")):
        yield Row(f"{kind}: doctor", enter(kind, commands.clambda, "doctor", "--json"), status,
                  out='^[{]"holds": ?' + holds)
    for kind in ("session:sub", "session:own"):
        yield Row(f"{kind}: refused", commands.example(kind), 3, err=without)
        yield Row(f"{kind}: --relax", commands.example(kind, "--relax", "memory,cpu"),
                  out=r"^\{\}$", warnings=2)
    for kind in ("root", "delegated:own"):
        yield Row(f"{kind}: no user namespaces", "cd /proc/sys/user; echo 0 >max_user_namespaces\n"
                  + commands.example(kind) + "\nstatus=$?; echo 9999 >max_user_namespaces\n"
                  "exit $status", 3, err="^clambda: .*max_user_namespaces")


def names(build):
    return [row.name for row in table(os.path.realpath(build))]


class Report:
    """Rows that are to be run, taken by whichever machine is free; a line for each that has been."""

    def __init__(self, rows):
        self.rows, self.todo = rows, iter(enumerate(rows, 1))
        self.failed, self.lock = 0, threading.Lock()

    def take(self):
        with self.lock:
            return next(self.todo, None)

    def add(self, number, row, found, seconds):
        with self.lock:
            self.failed += bool(found)
            print(f"{'not ok' if found else 'ok'} {number} - {row.name} # {seconds:.1f} s")
            for line in found:
                print(f"#   {line}")
            sys.stdout.flush()

    def run(self, open_machine):
        """In a machine of its own, until no row is left."""
        lost = None
        with contextlib.ExitStack() as stack:
            try:
                vm = stack.enter_context(open_machine())
            except (machine.Lost, image.Missing) as why:
                vm, lost = None, why
            while taken := self.take():
                number, row = taken
                start = time.monotonic()
                try:
                    found = [str(lost)] if lost else row.findings(vm)
                except machine.Lost as why:
                    lost, found = why, str(why).splitlines()
                self.add(number, row, found, time.monotonic() - start)


def run(open_machine, build, only=""):
    report = Report([row for row in table(os.path.realpath(build)) if only in row.name])
    print(f"1..{len(report.rows)}", flush=True)
    workers = [threading.Thread(target=report.run, args=(open_machine,), daemon=True)
               for _ in range(MACHINES)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return 1 if report.failed or not report.rows else 0

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C, readers that go away: everything is stopped at once, and nothing is left behind."""
import os
import re
import signal
import subprocess
import time

from harness import CLAMBDA, PATIENCE_S, check, check_match, finish, function, need_sandbox, wait_until, write
from processes import descendants, is_bound, loops, read


def start(deed, *options, **more):
    event = write("event.json", '{"do":"%s"}' % deed)
    pipes = dict(stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    pipes.update(more)
    return subprocess.Popen([CLAMBDA, "invoke", function("fn"), "--timeout", "60", *options, "-e", event], **pipes)


def groups(pid):
    """Folders of the control groups of a process that clambda has made."""
    mounts = {}
    for line in read("/proc/self/mountinfo").splitlines():
        fields, _, rest = line.partition(" - ")
        if rest.split()[0] in ("cgroup", "cgroup2"):
            names = rest.split()[2].split(",") if rest.startswith("cgroup ") else [""]
            for name in names:
                mounts[name] = (fields.split()[4], fields.split()[3])
    found = []
    for line in read(f"/proc/{pid}/cgroup").splitlines():
        _, names, group = line.split(":", 2)
        for name in names.split(","):
            if "clambda" in group and name in mounts:
                point, root = mounts[name]
                found.append(point + (group[len(root):] if root != "/" else group))
    return found


def wait_for_start(child):
    """Until the function has its event; gives what must be gone later."""
    while (line := child.stderr.readline()) and not line.startswith(b"START"):
        pass
    inside = descendants(child.pid)
    return {"processes": inside, "groups": [group for pid in inside for group in groups(pid)], "loops": loops(inside)}


def leftovers(found):
    return {"processes": [p for p in found["processes"] if os.path.exists(f"/proc/{p}")],
            "groups": sorted({g for g in found["groups"] if os.path.exists(g)}),
            "loops": sorted(d for d, was in found["loops"].items() if is_bound(d, was))}


NOTHING = {"processes": [], "groups": [], "loops": []}


def settled(found):
    """The kernel frees a loop device a moment after its last user is gone."""
    wait_until(lambda: leftovers(found) == NOTHING)
    return leftovers(found)


def takes(child, number):
    """Whether the process has done something about the signal: caught it, or blocked it."""
    masks = re.findall(r"^Sig(?:Cgt|Blk):\s+([0-9a-f]+)$", read(f"/proc/{child.pid}/status"), re.M)
    return any(int(mask, 16) >> number - 1 & 1 for mask in masks)


def rests(child):
    """Until it waits for something, and has for some looks. Who waits for a processor alone does not rest."""
    wait_until(lambda: takes(child, signal.SIGINT))
    before, calm = None, 0
    while calm < 5 and child.poll() is None:
        status = read(f"/proc/{child.pid}/status")
        now = re.findall(r"ctxt_switches:\s+[0-9]+$", status, re.M)
        calm = calm + 1 if now == before and "\nState:\tS" in status else 0
        before = now
        time.sleep(0.02)


def check_signals():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        child = start("sleep 60000")
        found = wait_for_start(child)
        check(f"{number.name}: something was running", [len(v) > 0 for v in found.values()], [True] * 3)
        child.send_signal(number)
        out, err = child.communicate(timeout=PATIENCE_S)
        check(f"{number.name}: exit code", child.returncode, 130)
        check(f"{number.name}: no answer", out, b"")
        check(f"{number.name}: nothing is left", settled(found), NOTHING)


def check_normal_end():
    child = start("sleep 300")
    found = wait_for_start(child)
    child.communicate(timeout=PATIENCE_S)
    check("normal end: exit code", child.returncode, 0)
    check("normal end: nothing is left", settled(found), NOTHING)


def check_kill():
    """kill -9 leaves no process; groups are removed by who takes the place next."""
    child = start("sleep 60000")
    found = wait_for_start(child)
    child.kill()
    child.communicate(timeout=PATIENCE_S)
    left = settled(dict(found, groups=[]))
    check("SIGKILL: no process, no loop device is left", left, NOTHING)
    for _ in range(5):
        if leftovers(found) == NOTHING:
            break
        start("echo").communicate(timeout=PATIENCE_S)
    check("SIGKILL: the next run removes the groups", settled(found), NOTHING)


def check_standing_reader():
    """Nobody reads the function's endless output; Ctrl-C works all the same."""
    child = start("print -1")
    found = wait_for_start(child)
    time.sleep(0.5)
    child.send_signal(signal.SIGINT)
    check("a reader that stands still: exit code", child.wait(timeout=PATIENCE_S), 130)
    check("a reader that stands still: nothing is left", settled(found), NOTHING)
    child.communicate(timeout=PATIENCE_S)


def check_standing_still():
    """The command is stopped (Ctrl-Z) past the time limit; the function, which is not, answers in time."""
    child = start("sleep 1000", "--timeout", "2")
    wait_for_start(child)
    rests(child)  # START is told before the event is sent
    child.send_signal(signal.SIGSTOP)
    time.sleep(2.5)
    child.send_signal(signal.SIGCONT)
    out, err = child.communicate(timeout=PATIENCE_S)
    check("stopped past the limit: an answer in time counts", (child.returncode, out), (0, b'"slept"\n'))
    child = start("sleep 60000", "--timeout", "1")
    wait_for_start(child)
    child.send_signal(signal.SIGSTOP)
    time.sleep(1.5)
    child.send_signal(signal.SIGCONT)
    out, err = child.communicate(timeout=PATIENCE_S)
    check("stopped past the limit: no answer is a timeout", (child.returncode, b"Sandbox.Timedout" in out), (1, True))


def check_waiting_for_input():
    reader, writer = os.pipe()
    child = subprocess.Popen([CLAMBDA, "invoke", function("fn")], stdin=reader, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
    rests(child)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=PATIENCE_S)
    check("while it waits for the event: exit code", (child.returncode, out, err), (130, b"", b""))
    os.close(reader)
    os.close(writer)


def check_waiting_for_writer():
    """Nobody has opened the other end of the named pipe that the event is to come from."""
    pipe = os.path.join(function("pipes"), "event")
    os.mkfifo(pipe)
    command = [CLAMBDA, "invoke", function("fn"), "-e", pipe]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    rests(child)
    child.send_signal(signal.SIGINT)
    try:
        child.wait(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        child.kill()
    check("a pipe without a writer: exit code", (child.wait(), child.stderr.read()), (130, b""))
    child.stderr.close()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    rests(child)
    with open(pipe, "w") as writer:
        writer.write('{"do":')
        writer.flush()
        time.sleep(0.1)
        writer.write('"echo"}')
    check("a slow writer's event arrives", child.communicate(timeout=PATIENCE_S)[0], b'{"do":"echo"}\n')


def check_closed_streams():
    """The caller has closed standard streams: no other file gets what was meant for them."""
    event = write("event.json", '{"do":"echo"}')
    for closed, want in (("0<&-", 0), ("1>&-", 3), ("2>&-", 0), ("0<&- 2>&-", 0), ("0<&- 1>&- 2>&-", 3)):
        child = subprocess.Popen(["sh", "-c", f'exec "$0" "$@" {closed}', CLAMBDA, "invoke", function("fn"), "-e", event],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            out, err = child.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            out, err = child.communicate()
        answer = b"" if "1>" in closed else b'{"do":"echo"}\n'
        check(f"{closed}: exit code and answer", (child.returncode, out), (want, answer))
        if closed == "1>&-":
            check_match(f"{closed}: message", err.decode(), "clambda: write to stdout: Bad file descriptor\n")


def check_unwritable():
    with open("/dev/full", "w") as full:
        child = start("echo", stdout=full)
        err = child.communicate(timeout=PATIENCE_S)[1]
    check("a full disk: exit code", child.returncode, 3)
    check_match("a full disk: message", err.decode(), "clambda: write to stdout: No space left on device\n")
    reader, writer = os.pipe()
    os.close(reader)
    child = start("echo", stdout=writer)
    os.close(writer)
    err = child.communicate(timeout=PATIENCE_S)[1]
    check("a reader that is gone: exit code", child.returncode, 3)
    check_match("a reader that is gone: message", err.decode(), "clambda: write to stdout: Broken pipe\n")


need_sandbox()
check_signals()
check_normal_end()
check_kill()
check_standing_reader()
check_standing_still()
check_waiting_for_input()
check_waiting_for_writer()
check_closed_streams()
check_unwritable()
finish()

# SPDX-License-Identifier: Apache-2.0
"""What the kernel tells of processes: their children, their loop devices, and whether they stand still."""
import glob
import os
import re
import time

from harness import PATIENCE_S, wait_until


def read(name):
    """A file's text, empty when it is gone."""
    try:
        with open(name, errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def children(pid):
    return [int(word) for word in read(f"/proc/{pid}/task/{pid}/children").split()]


def descendants(pid):
    return [found for child in children(pid) for found in (child, *descendants(child))]


def wait_for_child(process):
    """Until the command has an environment."""
    wait_until(lambda: children(process.pid))


def binding(loop):
    """Which time a loop device has a file, and which file: a name that is free again is soon another run's."""
    folder = f"/sys/block/{loop.removeprefix('/dev/')}"
    return read(f"{folder}/diskseq"), read(f"{folder}/loop/backing_file")


def loops(pids):
    """Loop devices that are mounted in the jail, or open in the command."""
    found = set()
    for pid in pids:
        found |= set(re.findall("/dev/loop[0-9]+", read(f"/proc/{pid}/mountinfo")))
        for fd in glob.glob(f"/proc/{pid}/fd/*"):
            try:
                target = os.readlink(fd)
            except OSError:
                continue
            found |= set(re.findall("^/dev/loop[0-9]+$", target))
    return {name: binding(name) for name in found}


def is_bound(loop, was):
    return was[1] != "" and binding(loop) == was


def steps(pid):
    """How often each process of a function has had a processor and given it back; the command's own child, which
    watches over them, does not count."""
    functions = [found for init in children(pid) for found in descendants(init)]
    return {found: re.findall(r"ctxt_switches:\s+([0-9]+)", read(f"/proc/{found}/status")) for found in functions}


def stands_still(pid, seconds):
    """Whether no process of the command's function makes a step for so long, sooner or later: however busy the
    machine is, a frozen one makes none."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        before = steps(pid)
        time.sleep(seconds)
        if before and steps(pid) == before:
            return True
    return False

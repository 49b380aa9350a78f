# SPDX-License-Identifier: Apache-2.0
"""Whether the processes of a jail stand still, by what the kernel counts of them: however busy the machine is,
a frozen one makes no step."""
import re
import time

from harness import PATIENCE_S


def read(name):
    try:
        with open(name) as file:
            return file.read()
    except OSError:
        return ""


def children(pid):
    return [int(word) for word in read(f"/proc/{pid}/task/{pid}/children").split()]


def descendants(pid):
    return [found for child in children(pid) for found in (child, *descendants(child))]


def steps(pid):
    """How often each process of a function has had a processor and given it back; the command's own child, which
    watches over them, does not count."""
    functions = [found for init in children(pid) for found in descendants(init)]
    return {found: re.findall(r"ctxt_switches:\s+([0-9]+)", read(f"/proc/{found}/status")) for found in functions}


def stands_still(pid, seconds):
    """Whether no process of the command's function makes a step for so long, sooner or later."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        before = steps(pid)
        time.sleep(seconds)
        if before and steps(pid) == before:
            return True
    return False

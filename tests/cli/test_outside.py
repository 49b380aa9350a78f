#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a function does neither swells the command nor holds up another one."""
import os
import subprocess
import threading
import zipfile

from harness import CLAMBDA, HOSTILE, check, check_match, finish, function, invoke, need_sandbox, path, run, write

MB = 1 << 20
SWOLLEN_KIB = 48 * 1024 # the command has some 10 MiB
LOCKS = "#!/bin/sh\nexec 9</var/task\nflock -x -n 9 && echo has it\nexec /var/task/hostile\n"
SIZES = "--memory", "1769", "--timeout", "900"


def flood(name, folder, event):
    """Runs it with its log going to somebody who counts; gives exit code, bytes, resident size at most."""
    child = subprocess.Popen([CLAMBDA, "invoke", folder, *SIZES, "-e", event], stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    counted, longest = [0], [0]

    def count():
        line = 0
        while data := child.stderr.read(MB):
            counted[0] += len(data)
            parts = data.split(b"\n")
            for part in parts[:-1]:
                longest[0] = max(longest[0], line + len(part))
                line = 0
            line += len(parts[-1])

    counter = threading.Thread(target=count)
    counter.start()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    counter.join()
    child.stderr.close()
    check(f"{name}: the command stays small ({usage.ru_maxrss} KiB)", usage.ru_maxrss < SWOLLEN_KIB, True)
    return child.returncode, counted[0], longest[0]


def check_floods():
    print_lines = write("print.json", '{"do":"print 1048576"}')
    code, count, _ = flood("1 GiB of lines", function("fn"), print_lines)
    check("1 GiB of lines: exit code, and all arrive", (code, 1 << 30 <= count < (1 << 30) + 4096), (0, True))
    nothing = write("nothing.json", "{}")
    zeroes = function("zeroes", "#!/bin/sh\nhead -c 300000000 /dev/zero\nexit 3\n")
    code, count, longest = flood("a line without end", zeroes, nothing)
    check("a line without end: exit code, what is shown", (code, longest <= 256 * 1024, count < 4 * MB), (1, True, True))
    noise = function("noise", "#!/bin/sh\nhead -c 30000000 /dev/urandom >&2\nhead -c 30000000 /dev/urandom\nexit 3\n")
    code, count, _ = flood("noise on both pipes", noise, nothing)
    check("noise on both pipes: exit code, and all arrives", (code, count >= 60000000), (1, True))


def check_slow_reader():
    """The log's reader stands still: the function waits, the command does not collect."""
    child = subprocess.Popen([CLAMBDA, "invoke", function("fn"), "--memory", "1769", "--timeout", "2", "-e",
                              write("endless.json", '{"do":"print -1"}')], stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while (line := child.stderr.readline()) and not line.startswith(b"pppp"):
        pass
    done = run("invoke", function("fn"), stdin=b'{"do":"echo"}')
    check("a second one beside it", (done.code, done.out), (0, '{"do":"echo"}\n'))
    with open(f"/proc/{child.pid}/status") as status:
        swollen = [int(line.split()[1]) for line in status if line.startswith("VmHWM:")]
    check("a reader that stands still: the command stays small", swollen and swollen[0] < SWOLLEN_KIB, True)
    rest = child.communicate(timeout=60)[1]
    check("and it ends", (child.returncode, b"Status: timeout" in rest), (1, True))


def check_locks():
    """A function locks the folder that it shares with others of the same zip."""
    name = path("locks.zip")
    with zipfile.ZipFile(name, "w") as out:
        for file, text in (("bootstrap", LOCKS.encode()), ("hostile", open(HOSTILE, "rb").read())):
            info = zipfile.ZipInfo(file)
            info.external_attr = 0o100755 << 16
            out.writestr(info, text)
    first = subprocess.Popen([CLAMBDA, "invoke", name, "--timeout", "900", "-e",
                              write("locks.json", '{"do":"sleep 900000"}')], stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while (line := first.stderr.readline()) not in (b"has it\n", b""):
        pass
    check("a function locks its folder", line, b"has it\n")
    for options in ((), ("--layer", name), ("--no-cache",)):
        done = run("invoke", name, *options, stdin=b'{"do":"echo"}')
        check(f"another one of the same zip runs, {options}", (done.code, done.out), (0, '{"do":"echo"}\n'))
    check("all the while", first.poll(), None)
    first.terminate()
    first.communicate(timeout=60)


def check_bomb():
    """The command answers while its function breeds, ends in time and leaves the place clean."""
    done = invoke(function("fn"), "fork-bomb", "echo", options=("--timeout", "3"))
    check("a bomb, then an event: exit code", done.code, 1)
    check_match("the event after the bomb", done.lines[-1], r'^\{"do":"echo"\}$')


need_sandbox()
check_floods()
check_slow_reader()
check_locks()
check_bomb()
finish()

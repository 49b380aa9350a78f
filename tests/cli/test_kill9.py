#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 at any moment: the jail dies with the command, the next run removes what is left, and nothing of a run that
lives. CLAMBDA_KILLS says how often (20)."""
import glob
import os
import random
import re
import signal
import subprocess
import tempfile
import time
import zipfile

from harness import CLAMBDA, HOSTILE, PATIENCE_S, check, finish, function, need_sandbox, path, run, wait_until, write
from processes import is_bound, loops, read

KILLS = int(os.environ.get("CLAMBDA_KILLS", "20"))
SEED = int(os.environ.get("CLAMBDA_SEED", str(random.SystemRandom().randrange(1 << 32))))
MARK = f"clambda-kill9-{os.getpid()}-{SEED}"
rng = random.Random(SEED)


def marked(mark):
    """Processes of a run: they have its environment, which the first process of its jail copies."""
    return [int(name[6:-8]) for name in glob.glob("/proc/[0-9]*/environ")
            if mark in read(name) and int(name[6:-8]) != os.getpid()]


def is_living(pid):
    """A zombie holds nothing; its new parent reaps it in its time."""
    return read(f"/proc/{pid}/stat").rpartition(")")[2].split()[:1] not in ([], ["Z"], ["X"])


def groups(pid):
    """Control groups are named after the run's process."""
    found = []
    for depth in ("*", "*/*", "*/*/*", "*/*/*/*"):
        found += glob.glob(f"/sys/fs/cgroup/{depth}/clambda.*.{pid}")
    return found


def folders(pid):
    """What is being unpacked."""
    return [name for place in ("/var/cache/clambda/unzip-*/tmp-*", "/var/tmp/clambda-zip-*", "/tmp/clambda-zip-*")
            for name in glob.glob(place) if re.search(rf"-{pid}-", name)]


def big_zip():
    """Takes some time to unpack, and has another content each time."""
    name = path(f"kill-{rng.getrandbits(64):x}.zip")
    with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
        info = zipfile.ZipInfo("bootstrap")
        info.external_attr = 0o100755 << 16
        with open(HOSTILE, "rb") as file:
            out.writestr(info, file.read())
        for i in range(300):
            out.writestr(f"data/{i}", rng.randbytes(64) * 300)
    return name


def start(target, mark, *deeds, options=()):
    command = [CLAMBDA, "invoke", target, "--timeout", "60", *options]
    for i, deed in enumerate(deeds):
        command += ["-e", write(f"{mark}-{i}.json", '{"do":"%s"}' % deed)]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                            env=dict(os.environ, KILL9=mark), start_new_session=True)


# Where a kill can come, with the longest delay in ms: a short run is over with everything after some 20 ms.
KINDS = [
    ("from start to end", "dir", ["echo"], (), 30),
    ("while the jail is built", "dir", ["sleep 60000"], (), 12),
    ("at init", "dir", ["echo"], ("--env", "INIT=sleep 60000"), 60),
    ("during an event", "dir", ["sleep 60000"], (), 80),
    ("between events", "dir", ["count 1"] * 400, (), 250),
    ("with many processes", "dir", ["fork-bomb"], (), 150),
    ("with a full /tmp", "dir", ["tmp 600"], ("--memory", "1769"), 400),
    ("while a zip is unpacked", "zip", ["echo"], (), 60),
    ("while a zip is unpacked for one run", "zip", ["echo"], ("--no-cache",), 60),
]


def kill_once(number):
    what, kind, deeds, options, longest = KINDS[number % len(KINDS)]
    mark = f"{MARK}-{number}"
    target = big_zip() if kind == "zip" else function("fn")
    child = start(target, mark, *deeds, options=options)
    delay = rng.uniform(0, longest)
    time.sleep(delay / 1000)
    found = {}
    if number % 2:
        # stopped for a moment, so that what it holds can be looked at
        child.send_signal(signal.SIGSTOP)
        found = loops([child.pid] + marked(mark))
    child.kill()
    child.communicate(timeout=PATIENCE_S)
    note = f"{what}, after {delay:.1f} ms"
    inside = marked(mark)
    if not wait_until(lambda: not any(map(is_living, inside + marked(mark)))):
        check(f"{note}: no process lives", [p for p in inside + marked(mark) if is_living(p)], [])
    if not wait_until(lambda: not any(is_bound(*item) for item in found.items())):
        check(f"{note}: no loop device is bound", [k for k, v in found.items() if is_bound(k, v)], [])
    if kind == "zip":
        os.unlink(target)
    return child.pid, what


def check_gone(note, pids):
    """After one more run, nothing of the killed ones is there."""
    done = run("invoke", big_zip(), "-e", write("after.json", '{"do":"echo"}'))
    check(f"{note}: the next run works", done.code, 0)
    done = run("invoke", big_zip(), "--no-cache", "-e", write("after.json", '{"do":"echo"}'))
    check(f"{note}: so does one without a cache", done.code, 0)

    def left():
        return [name for pid in pids for name in groups(pid) + folders(pid)]
    wait_until(lambda: not left())  # another test's run may be at it
    check(f"{note}: nothing is left", left(), [])


def check_random_moments():
    print(f"# {KILLS} kills, CLAMBDA_SEED={SEED}")
    living = start(function("fn"), f"{MARK}-living", "sleep 1000", "tmp 20", *["sleep 1000"] * max(600, 10 * KILLS))
    killed, kinds = [], set()
    for number in range(KILLS):
        pid, what = kill_once(number)
        killed.append(pid)
        kinds.add(what)
        if number % 10 == 9:
            check_gone(f"after {number + 1} kills", killed)
    check_gone("in the end", killed)
    check("every kind of moment was tried", len(kinds), min(KILLS, len(KINDS)))
    check("the one that lives goes on", living.poll(), None)
    check("its groups are there", len(groups(living.pid)) > 0, True)
    living.send_signal(signal.SIGSTOP)
    time.sleep(1)
    living.send_signal(signal.SIGCONT)
    check("and is told to end", living.poll(), None)
    living.send_signal(signal.SIGTERM)
    out = living.communicate(timeout=PATIENCE_S)[0].split(b"\n")
    check("its answers are whole", [line for line in out if line not in (b'"slept"', b"")],
          [b'{"written":20,"failed":""}'] if len(out) > 2 else [])
    check("and nothing of it is left", groups(living.pid), [])


def check_together():
    """Several that are killed at once: one run removes what all of them have left."""
    children = [start(function("fn"), f"{MARK}-together-{i}", "sleep 60000") for i in range(4)]
    wait_until(lambda: all(groups(child.pid) for child in children))
    for child in children:
        child.kill()
    for child in children:
        child.communicate(timeout=PATIENCE_S)
    check_gone("four killed together", [child.pid for child in children])


def check_long_event():
    """A run that lives all the while is left alone, stopped for a second or not, and reports what it did."""
    event = write("long.json", '{"do":"tmp 100"}')
    last = write("last.json", '{"do":"sleep 1500"}')
    child = subprocess.Popen([CLAMBDA, "invoke", function("fn"), "--timeout", "60", "--memory", "1769", "-e", event,
                              "-e", last], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             bufsize=0)  # a line that is read takes nothing of the next one along
    killed = []
    while child.stdout.readline() not in (b'{"written":100,"failed":""}\n', b""):
        pass
    for number in range(4):
        killed.append(kill_once(number)[0])
    child.send_signal(signal.SIGSTOP)
    run("invoke", function("fn"), stdin=b'{"do":"echo"}')
    time.sleep(1)
    child.send_signal(signal.SIGCONT)
    out, err = child.communicate(timeout=PATIENCE_S)
    check("a long run beside killed ones: exit code and answer", (child.returncode, out), (0, b'"slept"\n'))
    reports = re.findall(rb"^REPORT .*\tDuration: ([0-9.]+) ms\t.*\n", err, re.M)
    check("its reports", len(reports), 2)
    check("the time it was stopped was not cut off", [float(r) >= 1500 for r in reports[1:]], [True])
    check_gone("beside a long run", killed)


need_sandbox()
check_together()
check_long_event()
check_random_moments()
finish()

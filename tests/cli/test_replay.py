#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""replay: what was recorded runs again, alone and beside another build, warm and cold, in several
environments, at several memory sizes; leaks; recordings made and updated; interrupted."""
import fcntl
import gzip
import json
import os
import pty
import re
import signal
import stat
import struct
import subprocess
import sys
import termios
import time

from harness import CLAMBDA, PATIENCE_S, check, check_match, finish, function, invoke, need_sandbox, path, run, wait_until, write
from processes import wait_for_child

LEAKY, ECHO = sys.argv[3], sys.argv[4]
FOLDER = function("fn")
SANITIZED = b"__asan_init" in open(CLAMBDA, "rb").read()


def events(name, count, *deeds, **members):
    rows = [json.dumps({"do": deeds[i % len(deeds)], "number": i, **members}) for i in range(count)]
    return write(name, "\n".join(rows) + "\n")


def replay(*arguments, **more):
    """With the report as JSON."""
    report = path("report.json")
    if os.path.exists(report):
        os.unlink(report)
    done = run("replay", *arguments, "--report", report, **more)
    done.report = json.load(open(report)) if os.path.exists(report) else None
    return done


def findings(done, state=None):
    return {f["name"]: f["text"] for f in done.report["findings"] if state in (None, f["state"])}


def recording(name, *options, count=6):
    done = run("replay", ECHO, events("given.jsonl", count, "a", "b"), "--record", path(name), *options)
    check(f"{name} is recorded", done.code, 0)
    return path(name)


def lines_of(name):
    opener = gzip.open if name.endswith(".gz") else open
    with opener(name, "rb") as file:
        return [json.loads(line) for line in file]


def change(name, old, new):
    """What was answered to the event of this number."""
    lines = lines_of(name)
    for line in lines:
        if json.loads(line["event"])["number"] == old:
            line["answer"] = new
    opener = gzip.open if name.endswith(".gz") else open
    with opener(name, "wb") as file:
        file.write(b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines))


def check_equal():
    trace = recording("same.jsonl")
    lines = lines_of(trace)
    check("a recording of a replay: events", [json.loads(line["event"])["number"] for line in lines], list(range(6)))
    check("answers", [line["answer"] for line in lines], [line["event"] for line in lines])
    check("positions", [(line["position"], line["cold"]) for line in lines], [(i, i == 0) for i in range(6)])
    check("one environment", len({line["environment"] for line in lines}), 1)
    for options in ((), ("--jobs", "3"), ("--cold", "each"), ("--pace", "1000"), ("--baseline", ECHO), ("--real-cpu",),
                    ("--logs",)):
        done = replay(ECHO, trace, *options)
        check(f"equal {options}", (done.code, done.report["totals"]["equal"] if done.report else done.err), (0, 6))
    done = run("replay", ECHO, trace, "--cold", "each", "--record", path("cold.jsonl"))
    lines = lines_of(path("cold.jsonl"))
    check("cold each: a new environment for each", (len({line["environment"] for line in lines}),
                                                    [line["cold"] for line in lines]), (6, [True] * 6))


def check_differences():
    trace = recording("other.jsonl")
    change(trace, 3, '{"do":"z","number":3}')
    change(trace, 4, '{"do":"a","number":5}')
    done = replay(ECHO, trace)
    check("differences", (done.code, done.report["totals"]["differing"]), (1, 2))
    check_match("named by event, line and pointer", done.out, r"event 4 .*line 4[^\n]*\n\s+/do\n")
    check("one is ignored", replay(ECHO, trace, "--ignore", "/do").report["totals"]["differing"], 1)
    check("the other by match", replay(ECHO, trace, "--ignore", "/do", "--match", "/number=number~2").code, 0)
    only = replay(ECHO, trace, "--only", "4")
    check("only one", (only.code, only.report["totals"]["done"]), (1, 1))
    check_match("with its number", only.out, r"event 4 ")
    check("no such one", run("replay", ECHO, trace, "--only", "7").code, 2)
    check("jobs find the same", replay(ECHO, trace, "--jobs", "4").report["totals"]["differing"], 2)
    other = replay(LEAKY, events("some.jsonl", 5, "count", "a"), "--baseline", ECHO)
    check("against another function", (other.code, other.report["totals"]["differing"]), (1, 5))


def check_budget():
    trace = recording("timed.jsonl", count=40)
    lines = lines_of(trace)
    for line in lines:
        line["duration_us"] = 1
    write("timed.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    done = replay(ECHO, trace, "--budget", "duration=+20%,memory=+400%")
    check("over the budget", (done.code, list(findings(done, "failed")), "memory" in findings(done, "passed")),
          (1, ["duration"], True))
    wide = replay(ECHO, trace, "--baseline", ECHO, "--budget", "duration=+900%")
    check("within a wide one", (wide.code, list(findings(wide))), (0, ["duration"]))


def check_leaks():
    kinds = {"memory": "leak: memory", "descriptor": "leak: descriptors", "tmp": "leak: /tmp", "thread": "leak: threads",
             "file": "leak: files in /tmp", "process": "leak: processes"}
    for deeds, also in ((("memory", "descriptor", "tmp"), ()), (("thread", "file"), ("leak: memory",)),
                        (("process",), ("leak: memory", "leak: descriptors"))):
        done = replay(LEAKY, events("leak.jsonl", 21, deeds), "--leaks")
        found = set(findings(done, "failed"))
        check(f"{deeds} are leaks", (done.code, found - set(also)), (1, {kinds[deed] for deed in deeds}))
        check(f"{deeds}: answers do not depend on them", "history" in findings(done, "passed"), True)
    done = replay(LEAKY, events("little.jsonl", 24, "little"), "--leaks")
    check("a little memory may be the heap's", (done.code, "leak: memory" in findings(done, "unsure")), (0, True))
    # a sanitizer keeps what was freed
    for seed in () if SANITIZED else (1, 20, 300):
        done = replay(LEAKY, events("clean.jsonl", 22, "noise", seed=seed), "--leaks")
        check(f"noise {seed} is not accused", (done.code, findings(done, "failed")), (0, {}))
    done = replay(LEAKY, events("count.jsonl", 5, "a", "a", "count"), "--leaks")
    check("history", (done.code, done.report["totals"]["differing"], list(findings(done, "failed"))), (1, 1, ["history"]))
    check_match("names event and pointer", findings(done)["history"], r"event 3 \(.*line 3\), at /n/value")
    check_match("too few events for more", findings(done)["leaks"], r"5 invocations .* too few")
    done = replay(LEAKY, events("random.jsonl", 4, "random"), "--leaks")
    check("what changes by itself is no history", (done.code, "history" in findings(done, "passed")), (0, True))
    check_match("but told", findings(done, "unsure")["answers that change"], r"event 1 .*/n/value")
    done = replay(LEAKY, events("die.jsonl", 3, "die"), "--leaks")
    check_match("a runtime that is lost", findings(done)["leaks"], r"lost|too few")


def check_power():
    trace = events("power.jsonl", 4, "eat")
    done = replay(LEAKY, trace, "--power", "128,512", "--timeout", "60")
    rows = {row["memory_mb"]: row for row in done.report["power"]}
    check("sizes", (done.code, list(rows)), (0, [128, 512]))
    check_match("one at which it dies", findings(done, "unsure")["power: 128 MB"], r"4 of 4 .*OutOfMemory")
    check("is not chosen", (rows[128]["meets"], rows[512]["meets"], rows[512]["cheapest"]), (False, True, True))
    check("cost follows duration", 0.2 < rows[512]["dollars_per_million"] < 0.2 + 0.5 * 60 * 16.7, True)
    done = replay(LEAKY, events("quick.jsonl", 3, "a"), "--power", "128,256", "--p99", "0.0001")
    check("a goal nobody reaches", (done.code, list(findings(done, "failed"))), (1, ["power"]))
    done = replay(LEAKY, events("quick.jsonl", 3, "a"), "--power", "128,256", "--p99", "100000")
    rows = sorted(done.report["power"], key=lambda row: row["dollars_per_million"])
    check("the cheapest of two", [row["cheapest"] for row in rows], [True, False])
    check_match("is named", findings(done)["power"], rf"{rows[0]['memory_mb']} MB is the cheapest .*arm64")


def check_update():
    for name in ("up.jsonl", "up.jsonl.gz"):
        trace = recording(name)
        os.chmod(trace, 0o640)
        change(trace, 2, '"old"')
        before = lines_of(trace)
        done = run("replay", ECHO, trace, "--update")
        after = lines_of(trace)
        check(f"{name}: shown and written", (done.code, '- "old"' in done.out, after[2]["answer"]),
              (1, True, before[2]["event"]))
        keep = ("event", "time", "request_id", "function", "memory_mb")
        check(f"{name}: the rest stays", [[line[k] for k in keep] for line in after],
              [[line[k] for k in keep] for line in before])
        check(f"{name}: packed as before", open(trace, "rb").read(2) == b"\x1f\x8b", name.endswith(".gz"))
        check(f"{name}: mode", stat.S_IMODE(os.stat(trace).st_mode), 0o640)
        check(f"{name}: equal afterwards", run("replay", ECHO, trace).code, 0)
        inode = os.stat(trace).st_ino
        check(f"{name}: nothing to write", run("replay", ECHO, trace, "--update").code, 0)
        check(f"{name}: left alone", os.stat(trace).st_ino, inode)
    one, two = recording("one.jsonl"), recording("two.jsonl")
    change(one, 0, "1")
    change(two, 5, "1")
    os.symlink("two.jsonl", path("link.jsonl"))
    done = run("replay", ECHO, one, path("link.jsonl"), "--update")
    check("two, one behind a link", done.code, 1)
    check("both are written, the link stays", (run("replay", ECHO, one, two).code, os.path.islink(path("link.jsonl"))),
          (0, True))
    done = run("replay", ECHO, one, events("raw.jsonl", 2, "a"), "--update")
    check("other traces are refused", done.code, 2)
    check_match("with the way out", done.err, r"raw.jsonl' is no recording.*--record")
    check("nothing is left beside them", [f for f in os.listdir(path("")) if f.startswith(".")], [])


def interrupted(*options):
    slow = write("slow.jsonl", '{"do":"sleep 200"}\n' * 2000)
    child = subprocess.Popen([CLAMBDA, "replay", FOLDER, slow, *options], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
    wait_for_child(child)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=PATIENCE_S)
    return child.returncode, out, err


def interrupted_twice():
    """The first one while events run, the next one while the summary has no place to go."""
    slow = write("slow.jsonl", '{"do":"sleep 200"}\n' * 2000)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while os.write(writer, bytes(4096)):
            pass
    except BlockingIOError:
        os.set_blocking(writer, True)
    child = subprocess.Popen([CLAMBDA, "replay", FOLDER, slow], stdout=writer, stderr=subprocess.DEVNULL)
    wait_for_child(child)
    # two that come at once are one
    wait_until(lambda: child.send_signal(signal.SIGINT) or time.sleep(0.05) or child.poll() is not None)
    code = child.wait(PATIENCE_S)
    os.close(reader)
    os.close(writer)
    return code


def interrupted_waiting(trace, **more):
    """While nobody writes to the pipe that it reads: a signal that it has not taken yet comes again."""
    child = subprocess.Popen([CLAMBDA, "replay", ECHO, trace], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             **more)
    blocked = 1 << (signal.SIGINT - 1)
    wait_until(lambda: int(re.search(r"SigBlk:\s*(\w+)", open(f"/proc/{child.pid}/status").read())[1], 16) & blocked)
    child.send_signal(signal.SIGINT)
    return child.wait(PATIENCE_S)


def check_waiting():
    pipe = path("silent.pipe")
    os.mkfifo(pipe)
    check("interrupted before somebody writes", interrupted_waiting(pipe), 130)
    reader, writer = os.pipe()
    check("interrupted while nobody writes", interrupted_waiting("-", stdin=reader), 130)
    os.close(reader)
    os.close(writer)


def check_interrupt():
    code, out, err = interrupted("--report", path("part.json"))
    check("interrupted", code, 130)
    check_match("with the report so far", out, r"interrupted, the rest was not run")
    check("in the file, too", json.load(open(path("part.json")))["interrupted"], True)
    check("a second signal ends what is left to do", interrupted_twice(), -signal.SIGINT)
    trace = recording("kept.jsonl")
    change(trace, 1, '"old"')
    before = open(trace, "rb").read()
    lines = lines_of(trace)
    for line in lines:
        line["event"] = '{"do":"sleep 5000"}'
    write("kept.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    before = open(trace, "rb").read()
    child = subprocess.Popen([CLAMBDA, "replay", FOLDER, trace, "--update", "--timeout", "30"],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for_child(child)
    child.send_signal(signal.SIGTERM)
    check("an update that is interrupted", child.wait(PATIENCE_S), 130)
    check("writes nothing", open(trace, "rb").read(), before)


def check_terminal():
    """A bar on a terminal that goes away, and nothing of it anywhere else."""
    trace = events("bar.jsonl", 3000, "a")
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    child = subprocess.Popen([CLAMBDA, "replay", ECHO, trace], stdout=subprocess.PIPE, stderr=slave,
                             env=dict(os.environ, TERM="xterm"))
    os.close(slave)
    shown = b""
    while True:
        try:
            got = os.read(master, 65536)
        except OSError:
            break
        if not got:
            break
        shown += got
    out = child.communicate(timeout=PATIENCE_S)[0]
    check_match("bar", shown.decode(), r"\r\[[#.]{20}\] \d+ done, 0 differing, \d+ events/s")
    check("which is gone in the end", shown.decode().rstrip(" ").endswith("\r"), True)
    check("not on stdout", b"events/s" in out, False)
    check("not in a pipe", "events/s" in run("replay", ECHO, trace).err, False)


def check_memory():
    """A longer trace and larger events cost no more memory; not of a build that keeps what was freed."""
    if SANITIZED:
        return
    peaks = []
    for count in (2000, 20000):
        trace = events("long.jsonl", count, "a" * 500)
        peaks.append(peak_kb(ECHO, trace))
    check("memory does not grow with the trace", peaks[1] < peaks[0] + 4096, True)
    big = write("big.jsonl", (json.dumps({"data": "x" * 5_900_000}) + "\n") * 12)
    peaks.append(peak_kb(ECHO, big, "--jobs", "16"))
    check("nor much with jobs and large events", peaks[2] < 64 * 1024, True)
    # a gigabyte of recording when there is time
    big = path("recorded.jsonl")
    line = '{"clambda_recording":1,"event":"%s","status":"success","answer":"%s"}\n'
    text = '{\\"data\\":\\"' + "x" * 1_000_000 + '\\"}'
    with open(big, "w") as file:
        for _ in range(500 if "CLAMBDA_INVOCATIONS" in os.environ else 30):
            file.write(line % (text, text))
    peaks.append(peak_kb(ECHO, big))
    os.unlink(big)
    print(f"# peaks in KB: {peaks}")
    check("a long recording of large events", peaks[3] < 64 * 1024, True)


def peak_kb(*arguments):
    """The last that is seen of VmHWM before the command ends."""
    child = subprocess.Popen([CLAMBDA, "replay", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0
    while child.poll() is None:
        with open(f"/proc/{child.pid}/status") as file:
            found = re.search(r"Name:\tclambda\n(?:.*\n)*VmHWM:\s+(\d+) kB", file.read())
        peak = max(peak, int(found[1])) if found else peak
        time.sleep(0.002)
    check(f"exit of {arguments[1:]}", child.returncode, 0)
    return peak


def check_usage():
    trace = recording("usage.jsonl")
    for options, what in ((("--leaks", "--jobs", "2"), "--leaks and --jobs"), (("--leaks", "--power", "128"), "--power"),
                          (("--update", "--jobs", "2"), "--update and --jobs"), (("--p99", "5"), "--power"),
                          (("--power", "128", "--record", path("no.jsonl")), "--record"),
                          (("--power", "64"), "64"), (("--power", "128,,256"), "''"), (("--power", "128,128"), "twice"),
                          (("--update", "--only", "1"), "--only"), (("--power", "128", "--baseline", ECHO), "--baseline"),
                          (("--cold", "all"), "all"), (("--pace", "0"), "0"), (("--jobs", "65"), "65")):
        done = run("replay", ECHO, trace, *options)
        check(f"usage {options}", (done.code, what in done.err), (2, True))
    done = run("replay", ECHO, "-", "--power", "128,256")
    check("one pipe for two sizes", (done.code, "read once" in done.err), (2, True))


def check_pipe():
    """A pipe is read once, from its beginning: nothing is taken from it to see what it is."""
    trace, pipe = recording("piped.jsonl", count=400), path("trace.pipe")
    os.mkfifo(pipe)
    writer = subprocess.Popen(["cp", trace, pipe])
    done = replay(ECHO, pipe)
    check("a pipe: exit code", done.code, 0)
    check("a pipe: events", done.report["totals"]["equal"], 400)
    writer.wait()


need_sandbox()
for part in (check_equal, check_pipe, check_differences, check_budget, check_leaks, check_power, check_update, check_interrupt, check_waiting,
             check_terminal, check_memory, check_usage):
    part()
finish()

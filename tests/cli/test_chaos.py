#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""replay --chaos: what is right passes, what is wrong is found and shrunk to what was planted, the command that is told
repeats it, and the same seed does the same."""
import json
import os
import pty
import re
import shlex
import signal
import struct
import subprocess
import sys
import termios
import fcntl

import sources
from harness import CLAMBDA, PATIENCE_S, check, check_match, finish, need_sandbox, path, run, work, write
from processes import wait_for_child

OBEDIENT, EXAMPLES, BUILT = sys.argv[3:6]
QUEUE = "sqs:report-failures,retries=9"


def chaos(trace, what, *options, handler=OBEDIENT, spec=None, **more):
    """With the report; smallest.jsonl goes to the test's folder."""
    for name in ("report.json", "smallest.jsonl", "history.jsonl"):
        if os.path.exists(path(name)):
            os.unlink(path(name))
    words = ("--source", spec) if spec else ()
    done = run("replay", handler, trace, *words, "--chaos", what, "--report", path("report.json"), *options,
               **{"cwd": work.name, **more})
    done.report = json.load(open(path("report.json"))) if os.path.exists(path("report.json")) else None
    done.chaos = done.report["chaos"] if done.report else {"error": done.err}
    return done


def checks(done):
    return sorted({f["name"] for f in done.report["findings"] if f["state"] == "failed"})


def queue(name, *say):
    return write(name, sources.lines(sources.event(*[sources.sqs(i + 1, words) for i, words in enumerate(say)])))


def check_right():
    given = queue("right.jsonl", "ok", "ok", "ok", "ok", "ok", "ok")
    done = chaos(given, "1", "--rounds", "6", "--jobs", "2", spec=QUEUE)
    check("a function without state passes", (done.code, done.chaos["rounds"], done.chaos["found"]), (0, 6, False))
    check("nothing is written", os.path.exists(path("smallest.jsonl")), False)
    done = chaos(f"{EXAMPLES}/idempotent/trace.jsonl", "1", "--rounds", "6", handler=f"{BUILT}/idempotent.so")
    check("the idempotent example passes", (done.code, done.chaos["found"]), (0, False))
    check_match("its source is read from the trace", done.err, "--source sqs:.*report-failures")
    given = write("streams.jsonl", sources.lines(sources.event(*[sources.kinesis(i, "ok", i % 2) for i in range(8)])))
    done = chaos(given, "3,duplicate,crash,timeout,throttle,split", "--rounds", "6", spec="kinesis:report-failures,batch=3")
    check("a stream passes", (done.code, done.chaos["found"]), (0, False))


def check_planted():
    given = queue("planted.jsonl", "ok", "ok", "once", "ok", "ok", "ok", "ok")
    done = chaos(given, "1,duplicate", "--rounds", "40", spec=QUEUE)
    check("what fails when it comes again is found", (done.code, done.chaos["found"], checks(done)), (1, True, ["outcome"]))
    check("one message, one fault", (done.chaos["smallest_messages"], done.chaos["smallest_faults"],
                                     done.chaos["faults_given"], done.chaos["minimal"]), (1, 1, "duplicate=1", True))
    lines = [json.loads(line) for line in open(path("smallest.jsonl"))]
    check("the planted one", [r["body"] for e in lines for r in e["Records"]], ["once"])
    words = shlex.split(done.chaos["command"].replace("\\\n", " "))
    check("the command", words[:2], ["clambda", "replay"])
    kept = os.stat(path("smallest.jsonl"))
    again = subprocess.run([CLAMBDA, *words[1:]], cwd=work.name, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    check("which finds it again", (again.returncode, b"outcome" in again.stdout), (1, True))
    check_match("and nothing smaller", again.stdout.decode(),
                r"smallest  1 message, 1 fault: duplicate=1; all of smallest.jsonl, nothing smaller fails\n")
    now = os.stat(path("smallest.jsonl"))
    check("and leaves the trace", (now.st_ino, now.st_mtime_ns), (kept.st_ino, kept.st_mtime_ns))
    os.rename(path("smallest.jsonl"), path("renamed.jsonl"))
    same = chaos(path("renamed.jsonl"), "duplicate=1", spec=QUEUE)
    check("whatever its name", (same.code, same.chaos["smallest"], same.chaos["same"], os.path.exists(path("smallest.jsonl"))),
          (1, path("renamed.jsonl"), True, False))
    same = chaos(path("renamed.jsonl"), "duplicate=1", "--smallest", path("asked.jsonl"), spec=QUEUE)
    check("unless a place is asked for", (same.chaos["same"], os.path.exists(path("asked.jsonl"))), (False, True))
    done = chaos(given, f"{done.chaos['failing_seed']},duplicate", spec=QUEUE)
    check("the seed of the round is a run of its own", (done.code, done.chaos["rounds"]), (1, 1))
    done = chaos(queue("wrong.jsonl", "ok", "wrong", "ok"), "1,split", "--rounds", "5", spec=QUEUE)
    check("names that are in no batch are found", (done.code, "failures" in checks(done)), (1, True))
    done = chaos(queue("poison.jsonl", "ok", "ok"), "poison=1", spec="sqs:report-failures,retries=1,window=1")
    check("a poisoned message hurts no other", (done.code, done.chaos["rounds"]), (0, 1))
    for name, found in (("not_idempotent", True), ("idempotent", False)):
        done = chaos(f"{EXAMPLES}/idempotent/trace.jsonl", "1,duplicate", "--rounds", "50" if found else "5",
                     handler=f"{BUILT}/{name}.so")
        check(f"{name}", (done.code, done.chaos["found"]), (int(found), found))


def check_same():
    given = queue("same.jsonl", *["ok", "once"] * 5)
    results = []
    for options in ((), (), ("--jobs", "2")):
        done = chaos(given, "5", "--rounds", "30", "--history", path("history.jsonl"), *options, spec=QUEUE)
        results.append((done.code, done.chaos["failing_seed"], done.chaos["faults_given"],
                        open(path("smallest.jsonl"), "rb").read(), open(path("history.jsonl"), "rb").read()))
    check("found", results[0][0], 1)
    check("the same seed, faults, trace and history", len(set(results)), 1)
    given = queue("given.jsonl", "ok", "ok", "ok")
    for what in ("duplicate=2", "crash=1.1.1", "throttle=3,timeout=1.2", "split=2"):
        done = chaos(given, what, "--history", path("history.jsonl"), spec="sqs:report-failures,retries=5,window=1")
        kinds = {e["fault"] for e in map(json.loads, open(path("history.jsonl"))) if e["what"] == "fault"}
        check(f"exactly {what}", (done.code, kinds), (0, {f.split("=")[0] for f in what.split(",")}))
        check(f"all of {what} happened", "absent" in done.out, False)
    done = chaos(given, "throttle=1,duplicate=3.9", spec="sqs:report-failures,retries=5,window=1")
    check("a fault that could not be", (done.code, re.findall(r"absent: (\S+) did not happen", done.out)), (0, ["duplicate=3.9"]))


def check_files():
    given = queue("files.jsonl", "ok", "fail 99", "ok")
    dlq = path("chaos-dlq.jsonl")
    done = chaos(given, "1,duplicate", "--rounds", "3", spec=f"sqs:report-failures,retries=1,dlq={dlq}")
    check("the dead-letter file is the calm run's", (done.code, len(open(dlq).readlines())), (0, 1))
    check("environments of rounds count", (done.report["environments"], ", 4 environments" in done.out), (4, True))
    done = chaos(given, "crash=1", spec=f"sqs:report-failures,retries=0,dlq={dlq}")
    check("faults that are given: the file is of the run with them", (done.code, len(open(dlq).readlines())), (0, 2))
    done = chaos(write("single.json", '{"id":"a","do":"ok"}'), "crash=1", "--trace-kind", "event",
                 spec=f"async:retries=0,on-failure={dlq},on-success={path('good.jsonl')}")
    check("and of its destinations", (done.code, len(open(dlq).readlines()), os.path.getsize(path("good.jsonl"))), (0, 1, 0))
    given = queue("once.jsonl", "ok", "once")
    done = chaos(given, "duplicate=2", "--smallest", path("else.jsonl"), spec=QUEUE)
    check("--smallest", (done.code, os.path.exists(path("else.jsonl")), os.path.exists(path("smallest.jsonl"))),
          (1, True, False))
    before = open(given).read()
    done = chaos(given, "duplicate=2", "--smallest", given, spec=QUEUE)
    check("a trace is not written over", (done.code, open(given).read() == before, "is a trace" in done.err),
          (2, True, True))
    kept = write("cwd/smallest.jsonl", before)
    for what, code, told in (("1,duplicate", 2, "is a trace: name another file in --smallest"),
                             ("duplicate=2", 1, "'smallest.jsonl' is a trace: the smallest one is not written")):
        done = chaos("smallest.jsonl", what, spec=QUEUE, cwd=path("cwd"))
        check(f"nor by the name that nobody gave {what}", (done.code, told in done.err, open(kept).read() == before),
              (code, True, True))
    check_match("the round itself is told", done.chaos["command"], "smallest.jsonl")
    check("and not called the smallest", (done.chaos["smallest"], done.chaos["minimal"], done.report["histories"][-1]["title"],
                                          "\nsmallest" in done.out), (None, False, "with faults", False))
    check_match("but with faults", done.out, r"\nround     with faults: 2 messages, 1 fault: duplicate=2; a smaller one may fail, too\n")
    done = chaos(given, "duplicate=2", "--smallest", path("no/where"), spec=QUEUE)
    check("nowhere to write it", (done.code, "--smallest: the folder" in done.err, done.report), (2, True, None))
    os.mkdir(path("cwd/taken"))
    os.mkdir(path("cwd/taken/smallest.jsonl"))
    done = chaos(given, "duplicate=2", spec=QUEUE, cwd=path("cwd/taken"))
    check("nor by the name that nobody gave", (done.code, "not written" in done.err, checks(done)), (1, True, ["outcome"]))
    done = chaos(given, "duplicate=2", "--smallest", "~small.jsonl", spec=QUEUE)
    check("a name that a shell would take for a home", "'~small.jsonl'" in done.chaos["command"], True)
    for options, what in ((("--smallest", path("b"), "--history", path("b")), "too: name another file in --history"),
                          (("--history", path("smallest.jsonl")), "too: name another file in --history"),
                          (("--history", path("report.json")), "name another file in --report")):
        done = chaos(given, "duplicate=2", *options, spec=QUEUE)
        check(f"one file for two: {options}", (done.code, what in done.err), (2, True))
    done = chaos(given, "duplicate=2", spec=f"sqs:retries=1,dlq={path('smallest.jsonl')}")
    check("the file of --smallest that nobody named", (done.code, "is that of --smallest" in done.err), (2, True))
    done = chaos(given, "duplicate=2", "--history", path("h" * 256), spec=QUEUE)
    check("a history that cannot be written", (done.code, done.report, "is too long" in done.err), (2, None, True))
    done = chaos(queue("off.jsonl", "ok", "fail 1"), "1,duplicate", "--rounds", "2", spec="sqs:retries=3,window=1")
    check("what needs no fault keeps one", (done.code, "failures" in checks(done), done.chaos["smallest_faults"]), (1, True, 1))


def check_undone():
    given = queue("undone.jsonl", "ok", "fail 99")
    done = chaos(given, "1,duplicate", "--rounds", "2", spec="sqs:report-failures,retries=1")
    check("what fails without faults is told", (done.code, "unsure    calm: 1 of 2 messages" in done.out), (0, True))
    done = chaos(queue("none.jsonl", "fail 99", "fail 99"), "1", "--rounds", "9", spec="sqs:report-failures,retries=1")
    check("nothing to judge is no success", (done.code, checks(done), "PASSED" in done.out), (1, ["calm"], False))
    check("and no second round", done.chaos["rounds"], 1)
    given = queue("excused.jsonl", "ok", "ok")
    done = chaos(given, "crash=1,timeout=1.2", spec="sqs:report-failures,retries=1,batch=1")
    check("retries that faults used up are told", (done.code, "passed    excused: in 1 of 1 round " in done.out), (0, True))
    done = chaos(given, "crash=1,timeout=1.2", spec="sqs:report-failures,retries=2,batch=1")
    check("not where one was left", (done.code, "excused" in done.out), (0, False))


def check_usage():
    given = queue("usage.jsonl", "ok", "ok")
    fifo = write("fifo.jsonl", sources.lines(sources.event(sources.sqs(1, "ok", queue="o.fifo", group="g"))))
    for trace, options, what in ((given, ("--chaos", "x"), "x"), (given, ("--chaos", "1,doom"), "doom"),
                                 (given, ("--chaos", "duplicate=3"), "2 records"),
                                 (given, ("--chaos", "1,duplicate", "--chaos", "2,poison"),
                                  "--chaos: '2,poison' is the second one: it is given once only"),
                                 (given, ("--chaos", "1", "--rounds=2", "--rounds", "3"), "'3' is the second one"),
                                 (given, ("--chaos", "1", "--smallest", "a", "--smallest", "b"), "'b' is the second one"), (given, ("--chaos", "duplicate=0"), "0"),
                                 (given, ("--chaos", "duplicate=1", "--rounds", "2"), "seed"),
                                 (given, ("--chaos", "1", "--rounds", "0"), "--rounds"),
                                 (given, ("--chaos", "1", "--minutes", "-1"), "--minutes"),
                                 (given, ("--chaos", "18446744073709551615", "--rounds", "2"), "seeds end"),
                                 (given, ("--chaos", "1", "--baseline", OBEDIENT), "--baseline"),
                                 (given, ("--chaos", "1", "--expect", "h"), "--expect"),
                                 (given, ("--chaos", "1", "--record", path("r.jsonl")), "--record"),
                                 (fifo, ("--chaos", "1,reorder"), "order"),
                                 (given, ("--chaos", "1", "--cold", "each"), "--cold")):
        done = run("replay", OBEDIENT, trace, *options, cwd=work.name)
        check(f"usage {options}", (done.code, what in done.err), (2, True))


def check_no_records():
    """A list of records that is empty does not tell its source."""
    for text in ('{"Records":[]}', '{"records":{}}'):
        done = run("replay", OBEDIENT, write("none.jsonl", text + "\n"), "--chaos", "1", cwd=work.name)
        check(f"{text} alone", (done.code, "hold no record: " in done.err and "--source async" in done.err), (2, True))
        given = write("none.jsonl", text + "\n" + open(queue("some.jsonl", "ok", "ok")).read())
        done = chaos(given, "1,duplicate")
        check(f"{text} before others", (done.code, done.report["histories"][0]["messages"], done.report["source"].split(":")[0],
                                        "1 event has an empty list of records: left out" in done.err), (0, 2, "sqs", True))
    done = chaos(write("none.json", '{"Records":[]}'), "duplicate=1", "--trace-kind", "event", spec="async")
    check("an event when it is said to be one", (done.report["histories"][0]["messages"], "left out" in done.err), (1, False))
    done = run("replay", OBEDIENT, write("none.json", '{"Records":[]}'), "--source", "sqs", "--chaos", "1", cwd=work.name)
    check("none of a source that is named", (done.code, "the traces hold no record\n" in done.err), (2, True))


def check_interrupt():
    given = queue("endless.jsonl", "ok", "ok")
    child = subprocess.Popen([CLAMBDA, "replay", OBEDIENT, given, "--source", QUEUE, "--chaos", "1", "--minutes", "60",
                              "--jobs", "2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=work.name)
    wait_for_child(child)
    child.send_signal(signal.SIGTERM)
    out, err = child.communicate(timeout=PATIENCE_S)
    check("interrupted", (child.returncode, b"UNFINISHED" in out or b"interrupted" in out + err or out == b""), (130, True))
    check("no environment is left", [line for line in err.decode().splitlines() if "warning" in line], [])


def progress(given, columns):
    """What --chaos writes to a terminal of that width."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    child = subprocess.Popen([CLAMBDA, "replay", OBEDIENT, given, "--source", QUEUE, "--chaos", "1", "--rounds", "8"],
                             stdout=subprocess.DEVNULL, stderr=slave, cwd=work.name, env=dict(os.environ, TERM="xterm"))
    os.close(slave)
    shown = b""
    try:
        while part := os.read(master, 4096):
            shown += part
    except OSError:
        pass  # the terminal's other end is gone
    check("exit code", child.wait(), 0)
    return shown.decode()


def check_limits():
    """What a round or a try of the search cannot hold takes nothing from what was found."""
    records = [sources.sqs(i, "once") for i in (1, 2, 3, 4)] + [sources.sqs(5, "ok")]
    given = write("limits.jsonl", sources.lines(sources.event(*records)))
    long = ("--env", "LONG=" + sources.identity(5))
    spec, kinds = "sqs:batch=1,report-failures,retention=1d", "duplicate,poison"
    done = chaos(given, "4," + kinds, *long, spec=spec)
    check("a seed whose round is too much is named", (done.code, "--chaos, seed 4: invocation" in done.err, "set 'retries'" in done.err),
          (2, True, True))
    done = chaos(given, "2," + kinds, *long, "--rounds", "2", "--jobs", "2", spec=spec)
    check("a round behind the one that is found does not count", (done.code, done.chaos.get("failing_seed"), done.chaos.get("smallest_messages")),
          (1, "2", 1))


def check_terminal():
    """Progress on a terminal: rounds, their rate, the time that is left; never wider than it is."""
    given = queue("shown.jsonl", *["ok"] * 8)
    check_match("progress", progress(given, 120), r"\[[#.]+\] \d+ rounds?, nothing found, [\d.]+ a second")
    check("in a narrow one", max(map(len, progress(given, 40).split("\r"))) < 40, True)



need_sandbox()
for part in (check_right, check_planted, check_same, check_files, check_undone, check_usage, check_no_records, check_interrupt, check_limits,
             check_terminal):
    part()
finish()

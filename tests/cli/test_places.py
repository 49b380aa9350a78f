#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files that replay --source and --chaos write: none that is read, none that is something else, for their owner alone, by
links, and one run's smallest trace never another's."""
import os
import subprocess
import sys

import sources
from harness import CLAMBDA, check, finish, function, need_sandbox, path, run, wait_until, write

OBEDIENT = sys.argv[3]
QUEUE = "sqs:report-failures,retries=9"


def trace(name, *words):
    return write(name, sources.lines(sources.event(*[sources.sqs(i + 1, say) for i, say in enumerate(words)])))


def check_smallest():
    """Its place is tried before anything runs."""
    given = trace("smallest_of.jsonl", "ok")
    write("lib.so", open(OBEDIENT, "rb").read())
    function("folder")
    for place, handler, what in ((path("lib.so"), path("lib.so"), "is the function"), (path("folder/s"), path("folder"), "is in the function"),
                                 ("/dev/full", OBEDIENT, "a pipe or a device"), (".", OBEDIENT, "is a folder")):
        done = run("replay", handler, given, "--source", QUEUE, "--chaos", "1,duplicate", "--smallest", place)
        check(f"--smallest {place}", (done.code, what in done.err, "--smallest" in done.err, done.out), (2, True, True, ""))
    done = run("replay", ".", given, "--source", QUEUE, "--chaos", "1,duplicate", cwd=path("folder"))
    check("nor by the name that nobody gave", (done.code, "'smallest.jsonl' is in the function" in done.err), (2, True))
    check("the function is as it was", open(path("lib.so"), "rb").read() == open(OBEDIENT, "rb").read(), True)


def check_inputs():
    """Files and folders that settings and options of the function name are read, too."""
    given = trace("in.jsonl", "ok")
    for folder in ("own", "layer"):
        write(f"{folder}/config.json", "{}")
    function("own")
    write("layer/page.html", "<p>mine</p>")
    one = write("f.json", '{"body":{"do":["ok"]}}')
    reads = ("--layer", path("layer"))
    for place, spec, what in ((one, f"sqs:retries=1,filter=@{one}", "is a filter"), (path("layer/new"), "sqs:retries=1", "in a layer"),
                              (path("own/new"), "sqs:retries=1", "in the function"),
                              (path("own/config.json"), "sqs:retries=1", "in the function")):
        for options in (("--source", spec, "--chaos", "1", "--smallest", place), ("--source", f"{spec},dlq={place}")):
            done = run("replay", path("own"), given, *reads, *options)
            check(f"{options}", (done.code, what in done.err), (2, True))
    for option, place, what in (("--history", one, "is a filter"), ("--report", one, "is a filter"),
                                ("--report", path("layer/config.json"), "in a layer"), ("--report", path("layer/page.html"), "in a layer"),
                                ("--history", path("own/bootstrap"), "in the function")):
        done = run("replay", path("own"), given, "--source", f"sqs:filter=@{one}", *reads, option, place)
        check(f"{option} {place}", (done.code, what in done.err), (2, True))
    for _ in range(2):
        done = run("replay", OBEDIENT, given, "--source", "sqs", *reads, "--report", path("layer/report.json"), "--report",
                   path("layer/report.xml"), "--report", path("layer/report.html"), "--history", path("layer/history.jsonl"))
        check("what is written behind the run may lie there", (done.code, done.err), (0, ""))


def check_kinds():
    """What is there and is something else stays; the owner alone can read what is new."""
    given = trace("kinds.jsonl", "ok", "fail 9")
    recording = write("kept.jsonl", '{"clambda_recording":1}\n')
    history, note = write("h.jsonl", '{"clambda_history":1}\n'), write("note.txt", "mine\n")
    write("other.jsonl", open(given).read())
    pretty = write("pretty.json", '{\n"a": 1\n}\n')
    for place, option, ok in ((note, "--history", False), (given, "--history", False), (pretty, "--history", False),
                              (note, "dlq", False), (pretty, "dlq", False), (recording, "dlq", False), (history, "dlq", False),
                              (note, "--smallest", False), (recording, "--smallest", False), (history, "--smallest", False),
                              (write("lines.jsonl", '{"a":1}\n[]\n'), "dlq", False), (write("events.jsonl", open(given).read()), "dlq", False),
                              (history, "--history", True)):
        before = open(place).read()
        spec = "sqs:retries=0,report-failures" + (f",dlq={place}" if option == "dlq" else "")
        words = () if option == "dlq" else (option, place)
        done = run("replay", OBEDIENT, path("other.jsonl"), "--source", spec, *words, *(("--chaos", "1") if option == "--smallest" else ()))
        check(f"{os.path.basename(place)} for {option}", (done.code == 2, "is there already and is no" in done.err, open(place).read() == before),
              (not ok, not ok, not ok))
    umask = os.umask(0)
    places = [path(f"mode/{name}") for name in ("h.jsonl", "d.jsonl", "r.html", "r.json", "r.xml", "s.jsonl")]
    for mode in (0o600, 0o644, 0o600):
        os.makedirs(path("mode"), exist_ok=True)
        spec = f"sqs:retries=1,report-failures,dlq={places[1]}"
        reports = [word for place in places[2:5] for word in ("--report", place)]
        run("replay", OBEDIENT, given, "--source", spec, "--history", places[0], *reports)
        run("replay", OBEDIENT, trace("smaller.jsonl", "ok", "once"), "--source", QUEUE,
                   "--chaos", "duplicate=2", "--smallest", places[5])
        check(f"modes {mode:o}", [oct(os.stat(place).st_mode & 0o777) for place in places], [oct(mode)] * len(places))
        for place in places:
            os.chmod(place, 0o644 if mode == 0o600 else 0o600)
    os.umask(umask)


def check_links():
    """A link is written through, also where it leads to nothing yet."""
    given = trace("links.jsonl", "ok", "fail 9")
    os.makedirs(path("to"))
    for name in ("h.jsonl", "d.jsonl", "r.json"):
        os.symlink(f"to/{name}", path(f"link-{name}"))
    for _ in range(2):
        done = run("replay", OBEDIENT, given, "--source", "sqs:retries=0,report-failures,dlq=link-d.jsonl", "--history",
                   "link-h.jsonl", "--report", "link-r.json", cwd=path(""))
        check("by links", (done.code, sorted(os.listdir(path("to"))), [os.path.islink(path(f"link-{n}")) for n in os.listdir(path("to"))]),
              (0, ["d.jsonl", "h.jsonl", "r.json"], [True] * 3))
    os.symlink("to/none.jsonl", path("link-none"))
    done = run("replay", OBEDIENT, given, "--source", "sqs:retries=0,dlq=link-none", "--history", "to/none.jsonl", cwd=path(""))
    check("a link to nothing and what it leads to are one", (done.code, "too: name another file" in done.err), (2, True))
    os.symlink("circle", path("circle"))
    done = run("replay", OBEDIENT, given, "--source", "sqs", "--history", "circle", cwd=path(""))
    check("a circle", (done.code, "circles" in done.err), (2, True))


def check_two_runs():
    """Two runs in one folder do not share a smallest trace while both of them live."""
    given = trace("two.jsonl", "ok", "once")
    for name in ("one", "two"):
        os.mkdir(path(name))
    os.symlink("one", path("same"))
    spec = f"sqs:report-failures,retries=9,dlq={path('began.jsonl')}"
    child = subprocess.Popen([CLAMBDA, "replay", OBEDIENT, trace("long.jsonl", "ok"), "--source", spec, "--chaos", "1",
                              "--minutes", "60"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=path("one"))
    wait_until(lambda: os.path.exists(path("began.jsonl")))
    words = ("replay", OBEDIENT, given, "--source", QUEUE, "--chaos", "duplicate=2")
    for folder, options, code in (("one", (), 2), ("same", ("--smallest", path("one/smallest.jsonl")), 2),
                                  ("one", ("--smallest", "mine.jsonl"), 1), ("two", (), 1)):
        done = run(*words, *options, cwd=path(folder))
        check(f"beside another run: {folder} {options}", (done.code, "name another file in --smallest: another run writes" in done.err),
              (code, code == 2))
    check("nothing is written by who was refused", os.listdir(path("one")), ["mine.jsonl"])
    child.terminate()
    child.wait()
    check("behind it", run(*words, cwd=path("one")).code, 1)


need_sandbox()
for part in (check_smallest, check_inputs, check_kinds, check_links, check_two_runs):
    part()
finish()
